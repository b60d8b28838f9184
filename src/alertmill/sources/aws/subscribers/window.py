"""What is to be read, in the order of arrival, with the next objects being fetched already.

Bounded by a number of objects and by their size. Knows no queue and decides nothing: whether an object is to be read
at all is asked of its owner, just before its GET and again when its turn has come.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from alertmill.errors import AlertmillError
from alertmill.sources.aws.fetching import AHEAD_BYTES
from alertmill.sources.aws.store import HELD_BODY, Body
from alertmill.sources.aws.subscribers.routes import FetchedObject, Route
from alertmill.sources.aws.workers import Workers


class Task:
    """The objects of one message that are still to be settled; `over` hears once, whether all of them were read.

    `received` counts how often the message was received. Objects are settled from any thread.
    """

    def __init__(self, received: int, objects: int, over: Callable[[bool], None]) -> None:
        self.received = received
        self._left = objects
        self._all_read = True
        self._over = over
        self._lock = threading.Lock()

    def settle(self, read: bool) -> None:
        """One object of the message was read and committed, or is left to a later delivery."""
        with self._lock:
            self._left -= 1
            self._all_read = self._all_read and read
            over = self._left == 0
        if over:
            self._over(self._all_read)


@dataclass(slots=True, eq=False)
class Entry:
    """One object of a message. `fetched` is None until its GET begins, and where none is needed.

    `etag` and `modified` (epoch seconds) are what the message tells, or the store where the message does not.
    """

    route: Route
    task: Task
    etag: str
    modified: float
    fetched: Future[FetchedObject] | None = None
    #: Whether its claim, and its part of the task, are over or are the business of a batch's `ack`.
    settled: bool = False

    @property
    def size(self) -> int:
        return self.route.found.size or HELD_BODY

    @property
    def is_here(self) -> bool:
        """Whether nothing is on its way."""
        return self.fetched is None or self.fetched.done()

    def body(self) -> Body:
        """The body that is here. Raises StoreError, FetchError or ObjectGoneError where the GET failed."""
        assert self.fetched is not None
        body = self.fetched.result().body
        if isinstance(body, AlertmillError):
            raise body
        return body

    def learn(self) -> None:
        """Take note of what the GET has told of the object."""
        if self.fetched is not None:
            self.etag, self.modified = self.fetched.result().etag, self.fetched.result().modified

    def give_up(self) -> None:
        """Nobody will read the body any more: end its GET, or close what it brings."""
        future, self.fetched = self.fetched, None
        if future is not None and not future.cancel():
            future.add_done_callback(_close)


class Window:
    """The entries to come.

    `fetch` brings an object, `is_wanted` says whether it is worth a GET, `limit` how many may be under way; `wake` is
    called when a GET has ended. An object larger than all the room there is, is fetched with nothing else under way.
    """

    def __init__(
        self,
        workers: Workers,
        fetch: Callable[[Route], FetchedObject],
        is_wanted: Callable[[Entry], bool],
        limit: Callable[[], int],
        wake: Callable[[], None],
    ) -> None:
        self._workers = workers
        self._fetch = fetch
        self._is_wanted = is_wanted
        self._limit = limit
        self._wake = wake
        self._begun: deque[Entry] = deque()
        self._waiting: deque[Entry] = deque()

    def __len__(self) -> int:
        return len(self._begun) + len(self._waiting)

    def add(self, entry: Entry) -> None:
        self._waiting.append(entry)

    def add_first(self, entry: Entry) -> None:
        """Have the entry's object fetched anew, before those that wait for their GET."""
        entry.give_up()
        self._waiting.appendleft(entry)

    def next(self) -> Entry | None:
        """The next entry whose object is there, or needs no GET; None while the first one is on its way."""
        self._begin()
        return self._begun.popleft() if self._begun and self._begun[0].is_here else None

    def rewind(self) -> None:
        """Give up every GET, to begin them again later."""
        while self._begun:
            self.add_first(self._begun.pop())

    def _begin(self) -> None:
        """Begin as many GETs as there is room for."""
        size = sum(entry.size for entry in self._begun if entry.fetched is not None)
        while self._waiting and len(self._begun) < self._limit():
            entry = self._waiting[0]
            if self._begun and size + entry.size > AHEAD_BYTES:
                return
            if self._is_wanted(entry):
                entry.fetched = self._start(entry.route)
                size += entry.size
            self._begun.append(self._waiting.popleft())

    def _start(self, route: Route) -> Future[FetchedObject]:
        future = self._workers.submit(lambda: self._fetch(route))
        future.add_done_callback(lambda _: self._wake())
        return future


def _close(future: Future[FetchedObject]) -> None:
    if not future.cancelled() and isinstance(body := future.result().body, Body):
        body.close()
