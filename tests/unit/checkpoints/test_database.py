"""The checkpoint database gives back what was committed, and refuses what it must not touch."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from alertmill.checkpoints import SCHEMA_VERSION, Checkpoints, Commit
from alertmill.errors import CheckpointError
from alertmill.sinks.base import Appended
from alertmill.sources.base import ObjectDone, ObjectFailed

SCOPE = "s3://bucket/AWSLogs/|cloudtrail|123456789012|us-east-1"
FAILED = ObjectFailed(SCOPE, "k", "e", "truncated", 2, 10.0, 20.0, 30.0)


@pytest.fixture
def checkpoints(tmp_path: Path) -> Iterator[Checkpoints]:
    opened = Checkpoints(tmp_path)
    yield opened
    opened.close()


def test_state_is_a_snapshot_and_the_changes_since(checkpoints: Checkpoints) -> None:
    assert checkpoints.stored_state().is_empty
    checkpoints.commit(Commit(journal=b"1", facts=[("fts", "a", None)]))
    checkpoints.commit(Commit(journal=b"2"))
    assert [*checkpoints.stored_state().pieces] == [b"1", b"2"]
    checkpoints.commit(Commit(snapshot=iter([b"all", b"of", b"it"]), facts=[("diff", "h/1", "log")]))
    checkpoints.commit(Commit(journal=b"3"))
    checkpoints.commit(Commit(journal=b"4"))
    stored = checkpoints.stored_state()
    assert [*stored.pieces] == [b"all", b"of", b"it", b"3", b"4"]
    assert sorted(stored.facts) == [("diff", "h/1", "log"), ("fts", "a", None)]
    assert not stored.is_empty
    checkpoints.commit(Commit(snapshot=[b"new"]))
    assert [*checkpoints.stored_state().pieces] == [b"new"]


def test_a_snapshot_is_due_when_the_changes_are_as_large_as_the_last_one(tmp_path: Path) -> None:
    first = Checkpoints(tmp_path)
    mebibyte = b"x" * 2**20
    first.commit(Commit(journal=mebibyte))
    assert not first.wants_snapshot(7 * mebibyte)
    assert first.wants_snapshot(7 * mebibyte + b"x")
    first.commit(Commit(snapshot=[mebibyte] * 10))
    first.close()
    again = Checkpoints(tmp_path)
    again.commit(Commit(journal=mebibyte))
    assert not again.wants_snapshot(8 * mebibyte)
    assert again.wants_snapshot(9 * mebibyte)
    again.close()


def test_a_snapshot_that_fails_halfway_changes_nothing(checkpoints: Checkpoints) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"half"
        raise MemoryError

    checkpoints.commit(Commit(journal=b"1"))
    with pytest.raises(MemoryError):
        checkpoints.commit(Commit(snapshot=pieces()))
    assert [*checkpoints.stored_state().pieces] == [b"1"]


def test_promises_know_which_commit_was_the_last(checkpoints: Checkpoints) -> None:
    old, json, log = Appended("old", 0, 1, 1), Appended("a.json", 0, 10, 2), Appended("a.log", 5, 3, 3)
    checkpoints.commit(Commit(outputs=[old, json]))
    checkpoints.commit(Commit(outputs=[log, json]))
    every, last = checkpoints.promises()
    assert set(every) == {old, json, log}
    assert last == [log, json]
    checkpoints.forget_outputs(["old"])
    assert checkpoints.promises()[0] == [log, json]


def test_a_commit_is_all_or_nothing(checkpoints: Checkpoints) -> None:
    broken = Commit(marks=[ObjectDone(SCOPE, "k", "e", "2026-01-05", 1)], facts=[("fts", None, None)])  # type: ignore[list-item]
    with pytest.raises(CheckpointError, match="nothing of this commit was stored"):
        checkpoints.commit(broken)
    assert checkpoints.not_done(SCOPE, [("k", "e")]) == {("k", "e")}
    checkpoints.commit(Commit(marks=[ObjectDone(SCOPE, "k", "e", "2026-01-05", 1)]))
    assert checkpoints.not_done(SCOPE, [("k", "e")]) == set()


def test_everything_survives_a_restart(tmp_path: Path) -> None:
    first = Checkpoints(tmp_path)
    first.commit(Commit(marks=[FAILED], journal=b"12345", counters={"alerts": 3}))
    first.close()
    again = Checkpoints(tmp_path)
    assert again.failures() == [FAILED]
    assert again.counters() == {"alerts": 3}
    assert [*again.stored_state().pieces] == [b"12345"]
    again.close()


def test_what_is_no_database_is_refused_when_looking_too(tmp_path: Path) -> None:
    (tmp_path / "checkpoints.db").write_bytes(b"no database " * 100)
    with pytest.raises(CheckpointError, match="cannot be read: file is not a database"):
        Checkpoints(tmp_path, read_only=True)


def test_a_second_daemon_is_kept_out_but_status_may_look(tmp_path: Path) -> None:
    first = Checkpoints(tmp_path)
    with pytest.raises(CheckpointError, match="another Alertmill daemon"):
        Checkpoints(tmp_path)
    looking = Checkpoints(tmp_path, read_only=True)
    assert looking.scopes() == []
    assert looking.daemon_runs()
    first.close()
    assert not looking.daemon_runs()
    looking.close()


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    Checkpoints(tmp_path).close()
    connection = sqlite3.connect(tmp_path / "checkpoints.db")
    connection.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(CheckpointError, match="newer Alertmill"):
        Checkpoints(tmp_path)


def test_an_older_schema_is_not_upgraded_by_looking(tmp_path: Path) -> None:
    Checkpoints(tmp_path).close()
    connection = sqlite3.connect(tmp_path / "checkpoints.db")
    connection.execute(f"PRAGMA user_version={SCHEMA_VERSION - 1}")
    connection.close()
    with pytest.raises(CheckpointError, match="the next start of the daemon upgrades it"):
        Checkpoints(tmp_path, read_only=True)


def test_ids_of_events_are_stored_by_the_commit_or_not_at_all(checkpoints: Checkpoints) -> None:
    events = [(10.0, "a"), (20.0, "b")]
    assert checkpoints.claim_event_ids(events, 100.0) == [True, True]
    broken = Commit(facts=[("fts", None, None)])  # type: ignore[list-item]
    with pytest.raises(CheckpointError):
        checkpoints.commit(broken)
    assert checkpoints.claim_event_ids(events, 100.0) == [True, True]
    checkpoints.commit(Commit())
    assert checkpoints.claim_event_ids([*events, (30.0, "c")], 100.0) == [False, False, True]


def test_ids_of_events_survive_a_restart_if_they_were_committed(tmp_path: Path) -> None:
    first = Checkpoints(tmp_path)
    first.claim_event_ids([(10.0, "committed")], 100.0)
    first.commit(Commit())
    first.claim_event_ids([(10.0, "claimed only")], 100.0)
    first.close()
    again = Checkpoints(tmp_path)
    assert again.claim_event_ids([(10.0, "committed"), (10.0, "claimed only")], 100.0) == [False, True]
    again.close()


def test_a_damaged_database_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "checkpoints.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(CheckpointError, match="move it away"):
        Checkpoints(tmp_path)


def test_others_may_not_read_it(checkpoints: Checkpoints) -> None:
    assert checkpoints.path.stat().st_mode & 0o077 == 0
