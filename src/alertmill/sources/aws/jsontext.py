"""JSON text -> values, with Python's `json` as the judge of what is allowed and what it means.

`orjson` does the work where it agrees with `json`; where it would not (integers beyond 64 bits, NaN, lone surrogates),
`json` does. A document too large to be held is read member by member. Pure: bytes in, values out.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from alertmill.sources.aws.faults import ParseError, ShapeError

#: Longest single element of a document that is read piece by piece, in bytes.
MAX_VALUE = 16 * 1024 * 1024

#: What `parse` returns for text without any value.
NOTHING = object()

_WHITE = b" \t\n\r"
#: Bytes of a large document that are looked at together.
_WINDOW = 256 * 1024
#: Bytes in which the end of a single value is looked for at first.
_FIRST_LOOK = 4 * 1024
#: What stands between two objects that follow one another.
_BETWEEN = re.compile(rb"\}[ \t\r\n]*\{")
#: Values that are taken one by one before a guess is tried again.
_SLOW_STEPS = 64
_DIGITS = bytes(ord("1") if 0x30 <= i <= 0x39 else ord(".") for i in range(256))
#: Shortest integer, in digits, that may not fit 64 bits.
_LONG = b"1" * 19
#: What stands before a number in JSON; the same inside a text costs time, nothing else.
_BEFORE_NUMBER = b":,[ \t\n\r"


def parse(data: bytes) -> tuple[Any, bool]:
    """The value that `data` says, NOTHING for blank text, and whether it is *odd*.

    An odd value holds what other JSON readers see differently (NaN, lone surrogates, integers beyond 64 bits); whoever
    passes it on should pass on its text. Raises ParseError.
    """
    if not _has_long_number(data):
        try:
            return orjson.loads(data), False
        except orjson.JSONDecodeError:
            if not data.strip(_WHITE):
                return NOTHING, False
            return _parse_slowly(data), True
    odd: list[str] = []

    def integer(text: str) -> int:
        number = int(text)
        if not -(2**63) <= number < 2**64:
            odd.append(text)
        return number

    try:
        orjson.loads(data)  # what only `json` accepts is odd
    except orjson.JSONDecodeError as error:
        odd.append(str(error))
    return _parse_slowly(data, json.JSONDecoder(parse_int=integer)), bool(odd)


def elements(pieces: Iterable[bytes], name: str) -> Iterator[tuple[Any, bool]]:
    """The elements of the array that is member `name` of the document, read piece by piece, each odd or not.

    The same values as `parse` gives for the whole; only a document that has the member twice is refused. Yields nothing
    for a document that is a list. Raises ParseError or ShapeError, possibly after the first elements.
    """
    text = _Text(pieces)
    opening = text.peek()
    if opening == b"[":
        for _ in text.items():
            pass
    elif opening == b"{":
        yield from _member(text, name)
    else:
        text.value()
        raise ShapeError("the document is neither an object nor a list")
    text.finish()


def concatenated(pieces: Iterable[bytes]) -> Iterator[tuple[Any, bool]]:
    """The values of JSON texts that follow one another, each odd or not; white space may stand between them.

    Raises ParseError, possibly after the first values.
    """
    text = _Text(pieces)
    while text.peek():
        yield text.guessed() or text.value()


def _member(text: _Text, name: str) -> Iterator[tuple[Any, bool]]:
    found = False
    for key in text.members():
        if key != name:
            text.value()
            continue
        if found:
            raise ParseError(f"a document too large to be held has two members {name!r}")
        found = True
        if text.peek() != b"[":
            text.value()
            raise ShapeError(f"{name} is not a list")
        yield from text.items()


def _has_long_number(data: bytes) -> bool:
    """Whether there may be an integer beyond 64 bits, which orjson would turn into a float."""
    digits = data.translate(_DIGITS)  # a search for 19 digits with `re` would take ten times as long
    at = digits.find(_LONG)
    while at >= 0:
        before = at - 2 if data[at - 1 : at] == b"-" else at - 1
        if before < 0 or data[before] in _BEFORE_NUMBER:
            return True
        end = digits.find(b".", at)
        at = digits.find(_LONG, end) if end >= 0 else -1
    return False


def _parse_slowly(data: bytes, decoder: json.JSONDecoder | None = None) -> Any:
    try:
        return (decoder or _DECODER).decode(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ParseError(f"not UTF-8: {error.reason} at byte {error.start}") from None
    except RecursionError:
        raise ParseError("the JSON is nested too deeply") from None
    except ValueError as error:
        raise ParseError(f"not JSON: {error}") from None


_DECODER = json.JSONDecoder()


class _Text:
    """JSON text that arrives in pieces, read from the front; what was read is dropped."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._data = b""
        self._at = 0
        self._slow = 0

    def peek(self) -> bytes:
        """The next byte that is not white space, without taking it; empty at the end."""
        while True:
            while self._at < len(self._data):
                byte = self._data[self._at : self._at + 1]
                if byte not in _WHITE:
                    return byte
                self._at += 1
            if not self._more(1):
                return b""

    def members(self) -> Iterator[str]:
        """The keys of an object; between two the caller takes the value."""
        self._take(b"{")
        while self.peek() != b"}":
            key, _ = self.value()
            if not isinstance(key, str):
                raise ParseError("not JSON: a key is not text")
            self._take(b":")
            yield key
            self._comma(b"}")
        self._take(b"}")

    def items(self) -> Iterator[tuple[Any, bool]]:
        """The elements of a list, each odd or not."""
        self._take(b"[")
        while self.peek() != b"]":
            many = self._many()
            if many:
                for value in many:
                    yield value, False
            else:
                yield self.value()
            self._comma(b"]")
        self._take(b"]")

    def value(self) -> tuple[Any, bool]:
        """The next whole value, odd or not."""
        self.peek()
        wanted = _FIRST_LOOK
        while True:
            self._fill(wanted)
            try:
                text = _utf8(self._data[self._at : self._at + wanted])
                _, end = _DECODER.raw_decode(text)
            except RecursionError:
                raise ParseError("the JSON is nested too deeply") from None
            except ValueError as error:
                if wanted > MAX_VALUE or not self._has_more_than(wanted):
                    raise ParseError(f"not JSON: {error}") from None
                wanted *= 2
                continue
            if end == len(text) and self._has_more_than(wanted):
                wanted *= 2  # a number may go on in the next piece
                continue
            found = text[:end].encode("utf-8")
            self._at += len(found)
            return parse(found)

    def guessed(self) -> tuple[Any, bool] | None:
        """The next value, odd or not, if it is an object and another one seems to begin behind it.

        If what lies before that place is one JSON object, the guess was right: no object begins with a whole object.
        """
        if self._slow:
            self._slow -= 1
            return None
        self._fill(_WINDOW)
        place = _BETWEEN.search(self._data, self._at, self._at + _WINDOW)
        if place is None:
            self._slow = _SLOW_STEPS
            return None
        end = place.start() + 1
        try:
            found = parse(self._data[self._at : end])
        except ParseError:
            return None
        self._at = end
        return found

    def finish(self) -> None:
        """Nothing but white space may follow."""
        if self.peek():
            raise ParseError("not JSON: text behind the end of the document")

    def _many(self) -> list[Any]:
        """As many elements as orjson can read at once; empty when they must be taken one by one.

        The place between two objects is guessed. The guess is right if what lies before it is JSON: then the list could
        not be cut in any other way.
        """
        if self._slow:
            self._slow -= 1
            return []
        self._fill(_WINDOW)
        end = self._at + _WINDOW
        while (end := self._data.rfind(b"},{", self._at, end)) >= 0:
            part = b"[" + self._data[self._at : end + 1] + b"]"
            if _has_long_number(part):
                break
            try:
                values: list[Any] = orjson.loads(part)
            except orjson.JSONDecodeError:
                end = (self._at + end) // 2
                continue
            self._at = end + 1
            return values
        self._slow = _SLOW_STEPS
        return []

    def _comma(self, closing: bytes) -> None:
        if self.peek() != closing:
            self._take(b",")
            if self.peek() == closing:
                raise ParseError(f"not JSON: a comma before {closing.decode()}")

    def _take(self, expected: bytes) -> None:
        found = self.peek()
        if found != expected:
            raise ParseError(f"not JSON: expected {expected.decode()}, found {found.decode('latin-1')!r}")
        self._at += 1

    def _has_more_than(self, count: int) -> bool:
        return len(self._data) - self._at > count or self._more(1)

    def _fill(self, count: int) -> None:
        """Have `count` bytes ready if there are so many."""
        missing = count - (len(self._data) - self._at)
        if missing > 0:
            self._more(missing)

    def _more(self, count: int) -> bool:
        """Read on by at least `count` bytes if there are any; drops what was taken."""
        parts = [self._data[self._at :]]
        self._at = 0
        grown = 0
        for piece in self._pieces:
            parts.append(piece)
            grown += len(piece)
            if grown >= count:
                break
        self._data = b"".join(parts)
        return grown > 0


def _utf8(data: bytes) -> str:
    """The text of `data`, whose last character may be incomplete."""
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError as error:
        raise ParseError(f"not UTF-8: {error.reason}") from None
