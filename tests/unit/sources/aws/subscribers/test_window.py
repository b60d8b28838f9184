"""Entries in order, their GETs ahead, bounded by number and by size."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from alertmill.sources.aws.store import Body
from alertmill.sources.aws.subscribers import window as module
from alertmill.sources.aws.subscribers.notifications import NotifiedObject
from alertmill.sources.aws.subscribers.routes import FetchedObject, Route
from alertmill.sources.aws.subscribers.window import Entry, Task, Window
from alertmill.sources.aws.workers import Workers
from support import PATIENCE


class Desk:
    """A window whose GETs end when the test lets them."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.unwanted: set[str] = set()
        self.bodies: list[Body] = []
        self.released = threading.Event()
        self.woken = threading.Semaphore(0)
        self._lock = threading.Lock()
        self.limit = 32
        self.window = Window(
            Workers(32, "test"),
            self.fetch,
            lambda entry: entry.route.found.key not in self.unwanted,
            lambda: self.limit,
            self.woken.release,
        )

    def fetch(self, route: Route) -> FetchedObject:
        with self._lock:
            self.begun.append(route.found.key)
        assert self.released.wait(PATIENCE)
        body = Body(b"x")
        with self._lock:
            self.bodies.append(body)
        return FetchedObject(body, "tag", 1.0)

    def add(self, *sizes: int) -> list[Entry]:
        none: Any = None
        entries = [
            Entry(Route(NotifiedObject("b", str(number), size=size), None, ("s", ""), none), Task(1, 1, print), "", 0.0)
            for number, size in enumerate(sizes)
        ]
        for entry in entries:
            self.window.add(entry)
        return entries

    def wait(self, count: int) -> None:
        for _ in range(count):
            assert self.woken.acquire(timeout=PATIENCE)


def test_no_more_gets_than_allowed() -> None:
    desk = Desk()
    desk.limit = 3
    entries = desk.add(*[1] * 8)
    assert desk.window.next() is None
    desk.released.set()
    desk.wait(3)
    assert sorted(desk.begun) == ["0", "1", "2"]
    assert len(desk.window) == 8
    found = []
    while len(found) < 8:
        if (entry := desk.window.next()) is not None:
            found.append(entry)
        else:
            desk.wait(1)
    assert found == entries


def test_no_more_bytes_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AHEAD_BYTES", 10)
    desk = Desk()
    entries = desk.add(4, 5, 2, 40, 1)
    assert desk.window.next() is None
    desk.released.set()
    desk.wait(2)
    assert sorted(desk.begun) == ["0", "1"]
    assert desk.window.next() is entries[0]  # there is room for 2 now
    assert desk.window.next() is entries[1]
    desk.wait(1)
    assert desk.window.next() is entries[2]
    assert desk.window.next() is None  # 40 is fetched with nothing else under way
    desk.wait(1)
    assert sorted(desk.begun) == ["0", "1", "2", "3"]


def test_what_is_not_wanted_is_not_fetched() -> None:
    desk = Desk()
    desk.unwanted = {"0"}
    first, second = desk.add(1, 1)
    assert desk.window.next() is first
    assert first.fetched is None
    desk.released.set()
    desk.wait(1)
    assert desk.window.next() is second
    assert desk.begun == ["1"]


def test_gets_that_were_given_up_begin_anew_in_order() -> None:
    desk = Desk()
    entries = desk.add(1, 1)
    assert desk.window.next() is None
    desk.window.rewind()
    assert [entry.fetched for entry in entries] == [None, None]
    desk.released.set()
    found = []
    while len(found) < 2:
        if (entry := desk.window.next()) is not None:
            found.append(entry)
        else:
            desk.wait(1)
    assert found == entries


def test_a_body_that_nobody_reads_is_closed() -> None:
    desk = Desk()
    (entry,) = desk.add(1)
    assert desk.window.next() is None
    entry.give_up()
    desk.released.set()
    desk.wait(len(desk.begun))
    assert all(body.head(1) == b"" for body in desk.bodies)


def test_a_task_is_over_once_and_only_whole_if_all_was_read() -> None:
    told: list[bool] = []
    task = Task(1, 3, told.append)
    task.settle(True)
    task.settle(False)
    assert told == []
    task.settle(True)
    assert told == [False]
