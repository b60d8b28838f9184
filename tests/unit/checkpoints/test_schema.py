"""A database of an older Alertmill becomes like a new one, with all it holds, whenever the upgrade is killed."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from hashlib import blake2b
from pathlib import Path

import pytest

from alertmill.checkpoints import SCHEMA_VERSION, Checkpoints, Commit, ScopeStatus
from alertmill.checkpoints.schema import day_number, digest
from alertmill.errors import CheckpointError
from alertmill.sinks.base import Appended
from alertmill.sources.base import ObjectDone, ObjectFailed, ScopeReport
from support import PATIENCE

SCOPE = "s3://bucket/AWSLogs/|cloudtrail|123456789012|us-east-1"
FAILED = ObjectFailed(SCOPE, "f", "e", "truncated", 2, 10.0, 20.0, 30.0, dead=True)
#: Done objects of the old database.
OBJECTS = 5000

#: The tables as the first version made them.
VERSION_1 = """
CREATE TABLE scope (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, lower_bound TEXT, newest_day TEXT,
  objects INTEGER NOT NULL DEFAULT 0, records INTEGER NOT NULL DEFAULT 0, report_time REAL,
  listed INTEGER NOT NULL DEFAULT 0, waiting INTEGER NOT NULL DEFAULT 0, newest_key TEXT NOT NULL DEFAULT '',
  error TEXT NOT NULL DEFAULT ''
);
CREATE TABLE object_done (
  scope_id INTEGER NOT NULL, digest BLOB NOT NULL, day TEXT NOT NULL, PRIMARY KEY (scope_id, digest)
) WITHOUT ROWID;
CREATE TABLE object_partial (
  scope_id INTEGER NOT NULL, key TEXT NOT NULL, etag TEXT NOT NULL, records INTEGER NOT NULL,
  PRIMARY KEY (scope_id, key, etag)
) WITHOUT ROWID;
CREATE TABLE object_failed (
  scope_id INTEGER NOT NULL, key TEXT NOT NULL, etag TEXT NOT NULL, reason TEXT NOT NULL, attempts INTEGER NOT NULL,
  first_failed REAL NOT NULL, last_failed REAL NOT NULL, retry_at REAL NOT NULL, dead INTEGER NOT NULL,
  PRIMARY KEY (scope_id, key, etag)
) WITHOUT ROWID;
CREATE TABLE object_to_remove (
  scope_id INTEGER NOT NULL, key TEXT NOT NULL, etag TEXT NOT NULL, PRIMARY KEY (scope_id, key, etag)
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

INSERT INTO scope VALUES
  (1, 's3://bucket/AWSLogs/|cloudtrail|123456789012|us-east-1',
   '2026-01-02', '2026-01-31', 5000, 70, 99.5, 5, 1, 'k9', 'no'),
  (7, 's3://bucket/AWSLogs/|cloudtrail|*|*', NULL, NULL, 0, 0, NULL, 0, 0, '', '');
INSERT INTO object_partial VALUES (1, 'p', 'e', 12);
INSERT INTO object_failed VALUES (1, 'f', 'e', 'truncated', 2, 10.0, 20.0, 30.0, 1);
INSERT INTO object_to_remove VALUES (1, 'r', 'e');
INSERT INTO schedule VALUES ('aws-s3', 77.0);
INSERT INTO state_snapshot VALUES (1, X'616C6C');
INSERT INTO state_journal VALUES (4, X'31');
INSERT INTO fact VALUES ('fts', 'a', NULL);
INSERT INTO output VALUES ('a.json', 5, 6, 7, 8, 0);
INSERT INTO counter VALUES ('alerts', 3);
PRAGMA user_version=1;
"""


def key_of(number: int) -> str:
    return f"AWSLogs/123456789012/CloudTrail/us-east-1/2026/01/{number % 31 + 1:02}/{number}.json.gz"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The folder of a database of version 1, as a killed daemon may leave it: all of it in the write-ahead log."""
    connection = sqlite3.connect(tmp_path / "checkpoints.db")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.executescript(f"BEGIN;{VERSION_1}COMMIT;")
    with connection:
        connection.executemany("INSERT INTO object_done VALUES (1, ?, ?)", map(old_row, range(OBJECTS)))
    connection.close()
    return tmp_path


def old_row(number: int) -> tuple[bytes, str]:
    etag = "" if number == 0 else "e"
    long_digest = blake2b(f"{key_of(number)}\0{etag}".encode(), digest_size=16).digest()
    return long_digest, f"2026-01-{number % 31 + 1:02}"


def check_upgraded(folder: Path) -> None:
    """Everything that the old database held is there."""
    opened = Checkpoints(folder)
    asked = [(key_of(number), "e") for number in range(OBJECTS)]
    assert opened.not_done(SCOPE, [*asked, (key_of(0), "x"), (key_of(1), "x")]) == {(key_of(1), "x")}
    assert (opened.newest_day(SCOPE), opened.lower_bound(SCOPE)) == ("2026-01-31", "2026-01-02")
    assert (opened.partial(SCOPE, "p", "e"), opened.to_remove(SCOPE)) == (12, [("r", "e")])
    assert (opened.failures(), opened.next_run("aws-s3")) == ([FAILED], 77.0)
    stored = opened.stored_state()
    assert ([*stored.pieces], [*stored.facts]) == ([b"all", b"1"], [("fts", "a", None)])
    assert (opened.promises()[0], opened.counters()) == ([Appended("a.json", 5, 6, 7)], {"alerts": 3})
    assert opened.scopes()[1] == ScopeStatus(
        SCOPE, OBJECTS, 70, 1, 1, 5, 1, "2026-01-31", "k9", 99.5, "no", "", 0.0, 0.0, None, False
    )
    opened.close()


def test_an_upgrade_keeps_everything(old: Path) -> None:
    check_upgraded(old)
    check_upgraded(old)


def test_days_are_converted_exactly(old: Path) -> None:
    opened = Checkpoints(old)
    opened.commit(Commit(marks=[ScopeReport(SCOPE, 1.0, 0, 0, "", keep_from="2026-01-31")]))
    kept = {number for number in range(OBJECTS) if number % 31 == 30}
    asked = {(key_of(number), "e"): number for number in range(OBJECTS)}
    assert {asked[pair] for pair in asked.keys() - opened.not_done(SCOPE, asked)} == kept
    opened.close()


def layout(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    connection = sqlite3.connect(folder / "checkpoints.db")
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = {table: list(connection.execute(f"PRAGMA table_xinfo({table})")) for table in sorted(tables)}
    assert connection.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
    connection.close()
    return found


def test_an_upgraded_database_is_laid_out_like_a_new_one(old: Path) -> None:
    Checkpoints(old).close()
    Checkpoints(old / "new").close()
    assert layout(old) == layout(old / "new")


def test_an_upgrade_that_fails_changes_nothing(old: Path) -> None:
    connection = sqlite3.connect(old / "checkpoints.db")
    with connection:
        connection.execute("UPDATE object_done SET day = 'no day' WHERE digest = ?", (old_row(7)[0],))
    with pytest.raises(CheckpointError, match="cannot be used"):
        Checkpoints(old)
    assert connection.execute("PRAGMA user_version").fetchone()[0] == 1
    assert connection.execute("SELECT COUNT(*) FROM object_done WHERE LENGTH(digest) = 16").fetchone()[0] == OBJECTS
    connection.close()


#: Opens the database; dies when SQLite has worked for so many times a thousand steps.
KILLED = """
import os, signal, sys
from pathlib import Path
from alertmill.checkpoints import Checkpoints
from alertmill.checkpoints.committed import Committed

connect, left = Committed.connect, int(sys.argv[2])

def count() -> int:
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return 0

def counted(self):
    connection = connect(self)
    connection.set_progress_handler(count, 1000)
    return connection

Committed.connect = counted
Checkpoints(Path(sys.argv[1]))
print(left)
"""


def open_and_die(folder: Path, steps: int) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", KILLED, str(folder), str(steps)], capture_output=True, timeout=PATIENCE
    )


def test_an_upgrade_may_be_killed_at_any_moment(old: Path) -> None:
    kills = 0
    for steps in (1, 5, 20, 50, 80, 100, 108, 1000):
        ended = open_and_die(old, steps)
        kills += ended.returncode == -9
        assert ended.returncode in (-9, 0), ended.stderr.decode()
        version = sqlite3.connect(old / "checkpoints.db").execute("PRAGMA user_version").fetchone()[0]
        assert version == (SCHEMA_VERSION if ended.returncode == 0 else 1)
    assert kills >= 4
    check_upgraded(old)


def test_numbers_that_stand_for_objects_fit_into_64_bits_with_sign() -> None:
    numbers = [digest(f"k{number}", "e") for number in range(1000)]
    assert len(set(numbers)) == 1000
    assert min(numbers) < -(2**62)
    assert max(numbers) > 2**62
    assert digest("\udcff", "") != digest("\udcfe", "")
    assert (day_number("1970-01-01"), day_number("2026-01-15")) == (0, 20468)


def test_done_objects_of_any_day_can_be_stored(tmp_path: Path) -> None:
    opened = Checkpoints(tmp_path)
    for day in ("0001-01-01", "1969-12-31", "9999-12-31"):
        opened.commit(Commit(marks=[ObjectDone(SCOPE, day, "e", day, 1)]))
        assert opened.not_done(SCOPE, [(day, "e")]) == set()
    opened.close()
