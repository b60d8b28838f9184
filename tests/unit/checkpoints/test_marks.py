"""Marks that were committed are what `Progress` and `status` tell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from alertmill.checkpoints import Checkpoints, Commit
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
    ScopeState,
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


def commit(checkpoints: Checkpoints, *marks: Mark) -> None:
    checkpoints.commit(Commit(marks=list(marks)))


def done(key: str, *, scope: str = SCOPE, modified: float = 0.0, read_at: float = 0.0) -> ObjectDone:
    return ObjectDone(scope, key, "e", "2026-01-05", 1, modified=modified, read_at=read_at)


def report(error: str = "", error_code: str = "", *, scope: str = SCOPE, keep_from: str = "") -> ScopeReport:
    return ScopeReport(scope, 100.0, 5, 2, "k5", error, keep_from, error_code)


def test_a_deletion_leaves_word_that_the_key_was_read(checkpoints: Checkpoints) -> None:
    commit(checkpoints, ObjectDone(SCOPE, "k", "e", "2026-01-05", 1, remove=True), ObjectRemoved(SCOPE, "k", "e"))
    commit(checkpoints, ObjectRemoved(SCOPE, "never read", "e"))
    asked = [("k", REMOVED), ("never read", REMOVED), ("k", "another upload")]
    assert checkpoints.not_done(SCOPE, asked) == set(asked[1:])


def test_done_objects_are_looked_through_for_old_ones_only_when_another_day_begins(checkpoints: Checkpoints) -> None:
    commit(checkpoints, report(keep_from="2026-01-06"))
    commit(checkpoints, done("late"))
    commit(checkpoints, report(keep_from="2026-01-06"))
    assert checkpoints.not_done(SCOPE, [("late", "e")]) == set()
    commit(checkpoints, report(keep_from="2026-01-07"))
    assert checkpoints.not_done(SCOPE, [("late", "e")]) == {("late", "e")}


def test_a_report_without_an_error_clears_the_last_one(checkpoints: Checkpoints) -> None:
    assert checkpoints.state(SCOPE) == ScopeState()
    commit(checkpoints, report("denied", "A001"))
    assert (checkpoints.state(SCOPE).error, checkpoints.state(SCOPE).error_code) == ("denied", "A001")
    (status,) = checkpoints.scopes()
    assert (status.error, status.error_code, status.listed, status.waiting) == ("denied", "A001", 5, 2)
    commit(checkpoints, report())
    assert (checkpoints.state(SCOPE).error, checkpoints.state(SCOPE).error_code) == ("", "")


def test_the_delay_is_that_of_the_newest_object(checkpoints: Checkpoints) -> None:
    commit(checkpoints, done("a", read_at=50.0))
    (status,) = checkpoints.scopes()
    assert (status.last_modified, status.last_read, status.delay) == (0.0, 50.0, None)
    commit(checkpoints, done("b", modified=100.0, read_at=130.0))
    commit(checkpoints, done("older", modified=90.0, read_at=5000.0), done("no time", read_at=6000.0))
    (status,) = checkpoints.scopes()
    assert (status.last_modified, status.last_read, status.delay) == (100.0, 130.0, 30.0)
    commit(checkpoints, done("clocks differ", modified=200.0, read_at=199.0))
    (status,) = checkpoints.scopes()
    assert (status.last_modified, status.last_read, status.delay) == (200.0, 199.0, 0.0)
    assert checkpoints.state(SCOPE) == ScopeState(objects=5, last_read=199.0, last_modified=200.0)


def test_silence_comes_and_goes(checkpoints: Checkpoints) -> None:
    for silent in (True, False):
        commit(checkpoints, ScopeSilent(SCOPE, silent))
        assert checkpoints.state(SCOPE).silent is silent
        assert [status.silent for status in checkpoints.scopes()] == [silent]


def test_what_was_imported_is_told_of_its_scope_alone(checkpoints: Checkpoints) -> None:
    commit(checkpoints, ScopeImported(SCOPE, "2026/01/05/k", 12.5), ScopeBound("another", "2026-01-01"))
    assert checkpoints.imported(SCOPE) == ("2026/01/05/k", 12.5)
    assert checkpoints.imported("another") is None
    assert checkpoints.imported("unknown") is None


def test_positions_are_replaced_and_forgotten(checkpoints: Checkpoints) -> None:
    commit(checkpoints, Position(SCOPE, "a", "1"), Position(SCOPE, "b", "2"), Position("another", "a", "3"))
    commit(checkpoints, Position(SCOPE, "a", "4"), Position(SCOPE, "b", ""))
    assert checkpoints.positions(SCOPE) == {"a": "4"}
    assert checkpoints.positions("another") == {"a": "3"}
    assert checkpoints.positions("unknown") == {}


def test_a_failed_object_that_was_given_up_is_tried_again(checkpoints: Checkpoints) -> None:
    given_up = ObjectFailed(SCOPE, "k", "e", "truncated", 10, 10.0, 20.0, 30.0, dead=True)
    commit(checkpoints, given_up, RetryFailed(SCOPE, "k", "e"), RetryFailed(SCOPE, "unknown", "e"))
    assert checkpoints.failures() == [ObjectFailed(SCOPE, "k", "e", "truncated", 0, 10.0, 20.0, 0.0)]
    assert [(status.failed, status.dead) for status in checkpoints.scopes()] == [(1, 0)]


def test_a_range_that_was_read_again_leaves_nothing_but_what_was_there_before(checkpoints: Checkpoints) -> None:
    wishes = [ReadAgain(number, "s3://bucket/", "2026-01-01", "2026-01-02") for number in ("9", "19", "%")]
    again = f"{SCOPE}|again 9"
    others = (SCOPE, f"{SCOPE}|again 19", f"{SCOPE}|again %")
    commit(checkpoints, *wishes, wishes[0])
    assert checkpoints.read_again() == wishes
    for scope in (again, *others):
        commit(checkpoints, done("k", scope=scope), report(scope=scope), Position(scope, "p", "1"))
        commit(checkpoints, ObjectPartial(scope, "l", "e", 5), ObjectFailed(scope, "f", "e", "r", 1, 1.0, 1.0, 1.0))
    commit(checkpoints, ReadAgainOver("9"))
    assert checkpoints.read_again() == wishes[1:]
    assert [status.name for status in checkpoints.scopes()] == sorted(others)
    assert len(checkpoints.failures()) == 3
    # Its number may go to another scope now, which must not find anything.
    commit(checkpoints, report(scope="new"), report(scope=again))
    for scope in ("new", again):
        assert checkpoints.not_done(scope, [("k", "e")]) == {("k", "e")}
        assert (checkpoints.partial(scope, "l", "e"), checkpoints.positions(scope)) == (0, {})
        assert checkpoints.failed(scope) == {}
    for scope in others:
        assert checkpoints.not_done(scope, [("k", "e")]) == set()
        assert checkpoints.partial(scope, "l", "e") == 5


def test_marks_from_elsewhere_are_taken_over_all_or_none(checkpoints: Checkpoints) -> None:
    def broken() -> Iterator[Mark]:
        yield done("a")
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        checkpoints.take_over(broken())
    assert checkpoints.scopes() == []
    checkpoints.take_over(done(f"k{number}") for number in range(3))
    assert checkpoints.not_done(SCOPE, [("k2", "e"), ("a", "e")]) == {("a", "e")}
