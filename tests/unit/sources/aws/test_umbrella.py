from __future__ import annotations

from typing import Any

import pytest

from alertmill.sources.aws.buckets.umbrella import Umbrella
from alertmill.sources.aws.envelope import Envelope
from alertmill.sources.aws.faults import ShapeError
from alertmill.sources.aws.formats import BadLine

TYPE = Umbrella()
DNS = "dnslogs/2026-01-15/2026-01-15-10-00-e4e1.csv.gz"
PROXY = "o/proxylogs/2026-01-15/2026-01-15-10-00-e4e1.csv.gz"
IP = "iplogs/2026-01-15/2026-01-15-10-00-e4e1.csv.gz"
DNS_LINE = (
    '"2026-01-15 10:00:00","lea","lea,Site","10.0.0.9","203.0.113.9","Blocked","1 (A)","NOERROR","shop.test.",'
    '"Chat, ""Social""","AD Users","AD Users,Site",""'
)
DNS_RECORD = {
    "timestamp": "2026-01-15 10:00:00",
    "most_granular_identity": "lea",
    "identities": "lea,Site",
    "internal_ip": "10.0.0.9",
    "external_ip": "203.0.113.9",
    "action": "Blocked",
    "query_type": "1 (A)",
    "response_code": "NOERROR",
    "domain": "shop.test.",
    "categories": 'Chat, "Social"',
    "most_granular_identity_type": "AD Users",
    "identity_types": "AD Users,Site",
    "blocked_categories": "",
}
SOURCE = {"source": "cisco_umbrella"}


def read(text: str, key: str = DNS) -> list[dict[str, Any] | BadLine]:
    return list(TYPE.records([text.encode()], key))


def test_a_line_of_the_dns_log() -> None:
    (record,) = read(DNS_LINE)
    assert isinstance(record, dict)
    assert list(record.items()) == list({**DNS_RECORD, **SOURCE}.items())


def test_a_line_of_the_proxy_log() -> None:
    values = [f"v{number}" for number in range(23)]
    (record,) = read(",".join(values), PROXY)
    assert isinstance(record, dict)
    names = (
        "timestamp identities internal_ip external_ip destination_ip content_type verdict url referer user_agent "
        "status_code requested_size response_size response_body_size sha categories av_detections puas amp_disposition "
        "amp_malware_name amp_score identity_type blocked_categories"
    )
    assert list(record.items()) == [*zip(names.split(), values, strict=True), ("source", "cisco_umbrella")]


def test_a_line_of_the_ip_log() -> None:
    assert read('"2026-01-15 10:00:00","lea","10.0.0.9","50101","198.51.100.2","443","Tunnel"', IP) == [
        {
            "timestamp": "2026-01-15 10:00:00",
            "identity": "lea",
            "source_ip": "10.0.0.9",
            "source_port": "50101",
            "destination_ip": "198.51.100.2",
            "destination_port": "443",
            "categories": "Tunnel",
            **SOURCE,
        }
    ]


@pytest.mark.parametrize(
    ("key", "second"),
    [
        ("a/dnslogs/x", "most_granular_identity"),
        ("a/proxylogs/x", "identities"),
        ("a/iplogs/x", "identity"),
        ("iplogs/dnslogs/x", "most_granular_identity"),
        ("iplogs/proxylogs/x", "identities"),
        ("my-iplogs-2026/x", "identity"),
    ],
)
def test_the_first_word_that_the_key_contains_decides(key: str, second: str) -> None:
    assert read("t,x", key) == [{"timestamp": "t", second: "x", **SOURCE}]


@pytest.mark.parametrize("key", ["auditlogs/2026-01-15/x.csv.gz", "DNSLOGS/x", ""])
def test_a_key_with_none_of_them_fails_and_says_which_there_are(key: str) -> None:
    with pytest.raises(ShapeError, match="'dnslogs', 'proxylogs' or 'iplogs'"):
        read(DNS_LINE, key)


def test_shorter_and_longer_rows() -> None:
    assert read('"2026-01-15 10:00:00","lea"') == [
        {"timestamp": "2026-01-15 10:00:00", "most_granular_identity": "lea", **SOURCE}
    ]
    (longer,) = read(f'{DNS_LINE},"42","org"')
    assert longer == {**DNS_RECORD, "extra_columns": ["42", "org"], **SOURCE}


@pytest.mark.parametrize(
    "header",
    ["timestamp,most granular identity,identities", '"Timestamp","Most Granular Identity"', "timestamp"],
)
def test_a_header_is_no_event(header: str) -> None:
    assert read(f"{header}\n{DNS_LINE}\n") == [{**DNS_RECORD, **SOURCE}]


def test_columns_may_run_over_line_ends() -> None:
    assert read('t,"two\r\nlines"\nu,v') == [
        {"timestamp": "t", "most_granular_identity": "two\nlines", **SOURCE},
        {"timestamp": "u", "most_granular_identity": "v", **SOURCE},
    ]


def test_a_bad_line_costs_only_itself() -> None:
    first, bad, third = read(f"{DNS_LINE}\n{'x' * 200_000}\n{DNS_LINE}")
    assert first == third == {**DNS_RECORD, **SOURCE}
    assert isinstance(bad, BadLine)
    assert bad.line == 2


def test_the_message() -> None:
    (record,) = read(f"{DNS_LINE},more")
    assert isinstance(record, dict)
    info = {"aws_account_alias": "", "log_file": DNS, "s3bucket": "b"}
    document = {"integration": "aws", "aws": {"log_info": info, **DNS_RECORD, "extra_columns": ["more"], **SOURCE}}
    assert TYPE.wrap(Envelope("b", DNS, "", None), record) == document


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("2026-01-15 10:00:00", 1768471200.0), ("2026-01-15 10:00:00.5", 1768471200.5), ("soon", None), ("", None)],
)
def test_event_time_is_utc(text: str, seconds: float | None) -> None:
    assert TYPE.event_time({"timestamp": text}) == seconds


@pytest.mark.parametrize(
    ("key", "is_one"),
    [
        (DNS, True),
        (PROXY, True),
        (IP, True),
        ("auditlogs/2026-01-15/x.csv.gz", False),
        ("mydnslogs/2026-01-15/x.csv.gz", False),
    ],
)
def test_keys(key: str, is_one: bool) -> None:
    assert TYPE.lies_at(key) is is_one
    assert not TYPE.begins_like(DNS_LINE)
