"""GuardDuty: findings as the service itself exports them, or as EventBridge events from Firehose (aws-wodle.md 10.3).

The service writes one finding per line below `AWSLogs/`; a stream of events lies anywhere below `path`. What an object
holds is told by its content. A finding about several probed ports gives one message for each. Findings have no event
id: AWS writes the same finding again, under the same id, whenever it is updated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from alertmill.sources.aws import eventbridge
from alertmill.sources.aws.buckets.base import AccountLayout
from alertmill.sources.aws.documents import checked_text, whole_if_held
from alertmill.sources.aws.envelope import Envelope
from alertmill.sources.aws.faults import ShapeError
from alertmill.sources.aws.formats import BadLine, SpecialRecord, epoch
from alertmill.sources.aws.jsonlines import values_of_lines

#: Most probed ports that a finding may have to be sent once for each.
_MAX_PROBES = 1000
#: Longest first line, in bytes, that tells whether an object has one finding per line.
_FIRST_LINE = 1024 * 1024
_NATIVE = ".jsonl.gz"
_FINDING = re.compile(r'\s*\{(?!\s*"Records")[^\n]*?"serviceName"\s*:\s*"guardduty"')


class _Probe(list[Any]):
    """The probed ports of a finding, of which the record is about one. All are there for `discard_regex` to look at."""

    __slots__ = ("number",)

    def __init__(self, probes: list[Any], number: int) -> None:
        super().__init__(probes)
        self.number = number


class GuardDuty(AccountLayout):
    type = "guardduty"
    service = "GuardDuty"
    document = True
    native_or_path = True

    def records(self, pieces: Iterable[bytes], key: str) -> Iterator[dict[str, Any] | BadLine]:
        by_line, pieces = (True, pieces) if key.endswith(_NATIVE) else _has_findings_by_line(pieces)
        for row in _by_line(pieces) if by_line else whole_if_held(pieces, _one_behind_the_other):
            if isinstance(row, BadLine):
                yield row
            else:
                yield from _each_probe(row)

    def wrap(self, envelope: Envelope, record: dict[str, Any]) -> dict[str, Any]:
        probe = _probes(record)
        if type(probe) is not _Probe:
            return super().wrap(envelope, record)
        document = envelope.wrap_bare(record)
        document["aws"]["service"]["action"]["portProbeAction"]["portProbeDetails"] = probe[probe.number]
        return document

    def event_time(self, record: dict[str, Any]) -> float | None:
        service = record.get("service")
        seen = service.get("eventLastSeen") if type(service) is dict else None
        for text in (record.get("updatedAt"), seen):
            if type(text) is str and (time := epoch(text)) is not None:
                return time
        return eventbridge.outer_time(record)

    def begins_like(self, head: str) -> bool:
        event = eventbridge.EVENT.match(head)
        if event is not None:
            return '"aws.guardduty"' in event["outer"]
        return _FINDING.match(head) is not None


def _has_findings_by_line(pieces: Iterable[bytes]) -> tuple[bool, Iterable[bytes]]:
    """Whether the first line is one finding, and the content."""
    rest = iter(pieces)
    held = b""
    for piece in rest:
        held += piece
        if (b"\n" in piece and held.strip()) or len(held) > _FIRST_LINE:
            break
    first = next(values_of_lines([held.lstrip().partition(b"\n")[0]]), None)
    found = first is not None and not isinstance(first, BadLine) and _is_finding(first.value)
    return found, chain([held], rest)


def _by_line(pieces: Iterable[bytes]) -> Iterator[dict[str, Any] | BadLine]:
    for row in values_of_lines(checked_text(pieces)):
        if isinstance(row, BadLine):
            yield row
            continue
        try:
            record = _record(row.value, row.odd) if type(row.value) is dict else None
        except ShapeError as error:
            yield BadLine(row.line, str(error))
        else:
            yield record or BadLine(row.line, "it is not a finding")


def _one_behind_the_other(pieces: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for event, odd in eventbridge.events(pieces):
        record = _record(event, odd)
        if record is not None:
            yield record


def _record(value: dict[str, Any], odd: bool) -> dict[str, Any] | None:
    """The record of a finding or of an event, None for anything else. Raises ShapeError."""
    if not _is_finding(value):
        return eventbridge.record_of(value, odd)
    value["source"] = value["service"]["serviceName"]
    return SpecialRecord(value, odd=True) if odd else value


def _is_finding(value: Any) -> bool:
    service = value.get("service") if type(value) is dict and "detail" not in value else None
    return type(service) is dict and type(service.get("serviceName")) is str


def _probes(record: dict[str, Any]) -> Any:
    value: Any = record
    for name in ("service", "action", "portProbeAction", "portProbeDetails"):
        if type(value) is not dict and value is not record:
            return None
        value = value.get(name)
    return value


def _each_probe(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The record, once for each probed port if there are several."""
    probes = _probes(record)
    if type(probes) is not list or not 1 < len(probes) <= _MAX_PROBES:
        yield record
        return
    odd, outer = (record.odd, record.outer) if isinstance(record, SpecialRecord) else (False, None)
    for number in range(len(probes)):
        service = {**record["service"]}
        action = service["action"] = {**service["action"]}
        action["portProbeAction"] = {**action["portProbeAction"], "portProbeDetails": _Probe(probes, number)}
        yield SpecialRecord({**record, "service": service}, odd=odd, outer=outer)
