"""What people have at hand when they ask about an event -> the record that the engine would have had.

A log line is taken as it is. An alert of ours gives the event that raised it back. What AWS writes (a CloudTrail
record, a flow record, anything a bucket holds) is wrapped as the S3 source would have wrapped it. Whoever shows the
result is told what was done, and may ask for lines to be taken as they are.
"""

from __future__ import annotations

import codecs
import json
import re
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
#: Bytes of these lines.
_MOST_BYTES = 64 << 20

#: A JSON string on one line; the group is empty when it does not end there.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+("?)')
#: What lines of JSON have beside strings.
_OUTSIDE_STRINGS = re.compile(rb"(?:[\s{}\[\],:0-9eE+.-]|true|false|null)*+")
#: How a JSON value begins that may go on below.
_OPENING = re.compile(rb'\s*+[{\[]\s*+(?:["{\[]|$)')
#: A line of a JSON text that lacks its beginning or end: brackets alone, a member, an object that is cut off.
_PIECE = re.compile(rb'\s*+(?:[{}\[\]][\s{}\[\],]*+$|"[^"\\]++"\s*+:\s|\{\s*+")')
_A_PIECE = "it looks like a piece of JSON: for the event paste the whole object, from { to }"
#: What may stand behind a value that is cut out of a list.
_BEHIND = b" \t\r\n,"

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
        if line.rstrip()[-1:] == b"," and _json(line.rstrip(_BEHIND)) is not None:  # cut out of a list
            line = line.rstrip(_BEHIND)
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
        if records := _inside(value):
            for record in records:
                yield from self._of_call(record, json.dumps(record).encode())
        elif _is_alert(value):
            yield self._of_alert(value)
        elif "integration" in value:
            yield self._plain(line, LOCATION)
        elif _is_call(value):
            yield from self._of_call(value, line)
        elif "srcaddr" in value and "dstaddr" in value:
            columns = [str(name).replace("_", "-") for name in value]
            row = " ".join(str(cell).replace(" ", "") or "-" for cell in value.values())
            yield from self._wrapped("vpcflow", f"{' '.join(columns)}\n{row}\n".encode(), line, "a flow record")
        else:
            yield from self._guessed(line)

    def _of_call(self, value: Json, line: bytes) -> Iterator[Pasted]:
        account = value.get("recipientAccountId")
        body = json.dumps({"Records": [value]}).encode()
        what = "a CloudTrail record"
        yield from self._wrapped("cloudtrail", body, line, what, account if isinstance(account, str) else "")

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
            plain = self._plain(line)
            yield Pasted(plain.record, _A_PIECE) if _is_piece(line) else plain
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
    """The lines that are not blank, but a JSON value that is spread over several, at whatever indentation, as one."""
    held: list[bytes] = []
    depth = size = 0
    for number, given in enumerate(lines):
        line = given if number else given.removeprefix(codecs.BOM_UTF8)
        bare = _STRING.sub(lambda found: b"" if found[1] else b'"', line)
        if held and not _OUTSIDE_STRINGS.fullmatch(bare):  # no JSON goes on like this
            yield from held
            held, depth, size = [], 0, 0
        if not held and not _opens(line, bare):
            if line.strip():
                yield line
            continue
        held.append(line)
        depth, size = depth + _deeper(bare), size + len(line)
        if depth <= 0 or len(held) > _MOST_LINES or size > _MOST_BYTES:
            whole = b" ".join(part.strip() for part in held).rstrip(_BEHIND)
            yield from [whole] if _json(whole) is not None else held
            held, depth, size = [], 0, 0
    yield from held


def _opens(line: bytes, bare: bytes) -> bool:
    """Whether a JSON value begins on this line that goes on below; `bare` is the line without its strings."""
    return _OPENING.match(line) is not None and line.rstrip()[-1:] in b"{[," and _deeper(bare) > 0


def _deeper(bare: bytes) -> int:
    """How many brackets a line leaves open."""
    return bare.count(b"{") + bare.count(b"[") - bare.count(b"}") - bare.count(b"]")


def _json(line: bytes) -> Any:
    """The value of a line that is a JSON object or list, else None."""
    if line.lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        return json.loads(line.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError):
        return None


def _inside(value: Json) -> list[Json]:
    """The CloudTrail records in an answer of `aws cloudtrail lookup-events`, or in an EventBridge event."""
    detail = value.get("detail")
    if "detail-type" in value and isinstance(detail, dict):
        return [detail] if _is_call(detail) else []
    events = value.get("Events", [value])
    if not isinstance(events, list):
        return []
    texts = [event.get("CloudTrailEvent") if isinstance(event, dict) else None for event in events]
    found = [_json(text.encode("utf-8", "surrogatepass")) if isinstance(text, str) else None for text in texts]
    records = [record for record in found if isinstance(record, dict) and _is_call(record)]
    return records if len(records) == len(events) else []  # nothing of the others may be lost


def _is_call(value: Json) -> bool:
    """Whether this is a CloudTrail record."""
    return "eventName" in value and "eventSource" in value


def _is_piece(line: bytes) -> bool:
    """Whether a line looks like a part of a JSON text that was not found whole."""
    return _json(line) is None and _PIECE.match(line) is not None


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
