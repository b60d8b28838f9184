from __future__ import annotations

import json
from typing import Any

import pytest

from alertmill.sources.aws import documents
from alertmill.sources.aws.buckets import custom
from alertmill.sources.aws.buckets.custom import Custom
from alertmill.sources.aws.envelope import Envelope
from alertmill.sources.aws.faults import ObjectError, ParseError, ShapeError
from alertmill.sources.aws.formats import BadLine, SpecialRecord

TYPE = Custom()


def read(text: str) -> list[dict[str, Any] | BadLine]:
    return list(TYPE.records([text.encode()], "2026/01/15/10/stream"))


def event(detail: dict[str, Any], source: str = "aws.kms", **outer: Any) -> str:
    return json.dumps({"source": source, **outer, "detail": detail})


def message(text: str) -> dict[str, Any]:
    """The message of the only event of an object."""
    (record,) = read(text)
    assert isinstance(record, dict)
    aws = TYPE.wrap(Envelope("b", "k", "", None), record)["aws"]
    del aws["log_info"]
    assert isinstance(aws, dict)
    return aws


# --- events ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("between", ["", "\n", " ", "\r\n\r\n"])
def test_details_are_the_records_whatever_lies_between(between: str) -> None:
    texts = [event({"a": 1}), '{"no":"detail"}', event({"b": 2}, "aws.config", id="i"), '{"version":"0"}']
    found = read(between + between.join(texts) + between)
    assert found == [{"a": 1, "source": "kms"}, {"b": 2, "source": "config"}]
    assert [row.outer for row in found if isinstance(row, SpecialRecord)] == [
        {"source": "aws.kms"},
        {"source": "aws.config", "id": "i"},
    ]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (event({"a": 1}) + '{"detail":{"a":1}}', ShapeError),
        (event({"a": 1}) + '{"source":"aws.x","detail":"text"}', ShapeError),
        (event({"a": 1}) + "5", ShapeError),
        (event({"a": 1}) + "{", ParseError),
        (event({"a": 1}) + ",", ParseError),
    ],
)
def test_a_bad_event_spoils_its_object(text: str, error: type[ObjectError]) -> None:
    """It is read whole before its first record, as long as it is held."""
    with pytest.raises(error):
        next(iter(TYPE.records([text.encode()], "")))


def test_a_large_object_is_read_as_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "HELD_DOCUMENT", 1)
    found = TYPE.records(iter([event({"a": 1}).encode(), b'{"detail":5}']), "")
    assert next(iter(found)) == {"a": 1, "source": "kms"}
    with pytest.raises(ShapeError):
        next(iter(found))


def test_the_usual_reshaping() -> None:
    detail = {"eventName": "Decrypt", "none": None, "list": [1], "sourceIPAddress": "192.0.2.1", "tags": ["a", "b"]}
    assert message(event(detail)) == {
        "eventName": "Decrypt",
        "list": 1,
        "sourceIPAddress": "192.0.2.1",
        "tags": {"value": ["a", "b"]},
        "source": "kms",
        "source_ip_address": "192.0.2.1",
    }


@pytest.mark.parametrize(
    ("service", "shown"),
    [
        ({"additionalInfo": {"unusual": "abc"}}, {"additionalInfo": {"unusual": {"value": "abc"}}}),
        ({"additionalInfo": {"unusual": 5, "b": 1}}, {"additionalInfo": {"unusual": {"value": 5}, "b": 1}}),
        ({"additionalInfo": {"unusual": ["a", "b"]}}, {"additionalInfo": {"unusual": {"value": ["a", "b"]}}}),
        ({"additionalInfo": {"unusual": {"asn": 1}}}, {"additionalInfo": {"unusual": {"asn": 1}}}),
        ({"additionalInfo": {"unusual": None}}, {"additionalInfo": {}}),
        ({"additionalInfo": {}}, {"additionalInfo": {}}),
        ({"additionalInfo": "text"}, {"additionalInfo": "text"}),
        ({}, {}),
        ("text", "text"),
        (["a", "b"], ["a", "b"]),
    ],
)
@pytest.mark.parametrize("source", ["aws.guardduty", "aws.macie", "other"])
def test_unusual(service: Any, shown: Any, source: str) -> None:
    assert message(event({"service": service}, source))["service"] == shown


# --- Macie -----------------------------------------------------------------------------------------------------------


def test_macie() -> None:
    detail = {
        "trigger": {"rule": "r"},
        "summary": {
            "Bucket": {"b1": 2, "b2": 3},
            "IP": {"192.0.2.4": 1},
            "Owner": {"b": {"c": 1, "d": {}}, "e": 2},
            "Object": "text",
            "Other": {"k": 1},
            "Events": {"GetObject": {"count": 5, "ISP": {"Example": 1}}},
        },
        "tags": [{"key": "a"}, {"key": "b"}],
    }
    assert message(event(detail, "aws.macie")) == {
        "summary": {
            "Bucket": ["b1", "b2"],
            "IP": ["192.0.2.4"],
            "Owner": ["b.c", "e"],
            "Object": "text",
            "Other": {"k": 1},
            "Events": {"GetObject": {"count": [""], "ISP": ["Example"]}},
        },
        "tags": {"value": [{"key": "a"}, {"key": "b"}]},
        "source": "macie",
    }


