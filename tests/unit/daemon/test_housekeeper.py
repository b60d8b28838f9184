"""The housekeeping thread makes its passes, survives what goes wrong in them, and ends when told."""

from __future__ import annotations

import threading
from collections.abc import Callable

from alertmill.daemon.housekeeper import Housekeeper
from support import PATIENCE


def test_a_pass_is_made_at_once_and_again_at_the_turn_of_a_day() -> None:
    passes = threading.Semaphore(0)
    housekeeper = Housekeeper([lambda stop: passes.release()], lambda: 0.0, lambda level, text: None)
    housekeeper.start()
    assert passes.acquire(timeout=PATIENCE)
    assert passes.acquire(timeout=PATIENCE)
    assert housekeeper.stop(PATIENCE)


def test_a_chore_that_fails_is_told_and_the_others_are_done() -> None:
    said: list[str] = []
    done: list[str] = []

    def fail(stop: Callable[[], bool]) -> None:
        raise RuntimeError("oh")

    housekeeper = Housekeeper(
        [fail, lambda stop: done.append("second")], lambda: 1e9, lambda level, text: said.append(f"{level} {text}")
    )
    housekeeper.once(lambda: False)
    assert said == ["ERROR housekeeping failed, please report it: RuntimeError: oh"]
    assert done == ["second"]


def test_a_stop_reaches_the_chore_under_way() -> None:
    begun, asked = threading.Event(), threading.Event()

    def work(stop: Callable[[], bool]) -> None:
        begun.set()
        while not stop():
            asked.wait(0.01)

    housekeeper = Housekeeper([work], lambda: 1e9, lambda level, text: None)
    housekeeper.start()
    assert begun.wait(PATIENCE)
    assert housekeeper.stop(PATIENCE)


def test_one_that_was_never_started_ends_at_once() -> None:
    assert Housekeeper([], lambda: 0.0, lambda level, text: None).stop(0)


def test_no_chore_is_begun_after_a_stop() -> None:
    done: list[int] = []
    Housekeeper([lambda stop: done.append(1)], lambda: 0.0, lambda level, text: None).once(lambda: True)
    assert done == []
