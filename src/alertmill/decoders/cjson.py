"""JSON text -> values, with exactly the tolerance of the parser that Wazuh's JSON decoder uses (spec/decoders.md 7).

That parser takes things no standard allows (control characters, `01`, anything behind the first value) and refuses
others that Python takes. `read_value` is the exact reader, written plainly; `read_object` gives the same result through
the accelerated parser of the standard library wherever both provably agree, and falls back where they may not.

Text is byte text in and out. Only parsing: what fields a document yields is the business of `document.py`.
"""

from __future__ import annotations

import re
from json import JSONDecoder
from typing import Any, NoReturn

import orjson

#: Deepest nesting of arrays and objects.
MAX_DEPTH = 1000

_BOM = "\xef\xbb\xbf"
_BLANKS = re.compile(r"[\x00-\x20]*")
_STRING = re.compile(r'(?:[^"\\]++|\\.)*+"', re.DOTALL)
_NUMBER_BYTES = re.compile(r"[-+0-9.eE]*")
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_HEX = re.compile(r"[0-9A-Fa-f]{4}")
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "/": "/"}
_LITERALS: dict[str, tuple[str, bool | None]] = {"n": ("null", None), "f": ("false", False), "t": ("true", True)}

#: Any escape; the groups hold the digits of a `\\u` and of the low half of a surrogate pair.
_ANY_ESCAPE = re.compile(
    r"\\(?:u([dD][89abAB][0-9A-Fa-f]{2})\\u([dD][c-fC-F][0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|.)", re.DOTALL
)
#: A minus zero that the accelerated parser would read as plain zero.
_MINUS_ZERO = re.compile(r"-0(?=[\x00-\x20,\]}])(?<=[\x00-\x20:,\[]-0)")
#: Shorter texts cannot nest deeper than MAX_DEPTH.
_HARMLESS_LENGTH = 2 * MAX_DEPTH


class Members(list[tuple[str, Any]]):
    """The members of a JSON object in document order; one name may stand several times."""


class JsonError(ValueError):
    """The text is not JSON, even by the tolerant rules."""


def read_object(text: str) -> dict[str, Any] | Members | None:
    """The object that `text` begins with, or None when it begins with something else or is malformed.

    A dict when all names inside are unique in their object; nested objects are then dicts as well. Otherwise Members
    all through.
    """
    start = _first_byte(text)
    if not text.startswith("{", start):
        return None
    document = _accelerated(text, start)
    if document is not None:
        return document
    try:
        value = read_value(text)
    except JsonError:
        return None
    assert isinstance(value, Members)
    return value


def read_value(text: str) -> Any:
    """The first JSON value of `text`; what follows it is ignored. Raises JsonError.

    Objects are Members, arrays lists, numbers floats. Strings and names end at their first NUL.
    """
    return _Reader(text).value(_first_byte(text))


def _first_byte(text: str) -> int:
    found = _BLANKS.match(text, len(_BOM) if text.startswith(_BOM) else 0)
    assert found is not None
    return found.end()


# --- the accelerated way ----------------------------------------------------------------------------------------------


def _accelerated(text: str, start: int) -> dict[str, Any] | None:
    """The object at `start`, or None where an accelerated parser fails or could see something else than the exact one.

    Three things they would not notice are looked for beforehand: escapes that stand for bytes beyond ASCII, a minus
    zero, and too deep nesting (`orjson.dumps` refuses that much earlier).
    """
    strict = text.isascii()
    if "\\u" in text and _has_unicode_escape(text):
        strict = False
        replaced = _without_unicode_escapes(text)
        if replaced is None:
            return None
        text = replaced
    if "-0" in text and _MINUS_ZERO.search(text):
        return None
    document = _by_orjson(text) if strict else None
    if document is None and (len(text) <= _HARMLESS_LENGTH or text.count("{") + text.count("[") <= MAX_DEPTH):
        try:
            document = _STANDARD.raw_decode(text, start)[0]
        except (ValueError, RecursionError):
            return None
    return document


def _has_unicode_escape(text: str) -> bool:
    """Whether there is a `\\u` that is an escape, not the end of an escaped backslash and a letter."""
    at = text.find("\\u")
    while at >= 0:
        begin = at
        while begin and text[begin - 1] == "\\":
            begin -= 1
        if (at - begin) % 2 == 0:
            return True
        at = text.find("\\u", at + 2)
    return False


def _by_orjson(text: str) -> dict[str, Any] | None:
    """The text's object, if it is all of the text, of strict JSON, and no name stands twice in one object.

    Of equal names only the last is kept. That shows in the number of quotes, since nothing else changes it: the text
    must have no `\\u` escapes, of which some are written as an escaped quote.
    """
    data = text.encode("ascii")
    try:
        document: dict[str, Any] = orjson.loads(data)
        again = orjson.dumps(document)
    except (ValueError, TypeError):
        return None
    return document if again.count(b'"') == data.count(b'"') else None


def _without_unicode_escapes(text: str) -> str | None:
    """The text with the bytes that its `\\u` escapes stand for; None when one is malformed, or ends its string."""
    try:
        return _ANY_ESCAPE.sub(_bytes_of_escape, text)
    except JsonError:
        return None


