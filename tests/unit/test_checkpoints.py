"""The checkpoint database gives back what was committed, and refuses what it must not touch."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from alertmill.checkpoints import SCHEMA_VERSION, Checkpoints, Commit
from alertmill.errors import CheckpointError
from alertmill.sinks.base import Appended
from alertmill.sources.base import (
    NextRun,
    ObjectDone,
    ObjectFailed,
    ObjectPartial,
    ObjectRemoved,
    ScopeBound,
    ScopeReport,
)

SCOPE = "s3://bucket/AWSLogs/|cloudtrail|123456789012|us-east-1"
FAILED = ObjectFailed(SCOPE, "k", "e", "truncated", 2, 10.0, 20.0, 30.0)


@pytest.fixture
def checkpoints(tmp_path: Path) -> Iterator[Checkpoints]:
    opened = Checkpoints(tmp_path)
    yield opened
    opened.close()


def test_done_is_by_key_and_etag(checkpoints: Checkpoints) -> None:
    checkpoints.commit(Commit(marks=[ObjectDone(SCOPE, "k1", "e1", "2026-01-05", 7)]))
    asked = [("k1", "e1"), ("k1", "e2"), ("k2", "e1")]
    assert checkpoints.not_done(SCOPE, asked) == {("k1", "e2"), ("k2", "e1")}
    assert checkpoints.not_done("another scope", asked) == set(asked)
    assert checkpoints.newest_day(SCOPE) == "2026-01-05"


def test_a_done_row_without_etag_matches_any(checkpoints: Checkpoints) -> None:
    checkpoints.commit(Commit(marks=[ObjectDone(SCOPE, "k1", "", "2026-01-05", 0)]))
    assert checkpoints.not_done(SCOPE, [("k1", "whatever")]) == set()


def test_a_page_of_a_thousand_objects_is_asked_at_once(checkpoints: Checkpoints) -> None:
    done = [ObjectDone(SCOPE, f"k{n}", "e", "2026-01-05", 1) for n in range(0, 1000, 2)]
    checkpoints.commit(Commit(marks=list(done)))
    asked = [(f"k{n}", "e") for n in range(1000)]
    assert checkpoints.not_done(SCOPE, asked) == {(f"k{n}", "e") for n in range(1, 1000, 2)}


def test_done_ends_partial_and_failed(checkpoints: Checkpoints) -> None:
    checkpoints.commit(Commit(marks=[ObjectPartial(SCOPE, "k", "e", 500), FAILED]))
    assert checkpoints.partial(SCOPE, "k", "e") == 500
    assert checkpoints.failed(SCOPE) == {("k", "e"): FAILED}
    assert checkpoints.failures() == [FAILED]
    checkpoints.commit(Commit(marks=[ObjectDone(SCOPE, "k", "e", "2026-01-05", 900)]))
    assert checkpoints.partial(SCOPE, "k", "e") == 0
    assert checkpoints.failed(SCOPE) == {}


def test_removal_stays_on_the_list_until_it_is_done(checkpoints: Checkpoints) -> None:
    checkpoints.commit(Commit(marks=[ObjectDone(SCOPE, "k", "e", "2026-01-05", 1, remove=True)]))
    assert checkpoints.to_remove(SCOPE) == [("k", "e")]
    checkpoints.commit(Commit(marks=[ObjectRemoved(SCOPE, "k", "e")]))
    assert checkpoints.to_remove(SCOPE) == []
    assert checkpoints.not_done(SCOPE, [("k", "e")]) == set()


def test_a_clean_report_forgets_objects_that_no_walk_lists_again(checkpoints: Checkpoints) -> None:
    days = ["2026-01-01", "2026-01-05"]
    checkpoints.commit(Commit(marks=[ObjectDone(SCOPE, day, "e", day, 1) for day in days]))
    bad = ScopeReport(SCOPE, 100.0, 2, 0, "2026-01-05", error="AccessDenied", keep_from="2026-01-03")
    checkpoints.commit(Commit(marks=[bad]))
    assert checkpoints.not_done(SCOPE, [(day, "e") for day in days]) == set()
    checkpoints.commit(Commit(marks=[ScopeReport(SCOPE, 200.0, 2, 0, "2026-01-05", keep_from="2026-01-03")]))
    assert checkpoints.not_done(SCOPE, [(day, "e") for day in days]) == {("2026-01-01", "e")}
    (status,) = checkpoints.scopes()
    assert (status.objects, status.records, status.report_time, status.error) == (2, 2, 200.0, "")


def test_small_marks(checkpoints: Checkpoints) -> None:
    assert checkpoints.lower_bound(SCOPE) is None
    assert checkpoints.next_run("aws-s3") is None
    checkpoints.commit(Commit(marks=[ScopeBound(SCOPE, "2026-01-02"), NextRun("aws-s3", 12.5)]))
    assert checkpoints.lower_bound(SCOPE) == "2026-01-02"
    assert checkpoints.next_run("aws-s3") == 12.5


def test_state_is_a_snapshot_and_the_changes_since(checkpoints: Checkpoints) -> None:
    checkpoints.commit(Commit(journal=b"1", facts=[("fts", "a", None)]))
    checkpoints.commit(Commit(journal=b"2"))
    assert checkpoints.stored_state().journals == (b"1", b"2")
    checkpoints.commit(Commit(snapshot=b"all", facts=[("diff", "h/1", "log")]))
    checkpoints.commit(Commit(journal=b"3"))
    stored = checkpoints.stored_state()
    assert (stored.snapshot, stored.journals) == (b"all", (b"3",))
    assert sorted(stored.facts) == [("diff", "h/1", "log"), ("fts", "a", None)]
    assert checkpoints.journal_size == 1


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
    assert again.journal_size == 5
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


def test_a_damaged_database_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "checkpoints.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(CheckpointError, match="move it away"):
        Checkpoints(tmp_path)


def test_others_may_not_read_it(checkpoints: Checkpoints) -> None:
    assert checkpoints.path.stat().st_mode & 0o077 == 0
