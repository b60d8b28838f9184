from __future__ import annotations

import json
from typing import Any

import pytest

from alertmill.sources.aws.eventbridge import events, is_json, outer_text, outer_time, record_of
from alertmill.sources.aws.faults import ObjectError, ParseError, ShapeError

EVENT = {
    "version": "0",
    "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
    "detail-type": "EC2 Instance State-change Notification",
    "source": "aws.ec2",
    "account": "123456789012",
    "time": "2026-01-15T10:00:00Z",
    "region": "us-east-1",
    "resources": ["arn:aws:ec2:us-east-1:123456789012:instance/i-0b"],
    "detail": {"instance-id": "i-0b", "state": "running"},
}


def test_a_record_is_the_detail_with_its_source_and_what_stands_around_it() -> None:
    record = record_of(dict(EVENT, detail=dict(EVENT["detail"])), False)  # type: ignore[call-overload]
    assert record is not None
    assert list(record.items()) == [("instance-id", "i-0b"), ("state", "running"), ("source", "ec2")]
    assert record.outer == {name: value for name, value in EVENT.items() if name != "detail"}
    assert not record.odd
    assert outer_time(record) == 1768471200.0
    assert outer_text(record, "detail-type") == "EC2 Instance State-change Notification"
    assert outer_text(record, "resources") == outer_text(record, "absent") == outer_text({}, "id") == ""


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("aws.macie", "macie"),
        ("my.aws.app", "my.app"),
        ("aws.aws.x", "x"),
        ("aws", "aws"),
        ("xaws.y", "xy"),
        ("", ""),
        ("App", "App"),
    ],
)
def test_every_aws_of_the_source_goes(source: str, shown: str) -> None:
    record = record_of({"source": source, "detail": {"source": "own", "b": 1}}, False)
    assert record is not None
    assert list(record.items()) == [("source", shown), ("b", 1)]


def test_without_detail_there_is_no_record() -> None:
    assert record_of({"source": "aws.ec2"}, False) is None
    assert record_of({}, True) is None


@pytest.mark.parametrize(
    "event",
    [
        {"detail": {"a": 1}},
        {"detail": {"a": 1}, "source": None},
        {"detail": {"a": 1}, "source": 5},
        {"detail": "text", "source": "aws.x"},
        {"detail": None, "source": "aws.x"},
        {"detail": [{"a": 1}], "source": "aws.x"},
    ],
)
def test_odd_events(event: dict[str, Any]) -> None:
    with pytest.raises(ShapeError):
        record_of(event, False)


@pytest.mark.parametrize("between", ["", "\n", " \r\n", "\t"])
@pytest.mark.parametrize("step", [1, 10, 1000])
def test_events_one_behind_the_other(between: str, step: int) -> None:
    data = (between + between.join([json.dumps(EVENT)] * 3) + between).encode()
    found = list(events(data[at : at + step] for at in range(0, len(data), step)))
    assert found == [(EVENT, False)] * 3


@pytest.mark.parametrize("step", [1, 3, 1000])
@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('"lat":048.1,"lon":-003.2', {"lat": 48.1, "lon": -3.2}),
        ('"lat":-000048.1,"lon":0003.25', {"lat": -48.1, "lon": 3.25}),
        ('"lat":0.5,"lon":-0', {"lat": 0.5, "lon": 0}),
        ('"lat":00.5,"lon":10', {"lat": 0.5, "lon": 10}),
        ('"lon":00,"lat":0000', {"lat": 0, "lon": 0}),
        (r'"lat":"048.1","text":"\"lat\":01"', {"lat": "048.1", "text": '"lat":01'}),
    ],
)
def test_leading_zeros_of_coordinates(written: str, meant: dict[str, Any], step: int) -> None:
    data = ('{"source":"aws.macie","detail":{' + written + "}}").encode()
    ((event, odd),) = events(data[at : at + step] for at in range(0, len(data), step))
    assert event["detail"] == meant
    assert not odd


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('{"a":1}{"b"', ParseError),
        ('{"a":1},{"b":2}', ParseError),
        ('{"n":01}', ParseError),
        ("not json", ParseError),
        ("[1]", ShapeError),
        ('{"a":1} 5', ShapeError),
    ],
)
def test_an_object_that_is_no_sequence_of_events(text: str, error: type[ObjectError]) -> None:
    with pytest.raises(error):
        list(events([text.encode()]))


@pytest.mark.parametrize(
    ("pieces", "answer"),
    [
        ([], False),
        ([b"  ", b"\n"], False),
        ([b" ", b"\n\t{", b"}"], True),
        ([b"{"], True),
        ([b"[{}]"], False),
        ([b"text {"], False),
        ([b"\xef\xbb\xbf{"], False),
        ([b" " * 600_000] * 3 + [b"{"], False),
    ],
)
def test_what_json_begins_with(pieces: list[bytes], answer: bool) -> None:
    found, content = is_json(pieces)
    assert found is answer
    joined = b"".join(pieces)
    assert b"".join(content) == (joined if joined.strip() else b"")
