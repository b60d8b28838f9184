"""What people have at hand when they ask about an event -> the record that the engine would have had.

A log line is taken as it is. An alert of ours gives the event that raised it back. What AWS writes (a CloudTrail
record, a flow record, anything a bucket holds) is wrapped as the S3 source would have wrapped it. Whoever shows the
result is told what was done, and may ask for lines to be taken as they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import Any

from alertmill.config.models import EventFormat
from alertmill.event import Record
from alertmill.sources.aws.buckets import BUCKET_TYPES
from alertmill.sources.aws.buckets.base import BucketType
from alertmill.sources.aws.buckets.vpcflow import header_names
from alertmill.sources.aws.envelope import LOCATION, spell_compatible, spell_improved
from alertmill.sources.aws.faults import ObjectError
from alertmill.sources.aws.objects import ObjectReader, Target
from alertmill.sources.aws.store import Body
from alertmill.sources.typed import byte_text, record_of

#: Lines that one JSON object may be spread over, as consoles copy it.
_MOST_LINES = 100_000

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pasted:
    """A record, and what was made of the line that it came from (empty: it was taken as it is)."""

    record: Record
    made: str = ""


class Paste:
    """Reads what is pasted, line by line.

    Args:
        event_format: how AWS messages are spelled.
        clock: the time of arrival, epoch seconds.
        location: byte text, for what does not say where it comes from; None for the usual one of its kind.
        queue: Wazuh's queue id.
        raw: take every line as it is, envelopes too.
    """

    def __init__(
        self,
        event_format: EventFormat,
        clock: Callable[[], float],
        *,
        location: str | None = None,
        queue: str = "1",
        raw: bool = False,
    ) -> None:
        self._event_format: EventFormat = event_format
        self._clock = clock
        self._location = location
        self._queue = queue
        self._raw = raw
        #: The last header line of a flow log.
        self._columns = ""

    def records(self, lines: Iterable[bytes]) -> Iterator[Pasted]:
        """The records of some lines, in order."""
        for line in lines if self._raw else _joined(lines):
            yield from self._of_line(line)

    def _of_line(self, line: bytes) -> Iterator[Pasted]:
        if self._raw:
            yield Pasted(Record(line.decode("latin-1"), self._location or "stdin", self._clock(), queue=self._queue))
            return
        value = _json(line)
        if isinstance(value, dict):
            yield from self._of_object(value, line)
        elif isinstance(value, list) and value and all(isinstance(element, dict) for element in value):
            for element in value:
                yield from self._of_object(element, json.dumps(element).encode())
        else:
            yield from self._of_text(line)

    def _plain(self, line: bytes, location: str = "stdin") -> Pasted:
        return Pasted(record_of(line, self._location or location, self._clock(), self._queue))

    # --- objects ------------------------------------------------------------------------------------------------------

    def _of_object(self, value: Json, line: bytes) -> Iterator[Pasted]:
        inner = value.get("_source")
        if isinstance(inner, dict):  # a hit of OpenSearch or Elasticsearch
            value, line = inner, json.dumps(inner).encode()
        if _is_alert(value):
            yield self._of_alert(value)
        elif "integration" in value:
            yield self._plain(line, LOCATION)
        elif "eventName" in value and "eventSource" in value:
            account = value.get("recipientAccountId")
            body = json.dumps({"Records": [value]}).encode()
            what = "a CloudTrail record"
            yield from self._wrapped("cloudtrail", body, line, what, account if isinstance(account, str) else "")
        elif "srcaddr" in value and "dstaddr" in value:
            columns = [str(name).replace("_", "-") for name in value]
            row = " ".join(str(cell).replace(" ", "") or "-" for cell in value.values())
            yield from self._wrapped("vpcflow", f"{' '.join(columns)}\n{row}\n".encode(), line, "a flow record")
        else:
            yield from self._guessed(line)

    def _of_alert(self, alert: Json) -> Pasted:
        """The event behind an alert or archived event."""
        location, time = self._location or _location_of(alert), _time_of(alert, self._clock())
        full_log, data = alert.get("full_log"), alert.get("data")
        if isinstance(full_log, str):
            return Pasted(Record(byte_text(full_log), location, time, queue=self._queue), "an alert: its full_log")
        document = dict(data) if isinstance(data, dict) else {}
        if document.get("integration") == "aws":  # beside these stand fields that decoders add
            document = {name: value for name, value in document.items() if name in ("integration", "aws")}
        spell = spell_improved if self._event_format == "improved" else spell_compatible
        made = "an alert without full_log: the message is put together from its data, where all values are text"
        return Pasted(Record(spell(document), location, time, queue=self._queue), made)

    # --- what AWS writes ----------------------------------------------------------------------------------------------

    def _of_text(self, line: bytes) -> Iterator[Pasted]:
        text = line.decode("latin-1")
        if header_names(text.strip().split(" ")):
            self._columns = text.strip()
            return
        if self._columns and len(text.split(" ")) == len(self._columns.split(" ")):
            body = f"{self._columns}\n{text}\n".encode("latin-1")
            yield from self._wrapped("vpcflow", body, line, "a flow record with the columns of the header above")
        else:
            yield from self._guessed(line)

    def _guessed(self, line: bytes) -> Iterator[Pasted]:
        """What begins as an object of a bucket does, else the line as it is."""
        head = line.decode("latin-1")
        kind = next((name for name, kind in BUCKET_TYPES.items() if kind.begins_like(head)), None)
        if kind is None:
            yield self._plain(line)
        else:
            yield from self._wrapped(kind, line + b"\n", line, f"{kind} content")

    def _wrapped(self, kind: str, body: bytes, line: bytes, what: str, account: str = "") -> Iterator[Pasted]:
        """The records of an object, as the S3 source delivers them; the line as it is if that is not possible."""
        records = self._read(BUCKET_TYPES[kind], body, account)
        made = f"{what}, wrapped as the S3 source does (type {kind}, event format {self._event_format})"
        for record in records:
            if self._location is not None:
                record.location = self._location
            record.queue = self._queue
            yield Pasted(record, made)
        if not records:
            yield self._plain(line)

    def _read(self, kind: BucketType, body: bytes, account: str) -> list[Record]:
        reader = ObjectReader(kind, self._event_format, self._clock)
        target = Target("", account, "pasted", "pasted", "", "")
        try:
            batches = list(reader.batches(target, Body(body), 0, Event()))
        except ObjectError:
            return []
        records = [record for batch in batches for record in batch.records]
        return [] if any((record.document or {}).get("error_msg") for record in records) else records


def _joined(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines, but an object that is spread over several (from `{` to `}`, alone at the margin) as one."""
    held: list[bytes] = []
    for line in lines:
        if not held and line.strip() not in (b"{", b"["):
            yield line
            continue
        held.append(line)
        if line.rstrip(b" ,") in (b"}", b"]") or len(held) > _MOST_LINES:
            whole = b" ".join(part.strip() for part in held).rstrip(b" ,")
            yield from [whole] if _json(whole) is not None else held
            held = []
    yield from held


def _json(line: bytes) -> Any:
    """The value of a line that is a JSON object or list, else None."""
    if line.lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        return json.loads(line.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError):
        return None


def _is_alert(value: Json) -> bool:
    """Whether this is a line of alerts.json or archives.json."""
    told = isinstance(value.get("full_log"), str) or isinstance(value.get("data"), dict)
    return told and isinstance(value.get("manager"), dict) and "location" in value


def _location_of(alert: Json) -> str:
    """The location as a source gave it: with the agent in front for any but the manager itself."""
    location, agent = str(alert["location"]), alert.get("agent")
    if not isinstance(agent, dict) or agent.get("id", "000") == "000":
        return byte_text(location)
    return byte_text(f"[{agent['id']}] ({agent.get('name', '')}) {agent.get('ip', 'any')}->{location}")


def _time_of(alert: Json, now: float) -> float:
    try:
        return max(datetime.strptime(str(alert.get("timestamp")), "%Y-%m-%dT%H:%M:%S.%f%z").timestamp(), 0.0)
    except (ValueError, OverflowError):
        return now
