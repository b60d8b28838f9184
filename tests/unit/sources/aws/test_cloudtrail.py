from __future__ import annotations

import json
from typing import Any

import pytest

from alertmill.sources.aws.buckets.cloudtrail import CloudTrail
from alertmill.sources.aws.envelope import Envelope
from alertmill.sources.aws.formats import SpecialRecord

TYPE = CloudTrail()


def reshaped(record: dict[str, Any]) -> dict[str, Any]:
    aws = Envelope("b", "k", "", "1").wrap(record)["aws"]
    TYPE.reshape(aws)
    assert isinstance(aws, dict)
    return aws


def test_records_carry_their_source_in_its_place() -> None:
    data = json.dumps({"Records": [{"a": 1}, {"source": "own", "b": 2}, {"source": None}]}).encode()
    records = list(TYPE.records([data], ""))
    assert [list(r.items()) for r in records if isinstance(r, dict)] == [
        [("a", 1), ("source", "cloudtrail")],
        [("source", "cloudtrail"), ("b", 2)],
        [("source", "cloudtrail")],
    ]


def test_odd_records_are_marked() -> None:
    (record,) = TYPE.records([b'{"Records":[{"a":NaN}]}'], "")
    assert type(record) is SpecialRecord


@pytest.mark.parametrize("member", ["additionalEventData", "responseElements", "requestParameters"])
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("raw", {"string": "raw"}),
        ("", {"string": ""}),
        (5, {"string": "5"}),
        (1.5, {"string": "1.5"}),
        (True, {"string": "True"}),
        (["x", "y"], {"string": "['x', 'y']"}),
        (["only"], {"string": "only"}),
        ([], {"string": "[]"}),
        (["it's", 'say "x"', "a\nb\\", None, "é"], {"string": "[\"it's\", 'say \"x\"', 'a\\nb\\\\', None, 'é']"}),
        ({"a": 1}, {"a": 1}),
        ([{"a": 1}], {"a": 1}),
    ],
)
def test_free_form_members_become_objects(member: str, value: Any, expected: Any) -> None:
    assert reshaped({member: value})[member] == expected


def test_a_null_member_is_absent() -> None:
    assert "responseElements" not in reshaped({"responseElements": None})


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, {"value": True}), (False, {"value": False}), ("yes", "yes"), ({"value": True}, {"value": True}), (1, 1)],
)
def test_disable_api_termination(value: Any, expected: Any) -> None:
    aws = reshaped({"requestParameters": {"disableApiTermination": value}})
    assert aws["requestParameters"]["disableApiTermination"] == expected


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"eventTime": "2026-01-15T10:00:00Z"}, 1768471200.0),
        ({"eventTime": "2026-01-15T10:00:00.5Z"}, 1768471200.5),
        ({"eventTime": "2026-01-15T11:00:00+01:00"}, 1768471200.0),
        ({"eventTime": "2026-01-15T10:00:00"}, None),
        ({"eventTime": "yesterday"}, None),
        ({"eventTime": 5}, None),
        ({}, None),
    ],
)
def test_event_time(record: dict[str, Any], expected: float | None) -> None:
    assert TYPE.event_time(record) == expected
