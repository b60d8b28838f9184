"""One run of one `<service>` through its regions: what failed where, and how far that reaches.

What is read in a region (a log group, the findings) is a *subject*. A subject that fails does not stop the others; a
fault that concerns the whole region or the caller spares the rest of it the attempt, and stands in every report.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from alertmill import codes
from alertmill.config.models import Service
from alertmill.sources.aws.faults import StoreError
from alertmill.sources.aws.services.accounts import Account, scope_of
from alertmill.sources.aws.services.cloudwatchlogs import moment
from alertmill.sources.aws.session import AwsSession
from alertmill.sources.aws.workers import Workers
from alertmill.sources.base import Batch, Progress, ScopeBound, ScopeReport, Stop

Log = Callable[[str, str], None]

#: What a region says that is not enabled for the account, or does not have the group: no fault where nobody named it.
_ABSENT = (codes.A_NO_LOG_GROUP, codes.A_CREDENTIALS)
#: What ends the run, and what ends a region.
_OF_CALLER = (codes.A_CREDENTIALS, codes.A_CLOCK)
_OF_REGION = (codes.A_CREDENTIALS, codes.A_NO_SERVICE_THERE, codes.A_THROTTLED, codes.A_UNREACHABLE)

#: Faults that are named in the log, per run; the reports hold them all.
_FAULTS_NAMED = 10


@dataclass(slots=True)
class Seen:
    """What a run has seen of a subject so far. `newest` is the time of the newest record ever read, in milliseconds."""

    listed: int = 0
    done: int = 0
    newest: int = 0
    fault: StoreError | None = None


@dataclass(frozen=True, slots=True)
class Definition:
    """One `<service>` with what serves it for as long as its credentials are good.

    `guessed` says that nobody named the regions.
    """

    service: Service
    session: AwsSession
    account: Account
    regions: tuple[str, ...]
    guessed: bool
    listers: Workers
    readers: Workers


@dataclass(slots=True)
class Surroundings:
    """What a run needs of the daemon."""

    progress: Progress
    stop: Stop
    clock: Callable[[], float]
    log: Log
    improved: bool
    once: bool


class RegionalRun(ABC):
    """The frame of one run; what a service does in a region is the business of its own class."""

    def __init__(self, definition: Definition, around: Surroundings) -> None:
        self.definition = definition
        self.around = around
        #: Whether the run ended because the credentials are no longer good: then the next one should look for new ones.
        self.credentials_failed = False
        self._found: set[str] = set()
        self._absent: dict[str, StoreError] = {}
        self._named = 0

    @abstractmethod
    def subjects(self) -> tuple[str, ...]:
        """What is to be read in each region; the empty text for a region as a whole."""

    @abstractmethod
    def read(self, region: str, subject: str, seen: Seen) -> Iterator[Batch]:
        """Everything that is new of a subject. Raises StoreError; what one may go on after stands in `seen.fault`."""

    def batches(self) -> Iterator[Batch]:
        """All regions and subjects in their order, each with its report. Ends early when told to stop."""
        ended: StoreError | None = None
        for region in self.definition.regions:
            fault = ended
            for subject in self.subjects():
                seen = Seen(fault=fault)
                if fault is None:
                    yield from self._attempt(region, subject, seen)
                    if self.around.stop.is_set():
                        return
                yield from self._reported(region, subject, seen)
                if seen.fault is not None and fault is None:
                    fault = seen.fault if self._ends_region(seen.fault) else None
            if fault is not None and self._ends_run(fault):
                ended = fault
        yield from self._end(ended)

    def _attempt(self, region: str, subject: str, seen: Seen) -> Iterator[Batch]:
        try:
            yield from self.read(region, subject, seen)
            self._found.add(subject)
        except StoreError as fault:
            seen.fault = fault
        if seen.fault is not None and not self._is_absent(seen.fault):
            self._tell(region, subject, seen.fault)

    def bound(self, scope: str, first: Callable[[date], date] = lambda today: today) -> Generator[Batch, None, date]:
        """The day from which is read what was never read: stored at the first run of a scope.

        `first` says which day that is where `only_logs_after` does not; it is given today's.
        """
        wanted = self.definition.service.only_logs_after
        stored = self.around.progress.lower_bound(scope)
        if stored is not None:
            return wanted or date.fromisoformat(stored)
        day = wanted or first(datetime.fromtimestamp(self.around.clock(), UTC).date())
        yield Batch(marks=(ScopeBound(scope, day.isoformat()),))
        return day

    # --- faults ------------------------------------------------------------------------------------------------------

    def _is_absent(self, fault: StoreError) -> bool:
        return self.definition.guessed and fault.code in _ABSENT

    def _ends_region(self, fault: StoreError) -> bool:
        return fault.code in _OF_REGION or self._ends_run(fault)

    def _ends_run(self, fault: StoreError) -> bool:
        if fault.code is codes.A_UNREACHABLE:
            return self.definition.service.service_endpoint is not None  # the regions have it in common
        return fault.code in _OF_CALLER and not self._is_absent(fault)

    def _tell(self, region: str, subject: str, fault: StoreError) -> None:
        self._named += 1
        if self._named <= _FAULTS_NAMED:
            place = f"{region} {subject}".rstrip()
            self.around.log("ERROR", f"Service: {self.definition.service.type} - {place}: {_with_exit(fault)}")
        elif self._named == _FAULTS_NAMED + 1:
            self.around.log("ERROR", f"Service: {self.definition.service.type} - there is more; see alertmill status")

    # --- reports -----------------------------------------------------------------------------------------------------

    def scope(self, region: str, subject: str = "") -> str:
        """The name of a region's positions, or of a subject's report."""
        of_region = scope_of(self.definition.service.type, self.definition.account.id, region)
        return f"{of_region}|{subject}" if subject else of_region

    def _reported(self, region: str, subject: str, seen: Seen) -> Iterator[Batch]:
        scope = self.scope(region, subject)
        if seen.fault is not None and self._is_absent(seen.fault):
            self._absent.setdefault(subject, seen.fault)
            self.around.log("DEBUG", f"+++ Not read in {region}: {subject or 'everything'}: {seen.fault}")
            if not self.around.progress.state(scope).error:
                return
            seen = Seen()  # what was wrong here is no longer
        yield Batch(marks=(self._report(scope, seen),))

    def _report(self, scope: str, seen: Seen) -> ScopeReport:
        now, newest = self.around.clock(), moment(seen.newest) if seen.newest else ""
        error = _with_exit(seen.fault) if seen.fault else ""
        code = seen.fault.code.id if seen.fault else ""
        return ScopeReport(scope, now, seen.listed, seen.listed - seen.done, newest, error, error_code=code)

    def _end(self, ended: StoreError | None) -> Iterator[Batch]:
        """The last words: on what no region has, and on the run as a whole."""
        self.credentials_failed = ended is not None and ended.code is codes.A_CREDENTIALS
        for subject in self.subjects():
            scope, fault = self.scope("*", subject), self._absent.get(subject)
            if fault is not None and subject not in self._found:
                text = f"{subject or 'nothing'} was found in no region; the first answer was: {_plain(fault)}"
                nowhere = StoreError(fault.code, fault.exit_code, text)
                self._tell("all regions", subject, nowhere)
                self.credentials_failed = self.credentials_failed or fault.code is codes.A_CREDENTIALS
                yield Batch(marks=(self._report(scope, Seen(fault=nowhere)),))
            elif self.around.progress.state(scope).error:
                yield Batch(marks=(self._report(scope, Seen()),))


def _with_exit(fault: StoreError) -> str:
    return f"{fault} (exit code {fault.exit_code})"


def _plain(fault: StoreError) -> str:
    return str(fault).removesuffix(f"  [{fault.code.id}]")
