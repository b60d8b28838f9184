"""Ids of events: the first one wins, for a window of arrival, on a disk that does not fill up."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from alertmill.checkpoints.event_ids import EventIds
from alertmill.checkpoints.schema import make_or_upgrade

HOUR = 3600.0
DAY = 24 * HOUR
WINDOW = 3 * DAY
#: Ids gathered before they are put in order: few, so that a test needs few.
GATHERED = 10


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(tmp_path / "ids.db", isolation_level=None)
    opened.execute("PRAGMA synchronous=OFF")
    make_or_upgrade(opened)
    yield opened
    opened.close()


@pytest.fixture
def ids(connection: sqlite3.Connection) -> EventIds:
    return EventIds(connection, WINDOW, GATHERED)


def commit(connection: sqlite3.Connection, ids: EventIds) -> None:
    connection.execute("BEGIN")
    ids.write()
    connection.execute("COMMIT")
    ids.committed()


def claim(ids: EventIds, *names: str, event: float | None = 0.0, now: float = 0.0) -> list[bool]:
    return ids.claim([(event, name) for name in names], now)


def fill(connection: sqlite3.Connection, ids: EventIds, now: float) -> None:
    """Commit so many new ids that all are put in order."""
    claim(ids, *(f"filler {now} {number}" for number in range(GATHERED)), event=now, now=now)
    commit(connection, ids)


def rows(connection: sqlite3.Connection, table: str = "event_id") -> int:
    return int(connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])


def test_the_first_of_a_batch_wins(ids: EventIds) -> None:
    assert claim(ids, "a", "b", "a", "c", "b", "a") == [True, True, False, True, False, False]
    assert claim(ids, "c", "d") == [False, True]
    assert claim(ids) == []


def test_copies_of_an_event_share_its_time(ids: EventIds) -> None:
    assert claim(ids, "a", event=10.0) == [True]
    assert claim(ids, "a", event=10.5) == [False]
    assert claim(ids, "b", event=None) == [True]
    assert claim(ids, "b", event=None) == [False]


@pytest.mark.parametrize("event", [-1e12, -1.0, 0.5, 1.7e9, 1e15, 1e300])
def test_an_event_of_any_time_is_known_again(connection: sqlite3.Connection, ids: EventIds, event: float) -> None:
    assert claim(ids, "a", event=event) == [True]
    fill(connection, ids, 0.0)
    assert claim(ids, "a", event=event) == [False]


@pytest.mark.parametrize("name", ["", "\udcff", "\ud800", "a\0b", "é", "x" * 100_000])
def test_an_id_may_be_any_text(connection: sqlite3.Connection, ids: EventIds, name: str) -> None:
    assert claim(ids, name, "a", name) == [True, True, False]
    fill(connection, ids, 0.0)
    assert claim(ids, name) == [False]


@pytest.mark.parametrize("in_order", [False, True])
def test_committed_ids_are_known_after_a_restart(connection: sqlite3.Connection, in_order: bool) -> None:
    ids = EventIds(connection, WINDOW, 1 if in_order else GATHERED)
    claim(ids, "a", "b", event=10.0)
    claim(ids, "c", event=None)
    commit(connection, ids)
    assert (rows(connection) == 3) is in_order
    claim(ids, "not committed")
    again = EventIds(connection, WINDOW, GATHERED)
    assert claim(again, "a", "x", "b", event=10.0) == [False, True, False]
    assert claim(again, "c", event=None) == [False]
    assert claim(again, "not committed") == [True]


@pytest.mark.parametrize("gathered", [1, GATHERED])
def test_a_transaction_that_is_rolled_back_forgets_its_ids_alone(connection: sqlite3.Connection, gathered: int) -> None:
    ids = EventIds(connection, WINDOW, gathered)
    claim(ids, "committed")
    commit(connection, ids)
    claim(ids, "lost")
    connection.execute("BEGIN")
    ids.write()
    connection.execute("ROLLBACK")
    ids.rolled_back()
    assert claim(ids, "committed", "lost") == [False, True]
    commit(connection, ids)
    assert claim(ids, "committed", "lost") == [False, False]


def test_a_commit_without_ids_writes_nothing(connection: sqlite3.Connection, ids: EventIds) -> None:
    before = connection.total_changes
    commit(connection, ids)
    assert connection.total_changes == before


def test_ids_are_put_in_order_when_many_have_gathered(connection: sqlite3.Connection, ids: EventIds) -> None:
    for number in range(GATHERED - 1):
        claim(ids, f"id {number}")
        commit(connection, ids)
    assert (rows(connection), rows(connection, "event_id_recent")) == (0, GATHERED - 1)
    claim(ids, "the last")
    commit(connection, ids)
    assert (rows(connection), rows(connection, "event_id_recent")) == (GATHERED, 0)


def test_an_id_is_known_for_one_window_after_it_came(connection: sqlite3.Connection, ids: EventIds) -> None:
    """Also when others of its time came long before it, and go on coming."""
    old_event = -400 * DAY
    for hours in range(0, 24 * 12, 6):
        now = hours * HOUR
        assert claim(ids, f"id {hours}", event=old_event, now=now) == [True]
        for former in range(max(0, hours - 72), hours, 6):
            assert claim(ids, f"id {former}", event=old_event, now=now) == [False]
        fill(connection, ids, now)


def test_a_duplicate_is_known_a_window_after_its_first_copy_only(connection: sqlite3.Connection, ids: EventIds) -> None:
    claim(ids, "a", event=5.0, now=0.0)
    fill(connection, ids, 0.0)
    assert claim(ids, "a", event=5.0, now=WINDOW) == [False]
    assert claim(ids, "a", event=5.0, now=2 * WINDOW + 1) == [True]


@pytest.mark.parametrize("event_of", [lambda now: now, lambda now: 0.0, lambda now: None, lambda now: now * 1e6])
def test_the_disk_holds_ids_of_two_windows_at_most(
    connection: sqlite3.Connection, ids: EventIds, event_of: object
) -> None:
    """Whatever times the events claim to have."""
    per_hour, most = 5, 0
    for hour in range(24 * 30):
        now = hour * HOUR
        events = [(event_of(now), f"{hour} {number}") for number in range(per_hour)]  # type: ignore[operator]
        assert all(ids.claim(events, now))
        commit(connection, ids)
        most = max(most, rows(connection))
    assert 72 * per_hour <= most <= 2 * 72 * per_hour + 4 * GATHERED
    assert rows(connection, "event_id_bucket") <= most


def test_old_ids_are_deleted_in_slices(connection: sqlite3.Connection) -> None:
    """A commit deletes up to twice as many as it puts in order; of an hour with more, the rest is left for later."""
    ids = EventIds(connection, WINDOW, 1)
    claim(ids, *map(str, range(100)))
    commit(connection, ids)
    left = []
    for number in range(8):
        later = 10 * WINDOW + number
        claim(ids, *(f"{number} {n}" for n in range(10)), event=later, now=later)
        commit(connection, ids)
        left.append(rows(connection) - 10 * (number + 1))
    assert left == [80, 60, 40, 20, 0, 0, 0, 0]


def test_a_slice_ends_within_several_buckets(connection: sqlite3.Connection) -> None:
    ids = EventIds(connection, WINDOW, 1)
    for hour in range(10):
        claim(ids, *(f"{hour} {number}" for number in range(10)), event=hour * HOUR)
        commit(connection, ids)
    claim(ids, *map(str, range(12)), event=10 * WINDOW, now=10 * WINDOW)
    commit(connection, ids)
    assert rows(connection) == 12 + 100 - 24
    assert rows(connection, "event_id_bucket") == 1 + 8


def test_a_restart_knows_when_ids_came_last(connection: sqlite3.Connection) -> None:
    ids = EventIds(connection, WINDOW, 1)
    for number, now in enumerate((0.0, 0.9 * WINDOW)):
        claim(ids, f"id {number}", now=now)
        commit(connection, ids)
    again = EventIds(connection, WINDOW, 1)
    assert claim(again, "id 1", now=1.5 * WINDOW) == [False]


def test_a_clock_that_is_set_back_does_not_keep_ids_for_ever(connection: sqlite3.Connection) -> None:
    ids = EventIds(connection, WINDOW, 1)
    for day in (1000, *range(30)):
        claim(ids, *(f"{day} {number}" for number in range(10)), now=day * DAY)
        commit(connection, ids)
    assert rows(connection) <= 2 * 4 * 10
