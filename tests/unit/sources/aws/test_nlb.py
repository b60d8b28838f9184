from __future__ import annotations

from typing import Any

import pytest

from alertmill.sources.aws.buckets.nlb import NetworkLoadBalancer
from alertmill.sources.aws.formats import BadLine

TYPE = NetworkLoadBalancer()
HEAD = "tls 2.0 2026-01-15T10:00:00 net/front/0c1d 9f8e"
TAIL = '5 2 98 246 handshake_failure arn:cert - AES128 tlsv12 - shop.test h2 "h2","http/1.1"'
LINE = f"{HEAD} 198.51.100.7:40000 10.0.0.1:443 {TAIL}"
RECORD = {
    "type": "tls",
    "version": "2.0",
    "time": "2026-01-15T10:00:00",
    "elb": "net/front/0c1d",
    "listener": "9f8e",
    "client_port": "40000",
    "destination_port": "443",
    "connection_time": "5",
    "tls_handshake_time": "2",
    "received_bytes": "98",
    "sent_bytes": "246",
    "incoming_tls_alert": "handshake_failure",
    "chosen_cert_arn": "arn:cert",
    "chosen_cert_serial": "-",
    "tls_cipher": "AES128",
    "tls_protocol_version": "tlsv12",
    "tls_named_group": "-",
    "domain_name": "shop.test",
    "alpn_fe_protocol": "h2",
    "alpn_client_preference_list": 'h2,"http/1.1"',
}
ADDED = {"source": "nlb", "client_ip": "198.51.100.7", "destination_ip": "10.0.0.1"}


def one(line: str) -> dict[str, Any]:
    (record,) = TYPE.records([line.encode()], "")
    assert isinstance(record, dict)
    return record


def test_a_line() -> None:
    assert list(one(LINE).items()) == list({**RECORD, **ADDED}.items())


def test_later_columns_are_kept_as_a_list() -> None:
    record = one(f"{LINE} 2026-01-15T09:59:58")
    assert record == {**RECORD, "extra_columns": ["2026-01-15T09:59:58"], **ADDED}
    assert list(record)[-4:] == ["extra_columns", *ADDED]


@pytest.mark.parametrize(
    ("client", "destination", "ips", "ports"),
    [
        ("1.1.1.1:5", "2.2.2.2:6", ("1.1.1.1", "2.2.2.2"), ("5", "6")),
        ("-", "2.2.2.2:6", ("-", "2.2.2.2"), ("-", "6")),
        ("1.1.1.1:5", "-", ("1.1.1.1", "-"), ("5", "-")),
        ("-", "-", ("-", "-"), ("-", "-")),
        ("[2001:db8::7]:55", "2.2.2.2:6", ("2001:db8::7", "2.2.2.2"), ("55", "6")),
    ],
)
def test_each_endpoint_is_parted_by_itself(
    client: str, destination: str, ips: tuple[str, str], ports: tuple[str, str]
) -> None:
    record = one(f"{HEAD} {client} {destination}")
    assert (record["client_ip"], record["destination_ip"]) == ips
    assert (record["client_port"], record["destination_port"]) == ports


def test_short_rows() -> None:
    assert one("tls 2.0") == {"type": "tls", "version": "2.0", "source": "nlb"}
    assert one(f"{HEAD} 1.1.1.1:5") == {
        **dict(list(RECORD.items())[:5]),
        "client_port": "5",
        "source": "nlb",
        "client_ip": "1.1.1.1",
    }


def test_a_bad_line_costs_only_itself() -> None:
    first, bad, third = TYPE.records([f"{LINE}\n{'x' * 200_000}\n{LINE}\n".encode()], "")
    assert isinstance(bad, BadLine)
    assert first == third == one(LINE)


@pytest.mark.parametrize("time", ["2026-01-15T10:00:00", "2026-01-15T10:00:00Z"])
def test_event_time_is_utc(time: str) -> None:
    assert TYPE.event_time({"time": time}) == 1768471200.0


def test_no_event_time() -> None:
    assert TYPE.event_time({"time": "-"}) is None
    assert TYPE.event_time({}) is None
