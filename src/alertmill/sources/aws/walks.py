"""One account and region of a definition: what lies there that is still to be read.

A walk lists from its lower bound on and leaves out what is done. The bound rises only when a walk came to its end, to
the look-back distance below the newest object read, so that an interrupted back-fill goes on where it was, in whatever
order its keys come. Objects that failed are tried again when their time has come, wherever their keys sort.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from alertmill.sources.aws.listing import Listed, ListPage, ListRequest, first_day, key_date, walk
from alertmill.sources.aws.objects import Target
from alertmill.sources.aws.store import Store
from alertmill.sources.base import Mark, ObjectDone, ObjectFailed, Progress, ScopeBound, ScopeReport

#: Days for which done objects are remembered below the day that the next listing starts from.
_KEPT_DAYS = 1


@dataclass(frozen=True, slots=True)
class Place:
    """Where to walk: the name of its state, and the prefixes in the order in which they are read."""

    scope: str
    account: str
    region: str
    prefixes: tuple[str, ...]


def utc_day(time: float) -> date:
    """The day of a time in epoch seconds."""
    return datetime.fromtimestamp(time, UTC).date()


def lower_bound(stored: str | None, otherwise: date, configured: date | None) -> date:
    """The day below which nothing is read: the stored one, raised by `only_logs_after`; at first `otherwise`."""
    known = date.fromisoformat(stored) if stored else otherwise
    return max(known, configured) if configured else known


class Walk:
    """One walk over one place. `candidates` runs on another thread; the counters are whole when it has ended."""

    def __init__(self, place: Place, bound: date, look_back: int, now: float, progress: Progress, store: Store) -> None:
        self.place = place
        self.bound = bound
        self.failed: dict[tuple[str, str], ObjectFailed] = {}
        #: Objects listed, and those of them that are left for a later run; candidates handed out and records read.
        self.listed = 0
        self.waiting = 0
        self.found = 0
        self.finished = 0
        self.records = 0
        self.newest_key = ""
        #: Whether anything at all lies below the prefixes.
        self.seen = False
        #: Whether the listing came to its end.
        self.complete = False
        self.error = ""
        self._look_back = look_back
        self._now = now
        self._newest_done: date | None = None
        self._failed_keys: dict[str, list[tuple[str, str]]] = {}
        self._replaced: dict[tuple[str, str], date] = {}
        self._progress = progress
        self._store = store

    @property
    def scope(self) -> str:
        return self.place.scope

    @property
    def dead(self) -> int:
        """Objects that are tried no more."""
        return sum(failure.dead for pair, failure in self.failed.items() if pair not in self._replaced)

    def candidates(self) -> Iterator[list[Listed]]:
        """The objects to read, in key order, a page at a time. Raises StoreError."""
        self.failed = self._progress.failed(self.scope)
        for pair in self.failed:
            self._failed_keys.setdefault(pair[0], []).append(pair)
        newest = self._progress.newest_day(self.scope)
        self._newest_done = date.fromisoformat(newest) if newest else None
        due = {pair for pair, failure in self.failed.items() if not failure.dead and failure.retry_at <= self._now}
        self.waiting = len(self.failed) - len(due)
        older = sorted(pair for pair in due if self._day_of(pair[0], date.max) < self.bound)
        yield self._again(older)
        due.difference_update(older)
        for prefix in self.place.prefixes:
            for page in walk(prefix, self.bound, self._list):
                yield self._unread(page, due)
        yield self._again(sorted(due))  # removed or replaced since they failed: a GET will tell
        self.complete = True

    def target(self, listed: Listed) -> Target:
        day = self._day_of(listed.key, listed.modified)
        return Target(self.scope, self.place.account, listed.key, listed.etag, day.isoformat())

    def done(self, mark: ObjectDone) -> None:
        """Take note of an object that was read."""
        self.finished += 1
        self.records += mark.records
        day = date.fromisoformat(mark.day)
        self._newest_done = max(day, self._newest_done or day)

    def opening_marks(self) -> tuple[Mark, ...]:
        """What the start of the walk makes true."""
        bound = self.bound.isoformat()
        return () if self._progress.lower_bound(self.scope) == bound else (ScopeBound(self.scope, bound),)

    def closing_marks(self, time: float) -> tuple[Mark, ...]:
        """What the end of the walk makes true; objects still to come count as waiting."""
        waiting = self.waiting + self.found - self.finished
        if self.error or not self.complete:
            return (ScopeReport(self.scope, time, self.listed, waiting, self.newest_key, self.error),)
        newest = min(self._newest_done, utc_day(time)) if self._newest_done else None
        next_bound = first_day(self.bound, newest, self._look_back)
        keep_from = date.fromordinal(max(next_bound.toordinal() - _KEPT_DAYS, 1)).isoformat()
        report = ScopeReport(self.scope, time, self.listed, waiting, self.newest_key, keep_from=keep_from)
        gone = (ObjectDone(self.scope, *pair, day.isoformat(), 0) for pair, day in self._replaced.items())
        if next_bound == self.bound:
            return (*gone, report)
        return (*gone, ScopeBound(self.scope, next_bound.isoformat()), report)

    def _list(self, request: ListRequest) -> ListPage:
        page = self._store.list_page(request)
        self.seen = self.seen or bool(page.objects or page.folders)
        return page

    def _unread(self, page: list[Listed], due: set[tuple[str, str]]) -> list[Listed]:
        """Those of a page that are to be read now; takes what it meets out of `due`."""
        self.listed += len(page)
        self.newest_key = max(self.newest_key, page[-1].key)
        not_done = self._progress.not_done(self.scope, [(entry.key, entry.etag) for entry in page])
        found = []
        for entry in page:
            pair = (entry.key, entry.etag)
            if pair in not_done and (pair in due or pair not in self.failed):
                found.append(entry)
                due.discard(pair)
            for former in self._failed_keys.get(entry.key, ()):
                if former != pair:  # another object lies there now
                    self._replaced[former] = self._day_of(entry.key, entry.modified)
                    self.waiting -= former not in due
                    due.discard(former)
        self.found += len(found)
        return found

    def _again(self, pairs: list[tuple[str, str]]) -> list[Listed]:
        """Failed objects as if they were listed."""
        self.found += len(pairs)
        return [Listed(*pair, 0, utc_day(self.failed[pair].first_failed)) for pair in pairs]

    def _day_of(self, key: str, otherwise: date) -> date:
        for prefix in self.place.prefixes:
            if day := key_date(key, prefix):
                return day
        return otherwise
