"""Custom: any stream of EventBridge events that Firehose writes into a bucket, Macie's among them (aws-wodle.md 10.5).

An object that does not begin as JSON is read as flow log text, whose times stay as they are. An event's time is that of
the CloudTrail event inside it, else EventBridge's; its id is that of the CloudTrail event, which may also be delivered
in another object.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from alertmill.sources.aws import eventbridge
from alertmill.sources.aws.buckets.base import PathLayout
from alertmill.sources.aws.buckets.vpcflow import VERSION_2, header_names
from alertmill.sources.aws.documents import checked_text, whole_if_held
from alertmill.sources.aws.envelope import Envelope
from alertmill.sources.aws.formats import BadLine, epoch, named, text_rows

#: Members of Macie's summary that are objects with a key for each thing found.
_SUMMARY = "Bucket", "DLP risk", "IP", "Location", "Object", "Owner", "Themes", "Timestamps", "recipientAccountId"
#: Longest text that the key paths of one member may make, in characters.
_MAX_PATHS = 1024 * 1024
#: Ends the detail-type of an event that CloudTrail has recorded.
_VIA_CLOUDTRAIL = " via CloudTrail"
#: Digits of an epoch time in seconds.
_SECONDS = 10


class Custom(PathLayout):
    type = "custom"
    document = True

    def records(self, pieces: Iterable[bytes], key: str) -> Iterator[dict[str, Any] | BadLine]:
        json, pieces = eventbridge.is_json(pieces)
        return whole_if_held(pieces, _of_events) if json else _flow_text(checked_text(pieces))

    def wrap(self, envelope: Envelope, record: dict[str, Any]) -> dict[str, Any]:
        return envelope.wrap_columns(record) if type(record) is dict else super().wrap(envelope, record)

    def reshape(self, aws: dict[str, Any]) -> None:
        if aws["source"] == "macie":
            _reshape_macie(aws)
        service = aws.get("service")
        added = service.get("additionalInfo") if type(service) is dict else None
        if type(added) is dict and "unusual" in added and type(added["unusual"]) is not dict:
            added["unusual"] = {"value": added["unusual"]}

    def event_time(self, record: dict[str, Any]) -> float | None:
        if type(record) is dict:
            start = record.get("start", "")
            return float(start) if start.isdecimal() and len(start) <= _SECONDS else None
        text = record.get("eventTime") if _is_via_cloudtrail(record) else None
        return (epoch(text) if type(text) is str else None) or eventbridge.outer_time(record)

    def event_id(self, record: dict[str, Any]) -> str | None:
        found = record.get("eventID") if _is_via_cloudtrail(record) else None
        return found if type(found) is str and found else None

    def begins_like(self, head: str) -> bool:
        event = eventbridge.EVENT.match(head)
        return event is not None and '"source"' in event["outer"] and "aws.guardduty" not in event["outer"]


def _is_via_cloudtrail(record: dict[str, Any]) -> bool:
    return eventbridge.outer_text(record, "detail-type").endswith(_VIA_CLOUDTRAIL)


def _of_events(pieces: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for event, odd in eventbridge.events(pieces):
        record = eventbridge.record_of(event, odd)
        if record is not None:
            yield record


def _flow_text(pieces: Iterable[bytes]) -> Iterator[dict[str, Any] | BadLine]:
    names: tuple[str, ...] = ()
    for row in text_rows(pieces):
        if isinstance(row, BadLine):
            yield row
        elif any(row):
            header = () if names else header_names(row)
            names = names or header or VERSION_2
            if not header:
                yield {**named(names, row), "source": "vpc"}


def _reshape_macie(aws: dict[str, Any]) -> None:
    """Objects with a member for each thing found become the list of these things."""
    aws.pop("trigger", None)
    summary = aws.get("summary")
    if type(summary) is not dict:
        return
    for name in _SUMMARY:
        if type(summary.get(name)) is dict:
            summary[name] = _paths(summary[name])
    found = summary.get("Events")
    for event in found.values() if type(found) is dict else ():
        if type(event) is dict:
            for name, value in event.items():
                event[name] = _paths(value)


def _paths(value: Any) -> Any:
    """The dotted key paths of the leaves of a value; the value itself if they would be too much text."""
    found = []
    size = 0
    waiting = [("", value)]
    while waiting:
        path, current = waiting.pop()
        if type(current) is not dict:
            found.append(path)
            continue
        size += len(current) * len(path) + sum(map(len, current))
        if size > _MAX_PATHS:
            return value
        waiting += [(f"{path}.{name}" if path else name, current[name]) for name in reversed(current)]
    return found
