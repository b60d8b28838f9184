"""One run of one `<bucket>`: accounts, regions, objects, in a stable order, with what fails kept apart.

Listing works ahead in a few places at once and fetching in many, but batches come in the order of account, region and
key. A failed object does not stop the ones behind it (aws-wodle.md 14.1); a refused or broken call is logged and put
into a report, and the next run tries again.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from alertmill import codes
from alertmill.config.models import Bucket
from alertmill.errors import AlertmillError
from alertmill.sources.aws.buckets.base import BucketType
from alertmill.sources.aws.failures import failed
from alertmill.sources.aws.faults import FetchError, ObjectError, ObjectGoneError, StoreError
from alertmill.sources.aws.fetching import FetchAhead, Fetched, Step, give_up
from alertmill.sources.aws.flow_logs import FlowLogs
from alertmill.sources.aws.listing import Listed
from alertmill.sources.aws.objects import ObjectReader, Target
from alertmill.sources.aws.places import Places
from alertmill.sources.aws.removal import Remover
from alertmill.sources.aws.store import Body, Store
from alertmill.sources.aws.walks import Walk, lower_bound, utc_day
from alertmill.sources.aws.workers import Ahead, Workers, result_of
from alertmill.sources.base import Batch, Mark, ObjectDone, Progress, ScopeBound, ScopeReport, Stop

Log = Callable[[str, str], None]

#: Walks that are listed ahead, and pages of 1000 objects that each of them may be ahead.
WALKS_AHEAD = 8
_PAGES_AHEAD = 2

#: Objects in a row that cannot be fetched for want of a connection, after which the run ends.
_UNREACHABLE_IN_A_ROW = 5

#: Failed objects that are named in the log, per run; the others are counted.
_FAILURES_NAMED = 10

#: Seconds between two progress lines.
_PROGRESS_PAUSE = 15.0


@dataclass(slots=True)
class Definition:
    """One `<bucket>` with everything that serves it for as long as the daemon runs."""

    bucket: Bucket
    kind: BucketType
    store: Store
    reader: ObjectReader
    remover: Remover
    flow_logs: FlowLogs
    listers: Workers
    getters: Workers


class _RunEndedError(AlertmillError):
    """An object failed and `skip_on_error` is no."""


class BucketRun:
    """One run. `interval` is that of the schedule, in seconds: the unit of the pauses between attempts."""

    def __init__(
        self,
        definition: Definition,
        progress: Progress,
        stop: Stop,
        clock: Callable[[], float],
        log: Log,
        *,
        interval: int,
        skip_on_error: bool,
    ) -> None:
        self._definition = definition
        self._bucket = definition.bucket
        self._store = definition.store
        self._reader = definition.reader
        self._remover = definition.remover
        self._progress = progress
        self._stop = stop
        self._clock = clock
        self._log = log
        self._interval = interval
        self._skip_on_error = skip_on_error
        self._places = Places(
            self._bucket, definition.kind, self._store, definition.listers, stop.is_set, self._account_refused
        )
        self._whole = self._places.scope("*", "*")
        self._walks: list[Walk] = []
        self._listed_ahead: deque[tuple[Walk, Ahead[list[Listed]]]] = deque()
        self._current: Walk | None = None
        self._unreachable = 0
        self._failures = 0
        self._refusals: set[str] = set()
        self._last_line = time.monotonic()
        #: Whether the run ended because the credentials are no longer good: then the next one should look for new ones.
        self.credentials_failed = False

    def batches(self) -> Iterator[Batch]:
        """Everything that is there to read, with the marks around it. Ends early when told to stop."""
        error = ""
        self._remover.start()
        try:
            yield from self._all()
        except StoreError as fault:
            error = f"{fault} (exit code {fault.exit_code})"
            self.credentials_failed = fault.code is codes.A_CREDENTIALS
        except _RunEndedError as ended:
            error = str(ended)
        finally:
            for _, pages in self._listed_ahead:
                pages.cancel()
        if not self._stop.is_set():
            yield self._end(error)

    def _all(self) -> Iterator[Batch]:
        now = self._clock()
        stored = self._progress.lower_bound(self._whole)
        configured = self._bucket.only_logs_after
        bound = lower_bound(stored, configured or utc_day(now), configured)
        if stored != bound.isoformat():
            yield Batch(marks=(ScopeBound(self._whole, bound.isoformat()),))
        ahead = FetchAhead(self._definition.getters, self._fetch)
        for fetched in ahead.ordered(self._steps(bound, now)):
            if self._stop.is_set():
                return
            yield from self._carry_out(fetched)
        if not self._stop.is_set() and not any(walk.seen for walk in self._walks) and not self._refusals:
            self._log("WARNING", f"{self._places.nothing_found()}  [{codes.A_NOTHING_FOUND.id}]")

    def _fetch(self, key: str, etag: str) -> Body:
        return self._store.fetch(key, etag, self._stop.is_set)

    # --- what to do, in order ----------------------------------------------------------------------------------------

    def _steps(self, bound: date, now: float) -> Iterator[Step]:
        for walk, pages in self._walks_ahead(bound, now):
            yield Step(walk)
            try:
                for page in pages:
                    for listed in page:
                        yield Step(walk, listed)
            except StoreError as fault:
                walk.error = str(fault)
                yield Step(walk, closing=True)
                if fault.ends_run:
                    raise
                self._refused(f"account {walk.place.account}, region {walk.place.region}", fault)
            else:
                yield Step(walk, closing=True)

    def _walks_ahead(self, bound: date, now: float) -> Iterator[tuple[Walk, Ahead[list[Listed]]]]:
        """The walks, each with its pages of candidates, some of them being listed already."""
        for place in self._places:
            from_day = lower_bound(self._progress.lower_bound(place.scope), bound, self._bucket.only_logs_after)
            walk = Walk(place, from_day, self._bucket.look_back, now, self._progress, self._store)
            self._walks.append(walk)
            pages = Ahead(self._definition.listers, walk.candidates, _PAGES_AHEAD, self._stop.is_set)
            self._listed_ahead.append((walk, pages))
            if len(self._listed_ahead) > WALKS_AHEAD:
                yield from self._next_walk()
        while self._listed_ahead:
            yield from self._next_walk()

    def _next_walk(self) -> Iterator[tuple[Walk, Ahead[list[Listed]]]]:
        yield self._listed_ahead[0]  # stays in the list while it is read, so that the end of the run cancels it
        self._listed_ahead.popleft()

    # --- carrying it out ---------------------------------------------------------------------------------------------

    def _carry_out(self, fetched: Fetched) -> Iterator[Batch]:
        walk, listed = fetched.step.walk, fetched.step.listed
        if listed is not None and fetched.body is not None:
            target = walk.target(listed)
            try:
                body = result_of(fetched.body, self._stop.is_set)
                if body is None:
                    give_up(fetched)
                    return
                yield from self._read(walk, target, body)
                self._unreachable = 0
            except ObjectGoneError as gone:
                self._log("DEBUG", str(gone))
                yield self._done(walk, replace(self._reader.done(target, 0), remove=False))
            except ObjectError as fault:
                yield from self._failed(walk, target, fault)
            self._say_progress(walk)
        elif fetched.step.closing:
            yield self._closed(walk)
        else:
            yield from self._opened(walk)

    def _opened(self, walk: Walk) -> Iterator[Batch]:
        self._current = walk
        self._log("DEBUG", f"+++ Working on {walk.place.account} - {walk.place.region}")
        self._definition.flow_logs.ask(walk.place.region)
        if self._bucket.remove_from_bucket:
            for key, etag in self._progress.to_remove(walk.scope):
                self._remover.remove(walk.scope, key, etag)
        if marks := walk.opening_marks():
            yield Batch(marks=marks)

    def _closed(self, walk: Walk) -> Batch:
        self._current = None
        if not walk.found and not walk.error:
            self._log("DEBUG", f"+++ No logs to process in bucket: {walk.place.account}/{walk.place.region}")
        return Batch(marks=(*self._remover.removed(), *walk.closing_marks(self._clock())))

    def _read(self, walk: Walk, target: Target, body: Body) -> Iterator[Batch]:
        skip = self._progress.partial(target.scope, target.key, target.etag)
        try:
            for batch in self._reader.batches(target, body, skip, self._stop):
                for mark in batch.marks:
                    if isinstance(mark, ObjectDone):
                        walk.done(mark)
                yield batch
        finally:
            body.close()

    def _done(self, walk: Walk, mark: ObjectDone) -> Batch:
        walk.done(mark)
        return Batch(marks=(mark,))

    def _failed(self, walk: Walk, target: Target, fault: ObjectError) -> Iterator[Batch]:
        """Keep the failure; tell of it as an event the first time only."""
        mark = failed(target, fault, walk.failed.get((target.key, target.etag)), self._clock(), self._interval)
        walk.failed[target.key, target.etag] = mark
        self._name_failure(mark.reason, fault)
        first = mark.attempts == 1 and self._skip_on_error
        yield Batch((self._reader.error_event(target, fault),) if first else (), (mark,))
        if not self._skip_on_error:
            raise _RunEndedError(f"{mark.reason} (exit code {fault.exit_code}, and skip_on_error is no)")
        self._unreachable = self._unreachable + 1 if isinstance(fault, FetchError) and fault.unreachable else 0
        if self._unreachable >= _UNREACHABLE_IN_A_ROW:
            raise StoreError(
                codes.A_UNREACHABLE, 15, f"{self._unreachable} objects in a row could not be fetched: {fault}"
            )

    # --- words -------------------------------------------------------------------------------------------------------

    def _name_failure(self, reason: str, fault: ObjectError) -> None:
        self._failures += 1
        if self._failures <= _FAILURES_NAMED and self._skip_on_error:
            self._log("WARNING", f"s3://{self._bucket.name}: {reason}; skipping  [{codes.A_OBJECT_FAILED.id}]")

    def _account_refused(self, account: str, fault: StoreError) -> None:
        self._refused(f"account {account}", fault)

    def _refused(self, place: str, fault: StoreError) -> None:
        """Tell of each kind of refusal once; the reports of the walks hold them all."""
        if fault.code.id not in self._refusals:
            self._log("ERROR", f"Bucket: {self._bucket.name} - {place}: {fault} (exit code {fault.exit_code})")
        self._refusals.add(fault.code.id)

    def _say_progress(self, walk: Walk) -> None:
        now = time.monotonic()
        if now - self._last_line >= _PROGRESS_PAUSE:
            self._last_line = now
            place = f"s3://{self._bucket.name}/{walk.place.prefixes[0]}"
            self._log("INFO", f"{place} : {walk.finished} of {walk.found} objects, {walk.records} records")

    def _end(self, error: str) -> Batch:
        """The last words of the run, and its report for the definition as a whole."""
        now = self._clock()
        marks: list[Mark] = list(self._remover.removed())
        if error:
            self._log("ERROR", f"Bucket: {self._bucket.name} - {error}")
            if self._current is not None:
                self._current.error = self._current.error or error
                marks += self._current.closing_marks(now)
        else:
            self._definition.flow_logs.tell()
        if self._failures > _FAILURES_NAMED and self._skip_on_error:
            self._log("WARNING", f"s3://{self._bucket.name}: {self._failures} objects failed in this run")
        if dead := sum(walk.dead for walk in self._walks):
            text = f"s3://{self._bucket.name}: {dead} objects were given up after ten attempts; see alertmill status"
            self._log("WARNING", f"{text}  [{codes.A_OBJECT_DEAD.id}]")
        finished, records = sum(w.finished for w in self._walks), sum(w.records for w in self._walks)
        if finished:
            self._log("INFO", f"s3://{self._bucket.name}/{self._places.root} : {finished} objects, {records} records")
        return Batch(marks=(*marks, ScopeReport(self._whole, now, 0, 0, "", error)))
