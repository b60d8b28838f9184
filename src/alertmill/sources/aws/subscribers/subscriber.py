"""The source behind one `<subscriber>`: reads its queue for as long as the daemon runs (aws-wodle.md 12).

Working off the queue is the business of `run`; this module opens it, waits when AWS does not let it be read, and says
what the reference says in its log.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from alertmill import codes
from alertmill.config.models import EventFormat, Subscriber
from alertmill.sources.aws.faults import StoreError
from alertmill.sources.aws.formats import ObjectFormat
from alertmill.sources.aws.in_flight import InFlight
from alertmill.sources.aws.s3 import S3Store
from alertmill.sources.aws.subscribers import SUBSCRIBER_TYPES
from alertmill.sources.aws.subscribers.claims import Claims
from alertmill.sources.aws.subscribers.keeping import Keeper
from alertmill.sources.aws.subscribers.reading import Reading
from alertmill.sources.aws.subscribers.routes import Routes, Stores
from alertmill.sources.aws.subscribers.run import QueueRun
from alertmill.sources.aws.subscribers.sqs import Queue, SqsQueue
from alertmill.sources.aws.workers import Workers, result_of
from alertmill.sources.base import Batch, Progress, Stop
from alertmill.sources.outlook import Outlook

#: Seconds between two attempts to read a queue that cannot be read: the first pause, doubled up to the longest.
FIRST_PAUSE = 10.0
LONGEST_PAUSE = 300.0

#: Seconds that the end of the daemon waits for deletions, and for giving back what was not read.
_LAST_WORDS = 2.0


class QueueSubscriber:
    """The source behind one `<subscriber>`.

    Args:
        subscriber: its section of ossec.conf.
        claims: the `<bucket>` definitions of the daemon, whose objects are read as theirs.
        in_flight: what any source of the daemon is reading, shared by all of them.
        event_format: how messages are spelled; `improved` also carries event times.
        clock: arrival time, epoch seconds.
        log: called with a level (`INFO`, `WARNING`, `ERROR`, `DEBUG`) and one line.
        name: unique among the sources.
        spool: folder for large bodies (a file without a name), None for the system's temporary folder.
        queues: makes the queue; raises StoreError.
        stores: makes the store of a bucket from its name, the access options and regions; raises StoreError.
        now: a monotonic clock, seconds.
        types: the catalogue of formats.
        announce: whether the start of the module is to be told here, because nothing else of it is read.
        outlook: is told of the objects that are to be read.

    Raises SourceError for a definition that can never work.
    """

    def __init__(
        self,
        subscriber: Subscriber,
        claims: Claims,
        in_flight: InFlight,
        event_format: EventFormat,
        clock: Callable[[], float],
        log: Callable[[str, str], None],
        *,
        name: str = "aws-s3 subscriber",
        spool: Path | None = None,
        queues: Callable[[Subscriber], Queue] | None = None,
        stores: Stores | None = None,
        now: Callable[[], float] = time.monotonic,
        types: Mapping[str, ObjectFormat] = SUBSCRIBER_TYPES,
        announce: bool = False,
        outlook: Outlook | None = None,
    ) -> None:
        self.name = name
        self._subscriber = subscriber
        self._in_flight = in_flight
        self._clock = clock
        self._log = log
        self._now = now
        self._announce = announce
        self._outlook = outlook or Outlook()
        self._outlook.expect()
        self._queues = queues or (lambda wanted: SqsQueue(wanted.sqs_name, wanted))
        stores = stores or (lambda bucket, access, regions: S3Store(bucket, access, regions, spool))
        self._routes = Routes(subscriber, types, claims, event_format, clock, stores)
        self._place = f"queue {subscriber.sqs_name}"
        self._keeper = Keeper(self._place, log, now)
        self._openers = Workers(1, f"{self._place}-open")
        self._queue: Queue | None = None
        self._run: QueueRun | None = None
        self._error = ""

    def batches(self, progress: Progress, stop: Stop, *, once: bool) -> Iterator[Batch]:
        """The batches of all messages, see Source; with `once`, until the queue is empty."""
        listing = self._outlook.begin(expected=True)
        try:
            yield from self._batches(progress, stop, once=once)
        finally:
            listing.over()

    def _batches(self, progress: Progress, stop: Stop, *, once: bool) -> Iterator[Batch]:
        if self._announce:
            self._log("INFO", "Module AWS started")
        self._log("INFO", f"Executing Subscriber fetch: ({_described(self._subscriber)})")
        self._keeper.start()
        reading = Reading(
            self._place, self._routes, self._keeper, self._in_flight, progress, stop, self._clock, self._log
        )
        self._run = run = QueueRun(
            self._place,
            self._routes,
            self._keeper,
            reading,
            progress,
            stop,
            self._clock,
            self._now,
            self._log,
            self._outlook,
            once=once,
        )
        pause, resumed = FIRST_PAUSE, self._now()
        while not stop.is_set():
            try:
                queue = self._open(stop)
                if queue is not None:
                    yield from run.batches(queue)
                return
            except StoreError as fault:
                if self._now() - resumed > pause:  # it was well for a while
                    pause, self._error = FIRST_PAUSE, ""
                yield run.report(self._told(fault), fault.code.id)
            if once or stop.wait(pause):
                return
            pause, resumed = min(2 * pause, LONGEST_PAUSE), self._now()

    def wake(self) -> None:
        """Look at once for what is to be tried again. From any thread."""
        if self._run is not None:
            self._run.wake()

    def close(self) -> None:
        """Delete what is committed, give back the rest, end all connections; to be called after the last `ack`."""
        self._keeper.close(_LAST_WORDS)
        self._routes.close()
        if self._queue is not None:
            self._queue.close()

    def _open(self, stop: Stop) -> Queue | None:
        """The queue; None when told to stop meanwhile. Raises StoreError."""
        if self._queue is None:
            self._queue = result_of(self._openers.submit(lambda: self._queues(self._subscriber)), stop.is_set)
            self._keeper.queue = self._queue
        return self._queue

    def _told(self, fault: StoreError) -> str:
        """The text of an error, logged when it is a new one; after bad credentials others are looked for."""
        error = f"{fault} (exit code {fault.exit_code})"
        if error != self._error:
            self._log("ERROR", f"Subscriber: {self._subscriber.sqs_name} - {error}")
        self._error = error
        if fault.code is codes.A_CREDENTIALS:
            self._queue = None
            self._routes.close()
        return error


def _described(subscriber: Subscriber) -> str:
    """The definition in the words of Wazuh's log, only the parts that are set."""
    parts = {
        "Type and SQS": f"{subscriber.type} {subscriber.sqs_name}",
        "Profile": subscriber.aws_profile,
        "Role": subscriber.iam_role_arn,
    }
    return ", ".join(f"{name}: {value}" for name, value in parts.items() if value)
