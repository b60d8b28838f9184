from __future__ import annotations

import csv
import gzip
import io
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertmill.sources.aws import unpack as module
from alertmill.sources.aws.faults import ParseError, UnpackError
from alertmill.sources.aws.unpack import PIECE, check_text, columns, lines, unpack

TEXT = b"".join(b"line %d of some text\n" % n for n in range(40_000))


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED, streamed: bool = False) -> bytes:
    class Unseekable(io.BytesIO):
        def seekable(self) -> bool:
            return not streamed

        def seek(self, *_: int) -> int:
            if streamed:
                raise io.UnsupportedOperation
            return super().seek(*_)

        def tell(self) -> int:
            if streamed:
                raise io.UnsupportedOperation
            return super().tell()

    target = Unseekable()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return target.getvalue()


GOOD = {
    "plain": (TEXT, "a.log"),
    "empty": (b"", "a.log"),
    "empty although it is called gz": (b"", "a.log.gz"),
    "gzip": (gzip.compress(TEXT), "a.log.gz"),
    "gzip without its ending": (gzip.compress(TEXT), "a.log"),
    "gzip members": (gzip.compress(TEXT[:1000]) + gzip.compress(b"") + gzip.compress(TEXT[1000:]), "a.gz"),
    "gzip with zeros behind it": (gzip.compress(TEXT) + bytes(1000), "a.gz"),
    "zip": (zipped(("x", TEXT)), "a.zip"),
    "zip of several": (zipped(("x", TEXT), ("y", b"other")), "a.zip"),
    "zip with a folder first": (zipped(("folder/", b""), ("folder/x", TEXT)), "a.zip"),
    "zip stored": (zipped(("x", TEXT), method=zipfile.ZIP_STORED), "a.zip"),
    "zip with sizes behind the data": (zipped(("x", TEXT), streamed=True), "a.zip"),
    "zip called gz": (zipped(("x", TEXT)), "a.gz"),
    "two bytes": (b"ab", "a"),
}


@pytest.mark.parametrize("step", [1, 7, 4096, 10_000_000])
@pytest.mark.parametrize("name", GOOD)
def test_content_does_not_depend_on_how_the_bytes_arrive(name: str, step: int) -> None:
    data, key = GOOD[name]
    if step == 1 and len(data) > 100_000:
        step = 997
    pieces = list(unpack(cut(data, step), key))
    expected = b"" if name.startswith("empty") else b"ab" if name == "two bytes" else TEXT
    assert b"".join(pieces) == expected
    assert max(map(len, pieces), default=0) <= PIECE


ONE = gzip.compress(TEXT[:5000])
FLIPPED_SUM = ONE[:-6] + bytes([ONE[-6] ^ 1]) + ONE[-5:]
ZIP = zipped(("x", TEXT))
BAD = {
    "truncated": (ONE[:-20], "a.gz", "before its time"),
    "truncated in its last member": (ONE + ONE[:-3], "a.gz", "before its time"),
    "truncated header": (ONE[:6], "a.gz", "before its time"),
    "wrong check sum": (FLIPPED_SUM, "a.gz", "Invalid gzip"),
    "wrong check sum in front": (FLIPPED_SUM + ONE, "a.gz", "Invalid gzip"),
    "damaged inside": (ONE[:200] + b"\xff\xff\xff\xff" + ONE[204:], "a.gz", "Invalid gzip"),
    "text behind the last member": (ONE + b"this is no gzip member at all", "a.gz", "Invalid gzip"),
    "text called gz": (b"2 123456789012 eni-0a", "a.gz", "Invalid gzip file received"),
    "text called zip": (b"2 123456789012 eni-0a", "a.zip", "Invalid zip file received"),
    "snappy by name": (b"xx", "a.snappy", "snappy compression is not supported"),
    "snappy by content": (b"\xff\x06\x00\x00sNaPpYxxx", "a", "snappy"),
    "parquet": (b"PAR1" + bytes(50), "a.log.parquet", "Parquet"),
    "zip truncated": (ZIP[:500], "a.zip", "before its time"),
    "zip without its directory": (ZIP[:-60], "a.zip", "before its time"),
    "zip without members": (zipped(), "a.zip", "no file|before its time"),
    "zip encrypted": (ZIP[:6] + b"\x01" + ZIP[7:], "a.zip", "encrypted"),
    "zip with bzip2": (zipped(("x", TEXT), method=zipfile.ZIP_BZIP2), "a.zip", "method 12"),
    "zip wrong check sum": (ZIP[:14] + b"\0\0\0\0" + ZIP[18:], "a.zip", "wrong check sum"),
}


