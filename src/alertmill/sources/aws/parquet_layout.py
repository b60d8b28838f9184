"""What a Parquet file claims to need, by its footer and the header of every page; nothing is decompressed for that.

A reader allots memory by these numbers, so a file is refused by them before it is read: a few bytes may stand for
gigabytes. The footer repeats the page headers in sums, but need not tell the truth; the headers are what is obeyed.
pyarrow's own view of a footer is not used, because some that are damaged end the process there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any

from alertmill.sources.aws.faults import UnpackError
from alertmill.sources.aws.thrift import ThriftReader

_MIB = 1024 * 1024
#: Largest footer, and header of one page, in bytes.
MAX_FOOTER = 4 * _MIB
MAX_HEADER = 256 * 1024
#: Most columns, those inside of others counted one by one.
MAX_COLUMNS = 2000
#: Largest row group, in bytes without compression.
MAX_GROUP = 512 * _MIB
#: Most elements of all the lists in a row group: they may all be in one row.
MAX_ELEMENTS = 16 * 1024 * 1024

#: Bytes of a page header that are read at first; it is longer only with long statistics.
_FIRST_READ = 256
#: Deepest group of columns.
_MAX_DEPTH = 64
_END = 8  # bytes: the footer's length and `PAR1`

# Ids of fields, and numbers of kinds, in Parquet's definition.
_SCHEMA, _ROW_GROUPS = 2, 4
_NODE_TYPE, _NODE_REPETITION, _NODE_NAME, _NODE_CHILDREN = 1, 3, 4, 5
_BYTE_ARRAY = 6
_REPEATED = 2
_GROUP_COLUMNS, _GROUP_ROWS = 1, 3
_CHUNK_METADATA = 3
_CHUNK_VALUES, _CHUNK_SIZE, _CHUNK_DATA, _CHUNK_DICTIONARY = 5, 7, 9, 11
_PAGE_TYPE, _PAGE_SIZE, _PAGE_COMPRESSED = 1, 2, 3
_DICTIONARY_PAGE = 2
#: The field with the header proper by the page's type: data, dictionary, data of version 2; its first field counts.
_PAGE_HEADERS = {0: 5, _DICTIONARY_PAGE: 7, 3: 8}
_COUNT = 1


@dataclass(frozen=True, slots=True)
class Column:
    """A column without children. `text`: its values are text or bytes. `listed`: one row may have many of them."""

    path: str
    text: bool
    listed: bool


def checked_columns(file: IO[bytes], passed: Callable[[], None]) -> list[Column]:
    """The columns of a file that can be read in bounded memory. `passed` is called for every page.

    Raises UnpackError for a file that cannot, or whose footer or page headers make no sense.
    """
    try:
        size = file.seek(0, 2)
        footer = _footer(file, size)
        columns = list(_columns(footer[_SCHEMA]))
        if len(columns) > MAX_COLUMNS:
            raise UnpackError(f"the Parquet file has more than {MAX_COLUMNS} columns")
        for number, group in enumerate(footer[_ROW_GROUPS]):
            chunks = [chunk[_CHUNK_METADATA] for chunk in group[_GROUP_COLUMNS]]
            size -= sum(_number(chunk, _CHUNK_SIZE) for chunk in chunks)
            if size < 0:
                raise UnpackError("the Parquet file is shorter than its columns")
            _check_group(file, number, chunks, passed)
            rows = _number(group, _GROUP_ROWS)
            pairs = zip(chunks, columns, strict=True)
            if sum(_number(chunk, _CHUNK_VALUES) - rows for chunk, column in pairs if column.listed) > MAX_ELEMENTS:
                raise UnpackError(f"row group {number} of the Parquet file has more than {MAX_ELEMENTS} list elements")
    except (LookupError, TypeError, ValueError):
        raise UnpackError("the Parquet file's footer or one of its page headers makes no sense") from None
    return columns


def _footer(file: IO[bytes], size: int) -> dict[int, Any]:
    file.seek(max(size - _END, 0))
    length = int.from_bytes(file.read(4), "little")
    if length > MAX_FOOTER:
        raise UnpackError(f"the Parquet file has a footer of more than {MAX_FOOTER // _MIB} MiB")
    file.seek(max(size - _END - length, 0))
    return ThriftReader(file.read(length)).struct()


def _columns(nodes: list[dict[int, Any]]) -> Iterator[Column]:
    """The columns of a schema, which is a tree told in depth-first order."""
    root, *rest = nodes
    above: list[tuple[str, bool]] = []  # path with its final dot, and whether listed, of each group around
    left = [_number(root, _NODE_CHILDREN)]  # children still to come, of the root and of each of them
    for node in map(_fields, rest):
        while not left[-1]:
            left.pop()
            above.pop()
        left[-1] -= 1
        path, listed = above[-1] if above else ("", False)
        path += str(node[_NODE_NAME], "utf-8")
        listed = listed or node.get(_NODE_REPETITION) == _REPEATED
        if _NODE_TYPE in node:
            yield Column(path, node[_NODE_TYPE] == _BYTE_ARRAY, listed)
        elif len(left) > _MAX_DEPTH:
            raise ValueError("nested too deeply")
        else:
            left.append(_number(node, _NODE_CHILDREN))
            above.append((f"{path}.", listed))


def _check_group(file: IO[bytes], number: int, chunks: list[dict[int, Any]], passed: Callable[[], None]) -> None:
    size = 0
    for chunk in chunks:
        for page in _pages(file, chunk):
            passed()
            size += page
            if size > MAX_GROUP:
                raise UnpackError(f"row group {number} of the Parquet file is larger than {MAX_GROUP // _MIB} MiB")


def _pages(file: IO[bytes], chunk: dict[int, Any]) -> Iterator[int]:
    """The size without compression, in bytes, of each page of a column of a row group."""
    at = _number(chunk, _CHUNK_DATA)
    dictionary = chunk.get(_CHUNK_DICTIONARY, 0)
    if 0 < dictionary < at:
        at = dictionary
    end = at + _number(chunk, _CHUNK_SIZE)
    values = _number(chunk, _CHUNK_VALUES)
    while values > 0:
        header, length = _page_header(file, at, end)
        kind, size = _number(header, _PAGE_TYPE), _number(header, _PAGE_SIZE)
        count = _number(header[_PAGE_HEADERS[kind]], _COUNT) if kind in _PAGE_HEADERS else 0
        if kind != _DICTIONARY_PAGE:
            values -= count
        elif count > size:  # every entry takes a byte at least
            raise ValueError("too many entries")
        yield size
        at += length + _number(header, _PAGE_COMPRESSED)
    if values < 0:
        raise ValueError("more values than the footer says")


def _page_header(file: IO[bytes], at: int, end: int) -> tuple[dict[int, Any], int]:
    """The page header at a place, and its length in bytes. Raises IndexError where it has no end."""
    for limit in (_FIRST_READ, MAX_HEADER):
        file.seek(at)
        reader = ThriftReader(file.read(max(min(limit, end - at), 0)))
        with suppress(IndexError):  # cut off: longer ones exist
            return reader.struct(), reader.at
    raise IndexError


def _number(fields: dict[int, Any], name: int) -> int:
    """A number that must be there and cannot be negative."""
    value = _fields(fields)[name]
    if type(value) is not int or value < 0:
        raise ValueError(f"field {name}: {value!r}")
    return value


def _fields(value: Any) -> dict[int, Any]:
    if type(value) is not dict:
        raise TypeError(f"{value!r} is no struct")
    return value