NAMES = ["Bucket", "DLP risk", "IP", "Location", "Object", "Owner", "Themes", "Timestamps", "recipientAccountId"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"a": 1, "b": {"c": {"d": 2}, "e": 3}, "f": 4}, ["a", "b.c.d", "b.e", "f"]),
        ({}, []),
        ({"": 1, "x": {"": 2}}, ["", "x."]),
        ("text", "text"),
        (["a", "b"], ["a", "b"]),
        (7, 7),
    ],
)
def test_members_of_the_summary(name: str, value: Any, shown: Any) -> None:
    assert message(event({"summary": {name: value}}, "aws.macie"))["summary"] == {name: shown}


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        ({"e": {"a": "text", "b": True, "c": {"d": {"f": 1}}}}, {"e": {"a": [""], "b": [""], "c": ["d.f"]}}),
        ({"e": "text", "f": 5}, {"e": "text", "f": 5}),
        ({}, {}),
        ("text", "text"),
    ],
)
def test_events_of_the_summary(found: Any, shown: Any) -> None:
    assert message(event({"summary": {"Events": found}}, "aws.macie"))["summary"] == {"Events": shown}


@pytest.mark.parametrize("summary", ["text", 5, ["a", "b"], {}])
def test_another_summary_stays_as_it_is(summary: Any) -> None:
    assert message(event({"summary": summary, "trigger": 1}, "aws.macie")) == {"summary": summary, "source": "macie"}


def test_other_sources_keep_what_macie_would_lose() -> None:
    detail = {"trigger": 1, "summary": {"IP": {"192.0.2.4": 1}}}
    assert message(event(detail, "aws.macie2")) == {**detail, "source": "macie2"}


@pytest.mark.parametrize(
    "value",
    [
        {"k" * 2000: dict.fromkeys(map(str, range(2000)), 1)},
        {f"{'k' * 1000}{number}": 1 for number in range(1200)},
    ],
)
def test_paths_that_would_be_too_much_text_stay_as_they_are(value: dict[str, Any]) -> None:
    assert message(event({"summary": {"IP": value}}, "aws.macie"))["summary"]["IP"] == value


def test_deep_summaries() -> None:
    deep: dict[str, Any] = {"end": 1}
    for _ in range(300):
        deep = {"k": deep}
    assert message(event({"summary": {"IP": deep}}, "aws.macie"))["summary"]["IP"] == ["k." * 300 + "end"]


# --- text ------------------------------------------------------------------------------------------------------------


def test_other_text_is_read_as_flow_log() -> None:
    text = "2 123456789012 eni-0a 10.0.1.34 198.51.100.9 22 47916 6 10 840 1768471200 1768471260 ACCEPT OK"
    aws = message(text)
    assert aws["version"] == "2"
    assert aws["start"] == "1768471200"
    assert aws["log_status"] == "OK"
    assert aws["source"] == "vpc"
    (record,) = read(text)
    assert isinstance(record, dict)
    assert TYPE.event_time(record) == 1768471200.0
    assert TYPE.event_id(record) is None


def test_columns_are_named_by_a_header() -> None:
    assert read("version srcaddr tcp-flags\n5 10.0.0.1 19 more\n\n5 10.0.0.2") == [
        {"version": "5", "srcaddr": "10.0.0.1", "tcp_flags": "19", "extra_columns": ["more"], "source": "vpc"},
        {"version": "5", "srcaddr": "10.0.0.2", "source": "vpc"},
    ]
    assert message("version\n5 more")["extra_columns"] == ["more"]


@pytest.mark.parametrize("text", ["", " \n\t\r\n", "\n\n"])
def test_blank_text_holds_nothing(text: str) -> None:
    assert read(text) == []


def test_a_bad_line_of_text_costs_only_itself() -> None:
    found = read("2 1\n2 " + "x" * 200_000 + "\n3 2")
    assert [row["version"] if isinstance(row, dict) else row.line for row in found] == ["2", 2, "3"]


def test_text_that_is_not_utf_8_spoils_its_object() -> None:
    with pytest.raises(ParseError):
        next(iter(TYPE.records([b"2 1\n", b"\xff"], "")))


@pytest.mark.parametrize("start", ["-", "", "12345678901", "1768471200.5", "x"])
def test_flow_times_that_are_none(start: str) -> None:
    assert TYPE.event_time({"start": start}) is None


# --- time and id -----------------------------------------------------------------------------------------------------

OUTER = {"time": "2026-01-15T10:00:00Z", "id": "outer"}
CALL = {"eventTime": "2026-01-15T09:59:00Z", "eventID": "e-1"}


@pytest.mark.parametrize(
    ("detail_type", "detail", "time", "identity"),
    [
        ("AWS API Call via CloudTrail", CALL, 1768471140.0, "e-1"),
        ("AWS Console Sign In via CloudTrail", CALL, 1768471140.0, "e-1"),
        ("AWS API Call via CloudTrail", {"eventTime": "?", "eventID": 5}, 1768471200.0, None),
        ("AWS API Call via CloudTrail", {"eventID": ""}, 1768471200.0, None),
        ("Macie Finding", CALL, 1768471200.0, None),
        (None, CALL, 1768471200.0, None),
    ],
)
def test_time_and_id(detail_type: Any, detail: dict[str, Any], time: float, identity: str | None) -> None:
    (record,) = read(event(detail, **OUTER, **{"detail-type": detail_type}))
    assert isinstance(record, dict)
    assert TYPE.event_time(record) == time
    assert TYPE.event_id(record) == identity


@pytest.mark.parametrize("time", [None, 5, "now", "2026-01-15T10:00:00"])
def test_events_without_a_time(time: Any) -> None:
    (record,) = read(event({"a": 1}, time=time))
    assert isinstance(record, dict)
    assert TYPE.event_time(record) is None


def test_the_names_of_the_summary_are_all_there_are() -> None:
    assert list(custom._SUMMARY) == NAMES
