"""What an object format is: bytes in, records out, each record wrapped as the message that rules were written against.

A bucket type is a format with a layout of keys (`buckets.base`); the formats of subscribers stand alone. Formats are
pure. Fetching, unpacking and the bookkeeping are done for them; what goes wrong is an `ObjectError` for the object, or
a `BadLine` for a line that costs only itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol

from alertmill.sources.aws.envelope import Envelope
from alertmill.sources.aws.faults import UnpackError
from alertmill.sources.aws.row_sheets import Columnwise
from alertmill.sources.aws.sheets import Memberwise
from alertmill.sources.aws.unpack import columns, lines

#: Characters of the longest text that may be a time; longer ones must not fill the cache.
_LONGEST_TIME = 40


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that could not be read; it costs only itself. `line` counts from 1."""

    line: int
    reason: str


class SpecialRecord(dict[str, Any]):
    """A record with something to remember of it.

    `odd`: it has values that JSON readers see differently (jsontext.parse), so it travels as text. `outer`: the members
    around the record in its object that the compatible message does not have; the improved format shows them.
    """

    __slots__ = ("odd", "outer")

    def __init__(self, record: dict[str, Any], *, odd: bool = False, outer: dict[str, Any] | None = None) -> None:
        super().__init__(record)
        self.odd = odd
        self.outer = outer


class ObjectFormat(Protocol):
    """The port between whoever reads objects and one format."""

    #: The word in `type="..."`.
    type: str
    #: The object is one JSON document: it is checked to its end before the first record goes out.
    document: bool
    #: How documents are made of members, where that is what `records` and `wrap` do; None where they do more.
    memberwise: Memberwise | None
    #: The same for lines of columns, whose records are nothing but these.
    columnwise: Columnwise | None
    #: Messages carry `aws_account_id`, the account whose folder the object lies in.
    names_account: bool

    def records(self, pieces: Iterable[bytes], key: str) -> Iterator[dict[str, Any] | BadLine]:
        """The records of one object, each with its `source` set, from its decompressed content cut anywhere.

        Raises ObjectError for content that is not of this format.
        """

    def rows(self, rows: Iterable[dict[str, Any]], key: str) -> Iterator[dict[str, Any]]:
        """The records of an object that is a Parquet file, from its rows. Raises ObjectError where that cannot be."""

    def wrap(self, envelope: Envelope, record: dict[str, Any]) -> dict[str, Any]:
        """The document that the message says; the record is taken over."""

    def reshape(self, aws: dict[str, Any]) -> None:
        """The type's own changes of a document's `aws` object; of use to those that are memberwise."""

    def event_time(self, record: dict[str, Any]) -> float | None:
        """When the record's event happened, epoch seconds."""

    def event_id(self, record: dict[str, Any]) -> str | None:
        """The id under which AWS may deliver the same event again in another object."""


class Format:
    """What most formats have in common."""

    type = ""
    document = False
    memberwise: Memberwise | None = None
    columnwise: Columnwise | None = None
    names_account = False

    def rows(self, rows: Iterable[dict[str, Any]], key: str) -> Iterator[dict[str, Any]]:
        raise UnpackError(f"it is a Parquet file, which objects of type {self.type} never are")

    def wrap(self, envelope: Envelope, record: dict[str, Any]) -> dict[str, Any]:
        document = envelope.wrap(record)
        self.reshape(document["aws"])
        return document

    def reshape(self, aws: dict[str, Any]) -> None:
        """The type's own changes of the `aws` object, made last, in place."""

    def event_time(self, record: dict[str, Any]) -> float | None:
        return None

    def event_id(self, record: dict[str, Any]) -> str | None:
        return None


def text_rows(pieces: Iterable[bytes], separator: str = " ") -> Iterator[list[str] | BadLine]:
    """The columns of each line of a text object; empty lines are skipped. Raises ParseError for what is not UTF-8."""
    for number, line in enumerate(lines(pieces), 1):
        if line:
            try:
                yield columns(line, separator)
            except ValueError as error:
                yield BadLine(number, str(error))
        elif line is None:
            yield BadLine(number, "the line is too long")


def named(names: Sequence[str], row: list[str]) -> dict[str, Any]:
    """The columns of a row by their names; missing ones are absent, further ones are the list `extra_columns` (D20)."""
    record: dict[str, Any] = dict(zip(names, row, strict=False))
    if len(row) > len(names):
        record["extra_columns"] = row[len(names) :]
    return record


def epoch(text: str) -> float | None:
    """Epoch seconds of an ISO 8601 time with its zone, None for any other text."""
    return _epoch(text) if len(text) <= _LONGEST_TIME else None


@lru_cache(maxsize=4096)
def _epoch(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo else None
