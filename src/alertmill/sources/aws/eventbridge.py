"""EventBridge events as Firehose writes them: JSON objects one behind the other (aws-wodle.md 10.5).

White space between two events is allowed. An event's record is its `detail` with the service as `source`; what stands
around the detail is kept beside it. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from alertmill.sources.aws.faults import ShapeError
from alertmill.sources.aws.formats import SpecialRecord, epoch
from alertmill.sources.aws.jsontext import concatenated

#: The beginning of an event: its members around the detail, as text.
EVENT = re.compile(r'\s*\{(?P<outer>[^{}]{0,8192})"detail"\s*:\s*\{')

_WHITE = b" \t\n\r"
#: White space, in bytes, behind which no JSON is looked for.
_BLANK = 1024 * 1024
#: Zeros before a coordinate, which are not JSON; Macie has written such.
_LEADING_ZEROS = re.compile(rb'("(?:lat|lon)":-?)0+(?=[0-9])')
#: Bytes that may be the beginning of a match.
_OVERLAP = 16


def is_json(pieces: Iterable[bytes]) -> tuple[bool, Iterable[bytes]]:
    """Whether the content begins as a JSON object does, and the content."""
    rest = iter(pieces)
    held: list[bytes] = []
    size = 0
    for piece in rest:
        held.append(piece)
        size += len(piece)
        if (begin := piece.lstrip(_WHITE)) or size > _BLANK:
            return begin.startswith(b"{"), chain(held, rest)
    return False, ()


def events(pieces: Iterable[bytes]) -> Iterator[tuple[dict[str, Any], bool]]:
    """The objects that follow one another, each odd or not. Raises ParseError or ShapeError, possibly behind some."""
    for value, odd in concatenated(_repaired(pieces)):
        if type(value) is not dict:
            raise ShapeError("there is a value that is not an object")
        yield value, odd


def record_of(event: dict[str, Any], odd: bool) -> SpecialRecord | None:
    """The record of an event, None for an object without `detail`. Raises ShapeError."""
    if "detail" not in event:
        return None
    detail, source = event.pop("detail"), event.get("source")
    if type(detail) is not dict:
        raise ShapeError("the detail of an event is not an object")
    if type(source) is not str:
        raise ShapeError("an event has no source")
    detail["source"] = source.replace("aws.", "")
    return SpecialRecord(detail, odd=odd, outer=event)


def outer_text(record: dict[str, Any], name: str) -> str:
    """The text of a member around the record, empty where there is none."""
    found = record.outer.get(name) if isinstance(record, SpecialRecord) and record.outer else None
    return found if type(found) is str else ""


def outer_time(record: dict[str, Any]) -> float | None:
    """When EventBridge says that it happened, epoch seconds."""
    return epoch(outer_text(record, "time"))


def _repaired(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The content without leading zeros of coordinates."""
    tail = b""
    for piece in pieces:
        data = _LEADING_ZEROS.sub(rb"\1", tail + piece)
        yield data[:-_OVERLAP]
        tail = data[-_OVERLAP:]
    yield tail
