"""The checkpoint database: what is done, what the engine remembers, and which output bytes are promised.

One SQLite file in WAL mode with full sync. The pipeline is the only writer (one transaction per group of batches);
sources ask through `Progress`, each thread over its own read connection. What the stored things mean is the business of
others: this module moves marks, state and promises in and out.

Done objects are kept as 16-byte digests of key and ETag, so that a bucket of millions of keys stays small.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

from alertmill.errors import CheckpointError
from alertmill.sinks.base import Appended
from alertmill.sources.base import (
    Mark,
    NextRun,
    ObjectDone,
    ObjectFailed,
    ObjectPartial,
    ObjectRemoved,
    ScopeBound,
    ScopeReport,
)

#: Version of the schema below; a database of an older one is upgraded at start, of a newer one refused.
SCHEMA_VERSION = 1

#: Journal bytes of engine state after which a snapshot replaces them.
SNAPSHOT_AFTER = 8 * 1024 * 1024

_LOCK_NAME = "alertmill.lock"

_SCHEMA = """
CREATE TABLE scope (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  lower_bound TEXT,
  newest_day TEXT,
  objects INTEGER NOT NULL DEFAULT 0,
  records INTEGER NOT NULL DEFAULT 0,
  report_time REAL,
  listed INTEGER NOT NULL DEFAULT 0,
  waiting INTEGER NOT NULL DEFAULT 0,
  newest_key TEXT NOT NULL DEFAULT '',
  error TEXT NOT NULL DEFAULT ''
);
CREATE TABLE object_done (
  scope_id INTEGER NOT NULL,
  digest BLOB NOT NULL,
  day TEXT NOT NULL,
  PRIMARY KEY (scope_id, digest)
) WITHOUT ROWID;
CREATE TABLE object_partial (
  scope_id INTEGER NOT NULL, key TEXT NOT NULL, etag TEXT NOT NULL, records INTEGER NOT NULL,
  PRIMARY KEY (scope_id, key, etag)
) WITHOUT ROWID;
CREATE TABLE object_failed (
  scope_id INTEGER NOT NULL, key TEXT NOT NULL, etag TEXT NOT NULL,
  reason TEXT NOT NULL, attempts INTEGER NOT NULL,
  first_failed REAL NOT NULL, last_failed REAL NOT NULL, retry_at REAL NOT NULL, dead INTEGER NOT NULL,
  PRIMARY KEY (scope_id, key, etag)
) WITHOUT ROWID;
CREATE TABLE object_to_remove (
  scope_id INTEGER NOT NULL, key TEXT NOT NULL, etag TEXT NOT NULL,
  PRIMARY KEY (scope_id, key, etag)
) WITHOUT ROWID;
CREATE TABLE schedule (name TEXT PRIMARY KEY, next_run REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE state_snapshot (id INTEGER PRIMARY KEY CHECK (id = 1), data BLOB NOT NULL);
CREATE TABLE state_journal (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE fact (kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT, PRIMARY KEY (kind, key)) WITHOUT ROWID;
CREATE TABLE output (
  path TEXT PRIMARY KEY, position INTEGER NOT NULL, length INTEGER NOT NULL, checksum INTEGER NOT NULL,
  commit_id INTEGER NOT NULL, place INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""


@dataclass(slots=True)
class Commit:
    """What becomes true in one transaction.

    `journal` is the change of the engine's memory, `snapshot` (rarely) all of it, `facts` its durable rows; `outputs`
    are the promises of this commit in the order in which the output journal holds their bytes.
    """

    marks: list[Mark] = field(default_factory=list)
    journal: bytes | None = None
    snapshot: bytes | None = None
    facts: list[tuple[str, str, str | None]] = field(default_factory=list)
    outputs: Sequence[Appended] = ()
    counters: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredState:
    """The engine's memory as stored: a snapshot, the changes since, and the durable facts."""

    snapshot: bytes | None
    journals: tuple[bytes, ...]
    facts: tuple[tuple[str, str, str | None], ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever stored."""
        return self.snapshot is None and not self.journals and not self.facts


@dataclass(frozen=True, slots=True)
class ScopeStatus:
    """One walk as `status` shows it. Times are epoch seconds; None when there was no walk yet."""

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


class Checkpoints:
    """The database in `folder` (made with mode 0700 when absent), with the lock that keeps a second daemon out.

    Raises CheckpointError when it cannot be used. `close` releases the lock.
    """

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        self.path = folder / "checkpoints.db"
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._readers_lock = threading.Lock()
        self._lock_fd = -1
        self._scope_ids: dict[str, int] = {}
        self.journal_size = 0
        if read_only:
            if not self.path.exists():
                raise CheckpointError(f"{self.path} does not exist; the daemon has not run in this home yet")
            self._writer = self._reader()
            try:
                version = self._check_version()
            except sqlite3.DatabaseError as error:
                self.close()
                raise CheckpointError(f"{self.path} cannot be read: {error}") from error
            if version == 0:
                raise CheckpointError(f"{self.path} is empty; the daemon has not run in this home yet")
            return
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._take_lock(folder / _LOCK_NAME)
        try:
            old_mask = os.umask(0o077)
            try:
                self._writer = self._connect()
            finally:
                os.umask(old_mask)
            self._prepare()
        except CheckpointError:
            self.close()
            raise
        except sqlite3.DatabaseError as error:
            self.close()
            raise CheckpointError(
                f"{self.path} cannot be used: {error}. Restore it from a copy, or move it away to start afresh "
                "(everything within the look-back window is then read again)"
            ) from error

    def _take_lock(self, path: Path) -> None:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(fd)
            raise CheckpointError(f"another Alertmill daemon works in this home ({path} is locked)") from error
        self._lock_fd = fd

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=10)

    def _check_version(self) -> int:
        version: int = self._writer.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise CheckpointError(
                f"{self.path} was written by a newer Alertmill (schema {version}, this one knows {SCHEMA_VERSION}); "
                "install that version again, or restore the copy from before the upgrade"
            )
        return version

    def _prepare(self) -> None:
        self._writer.execute("PRAGMA journal_mode=WAL")
        self._writer.execute("PRAGMA synchronous=FULL")
        if self._check_version() == 0:
            self._writer.executescript(f"BEGIN;{_SCHEMA}PRAGMA user_version={SCHEMA_VERSION};COMMIT;")
        size = self._writer.execute("SELECT COALESCE(SUM(LENGTH(data)), 0) FROM state_journal").fetchone()[0]
        self.journal_size = int(size)

    def close(self) -> None:
        with self._readers_lock:
            for reader in self._readers:
                reader.close()
            self._readers.clear()
        if hasattr(self, "_writer"):
            self._writer.close()
        if self._lock_fd >= 0:
            os.close(self._lock_fd)
            self._lock_fd = -1

    # --- writing: the pipeline's thread only -----------------------------------------------------------------------

    def commit(self, commit: Commit) -> None:
        """Make `commit` durable, all of it or nothing. Raises CheckpointError."""
        execute = self._writer.execute
        try:
            execute("BEGIN IMMEDIATE")
            for mark in commit.marks:
                self._store_mark(mark)
            self._store_state(commit)
            self._store_outputs(commit.outputs)
            self._writer.executemany(
                "INSERT INTO counter VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                commit.counters.items(),
            )
            execute("COMMIT")
        except sqlite3.Error as error:
            with suppress(sqlite3.Error):
                execute("ROLLBACK")
            self._scope_ids.clear()
            raise CheckpointError(f"{self.path}: {error}; nothing of this commit was stored") from error

    def _store_state(self, commit: Commit) -> None:
        if commit.snapshot is not None:
            self._writer.execute("DELETE FROM state_journal")
            self._writer.execute("INSERT OR REPLACE INTO state_snapshot VALUES (1, ?)", (commit.snapshot,))
            self.journal_size = 0
        elif commit.journal:
            self._writer.execute("INSERT INTO state_journal (data) VALUES (?)", (commit.journal,))
            self.journal_size += len(commit.journal)
        self._writer.executemany("INSERT OR REPLACE INTO fact VALUES (?, ?, ?)", commit.facts)

    def _store_outputs(self, outputs: Sequence[Appended]) -> None:
        if not outputs:
            return
        commit_id = self._last_commit_id() + 1
        self._writer.executemany(
            "INSERT OR REPLACE INTO output VALUES (?, ?, ?, ?, ?, ?)",
            [(o.path, o.offset, o.length, o.checksum, commit_id, place) for place, o in enumerate(outputs)],
        )

    def _last_commit_id(self) -> int:
        return int(self._writer.execute("SELECT COALESCE(MAX(commit_id), 0) FROM output").fetchone()[0])

    def forget_outputs(self, paths: Iterable[str]) -> None:
        """Drop the promises for files that are complete and will not be written again."""
        self._writer.executemany("DELETE FROM output WHERE path = ?", [(path,) for path in paths])

    def _scope_id(self, name: str) -> int:
        known = self._scope_ids.get(name)
        if known is None:
            self._writer.execute("INSERT INTO scope (name) VALUES (?) ON CONFLICT (name) DO NOTHING", (name,))
            known = int(self._writer.execute("SELECT id FROM scope WHERE name = ?", (name,)).fetchone()[0])
            self._scope_ids[name] = known
        return known

    def _store_mark(self, mark: Mark) -> None:
        execute = self._writer.execute
        if isinstance(mark, NextRun):
            execute("INSERT OR REPLACE INTO schedule VALUES (?, ?)", (mark.schedule, mark.time))
            return
        scope = self._scope_id(mark.scope)
        match mark:
            case ObjectDone():
                self._store_done(scope, mark)
            case ObjectPartial():
                execute(
                    "INSERT OR REPLACE INTO object_partial VALUES (?, ?, ?, ?)",
                    (scope, mark.key, mark.etag, mark.records),
                )
            case ObjectFailed():
                execute(
                    "INSERT OR REPLACE INTO object_failed VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        scope,
                        mark.key,
                        mark.etag,
                        mark.reason,
                        mark.attempts,
                        mark.first_failed,
                        mark.last_failed,
                        mark.retry_at,
                        int(mark.dead),
                    ),
                )
            case ObjectRemoved():
                execute(
                    "DELETE FROM object_to_remove WHERE scope_id = ? AND key = ? AND etag = ?",
                    (scope, mark.key, mark.etag),
                )
            case ScopeBound():
                execute("UPDATE scope SET lower_bound = ? WHERE id = ?", (mark.lower_bound, scope))
            case ScopeReport():
                self._store_report(scope, mark)

    def _store_done(self, scope: int, mark: ObjectDone) -> None:
        execute = self._writer.execute
        execute("INSERT OR REPLACE INTO object_done VALUES (?, ?, ?)", (scope, _digest(mark.key, mark.etag), mark.day))
        execute(
            "UPDATE scope SET objects = objects + 1, records = records + ?, "
            "newest_day = MAX(COALESCE(newest_day, ''), ?) WHERE id = ?",
            (mark.records, mark.day, scope),
        )
        of_object = (scope, mark.key, mark.etag)
        execute("DELETE FROM object_partial WHERE scope_id = ? AND key = ? AND etag = ?", of_object)
        execute("DELETE FROM object_failed WHERE scope_id = ? AND key = ? AND etag = ?", of_object)
        if mark.remove:
            execute("INSERT OR REPLACE INTO object_to_remove VALUES (?, ?, ?)", of_object)

    def _store_report(self, scope: int, mark: ScopeReport) -> None:
        self._writer.execute(
            "UPDATE scope SET report_time = ?, listed = ?, waiting = ?, newest_key = MAX(newest_key, ?), error = ? "
            "WHERE id = ?",
            (mark.time, mark.listed, mark.waiting, mark.newest_key, mark.error, scope),
        )
        if mark.keep_from and not mark.error:
            self._writer.execute("DELETE FROM object_done WHERE scope_id = ? AND day < ?", (scope, mark.keep_from))

    # --- reading at start and for status ---------------------------------------------------------------------------

    def stored_state(self) -> StoredState:
        execute = self._writer.execute
        snapshot = execute("SELECT data FROM state_snapshot").fetchone()
        journals = tuple(row[0] for row in execute("SELECT data FROM state_journal ORDER BY id"))
        return StoredState(snapshot[0] if snapshot else None, journals, tuple(execute("SELECT * FROM fact")))

    def promises(self) -> tuple[list[Appended], list[Appended]]:
        """All promised outputs, and those of the last commit in the order of the output journal."""
        last = self._last_commit_id()
        rows = list(self._writer.execute("SELECT * FROM output ORDER BY commit_id, place"))
        every = [Appended(path, offset, length, checksum) for path, offset, length, checksum, _, _ in rows]
        return every, [promise for promise, row in zip(every, rows, strict=True) if row[4] == last]

    def daemon_runs(self) -> bool:
        """Whether a daemon holds the lock of this folder right now. For read-only use."""
        try:
            fd = os.open(self.path.parent / _LOCK_NAME, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(fd)
        return False

    def counters(self) -> dict[str, int]:
        return dict(self._writer.execute("SELECT name, value FROM counter"))

    def scopes(self) -> list[ScopeStatus]:
        """Every walk that ever was, by name."""
        rows = self._reader().execute(
            "SELECT name, objects, records, "
            "(SELECT COUNT(*) FROM object_failed f WHERE f.scope_id = scope.id), "
            "(SELECT COUNT(*) FROM object_failed f WHERE f.scope_id = scope.id AND dead), "
            "listed, waiting, newest_day, newest_key, report_time, error FROM scope ORDER BY name"
        )
        return [ScopeStatus(*row) for row in rows]

    def failures(self) -> list[ObjectFailed]:
        """Every object that failed and is not done, by scope and key."""
        rows = self._reader().execute(
            f"SELECT scope.name, {_FAILED_COLUMNS} FROM object_failed JOIN scope ON scope.id = scope_id "
            "ORDER BY scope.name, key"
        )
        return [_failed(row) for row in rows]

    # --- Progress: any thread --------------------------------------------------------------------------------------

    def _reader(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._connect()
            connection.execute("PRAGMA query_only=ON")
            self._local.connection = connection
            with self._readers_lock:
                self._readers.append(connection)
        return connection

    def not_done(self, scope: str, objects: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        wanted = {(key, etag): (_digest(key, etag), _digest(key, "")) for key, etag in objects}
        digests = [digest for pair in wanted.values() for digest in pair]
        done: set[bytes] = set()
        for start in range(0, len(digests), _MOST_PARAMETERS):
            part = digests[start : start + _MOST_PARAMETERS]
            rows = self._reader().execute(
                f"SELECT digest FROM object_done WHERE scope_id = (SELECT id FROM scope WHERE name = ?) "
                f"AND digest IN ({','.join('?' * len(part))})",
                (scope, *part),
            )
            done.update(row[0] for row in rows)
        return {pair for pair, (exact, any_etag) in wanted.items() if exact not in done and any_etag not in done}

    def partial(self, scope: str, key: str, etag: str) -> int:
        row = (
            self._reader()
            .execute(
                "SELECT object_partial.records FROM object_partial JOIN scope ON scope.id = scope_id "
                "WHERE scope.name = ? AND key = ? AND etag = ?",
                (scope, key, etag),
            )
            .fetchone()
        )
        return int(row[0]) if row else 0

    def newest_day(self, scope: str) -> str | None:
        return self._of_scope("newest_day", scope)

    def lower_bound(self, scope: str) -> str | None:
        return self._of_scope("lower_bound", scope)

    def _of_scope(self, column: str, scope: str) -> str | None:
        row = self._reader().execute(f"SELECT {column} FROM scope WHERE name = ?", (scope,)).fetchone()
        return row[0] if row else None

    def failed(self, scope: str) -> dict[tuple[str, str], ObjectFailed]:
        rows = self._reader().execute(
            f"SELECT scope.name, {_FAILED_COLUMNS} FROM object_failed JOIN scope ON scope.id = scope_id "
            "WHERE scope.name = ?",
            (scope,),
        )
        return {(row[1], row[2]): _failed(row) for row in rows}

    def to_remove(self, scope: str) -> list[tuple[str, str]]:
        return list(
            self._reader().execute(
                "SELECT key, etag FROM object_to_remove JOIN scope ON scope.id = scope_id WHERE scope.name = ?",
                (scope,),
            )
        )

    def next_run(self, schedule: str) -> float | None:
        row = self._reader().execute("SELECT next_run FROM schedule WHERE name = ?", (schedule,)).fetchone()
        return float(row[0]) if row else None


#: SQLite's oldest default for the number of `?` in a statement is 999.
_MOST_PARAMETERS = 900

_FAILED_COLUMNS = "key, etag, reason, attempts, first_failed, last_failed, retry_at, dead"


def _failed(row: tuple[str, str, str, str, int, float, float, float, int]) -> ObjectFailed:
    return ObjectFailed(*row[:8], dead=bool(row[8]))


def _digest(key: str, etag: str) -> bytes:
    """16 bytes that stand for an object; an empty ETag stands for any version of the key."""
    return blake2b(f"{key}\0{etag}".encode("utf-8", "surrogatepass"), digest_size=16).digest()
