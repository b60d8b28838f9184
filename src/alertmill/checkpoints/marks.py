"""Marks as rows: what a source has reached, written within the transaction that the caller has begun."""

from __future__ import annotations

import sqlite3

from alertmill.checkpoints.schema import day_number, digest
from alertmill.sources.base import (
    REMOVED,
    Mark,
    NextRun,
    ObjectDone,
    ObjectFailed,
    ObjectPartial,
    ObjectRemoved,
    Position,
    ReadAgain,
    ReadAgainOver,
    RetryFailed,
    ScopeBound,
    ScopeImported,
    ScopeReport,
    ScopeSilent,
)

#: Ends the name of a scope that reads a range again, before the number of the wish.
_AGAIN = "|again "
#: Every table with rows of a scope.
_OF_A_SCOPE = ("object_done", "object_partial", "object_failed", "object_to_remove", "position")
_THIS_OBJECT = "scope_id = ? AND key = ? AND etag = ?"


class MarkWriter:
    """Writes marks over one connection. `forget` is to be called when a transaction was rolled back."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute
        self._scope_ids: dict[str, int] = {}

    def forget(self) -> None:
        """Forget the numbers of scopes: some may belong to rows that were never stored."""
        self._scope_ids.clear()

    def write(self, mark: Mark) -> None:
        execute = self._execute
        match mark:
            case NextRun():
                execute("INSERT OR REPLACE INTO schedule VALUES (?, ?)", (mark.schedule, mark.time))
            case ReadAgain():
                execute(
                    "INSERT INTO read_again (number, definition, first, last) VALUES (?, ?, ?, ?) "
                    "ON CONFLICT (number) DO NOTHING",
                    (mark.number, mark.definition, mark.first, mark.last),
                )
            case ReadAgainOver():
                self._forget_wish(mark.number)
            case ScopeBound() | ScopeReport() | ScopeSilent() | ScopeImported() | Position():
                self._write_scope(self._scope_id(mark.scope), mark)
            case _:
                self._write_object(self._scope_id(mark.scope), mark)

    def _scope_id(self, name: str) -> int:
        known = self._scope_ids.get(name)
        if known is None:
            self._execute("INSERT INTO scope (name) VALUES (?) ON CONFLICT (name) DO NOTHING", (name,))
            known = int(self._execute("SELECT id FROM scope WHERE name = ?", (name,)).fetchone()[0])
            self._scope_ids[name] = known
        return known

    def _write_object(
        self, scope: int, mark: ObjectDone | ObjectPartial | ObjectFailed | ObjectRemoved | RetryFailed
    ) -> None:
        execute = self._execute
        this = (scope, mark.key, mark.etag)
        match mark:
            case ObjectDone():
                self._write_done(scope, mark)
            case ObjectPartial():
                execute("INSERT OR REPLACE INTO object_partial VALUES (?, ?, ?, ?)", (*this, mark.records))
            case ObjectFailed():
                times = (mark.first_failed, mark.last_failed, mark.retry_at)
                execute(
                    "INSERT OR REPLACE INTO object_failed VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (*this, mark.reason, mark.attempts, *times, int(mark.dead)),
                )
            case ObjectRemoved():
                execute(f"DELETE FROM object_to_remove WHERE {_THIS_OBJECT}", this)
                execute(
                    "INSERT OR IGNORE INTO object_done SELECT scope_id, ?, day FROM object_done "
                    "WHERE scope_id = ? AND digest = ?",
                    (digest(mark.key, REMOVED), scope, digest(mark.key, mark.etag)),
                )
            case RetryFailed():
                execute(f"UPDATE object_failed SET attempts = 0, retry_at = 0, dead = 0 WHERE {_THIS_OBJECT}", this)

    def _write_scope(self, scope: int, mark: ScopeBound | ScopeReport | ScopeSilent | ScopeImported | Position) -> None:
        execute = self._execute
        match mark:
            case ScopeBound():
                execute("UPDATE scope SET lower_bound = ? WHERE id = ?", (mark.lower_bound, scope))
            case ScopeReport():
                self._write_report(scope, mark)
            case ScopeSilent():
                execute("UPDATE scope SET silent = ? WHERE id = ?", (int(mark.silent), scope))
            case ScopeImported():
                execute(
                    "UPDATE scope SET imported_key = ?, imported_time = ? WHERE id = ?", (mark.key, mark.time, scope)
                )
            case Position(value=""):
                execute("DELETE FROM position WHERE scope_id = ? AND key = ?", (scope, mark.key))
            case Position():
                execute("INSERT OR REPLACE INTO position VALUES (?, ?, ?)", (scope, mark.key, mark.value))

    def _write_done(self, scope: int, mark: ObjectDone) -> None:
        execute = self._execute
        execute(
            "INSERT OR REPLACE INTO object_done VALUES (?, ?, ?)",
            (scope, digest(mark.key, mark.etag), day_number(mark.day)),
        )
        delay = max(mark.read_at - mark.modified, 0.0) if mark.read_at and mark.modified else None
        execute(
            "UPDATE scope SET objects = objects + 1, records = records + :records, "
            "newest_day = MAX(COALESCE(newest_day, ''), :day), "
            "last_read = CASE WHEN :modified >= last_modified THEN MAX(last_read, :read_at) ELSE last_read END, "
            "delay = CASE WHEN :modified >= last_modified THEN COALESCE(:delay, delay) ELSE delay END, "
            "last_modified = MAX(last_modified, :modified) WHERE id = :scope",
            {
                "records": mark.records,
                "day": mark.day,
                "modified": mark.modified,
                "read_at": mark.read_at,
                "delay": delay,
                "scope": scope,
            },
        )
        this = (scope, mark.key, mark.etag)
        execute(f"DELETE FROM object_partial WHERE {_THIS_OBJECT}", this)
        execute(f"DELETE FROM object_failed WHERE {_THIS_OBJECT}", this)
        if mark.remove:
            execute("INSERT OR REPLACE INTO object_to_remove VALUES (?, ?, ?)", this)

    def _write_report(self, scope: int, mark: ScopeReport) -> None:
        self._execute(
            "UPDATE scope SET report_time = ?, listed = ?, waiting = ?, newest_key = MAX(newest_key, ?), error = ?, "
            "error_code = ? WHERE id = ?",
            (mark.time, mark.listed, mark.waiting, mark.newest_key, mark.error, mark.error_code, scope),
        )
        if mark.keep_from and not mark.error:
            self._forget_done(scope, mark.keep_from)

    def _forget_done(self, scope: int, keep_from: str) -> None:
        """Forget done objects of days before `keep_from`. That looks at all of the scope: once per day, not per run."""
        changed = self._execute(
            "UPDATE scope SET keep_from = ? WHERE id = ? AND keep_from <> ?", (keep_from, scope, keep_from)
        )
        if changed.rowcount:
            self._execute("DELETE FROM object_done WHERE scope_id = ? AND day < ?", (scope, day_number(keep_from)))

    def _forget_wish(self, number: str) -> None:
        """Forget a range that was read again, with everything remembered in its scopes."""
        self._execute("DELETE FROM read_again WHERE number = ?", (number,))
        ending = f"{_AGAIN}{number}"
        scopes = self._execute(
            "SELECT id, name FROM scope WHERE SUBSTR(name, -LENGTH(?)) = ?", (ending, ending)
        ).fetchall()
        for scope, name in scopes:
            for table in _OF_A_SCOPE:
                self._execute(f"DELETE FROM {table} WHERE scope_id = ?", (scope,))
            self._execute("DELETE FROM scope WHERE id = ?", (scope,))
            self._scope_ids.pop(name, None)
