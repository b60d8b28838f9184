"""JSON text as the engine writes it (spec/alerts.md 2.10), and JSON arrays that arrive inside field values.

All text is byte text. `compact` reads what the reference's JSON reader tolerates (spec/decoders.md 7) and keeps
members that stand twice, which is why it works on the text and not on parsed values.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import orjson

#: Never part of a JSON string, which has no raw newline: the pretty printer put it between two of them.
BLOCK_SEPARATOR = ",\n  "

#: Arrays and objects nested deeper than this are not JSON to the reference's reader.
_MAX_DEPTH = 1000

#: Relative difference up to which two numbers are the same to the reference (2 to the power of -52).
_EPSILON = 2.0**-52

_TOKEN = re.compile(
    r"""[\x00-\x20]*(?:
        (?P<mark>[\[\]{},:])
      | "(?P<string>(?:[^"\\]|\\.)*)"
      | (?P<number>-?(?:[0-9]+\.?[0-9]*|(?<=-)\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      | (?P<word>true|false|null)
      | (?P<end>\Z)
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u(?P<unit>....)|(?P<simple>.))", re.DOTALL)
_SIMPLE = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_HEX4 = re.compile(r"[0-9a-fA-F]{4}")


def quote(text: str) -> str:
    """A JSON string. Escapes quotes, backslashes and bytes below 0x20; leaves all others as they are, also 0x7f."""
    return orjson.dumps(text).decode()


def quote_block(texts: Sequence[str]) -> str:
    """JSON strings of all texts, with BLOCK_SEPARATOR between them, at little more than the price of one."""
    return orjson.dumps(texts, option=orjson.OPT_INDENT_2)[4:-2].decode()


def number_text(number: float) -> str:
    """A number as the reference prints it inside an array: 15 significant digits, 17 where 15 do not suffice."""
    if math.isinf(number) or math.isnan(number):
        return "null"
    short = f"{number:.15g}"
    back = float(short)
    if abs(back - number) <= max(abs(back), abs(number)) * _EPSILON:
        return short
    return f"{number:.17g}"


def compact(text: str) -> str | None:
    """The array that `text` wholly consists of, printed without blanks; None when it is not valid JSON."""
    try:
        return _Compactor(text).run()
    except _NotJsonError:
        return None


class _NotJsonError(Exception):
    """The text is not what the reference's reader accepts."""


class _Compactor:
    """Walks the tokens with a stack of open brackets: hostile nesting must not become recursion."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.pieces: list[str] = []
        #: The closing marks that are still to come.
        self.open: list[str] = []
        #: True right behind an opening bracket.
        self.fresh = False

    def run(self) -> str:
        self._value(self._next())
        while self.open:
            self._go_on(self._next())
        if self._next().lastgroup != "end":
            raise _NotJsonError
        return "".join(self.pieces)

    def _next(self) -> re.Match[str]:
        token = _TOKEN.match(self.text, self.position)
        if token is None:
            raise _NotJsonError
        self.position = token.end()
        return token

    def _go_on(self, token: re.Match[str]) -> None:
        """Inside a bracket: it closes, or the next member follows."""
        if token["mark"] == self.open[-1]:
            self.pieces.append(self.open.pop())
            self.fresh = False
            return
        if not self.fresh:
            self._expect(token, ",")
            token = self._next()
        if self.open[-1] == "}":
            if token.lastgroup != "string":
                raise _NotJsonError
            self.pieces.append(quote(_unescape(token["string"])))
            self._expect(self._next(), ":")
            token = self._next()
        self._value(token)

    def _expect(self, token: re.Match[str], mark: str) -> None:
        if token["mark"] != mark:
            raise _NotJsonError
        self.pieces.append(mark)

    def _value(self, token: re.Match[str]) -> None:
        """A scalar as a whole, or the opening of a bracket."""
        kind = token.lastgroup
        self.fresh = False
        if kind == "string":
            self.pieces.append(quote(_unescape(token["string"])))
        elif kind == "number":
            self.pieces.append(number_text(float(token["number"])))
        elif kind == "word":
            self.pieces.append(token["word"])
        elif kind == "mark" and token["mark"] in "[{" and len(self.open) < _MAX_DEPTH:
            self.pieces.append(token["mark"])
            self.open.append("]" if token["mark"] == "[" else "}")
            self.fresh = True
        else:
            raise _NotJsonError


def _unescape(body: str) -> str:
    """The content of a JSON string; an escaped NUL ends it. Raises _NotJsonError."""
    if "\\" not in body:
        return body
    pieces: list[str] = []
    position = 0
    while (at := body.find("\\", position)) >= 0:
        pieces.append(body[position:at])
        found = _ESCAPE.match(body, at)
        if found is None:
            raise _NotJsonError
        if found["unit"] is None:
            if found["simple"] not in _SIMPLE:
                raise _NotJsonError
            pieces.append(_SIMPLE[found["simple"]])
            position = found.end()
            continue
        character, position = _code_point(body, found)
        pieces.append(character)
    pieces.append(body[position:])
    return "".join(pieces).partition("\0")[0]


def _code_point(body: str, found: re.Match[str]) -> tuple[str, int]:
    """The UTF-8 bytes of a \\uXXXX escape, or of a pair of them, and where the text goes on."""
    unit = _unit(found["unit"])
    if 0xDC00 <= unit <= 0xDFFF:
        raise _NotJsonError
    position = found.end()
    if 0xD800 <= unit <= 0xDBFF:
        second = _ESCAPE.match(body, position)
        low = _unit(second["unit"]) if second is not None and second["unit"] is not None else 0
        if second is None or not 0xDC00 <= low <= 0xDFFF:
            raise _NotJsonError
        unit = 0x10000 + ((unit & 0x3FF) << 10 | low & 0x3FF)
        position = second.end()
    return chr(unit).encode().decode("latin-1"), position


def _unit(digits: str) -> int:
    """Four hexadecimal digits; anything else counts as zero (spec/decoders.md 7)."""
    return int(digits, 16) if _HEX4.fullmatch(digits) else 0
