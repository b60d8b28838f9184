"""CSV text -> rows, where a quoted column may run over line ends (aws-wodle.md 8).

A quote that does not close within MAX_COLUMN characters was not meant to: its lines are then read one by one, each
quote ending with its line, so that a stray one costs nothing but its own column. Every line is looked at twice at most.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from alertmill.sources.aws.formats import BadLine
from alertmill.sources.aws.unpack import MAX_COLUMN, columns, lines


@cache
def _patterns(separator: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Of a line whose quotes are closed, and of one that closes a quote. Possessive: a line is read once."""
    rest_of_quoted = rf'(?:[^"]++|"")*+"[^{separator}]*+'
    column = rf'(?:"{rest_of_quoted}|(?!")[^{separator}]*+)'
    more = rf"(?:{re.escape(separator)}{column})*+"
    return re.compile(column + more), re.compile(rest_of_quoted + more)


def csv_rows(pieces: Iterable[bytes], separator: str = ",") -> Iterator[list[str] | BadLine]:
    """The columns of each row; empty lines between rows are skipped. `separator` is one character.

    Raises ParseError for what is not UTF-8.
    """
    whole, closing = _patterns(separator)
    held: list[str] = []  # the lines, from the first on, of a row whose last quote is open
    first = size = 0
    for number, line in enumerate(lines(pieces), 1):
        if held and line is not None and size + len(line) < MAX_COLUMN:
            held.append(line)
            size += len(line) + 1
            if closing.fullmatch(line):
                yield _row("\n".join(held), first, separator)
                held = []
            continue
        yield from _one_by_one(held, first, separator)
        held = []
        if line is None:
            yield BadLine(number, "the line is too long")
        elif '"' in line and not whole.fullmatch(line):
            held, first, size = [line], number, len(line)
        elif line:
            yield _row(line, number, separator)
    yield from _one_by_one(held, first, separator)


def _one_by_one(held: list[str], first: int, separator: str) -> Iterator[list[str] | BadLine]:
    """The rows of lines that were held in vain."""
    for number, line in enumerate(held, first):
        if line:
            yield _row(line, number, separator)


def _row(text: str, line: int, separator: str) -> list[str] | BadLine:
    try:
        return columns(text, separator)
    except ValueError as error:
        return BadLine(line, str(error))
