"""The claims of a file, against what pyarrow knows of the same file."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pytest
from pyarrow.parquet import ParquetFile

from alertmill.sources.aws import parquet_layout
from alertmill.sources.aws.faults import UnpackError
from alertmill.sources.aws.parquet_layout import Column, checked_columns
from unit.sources.aws.parquet_files import parquet_file

COLUMNS: dict[str, Any] = {
    "n": list(range(3000)),
    "s": [str(number) for number in range(3000)],
    "l": [["a"]] * 3000,
    "m": pa.array([[("k", 1)]] * 3000, pa.map_(pa.string(), pa.int64())),
    "o": [{"a": 1, "p": {"b": b"x"}}] * 3000,
    "q": [[{"r": "x"}]] * 3000,
}


def columns(data: bytes) -> list[Column]:
    return checked_columns(io.BytesIO(data), lambda: None)


def test_columns_by_their_paths() -> None:
    assert columns(parquet_file(COLUMNS)) == [
        Column("n", text=False, listed=False),
        Column("s", text=True, listed=False),
        Column("l.list.element", text=True, listed=True),
        Column("m.key_value.key", text=True, listed=True),
        Column("m.key_value.value", text=False, listed=True),
        Column("o.a", text=False, listed=False),
        Column("o.p.b", text=True, listed=False),
        Column("q.list.element.r", text=True, listed=True),
    ]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"row_group_size": 700, "data_page_size": 500},
        {"use_dictionary": False, "compression": "gzip"},
        {"data_page_version": "2.0", "compression": "zstd", "write_page_index": True},
        {"write_statistics": False, "store_schema": False},
        {"write_page_checksum": True, "column_encoding": {"n": "DELTA_BINARY_PACKED"}, "use_dictionary": ["s"]},
    ],
)
def test_every_page_is_seen(options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages of the largest row group together are what the footer says, but for their headers."""
    data = parquet_file(COLUMNS, **options)
    metadata = ParquetFile(io.BytesIO(data)).metadata
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    largest = max(sum(group.column(at).total_uncompressed_size for at in range(8)) for group in groups)
    pages = []
    checked_columns(io.BytesIO(data), lambda: pages.append(1))
    assert len(pages) >= 8 * len(groups)
    monkeypatch.setattr(parquet_layout, "MAX_GROUP", largest)
    columns(data)
    monkeypatch.setattr(parquet_layout, "MAX_GROUP", largest // 2)
    with pytest.raises(UnpackError, match="larger than"):
        columns(data)


def test_a_long_page_header_is_read_whole() -> None:
    """Statistics hold the least and greatest value in full."""
    data = parquet_file({"s": ["x" * 3000, "y" * 3000]}, use_dictionary=False)
    assert columns(data) == [Column("s", text=True, listed=False)]


def test_a_footer_that_does_not_tell_the_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page headers count, because they are what a reader obeys."""
    data = parquet_file({"n": list(range(100_000))}, use_dictionary=False, compression="gzip", write_statistics=False)
    told = ParquetFile(io.BytesIO(data)).metadata.row_group(0).column(0).total_uncompressed_size
    assert told > 200_000
    assert data.count(varint(told)) == 2  # of the column, and of the row group
    lying = data.replace(varint(told), varint(70_000))
    assert ParquetFile(io.BytesIO(lying)).metadata.row_group(0).column(0).total_uncompressed_size == 70_000
    monkeypatch.setattr(parquet_layout, "MAX_GROUP", 200_000)
    with pytest.raises(UnpackError, match="row group 0 of the Parquet file is larger than"):
        columns(lying)


def varint(value: int) -> bytes:
    """How Thrift writes a number."""
    value <<= 1
    parts = []
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])
