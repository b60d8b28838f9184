"""Messages under work: hidden in time, deleted when done, given back at the end. No time passes here by itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from alertmill import codes
from alertmill.sources.aws.faults import StoreError
from alertmill.sources.aws.subscribers.keeping import SHORTEST_LEASE, Keeper
from alertmill.sources.aws.subscribers.sqs import Message
from support import PATIENCE
from unit.sources.aws.subscribers.fakes import MemoryQueue


class Desk:
    """A keeper of a queue with twenty-five messages, and their clock."""

    def __init__(self) -> None:
        self.moment = 0.0
        self.lines: list[str] = []
        self.queue = MemoryQueue(lambda: self.moment, *map(str, range(25)))
        self.keeper = Keeper("queue q", lambda level, text: self.lines.append(f"{level} {text}"), lambda: self.moment)
        self.keeper.queue = self.queue
        self.settled = threading.Event()
        self.keeper.deleted = self.settled.set

    def take(self) -> list[Message]:
        return self.keeper.take(self.queue.receive(0))

    def beat(self, moment: float) -> list[tuple[str, int]]:
        """What is hidden anew at a time."""
        self.moment = moment
        self.queue.extended.clear()
        self.keeper.beat()
        return self.queue.extended


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.keeper.close(0)


def test_a_message_is_hidden_anew_before_its_time_is_over_and_until_it_is_done(desk: Desk) -> None:
    first, second, *_ = desk.take()
    assert desk.beat(14) == []
    assert len(desk.beat(15)) == 10
    assert desk.beat(29) == []
    desk.keeper.done(first)
    desk.keeper.leave(second)
    assert desk.settled.wait(PATIENCE)
    assert [id for id, _ in desk.beat(30)] == [f"m{number}" for number in range(2, 10)]
    assert {seconds for _, seconds in desk.beat(45)} == {30}


def test_a_short_visibility_timeout_is_made_longer(desk: Desk) -> None:
    desk.keeper.visibility = desk.queue.visibility = 2
    desk.take()
    assert desk.beat(0.9) == []
    assert {seconds for _, seconds in desk.beat(1.0)} == {SHORTEST_LEASE}
    assert desk.beat(19) == []


def test_messages_that_come_again_while_they_are_worked_on_are_not_new(desk: Desk) -> None:
    taken = desk.take()
    desk.moment = 31
    again = desk.queue.receive(0)
    assert {message.id for message in again} == {message.id for message in taken}
    assert desk.keeper.take(again) == []
    assert len(desk.keeper) == 10
    desk.keeper.done(taken[0])  # deleted with its last receipt, the first one is good no more
    assert desk.settled.wait(PATIENCE)
    assert desk.queue.deleted == ["m0"]


def test_with_once_a_message_that_was_left_is_not_new(desk: Desk) -> None:
    for message in desk.take():
        desk.keeper.leave(message)
    desk.moment = 31
    again = desk.queue.receive(0)
    assert desk.keeper.take(again, once=True) == []
    assert len(desk.keeper.take(again)) == 10


def test_many_are_deleted(desk: Desk) -> None:
    taken = [*desk.take(), *desk.take(), *desk.take()]
    for message in taken:
        desk.keeper.done(message)
    assert desk.settled.wait(PATIENCE)
    desk.keeper.close(10)
    assert sorted(desk.queue.deleted) == sorted(message.id for message in taken)
    assert desk.keeper.idle


def test_the_end_waits_for_deletions_and_gives_back_the_rest(desk: Desk) -> None:
    first, second, *_ = desk.take()
    desk.keeper.done(first)
    desk.keeper.leave(second)
    desk.keeper.close(10)
    assert desk.queue.deleted == ["m0"]
    assert desk.queue.extended == [(f"m{number}", 0) for number in range(2, 10)]


@pytest.mark.parametrize("fault", [StoreError(codes.A_REFUSED, 21, "no"), RuntimeError("no")])
def test_what_is_refused_is_told_of_once_and_never_raised(desk: Desk, fault: Exception) -> None:
    desk.queue.faults = {"extend": fault, "delete": fault}
    messages = desk.take()
    desk.beat(20)
    desk.beat(60)
    for message in messages[:2]:
        desk.settled.clear()
        desk.keeper.done(message)
        assert desk.settled.wait(PATIENCE)
    assert [line.rpartition("  ")[2] for line in desk.lines] == ["[A023]", "[A023]"]
    assert "a message could not be kept from others: " in desk.lines[0]
    assert "a message could not be deleted: " in desk.lines[1]
    assert desk.keeper.idle is False
    assert len(desk.keeper) == 8


def test_single_refusals_are_told_of(desk: Desk) -> None:
    desk.queue.refusals = {"extend": ["ReceiptHandleIsInvalid: old"]}
    desk.take()
    desk.beat(20)
    assert "ReceiptHandleIsInvalid" in desk.lines[0]


def test_its_thread_extends_by_itself(desk: Desk) -> None:
    desk.keeper.visibility = 0
    desk.take()
    desk.keeper.start()
    done = threading.Event()
    extend = desk.queue.extend

    def told(*arguments: object) -> list[str]:
        done.set()
        return extend(*arguments)  # type: ignore[arg-type]

    desk.queue.extend = told  # type: ignore[method-assign]
    assert done.wait(PATIENCE)
