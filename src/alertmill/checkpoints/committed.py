"""What has been committed, for whoever asks: sources (`Progress`) and `status`, from any thread."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alertmill.checkpoints.schema import digest
from alertmill.sources.base import Imported, ObjectFailed, ReadAgain, ScopeState

#: SQLite's oldest default for the number of `?` in a statement is 999.
MOST_PARAMETERS = 900

_FAILED_COLUMNS = "key, etag, reason, attempts, first_failed, last_failed, retry_at, dead"


@dataclass(frozen=True, slots=True)
class ScopeStatus:
    """One walk as `status` shows it. Times are epoch seconds.

    `report_time` is when it was walked last (None: never). `delay` is how many seconds after it was written the newest
    object was read (None: not known), `last_modified` and `last_read` are those two moments (0: not known).
    """

    name: str
    objects: int
    records: int
    failed: int
    dead: int
    listed: int
    waiting: int
    newest_day: str | None
    newest_key: str
    report_time: float | None
    error: str
    error_code: str
    last_read: float
    last_modified: float
    delay: float | None
    silent: bool


class Committed:
    """Reads the database at `path`; each thread has a connection of its own until `close_readers`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._readers_lock = threading.Lock()

    def close_readers(self) -> None:
        with self._readers_lock:
            for reader in self._readers:
                reader.close()
            self._readers.clear()

    def connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=10)

    def reader(self) -> sqlite3.Connection:
        """The connection of this thread, which can change nothing."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self.connect()
            connection.execute("PRAGMA query_only=ON")
            self._local.connection = connection
            with self._readers_lock:
                self._readers.append(connection)
        return connection

    # --- for status --------------------------------------------------------------------------------------------------

    def scopes(self) -> list[ScopeStatus]:
        """Every walk that ever was, by name."""
        rows = self.reader().execute(
            "SELECT name, objects, records, "
            "(SELECT COUNT(*) FROM object_failed f WHERE f.scope_id = scope.id), "
            "(SELECT COUNT(*) FROM object_failed f WHERE f.scope_id = scope.id AND dead), "
            "listed, waiting, newest_day, newest_key, report_time, error, error_code, "
            "last_read, last_modified, delay, silent FROM scope ORDER BY name"
        )
        return [ScopeStatus(*columns) for columns in rows]

    def failures(self) -> list[ObjectFailed]:
        """Every object that failed and is not done, by scope and key."""
        rows = self.reader().execute(
            f"SELECT scope.name, {_FAILED_COLUMNS} FROM object_failed JOIN scope ON scope.id = scope_id "
            "ORDER BY scope.name, key"
        )
        return [_failed(row) for row in rows]

    # --- Progress ----------------------------------------------------------------------------------------------------

    def not_done(self, scope: str, objects: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        wanted = {(key, etag): (digest(key, etag), digest(key, "")) for key, etag in objects}
        digests = [number for pair in wanted.values() for number in pair]
        done: set[int] = set()
        for start in range(0, len(digests), MOST_PARAMETERS):
            part = digests[start : start + MOST_PARAMETERS]
            rows = self.reader().execute(
                f"SELECT digest FROM object_done WHERE scope_id = (SELECT id FROM scope WHERE name = ?) "
                f"AND digest IN ({','.join('?' * len(part))})",
                (scope, *part),
            )
            done.update(row[0] for row in rows)
        return {pair for pair, (exact, any_etag) in wanted.items() if exact not in done and any_etag not in done}

    def partial(self, scope: str, key: str, etag: str) -> int:
        row = (
            self.reader()
            .execute(
                "SELECT object_partial.records FROM object_partial JOIN scope ON scope.id = scope_id "
                "WHERE scope.name = ? AND key = ? AND etag = ?",
                (scope, key, etag),
            )
            .fetchone()
        )
        return int(row[0]) if row else 0

    def partials(self, scope: str) -> dict[tuple[str, str], int]:
        rows = self.reader().execute(
            "SELECT key, etag, object_partial.records FROM object_partial JOIN scope ON scope.id = scope_id "
            "WHERE scope.name = ?",
            (scope,),
        )
        return {(key, etag): records for key, etag, records in rows}

    def newest_day(self, scope: str) -> str | None:
        row = self._of_scope("newest_day", scope)
        return row[0] if row else None

    def lower_bound(self, scope: str) -> str | None:
        row = self._of_scope("lower_bound", scope)
        return row[0] if row else None

    def state(self, scope: str) -> ScopeState:
        row = self._of_scope("objects, error_code, error, silent, last_read, last_modified", scope)
        if row is None:
            return ScopeState()
        objects, error_code, error, silent, *times = row
        return ScopeState(objects, error_code, error, bool(silent), *times)

    def imported(self, scope: str) -> Imported | None:
        row = self._of_scope("imported_key, imported_time", scope)
        return (row[0], row[1]) if row and row[0] else None

    def _of_scope(self, columns: str, scope: str) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = (
            self.reader().execute(f"SELECT {columns} FROM scope WHERE name = ?", (scope,)).fetchone()
        )
        return row

    def failed(self, scope: str) -> dict[tuple[str, str], ObjectFailed]:
        rows = self.reader().execute(
            f"SELECT scope.name, {_FAILED_COLUMNS} FROM object_failed JOIN scope ON scope.id = scope_id "
            "WHERE scope.name = ?",
            (scope,),
        )
        return {(row[1], row[2]): _failed(row) for row in rows}

    def to_remove(self, scope: str) -> list[tuple[str, str]]:
        return list(
            self.reader().execute(
                "SELECT key, etag FROM object_to_remove JOIN scope ON scope.id = scope_id WHERE scope.name = ?",
                (scope,),
            )
        )

    def scopes_of(self, prefix: str) -> list[str]:
        rows = self.reader().execute(
            "SELECT name FROM scope WHERE name >= ? AND SUBSTR(name, 1, LENGTH(?)) = ? ORDER BY name",
            (prefix, prefix, prefix),
        )
        return [row[0] for row in rows]

    def positions(self, scope: str) -> dict[str, str]:
        return dict(
            self.reader().execute(
                "SELECT key, value FROM position JOIN scope ON scope.id = scope_id WHERE scope.name = ?", (scope,)
            )
        )

    def read_again(self) -> list[ReadAgain]:
        rows = self.reader().execute("SELECT number, definition, first, last FROM read_again ORDER BY id")
        return [ReadAgain(*row) for row in rows]

    def next_run(self, schedule: str) -> float | None:
        row = self.reader().execute("SELECT next_run FROM schedule WHERE name = ?", (schedule,)).fetchone()
        return float(row[0]) if row else None


def _failed(row: tuple[str, str, str, str, int, float, float, float, int]) -> ObjectFailed:
    return ObjectFailed(*row[:8], dead=bool(row[8]))
