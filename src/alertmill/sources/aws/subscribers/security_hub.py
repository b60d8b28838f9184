"""Subscriber `security_hub`: findings and insights, as EventBridge and Firehose write them (aws-wodle.md 12.4, D29).

A record is made of the few members that rules look at; every finding of an event is a record of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from alertmill.sources.aws.documents import begun
from alertmill.sources.aws.envelope import Envelope
from alertmill.sources.aws.eventbridge import events, outer_time
from alertmill.sources.aws.faults import ShapeError
from alertmill.sources.aws.formats import BadLine, Format, SpecialRecord
from alertmill.sources.aws.subscribers.notifications import UnexpectedFormatError

#: What is taken from an event's detail beside its findings.
_TAKEN = ("actionName", "actionDescription", "insightName", "insightArn", "resultType", "insightResults")


class SecurityHub(Format):
    type = "security_hub"
    document = True

    def records(self, pieces: Iterable[bytes], key: str) -> Iterator[dict[str, Any] | BadLine]:
        """The records; also raises UnexpectedFormatError for an object that is none of EventBridge's events."""
        held, rest = begun(pieces)
        if rest is None:
            return iter(list(_records(held)))  # nothing goes out before all of it is known to be good
        return _records(chain(held, rest))

    def wrap(self, envelope: Envelope, record: dict[str, Any]) -> dict[str, Any]:
        return envelope.wrap_bare(record)

    def event_time(self, record: dict[str, Any]) -> float | None:
        return outer_time(record)


def _records(pieces: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for event, odd in events(pieces):
        if "detail" not in event or "detail-type" not in event:
            raise UnexpectedFormatError("the object holds something that has no detail or no detail-type")
        detail = event.pop("detail")
        if type(detail) is not dict:
            raise ShapeError("the detail of an event is not an object")
        kind, taken = event["detail-type"], {name: detail[name] for name in _TAKEN if name in detail}
        for finding in _findings(detail):
            record = {"source": "securityhub", "detail_type": kind, **finding, **taken}
            yield SpecialRecord(record, odd=odd, outer=event)


def _findings(detail: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The member `finding` of each record; a record without it where the event is not about findings."""
    findings = detail.get("findings")
    if not findings:
        yield {}
    elif type(findings) is list:
        for finding in findings:
            yield {"finding": finding}
    else:
        yield {"finding": findings}
