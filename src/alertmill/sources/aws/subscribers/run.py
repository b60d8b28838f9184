"""Working off one queue: messages in, batches out, in the order of arrival.

One thread, the source's, does the deciding; receiving, fetching, deleting and extending visibility timeouts run beside
it. A message is deleted when all its objects are committed, whoever read them (aws-wodle.md 12.1 and D28).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from alertmill.sources.aws.faults import StoreError
from alertmill.sources.aws.fetching import AHEAD_OBJECTS
from alertmill.sources.aws.subscribers.failed import KEPT_DAYS
from alertmill.sources.aws.subscribers.keeping import Keeper
from alertmill.sources.aws.subscribers.notifications import NotifiedObject, UnexpectedFormatError, objects_of
from alertmill.sources.aws.subscribers.reading import Reading
from alertmill.sources.aws.subscribers.routes import FetchedObject, Route, Routes
from alertmill.sources.aws.subscribers.sqs import AT_ONCE, Message, Queue
from alertmill.sources.aws.subscribers.window import Entry, Task, Window
from alertmill.sources.aws.workers import Workers
from alertmill.sources.base import Batch, Progress, ScopeReport, Stop
from alertmill.sources.outlook import Outlook

Log = Callable[[str, str], None]

#: Messages that are worked on, and objects that wait, beyond which no more messages are received.
MOST_MESSAGES = 500
MOST_OBJECTS = 1000

#: Seconds of a long poll; with `once`, the shortest that still asks all of SQS's servers.
LONG_POLL = 20
SHORT_POLL = 1

#: Seconds between two reports.
REPORT_PAUSE = 60.0
#: Seconds between two looks at the stop flag, and at objects that somebody else is reading.
_PATIENCE = 0.2


class QueueRun:
    """Works off the queue of one subscriber, as often as `batches` is called.

    `clock` is that of arrival (epoch seconds), `now` a monotonic one.
    """

    def __init__(
        self,
        name: str,
        routes: Routes,
        keeper: Keeper,
        reading: Reading,
        progress: Progress,
        stop: Stop,
        clock: Callable[[], float],
        now: Callable[[], float],
        log: Log,
        outlook: Outlook,
        *,
        once: bool,
    ) -> None:
        self._name = name
        self._routes = routes
        self._keeper = keeper
        self._reading = reading
        self._progress = progress
        self._stop = stop
        self._clock = clock
        self._now = now
        self._log = log
        self._outlook = outlook
        self._once = once
        self._wake = threading.Event()
        keeper.deleted = self._wake.set
        self._receivers = Workers(1, f"{name}-receive")
        self._receiving: Future[list[Message]] | None = None
        getters = Workers(AHEAD_OBJECTS, f"{name}-get")
        throttle = routes.throttle
        self._window = Window(getters, self._fetch, reading.is_unread, lambda: throttle.limit, self._wake.set)
        self._deferred: list[Entry] = []
        self._retried: set[str] = set()
        self._must_look_back = False
        self._drained = False
        self._waiting = 0
        self._received = 0
        self._facts_at = float("-inf")
        self._report_at = float("inf")
        #: Whether the next message, or the next long poll that brings none, is worth a report.
        self._news = not once

    def batches(self, queue: Queue) -> Iterator[Batch]:
        """Everything that the queue brings, until told to stop; with `once`, until it is empty.

        Raises StoreError for what spoils more than one object; what was received is worked off by the next call.
        """
        self._drained = False
        self._must_look_back = True
        while not self._stop.is_set():
            if self._must_look_back:
                self._look_back()
            self._ask(queue)
            yield from self._arrived()
            if self._now() >= self._report_at:
                yield self.report()
            entry = self._next()
            if entry is not None:
                yield from self._read(entry)
            elif self._is_over():
                yield self.report()
                return
            else:
                self._wake.wait(_PATIENCE)
                self._wake.clear()

    def wake(self) -> None:
        """Look at once for what is to be tried again. From any thread."""
        self._must_look_back = True
        self._wake.set()

    def report(self, error: str = "", error_code: str = "") -> Batch:
        """What there is to tell of the queue now."""
        time, counts = self._clock(), self._reading.counts()
        self._report_at, self._news = self._now() + REPORT_PAUSE, bool(error) and not self._once
        self._look_back()
        if counts.objects or counts.failed:
            text = f"{self._received} messages, {counts.objects} objects, {counts.records} records"
            self._log("INFO", f"{self._name}: {text}, {counts.failed} failures")
        received, self._received = self._received, 0
        keep_from = (datetime.fromtimestamp(time, UTC) - timedelta(days=KEPT_DAYS)).date().isoformat()
        report = ScopeReport(
            self._routes.scope,
            time,
            received,
            self._waiting + len(self._keeper),
            self._reading.newest_key,
            error,
            keep_from,
            error_code,
        )
        return Batch(marks=(*self._reading.failed.to_forget(time), report))

    # --- messages ----------------------------------------------------------------------------------------------------

    def _ask(self, queue: Queue) -> None:
        """Ask for more messages if there is room for them."""
        busy = len(self._keeper) > MOST_MESSAGES - AT_ONCE or len(self._window) + len(self._deferred) >= MOST_OBJECTS
        if self._receiving is None and not busy and not self._drained:
            with_facts = self._now() >= self._facts_at
            if with_facts:
                self._facts_at = self._now() + REPORT_PAUSE
            self._receiving = self._receivers.submit(lambda: self._receive(queue, with_facts))
            self._receiving.add_done_callback(lambda _: self._wake.set())

    def _receive(self, queue: Queue, with_facts: bool) -> list[Message]:
        """On a thread of its own, which a long poll holds until its end whatever happens meanwhile."""
        if with_facts:
            with suppress(StoreError):  # they are good to know, nothing more
                facts = queue.facts()
                self._keeper.visibility, self._waiting = facts.visibility, facts.waiting
        found = queue.receive(SHORT_POLL if self._once else LONG_POLL)
        self._waiting = max(self._waiting - len(found), 0)
        return self._keeper.take(found, once=self._once)

    def _arrived(self) -> Iterator[Batch]:
        """Take in what was received. Raises StoreError."""
        if self._receiving is None or not self._receiving.done():
            return
        receiving, self._receiving = self._receiving, None
        messages = receiving.result()
        self._drained = self._once and not messages
        if self._news:
            self._report_at = self._now()
        self._received += len(messages)
        for message in messages:
            try:
                found = objects_of(message.body)
            except UnexpectedFormatError as unexpected:
                yield self._unexpected(message, str(unexpected))
            else:
                self._take_in(replace(message, body=""), found)

    def _take_in(self, message: Message, found: list[NotifiedObject]) -> None:
        def over(all_read: bool) -> None:
            (self._keeper.done if all_read else self._keeper.leave)(message)
            self._wake.set()

        if not found:  # news of a deletion, say
            over(True)
            return
        task = Task(message.received, len(found), over)
        for one in found:
            self._window.add(Entry(self._routes.of(one), task, one.etag, one.time))

    def _unexpected(self, message: Message, reason: str) -> Batch:
        """Leave a message that nobody understands."""
        self._keeper.leave(message)
        self._reading.warn_unexpected(f"message {message.id}", reason)
        marks = self._reading.failed.add_message(message, reason, self._clock(), self._keeper.visibility)
        return Batch(marks=marks)

    def _look_back(self) -> None:
        """See what has failed; have those objects read that the operator wants to be tried again, without a message."""
        self._must_look_back = False
        self._reading.failed.load(self._progress)
        for bucket, key, etag in self._reading.failed.to_retry():
            route = self._routes.of(NotifiedObject(bucket, key, etag))
            name = f"{route.own[1]}\n{etag}"
            if name not in self._retried:
                self._retried.add(name)
                task = Task(1, 1, lambda _, name=name: self._retried.discard(name))  # type: ignore[misc]
                self._window.add(Entry(route, task, etag, 0.0))

    def _is_over(self) -> bool:
        """With `once`: whether the queue is empty and everything is committed and deleted."""
        works = self._receiving is not None or self._window or self._deferred or self._retried
        return self._drained and not works and self._keeper.idle

    # --- objects -----------------------------------------------------------------------------------------------------

    def _fetch(self, route: Route) -> FetchedObject:
        self._outlook.add(1, route.found.size)
        return self._routes.fetch(route, self._stop.is_set)

    def _next(self) -> Entry | None:
        """The next entry that may be read, claimed; what somebody else is reading is put off, without its body."""
        for number, entry in enumerate(self._deferred):
            if self._reading.claim(entry):
                return self._deferred.pop(number)
        while (next_entry := self._window.next()) is not None:
            next_entry.learn()
            if self._reading.claim(next_entry):
                return next_entry
            next_entry.give_up()
            self._deferred.append(next_entry)
        return None

    def _read(self, entry: Entry) -> Iterator[Batch]:
        """Read the object of a claimed entry. Raises StoreError."""
        try:
            must_be_fetched = yield from self._reading.read(entry)
        except StoreError:
            self._window.rewind()
            if not entry.settled:
                self._window.add_first(entry)
            raise
        if must_be_fetched:
            self._window.add_first(entry)
