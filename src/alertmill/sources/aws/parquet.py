"""Parquet files -> rows as dicts of JSON values.

Needs pyarrow, which is an extra (`alertmill[parquet]`); without it such an object fails with a message that says so.
A file is refused if it claims more memory than a log should need, then decoded to its end to see that it can be, and
only then handed out, a bounded number of rows at a time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType
from typing import IO, Any

from alertmill.sources.aws.faults import UnpackError
from alertmill.sources.aws.formats import SpecialRecord
from alertmill.sources.aws.parquet_layout import checked_columns
from alertmill.sources.aws.store import Body

_MAGIC = b"PAR1"
#: Rows that are decoded together, and bytes of each column that are read at once.
_ROWS = 1000
_BUFFER = 64 * 1024
#: Bytes of decoded batches that are held instead of being decoded twice.
_HELD = 16 * 1024 * 1024
#: Characters of rows that are converted together; a row that alone makes more is refused.
MAX_ROW = 4 * 1024 * 1024


def is_parquet(body: Body) -> bool:
    """Whether the object is a Parquet file, by its first bytes."""
    return body.head(len(_MAGIC)) == _MAGIC


def rows(body: Body, passed: Callable[[int], None] = lambda _: None) -> Iterator[dict[str, Any]]:
    """The rows of a Parquet file, in order; one with NaN or an infinite number is a SpecialRecord.

    `passed` is called with the approximate size of each row, in characters of JSON, before it is handed out, and with 0
    many times before that; it may raise something to give up. Raises UnpackError, before the first row.
    """
    try:
        from pyarrow import ArrowException

        from alertmill.sources.aws import arrow_values
    except ImportError:
        raise UnpackError("it is a Parquet file, and pyarrow is not installed: install alertmill[parquet]") from None
    try:
        yield from _File(body.open(), arrow_values, passed).rows()
    except (ArrowException, OSError, ValueError, MemoryError) as error:
        if isinstance(error, OSError) and error.errno:
            raise  # the disk, not what is on it
        raise UnpackError(f"the Parquet file cannot be read: {' '.join(str(error).split())[:200]}") from None


class _File:
    """One file, known not to ask for too much. `arrow` is the module arrow_values."""

    def __init__(self, source: IO[bytes], arrow: ModuleType, passed: Callable[[int], None]) -> None:
        from pyarrow.parquet import ParquetFile

        self._arrow = arrow
        self._passed = passed
        columns = checked_columns(source, lambda: passed(0))
        self._file = ParquetFile(
            source,
            read_dictionary=[column.path for column in columns if column.text],
            buffer_size=_BUFFER,
            page_checksum_verification=True,
            arrow_extensions_enabled=False,
        )
        for field in self._file.schema_arrow:
            arrow.check_type(field.type)

    def rows(self) -> Iterator[dict[str, Any]]:
        batches = self._checked()
        odd = any(self._arrow.has_floats(field.type) for field in self._file.schema_arrow)
        names = self._file.schema_arrow.names
        for batch in batches:
            for part, size in self._parts(batch):
                for values in zip(*map(self._arrow.values, part.columns), strict=True):
                    self._passed(size // len(part))
                    row = dict(zip(names, values, strict=True))
                    yield SpecialRecord(row, odd=True) if odd and _is_odd(row) else row

    def _checked(self) -> Iterable[Any]:
        """All batches, known to be readable: held if they are small, else decoded once more."""
        held: list[Any] = []
        size = 0
        for batch in self._batches():
            batch.validate(full=True)
            for _ in self._parts(batch):
                self._passed(0)
            size += batch.nbytes
            if size <= _HELD:
                held.append(batch)
            else:
                held.clear()
        return held if size <= _HELD else self._batches()

    def _batches(self) -> Iterator[Any]:
        for group in range(self._file.num_row_groups):  # a batch over two groups cannot hold nested text columns
            yield from self._file.iter_batches(batch_size=_ROWS, row_groups=[group], use_threads=False)

    def _parts(self, batch: Any) -> Iterator[tuple[Any, int]]:
        """The rows of a batch in parts that can be converted at once, each with its size in characters."""
        size = sum(map(self._arrow.weight, batch.columns)) + len(batch) * sum(map(len, batch.schema.names))
        if size <= MAX_ROW:
            yield batch, size
        elif len(batch) == 1:
            raise UnpackError(f"a row of the Parquet file is larger than {MAX_ROW // (1024 * 1024)} MiB")
        else:
            half = len(batch) // 2
            yield from self._parts(batch.slice(0, half))
            yield from self._parts(batch.slice(half))


def _is_odd(value: Any) -> bool:
    """Whether a value holds a number that JSON has no word for."""
    if isinstance(value, dict):
        return any(map(_is_odd, value.values()))
    if isinstance(value, list):
        return any(map(_is_odd, value))
    return isinstance(value, float) and not math.isfinite(value)
