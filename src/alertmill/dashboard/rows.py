"""Lines of an alert file made into columns for the cache, which worker processes do for large files.

Pure. A column is one text, its values separated, because that is the quickest way into the database (without Arrow).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import orjson

from alertmill.dashboard.columns import COLUMNS, row

#: Separates the values of a column; a value that holds one gets a blank instead.
SEPARATOR: Final = "\x1e"
#: What a row has besides the COLUMNS of the alert: where its line begins, and how long it is with its end.
PLACE: Final[dict[str, str]] = {"place": "BIGINT", "length": "INTEGER"}
ALL_COLUMNS: Final[dict[str, str]] = {**PLACE, **COLUMNS}


class Line(NamedTuple):
    """A line: where it begins in the (unpacked) file, its length with the line end, its bytes unless it is too long.

    A tuple, because workers are sent thousands at a time.
    """

    offset: int
    length: int
    text: bytes | None

    @property
    def end(self) -> int:
        return self.offset + self.length


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows for the cache: a text per column of ALL_COLUMNS, how many rows, and how many lines were no alerts."""

    columns: tuple[str, ...]
    count: int
    corrupt: int


def make_rows(lines: Sequence[Line]) -> Rows:
    """The rows of some lines. Empty lines are nothing; other lines that are no alerts are counted."""
    made: list[tuple[object, ...]] = []
    corrupt = 0
    for line in lines:
        if line.text is not None and not line.text.strip():
            continue
        try:
            made.append((line.offset, line.length, *row(parsed(line.text))))
        except (ValueError, RecursionError):
            corrupt += 1
    columns = zip(*made, strict=True)
    joined = tuple(_as_one(["" if value is None else str(value) for value in column]) for column in columns)
    return Rows(joined, len(made), corrupt)


def parsed(text: bytes | None) -> dict[str, Any]:
    """The alert of a line, whose bytes need not be UTF-8. Raises ValueError, or RecursionError."""
    if text is None:
        raise ValueError("it is too long")
    try:
        alert = orjson.loads(text)
    except orjson.JSONDecodeError:
        alert = json.loads(text.decode("utf-8", "replace"), strict=False)
        alert = orjson.loads(json.dumps(alert, ensure_ascii=False).encode("utf-8", "replace"))
    if not isinstance(alert, dict):
        raise ValueError("it is no object")
    return alert


def _as_one(values: list[str]) -> str:
    text = SEPARATOR.join(values)
    if text.count(SEPARATOR) == len(values) - 1:
        return text
    return SEPARATOR.join(value.replace(SEPARATOR, " ") for value in values)
