from __future__ import annotations

import json
import time
from typing import Any

import pytest

from alertmill.sources.aws.buckets.config import Config
from alertmill.sources.aws.envelope import Envelope
from alertmill.sources.aws.faults import ObjectError, ParseError, ShapeError
from alertmill.sources.aws.formats import SpecialRecord

TYPE = Config()


def message(item: dict[str, Any]) -> dict[str, Any]:
    aws = TYPE.wrap(Envelope("b", "k", "", "123456789012"), item)["aws"]
    assert isinstance(aws, dict)
    return aws


def configuration(value: Any) -> Any:
    """What becomes of a configuration."""
    return message({"configuration": value})["configuration"]


def member(name: str, value: Any) -> Any:
    """What becomes of one member of a configuration."""
    return configuration({name: value})[name]


def read(document: Any) -> list[Any]:
    return list(TYPE.records([json.dumps(document).encode()], ""))


def test_records_are_the_items() -> None:
    found = read({"fileVersion": "1.0", "configurationItems": [{"resourceId": "a"}, {"source": "own", "b": 1}]})
    assert [list(record.items()) for record in found] == [
        [("resourceId", "a"), ("source", "config")],
        [("source", "config"), ("b", 1)],
    ]


@pytest.mark.parametrize("step", [1, 7, 4096])
@pytest.mark.parametrize(
    ("before", "outer"),
    [
        ('"fileVersion":"1.0","configSnapshotId":"5d1a",', {"fileVersion": "1.0", "configSnapshotId": "5d1a"}),
        ('"fileVersion" : "caf\u00e9" ,\n', {"fileVersion": "caf\u00e9"}),
        ("", None),
        ('"inner":{"a":1},', None),
        ('"a":"' + "x" * 1500 + '",', None),
    ],
)
def test_what_stands_in_front_of_the_items(before: str, outer: Any, step: int) -> None:
    data = ("{" + before + '"configurationItems":[{"a":1},{"b":2}],"after":1}').encode()
    found = list(TYPE.records([data[at : at + step] for at in range(0, len(data), step)], ""))
    assert found == [{"a": 1, "source": "config"}, {"b": 2, "source": "config"}]
    assert [row.outer for row in found if isinstance(row, SpecialRecord)] == [outer, outer]


@pytest.mark.parametrize("document", [[], {}, {"configurationItemDiff": {}}, {"configurationItems": []}])
def test_objects_without_items(document: Any) -> None:
    assert read(document) == []


@pytest.mark.parametrize(
    ("text", "error"), [("5", ShapeError), ('{"configurationItems":[5]}', ShapeError), ("{", ParseError)]
)
def test_objects_that_are_no_such_document(text: str, error: type[ObjectError]) -> None:
    with pytest.raises(error):
        list(TYPE.records([text.encode()], ""))


def test_odd_items_are_marked() -> None:
    (record,) = TYPE.records([b'{"configurationItems":[{"a":NaN}]}'], "")
    assert type(record) is SpecialRecord
    assert record.odd


def test_a_message() -> None:
    item = {
        "configurationItemCaptureTime": "2026-01-15T10:00:00.000Z",
        "resourceId": "i-0b",
        "relationships": [{"resourceId": "vpc-1"}],
        "configuration": {
            "state": {"code": 16, "name": "running"},
            "securityGroups": [{"groupId": "sg-1", "groupName": "a"}, {"groupId": "sg-2", "groupName": "b"}],
            "networkInterfaces": [{"privateIp": "10.0.0.1"}],
        },
        "source": "config",
    }
    aws = message(json.loads(json.dumps(item)))
    assert aws["relationships"] == {"resourceId": "vpc-1"}
    assert aws["configuration"] == {
        "state": {"code": 16, "name": "running"},
        "securityGroups": {"groupId": ["sg-1", "sg-2"], "groupName": ["a", "b"]},
        "networkInterfaces": {"privateIp": "10.0.0.1"},
    }
    assert list(aws)[-2:] == ["source", "aws_account_id"]
    assert TYPE.event_time(item) == 1768471200.0
    assert TYPE.event_id(item) is None


def test_a_configuration_that_is_null_is_absent() -> None:
    assert "configuration" not in message({"configuration": None})


@pytest.mark.parametrize("value", ["text", "{}", 5, 0, 1.5, True, False, ["a", "b"]])
def test_a_configuration_of_another_type_becomes_an_object(value: Any) -> None:
    assert configuration(value) == {"value": value}


