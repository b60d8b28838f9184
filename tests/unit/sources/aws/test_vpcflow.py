from __future__ import annotations

from typing import Any

import pytest

from alertmill.sources.aws.buckets.vpcflow import VpcFlow
from alertmill.sources.aws.faults import ShapeError
from alertmill.sources.aws.formats import BadLine
from unit.sources.aws.doubles import bench
from unit.sources.aws.parquet_files import parquet_file

TYPE = VpcFlow()
V2 = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
)
ROW = "2 123456789012 eni-0a 10.0.1.34 198.51.100.9 22 47916 6 10 840 1768471200 1768471260 ACCEPT OK"
RECORD = {
    "version": "2",
    "account_id": "123456789012",
    "interface_id": "eni-0a",
    "srcaddr": "10.0.1.34",
    "dstaddr": "198.51.100.9",
    "srcport": "22",
    "dstport": "47916",
    "protocol": "6",
    "packets": "10",
    "bytes": "840",
    "start": "2026-01-15T10:00:00Z",
    "end": "2026-01-15T10:01:00Z",
    "action": "ACCEPT",
    "log_status": "OK",
    "source": "vpc",
}


def read(*rows: str) -> list[dict[str, str] | BadLine]:
    return list(TYPE.records(["\n".join(rows).encode()], ""))


def one(*rows: str) -> dict[str, str]:
    (record,) = read(*rows)
    assert isinstance(record, dict)
    return record


@pytest.mark.parametrize("rows", [(ROW,), (V2, ROW), ("", "", V2, "", ROW, ""), (V2 + "\r", ROW + "\r")])
def test_the_usual_format_with_and_without_its_header(rows: tuple[str, ...]) -> None:
    assert list(one(*rows).items()) == list(RECORD.items())


def test_a_custom_format_is_named_by_its_header() -> None:
    header = "version vpc-id interface-id srcaddr dstaddr start end action log-status tcp-flags pkt-dst-aws-service"
    record = one(header, "5 vpc-1 eni-0a 10.0.1.34 198.51.100.9 1768471200 1768471260 ACCEPT OK 19 -")
    assert record == {
        "version": "5",
        "vpc_id": "vpc-1",
        "interface_id": "eni-0a",
        "srcaddr": "10.0.1.34",
        "dstaddr": "198.51.100.9",
        "start": "2026-01-15T10:00:00Z",
        "end": "2026-01-15T10:01:00Z",
        "action": "ACCEPT",
        "log_status": "OK",
        "tcp_flags": "19",
        "pkt_dst_aws_service": "-",
        "source": "vpc",
    }
    assert list(record)[-2:] == ["pkt_dst_aws_service", "source"]


HEADERS = [
    "version",
    "srcaddr dstaddr",
    "interface-id",
    "start account-id end",
    "resource-type tgw-id tgw-attachment-id packets-lost-no-route",
    "version vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-type",
    "version ecs-cluster-arn ecs-task-id reject-reason",
]
NO_HEADERS = ["version Account-ID", "vpc-id subnet-id", "srcaddr 10.0.0.1", "2 srcaddr", "version  srcaddr", "-"]


@pytest.mark.parametrize("header", HEADERS)
def test_headers(header: str) -> None:
    assert read(header) == []
    names = [name.replace("-", "_") for name in header.split()]
    assert list(one(header, " ".join("x" for _ in names))) == [*names, "source"]


@pytest.mark.parametrize("line", NO_HEADERS)
def test_lines_that_are_no_header(line: str) -> None:
    assert len(read(line)) == 1


def test_only_the_first_line_can_be_a_header() -> None:
    assert len(read(V2, ROW, V2)) == 2
    assert len(read(ROW, V2)) == 2


def test_shorter_and_longer_rows() -> None:
    assert one("version srcaddr dstaddr", "2 10.0.0.1") == {"version": "2", "srcaddr": "10.0.0.1", "source": "vpc"}
    longer = one(V2, ROW + " extra")
    assert longer == {**RECORD, "extra_columns": ["extra"]}
    assert list(longer)[-2:] == ["extra_columns", "source"]
    assert one(ROW + " a b")["extra_columns"] == ["a", "b"]
    assert one("2 123456789012") == {"version": "2", "account_id": "123456789012", "source": "vpc"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1768471200", "2026-01-15T10:00:00Z"),
        ("0", "1970-01-01T00:00:00Z"),
        ("-", "-"),
        ("", ""),
        ("start", "start"),
        ("1768471200.5", "1768471200.5"),
        ("-5", "-5"),
        ("1768471200000", "1768471200000"),
        ("9" * 40, "9" * 40),
        ("9" * 5000, "9" * 5000),
        ("\u0661\u0662", "\u0661\u0662"),
        ("253402300799", "9999-12-31T23:59:59Z"),
    ],
)
def test_times(text: str, shown: str) -> None:
    assert one("version start", f"2 {text}")["start"] == shown


