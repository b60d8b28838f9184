"""Thrift's compact protocol, as far as Parquet's footers and page headers use it: bytes -> plain values.

It knows no definition: a struct is a dict by field id. What it is given is hostile, so depth and number of values are
limited.
"""

from __future__ import annotations

from typing import Any

#: Deepest value, and most values in all.
_MAX_DEPTH = 32
_MAX_VALUES = 1_000_000

_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)


class ThriftReader:
    """Reads structs from `data`, the first at its beginning. `at` is how far it got.

    Raises IndexError where the data ends too early, and ValueError for data that makes no sense.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._left = _MAX_VALUES
        self.at = 0

    def struct(self, depth: int = 0) -> dict[int, Any]:
        """Field id -> int, bool, bytes, list or dict; numbers with a fraction and maps are None."""
        fields: dict[int, Any] = {}
        name = 0
        while head := self._byte():
            name = name + (head >> 4) if head >> 4 else self._signed()
            fields[name] = self._value(head & 15, depth)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        self._left -= 1
        if self._left < 0 or depth > _MAX_DEPTH:
            raise ValueError("too many values")
        if kind in (_I16, _I32, _I64):
            return self._signed()
        if kind == _BINARY:
            return self._bytes(self._unsigned())
        if kind == _STRUCT:
            return self.struct(depth + 1)
        if kind in (_LIST, _SET):
            return self._list(depth + 1)
        if kind in (_TRUE, _FALSE):
            return kind == _TRUE
        if kind == _BYTE:
            return self._byte()
        if kind == _DOUBLE:
            self._bytes(8)
        elif kind == _MAP:
            self._pass_map(depth + 1)
        else:
            raise ValueError(f"type {kind}")
        return None

    def _list(self, depth: int) -> list[Any]:
        head = self._byte()
        count = head >> 4 if head >> 4 < 15 else self._unsigned()
        kind = _in_container(head & 15)
        return [self._value(kind, depth) for _ in range(count)]

    def _pass_map(self, depth: int) -> None:
        count = self._unsigned()
        kinds = self._byte() if count else 0
        for _ in range(count):
            self._value(_in_container(kinds >> 4), depth)
            self._value(_in_container(kinds & 15), depth)

    def _byte(self) -> int:
        byte = self._data[self.at]
        self.at += 1
        return byte

    def _bytes(self, count: int) -> bytes:
        begin = self.at
        self.at += count
        if self.at > len(self._data):
            raise IndexError
        return self._data[begin : self.at]

    def _unsigned(self) -> int:
        value = shift = 0
        while (byte := self._byte()) & 0x80:
            value |= (byte & 0x7F) << shift
            shift += 7
            if shift > 63:
                raise ValueError("a number without an end")
        return value | byte << shift

    def _signed(self) -> int:
        value = self._unsigned()
        return value >> 1 ^ -(value & 1)


def _in_container(kind: int) -> int:
    """The type of an element: a truth value there takes a byte, while in a struct the field's head says it."""
    return _BYTE if kind in (_TRUE, _FALSE) else kind
