"""Arrow arrays -> lists of JSON values, and how much text they make (aws-wodle.md 12.2).

Maps become lists of pairs; times, dates and decimals become text; bytes become text if they are UTF-8, else
hexadecimal digits; nulls stay. Needs pyarrow, so it is imported only where a Parquet file is read. Columns of text come
as dictionaries: a long text that is repeated takes its place once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import islice, pairwise
from typing import Any

import pyarrow as pa
from pyarrow import compute, types

from alertmill.sources.aws.faults import UnpackError

#: Longest value of a type with a fixed length: bytes, or elements of a list.
_MAX_WIDTH = 4096
#: Characters that a number takes, and a value besides its text, in the estimate of `weight`.
_NUMBER, _FRAME = 8, 4

_UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_EPOCH = datetime(1970, 1, 1)
_DAY = 86_400

Convert = Callable[[Any], Any]


def check_type(kind: Any) -> None:
    """Refuse a type whose values may be of any size without taking place in the file. Raises UnpackError."""
    if types.is_fixed_size_binary(kind) and kind.byte_width > _MAX_WIDTH:
        raise UnpackError(f"the Parquet file has values of {kind.byte_width} bytes each")
    if types.is_fixed_size_list(kind) and kind.list_size > _MAX_WIDTH:
        raise UnpackError(f"the Parquet file has lists of {kind.list_size} elements each")
    if isinstance(kind, pa.BaseExtensionType) and not types.is_fixed_size_binary(kind.storage_type):
        raise UnpackError(f"the Parquet file has values of the unknown type {kind.extension_name}")
    if types.is_string(kind) or types.is_binary(kind):
        raise UnpackError("the Parquet file has two columns of the same name")  # only one was made a dictionary
    for at in range(kind.num_fields):
        check_type(kind.field(at).type)


def has_floats(kind: Any) -> bool:
    """Whether values of the type may be NaN or infinite."""
    return bool(types.is_floating(kind)) or any(has_floats(kind.field(at).type) for at in range(kind.num_fields))


def weight(array: Any) -> int:
    """About how many characters the values make in JSON."""
    kind = array.type
    if types.is_dictionary(kind):
        lengths = compute.binary_length(array.dictionary).take(array.indices)
        return (compute.sum(lengths).as_py() or 0) + _FRAME * len(array)
    if types.is_struct(kind):
        names = sum(len(field.name) + _FRAME for field in kind)
        return names * len(array) + sum(map(weight, array.flatten()))
    if types.is_map(kind):
        keys, items, _ = _map_parts(array)
        return weight(keys) + weight(items) + _FRAME * (len(array) + len(keys))
    if types.is_nested(kind):
        return weight(array.flatten()) + _FRAME * len(array)
    return _NUMBER * len(array)


def values(array: Any) -> list[Any]:
    """The values of an array, in order."""
    kind = array.type
    if types.is_dictionary(kind):
        return _dictionary_values(array)
    if types.is_struct(kind):
        names = [field.name for field in kind]
        members = zip(*map(values, array.flatten()), strict=True) if names else ((),) * len(array)
        return _with_nulls(array, [dict(zip(names, row, strict=True)) for row in members])
    if types.is_map(kind):
        keys, items, offsets = _map_parts(array)
        pairs = [list(pair) for pair in zip(values(keys), values(items), strict=True)]
        return _with_nulls(array, [pairs[begin:end] for begin, end in pairwise(offsets)])
    if types.is_nested(kind):
        elements = iter(values(array.flatten()))
        lengths = array.value_lengths().to_pylist()
        return [None if length is None else list(islice(elements, length)) for length in lengths]
    return _plain_values(array)


def _with_nulls(array: Any, found: list[Any]) -> list[Any]:
    if not array.null_count:
        return found
    return [value if valid else None for value, valid in zip(found, array.is_valid().to_pylist(), strict=True)]


def _dictionary_values(array: Any) -> list[Any]:
    if len(array.dictionary) > len(array):
        return _plain_values(array.dictionary.take(array.indices))
    words = _plain_values(array.dictionary)
    return [None if index is None else words[index] for index in array.indices.to_pylist()]


def _map_parts(array: Any) -> tuple[Any, Any, list[int]]:
    """Keys and items of the maps of an array one after the other, and where the pairs of each begin and end."""
    offsets: list[int] = array.offsets.to_pylist()
    begin, size = offsets[0], offsets[-1] - offsets[0]
    return array.keys.slice(begin, size), array.items.slice(begin, size), [offset - begin for offset in offsets]


def _plain_values(array: Any) -> list[Any]:
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    kind = array.type
    converter = _converter(kind)
    if converter is None:
        return array.to_pylist()  # type: ignore[no-any-return]
    cast, convert = converter
    if cast is not None:
        array = array.cast(cast)
    return [None if value is None else convert(value) for value in array.to_pylist()]


def _converter(kind: Any) -> tuple[Any, Convert] | None:
    """What makes JSON of values of a type: the type to cast to first, if any, and a function; None if they are JSON."""
    if types.is_timestamp(kind):
        return pa.int64(), _timestamps(_UNITS[kind.unit], "+00:00" if kind.tz else "")
    if types.is_date32(kind):
        return pa.int32(), _date
    if types.is_date64(kind):
        return pa.int64(), lambda value: _date(value // (_DAY * 1000))
    if types.is_time(kind):
        return pa.int32() if kind.bit_width == 32 else pa.int64(), _times(_UNITS[kind.unit])
    if types.is_duration(kind):
        return pa.int64(), int
    if types.is_float16(kind):
        return pa.float32(), float
    if types.is_binary(kind) or types.is_fixed_size_binary(kind):
        return None, _bytes
    is_json = types.is_primitive(kind) or types.is_string(kind) or types.is_null(kind)
    return None if is_json else (None, str)


def _bytes(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.hex()


def _date(days: int) -> str | int:
    try:
        return date.fromordinal(_EPOCH.toordinal() + days).isoformat()
    except (ValueError, OverflowError):  # a year that nobody can write
        return days


def _timestamps(per_second: int, zone: str) -> Convert:
    def text(value: int) -> str | int:
        seconds, part = divmod(value, per_second)
        try:
            return f"{_EPOCH + timedelta(seconds=seconds)}{_fraction(part, per_second)}{zone}"
        except OverflowError:
            return value

    return text


def _times(per_second: int) -> Convert:
    def text(value: int) -> str | int:
        seconds, part = divmod(value, per_second)
        if not 0 <= seconds < _DAY:
            return value
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{_fraction(part, per_second)}"

    return text


def _fraction(part: int, per_second: int) -> str:
    """`.123000`, with nine digits where six do not suffice, nothing for zero."""
    nanoseconds = part * (10**9 // per_second)
    if not nanoseconds:
        return ""
    return f".{nanoseconds:09}" if nanoseconds % 1000 else f".{nanoseconds // 1000:06}"
