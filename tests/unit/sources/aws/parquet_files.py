"""Parquet files for tests."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
from pyarrow import parquet


def parquet_file(columns: Any, **options: Any) -> bytes:
    """A file with these columns (name -> values or Arrow array), or of a table; options are those of pyarrow."""
    file = io.BytesIO()
    parquet.write_table(columns if isinstance(columns, pa.Table) else pa.table(columns), file, **options)
    return file.getvalue()


def repeated(text: str, count: int) -> pa.Array:
    """The same text many times, which takes next to no place in a file."""
    return pa.DictionaryArray.from_arrays(pa.array([0] * count, pa.int32()), pa.array([text]))
