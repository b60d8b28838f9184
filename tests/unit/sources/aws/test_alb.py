"""Application load balancers, and what the three load balancer types share."""

from __future__ import annotations

from typing import Any

import pytest

from alertmill.config.models import Bucket
from alertmill.sources.aws.buckets import BUCKET_TYPES
from alertmill.sources.aws.buckets.alb import ApplicationLoadBalancer
from alertmill.sources.aws.buckets.load_balancers import endpoint
from alertmill.sources.aws.envelope import Envelope
from alertmill.sources.aws.formats import BadLine

TYPE = ApplicationLoadBalancer()
HEAD = "h2 2026-01-15T10:00:00.250000Z app/shop/0a1b"
TAIL = (
    '0.001 0.012 0.000 200 200 34 366 "GET https://shop.test:443/a b HTTP/2.0" "Mozilla/5.0 (X11)" AES128 TLSv1.3 '
    'arn:tg/web "Root=1-5" "shop.test" "arn:cert" 7 2026-01-15T10:00:00.200000Z "waf,forward" "-" "-"'
)
LINE = f'{HEAD} 198.51.100.7:40000 10.0.0.1:8080 {TAIL} "10.0.0.1:8080" "200" "-" "-"'
RECORD = {
    "type": "h2",
    "time": "2026-01-15T10:00:00.250000Z",
    "elb": "app/shop/0a1b",
    "client_port": "40000",
    "target_port": "8080",
    "request_processing_time": "0.001",
    "target_processing_time": "0.012",
    "response_processing_time": "0.000",
    "elb_status_code": "200",
    "target_status_code": "200",
    "received_bytes": "34",
    "sent_bytes": "366",
    "request": "GET https://shop.test:443/a b HTTP/2.0",
    "user_agent": "Mozilla/5.0 (X11)",
    "ssl_cipher": "AES128",
    "ssl_protocol": "TLSv1.3",
    "target_group_arn": "arn:tg/web",
    "trace_id": "Root=1-5",
    "domain_name": "shop.test",
    "chosen_cert_arn": "arn:cert",
    "matched_rule_priority": "7",
    "request_creation_time": "2026-01-15T10:00:00.200000Z",
    "action_executed": "waf,forward",
    "redirect_url": "-",
    "error_reason": "-",
    "target_port_list": "8080",
    "target_status_code_list": "200",
    "classification": "-",
    "classification_reason": "-",
}
ADDRESSES = {"client_ip": "198.51.100.7", "target_ip": "10.0.0.1", "target_ip_list": "10.0.0.1"}


def read(*lines: str) -> list[dict[str, Any] | BadLine]:
    return list(TYPE.records(["\n".join(lines).encode()], ""))


def one(line: str) -> dict[str, Any]:
    (record,) = read(line)
    assert isinstance(record, dict)
    return record


def test_a_line() -> None:
    assert list(one(LINE).items()) == list({**RECORD, "source": "alb", **ADDRESSES}.items())


def test_later_columns() -> None:
    assert one(f"{LINE} TID_1") == {**RECORD, "conn_trace_id": "TID_1", "source": "alb", **ADDRESSES}
    longer = one(f'{LINE} TID_1 "host" -')
    assert longer == {**RECORD, "conn_trace_id": "TID_1", "extra_columns": ["host", "-"], "source": "alb", **ADDRESSES}
    assert list(longer)[29:] == ["conn_trace_id", "extra_columns", "source", *ADDRESSES]


def test_a_row_without_the_later_columns_gives_those_it_has() -> None:
    record = one(f"{HEAD} 198.51.100.7:40000 10.0.0.1:8080 {TAIL}")
    addresses = {"client_ip": "198.51.100.7", "target_ip": "10.0.0.1"}
    assert record == {**dict(list(RECORD.items())[:25]), "source": "alb", **addresses}
    assert one("h2") == {"type": "h2", "source": "alb"}


@pytest.mark.parametrize(
    ("text", "address", "port"),
    [
        ("198.51.100.7:40000", "198.51.100.7", "40000"),
        ("[2001:db8::7]:40000", "2001:db8::7", "40000"),
        ("2001:db8::7:40000", "2001:db8::7", "40000"),
        ("a:b:c", "a:b", "c"),
        (":", "", ""),
        ("[]:1", "", "1"),
        ("[:1", "[", "1"),
        ("-", None, None),
        ("", None, None),
    ],
)
def test_endpoints(text: str, address: str | None, port: str | None) -> None:
    assert endpoint(text) == (None if address is None else (address, port))


