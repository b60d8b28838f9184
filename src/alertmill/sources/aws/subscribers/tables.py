"""Whether text is a table whose first line names the columns, and what separates them (aws-wodle.md D34).

Plain log lines must not be taken for one, so a separator has to fit the lines behind the first one as well. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

from alertmill.sources.aws.csvtext import csv_rows
from alertmill.sources.aws.faults import ParseError
from alertmill.sources.aws.formats import BadLine
from alertmill.sources.aws.unpack import lines

#: Rows behind the first line that must have as many columns as that; there must be one.
_LOOKED_AT = 20

_SEPARATORS = (",", ";", "\t", "|")
_DIGIT = re.compile(r"\d")
#: A blank separates only names of this form, and so many of them: a line of prose is no header.
_PLAIN_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_PLAIN_NAMES = 5


def separator_of(begin: Sequence[bytes]) -> str | None:
    """What separates the columns of text that begins so, None for text that is no table."""
    try:
        return _separator(begin)
    except ParseError:  # it ends within a character
        return None


def _separator(begin: Sequence[bytes]) -> str | None:
    first = next(lines(begin), None)
    if not first or _DIGIT.search(first):
        return None
    found = [(_columns(begin, separator), separator) for separator in _SEPARATORS]
    most, separator = max(found, key=lambda one: one[0])
    if most:
        return separator
    names = first.split(" ")
    plain = len(names) >= _PLAIN_NAMES and all(map(_PLAIN_NAME.fullmatch, names))
    return " " if plain and _columns(begin, " ") else None


def _columns(begin: Sequence[bytes], separator: str) -> int:
    """How many columns every row has, 0 if they differ or if the first is no header."""
    header, *rows = islice(csv_rows(begin, separator), _LOOKED_AT + 1)
    if isinstance(header, BadLine) or not rows:
        return 0
    is_header = len(header) > 1 and all(header) and len(set(header)) == len(header)
    same = all(isinstance(row, list) and len(row) == len(header) for row in rows)
    return len(header) if is_header and same else 0
