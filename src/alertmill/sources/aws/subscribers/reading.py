"""One object that a message tells of: whether it is to be read, its batches, and what becomes true with them.

An object is known in the scope of the definition that claims it, and in the subscriber's own; one of them having it as
done is enough. What fails is told as an event the first time only, and left to the queue (aws-wodle.md D33).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from alertmill import codes
from alertmill.config.defaults import AWS_INTERVAL
from alertmill.sources.aws.failures import failed
from alertmill.sources.aws.faults import FetchError, ObjectError, ObjectGoneError, StoreError
from alertmill.sources.aws.in_flight import InFlight
from alertmill.sources.aws.subscribers.failed import Failed
from alertmill.sources.aws.subscribers.keeping import Keeper
from alertmill.sources.aws.subscribers.notifications import UnexpectedFormatError
from alertmill.sources.aws.subscribers.routes import Routes
from alertmill.sources.aws.subscribers.window import Entry
from alertmill.sources.base import Batch, Mark, ObjectDone, ObjectFailed, ObjectPartial, Progress, Stop, no_ack

Log = Callable[[str, str], None]

#: Deliveries after which a message counts as poison.
_POISON = 3
#: Failures that are named in the log between two reports.
_FAILURES_NAMED = 10
#: Objects in a row that cannot be fetched for want of a connection, after which there is a pause.
_UNREACHABLE_IN_A_ROW = 5


@dataclass(slots=True)
class Counts:
    """What was read since the last report."""

    objects: int = 0
    records: int = 0
    failed: int = 0


class Reading:
    """Reads the objects of one subscriber. `clock` is that of arrival, epoch seconds."""

    def __init__(
        self,
        name: str,
        routes: Routes,
        keeper: Keeper,
        in_flight: InFlight,
        progress: Progress,
        stop: Stop,
        clock: Callable[[], float],
        log: Log,
    ) -> None:
        self.failed = Failed(routes.scope)
        self.newest_key = ""
        self._name = name
        self._routes = routes
        self._keeper = keeper
        self._in_flight = in_flight
        self._progress = progress
        self._stop = stop
        self._clock = clock
        self._log = log
        self._counts = Counts()
        self._unreachable = 0
        self._warned = False

    def counts(self) -> Counts:
        """What was read since the last question."""
        counts, self._counts = self._counts, Counts()
        if counts.failed > _FAILURES_NAMED:
            self._log("WARNING", f"{self._name}: {counts.failed} objects failed since the last report")
        return counts

    def claim(self, entry: Entry) -> bool:
        """Whether the object may be read now; True must be followed by one `read`."""
        return self._in_flight.claim(*entry.route.identity(entry.etag))

    def is_unread(self, entry: Entry) -> bool:
        """Whether no scope that the object belongs to has it as done."""
        route, etag = entry.route, entry.etag
        scope, name = route.own
        if not self._progress.not_done(scope, [(name, etag)]):
            return False
        claim, key = route.claim, route.found.key
        if claim is None:
            return True
        greatest, before = self._progress.imported(claim.scope) or ("", 0.0)
        was_imported = key <= greatest and 0 < entry.modified < before
        return claim.wanted and not was_imported and bool(self._progress.not_done(claim.scope, [(key, etag)]))

    def read(self, entry: Entry) -> Generator[Batch, None, bool]:
        """The batches of an object that is claimed, none of one that is done; returns whether it must be fetched first.

        Raises StoreError for what no single object is to blame for; an entry that is not settled then is to be read
        again.
        """
        try:
            if not self.is_unread(entry):
                self._settle(entry, True)
            elif self._is_put_off(entry):
                self._settle(entry, False)
            elif entry.fetched is None:
                return True
            else:
                yield from self._batches(entry)
        finally:
            if not entry.settled:
                self._in_flight.release(*entry.route.identity(entry.etag))
            entry.give_up()
        return False

    def warn_unexpected(self, what: str, reason: str) -> None:
        """Tell of a message whose format is not known, aloud once."""
        level = "DEBUG" if self._warned else "WARNING"
        self._warned = True
        text = f"{self._name}: {what} does not have the expected format: {reason}; the message stays in the queue"
        self._log(level, f"{text}  [{codes.A_MESSAGE_FORMAT.id}]")

    def _batches(self, entry: Entry) -> Iterator[Batch]:
        """The batches of an unread object that was fetched. Raises StoreError."""
        reader, target = entry.route.reader, entry.route.target(entry.etag, entry.modified, self._today())
        try:
            body = entry.body()
            skip = self._progress.partial(*entry.route.identity(entry.etag))
            for batch in reader.batches(target, body, skip, self._stop):
                last = any(isinstance(mark, ObjectDone) for mark in batch.marks)
                yield self._done(entry, batch) if last else self._renamed(entry, batch)
            self._unreachable = 0
        except ObjectGoneError as gone:
            self._log("DEBUG", str(gone))
            yield self._gone(entry, replace(reader.done(target, 0), remove=False, modified=0.0))
        except UnexpectedFormatError as unexpected:
            self.warn_unexpected(f"s3://{target.bucket}/{target.key}", str(unexpected))
            yield Batch(marks=self._own_failure(entry, f"unexpected format: {unexpected}"), ack=self._ack(entry))
        except ObjectError as fault:
            yield self._failure(entry, fault)
            self._count_unreachable(fault)
        except StoreError as fault:
            if entry.route.claim is None and fault.code is not codes.A_NO_BUCKET:
                raise
            self._routes.forget(entry.route)  # its credentials may be good again by the next time
            yield self._failure(entry, FetchError(str(fault)))

    # --- what becomes true -------------------------------------------------------------------------------------------

    def _renamed(self, entry: Entry, batch: Batch) -> Batch:
        """The batch, with the name that the object has in its scope."""
        if entry.route.claim is not None:
            return batch
        name = entry.route.own[1]
        marks: list[Mark] = [
            replace(mark, key=name) if isinstance(mark, ObjectDone | ObjectPartial) else mark for mark in batch.marks
        ]
        return Batch(batch.records, tuple(marks), batch.ack)

    def _done(self, entry: Entry, batch: Batch) -> Batch:
        """The last batch of an object that was read."""
        scope, name = entry.route.own
        self.newest_key = max(self.newest_key, name)
        replaced = self.failed.read(name, entry.etag)
        self._counts.objects += 1
        self._counts.records += sum(mark.records for mark in batch.marks if isinstance(mark, ObjectDone))
        marks = (*self._renamed(entry, batch).marks, *replaced)
        if entry.route.claim is not None:
            # The definition forgets its old objects, of which a notification may come once more.
            marks = (*marks, ObjectDone(scope, name, entry.etag, self._today(), 0))
        return Batch(batch.records, marks, self._ack(entry, True, batch.ack))

    def _gone(self, entry: Entry, mark: ObjectDone) -> Batch:
        """There is nothing to read. Without an ETag the mark would stand for whatever is written there later."""
        if entry.etag or self.failed.get(entry.route.own[1], ""):
            return self._done(entry, Batch(marks=(mark,)))
        return Batch(ack=self._ack(entry, True))

    def _failure(self, entry: Entry, fault: ObjectError) -> Batch:
        """Keep a failure; tell of it as an event the first time only."""
        route, received = entry.route, entry.task.received
        target = route.target(entry.etag, entry.modified, self._today())
        if route.claim is None:
            before = self.failed.get(route.own[1], entry.etag)
            marks = self._own_failure(entry, fault.text(target.key))
        else:
            before = self._progress.failed(target.scope).get((target.key, target.etag))
            marks = (failed(target, fault, before, self._clock(), AWS_INTERVAL),)
        self._name_failure(entry, fault.text(target.key))
        told = [route.reader.error_event(target, fault)] if before is None and received == 1 else []
        return Batch(told, marks, self._ack(entry))

    def _own_failure(self, entry: Entry, reason: str) -> tuple[ObjectFailed, ...]:
        now, visibility = self._clock(), self._keeper.visibility
        return self.failed.add(entry.route.own[1], entry.etag, reason, entry.task.received, now, visibility)

    def _is_put_off(self, entry: Entry) -> bool:
        """Whether the object belongs to a definition, failed, and is not to be tried again yet."""
        claim = entry.route.claim
        if claim is None or entry.task.received == 1:
            return False
        before = self._progress.failed(claim.scope).get((entry.route.found.key, entry.etag))
        return before is not None and (before.dead or before.retry_at > self._clock())

    def _ack(self, entry: Entry, read: bool = False, inner: Callable[[], None] = no_ack) -> Callable[[], None]:
        """What the commit of the entry's last batch brings about; from here on, the entry is that commit's business."""
        entry.settled = True

        def ack() -> None:
            inner()
            self._settle(entry, read)

        return ack

    def _settle(self, entry: Entry, read: bool) -> None:
        entry.settled = True
        self._in_flight.release(*entry.route.identity(entry.etag))
        entry.task.settle(read)

    def _name_failure(self, entry: Entry, reason: str) -> None:
        """Name a failure in the log: the first ones of a report; of a message that comes ever again, ever fewer."""
        received, bucket = entry.task.received, entry.route.found.bucket
        self._counts.failed += 1
        if self._counts.failed > _FAILURES_NAMED or (received > _POISON and received & (received - 1)):
            return
        code = codes.A_MESSAGE_FAILED if received >= _POISON else codes.A_OBJECT_FAILED
        text = f"{self._name}: s3://{bucket}: {reason}; the message stays in the queue (delivery {received})"
        self._log("WARNING", f"{text}  [{code.id}]")

    def _count_unreachable(self, fault: ObjectError) -> None:
        self._unreachable = self._unreachable + 1 if isinstance(fault, FetchError) and fault.unreachable else 0
        if self._unreachable >= _UNREACHABLE_IN_A_ROW:
            self._unreachable = 0
            throttled = isinstance(fault, FetchError) and fault.throttled
            code, exit_code = (codes.A_THROTTLED, 16) if throttled else (codes.A_UNREACHABLE, 15)
            raise StoreError(code, exit_code, f"{_UNREACHABLE_IN_A_ROW} objects in a row could not be fetched: {fault}")

    def _today(self) -> str:
        return datetime.fromtimestamp(self._clock(), UTC).date().isoformat()
