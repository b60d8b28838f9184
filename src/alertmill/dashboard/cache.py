"""The columnar cache: one DuckDB file that is made out of the alert files, and can be made again at any time.

It lies in `var/dashboard/` of the home; where that cannot be written, or another dashboard holds it, in a temporary
folder that goes with the process. A file that is damaged or of another version is removed and begun anew. The database
can reach no other file, loads no extension, and its settings are locked.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from alertmill.dashboard.rows import ALL_COLUMNS, SEPARATOR, Rows
from alertmill.errors import AlertmillError

#: Changes whenever rows would come out otherwise: tables, columns, or what `columns.row` makes of an alert.
VERSION = 1
FILE_NAME = "alerts.duckdb"

_SETTINGS = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
    # A checkpoint compresses the last 122,880 rows again: with the usual 16 MB that happens seven times for each row.
    "checkpoint_threshold": "256MB",
    "memory_limit": "1GB",
    "max_temp_directory_size": "2GB",
    "preserve_insertion_order": "false",
}

_TABLES = (
    "CREATE TABLE version (number INTEGER)",
    f"INSERT INTO version VALUES ({VERSION})",
    """CREATE TABLE files (
        number INTEGER, key VARCHAR, packed BOOLEAN, device UBIGINT, inode UBIGINT, size BIGINT, mtime BIGINT,
        folded BIGINT, sum UBIGINT, head UBIGINT, rows BIGINT, corrupt BIGINT, whole BOOLEAN)""",
    "CREATE TABLE alerts (number BIGINT, file INTEGER, "
    + ", ".join(f"{name} {type_}" for name, type_ in ALL_COLUMNS.items())
    + ")",
)


class CacheError(AlertmillError):
    """No cache could be made anywhere."""


@dataclass(frozen=True, slots=True)
class FoldedFile:
    """How far a file is in the cache.

    `folded` counts bytes of its (unpacked) content, `sum` is the CRC-32 of these and `head` that of their beginning;
    `whole` says that nothing was left behind.
    """

    number: int
    key: str
    packed: bool
    device: int
    inode: int
    size: int
    mtime: int
    folded: int
    sum: int
    head: int
    rows: int
    corrupt: int
    whole: bool

    @property
    def identity(self) -> tuple[bool, int, int, int, int]:
        return self.packed, self.device, self.inode, self.size, self.mtime


class Cache:
    """The open database. One thread writes; any number read, each with a cursor of its own."""

    def __init__(self, folder: Path, *, temporary: bool = False, threads: int | None = None) -> None:
        """Open or make the cache in an existing folder. Raises duckdb.Error or OSError."""
        self.folder = folder
        self.temporary = temporary
        self._connection = _connect(folder / FILE_NAME, threads)
        found = self._connection.execute("SELECT max(number) FROM alerts").fetchone()
        self._last: int = (found[0] if found else None) or 0

    @property
    def last(self) -> int:
        """The `number` of the row that was inserted last; they count up."""
        return self._last

    def close(self) -> None:
        with suppress(duckdb.Error):
            self._connection.close()
        if self.temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor of its own for one reader."""
        cursor = self._connection.cursor()
        try:
            yield cursor
        finally:
            cursor.close()

    def files(self) -> dict[str, FoldedFile]:
        with self.reading() as cursor:
            found = cursor.execute("SELECT * FROM files").fetchall()
        return {file.key: file for file in (FoldedFile(*values) for values in found)}

    def put(self, file: FoldedFile, rows: Rows | None = None) -> None:
        """Store how far a file is together with the rows that are new, or neither."""
        with self.reading() as cursor:
            cursor.execute("BEGIN")
            try:
                if rows is not None and rows.count:
                    cursor.execute(_INSERT, [file.number, self._last, rows.count, *rows.columns])
                cursor.execute("DELETE FROM files WHERE number = ?", [file.number])
                values = [getattr(file, name) for name in FoldedFile.__slots__]
                cursor.execute(f"INSERT INTO files VALUES ({', '.join('?' * len(values))})", values)
                cursor.execute("COMMIT")
                self._last += rows.count if rows else 0
            except BaseException:
                with suppress(duckdb.Error):
                    cursor.execute("ROLLBACK")
                raise

    def tidy(self) -> None:
        """Bring what is still in the log of changes into the tables' own form, which is smaller and quicker."""
        with self.reading() as cursor, suppress(duckdb.Error):  # a reader may hinder it; the next time will do
            cursor.execute("CHECKPOINT")

    def forget(self, number: int) -> None:
        """Take a file and its rows out."""
        with self.reading() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("DELETE FROM alerts WHERE file = ?", [number])
            cursor.execute("DELETE FROM files WHERE number = ?", [number])
            cursor.execute("COMMIT")


def _insertion() -> str:
    parts = []
    for number, type_ in enumerate(ALL_COLUMNS.values(), start=4):
        part = f"unnest(string_split(${number}, chr({ord(SEPARATOR)})))"
        parts.append(part if type_ == "VARCHAR" else f"TRY_CAST({part} AS {type_})")
    return f"INSERT INTO alerts SELECT unnest(range($2 + 1, $2 + 1 + $3)), $1, {', '.join(parts)}"


_INSERT = _insertion()


def open_cache(home_var: Path, *, threads: int | None = None) -> Cache:
    """The home's cache, or one in a temporary folder. Raises CacheError when neither can be made."""
    folder = home_var / "dashboard"
    with suppress(duckdb.Error, OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
        return _sound(folder, threads=threads)
    try:
        return Cache(Path(tempfile.mkdtemp(prefix="alertmill-dashboard-")), temporary=True, threads=threads)
    except (duckdb.Error, OSError) as error:
        raise CacheError(f"no cache could be made in {folder} or in a temporary folder: {error}") from error


def _sound(folder: Path, *, threads: int | None) -> Cache:
    """The cache of a folder, begun anew if it is damaged. One that another process holds is not damaged."""
    try:
        return Cache(folder, threads=threads)
    except duckdb.IOException as error:
        if "lock" in str(error).lower():
            raise
    except duckdb.Error:
        pass
    for path in folder.glob(f"{FILE_NAME}*"):
        path.unlink()
    return Cache(folder, threads=threads)


def _connect(path: Path, threads: int | None) -> duckdb.DuckDBPyConnection:
    settings: dict[str, str | bool | int | float | list[str]] = {
        **_SETTINGS,
        "temp_directory": str(path.with_suffix(".tmp")),
    }
    if threads:
        settings["threads"] = threads
    connection = duckdb.connect(str(path), config=settings)
    try:
        connection.execute("SET lock_configuration = true")
        if _version(connection) != VERSION:
            _begin(connection)
    except BaseException:
        connection.close()
        raise
    path.chmod(0o600)
    return connection


def _version(connection: duckdb.DuckDBPyConnection) -> int | None:
    try:
        found = connection.execute("SELECT number FROM version").fetchone()
        connection.execute("SELECT count(*) FROM files").fetchone()
        connection.execute(f"SELECT {', '.join(ALL_COLUMNS)} FROM alerts LIMIT 1").fetchone()
    except duckdb.CatalogException:
        return None
    return int(found[0]) if found else None


def _begin(connection: duckdb.DuckDBPyConnection) -> None:
    for name in ("version", "files", "alerts"):
        connection.execute(f"DROP TABLE IF EXISTS {name}")
    for statement in _TABLES:
        connection.execute(statement)
