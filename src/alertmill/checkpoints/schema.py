"""The tables of the checkpoint database, how their values are written, and how an older file becomes like them.

An upgrade is one transaction: killed at any moment it has happened or not. An older Alertmill refuses the new file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import date
from hashlib import blake2b

#: Version of the tables below; a database of an older one is upgraded at start, of a newer one refused.
SCHEMA_VERSION = 2

#: A done object costs some twenty bytes: two small integers beside its digest, and no rowid.
_OBJECT_DONE = """
CREATE TABLE object_done (
  scope_id INTEGER NOT NULL, digest INTEGER NOT NULL, day INTEGER NOT NULL,
  PRIMARY KEY (scope_id, digest)
) WITHOUT ROWID;
"""

#: What version 2 added to version 1. `delay` is NULL as long as no object with a time was read.
_SCOPE_SINCE_2 = (
    "error_code TEXT NOT NULL DEFAULT ''",
    "silent INTEGER NOT NULL DEFAULT 0",
    "last_read REAL NOT NULL DEFAULT 0",
    "last_modified REAL NOT NULL DEFAULT 0",
    "delay REAL",
    "keep_from TEXT NOT NULL DEFAULT ''",
    "imported_key TEXT NOT NULL DEFAULT ''",
    "imported_time REAL NOT NULL DEFAULT 0",
)
_TABLES_SINCE_2 = """
CREATE TABLE position (
  scope_id INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (scope_id, key)
) WITHOUT ROWID;
CREATE TABLE read_again (
  id INTEGER PRIMARY KEY, number TEXT NOT NULL UNIQUE,
  definition TEXT NOT NULL, first TEXT NOT NULL, last TEXT NOT NULL
);
CREATE TABLE event_id (
  bucket INTEGER NOT NULL, id INTEGER NOT NULL,
  PRIMARY KEY (bucket, id)
) WITHOUT ROWID;
CREATE TABLE event_id_bucket (id INTEGER PRIMARY KEY, slot INTEGER NOT NULL, first REAL NOT NULL, last REAL NOT NULL);
CREATE TABLE event_id_recent (id INTEGER PRIMARY KEY, slot INTEGER NOT NULL, ids BLOB NOT NULL);
"""

_SCHEMA = f"""
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
  error TEXT NOT NULL DEFAULT '',
  {", ".join(_SCOPE_SINCE_2)}
);
{_OBJECT_DONE}
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
{_TABLES_SINCE_2}
"""

_EPOCH = date(1970, 1, 1).toordinal()


def digest(key: str, etag: str) -> int:
    """64 bits that stand for an object, signed; an empty ETag stands for any version of the key."""
    found = blake2b(f"{key}\0{etag}".encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return shortened(found)


def shortened(found: bytes) -> int:
    """The first 64 bits of a digest as a signed number, which is what SQLite stores."""
    return int.from_bytes(found[:8], "big", signed=True)


def day_number(day: str) -> int:
    """A day `YYYY-MM-DD` in days since 1970."""
    return date.fromisoformat(day).toordinal() - _EPOCH


def schema_version(connection: sqlite3.Connection) -> int:
    """The version of a database, 0 for one without tables."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def make_or_upgrade(connection: sqlite3.Connection) -> None:
    """Bring a database that is not newer than this program to its version. Raises sqlite3.Error, changing nothing."""
    version = schema_version(connection)
    if version == SCHEMA_VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        if version == 0:
            _run(connection, _SCHEMA)
        for older in range(version or SCHEMA_VERSION, SCHEMA_VERSION):
            _UPGRADES[older](connection)
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _run(connection: sqlite3.Connection, statements: str) -> None:
    """Several statements without values. `executescript` would commit what is under way."""
    for statement in statements.split(";"):
        connection.execute(statement)


def _upgrade_from_1(connection: sqlite3.Connection) -> None:
    """Version 1 kept done objects by 16-byte digests and the day as text."""
    connection.create_function("shortened", 1, shortened, deterministic=True)
    connection.create_function("day_number", 1, day_number, deterministic=True)
    connection.execute("ALTER TABLE object_done RENAME TO object_done_1")
    _run(connection, _OBJECT_DONE)
    connection.execute(
        "INSERT OR REPLACE INTO object_done SELECT scope_id, shortened(digest), day_number(day) FROM object_done_1"
    )
    connection.execute("DROP TABLE object_done_1")
    for column in _SCOPE_SINCE_2:
        connection.execute(f"ALTER TABLE scope ADD COLUMN {column}")
    _run(connection, _TABLES_SINCE_2)


#: How a database of a version becomes one of the next.
_UPGRADES: dict[int, Callable[[sqlite3.Connection], None]] = {1: _upgrade_from_1}
