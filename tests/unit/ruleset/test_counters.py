"""firedtimes and the timers of `ignore`."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone

import pytest

from alertmill.ruleset.counters import Counters, Timers
from unit.ruleset.helpers import NOON


def counted(*arrivals: float, zone: timezone = UTC) -> list[int]:
    """The counts of one rule that fires at these moments."""
    counters, found = Counters(zone), []
    for arrival in arrivals:
        counters.at(arrival)
        found.append(counters.count(100))
    return found


@pytest.mark.parametrize(
    ("arrivals", "counts"),
    [
        ((NOON, NOON + 1, NOON + 3599.9), [1, 2, 3]),
        ((NOON + 3599, NOON + 3600, NOON + 3601), [1, 1, 2]),
        ((NOON, NOON + 86400), [1, 1]),  # the same hour of another day
        ((NOON + 3600, NOON + 3599.9, NOON + 3600.1), [1, 2, 3]),  # a batch that came just before the hour
        ((NOON, NOON - 7200), [1, 1]),  # the clock was set back
    ],
)
def test_counts_begin_anew_with_the_hour(arrivals, counts):
    assert counted(*arrivals) == counts


def test_the_hour_is_the_local_one():
    half_past = timezone(timedelta(hours=5, minutes=30))
    assert counted(NOON, NOON + 1799, NOON + 1800, zone=half_past) == [1, 2, 1]


def test_counters_go_through_their_notes():
    first, second = Counters(UTC), Counters(UTC)
    for arrival, rule_id in [(NOON, 1), (NOON, 2), (NOON, 1), (NOON + 3600, 2)]:
        first.at(arrival)
        first.count(rule_id)
        notes = first.changes()
        assert notes is not None
        second.apply(notes)
        assert second.fired == first.fired
    assert first.fired == {2: 1}
    assert first.changes() is None
    second.at(NOON + 3700)
    assert second.count(2) == 2  # it knows the hour


def test_a_restored_count_of_an_earlier_hour_begins_anew():
    first, second = Counters(UTC), Counters(UTC)
    first.at(NOON)
    first.count(1)
    second.apply(first.everything())
    second.at(NOON + 3600)
    assert second.count(1) == 1


def test_timers_go_through_their_notes():
    first, second = Timers(), Timers()
    first.begin(1, 10)
    first.begin(2, 20)
    second.apply(first.changes() or [])
    first.stop(1)
    assert first.changes() == [[1, None]]
    second.apply([[1, None]])
    assert (second.begun(1), second.begun(2)) == (None, 20)
    assert second.everything() == first.everything() == [[2, 20]]
    assert first.changes() is None
