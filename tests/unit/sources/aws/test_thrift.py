from __future__ import annotations

from typing import Any

import pytest

from alertmill.sources.aws.thrift import ThriftReader


def varint(value: int) -> bytes:
    parts = []
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def zigzag(value: int) -> bytes:
    return varint(value << 1 ^ value >> 63)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\0", {}),
        (b"\x15" + zigzag(5) + b"\0", {1: 5}),
        (b"\x15" + zigzag(-5) + b"\0", {1: -5}),
        (b"\x16" + zigzag(2**62) + b"\x24" + zigzag(7) + b"\0", {1: 2**62, 3: 7}),
        (b"\x05" + zigzag(300) + zigzag(1) + b"\0", {300: 1}),
        (b"\x11\x12\0", {1: True, 2: False}),
        (b"\x13\x2a\0", {1: 42}),
        (b"\x17" + bytes(8) + b"\x15" + zigzag(1) + b"\0", {1: None, 2: 1}),
        (b"\x18\x03abc\0", {1: b"abc"}),
        (b"\x1c\x15\x02\0\x15\x04\0", {1: {1: 1}, 2: 2}),
        (b"\x19\x35\x02\x04\x06\0", {1: [1, 2, 3]}),
        (b"\x19\x21\x01\x00\0", {1: [1, 0]}),
        (b"\x1a\xf5" + varint(20) + b"\x02" * 20 + b"\0", {1: [1] * 20}),
        (b"\x19\x2c\x15\x02\0\0\0", {1: [{1: 1}, {}]}),
        (b"\x1b\x00\x15\x02\0", {1: None, 2: 1}),
        (b"\x1b\x02\x85\x01a\x02\x01b\x04\x15\x02\0", {1: None, 2: 1}),
    ],
)
def test_structs(data: bytes, expected: dict[int, Any]) -> None:
    reader = ThriftReader(data + b"behind")
    assert reader.struct() == expected
    assert reader.at == len(data)


@pytest.mark.parametrize("data", [b"", b"\x15", b"\x15\x80", b"\x18\x05abc", b"\x1c", b"\x19\x35\x02", b"\x17\0\0"])
def test_data_that_ends_too_early(data: bytes) -> None:
    with pytest.raises(IndexError):
        ThriftReader(data).struct()


@pytest.mark.parametrize(
    "data",
    [
        b"\x1f\0",  # no such type
        b"\x10\0",
        b"\x15" + b"\xff" * 11 + b"\0",  # a number without an end
        b"\x1c" * 100 + b"\0" * 101,  # too deep
        b"\x19" + b"\x19" * 100 + b"\0" * 100,
        b"\x19\xf5" + varint(2**40) + b"\0" * 1_000_001,  # too many
    ],
)
def test_data_that_makes_no_sense(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        ThriftReader(data).struct()