@pytest.mark.parametrize("step", [5, 10_000_000])
@pytest.mark.parametrize("name", BAD)
def test_damaged_data_is_refused(name: str, step: int) -> None:
    data, key, message = BAD[name]
    with pytest.raises(UnpackError, match=message):
        list(unpack(cut(data, step), key))


def test_a_bomb_comes_in_bounded_pieces() -> None:
    bomb = gzip.compress(bytes(50_000_000), 9)
    pieces = unpack([bomb], "a.gz")
    assert all(len(next(pieces)) <= PIECE for _ in range(20))


def test_many_tiny_members_are_no_burden() -> None:
    one = gzip.compress(b"x")
    assert sum(map(len, unpack([one * 30_000], "a.gz"))) == 30_000


@given(st.binary(max_size=300), st.integers(1, 50))
def test_any_bytes_give_text_or_our_error(data: bytes, step: int) -> None:
    for head in (b"", b"\x1f\x8b\x08", b"PK\x03\x04"):
        try:
            unpacked = b"".join(unpack(cut(head + data, step), "a"))
        except UnpackError:
            continue
        if not head:
            assert unpacked == data or data.startswith((b"\x1f\x8b", b"PK"))


LINES = [
    (b"a\nb\n", ["a", "b"]),
    (b"a\nb", ["a", "b"]),
    (b"a\r\nb\rc\n", ["a", "b", "c"]),
    (b"a\n\nb", ["a", "", "b"]),
    (b"a\r\r\nb", ["a", "", "b"]),
    (b"\n", [""]),
    (b"", []),
    (b"\r", [""]),
    ("a\u2028b\u0085c\x0cd\x0be\nf".encode(), ["a\u2028b\u0085c\x0cd\x0be", "f"]),
    ("\ufeffa\n".encode(), ["\ufeffa"]),
]


@pytest.mark.parametrize("step", [1, 2, 3, 100])
@pytest.mark.parametrize(("data", "expected"), LINES)
def test_line_ends(data: bytes, expected: list[str], step: int) -> None:
    assert list(lines(cut(data, step))) == expected


@given(st.text(alphabet="ab\r\n\u2028é", max_size=60), st.integers(1, 9))
def test_lines_are_those_of_universal_newlines(text: str, step: int) -> None:
    expected = [line.rstrip("\n") for line in io.StringIO(text, newline=None)]
    assert list(lines(cut(text.encode(), step))) == expected


def test_a_line_that_is_too_long_costs_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_LINE", 10)
    data = b"first\n" + b"x" * 35 + b"\nsecond\n" + b"y" * 11 + b"\r\nthird"
    for step in (1, 4, 13, 100):
        assert list(lines(cut(data, step))) == ["first", None, "second", None, "third"]


@pytest.mark.parametrize("data", [b"abc\xff\n", b"abc\xc3", b"\xed\xa0\x80", b"ok\n\x80"])
def test_text_must_be_utf_8(data: bytes) -> None:
    for step in (1, 100):
        with pytest.raises(ParseError, match="not UTF-8"):
            list(lines(cut(data, step)))
        with pytest.raises(ParseError, match="not UTF-8"):
            check_text(cut(data, step))


COLUMNS = [
    ("a b", ["a", "b"]),
    ("a  b ", ["a", "", "b", ""]),
    (" ", ["", ""]),
    ('"a b" c', ["a b", "c"]),
    ('"a ""b"" c" d', ['a "b" c', "d"]),
    ('"a"x"y" b', ['ax"y"', "b"]),
    ('a"b c"d', ['a"b', 'c"d']),
    ('"back\\" slash', ["back\\", "slash"]),
    ('a "never closed b', ["a", "never closed b"]),
    ('a "', ["a", ""]),
    ('"" ""', ["", ""]),
]


@pytest.mark.parametrize(("line", "expected"), COLUMNS)
def test_columns(line: str, expected: list[str]) -> None:
    assert columns(line) == expected


@given(st.text(alphabet='ab" ', min_size=1, max_size=20))
def test_columns_are_those_of_the_csv_module(line: str) -> None:
    assert columns(line) == next(csv.reader([line], delimiter=" "))


def test_another_separator() -> None:
    assert columns('"a,b",c,"d"', ",") == ["a,b", "c", "d"]


def test_a_column_may_not_be_endless() -> None:
    with pytest.raises(ValueError, match="longer than"):
        columns("a " + "x" * 131_073)
    assert len(columns("a " + "x" * 131_072)) == 2


def test_gzip_is_what_zlib_says() -> None:
    """The fast decompressor agrees with the usual one on everything between the levels."""
    for level in (0, 1, 6, 9):
        packed = zlib.compressobj(level, wbits=31)
        data = packed.compress(TEXT) + packed.flush()
        assert b"".join(unpack([data], "x.gz")) == TEXT
