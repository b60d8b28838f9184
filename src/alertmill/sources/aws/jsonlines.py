"""JSON lines: bytes cut anywhere -> the values of each line, which holds one or several.

White space may stand around and between values. What cannot be read costs the rest of its line, never another line.
A line may have any length: a short one is held, of a long one no more than a value. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

from alertmill.sources.aws import jsontext
from alertmill.sources.aws.documents import begun
from alertmill.sources.aws.faults import ParseError
from alertmill.sources.aws.formats import BadLine

#: Longest line, in bytes, that is held.
_HELD_LINE = 256 * 1024


class LineValue(NamedTuple):
    """A value, the line that it stands in, counted from 1, and whether it is odd (jsontext.parse)."""

    line: int
    value: Any
    odd: bool


def values_of_lines(pieces: Iterable[bytes]) -> Iterator[LineValue | BadLine]:
    """The values of all lines, and the lines that could not be read to their ends. Empty lines are nothing."""
    lines = _Lines(pieces)
    number = 0
    while lines.has_more():
        number += 1
        parts = lines.parts()
        try:
            for value, odd in _values(parts):
                yield LineValue(number, value, odd)
        except ParseError as error:
            yield BadLine(number, str(error))
        for _ in parts:  # what a bad line still has
            pass


def _values(parts: Iterator[bytes]) -> Iterator[tuple[Any, bool]]:
    held, rest = begun(parts, _HELD_LINE)
    if rest is not None:
        yield from jsontext.concatenated(chain(held, rest))
        return
    line = b"".join(held)
    try:
        value, odd = jsontext.parse(line)
    except ParseError:
        yield from jsontext.concatenated([line])
    else:
        if value is not jsontext.NOTHING:
            yield value, odd


class _Lines:
    """Lines ended by LF, each taken in parts and to its end before the next one."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._data = b""
        self._at = 0

    def has_more(self) -> bool:
        while self._at >= len(self._data):
            piece = next(self._pieces, None)
            if piece is None:
                return False
            self._data, self._at = piece, 0
        return True

    def parts(self) -> Iterator[bytes]:
        """The next line without its end."""
        while self.has_more():
            begin, end = self._at, self._data.find(b"\n", self._at)
            if end >= 0:
                self._at = end + 1
                yield self._data[begin:end]
                return
            self._at = len(self._data)
            yield self._data[begin:]
