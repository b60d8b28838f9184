"""The file itself: opened, locked, upgraded, and changed by one commit at a time."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from alertmill.checkpoints.committed import Committed
from alertmill.checkpoints.event_ids import EVENT_WINDOW, EventIds, Identity, NumberedIds, numbered_ids
from alertmill.checkpoints.marks import MarkWriter
from alertmill.checkpoints.schema import SCHEMA_VERSION, make_or_upgrade, schema_version
from alertmill.errors import CheckpointError
from alertmill.sinks.base import Appended
from alertmill.sources.base import Mark

#: Journal bytes of engine state after which a snapshot replaces them, if the last snapshot was not larger.
SNAPSHOT_AFTER = 8 * 1024 * 1024

#: The pieces of a snapshot behind its first stand in front of the journal, under negative numbers from here on.
_FIRST_PIECE = -(2**40)

_STATE_TABLES = ("state_snapshot", "state_journal", "fact")

_LOCK_NAME = "alertmill.lock"

#: KiB of pages that the writer keeps in memory: the ids of one hour with a million events.
_WRITER_CACHE = 32 * 1024
#: Bytes of the write-ahead log that stay on the disk after a large transaction.
_LOG_KEPT = 16 * 1024 * 1024


#: Kind, key and value of a durable fact.
Fact = tuple[str, str, str | None]


@dataclass(slots=True)
class Commit:
    """What becomes true in one transaction, beside the ids of events claimed since the last one.

    `journal` is the change of the engine's memory, `snapshot` (rarely) all of it in pieces, `facts` its durable rows;
    `outputs` are the promises of this commit in the order in which the output journal holds their bytes.
    """

    marks: list[Mark] = field(default_factory=list)
    journal: bytes | None = None
    snapshot: Iterable[bytes] | None = None
    facts: list[Fact] = field(default_factory=list)
    outputs: Sequence[Appended] = ()
    counters: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredState:
    """The engine's memory as stored: the pieces of a snapshot and of the changes since, and the durable facts.

    Both are read from the database as they are asked for, once. `is_empty` when nothing was ever stored.
    """

    pieces: Iterator[bytes]
    facts: Iterator[Fact]
    is_empty: bool


class Checkpoints(Committed):
    """The database in `folder` (made with mode 0700 when absent), with the lock that keeps a second daemon out.

    With `read_only` nothing is locked, made or upgraded. `event_window` is how many seconds ids of events are known.
    Raises CheckpointError when it cannot be used. `close` releases the lock.
    """

    def __init__(self, folder: Path, *, read_only: bool = False, event_window: float = EVENT_WINDOW) -> None:
        super().__init__(folder / "checkpoints.db")
        self._lock_fd = -1
        self._journal_size = self._snapshot_size = 0
        if read_only:
            self._look()
            return
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._take_lock(folder / _LOCK_NAME)
        try:
            self._open()
            self._marks = MarkWriter(self._writer)
            self._event_ids = EventIds(self._writer, event_window)
        except CheckpointError:
            self.close()
            raise
        except sqlite3.DatabaseError as error:
            self.close()
            raise CheckpointError(
                f"{self.path} cannot be used: {error}. Restore it from a copy, or move it away to start afresh "
                "(everything within the look-back window is then read again)"
            ) from error

    def _look(self) -> None:
        """Open to read only."""
        if not self.path.exists():
            raise CheckpointError(f"{self.path} does not exist; the daemon has not run in this home yet")
        self._writer = self.reader()
        try:
            version = self._check_version()
        except sqlite3.DatabaseError as error:
            self.close()
            raise CheckpointError(f"{self.path} cannot be read: {error}") from error
        if version == 0:
            raise CheckpointError(f"{self.path} is empty; the daemon has not run in this home yet")
        if version < SCHEMA_VERSION:
            raise CheckpointError(
                f"{self.path} was written by an older Alertmill (schema {version}, this one reads {SCHEMA_VERSION}); "
                "the next start of the daemon upgrades it"
            )

    def _take_lock(self, path: Path) -> None:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(fd)
            raise CheckpointError(f"another Alertmill daemon works in this home ({path} is locked)") from error
        self._lock_fd = fd

    def _open(self) -> None:
        """Open to write; a new file is readable by its owner alone."""
        old_mask = os.umask(0o077)
        try:
            self._writer = self.connect()
            self._writer.execute("PRAGMA journal_mode=WAL")
        finally:
            os.umask(old_mask)
        self._writer.execute("PRAGMA synchronous=FULL")
        self._writer.execute(f"PRAGMA cache_size=-{_WRITER_CACHE}")
        self._writer.execute(f"PRAGMA journal_size_limit={_LOG_KEPT}")
        self._check_version()
        make_or_upgrade(self._writer)
        size = "SELECT COALESCE(SUM(LENGTH(data)), 0) FROM state_journal WHERE id"
        self._journal_size = int(self._writer.execute(f"{size} >= 0").fetchone()[0])
        self._snapshot_size = int(self._writer.execute(f"{size} < 0").fetchone()[0])

    def _check_version(self) -> int:
        version = schema_version(self._writer)
        if version > SCHEMA_VERSION:
            raise CheckpointError(
                f"{self.path} was written by a newer Alertmill (schema {version}, this one knows {SCHEMA_VERSION}); "
                "install that version again, or restore the copy from before the upgrade"
            )
        return version

    def close(self) -> None:
        self.close_readers()
        if hasattr(self, "_writer"):
            self._writer.close()
        if self._lock_fd >= 0:
            os.close(self._lock_fd)
            self._lock_fd = -1

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

    # --- writing: the pipeline's thread only -----------------------------------------------------------------------

    def claim_event_ids(self, events: Sequence[Identity], now: float) -> list[bool]:
        """Of each event, whether it is the first with its id: one that is not was analysed before, or stands before it.

        The ids become durable with the next commit, and are forgotten if that fails. `now` is the time of arrival.
        Raises CheckpointError.
        """
        return self.claim_numbered_ids(numbered_ids(events), now)

    def claim_numbered_ids(self, numbered: NumberedIds, now: float) -> list[bool]:
        """The same for events whose ids another process has made numbers of. Raises CheckpointError."""
        try:
            return self._event_ids.claim_numbered(numbered, now)
        except sqlite3.Error as error:
            raise CheckpointError(f"{self.path}: {error}") from error

    def commit(self, commit: Commit) -> None:
        """Make `commit` durable, all of it or nothing. Raises CheckpointError."""
        with self._transaction():
            for mark in commit.marks:
                self._marks.write(mark)
            self._store_state(commit)
            self._store_outputs(commit.outputs)
            self._writer.executemany(
                "INSERT INTO counter VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                commit.counters.items(),
            )

    def take_over(self, marks: Iterable[Mark]) -> None:
        """Make marks from elsewhere durable, however many, all of them or none. Raises CheckpointError."""
        with self._transaction():
            for mark in marks:
                self._marks.write(mark)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            yield
            self._event_ids.write()
            self._writer.execute("COMMIT")
        except BaseException as error:
            with suppress(sqlite3.Error):
                self._writer.execute("ROLLBACK")
                self._event_ids.rolled_back()
            self._marks.forget()
            if isinstance(error, sqlite3.Error):
                raise CheckpointError(f"{self.path}: {error}; nothing of this commit was stored") from error
            raise
        self._event_ids.committed()

    def _store_state(self, commit: Commit) -> None:
        if commit.snapshot is not None:
            self._store_snapshot(commit.snapshot)
        elif commit.journal:
            self._writer.execute("INSERT INTO state_journal (data) VALUES (?)", (commit.journal,))
            self._journal_size += len(commit.journal)
        self._writer.executemany("INSERT OR REPLACE INTO fact VALUES (?, ?, ?)", commit.facts)

    def _store_snapshot(self, pieces: Iterable[bytes]) -> None:
        """Replace snapshot and journal, holding one piece at a time."""
        self._writer.execute("DELETE FROM state_journal")
        self._journal_size = self._snapshot_size = 0
        for number, piece in enumerate(pieces):
            if not number:
                self._writer.execute("INSERT OR REPLACE INTO state_snapshot VALUES (1, ?)", (piece,))
            else:
                self._writer.execute("INSERT INTO state_journal VALUES (?, ?)", (_FIRST_PIECE + number, piece))
            self._snapshot_size += len(piece)

    def wants_snapshot(self, journal: bytes) -> bool:
        """Whether a snapshot should take the place of the stored changes and this one.

        A snapshot costs what it is large: one that is written when the changes have become as large as the last one
        doubles what is written altogether at most.
        """
        return self._journal_size + len(journal) > max(SNAPSHOT_AFTER, self._snapshot_size)

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

    # --- reading at start --------------------------------------------------------------------------------------------

    def stored_state(self) -> StoredState:
        execute = self._writer.execute
        is_empty = not any(execute(f"SELECT EXISTS (SELECT 1 FROM {name})").fetchone()[0] for name in _STATE_TABLES)
        return StoredState(self._pieces(), self._facts(), is_empty)

    def _pieces(self) -> Iterator[bytes]:
        for table in ("SELECT data FROM state_snapshot", "SELECT data FROM state_journal ORDER BY id"):
            for row in self._writer.execute(table):
                yield row[0]

    def _facts(self) -> Iterator[Fact]:
        yield from self._writer.execute("SELECT * FROM fact")

    def promises(self) -> tuple[list[Appended], list[Appended]]:
        """All promised outputs, and those of the last commit in the order of the output journal."""
        last = self._last_commit_id()
        rows = list(self._writer.execute("SELECT * FROM output ORDER BY commit_id, place"))
        every = [Appended(path, offset, length, checksum) for path, offset, length, checksum, _, _ in rows]
        return every, [promise for promise, row in zip(every, rows, strict=True) if row[4] == last]

    def counters(self) -> dict[str, int]:
        return dict(self._writer.execute("SELECT name, value FROM counter"))