@pytest.mark.parametrize(
    ("client", "target", "expected"),
    [
        ("1.1.1.1:5", "-", {"client_port": "5", "target_port": "-", "client_ip": "1.1.1.1"}),
        ("-", "2.2.2.2:6", {"client_port": "-", "target_port": "6", "target_ip": "2.2.2.2"}),
        ("-", "-", {"client_port": "-", "target_port": "-"}),
        ("[::1]:5", "-", {"client_port": "5", "target_port": "-", "client_ip": "::1"}),
    ],
)
def test_each_endpoint_is_parted_by_itself(client: str, target: str, expected: dict[str, str]) -> None:
    record = one(f"{HEAD} {client} {target}")
    assert {name: record[name] for name in record if name.startswith(("client", "target"))} == expected


@pytest.mark.parametrize(
    ("targets", "ports", "addresses"),
    [
        ("10.0.0.1:80", "80", "10.0.0.1"),
        ("10.0.0.1:80 10.0.0.2:81", "80 81", "10.0.0.1 10.0.0.2"),
        ("10.0.0.1:80   [::1]:81", "80 81", "10.0.0.1 ::1"),
        ("", "", ""),
        ("10.0.0.1:80 -", "10.0.0.1:80 -", None),
        ("-", "-", None),
    ],
)
def test_the_list_of_targets(targets: str, ports: str, addresses: str | None) -> None:
    record = one(f'{HEAD} 198.51.100.7:1 - {TAIL} "{targets}"')
    assert record["target_port_list"] == ports
    assert record.get("target_ip_list") == addresses


def test_a_quote_ends_with_its_line() -> None:
    first, second = read(f'{HEAD} - - 1 1 1 200 200 0 0 "GET /open', LINE)
    assert isinstance(first, dict)
    assert first["request"] == "GET /open"
    assert second == one(LINE)


def test_a_bad_line_costs_only_itself() -> None:
    first, bad, third = read(LINE, "h2 " + "x" * 200_000, LINE)
    assert isinstance(bad, BadLine)
    assert bad.line == 2
    assert first == third == one(LINE)


def test_the_message_names_no_account_and_keeps_single_extra_columns_a_list() -> None:
    document = TYPE.wrap(Envelope("b", "k", "", None), one(f"{LINE} TID_1 more"))
    info = {"aws_account_alias": "", "log_file": "k", "s3bucket": "b"}
    more = {"conn_trace_id": "TID_1", "extra_columns": ["more"], "source": "alb"}
    assert document == {"integration": "aws", "aws": {"log_info": info, **RECORD, **more, **ADDRESSES}}


def test_the_organisation_is_no_part_of_the_prefix() -> None:
    bucket = Bucket(type="alb", name="b", path="p/", path_suffix="s/", aws_organization_id="o-1")
    assert TYPE.prefixes(bucket, "123456789012", "eu-west-1") == (
        "p/AWSLogs/s/123456789012/elasticloadbalancing/eu-west-1/",
    )


FOLDER = "logs/AWSLogs/123456789012/elasticloadbalancing/us-east-1/2026/01/15/"
NAME = "123456789012_elasticloadbalancing_us-east-1_"


@pytest.mark.parametrize(
    ("key", "word"),
    [
        (f"{FOLDER}{NAME}app.shop.50dc6c49_20260115T1005Z_172.160.1.1_2soosksi.log.gz", "alb"),
        (f"{FOLDER}{NAME}net.front.c6e77e28_20260115T1005Z_51b.log.gz", "nlb"),
        (f"{FOLDER}{NAME}old-shop_20260115T1005Z_172.160.1.1_20sg8hgm.log", "clb"),
        (f"{NAME}app_20260115T1005Z_172.160.1.1_20sg8hgm.log", "clb"),
        (f"{FOLDER}conn_log_{NAME}app.shop.50dc_20260115T1005Z_1.1.1.1_2s.log.gz", None),
        (f"{FOLDER}health_check_log_{NAME}app.shop.50dc_20260115T1005Z_1.1.1.1_2s.log.gz", None),
        (f"{FOLDER}notes.txt", None),
        ("AWSLogs/123456789012/ELBAccessLogTestFile", None),
    ],
)
def test_the_three_kinds_are_told_apart_by_the_file_name(key: str, word: str | None) -> None:
    assert [kind.type for kind in BUCKET_TYPES.values() if kind.lies_at(key)] == ([word] if word else [])


def test_event_time() -> None:
    assert TYPE.event_time(one(LINE)) == 1768471200.25
    assert TYPE.event_time({"time": "-"}) is None
    assert TYPE.event_time({}) is None
