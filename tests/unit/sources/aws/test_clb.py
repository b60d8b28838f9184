from __future__ import annotations

from typing import Any

import pytest

from alertmill.sources.aws.buckets.clb import ClassicLoadBalancer
from alertmill.sources.aws.formats import BadLine

TYPE = ClassicLoadBalancer()
LINE = (
    "2026-01-15T10:00:00.250000Z old-shop 198.51.100.7:40000 10.0.0.1:8080 0.001 0.012 0.000 404 404 0 29 "
    '"GET http://shop.test:80/x HTTP/1.1" "curl/8 ""quoted""" - -'
)
RECORD = {
    "time": "2026-01-15T10:00:00.250000Z",
    "elb": "old-shop",
    "client_port": "198.51.100.7:40000",
    "backend_port": "10.0.0.1:8080",
    "request_processing_time": "0.001",
    "backend_processing_time": "0.012",
    "response_processing_time": "0.000",
    "elb_status_code": "404",
    "backend_status_code": "404",
    "received_bytes": "0",
    "sent_bytes": "29",
    "request": "GET http://shop.test:80/x HTTP/1.1",
    "user_agent": 'curl/8 "quoted"',
    "ssl_cipher": "-",
    "ssl_protocol": "-",
    "source": "clb",
}


def read(*lines: str) -> list[dict[str, Any] | BadLine]:
    return list(TYPE.records(["\n".join(lines).encode()], ""))


def test_a_line_as_it_stands() -> None:
    (record,) = read(LINE)
    assert isinstance(record, dict)
    assert list(record.items()) == list(RECORD.items())


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"{LINE} more columns", {**RECORD, "extra_columns": ["more", "columns"]}),
        ("t shop", {"time": "t", "elb": "shop", "source": "clb"}),
        ('t "- - - "', {"time": "t", "elb": "- - - ", "source": "clb"}),
        ("t  shop", {"time": "t", "elb": "", "client_port": "shop", "source": "clb"}),
        ('t "open', {"time": "t", "elb": "open", "source": "clb"}),
        ('t "h2","http/1.1"', {"time": "t", "elb": 'h2,"http/1.1"', "source": "clb"}),
    ],
)
def test_odd_lines(line: str, expected: dict[str, Any]) -> None:
    assert read(line) == [expected]


def test_lines_end_at_all_three_ends_and_empty_ones_are_skipped() -> None:
    records = list(TYPE.records([b"a\r", b"\n\r\nb\rc\n\nd"], ""))
    assert [row["time"] for row in records if isinstance(row, dict)] == ["a", "b", "c", "d"]


def test_a_bad_line_costs_only_itself() -> None:
    first, bad, third = read(LINE, "x" * 200_000, LINE)
    assert first == third == RECORD
    assert isinstance(bad, BadLine)
    assert bad.line == 2


def test_event_time() -> None:
    assert TYPE.event_time(dict(RECORD)) == 1768471200.25
    assert TYPE.event_time({"time": "2026-01-15T10:00:00Z"}) == 1768471200.0
    assert TYPE.event_time({"time": ""}) is None
