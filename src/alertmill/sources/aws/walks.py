"""One account and region of a definition: what lies there that is still to be read.

A walk lists the days it is for and leaves out what is done. The bound of a scope, below which nothing is read, rises
only when all days above it were walked to their end: to the look-back distance below the newest object read, so that
an interrupted back-fill goes on where it was, in whatever order its keys come. Objects that failed are tried again when
their time has come, wherever their keys sort.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import Enum

from alertmill import codes
from alertmill.sources.aws.listing import (
    Days,
    Listed,
    Lister,
    ListPage,
    ListRequest,
    PageReader,
    first_day,
    key_date,
    one_by_one,
    walk,
)
from alertmill.sources.aws.objects import Target
from alertmill.sources.aws.store import Store
from alertmill.sources.base import Mark, ObjectDone, ObjectFailed, Progress, ScopeBound, ScopeReport

#: Days for which done objects are remembered below the day that the next listing starts from: an audit asks for weeks
#: that are past, and a queue delivers notifications up to 14 days late.
_KEPT_DAYS = 90

#: Refused objects from which on it is the permission that is missing.
_REFUSALS = 3

#: Ends the name of the scope that a back-fill reports under, beside the live reports of the same place.
BACK_FILL = "|back-fill"


class Purpose(Enum):
    """Which part of its scope a walk reads."""

    #: All days from the bound on. Its end raises the bound.
    WHOLE = "whole"
    #: The days from the split on, while a back-fill reads those before it.
    LIVE = "live"
    #: The days from the bound to the split. Its end raises the bound to the split.
    BACK_FILL = "back-fill"
    #: Days that were read before, in a scope of their own.
    AGAIN = "again"


@dataclass(frozen=True, slots=True)
class Place:
    """Where to walk: the name of its state, and the prefixes in the order in which they are read."""

    scope: str
    account: str
    region: str
    prefixes: tuple[str, ...]
    bucket: str = ""


def utc_day(time: float) -> date:
    """The day of a time in epoch seconds."""
    return datetime.fromtimestamp(time, UTC).date()


def lower_bound(stored: str | None, otherwise: date, configured: date | None) -> date:
    """The day below which nothing is read: the stored one, raised by `only_logs_after`; at first `otherwise`."""
    known = date.fromisoformat(stored) if stored else otherwise
    return max(known, configured) if configured else known


class Walk:
    """One walk over one place, for the days of its purpose.

    `bound` is the day below which nothing of the scope is read. `page_reader` makes what lists folders of days.
    `candidates` runs on another thread; the counters are whole when it has ended.
    """

    def __init__(
        self,
        place: Place,
        days: Days,
        bound: date,
        look_back: int,
        now: float,
        progress: Progress,
        store: Store,
        *,
        purpose: Purpose = Purpose.WHOLE,
        page_reader: Callable[[Lister], PageReader] = one_by_one,
    ) -> None:
        self.place = place
        self.days = days
        self.bound = bound
        self.purpose = purpose
        self.failed: dict[tuple[str, str], ObjectFailed] = {}
        #: How many records of an object are committed already, where it is not done.
        self.partials: dict[tuple[str, str], int] = {}
        #: Objects listed, and those of them that are left for a later run; candidates handed out and records read.
        self.listed = 0
        self.waiting = 0
        self.found = 0
        self.finished = 0
        self.records = 0
        #: Candidates that somebody else of this daemon is reading, and those that somebody else has read meanwhile.
        self.left_out = 0
        self.overtaken = 0
        #: Whether an object was read that is newer than all before.
        self.has_news = False
        self.newest_key = ""
        #: Whether anything at all lies below the prefixes.
        self.seen = False
        #: Whether the listing came to its end.
        self.listed_all = False
        self.error = ""
        self.error_code = ""
        self._look_back = look_back
        self._now = now
        self._newest_done: date | None = None
        self._failed_keys: dict[str, list[tuple[str, str]]] = {}
        self._replaced: dict[tuple[str, str], date] = {}
        self._recalled: set[tuple[str, str]] = set()
        self._imported = progress.imported(place.scope)
        self._last_modified = progress.state(place.scope).last_modified
        self._progress = progress
        self._store = store
        self._pages = page_reader(self._list)

    @property
    def scope(self) -> str:
        return self.place.scope

    @property
    def report_scope(self) -> str:
        """The name that reports of this walk go by."""
        return self.scope + BACK_FILL if self.purpose is Purpose.BACK_FILL else self.scope

    @property
    def is_complete(self) -> bool:
        """Whether everything that was listed has been read, has failed, or was done before."""
        return self.listed_all and not self.error and not self.left_out

    @property
    def is_fulfilled(self) -> bool:
        """Whether nothing of what was listed is to be tried again."""
        return self.is_complete and self.left == self.dead

    @property
    def left(self) -> int:
        """Objects that were listed or failed before, and are not done."""
        return self.waiting + self.found - self.finished - self.overtaken

    @property
    def dead(self) -> int:
        """Objects that are tried no more."""
        return sum(failure.dead for pair, failure in self._own_failures() if pair not in self._replaced)

    def candidates(self) -> Iterator[list[Listed]]:
        """The objects to read, in key order, a page at a time. Raises StoreError."""
        self.failed = self._progress.failed(self.scope)
        self.partials = self._progress.partials(self.scope)
        for pair in self.failed:
            self._failed_keys.setdefault(pair[0], []).append(pair)
        newest = self._progress.newest_day(self.scope)
        self._newest_done = date.fromisoformat(newest) if newest else None
        own = dict(self._own_failures())
        due = {pair for pair, failure in own.items() if not failure.dead and failure.retry_at <= self._now}
        self.waiting = len(own) - len(due)
        unlisted = sorted(pair for pair in due if (day := self._day_of(pair[0])) and day not in self.days)
        yield self._again(unlisted)
        due.difference_update(unlisted)
        for prefix in self.place.prefixes:
            for page in walk(prefix, self.days, self._list, utc_day(self._now), self._pages):
                yield self._unread(page, due)
        yield self._again(sorted(due))  # removed or replaced since they failed: a GET will tell
        self.listed_all = True

    def target(self, listed: Listed) -> Target:
        day = self._day_of(listed.key) or listed.day
        return Target(
            self.scope,
            self.place.account,
            self.place.bucket,
            listed.key,
            listed.etag,
            day.isoformat(),
            0.0 if (listed.key, listed.etag) in self._recalled else listed.modified,
            again=self.purpose is Purpose.AGAIN,
            size=listed.size,
        )

    def done(self, mark: ObjectDone) -> None:
        """Take note of an object that was read."""
        self.finished += 1
        self.records += mark.records
        self.has_news = self.has_news or mark.modified > self._last_modified
        day = date.fromisoformat(mark.day)
        self._newest_done = max(day, self._newest_done or day)

    def opening_marks(self) -> tuple[Mark, ...]:
        """What the start of the walk makes true."""
        bound, stored = self.bound.isoformat(), self._progress.lower_bound(self.scope)
        if self.purpose is Purpose.AGAIN or (stored is not None and stored >= bound):  # a back-fill may have raised it
            return ()
        return (ScopeBound(self.scope, bound),)

    def report(self, time: float, *, keep_from: str = "") -> ScopeReport:
        """What the walk saw so far; objects still to come count as waiting."""
        return ScopeReport(
            self.report_scope,
            time,
            self.listed,
            self.left,
            self.newest_key,
            self.error,
            "" if self.error else keep_from,
            self.error_code,
        )

    def blame_refusals(self) -> None:
        """Where nothing could be read and several objects were refused, a permission is missing, not an object bad."""
        refused = [one.reason for one in self.failed.values() if f"[{codes.A_REFUSED.id}]" in one.reason]
        if not self.error and not self.finished and len(refused) >= _REFUSALS:
            self.error, self.error_code = refused[-1], codes.A_REFUSED.id

    def closing_marks(self, time: float) -> tuple[Mark, ...]:
        """What the end of the walk makes true."""
        if not self.is_complete:
            return (self.report(time),)
        gone = tuple(ObjectDone(self.scope, *pair, day.isoformat(), 0) for pair, day in self._replaced.items())
        if self.purpose in (Purpose.LIVE, Purpose.AGAIN):
            return (*gone, self.report(time))
        next_bound = self._next_bound(time)
        risen = (ScopeBound(self.scope, next_bound.isoformat()),) if next_bound != self.bound else ()
        if self.purpose is Purpose.BACK_FILL:
            return (*gone, *risen, replace(self.report(time), waiting=0))  # live runs look after what failed
        keep_from = date.fromordinal(max(next_bound.toordinal() - _KEPT_DAYS, 1)).isoformat()
        return (*gone, *risen, self.report(time, keep_from=keep_from))

    def _next_bound(self, time: float) -> date:
        newest = min(self._newest_done, utc_day(time)) if self._newest_done else None
        bound = first_day(self.bound, newest, self._look_back)
        return min(bound, self.days.until) if self.days.until else bound

    def _own_failures(self) -> Iterator[tuple[tuple[str, str], ObjectFailed]]:
        """Those that this walk is to look after: of each scope, one of the walks side by side has them."""
        for pair, failure in self.failed.items():
            day = self._day_of(pair[0])
            if self.purpose is Purpose.BACK_FILL:
                own = day is not None and day in self.days
            else:
                own = self.purpose is not Purpose.LIVE or day is None or not self.bound <= day < self.days.first
            if own:
                yield pair, failure

    def _list(self, request: ListRequest) -> ListPage:
        page = self._store.list_page(request)
        self.seen = self.seen or bool(page.objects or page.folders)
        return page

    def _unread(self, page: list[Listed], due: set[tuple[str, str]]) -> list[Listed]:
        """Those of a page that are to be read now; takes what it meets out of `due`."""
        self.listed += len(page)
        self.newest_key = max(self.newest_key, *(entry.key for entry in page))
        new = [entry for entry in page if not self._was_imported(entry)]
        not_done = self._progress.not_done(self.scope, [(entry.key, entry.etag) for entry in new])
        found = []
        for entry in new:
            pair = (entry.key, entry.etag)
            if pair in not_done and (pair in due or pair not in self.failed):
                found.append(entry)
                due.discard(pair)
            for former in self._failed_keys.get(entry.key, ()):
                if former != pair:  # another object lies there now
                    self._replaced[former] = self._day_of(entry.key) or entry.day
                    self.waiting -= former not in due
                    due.discard(former)
        self.found += len(found)
        return found

    def _was_imported(self, entry: Listed) -> bool:
        """Whether Wazuh's module read it: it sorts before all that is remembered of that, and was there already."""
        return (
            self._imported is not None
            and entry.key <= self._imported[0]
            and entry.modified < self._imported[1]
            and entry.key not in self._failed_keys
        )

    def _again(self, pairs: list[tuple[str, str]]) -> list[Listed]:
        """Failed objects as if they were listed."""
        self.found += len(pairs)
        self._recalled.update(pairs)
        return [Listed(*pair, 0, self.failed[pair].first_failed) for pair in pairs]

    def _day_of(self, key: str) -> date | None:
        return next((day for prefix in self.place.prefixes if (day := key_date(key, prefix))), None)