@pytest.mark.parametrize(
    ("value", "kept"),
    [("", ""), ([], []), ({}, {}), ([{"state": "x"}], {"state": {"name": "x"}}), (["a"], {"value": "a"})],
)
def test_empty_configurations_and_lists_of_one(value: Any, kept: Any) -> None:
    assert configuration(value) == kept


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("sg-1", {"groupId": ["sg-1"]}),
        (["sg-1"], {"groupId": ["sg-1"]}),
        (["sg-1", "sg-2"], {"groupId": ["sg-1", "sg-2"]}),
        ([], {}),
        ([{"groupId": "sg-1"}, {"groupName": "b"}], {"groupId": ["sg-1"], "groupName": ["b"]}),
        ([{"groupName": "a"}, {"groupName": "b"}], {"groupName": ["a", "b"]}),
        ([{"groupId": "sg-1", "x": 1}, "sg-2", 5, None, []], {"groupId": ["sg-1", "sg-2"]}),
        ([{"groupId": None}, {}], {}),
        ({"groupId": "sg-9"}, {"groupId": ["sg-9"]}),
        ({"groupId": ["a", "b"], "other": 1}, {"groupId": [["a", "b"]], "other": [1]}),
        ([{"groupId": "sg-1", "groupName": "a"}], {"groupId": ["sg-1"], "groupName": ["a"]}),
        (5, 5),
        (True, True),
    ],
)
def test_security_groups(value: Any, shown: Any) -> None:
    found = member("securityGroups", value)
    assert found == shown
    assert type(found) is type(shown)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("us-east-1a", {"zoneName": ["us-east-1a"]}),
        (["us-east-1a", "us-east-1b"], {"zoneName": ["us-east-1a", "us-east-1b"]}),
        (
            [{"zoneName": "us-east-1a", "subnetId": "sn-1"}, {"zoneName": "us-east-1b"}],
            {"subnetId": ["sn-1"], "zoneName": ["us-east-1a", "us-east-1b"]},
        ),
        ({"zoneName": "us-east-1a"}, {"zoneName": ["us-east-1a"]}),
        ([1, 2], [1, 2]),
        (1.5, 1.5),
    ],
)
def test_availability_zones(value: Any, shown: Any) -> None:
    assert json.dumps(member("availabilityZones", value)) == json.dumps(shown)


@pytest.mark.parametrize("name", ["state", "iamInstanceProfile"])
@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("active", {"name": "active"}),
        ("", {"name": ""}),
        (["active"], {"name": "active"}),
        ({"name": "x", "code": 1}, {"name": "x", "code": 1}),
        (["x", "y"], ["x", "y"]),
        (5, 5),
    ],
)
def test_names(name: str, value: Any, shown: Any) -> None:
    assert member(name, value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1768471200, 1768471200.0),
        (1768471200.9, 1768471200.9),
        ("2026-01-15T10:00:00.000Z", 1768471200.0),
        ("2026-01-15T10:00:00.999999Z", 1768471200.0),
        ("2026-01-15T10:00:00.5Z", 1768471200.0),
        ("1969-12-31T23:59:59.5Z", -1.0),
        ("2026-01-15T10:00:00Z", "2026-01-15T10:00:00Z"),
        ("2026-01-15T10:00:00.0000000Z", "2026-01-15T10:00:00.0000000Z"),
        ("2026-02-30T10:00:00.0Z", "2026-02-30T10:00:00.0Z"),
        ("yesterday", "yesterday"),
        ("", ""),
        (True, True),
        (10**400, 10**400),
        (["a", "b"], ["a", "b"]),
        ({"a": 1}, {"a": 1}),
    ],
)
def test_created_time(value: Any, shown: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        found = member("createdTime", value)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert found == shown
    assert type(found) is type(shown)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"Content": {"i-1": {"x": 1}, "i-2": 2}, "other": 1}, {"Content": ["i-1", "i-2"], "other": 1}),
        ({"Content": {}}, {"Content": []}),
        ({"Content": "text"}, {"Content": "text"}),
        ({"Content": ["a", "b"]}, {"Content": ["a", "b"]}),
        ({"inner": {"Content": {"a": 1}}}, {"inner": {"Content": {"a": 1}}}),
        ("Content", "Content"),
    ],
)
def test_content(value: Any, shown: Any) -> None:
    assert member("anything", value) == shown


def test_content_comes_before_the_other_rules() -> None:
    assert member("securityGroups", {"Content": {"a": 1, "b": 2}}) == {"Content": [["a", "b"]]}


@pytest.mark.parametrize("value", [None, "yesterday", 5, "2026-01-15T10:00:00"])
def test_items_without_a_time(value: Any) -> None:
    assert TYPE.event_time({"configurationItemCaptureTime": value}) is None
