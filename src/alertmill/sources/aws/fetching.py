"""Fetching ahead: many GETs at once, handed on in the order in which the objects were found.

Bounded twice: by a number of objects and by their size.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass

from alertmill.sources.aws.faults import StoreError
from alertmill.sources.aws.listing import Listed
from alertmill.sources.aws.store import HELD_BODY, Body
from alertmill.sources.aws.walks import Walk
from alertmill.sources.aws.workers import Workers

#: Objects under way, and their size in bytes. A larger object is fetched with nothing else under way.
AHEAD_OBJECTS = 32
AHEAD_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, in order: a walk begins (`listed` is None), an object of it was found, it ends."""

    walk: Walk
    listed: Listed | None = None
    closing: bool = False


@dataclass(frozen=True, slots=True)
class Fetched:
    """A step whose turn has come, with the body of its object if it has one."""

    step: Step
    body: Future[Body] | None
    size: int


class FetchAhead:
    """Starts the GETs of the steps to come."""

    def __init__(self, workers: Workers, fetch: Callable[[str, str], Body]) -> None:
        self._workers = workers
        self._fetch = fetch
        self._window: deque[Fetched] = deque()
        self._size = 0

    def ordered(self, steps: Iterator[Step]) -> Iterator[Fetched]:
        """The steps, in their order. A StoreError of `steps` is raised behind the steps before it."""
        fault: StoreError | None = None
        try:
            try:
                for step in steps:
                    yield from self._take(step)
            except StoreError as error:
                fault = error
            while self._window:
                yield self._next()
        finally:
            self._give_up()
        if fault is not None:
            raise fault

    def _take(self, step: Step) -> Iterator[Fetched]:
        """Start the step's GET, after as many earlier steps as that needs; then what is ready anyway."""
        size = (step.listed.size or HELD_BODY) if step.listed is not None else 0
        while self._window and (len(self._window) >= AHEAD_OBJECTS or self._size + size > AHEAD_BYTES):
            yield self._next()
        self._window.append(Fetched(step, self._start(step.listed), size))
        self._size += size
        while self._window and (self._window[0].body is None or self._window[0].body.done()):
            yield self._next()

    def _start(self, listed: Listed | None) -> Future[Body] | None:
        if listed is None:
            return None
        key, etag = listed.key, listed.etag
        return self._workers.submit(lambda: self._fetch(key, etag))

    def _next(self) -> Fetched:
        fetched = self._window.popleft()
        self._size -= fetched.size
        return fetched

    def _give_up(self) -> None:
        for fetched in self._window:
            give_up(fetched)
        self._window.clear()


def give_up(fetched: Fetched) -> None:
    """Nobody will read this body: end its GET, or close what it brings."""
    if fetched.body is not None and not fetched.body.cancel():
        fetched.body.add_done_callback(_close)


def _close(future: Future[Body]) -> None:
    if not future.cancelled() and future.exception() is None:
        future.result().close()
