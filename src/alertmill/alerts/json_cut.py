"""JSON texts cut at their quotes: what many have in common that differ in their texts and numbers alone.

    {"userName":"bob","n":7}  --->  shape {"":"","":1}    names userName, n    texts bob    numbers 7

Cutting is one call of a compiled function; the shape tells which of the pieces are names. Shapes come from logs: their
table is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import orjson

from alertmill.alerts.gaps import Table, picker

#: Stand for an escaped backslash and an escaped quote while a text is cut: bytes that no JSON text holds.
_BACKSLASH, _QUOTE = b"\x01", b"\x02"
#: Numbers that are spelled the same everywhere, and the digits that they begin with.
_NUMBER = re.compile(rb"(?<![0-9.eE+-])[1-9][0-9]{0,8}(?![0-9.eE])")
_DIGITS = b"123456789"


class Shape:
    """What stands between the names and texts of a JSON text, 1 in the place of each number.

    Attributes:
        between: that, a quote in the place of each name and text.
        names, texts: pick the names and the texts from the pieces of a JSON text.
        numbers: how many numbers there are.
    """

    __slots__ = ("_is_name", "between", "names", "numbers", "texts")

    def __init__(self, between: bytes) -> None:
        self.between = between
        self._is_name = [piece.lstrip().startswith(b":") for piece in between.split(b'"')[1:]]
        self.names = picker([2 * place + 1 for place, is_name in enumerate(self._is_name) if is_name])
        self.texts = picker([2 * place + 1 for place, is_name in enumerate(self._is_name) if not is_name])
        self.numbers = len(_NUMBER.findall(between))

    def filled(self, names: Iterable[bytes], texts: Iterable[bytes], numbers: Iterable[bytes]) -> bytes:
        """The JSON text of this shape that holds these."""
        names, texts, numbers = iter(names), iter(texts), iter(numbers)
        first, *others = _NUMBER.sub(lambda _: next(numbers), self.between).split(b'"')
        pieces = [first]
        for is_name, piece in zip(self._is_name, others, strict=True):
            pieces += (next(names if is_name else texts), piece)
        return b'"'.join(pieces)


#: A JSON text that was cut: its shape, the names joined by quotes, its texts, its numbers. What has escapes is not
#: what it says: `read` reads texts.
Cut = tuple[Shape, bytes, tuple[bytes, ...], Sequence[bytes]]


class Cutter:
    """Cuts JSON texts; the same object means the same shape, as far as that is remembered."""

    def __init__(self) -> None:
        self._shapes: Table[Shape] = Table()

    def cut(self, text: bytes) -> Cut:
        if b"\\" in text:
            text = text.replace(b"\\\\", _BACKSLASH).replace(b'\\"', _QUOTE)
        pieces = text.split(b'"')
        between = b'"'.join(pieces[::2])
        shape = self._shapes.known.get(between)
        if shape is None:
            shape = self._find(between)
        numbers = _NUMBER.findall(between) if shape.numbers else ()
        return shape, b'"'.join(shape.names(pieces)), shape.texts(pieces), numbers

    def _find(self, between: bytes) -> Shape:
        if len(between.translate(None, _DIGITS)) < len(between):
            between = _NUMBER.sub(b"1", between)
        known = self._shapes.known.get(between)
        # Its pickers hold a number for each piece.
        return known or self._shapes.put(between, Shape(between), 20 * len(between))


def has_escapes(names: bytes) -> bool:
    """Whether a name of a cut has escapes."""
    return b"\\" in names or _BACKSLASH in names or _QUOTE in names


def read(texts: Sequence[bytes]) -> tuple[list[bytes], list[bytes]]:
    """The texts of a cut, which are ASCII without NUL, and the same as they stand in JSON strings."""
    if not texts:
        return [], []
    block = b'["%b"]' % b'","'.join(texts)
    found: list[str] = orjson.loads(block.replace(_QUOTE, b'\\"').replace(_BACKSLASH, b"\\\\"))
    # All in one go: between two texts stands what is in none of them.
    quoted = orjson.dumps(found, option=orjson.OPT_INDENT_2)[len('[\n  "') : -len('"\n]')]
    return "\0".join(found).encode("ascii").split(b"\0"), quoted.split(b'",\n  "')
