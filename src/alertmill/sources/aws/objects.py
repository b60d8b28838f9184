"""One object -> batches of records: checked first, then read, in memory that does not grow with the object.

No record of an object is handed out before the whole object is known to be readable (aws-wodle.md 14.1). A small one is
held in memory for that; a large one is gone through twice. A bad line of a line-oriented object costs only itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from alertmill import codes
from alertmill.config.models import Bucket, EventFormat
from alertmill.errors import SourceError
from alertmill.event import Record
from alertmill.sources.aws.buckets.base import BadLine, BucketType, OddRecord
from alertmill.sources.aws.documents import HELD_DOCUMENT
from alertmill.sources.aws.envelope import (
    LOCATION,
    Discard,
    Envelope,
    spell_compact,
    spell_compatible,
    spell_improved,
)
from alertmill.sources.aws.faults import FetchError, ObjectError, ParseError
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
    """One object to read. `day` is its key date `YYYY-MM-DD`; `account` is that of the walk, empty without one."""

    scope: str
    account: str
    key: str
    etag: str
    day: str


class _StoppedError(Exception):
    """The daemon is to stop; the object stays as it is."""


class ObjectReader:
    """Reads the objects of one definition.

    `remove` is called with scope, key and ETag of every object that is committed, if the definition wants objects
    removed. Raises SourceError when the definition's discard_regex does not compile.
    """

    def __init__(
        self,
        bucket: Bucket,
        kind: BucketType,
        event_format: EventFormat,
        clock: Callable[[], float],
        remove: Callable[[str, str, str], None],
    ) -> None:
        self._bucket = bucket
        self._kind = kind
        self._improved = event_format == "improved"
        self._clock = clock
        self._remove = remove
        self._drops = _discard(bucket)

    def envelope(self, target: Target) -> Envelope:
        account = (target.account or None) if self._kind.names_account else None
        return Envelope(self._bucket.name, target.key, self._bucket.aws_account_alias, account)

    def batches(self, target: Target, body: Body, skip: int, stop: Stop) -> Iterator[Batch]:
        """The object's batches but for its first `skip` records; the last one carries ObjectDone.

        Ends without it when `stop` is set. Raises ObjectError, normally before the first batch.
        """
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
            target.scope, target.key, target.etag, target.day, records, remove=self._bucket.remove_from_bucket
        )

    def _batches(self, target: Target, body: Body, skip: int, stop: Stop) -> Iterator[Batch]:
        content = _Content(self._kind, body, target.key, stop)
        make = self._record_maker(target)
        drops = self._drops
        records: list[Record] = []
        bad: list[BadLine] = []
        bad_lines = number = 0
        now = self._clock()
        for row in self._kind.records(content.checked()):
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

    def _record_maker(self, target: Target) -> Callable[[dict[str, Any], int, float], Record]:
        """The function that wraps one record. It runs for every record, hence the local names."""
        envelope = self.envelope(target)
        wrap = envelope.wrap_columns if self._kind.columns else envelope.wrap
        reshape = self._kind.reshape
        event_time = self._kind.event_time if self._improved else _no_time
        spell = spell_improved if self._improved else spell_compatible
        spell_odd = spell_compact if self._improved else spell_compatible
        place = f"s3://{self._bucket.name}/{target.key}#"

        def make(row: dict[str, Any], number: int, now: float) -> Record:
            happened = event_time(row)
            document = wrap(row)
            reshape(document["aws"])
            if type(row) is OddRecord:
                message = spell_odd(document)
                return Record(message, LOCATION, now, event_time=happened, place=f"{place}{number}")
            return Record(
                None, LOCATION, now, document=document, spell=spell, event_time=happened, place=f"{place}{number}"
            )

        return make

    def _error_record(self, target: Target, text: str) -> Record:
        spell = spell_improved if self._improved else spell_compatible
        document = self.envelope(target).error(text)
        place = f"s3://{self._bucket.name}/{target.key}"
        return Record(None, LOCATION, self._clock(), document=document, spell=spell, place=place)

    def _ack(self, target: Target) -> Callable[[], None]:
        if not self._bucket.remove_from_bucket:
            return no_ack
        return lambda: self._remove(target.scope, target.key, target.etag)


class _Content:
    """The decompressed content of an object. `handed_out` counts its bytes unless they are all held."""

    def __init__(self, kind: BucketType, body: Body, key: str, stop: Stop) -> None:
        self._kind = kind
        self._body = body
        self._key = key
        self._stop = stop
        self.handed_out = 0

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
            for _ in self._kind.records(pieces):
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


def _no_time(_: dict[str, Any]) -> None:
    return None


def _discard(bucket: Bucket) -> Callable[[dict[str, Any]], bool] | None:
    wanted = bucket.discard_regex
    if wanted is None or not wanted.field or not wanted.pattern:
        return None
    try:
        return Discard(wanted.field, wanted.pattern).drops
    except re.error as error:
        place = f"{wanted.origin}: " if wanted.origin else ""
        text = f"{place}the discard_regex of bucket {bucket.name} does not compile: {error}  [{codes.A_DEFINITION.id}]"
        raise SourceError(text) from None
