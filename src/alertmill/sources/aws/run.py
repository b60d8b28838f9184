"""One run of one `<bucket>`: accounts, regions, objects, in a stable order, with what fails kept apart.

Listing works ahead in a few places at once and fetching in many, but batches come in the order of account, region and
key. A failed object does not stop the ones behind it (aws-wodle.md 14.1); a refused or broken call is logged and put
into a report, and the next run tries again. Which places and days the run is for is said by its errand.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from alertmill import codes
from alertmill.errors import AlertmillError
from alertmill.sources.aws.definitions import WALKS_AHEAD, Definition
from alertmill.sources.aws.errands import Assignment, Errand
from alertmill.sources.aws.examined import ExaminedBody, Examiner
from alertmill.sources.aws.failures import failed
from alertmill.sources.aws.faults import FetchError, ObjectError, ObjectGoneError, StoreError
from alertmill.sources.aws.fetching import FetchAhead, Fetched, Room, Step, give_up, whole
from alertmill.sources.aws.in_flight import InFlight
from alertmill.sources.aws.list_ahead import ListAhead
from alertmill.sources.aws.listing import Listed
from alertmill.sources.aws.objects import Target
from alertmill.sources.aws.places import Places
from alertmill.sources.aws.run_words import Log, RunWords
from alertmill.sources.aws.store import Body
from alertmill.sources.aws.walks import BACK_FILL, Purpose, Walk, lower_bound, utc_day
from alertmill.sources.aws.watch import Watch
from alertmill.sources.aws.workers import Ahead, result_of
from alertmill.sources.base import Batch, Mark, ObjectDone, ObjectFailed, Progress, ScopeBound, ScopeReport, Stop
from alertmill.sources.outlook import Listing

#: Objects that are claimed at once: to look up each by itself would cost more than to read it.
_CLAIMED_AT_ONCE = 32

#: Pages of 1000 objects that each walk may be ahead.
_PAGES_AHEAD = 2

#: Objects in a row that cannot be fetched for want of a connection, after which the run ends.
_UNREACHABLE_IN_A_ROW = 5


class _RunEndedError(AlertmillError):
    """An object failed and `skip_on_error` is no."""


class BucketRun:
    """One run. `interval` is that of the schedule, in seconds: the unit of the pauses between attempts."""

    def __init__(
        self,
        definition: Definition,
        errand: Errand,
        progress: Progress,
        stop: Stop,
        clock: Callable[[], float],
        log: Log,
        *,
        interval: int,
        skip_on_error: bool,
        in_flight: InFlight,
        room: Room,
        listing: Listing,
        examiner: Examiner | None = None,
    ) -> None:
        self._definition = definition
        self._errand = errand
        self._bucket = definition.bucket
        self._reader = definition.reader
        self._remover = definition.remover
        self._progress = progress
        self._stop = stop
        self._clock = clock
        self._log = log
        self._words = RunWords(self._bucket, log, names_failures=skip_on_error)
        self._interval = interval
        self._skip_on_error = skip_on_error
        self._in_flight = in_flight
        self._room = room
        self._listing = listing
        self._examiner = examiner
        self._places = Places(
            self._bucket,
            definition.kind,
            definition.store,
            definition.crew.listers,
            stop.is_set,
            self._account_refused,
            log,
        )
        self._whole = self._places.scope("*", "*")
        self._began = clock()
        self._walks: list[Walk] = []
        self._listed_ahead: deque[tuple[Walk, Ahead[list[Listed]]]] = deque()
        self._current: Walk | None = None
        self._claims: set[tuple[str, str, str]] = set()
        self._unreachable = 0
        self._refused_accounts: dict[str, StoreError] = {}
        #: Whether the run ended because the credentials are no longer good: then the next one should look for new ones.
        self.credentials_failed = False
        #: Whether everything that the run was for has been done: nothing of it is to be tried again.
        self.is_fulfilled = False

    def batches(self) -> Iterator[Batch]:
        """Everything that is there to read, with the marks around it. Ends early when told to stop."""
        error = error_code = ""
        self._remover.start()
        try:
            yield from self._all()
        except StoreError as fault:
            error, error_code = f"{fault} (exit code {fault.exit_code})", fault.code.id
            self.credentials_failed = fault.code is codes.A_CREDENTIALS
        except _RunEndedError as ended:
            error, error_code = str(ended), codes.A_OBJECT_FAILED.id
        finally:
            for _, pages in self._listed_ahead:
                pages.cancel()
            for claim in self._claims:  # nobody will read these now
                self._in_flight.release(*claim)
        if not self._stop.is_set():
            yield self._end(error, error_code)

    def _all(self) -> Iterator[Batch]:
        stored = self._progress.lower_bound(self._whole)
        configured = self._bucket.only_logs_after
        bound = lower_bound(stored, configured or utc_day(self._began), configured)
        if stored != bound.isoformat():
            yield Batch(marks=(ScopeBound(self._whole, bound.isoformat()),))
        prepare = None if self._examiner is None else partial(self._prepared, self._examiner)
        ahead = FetchAhead(self._definition.crew.getters, self._fetch, self._definition.throttle, self._room, prepare)
        assignments = self._errand.assignments(self._places, bound, self._began)
        for fetched in ahead.ordered(self._steps(assignments)):
            if self._stop.is_set():
                return
            yield from self._carry_out(fetched)

    def _fetch(self, key: str, etag: str) -> Body:
        return self._definition.store.fetch(key, etag, self._stop.is_set)

    def _prepared(self, examiner: Examiner, step: Step, body: Body, behind: int) -> Body:
        """The body, with what another process finds out about its records if that helps."""
        if step.listed is None or not examiner.is_wanted(behind, body.size):
            return body
        task = self._reader.task(step.walk.target(step.listed), body)
        found = None if task is None else examiner.examine(task)
        return body if task is None or found is None else ExaminedBody(task.body, found)

    # --- what to do, in order ----------------------------------------------------------------------------------------

    def _steps(self, assignments: Iterator[Assignment]) -> Iterator[Step]:
        for walk, pages in self._walks_ahead(assignments):
            yield Step(walk)
            try:
                for page in pages:
                    for start in range(0, len(page), _CLAIMED_AT_ONCE):
                        for listed in self._claimed(walk, page[start : start + _CLAIMED_AT_ONCE]):
                            yield Step(walk, listed)
            except StoreError as fault:
                walk.error, walk.error_code = str(fault), fault.code.id
                yield Step(walk, closing=True)
                if fault.ends_run:
                    raise
                self._words.refused(f"account {walk.place.account}, region {walk.place.region}", fault)
            else:
                yield Step(walk, closing=True)

    def _walks_ahead(self, assignments: Iterator[Assignment]) -> Iterator[tuple[Walk, Ahead[list[Listed]]]]:
        """The walks, each with its pages of candidates, some of them being listed already."""
        for assignment in assignments:
            walk = self._walk(assignment)
            self._walks.append(walk)
            candidates = self._listing.counted(walk.candidates)
            pages = Ahead(self._definition.crew.listers, candidates, _PAGES_AHEAD, self._stop.is_set)
            self._listed_ahead.append((walk, pages))
            if len(self._listed_ahead) > WALKS_AHEAD:
                yield from self._next_walk()
        self._listing.all_begun()
        while self._listed_ahead:
            yield from self._next_walk()

    def _walk(self, assignment: Assignment) -> Walk:
        return Walk(
            assignment.place,
            assignment.days,
            assignment.bound,
            self._bucket.look_back,
            self._began,
            self._progress,
            self._definition.store,
            purpose=assignment.purpose,
            page_reader=lambda list_page: ListAhead(self._definition.crew.page_listers, list_page).pages,
        )

    def _next_walk(self) -> Iterator[tuple[Walk, Ahead[list[Listed]]]]:
        yield self._listed_ahead[0]  # stays in the list while it is read, so that the end of the run cancels it
        self._listed_ahead.popleft()

    def _claimed(self, walk: Walk, found: list[Listed]) -> list[Listed]:
        """Claim objects; those that nobody else reads right now, or has read since they were listed."""
        claimed = [listed for listed in found if self._in_flight.claim(walk.scope, listed.key, listed.etag)]
        walk.left_out += len(found) - len(claimed)
        self._claims.update((walk.scope, listed.key, listed.etag) for listed in claimed)
        not_done = self._progress.not_done(walk.scope, [(listed.key, listed.etag) for listed in claimed])
        ours = [listed for listed in claimed if (listed.key, listed.etag) in not_done]
        for listed in claimed:
            if (listed.key, listed.etag) not in not_done:
                walk.overtaken += 1
                self._give_back((walk.scope, listed.key, listed.etag))
        self._listing.leave_out(found, ours)
        return ours

    def _give_back(self, claim: tuple[str, str, str]) -> None:
        self._claims.discard(claim)
        self._in_flight.release(*claim)

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
                yield from self._read(walk, target, whole(body, listed.size))
                self._unreachable = 0
            except ObjectGoneError as gone:
                self._log("DEBUG", str(gone))
                mark = replace(self._reader.done(target, 0), remove=False, modified=0.0)
                yield self._committed(walk, target, Batch(marks=(mark,)))
            except ObjectError as fault:
                yield from self._failed(walk, target, fault)
            yield from self._say_progress(walk)
        elif fetched.step.closing:
            yield self._closed(walk)
        else:
            yield from self._opened(walk)

    def _opened(self, walk: Walk) -> Iterator[Batch]:
        self._current = walk
        self._log("DEBUG", f"+++ Working on {walk.place.account} - {walk.place.region}")
        if self._errand.is_live:
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
        now = self._clock()
        walk.blame_refusals()
        news = self._watch().of_walk(walk, now) if self._errand.is_live else ()
        marks = (*self._remover.removed(), *walk.closing_marks(now), *news)
        return Batch(marks=marks, ack=self._errand.closed(walk, self._began))

    def _read(self, walk: Walk, target: Target, body: Body) -> Iterator[Batch]:
        skip = walk.partials.get((target.key, target.etag), 0)
        try:
            for batch in self._reader.batches(target, body, skip, self._stop):
                yield self._committed(walk, target, batch)
        finally:
            body.close()

    def _committed(self, walk: Walk, target: Target, batch: Batch) -> Batch:
        """A batch of an object; the one that ends it gives back the claim when it is committed."""
        for mark in batch.marks:
            if isinstance(mark, ObjectDone):
                walk.done(mark)
            if isinstance(mark, ObjectDone | ObjectFailed):
                claim = (target.scope, target.key, target.etag)
                self._claims.discard(claim)
                return replace(batch, ack=partial(self._acknowledge, batch.ack, claim))
        return batch

    def _acknowledge(self, ack: Callable[[], None], claim: tuple[str, str, str]) -> None:
        self._in_flight.release(*claim)
        ack()

    def _failed(self, walk: Walk, target: Target, fault: ObjectError) -> Iterator[Batch]:
        """Keep the failure; tell of it as an event the first time only."""
        mark = failed(target, fault, walk.failed.get((target.key, target.etag)), self._clock(), self._interval)
        walk.failed[target.key, target.etag] = mark
        self._words.failure(mark.reason)
        first = mark.attempts == 1 and self._skip_on_error
        batch = Batch((self._reader.error_event(target, fault),) if first else (), (mark,))
        yield self._committed(walk, target, batch)
        if not self._skip_on_error:
            raise _RunEndedError(f"{mark.reason} (exit code {fault.exit_code}, and skip_on_error is no)")
        self._unreachable = self._unreachable + 1 if isinstance(fault, FetchError) and fault.unreachable else 0
        if self._unreachable >= _UNREACHABLE_IN_A_ROW:
            throttled = isinstance(fault, FetchError) and fault.throttled
            code, exit_code = (codes.A_THROTTLED, 16) if throttled else (codes.A_UNREACHABLE, 15)
            raise StoreError(code, exit_code, f"{self._unreachable} objects in a row could not be fetched: {fault}")

    # --- the end ----------------------------------------------------------------------------------------------------

    def _account_refused(self, account: str, fault: StoreError) -> None:
        self._refused_accounts[account] = fault
        self._words.refused(f"account {account}", fault)

    def _say_progress(self, walk: Walk) -> Iterator[Batch]:
        """Tell of a long walk now and then: in the log, and a back-fill to `status` as well."""
        if not self._words.progress(walk, self._definition.throttle):
            return
        if not self._errand.is_live and not self._progress.state(walk.report_scope).error_code:
            yield Batch(marks=(walk.report(self._clock()),))

    def _end(self, error: str, error_code: str) -> Batch:
        """The last words of the run, and its report for the definition as a whole."""
        now = self._clock()
        marks: list[Mark] = list(self._remover.removed())
        if error:
            self._words.error(error)
            if self._current is not None:
                if not self._current.error:
                    self._current.error, self._current.error_code = error, error_code
                marks += self._current.closing_marks(now)
        elif self._errand.is_live:
            self._definition.flow_logs.tell()
            watch = self._watch()
            marks += watch.of_the_rest({walk.scope for walk in self._walks}, self._refused_accounts, now)
            if all(walk.purpose is Purpose.WHOLE for walk in self._walks):
                marks += watch.over(self._whole + BACK_FILL, now)
            error, error_code = self._nothing_found()
        self.is_fulfilled = not (error or self._refused_accounts) and all(walk.is_fulfilled for walk in self._walks)
        self._words.sum_up(self._walks, self._places.root)
        report = ScopeReport(self._whole + self._errand.suffix, now, 0, 0, "", error, error_code=error_code)
        return Batch(marks=(*marks, report))

    def _nothing_found(self) -> tuple[str, str]:
        """What is wrong, and its code, when there is nothing at all where the definition looks."""
        if any(walk.seen for walk in self._walks) or self._words.any_refused:
            return "", ""
        try:
            text = self._places.nothing_found()
        except StoreError as fault:
            return str(fault), fault.code.id
        if self._stop.is_set():  # the answer was not waited for
            return "", ""
        self._words.nothing_found(text)
        return text, codes.A_NOTHING_FOUND.id

    def _watch(self) -> Watch:
        return Watch(self._bucket, self._places.scope("*", "*").removesuffix("*|*"), self._progress)
