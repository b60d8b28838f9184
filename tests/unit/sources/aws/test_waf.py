from __future__ import annotations

import json
from typing import Any

import pytest

from alertmill.sources.aws.buckets.waf import Waf
from alertmill.sources.aws.envelope import Envelope
from alertmill.sources.aws.formats import BadLine, SpecialRecord

TYPE = Waf()
RECORD = {
    "timestamp": 1768471200000,
    "formatVersion": 1,
    "webaclId": "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/shop/5e1c",
    "terminatingRuleId": "block-admin",
    "action": "BLOCK",
    "httpRequest": {
        "clientIp": "198.51.100.7",
        "headers": [
            {"name": "Host", "value": "shop.test"},
            {"name": "User-Agent", "value": "curl/8"},
            {"name": "X-Session", "value": "secret"},
        ],
        "uri": "/admin",
    },
    "ruleGroupList": [{"ruleGroupId": "g"}],
    "labels": [{"name": "a"}, {"name": "b"}],
}


def read(*lines: str | dict[str, Any]) -> list[dict[str, Any] | BadLine]:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    return list(TYPE.records([text.encode()], ""))


def headers(value: Any) -> Any:
    (record,) = read({"httpRequest": {"headers": value}})
    assert isinstance(record, dict)
    return record["httpRequest"]["headers"]


def test_a_record_and_its_message() -> None:
    (record,) = read(RECORD)
    assert isinstance(record, dict)
    named = {"Host": "shop.test", "User-Agent": "curl/8"}
    assert record == {**RECORD, "httpRequest": {**RECORD["httpRequest"], "headers": named}, "source": "waf"}  # type: ignore[dict-item]
    assert list(record) == [*RECORD, "source"]
    aws = TYPE.wrap(Envelope("b", "k", "", None), record)["aws"]
    assert aws["ruleGroupList"] == {"ruleGroupId": "g"}
    assert aws["labels"] == RECORD["labels"]
    assert aws["httpRequest"]["headers"] == named
    assert "aws_account_id" not in aws


def header(name: Any, value: Any = "v") -> dict[str, Any]:
    return {"name": name, "value": value}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ([], {}),
        ([header("X-Own")], {}),
        ([header("Accept"), header("aCCEPT", "w")], {"Accept": "v", "aCCEPT": "w"}),
        ([header("Accept"), header("Host"), header("Accept", "w")], {"Accept": "w", "Host": "v"}),
        (
            [header("cookie", "a=1"), header("X-Forwarded-For", "192.0.2.1")],
            {"cookie": "a=1", "X-Forwarded-For": "192.0.2.1"},
        ),
        ([header("Host", 5), {"name": "X-Own"}], {"Host": 5}),
        ([header("Ho\u017ft")], {}),
    ],
)
def test_headers(value: Any, shown: dict[str, Any]) -> None:
    found = headers(value)
    assert found == shown
    assert list(found) == list(shown)


@pytest.mark.parametrize(
    "value",
    [
        "text",
        5,
        None,
        {"Host": "x"},
        ["text"],
        [header("Host"), "text"],
        [{"value": "x"}],
        [header(None)],
        [header(5)],
        [header(["Host"])],
        [header("X-Own"), {"name": "Host"}],
    ],
)
def test_headers_of_another_shape_stay_as_they_are(value: Any) -> None:
    assert headers(value) == value


@pytest.mark.parametrize("record", [{}, {"httpRequest": None}, {"httpRequest": "text"}, {"httpRequest": {"uri": "/"}}])
def test_records_without_headers_stay_as_they_are(record: dict[str, Any]) -> None:
    assert read(record) == [{**record, "source": "waf"}]


def test_a_bad_line_costs_only_itself() -> None:
    found = read('{"n":1}{"n":2}', "", '{"n":', "[1]", '"text"', '{"n":3} {"n":4}nonsense{"n":5}', '{"n":6}')
    assert [row.get("n") if isinstance(row, dict) else (row.line,) for row in found] == [
        1,
        2,
        (3,),
        (4,),
        (5,),
        3,
        4,
        (6,),
        6,
    ]


def test_odd_records_are_marked() -> None:
    found = read('{"n":NaN}', '{"n":1}')
    assert [type(row) is SpecialRecord and row.odd for row in found] == [True, False]


@pytest.mark.parametrize(
    ("timestamp", "time"),
    [
        (1768471200123, 1768471200.123),
        (1768471200123.0, 1768471200.123),
        ("2026-01-15T10:00:00.000Z", 1768471200.0),
        ("2026-01-15 10:00:00", None),
        (-1, None),
        (True, None),
        (10**30, None),
        (1e300, None),
        (float("nan"), None),
        (None, None),
        ([], None),
    ],
)
def test_event_time(timestamp: Any, time: float | None) -> None:
    assert TYPE.event_time({"timestamp": timestamp}) == time


def test_there_is_no_event_id() -> None:
    assert TYPE.event_id(RECORD) is None
