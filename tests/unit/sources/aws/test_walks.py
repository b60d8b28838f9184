from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from alertmill.sources.aws.listing import Days
from alertmill.sources.aws.walks import Place, Walk, lower_bound
from alertmill.sources.base import ObjectDone, ScopeBound, ScopeReport
from unit.sources.aws.doubles import ACCOUNT, NOON, MemoryProgress, MemoryStore, trail_key

PREFIX = f"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/"
PLACE = Place("scope", ACCOUNT, "us-east-1", (PREFIX,))


def walk_since(
    day: date, store: MemoryStore, progress: MemoryProgress | None = None, *, look_back: int = 0, **more: Any
) -> Walk:
    days = more.pop("days", Days(day))
    return Walk(PLACE, days, day, look_back, NOON, progress or MemoryProgress(), store, **more)


@pytest.mark.parametrize(
    ("stored", "otherwise", "configured", "expected"),
    [
        (None, date(2026, 1, 15), None, date(2026, 1, 15)),
        (None, date(2010, 1, 1), date(2010, 1, 1), date(2010, 1, 1)),
        ("2026-01-10", date(2026, 1, 15), None, date(2026, 1, 10)),
        ("2026-01-10", date(2026, 1, 15), date(2026, 1, 1), date(2026, 1, 10)),
        ("2026-01-10", date(2026, 1, 15), date(2026, 1, 12), date(2026, 1, 12)),
    ],
)
def test_lower_bound(stored: str | None, otherwise: date, configured: date | None, expected: date) -> None:
    assert lower_bound(stored, otherwise, configured) == expected


def test_the_bound_rises_only_behind_a_whole_walk() -> None:
    store = MemoryStore({trail_key(f"2026/01/{day:02}", "x"): b"x" for day in (13, 14, 15)}, page_size=1)
    walk = walk_since(date(2010, 1, 1), store, look_back=86_400)
    days = []
    for page in walk.candidates():
        for listed in page:
            target = walk.target(listed)
            days.append(target.day)
            walk.done(ObjectDone(target.scope, target.key, target.etag, target.day, 1))
            assert [type(mark) for mark in walk.closing_marks(NOON)] == [ScopeReport]
    assert days == ["2026-01-13", "2026-01-14", "2026-01-15"]
    bound, report = walk.closing_marks(NOON)
    assert bound == ScopeBound("scope", "2026-01-14")
    assert report == ScopeReport("scope", NOON, 3, 0, trail_key("2026/01/15", "x"), keep_from="2025-10-16")


def test_an_error_keeps_the_bound() -> None:
    walk = walk_since(date(2010, 1, 1), MemoryStore())
    assert list(walk.candidates()) == [[], []]
    walk.error = "no"
    (report,) = walk.closing_marks(NOON)
    assert isinstance(report, ScopeReport)
    assert (report.error, report.keep_from) == ("no", "")


def test_the_first_walk_says_where_it_begins() -> None:
    progress = MemoryProgress()
    walk = walk_since(date(2026, 1, 10), MemoryStore(), progress)
    assert walk.opening_marks() == (ScopeBound("scope", "2026-01-10"),)
    progress.bounds["scope"] = "2026-01-10"
    assert walk.opening_marks() == ()