def _bytes_of_escape(found: re.Match[str]) -> str:
    escape = found.group()
    if escape[1] != "u":
        return escape
    high, low, single = found.groups()
    if low is not None:
        code = 0x10000 + ((int(high, 16) & 0x3FF) << 10) + (int(low, 16) & 0x3FF)
    else:
        code = int(single or "0", 16)
        if code == 0 or 0xD800 <= code <= 0xDFFF:
            raise JsonError
    # An ASCII byte could be a quote or a backslash: it stays an escape, which every parser reads alike.
    return escape if code < 0x80 else chr(code).encode("utf-8").decode("latin-1")


def _unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands twice")
    return members


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(word)


_STANDARD = JSONDecoder(strict=False, object_pairs_hook=_unique_members, parse_constant=_refuse_constant)


# --- the exact way ----------------------------------------------------------------------------------------------------


class _Reader:
    """One pass with a stack of open arrays and objects, so that depth costs no recursion."""

    def __init__(self, text: str) -> None:
        self.text = text

    def value(self, position: int) -> Any:
        text = self.text
        open_containers: list[tuple[list[Any], str]] = []
        name = ""
        while True:
            if text.startswith(("{", "["), position):
                if len(open_containers) >= MAX_DEPTH:
                    raise JsonError
                closing, container = ("}", Members()) if text[position] == "{" else ("]", [])
                position = self._skip_blanks(position + 1)
                if not text.startswith(closing, position):
                    open_containers.append((container, name))
                    if closing == "}":
                        name, position = self._name(position)
                    continue
                value: Any = container
                position += 1
            else:
                value, position = self._scalar(position)
            while True:
                if not open_containers:
                    return value
                container, outer_name = open_containers[-1]
                is_object = isinstance(container, Members)
                container.append((name, value) if is_object else value)
                position = self._skip_blanks(position)
                if text.startswith(",", position):
                    position = self._skip_blanks(position + 1)
                    if is_object:
                        name, position = self._name(position)
                    break
                if not text.startswith("}" if is_object else "]", position):
                    raise JsonError
                open_containers.pop()
                value, name = container, outer_name
                position += 1

    def _skip_blanks(self, position: int) -> int:
        found = _BLANKS.match(self.text, position)
        assert found is not None
        return found.end()

    def _name(self, position: int) -> tuple[str, int]:
        """A member's name, and the offset of its value."""
        if not self.text.startswith('"', position):
            raise JsonError
        name, position = self._string(position)
        position = self._skip_blanks(position)
        if not self.text.startswith(":", position):
            raise JsonError
        return name, self._skip_blanks(position + 1)

    def _scalar(self, position: int) -> tuple[Any, int]:
        first = self.text[position : position + 1]
        if first == '"':
            return self._string(position)
        if first in _LITERALS:
            word, value = _LITERALS[first]
            if not self.text.startswith(word, position):
                raise JsonError
            return value, position + len(word)
        if first and first in "-0123456789":
            return self._number(position)
        raise JsonError

    def _number(self, position: int) -> tuple[float, int]:
        chunk = _NUMBER_BYTES.match(self.text, position)
        found = chunk and _NUMBER.match(chunk.group())
        if not found:
            raise JsonError
        return float(found.group()), position + found.end()

    def _string(self, position: int) -> tuple[str, int]:
        found = _STRING.match(self.text, position + 1)
        if found is None:
            raise JsonError
        raw = found.group()[:-1]
        if "\\" in raw:
            raw = _unescape(raw)
        return raw.partition("\0")[0], found.end()


def _unescape(raw: str) -> str:
    """A string's content with its escapes replaced. Raises JsonError."""
    pieces: list[str] = []
    position = 0
    while (backslash := raw.find("\\", position)) >= 0:
        pieces.append(raw[position:backslash])
        letter = raw[backslash + 1]
        if letter == "u":
            text, position = _unicode_escape(raw, backslash)
            pieces.append(text)
        else:
            if letter not in _ESCAPES:
                raise JsonError
            pieces.append(_ESCAPES[letter])
            position = backslash + 2
    pieces.append(raw[position:])
    return "".join(pieces)


def _unicode_escape(raw: str, start: int) -> tuple[str, int]:
    """The character of `\\uXXXX`, or of two of them, at `start`; and the offset behind."""
    code = _code_unit(raw, start)
    end = start + 6
    if 0xD800 <= code <= 0xDBFF:
        if not raw.startswith("\\u", end):
            raise JsonError
        low = _code_unit(raw, end)
        if not 0xDC00 <= low <= 0xDFFF:
            raise JsonError
        code = 0x10000 + ((code & 0x3FF) << 10) + (low & 0x3FF)
        end += 6
    elif 0xDC00 <= code <= 0xDFFF:
        raise JsonError
    return chr(code).encode("utf-8").decode("latin-1"), end


def _code_unit(raw: str, start: int) -> int:
    """The number of the escape at `start`; four bytes that are not hexadecimal count as zero."""
    digits = raw[start + 2 : start + 6]
    if len(digits) < 4:
        raise JsonError
    return int(digits, 16) if _HEX.fullmatch(digits) else 0
