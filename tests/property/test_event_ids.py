"""Ids of events behave like a plain set, through commits, failed commits, kills and whatever order ids come in."""

from __future__ import annotations

import sqlite3

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from alertmill.checkpoints.event_ids import EventIds
from alertmill.checkpoints.schema import make_or_upgrade
from support import LONG

WINDOW = 1000.0

#: Few ids, so that they come again; an event's time goes with its id, and many share one.
IDS = st.integers(0, 40)
EVENTS = st.lists(IDS, max_size=12)


def identity(number: int) -> tuple[float | None, str]:
    time = None if number % 10 == 0 else float(number % 7 * 500)
    return time, f"id {number}"


class IdsAgainstSets(RuleBasedStateMachine):
    """The model: what is committed, what is claimed since, and when each id came last."""

    def __init__(self) -> None:
        super().__init__()
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        make_or_upgrade(self.connection)
        self.now = 0.0
        self.committed: dict[int, float] = {}
        self.claimed: dict[int, float] = {}
        self.open(3)

    def open(self, gathered: int) -> None:
        self.ids = EventIds(self.connection, WINDOW, gathered)

    @rule(numbers=EVENTS)
    def claim(self, numbers: list[int]) -> None:
        told = self.ids.claim([identity(number) for number in numbers], self.now)
        for number, first in zip(numbers, told, strict=True):
            came = self.claimed.get(number, self.committed.get(number))
            if came is None:
                assert first, f"{number} never came before"
            elif self.now - came <= WINDOW:
                assert not first, f"{number} came at {came}"
            if first:
                self.claimed[number] = self.now

    @rule()
    def commit(self) -> None:
        self.connection.execute("BEGIN")
        self.ids.write()
        self.connection.execute("COMMIT")
        self.ids.committed()
        self.committed |= self.claimed
        self.claimed = {}

    @rule()
    def commit_that_fails(self) -> None:
        self.connection.execute("BEGIN")
        self.ids.write()
        self.connection.execute("ROLLBACK")
        self.ids.rolled_back()
        self.claimed = {}

    @rule(gathered=st.integers(1, 20))
    def killed_and_started(self, gathered: int) -> None:
        self.open(gathered)
        self.claimed = {}

    @rule(seconds=st.sampled_from([1.0, 400.0, 1001.0]))
    def time_goes_by(self, seconds: float) -> None:
        self.now += seconds

    def teardown(self) -> None:
        self.connection.close()


IdsAgainstSets.TestCase.settings = settings(max_examples=2000 if LONG else 60, stateful_step_count=40, deadline=None)
TestIdsAgainstSets = IdsAgainstSets.TestCase


def test_a_restart_with_many_gathered_ids_keeps_them_for_their_window() -> None:
    """The commit after a start may come before the first claim has told the time."""
    machine = IdsAgainstSets()
    machine.time_goes_by(seconds=1001.0)
    machine.claim(numbers=[0])
    machine.commit()
    machine.killed_and_started(gathered=1)
    machine.commit()
    machine.claim(numbers=[0])
    machine.teardown()
