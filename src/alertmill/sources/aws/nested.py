"""Fields inside the objects of a record, found by reading the one member that they lie in.

The answers are those of the record's document (`decoders.document`), of which a member is a part: names in any case,
nulls left out. What another look decides (arrays, names with dots or that differ in case only, text beyond ASCII, large
numbers) is left to that.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import orjson

from alertmill.decoders.shapes import JsonStyle
from alertmill.sheet import UNKNOWN, FieldText

#: Objects that are remembered as they were read, and bytes of one that is.
_MOST_OBJECTS, _LONGEST_OBJECT = 512, 1024
_LEAST_INT, _GREATEST_INT = -(2**31), 2**31 - 1

_shape = JsonStyle().shape


class _Inside(dict[tuple[str, ...], FieldText]):
    """The fields inside an object by their paths, names in lower case; found when they are first asked for."""

    def __init__(self, text: bytes) -> None:
        try:
            self._value = orjson.loads(text)
        except orjson.JSONDecodeError:  # what only other readers accept
            self._value = UNKNOWN

    def __missing__(self, path: tuple[str, ...]) -> FieldText:
        found = self[path] = _found(self._value, path)
        return found


_remembered = lru_cache(maxsize=_MOST_OBJECTS)(_Inside)
#: The last object that was too long to be remembered: it is asked for several fields in a row.
_last: list[tuple[bytes, _Inside]] = [(b"{}", _Inside(b"{}"))]


def nested_text(text: bytes, path: tuple[str, ...]) -> FieldText:
    """The field at `path` (names in lower case) inside an object; None where there is none."""
    return (_remembered(text) if len(text) <= _LONGEST_OBJECT else _large(text))[path]


def _large(text: bytes) -> _Inside:
    known, inside = _last[0]
    if known != text:
        inside = _Inside(text)
        _last[0] = text, inside
    return inside


def _found(value: Any, path: tuple[str, ...]) -> FieldText:
    for name in path:
        if value.__class__ is not dict:
            # Nothing lies inside of a text or a number; an array of one object becomes that object.
            return UNKNOWN if value is UNKNOWN or value.__class__ is list else None
        shape = _shape(value)
        if shape is None:
            return UNKNOWN
        written = shape.by_name.get(name)
        value = None if written is None else value[written]
    return _text_of(value)


def _text_of(value: Any) -> FieldText:
    kind = value.__class__
    if kind is str:
        return value if value.isascii() and "\0" not in value else UNKNOWN
    if kind is bool:
        return "true" if value else "false"
    if kind is dict or value is None:
        return None
    return str(value) if kind is int and _LEAST_INT <= value <= _GREATEST_INT else UNKNOWN
