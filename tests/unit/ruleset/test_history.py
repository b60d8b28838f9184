"""The stored events, their indexes, and the notes that make an equal history."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from alertmill.ruleset.history import History, HistoryList, Index, PastEvent
from unit.ruleset.helpers import NOON, event


def past(seq: int, second: int, agent: str = "000", **static: str) -> PastEvent:
    return PastEvent.of(event(f"log {seq}", time=NOON + second, agent=agent, static=static), seq, 101, 0, ())


def found(index: Index, second: int, *, both_sides: bool = False, wanted: int = 1, **made: Any) -> list[int]:
    """The numbers of the events that may lie within the timeframe of an event."""
    one = event(**made)
    near = index.newest_first(one, one.fields.get, NOON + second, both_sides=both_sides, wanted=wanted)
    return [past.seq for past in near]


@pytest.fixture
def no_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three events are many."""
    monkeypatch.setattr("alertmill.ruleset.history._FEW", 2)


def test_a_few_events_are_told_apart_by_nothing_but_their_number():
    index = Index(True, (), (), 10)
    for seq, second in enumerate((0, 900, 5)):
        assert found(index, 0, wanted=seq + 1) == []
        index.add(past(seq, second), {}.get)
        assert found(index, 0, wanted=seq + 1) == found(index, 0) == [*range(seq, -1, -1)]


@pytest.mark.usefixtures("no_rows")
def test_an_index_looks_into_the_windows_around_a_moment():
    index = Index(True, (), (), 10)
    for seq, second in enumerate((0, 9, 15, 31, 44)):
        index.add(past(seq, second), {}.get)
    assert found(index, 45) == [4, 3]
    assert found(index, 19) == [4, 3, 2, 1, 0]  # nothing newer ends a walk in order of arrival
    assert found(index, 19, both_sides=True) == [2, 1, 0]
    assert found(index, 300) == []


@pytest.mark.usefixtures("no_rows")
def test_windows_are_merged_in_order_of_arrival():
    index = Index(True, (), (), 10)
    for seq, second in enumerate((18, 3, 12, 7, 15)):
        index.add(past(seq, second), {}.get)
    assert found(index, 10, both_sides=True) == [4, 3, 2, 1, 0]


def test_keys_are_agent_and_values_and_incomplete_ones_are_never_found():
    index = Index(False, ("id", "location"), ("app",), 10)
    for seq, (agent, static, fields) in enumerate(
        [
            ("1", {"id": "7"}, {"app": "x"}),
            ("2", {"id": "7"}, {"app": "x"}),
            ("1", {}, {"app": "x"}),
            ("1", {"id": "7"}, {}),
        ]
    ):
        one = event(agent=agent, static=static, fields=fields)
        kept = PastEvent.of(one, seq, 101, 0, ("app",))
        index.add(kept, kept.fields.get)
    assert found(index, 0, agent="1", static={"id": "7"}, fields={"APP": "x"}) == [0]
    assert found(index, 0, agent="1", static={"id": "7"}, fields={"app": "x"}, location="/else") == []
    assert found(index, 0, agent="1", fields={"app": "x"}) == []
    assert found(index, 0, agent="1", static={"id": "7"}) == []


@pytest.mark.parametrize("number", [1, 6, 60])
def test_dropping_every_event_leaves_an_empty_index(number: int):
    index = Index(True, ("id",), (), 10)
    events = [past(seq, seq * 4, id=str(seq % 2)) for seq in range(number)] + [past(number, 30)]
    for one in events:
        index.add(one, {}.get)
    for one in events:
        index.drop(one, {}.get)
    assert not index._buckets


def test_an_event_in_a_list_several_times_leaves_all_of_its_places():
    history, entries = History(1, 0), HistoryList()
    history.keep(past(0, 0), [entries, entries])
    assert len(entries.entries) == 2
    history.keep(past(1, 0), [entries])
    history.make_room(NOON)
    assert not entries.entries
    assert not history.events


@pytest.mark.parametrize("own_log", ["", "the end", "something else"])
def test_an_event_goes_through_its_note(own_log):
    one = event("", static={"id": "\xff"}, fields={"A.b": "1", "a.B": "2", "c": ""}, location="/x", agent="007")
    one.full_log, one.log = "at the end", own_log
    kept = PastEvent.of(one, 5, 101, 7, ("a.b", "c", "d"))
    again = PastEvent.from_note(5, orjson.loads(orjson.dumps(kept.as_note())))
    for name in (
        "rule_id",
        "time",
        "agent_id",
        "matched",
        "category",
        "location",
        "full_log",
        "log",
        "static",
        "fields",
    ):
        assert getattr(again, name) == getattr(kept, name), name
    assert again.fields == {"a.b": "1", "c": ""}


def test_notes_make_an_equal_history():
    first, second = History(4, 5), History(4, 5)
    for seq in range(40):
        if seq % 3:
            first.keep_time(NOON + seq)
        else:
            kept = past(first.next, seq)
            first.keep(kept, [])
            if seq % 2:
                first.mark(kept, seq)
        if seq == 20:
            first.begin_any_order()
        first.make_room(NOON + seq)
        if seq % 7 == 0:
            second.apply(orjson.loads(orjson.dumps(first.changes())))
            assert [*second.everything()] == [*first.everything()]
    third = History(4, 5)
    for notes in first.everything():
        third.apply(orjson.loads(orjson.dumps(notes)))
    assert ([*third.everything()], third.next) == ([*first.everything()], first.next)


def test_a_mark_on_an_event_that_is_gone_is_passed_over():
    history = History(4, 5)
    history.apply([["times", NOON, 2], ["mark", 0, 7], ["mark", 99, 7], ["mark", -5, 7]])
    assert list(history.events) == [NOON, NOON]


@pytest.mark.parametrize("events", [0, 1, 3, 4, 5, 17, 40])
@pytest.mark.parametrize("later", [0, 3, 100])
def test_times_that_are_kept_together(events, later):
    together, alone = History(12, 5), History(12, 5)
    for one in (together, alone):
        for seq in range(9):
            one.keep_time(NOON + seq % 2)
    together.keep_times(NOON + later, events)
    for _ in range(events):
        alone.keep_time(NOON + later)
        alone.make_room(NOON + later)
    assert ([*together.everything()], together.next) == ([*alone.everything()], alone.next)
    assert together.changes() == alone.changes()
