"""Fetching ahead: many GETs at once, handed on in the order in which the objects were found.

Bounded twice: by a number of objects, which gives way to throttling, and by their size.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass

from alertmill.sources.aws.faults import FetchError, StoreError
from alertmill.sources.aws.listing import Listed
from alertmill.sources.aws.store import HELD_BODY, Body
from alertmill.sources.aws.walks import Walk
from alertmill.sources.aws.workers import Workers

#: Objects under way, and the size in bytes of these and of those that have come and wait for their turn, which may be
#: as many again. A larger object is fetched with nothing else under way.
AHEAD_OBJECTS = 32
AHEAD_BYTES = 64 * 1024 * 1024

#: Objects fetched without a complaint after which one more may be under way.
_RISE_AFTER = 32


class Throttle:
    """How many GETs may be under way: half as many when the service says that it is too much, then more again.

    What is under way at a complaint was sent before it and may complain too; that counts as one complaint. Safe to call
    from any thread.
    """

    def __init__(self, most: int = AHEAD_OBJECTS) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._limit = most
        #: Answers to requests sent before the last complaint that are still to come, and good ones since.
        self._late = 0
        self._good = 0

    @property
    def limit(self) -> int:
        """GETs that may be under way now."""
        return self._limit

    @property
    def is_held_back(self) -> bool:
        return self._limit < self._most

    def throttled(self) -> None:
        """The service answered that it is too much."""
        with self._lock:
            self._good = 0
            if self._late:
                self._late -= 1
                return
            self._late = self._limit - 1
            self._limit = max(self._limit // 2, 1)

    def succeeded(self) -> None:
        """An object came."""
        with self._lock:
            self._late = max(self._late - 1, 0)
            self._good += 1
            if self._good >= _RISE_AFTER and self._limit < self._most:
                self._good = 0
                self._limit += 1


class Room:
    """The memory for bodies that are under way, in bytes, shared by all runs of a daemon that fetch right now."""

    def __init__(self, size: int = AHEAD_BYTES) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._runs = 0

    @property
    def share(self) -> int:
        """What one of the runs may use."""
        return self._size // max(self._runs, 1)

    def enter(self) -> None:
        with self._lock:
            self._runs += 1

    def leave(self) -> None:
        with self._lock:
            self._runs -= 1


class _Sum:
    """A number that several threads add to."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._value = 0

    def add(self, more: int) -> int:
        """The sum with `more`."""
        with self._lock:
            self._value += more
            return self._value


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

    @property
    def held(self) -> int:
        """Bytes that it takes: those of its object, and what has been found out about that."""
        body = self.body
        if body is None or not body.done() or body.cancelled() or body.exception() is not None:
            return self.size
        return self.size + body.result().beside


class FetchAhead:
    """Starts the GETs of the steps to come."""

    def __init__(
        self,
        workers: Workers,
        fetch: Callable[[str, str], Body],
        throttle: Throttle,
        room: Room,
        prepare: Callable[[Step, Body, int], Body] | None = None,
    ) -> None:
        """`prepare` is called with what was fetched, and with the bytes that have come and wait for their turn."""
        self._workers = workers
        self._fetch = fetch
        self._prepare = prepare
        #: Bytes that have come, of objects whose turn has not come.
        self._behind = _Sum()
        self._throttle = throttle
        self._room = room
        self._window: deque[Fetched] = deque()
        self._objects = 0

    def ordered(self, steps: Iterator[Step]) -> Iterator[Fetched]:
        """The steps, in their order. A StoreError of `steps` is raised behind the steps before it."""
        fault: StoreError | None = None
        self._room.enter()
        try:
            try:
                for step in steps:
                    yield from self._take(step)
            except StoreError as error:
                fault = error
            while self._window:
                yield self._next()
        finally:
            self._room.leave()
            self._give_up()
        if fault is not None:
            raise fault

    def _take(self, step: Step) -> Iterator[Fetched]:
        """Start the step's GET, after as many earlier steps as that needs; then one that is ready anyway.

        Not all that are ready: until they are dealt with no GET would be under way.
        """
        size = (step.listed.size or HELD_BODY) if step.listed is not None else 0
        while self._window and self._is_full(size):
            yield self._next()
        self._window.append(Fetched(step, self._start(step), size))
        self._objects += step.listed is not None
        if self._window[0].body is None or self._window[0].body.done():
            yield self._next()

    def _is_full(self, size: int) -> bool:
        limit = self._throttle.limit
        if self._objects >= 2 * limit or sum(fetched.held for fetched in self._window) + size > self._room.share:
            return True
        return sum(fetched.body is not None and not fetched.body.done() for fetched in self._window) >= limit

    def _start(self, step: Step) -> Future[Body] | None:
        listed = step.listed
        if listed is None:
            return None
        return self._workers.submit(lambda: self._one(step, listed))

    def _one(self, step: Step, listed: Listed) -> Body:
        try:
            body = self._fetch(listed.key, listed.etag)
        finally:
            behind = self._behind.add(listed.size) - listed.size
        self._throttle.succeeded()
        return body if self._prepare is None else self._prepare(step, body, behind)

    def _next(self) -> Fetched:
        fetched = self._window.popleft()
        self._objects -= fetched.body is not None
        if fetched.step.listed is not None:
            self._behind.add(-fetched.step.listed.size)
        return fetched

    def _give_up(self) -> None:
        for fetched in self._window:
            give_up(fetched)
        self._window.clear()


def whole(body: Body, size: int) -> Body:
    """The body, known to have as many bytes as were announced; 0 where that is not known. Raises FetchError."""
    if size and body.size != size:
        found = body.size
        body.close()
        raise FetchError(f"the body that came has {found} bytes, and the object {size}")
    return body


def give_up(fetched: Fetched) -> None:
    """Nobody will read this body: end its GET, or close what it brings."""
    if fetched.body is not None and not fetched.body.cancel():
        fetched.body.add_done_callback(_close)


def _close(future: Future[Body]) -> None:
    if not future.cancelled() and future.exception() is None:
        future.result().close()
