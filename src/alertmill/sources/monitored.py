"""A source that tells of its own troubles: what changes for the worse, or back, becomes an event beside the records.

Events travel in the batch whose marks they tell of, so one transaction holds both: a crash neither loses nor repeats
them. Only changes are told, and the checkpoint remembers what was told: the error code of each scope's last report,
its silence, and the objects that failed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

from alertmill import codes
from alertmill.event import Record
from alertmill.monitoring import Kind, Scope, record_of
from alertmill.sources.base import (
    Batch,
    Mark,
    ObjectDone,
    ObjectFailed,
    Progress,
    ScopeReport,
    ScopeSilent,
    Source,
    Stop,
)

#: Events that one run may bring; those beyond are summed up.
MOST_EVENTS = 100
#: Seconds after which the count begins anew in a source that never reports the end of a run.
_LONGEST_RUN = 3600.0


class Monitored:
    """`source`, with events about itself. `clock` gives epoch seconds."""

    def __init__(self, source: Source, clock: Callable[[], float]) -> None:
        self.name = source.name
        self._source = source
        self._clock = clock

    def batches(self, progress: Progress, stop: Stop, *, once: bool) -> Iterator[Batch]:
        """The batches of the source, see Source."""
        teller = _Teller(progress, self._clock)
        for batch in self._source.batches(progress, stop, once=once):
            events = teller.of(batch.marks)
            yield replace(batch, records=[*batch.records, *events]) if events else batch
        if events := teller.rest():
            yield Batch(events)


class _Teller:
    """What was told already, and what is new."""

    def __init__(self, progress: Progress, clock: Callable[[], float]) -> None:
        self._progress = progress
        self._clock = clock
        #: What was yielded may not be committed yet: codes and texts of the scopes' errors, and their silences.
        self._errors: dict[str, tuple[str, str]] = {}
        self._silent: dict[str, bool] = {}
        #: Objects that failed before, of each scope where one failed since the start.
        self._failed: dict[str, set[tuple[str, str]]] = {}
        self._events: list[Record] = []
        self._began = clock()
        self._count = 0
        self._untold: Counter[tuple[str, Kind]] = Counter()
        #: Errors and recoveries of places, which the report of the whole definition need not repeat.
        self._in_run: set[tuple[Kind, str]] = set()

    def of(self, marks: tuple[Mark, ...]) -> list[Record]:
        """The events that these marks are worth."""
        now = self._clock()
        for mark in marks:
            match mark:
                case ScopeReport():
                    self._report(mark, now)
                case ScopeSilent():
                    self._silence(mark, now)
                case ObjectFailed():
                    self._failure(mark, now)
                case ObjectDone() if mark.scope in self._failed:
                    self._failed[mark.scope].discard((mark.key, mark.etag))
        if now - self._began > _LONGEST_RUN:
            self._sum_up(now)
        return self._taken()

    def rest(self) -> list[Record]:
        """What is left to tell at the end."""
        self._sum_up(self._clock())
        return self._taken()

    def _taken(self) -> list[Record]:
        events, self._events = self._events, []
        return events

    def _report(self, report: ScopeReport, now: float) -> None:
        code = report.error_code or (codes.A_FAILED_CALL.id if report.error else "")
        before, text = self._errors.get(report.scope) or self._stored(report.scope)
        self._errors[report.scope] = code, report.error
        is_whole = Scope.parse(report.scope).is_whole
        if code != before:
            kind = Kind.ERROR if code else Kind.RECOVERED
            if not (is_whole and (kind, code or before) in self._in_run):
                self._tell(kind, report.scope, now, code=code or before, detail=report.error or text)
            self._in_run.add((kind, code or before))
        if is_whole:
            self._sum_up(now)

    def _stored(self, scope: str) -> tuple[str, str]:
        state = self._progress.state(scope)
        return state.error_code, state.error

    def _silence(self, mark: ScopeSilent, now: float) -> None:
        state = self._progress.state(mark.scope)
        if self._silent.get(mark.scope, state.silent) == mark.silent:
            return
        self._silent[mark.scope] = mark.silent
        hours = f"no new object for {(now - state.last_read) / 3600:.0f} hours" if mark.silent else ""
        self._tell(Kind.SILENT if mark.silent else Kind.SPEAKS_AGAIN, mark.scope, now, detail=hours)

    def _failure(self, mark: ObjectFailed, now: float) -> None:
        if mark.scope not in self._failed:
            self._failed[mark.scope] = set(self._progress.failed(mark.scope))
        known = self._failed[mark.scope]
        is_new = (mark.key, mark.etag) not in known
        known.add((mark.key, mark.etag))
        if mark.dead:
            detail = f"{mark.attempts} attempts, the last one: {mark.reason}"
            self._tell(Kind.GIVEN_UP, mark.scope, now, code=codes.A_OBJECT_DEAD.id, detail=detail, key=mark.key)
        elif is_new and mark.attempts:
            code = codes.A_OBJECT_FAILED.id
            self._tell(Kind.UNREADABLE, mark.scope, now, code=code, detail=mark.reason, key=mark.key)

    def _tell(self, kind: Kind, scope: str, now: float, *, code: str = "", detail: str = "", key: str = "") -> None:
        self._count += 1
        if self._count > MOST_EVENTS:
            self._untold[Scope.parse(scope).source, kind] += 1
        else:
            self._events.append(record_of(kind, scope, now, code=code, detail=detail, key=key))

    def _sum_up(self, now: float) -> None:
        """A run is over: tell how much was left untold, and count anew."""
        for (source, kind), count in self._untold.items():
            self._events.append(record_of(Kind.MORE, source, now, of=kind, count=count))
        self._untold.clear()
        self._in_run.clear()
        self._began, self._count = now, 0
