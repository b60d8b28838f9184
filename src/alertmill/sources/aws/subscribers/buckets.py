"""Subscriber `buckets`: objects of any kind, told apart by what is in them (aws-wodle.md 12.3, D27 and D34).

JSON objects behind one another, a table with a header, a Parquet file, or plain lines. Only `.jsonl.gz` is known by its
name, because its messages have no `source`. Whether an object of more than 8 MiB is JSON is judged by its beginning.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain, islice
from typing import Any

from alertmill.sources.aws import jsontext
from alertmill.sources.aws.csvtext import csv_rows
from alertmill.sources.aws.documents import begun
from alertmill.sources.aws.envelope import Envelope
from alertmill.sources.aws.eventbridge import events, outer_time
from alertmill.sources.aws.faults import ObjectError, ParseError
from alertmill.sources.aws.formats import BadLine, Format, SpecialRecord, named
from alertmill.sources.aws.jsonlines import values_of_lines
from alertmill.sources.aws.subscribers.tables import separator_of
from alertmill.sources.aws.unpack import check_text, lines

_JSON_LINES = ".jsonl.gz"
#: One of so many lines that are not empty must be a JSON object.
_LOOKED_AT = 20
_OBJECT = re.compile(rb'[ \t\r\n]*\{[ \t\r\n]*["}]')
_SOURCE = "custom"


class Buckets(Format):
    type = "buckets"
    document = True  # nothing goes out before the end of the object is known to be JSON, or UTF-8

    def records(self, pieces: Iterable[bytes], key: str) -> Iterator[dict[str, Any] | BadLine]:
        begin, rest = begun(pieces)
        whole = chain(begin, rest or ())
        if key.endswith(_JSON_LINES) and _has_json_line(begin):
            return _of_json_lines(whole)
        if _OBJECT.match(b"".join(begin)):
            if rest is not None:
                return _of_json(whole)
            with suppress(ObjectError):  # text, then
                return iter(list(_of_json(begin)))
        if rest is None:
            check_text(begin)
        separator = separator_of(begin)
        return _of_text(whole) if separator is None else _of_table(whole, separator)

    def rows(self, rows: Iterable[dict[str, Any]], key: str) -> Iterator[dict[str, Any]]:
        for row in rows:
            row["source"] = _SOURCE
            yield row

    def wrap(self, envelope: Envelope, record: dict[str, Any]) -> dict[str, Any]:
        return envelope.wrap_bare(record)

    def event_time(self, record: dict[str, Any]) -> float | None:
        return outer_time(record)


def _of_json(pieces: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """JSON objects behind one another; of an event of EventBridge, its detail."""
    for record, odd in events(pieces):
        outer = None
        if type(record.get("detail")) is dict:
            outer, record = record, record.pop("detail")
        record["source"] = _SOURCE
        yield SpecialRecord(record, odd=odd, outer=outer) if odd or outer else record


def _has_json_line(begin: list[bytes]) -> bool:
    """Whether one of the first lines is a JSON object and nothing else, without indentation."""
    with suppress(ParseError):  # whoever reads the lines will hear of it
        return any(map(_is_object, islice(filter(None, lines(begin)), _LOOKED_AT)))
    return False


def _is_object(line: str) -> bool:
    try:
        return line.startswith("{") and isinstance(jsontext.parse(line.encode())[0], dict)
    except ParseError:
        return False


def _of_json_lines(pieces: Iterable[bytes]) -> Iterator[dict[str, Any] | BadLine]:
    for found in values_of_lines(pieces):
        if isinstance(found, BadLine):
            yield found
        elif not isinstance(found.value, dict):
            yield BadLine(found.line, "not a JSON object")
        else:
            yield SpecialRecord(found.value, odd=True) if found.odd else found.value


def _of_table(pieces: Iterable[bytes], separator: str) -> Iterator[dict[str, Any] | BadLine]:
    names: list[str] = []
    for row in csv_rows(pieces, separator):
        if isinstance(row, BadLine):
            yield row
        elif names:
            yield {**named(names, row), "source": _SOURCE}
        else:
            names = row


def _of_text(pieces: Iterable[bytes]) -> Iterator[dict[str, Any] | BadLine]:
    for number, line in enumerate(lines(pieces), 1):
        if line is None:
            yield BadLine(number, "the line is too long")
        elif line:
            yield {"full_log": line, "source": _SOURCE}
