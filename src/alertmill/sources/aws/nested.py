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


def nested_text(text: bytes, path: tuple[str, ...]) -> FieldText:
    """The field at `path` (names in lower case) inside an object; None where there is none."""
    value = _read(text) if len(text) <= _LONGEST_OBJECT else _parsed(text)
    for name in path:
        if value.__class__ is not dict:
            break
        shape = _shape(value)
        if shape is None:
            return UNKNOWN
        written = shape.by_name.get(name)
        value = None if written is None else value[written]
    else:
        return _text_of(value)
    # Nothing lies inside of a text or a number; an array of one object becomes that object.
    return UNKNOWN if value is UNKNOWN or value.__class__ is list else None


def _parsed(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:  # what only other readers accept
        return UNKNOWN


_read = lru_cache(maxsize=_MOST_OBJECTS)(_parsed)


def _text_of(value: Any) -> FieldText:
    kind = value.__class__
    if kind is str:
        return value if value.isascii() and "\0" not in value else UNKNOWN
    if kind is bool:
        return "true" if value else "false"
    if kind is dict or value is None:
        return None
    return str(value) if kind is int and _LEAST_INT <= value <= _GREATEST_INT else UNKNOWN
