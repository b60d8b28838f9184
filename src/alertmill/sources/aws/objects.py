"""One object -> batches of records: checked first, then read, in memory that does not grow with the object.

No record of an object is handed out before the whole object is known to be readable (aws-wodle.md 14.1). A small one is
held in memory for that; a large one is gone through twice. A bad line of a line-oriented object costs only itself.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from alertmill import codes
from alertmill.config.models import DiscardRegex, EventFormat
from alertmill.errors import SourceError
from alertmill.event import Record
from alertmill.rows import Row
from alertmill.sheet import ExaminedRecords, SheetRecord
from alertmill.sources.aws import parquet, row_sheets, sheets
from alertmill.sources.aws.documents import HELD_DOCUMENT
from alertmill.sources.aws.envelope import (
    LOCATION,
    Discard,
    Envelope,
    spell_compact,
    spell_compatible,
    spell_improved,
)
from alertmill.sources.aws.examined import ExaminedBody, ObjectExamination, ObjectTask
from alertmill.sources.aws.faults import FetchError, ObjectError, ParseError
from alertmill.sources.aws.formats import BadLine, ObjectFormat, SpecialRecord
from alertmill.sources.aws.row_sheets import RowSheet
from alertmill.sources.aws.sheets import JsonSheet, Memberwise
from alertmill.sources.aws.store import Body
from alertmill.sources.aws.unpack import check_text, unpack
from alertmill.sources.base import Batch, ObjectDone, ObjectPartial, Stop, no_ack

#: Records of one batch, and bytes of decompressed input behind it when the object is not held in memory.
BATCH_RECORDS = 1000
BATCH_BYTES = 4 * 1024 * 1024

#: Largest text, in bytes, that is held instead of being decompressed twice.
_HELD_TEXT = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Target:
    """One object to read. `day` is its key date `YYYY-MM-DD`; `account` is that of the walk, empty without one.

    `modified` is when it was written to the bucket, epoch seconds, and `size` its bytes there, 0 where that is not
    known. With `again` it was read before and is read once more on purpose: its events count although their ids are
    known.
    """

    scope: str
    account: str
    bucket: str
    key: str
    etag: str
    day: str
    modified: float = 0.0
    again: bool = False
    size: int = 0


#: Makes records of some neighbours in an object: of what it knows of each, the number of the first, and the time.
_Wrap = Callable[[Sequence[Any], int, float], Sequence[Record]]

#: A stop that nobody asks for.
_NEVER = threading.Event()


class _StoppedError(Exception):
    """The daemon is to stop; the object stays as it is."""


class ObjectReader:
    """Reads the objects of one definition.

    `alias` is the definition's `aws_account_alias`, None for a subscriber. `drops` says which records are not wanted
    (`discards`). `remove` is called with scope, key and ETag of every object that is committed, None where objects
    stay.
    """

    def __init__(
        self,
        kind: ObjectFormat,
        event_format: EventFormat,
        clock: Callable[[], float],
        *,
        alias: str | None = "",
        drops: Callable[[dict[str, Any]], bool] | None = None,
        remove: Callable[[str, str, str], None] | None = None,
    ) -> None:
        self._kind = kind
        self._event_format: EventFormat = event_format
        self._improved = event_format == "improved"
        self._clock = clock
        self._alias = alias
        self._drops = drops
        self._remove = remove

    def envelope(self, target: Target) -> Envelope:
        account = (target.account or None) if self._kind.names_account else None
        return Envelope(target.bucket, target.key, self._alias, account)

    def task(self, target: Target, body: Body) -> ObjectTask | None:
        """What another process has to know to look at the object; None for one that is read here in any case."""
        if self._kind.memberwise is None or self._drops is not None or not (data := body.held):
            return None
        return ObjectTask(
            self._kind.type,
            self._event_format,
            self._alias,
            target.account,
            target.bucket,
            target.key,
            target.again,
            data,
        )

    def batches(self, target: Target, body: Body, skip: int, stop: Stop) -> Iterator[Batch]:
        """The object's batches but for its first `skip` records; the last one carries ObjectDone.

        Ends without it when `stop` is set. Raises ObjectError, normally before the first batch.
        """
        if isinstance(body, ExaminedBody):
            yield from self._examined_batches(target, body, skip, stop)
            return
        try:
            yield from self._batches(target, body, skip, stop)
        except _StoppedError:
            return
        except OSError as error:
            raise FetchError(f"the body could not be read back: {error.strerror or error}") from None

    def error_event(self, target: Target, fault: ObjectError) -> Record:
        """The message that tells of an object that could not be read."""
        return self._error_record(target, fault.text(target.key))

    def done(self, target: Target, records: int) -> ObjectDone:
        return ObjectDone(
            target.scope,
            target.key,
            target.etag,
            target.day,
            records,
            remove=self._remove is not None,
            modified=target.modified,
            read_at=self._clock(),
            size=target.size,
        )

    def _batches(self, target: Target, body: Body, skip: int, stop: Stop) -> Iterator[Batch]:
        content = _Content(self._kind, body, target.key, stop)
        held = self._table(content, target) or self._texts(content, target)
        if held is not None:
            yield from self._held_batches(target, held, skip, stop)
            return
        # Runs for every record, hence its local names.
        make = self._improved_maker(target) if self._improved else self._compatible_maker(target)
        drops = self._drops
        records: list[Record] = []
        bad: list[BadLine] = []
        bad_lines = number = 0
        now = self._clock()
        for row in content.rows():
            if isinstance(row, BadLine):
                bad_lines += 1
                bad = bad or [row]
                continue
            number += 1
            if number <= skip or (drops is not None and drops(row)):
                continue
            records.append(make(row, number, now))
            if len(records) >= BATCH_RECORDS or content.handed_out >= BATCH_BYTES:
                yield Batch(records, (ObjectPartial(target.scope, target.key, target.etag, number),))
                if stop.is_set():
                    return
                records = []
                content.handed_out = 0
                now = self._clock()
        if bad:
            text = f"{ParseError.what} {target.key}: {bad_lines} bad lines, first: line {bad[0].line}"
            records.append(self._error_record(target, text))
        yield Batch(records, (self.done(target, number),), self._ack(target))

    def _table(self, content: _Content, target: Target) -> tuple[list[Row], _Wrap] | None:
        """The rows of an object whose records stay columns, None for any other. Raises ObjectError."""
        kind = self._kind.columnwise
        data = content.held() if kind is not None and self._drops is None else None
        table = row_sheets.split(data, kind) if data is not None and kind is not None else None
        if kind is None or data is None or table is None:
            return None
        place = f"s3://{target.bucket}/{target.key}#"
        sheet = RowSheet(kind, data, table[0], self.envelope(target), place, improved=self._improved)
        return table[1], sheet.rows

    def _texts(self, content: _Content, target: Target) -> tuple[list[bytes], _Wrap] | None:
        """The texts of records that are read as far as somebody asks, None for any other object. Raises ObjectError."""
        kind = self._kind.memberwise
        data = content.held() if kind is not None and self._drops is None else None
        texts = sheets.split(data, kind) if data is not None and kind is not None else None
        if kind is None or data is None or texts is None:
            return None
        return texts, self._text_maker(target, kind, data)

    def _held_batches(self, target: Target, held: tuple[list[Any], _Wrap], skip: int, stop: Stop) -> Iterator[Batch]:
        """The batches of an object whose records are all known: what it knows of each, and what wraps them."""
        raws, wrap = held
        done = skip
        while len(raws) - done >= BATCH_RECORDS:
            records = wrap(raws[done : done + BATCH_RECORDS], done + 1, self._clock())
            done += BATCH_RECORDS
            yield Batch(records, (ObjectPartial(target.scope, target.key, target.etag, done),))
            if stop.is_set():
                return
        rest = wrap(raws[done:], done + 1, self._clock())
        yield Batch(rest, (self.done(target, len(raws)),), self._ack(target))

    def _examined_batches(self, target: Target, body: ExaminedBody, skip: int, stop: Stop) -> Iterator[Batch]:
        """The batches of an object whose records another process has read already."""
        data = body.held

        def open_object() -> tuple[JsonSheet, list[bytes]]:
            kind, text = self._kind.memberwise, _Content(self._kind, Body(data or b""), target.key, _NEVER).held()
            texts = sheets.split(text, kind) if kind is not None and text is not None else None
            assert kind is not None and text is not None and texts is not None  # it was read so before
            return self._sheet(target, kind, text), texts

        examination = ObjectExamination(body.found, open_object)
        first, count = skip + 1, len(examination.answers)
        while first + BATCH_RECORDS <= count:
            end = first + BATCH_RECORDS
            records = ExaminedRecords(examination, range(first, end), self._clock())
            yield Batch(records, (ObjectPartial(target.scope, target.key, target.etag, end - 1),))
            if stop.is_set():
                return
            first = end
        rest = ExaminedRecords(examination, range(first, max(first, count + 1)), self._clock())
        yield Batch(rest, (self.done(target, count),), self._ack(target))

    def _sheet(self, target: Target, kind: Memberwise, data: bytes) -> JsonSheet:
        place = f"s3://{target.bucket}/{target.key}#"
        return JsonSheet(kind, data, self.envelope(target), self._kind.reshape, place, improved=self._improved)

    def _text_maker(self, target: Target, kind: Memberwise, data: bytes) -> _Wrap:
        """Wraps the texts of records; `improved` records tell time and id of their events."""
        sheet = self._sheet(target, kind, data)
        pick, event_time = sheets.picker(kind.identity), self._kind.event_time
        event_id = _no_id if target.again else self._kind.event_id

        def plain(texts: Sequence[bytes], first: int, now: float) -> list[SheetRecord]:
            return [SheetRecord(sheet, text, number, now) for number, text in enumerate(texts, first)]

        def improved(texts: Sequence[bytes], first: int, now: float) -> list[SheetRecord]:
            return [
                SheetRecord(sheet, text, number, now, event_time(picked), event_id(picked))
                for number, (text, picked) in enumerate(zip(texts, map(pick, texts), strict=True), first)
            ]

        return improved if self._improved else plain

    def _compatible_maker(self, target: Target) -> Callable[[dict[str, Any], int, float], Record]:
        envelope, wrap = self.envelope(target), self._kind.wrap
        place = f"s3://{target.bucket}/{target.key}#"

        def make(row: dict[str, Any], number: int, now: float) -> Record:
            document = wrap(envelope, row)
            if type(row) is SpecialRecord and row.odd:
                return Record(spell_compatible(document), LOCATION, now, place=f"{place}{number}")
            return Record(None, LOCATION, now, document=document, spell=spell_compatible, place=f"{place}{number}")

        return make

    def _improved_maker(self, target: Target) -> Callable[[dict[str, Any], int, float], Record]:
        """Adds what the improved format adds: the event's time and id, the record's number, what stood around it."""
        kind, envelope = self._kind, self.envelope(target)
        wrap, event_time, event_id = kind.wrap, kind.event_time, _no_id if target.again else kind.event_id
        place = f"s3://{target.bucket}/{target.key}#"

        def make(row: dict[str, Any], number: int, now: float) -> Record:
            happened, identity = event_time(row), event_id(row)
            envelope.number(number)
            document = wrap(envelope, row)
            record = Record(
                None,
                LOCATION,
                now,
                document=document,
                spell=spell_improved,
                event_time=happened,
                place=f"{place}{number}",
                event_id=identity,
            )
            if type(row) is SpecialRecord:
                if row.outer:
                    document["aws"]["envelope"] = row.outer
                if row.odd:
                    return Record(
                        spell_compact(document),
                        LOCATION,
                        now,
                        event_time=happened,
                        place=record.place,
                        event_id=identity,
                    )
            return record

        return make

    def _error_record(self, target: Target, text: str) -> Record:
        spell = spell_improved if self._improved else spell_compatible
        document = self.envelope(target).error(text)
        place = f"s3://{target.bucket}/{target.key}"
        return Record(None, LOCATION, self._clock(), document=document, spell=spell, place=place)

    def _ack(self, target: Target) -> Callable[[], None]:
        remove = self._remove
        if remove is None:
            return no_ack
        return lambda: remove(target.scope, target.key, target.etag)


class _Content:
    """The decompressed content of an object. `handed_out` counts its bytes unless they are all held."""

    def __init__(self, kind: ObjectFormat, body: Body, key: str, stop: Stop) -> None:
        self._kind = kind
        self._body = body
        self._key = key
        self._stop = stop
        self._text: Iterable[bytes] | None = None
        self.handed_out = 0

    def held(self) -> bytes | None:
        """The whole content, None where it is too large to be held or no text. Raises ObjectError."""
        if parquet.is_parquet(self._body):
            return None
        self._text = self.checked()
        return b"".join(self._text) if isinstance(self._text, list) else None

    def rows(self) -> Iterator[dict[str, Any] | BadLine]:
        """The records of the object, known to be readable. Raises ObjectError."""
        if parquet.is_parquet(self._body):
            return self._kind.rows(parquet.rows(self._body, self._passed), self._key)
        return self._kind.records(self.checked() if self._text is None else self._text, self._key)

    def _passed(self, size: int) -> None:
        if self._stop.is_set():
            raise _StoppedError
        self.handed_out += size

    def checked(self) -> Iterable[bytes]:
        """The content, known to be readable to its end. Raises ObjectError."""
        limit = HELD_DOCUMENT if self._kind.document else _HELD_TEXT
        pieces = self._pieces()
        held: list[bytes] = []
        size = 0
        for piece in pieces:
            held.append(piece)
            size += len(piece)
            if size > limit:
                self._check(chain(_emptying(held), pieces))
                return self._counted(self._pieces())
        if not self._kind.document:  # a held document is parsed whole before its first record
            check_text(held)
        return held

    def _check(self, pieces: Iterable[bytes]) -> None:
        if self._kind.document:
            for _ in self._kind.records(pieces, self._key):
                pass
        else:
            check_text(pieces)

    def _pieces(self) -> Iterator[bytes]:
        for piece in unpack(self._body.chunks(), self._key):
            if self._stop.is_set():
                raise _StoppedError
            yield piece

    def _counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self.handed_out += len(piece)
            yield piece


def _emptying(held: list[bytes]) -> Iterator[bytes]:
    held.reverse()
    while held:
        yield held.pop()


def _no_id(_: dict[str, Any]) -> None:
    return None


def discards(wanted: DiscardRegex | None, of: str, field: str = "") -> Callable[[dict[str, Any]], bool] | None:
    """The test of `<discard_regex>`, None when nothing is dropped. `field` serves where the option names none.

    Raises SourceError, naming the definition (`of`), when the pattern does not compile.
    """
    if wanted is None or not (wanted.field or field) or not wanted.pattern:
        return None
    try:
        return Discard(wanted.field or field, wanted.pattern).drops
    except re.error as error:
        place = f"{wanted.origin}: " if wanted.origin else ""
        text = f"{place}the discard_regex of {of} does not compile: {error}  [{codes.A_DEFINITION.id}]"
        raise SourceError(text) from None