def test_no_other_column_is_converted() -> None:
    assert one("version bytes", "2 1768471200")["bytes"] == "1768471200"


def test_quoted_columns_end_with_their_line() -> None:
    records = read("version type srcaddr", '2 "two words" 10.0.0.1', '3 "open 10.0.0.2', "4 x 10.0.0.3")
    assert [list(r.values())[:-1] for r in records if isinstance(r, dict)] == [
        ["2", "two words", "10.0.0.1"],
        ["3", "open 10.0.0.2"],
        ["4", "x", "10.0.0.3"],
    ]


def test_a_bad_line_costs_only_itself() -> None:
    found = read(V2, ROW, "2 " + "x" * 200_000, ROW)
    assert [type(row) for row in found] == [dict, BadLine, dict]
    assert isinstance(found[1], BadLine)
    assert found[1].line == 3


def test_event_time_is_the_start() -> None:
    assert TYPE.event_time(one(ROW)) == 1768471200.0  # type: ignore[arg-type]
    assert TYPE.event_time({"start": "-"}) is None
    assert TYPE.event_time({}) is None


# --- Parquet ---------------------------------------------------------------------------------------------------------

NAMES = list(RECORD)[:-1]
TIMES = (1768471200, 1768471260)
ROWS = [
    (2, "123456789012", "eni-0a", "10.0.1.34", "198.51.100.9", 22, 47916, 6, 10, 840, *TIMES, "ACCEPT", "OK"),
    (2, "123456789012", "eni-0a", None, None, None, None, None, None, None, *TIMES, None, "NODATA"),
]
NO_DATA = "2 123456789012 eni-0a - - - - - - - 1768471200 1768471260 - NODATA"


def table(names: list[str]) -> bytes:
    return parquet_file(dict(zip(names, map(list, zip(*ROWS, strict=True)), strict=True)))


@pytest.mark.parametrize("event_format", ["compatible", "improved"])
@pytest.mark.parametrize("names", [NAMES, [name.replace("_", "-") for name in NAMES]])
def test_a_parquet_file_gives_the_messages_of_the_text_log(event_format: str, names: list[str]) -> None:
    key = "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=eu-west-1/year=2026/month=01/day=15/f"
    found = [
        bench({key: body}, kind="vpcflow", event_format=event_format).run()
        for body in (table(names), f"{V2}\n{ROW}\n{NO_DATA}\n".encode())
    ]
    messages, expected = ([record.message for record in records] for records in found)
    assert len(messages) == 2
    assert messages == expected
    assert [record.event_time for record in found[0]] == [record.event_time for record in found[1]]


def rows(**columns: Any) -> list[dict[str, Any]]:
    return list(TYPE.rows([columns], "k"))


def test_any_column_of_any_type_becomes_text() -> None:
    odd = {"tgw-id": "tgw-1", "tcp_flags": 19, "share": 0.5, "flag": True, "list": [1], "end": None, "start": "soon"}
    assert rows(version=5, **odd) == [
        {
            "version": "5",
            "tgw_id": "tgw-1",
            "tcp_flags": "19",
            "share": "0.5",
            "flag": "true",
            "list": "[1]",
            "end": "-",
            "start": "soon",
            "source": "vpc",
        }
    ]


@pytest.mark.parametrize("name", ["version", "account-id", "account_id", "interface_id", "srcaddr", "resource_type"])
def test_tables_of_flow_logs(name: str) -> None:
    assert rows(**{name: "x"}) == [{name.replace("-", "_"): "x", "source": "vpc"}]


def test_a_table_of_something_else() -> None:
    with pytest.raises(ShapeError, match="without the columns of a flow log"):
        rows(eventName="RunInstances", start=1)


@pytest.mark.parametrize("region", ["vpcflowlogs/", "aws-service=vpcflowlogs/aws-region="])
def test_keys(region: str) -> None:
    assert TYPE.lies_at(f"AWSLogs/123456789012/{region}eu-west-1/2026/01/15/x.log.parquet")
    assert not TYPE.lies_at("AWSLogs/123456789012/CloudTrail/eu-west-1/2026/01/15/x.json.gz")
