"""Subscriber `security_hub`: events of EventBridge -> records of findings and insights."""

from __future__ import annotations

import json
from typing import Any

import pytest

from alertmill.config.models import DiscardRegex
from alertmill.sources.aws.faults import ParseError, ShapeError
from alertmill.sources.aws.subscribers.notifications import UnexpectedFormatError
from unit.sources.aws.subscribers.formats import messages_of, records_of

IMPORTED = "Security Hub Findings - Imported"
ACTION = "Security Hub Findings - Custom Action"
INSIGHT = "Security Hub Insight Results"


def event(kind: str, **detail: Any) -> bytes:
    return json.dumps({"version": "0", "detail-type": kind, "time": "2026-01-15T10:00:00Z", "detail": detail}).encode()


def hub(kind: str, **members: Any) -> dict[str, Any]:
    return {"source": "securityhub", "detail_type": kind, **members}


RESULTS = {
    "actionName": "a",
    "actionDescription": "d",
    "insightName": "i",
    "insightArn": "arn",
    "resultType": "r",
    "insightResults": [{"x": 1, "y": None}],
}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (event(IMPORTED, findings=[{"Id": "f1", "No": None}]), [hub(IMPORTED, finding={"Id": "f1"})]),
        (
            event(IMPORTED, findings=[{"Id": "f1", "List": [{"No": None}]}]),
            [hub(IMPORTED, finding={"Id": "f1", "List": [{"No": None}]})],
        ),
        # every finding is a message (D29)
        (
            event(IMPORTED, findings=[{"Id": 1}, {"Id": 2}]),
            [hub(IMPORTED, finding={"Id": 1}), hub(IMPORTED, finding={"Id": 2})],
        ),
        (event(ACTION, actionName="n", findings=[{"Id": 1}]), [hub(ACTION, finding={"Id": 1}, actionName="n")]),
        (event(INSIGHT, **dict(reversed(RESULTS.items()))), [hub(INSIGHT, **RESULTS)]),
        (event(ACTION, actionName="n", other=1, findings=[]), [hub(ACTION, actionName="n")]),
        (event(IMPORTED, findings=None), [hub(IMPORTED)]),
        (event(IMPORTED, findings={"Id": 1}), [hub(IMPORTED, finding={"Id": 1})]),
        (event("Something Else"), [hub("Something Else")]),
        (event(IMPORTED) + b"\n " + event(INSIGHT), [hub(IMPORTED), hub(INSIGHT)]),
        (b"", []),
    ],
)
def test_records(data: bytes, expected: list[dict[str, Any]]) -> None:
    found = messages_of("security_hub", data)
    assert found == expected
    assert [list(message) for message in found] == [list(message) for message in expected]


@pytest.mark.parametrize("tail", [b'{"detail": {}}', b'{"detail-type": "x"}', b"{}"])
def test_an_object_that_is_no_event_is_of_unexpected_format(tail: bytes) -> None:
    with pytest.raises(UnexpectedFormatError):
        records_of("security_hub", event(IMPORTED) * 1500 + tail)


@pytest.mark.parametrize(
    ("tail", "fault"),
    [
        (b"text", ParseError),
        (b'{"detail-type":', ParseError),
        (b"[]", ShapeError),
        (b'{"detail-type": "x", "detail": "y"}', ShapeError),
    ],
)
def test_nothing_goes_out_of_an_object_that_fails(tail: bytes, fault: type[Exception]) -> None:
    with pytest.raises(fault):
        records_of("security_hub", event(IMPORTED) * 1500 + tail)


def test_discard_regex_is_about_the_record() -> None:
    data = event(IMPORTED, findings=[{"Severity": {"Label": "LOW"}}, {"Severity": {"Label": "HIGH"}}])
    unwanted = DiscardRegex(field="finding.Severity.Label", pattern="LOW")
    assert [m["finding"]["Severity"]["Label"] for m in messages_of("security_hub", data, discard=unwanted)] == ["HIGH"]
    assert len(messages_of("security_hub", data, discard=DiscardRegex(pattern="LOW"))) == 2


def test_the_improved_format_shows_the_whole_event() -> None:
    (record,) = records_of("security_hub", event(IMPORTED, findings=[{"Id": 1}]), event_format="improved")
    aws = json.loads(record.message)["aws"]
    assert aws["envelope"] == {"version": "0", "detail-type": IMPORTED, "time": "2026-01-15T10:00:00Z"}
    assert aws["log_info"]["record"] == 1
    assert record.event_time == 1768471200.0
