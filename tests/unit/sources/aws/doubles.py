"""Stand-ins for the outside of the S3 poller: a bucket in memory, committed progress, a stop flag, a log."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from hashlib import md5
from typing import Any

from alertmill.codes import Code
from alertmill.config.models import AwsS3, Bucket
from alertmill.event import Record
from alertmill.sources.aws.faults import FetchError, ObjectGoneError, StoreError
from alertmill.sources.aws.lanes import Shared
from alertmill.sources.aws.listing import Listed, ListPage, ListRequest
from alertmill.sources.aws.poller import BucketPoller
from alertmill.sources.aws.store import Body
from alertmill.sources.base import (
    Batch,
    Imported,
    Mark,
    NextRun,
    ObjectDone,
    ObjectFailed,
    ObjectPartial,
    ObjectRemoved,
    Position,
    ReadAgain,
    ReadAgainOver,
    RetryFailed,
    ScopeBound,
    ScopeReport,
    ScopeSilent,
    ScopeState,
)

#: 2026-01-15 10:00:00 UTC, a Thursday.
NOON = 1768471200.0
ACCOUNT = "123456789012"


class MemoryStore:
    """A bucket in memory that answers like S3, `page_size` entries at a time.

    `refuse` maps a prefix to the error of its listing, `broken` a key to that of its GET, `undeletable` names keys that
    cannot be deleted.
    """

    def __init__(self, objects: Mapping[str, bytes] | None = None, page_size: int = 1000) -> None:
        self.objects: dict[str, bytes] = dict(objects or {})
        self.modified: dict[str, date] = {}
        self.page_size = page_size
        self.requests: list[ListRequest] = []
        self.fetched: list[str] = []
        self.refuse: dict[str, StoreError] = {}
        self.broken: dict[str, Exception] = {}
        self.undeletable: set[str] = set()
        self.known_flow_logs: list[str] | StoreError | None = None
        self.flow_log_questions = 0
        self.closed = False
        self.throttled: Callable[[], None] = lambda: None
        self._lock = threading.Lock()

    def etag(self, key: str) -> str:
        return md5(self.objects[key]).hexdigest()

    def list_page(self, request: ListRequest) -> ListPage:
        with self._lock:
            self.requests.append(request)
        if request.prefix in self.refuse:
            raise self.refuse[request.prefix]
        after = request.token or request.start_after
        entries: dict[str, None] = {}
        for key in sorted(self.objects, key=str.encode):
            if not key.startswith(request.prefix):
                continue
            rest, slash, _ = key[len(request.prefix) :].partition("/")
            folder = request.prefix + rest + "/" if request.delimiter and slash else key
            if folder > after and key > after:
                entries[folder] = None
        names = list(entries)
        page, more = names[: self.page_size], len(names) > self.page_size
        folders = tuple(name for name in page if request.delimiter and name.endswith("/") and name not in self.objects)
        objects = tuple(self._listed(name) for name in page if name in self.objects)
        # a token stands behind everything of the folder that a page ended with
        token = (page[-1] + "\U0010ffff" if page[-1].endswith("/") else page[-1]) if more else ""
        return ListPage(objects, folders, token)

    def _listed(self, key: str) -> Listed:
        return Listed(key, self.etag(key), len(self.objects[key]), _noon(self.modified.get(key, date(2026, 1, 15))))

    def fetch(self, key: str, etag: str, stopped: Callable[[], bool]) -> Body:
        with self._lock:
            self.fetched.append(key)
        if key in self.broken:
            raise self.broken[key]
        if key not in self.objects or self.etag(key) != etag:
            raise ObjectGoneError(key)
        return Body(self.objects[key])

    def delete(self, key: str, etag: str) -> None:
        if key in self.undeletable:
            raise FetchError("AccessDenied")
        self.objects.pop(key, None)

    def flow_logs(self, region: str) -> list[str] | None:
        self.flow_log_questions += 1
        if isinstance(self.known_flow_logs, StoreError):
            raise self.known_flow_logs
        return self.known_flow_logs

    def close(self) -> None:
        self.closed = True


class MemoryProgress:
    """What has been committed. `commit` does what the pipeline does with a batch."""

    def __init__(self) -> None:
        self.done: dict[tuple[str, str, str], ObjectDone] = {}
        self.partials_read: dict[tuple[str, str, str], int] = {}
        self.failures: dict[tuple[str, str, str], ObjectFailed] = {}
        self.removals: set[tuple[str, str, str]] = set()
        self.bounds: dict[str, str] = {}
        self.reports: dict[str, ScopeReport] = {}
        self.runs: dict[str, float] = {}
        self.silent: set[str] = set()
        self.known_positions: dict[str, dict[str, str]] = {}
        self.wishes: dict[str, ReadAgain] = {}
        self.taken_over: dict[str, Imported] = {}
        #: When the newest object of a scope was read, and when it was written.
        self.newest: dict[str, tuple[float, float]] = {}

    def commit(self, batch: Batch) -> None:
        for mark in batch.marks:
            self.store(mark)
        batch.ack()

    def store(self, mark: Mark) -> None:
        match mark:
            case ObjectDone():
                key = (mark.scope, mark.key, mark.etag)
                self.done[key] = mark
                read, modified = self.newest.get(mark.scope, (0.0, 0.0))
                if mark.modified >= modified:
                    self.newest[mark.scope] = (max(read, mark.read_at), mark.modified)
                self.partials_read.pop(key, None)
                self.failures.pop(key, None)
                if mark.remove:
                    self.removals.add(key)
            case ObjectPartial():
                self.partials_read[mark.scope, mark.key, mark.etag] = mark.records
            case ObjectFailed():
                self.failures[mark.scope, mark.key, mark.etag] = mark
            case ObjectRemoved():
                self.removals.discard((mark.scope, mark.key, mark.etag))
            case ScopeBound():
                self.bounds[mark.scope] = mark.lower_bound
            case ScopeReport():
                self.reports[mark.scope] = mark
                if mark.keep_from and not mark.error:
                    self.done = {
                        key: done
                        for key, done in self.done.items()
                        if done.scope != mark.scope or done.day >= mark.keep_from
                    }
            case ScopeSilent():
                (self.silent.add if mark.silent else self.silent.discard)(mark.scope)
            case Position():
                positions = self.known_positions.setdefault(mark.scope, {})
                positions[mark.key] = mark.value
                if not mark.value:
                    del positions[mark.key]
            case RetryFailed():
                key = (mark.scope, mark.key, mark.etag)
                if key in self.failures:
                    self.failures[key] = replace(self.failures[key], attempts=0, retry_at=0.0, dead=False)
            case ReadAgain():
                self.wishes[mark.number] = mark
            case ReadAgainOver():
                del self.wishes[mark.number]
                over = f"|again {mark.number}"
                self.done = {key: done for key, done in self.done.items() if not done.scope.endswith(over)}
                self.failures = {key: one for key, one in self.failures.items() if not one.scope.endswith(over)}
                self.reports = {scope: one for scope, one in self.reports.items() if not scope.endswith(over)}
            case NextRun():
                self.runs[mark.schedule] = mark.time

    def not_done(self, scope: str, objects: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        return {pair for pair in objects if (scope, *pair) not in self.done}

    def partial(self, scope: str, key: str, etag: str) -> int:
        return self.partials_read.get((scope, key, etag), 0)

    def partials(self, scope: str) -> dict[tuple[str, str], int]:
        return {(key, etag): count for (of, key, etag), count in self.partials_read.items() if of == scope}

    def newest_day(self, scope: str) -> str | None:
        return max((done.day for done in self.done.values() if done.scope == scope), default=None)

    def lower_bound(self, scope: str) -> str | None:
        return self.bounds.get(scope)

    def failed(self, scope: str) -> dict[tuple[str, str], ObjectFailed]:
        return {(mark.key, mark.etag): mark for mark in self.failures.values() if mark.scope == scope}

    def to_remove(self, scope: str) -> list[tuple[str, str]]:
        return [(key, etag) for of_scope, key, etag in sorted(self.removals) if of_scope == scope]

    def next_run(self, schedule: str) -> float | None:
        return self.runs.get(schedule)

    def state(self, scope: str) -> ScopeState:
        done = [done for done in self.done.values() if done.scope == scope]
        report = self.reports.get(scope)
        return ScopeState(
            len(done),
            report.error_code if report else "",
            report.error if report else "",
            scope in self.silent,
            *self.newest.get(scope, (0.0, 0.0)),
        )

    def imported(self, scope: str) -> Imported | None:
        return self.taken_over.get(scope)

    def scopes_of(self, prefix: str) -> list[str]:
        known = {scope for scope, _, _ in [*self.done, *self.failures]} | {*self.bounds, *self.reports}
        return sorted(scope for scope in known if scope.startswith(prefix))

    def positions(self, scope: str) -> dict[str, str]:
        return dict(self.known_positions.get(scope, {}))

    def read_again(self) -> list[ReadAgain]:
        return list(self.wishes.values())


@dataclass
class Bench:
    """A poller on the bench: one bucket in memory, run as often as a test likes."""

    store: MemoryStore
    config: AwsS3
    event_format: Any = "compatible"
    now: float = NOON
    progress: MemoryProgress = field(default_factory=MemoryProgress)
    stop: threading.Event = field(default_factory=threading.Event)
    lines: list[tuple[str, str]] = field(default_factory=list)
    shared: Shared = field(default_factory=Shared)
    poller: BucketPoller | None = None

    def run(self) -> list[Record]:
        """One run of everything, every batch committed; the records of it."""
        return self.committed(self.batches())

    def batches(self) -> Iterable[Batch]:
        self.lines.clear()
        return self.made().batches(self.progress, self.stop, once=True)

    def live(self) -> list[Record]:
        """One run as a daemon makes it on its schedule, leaving the past to the back-fill."""
        self.made().back_fill()
        return self.committed(self.made().run(self.progress, self.stop))

    def fill(self) -> list[Record]:
        """What the back-fill has to do now."""
        return self.committed(self.made().back_fill().work(self.progress, self.stop))

    def again(self) -> list[Record]:
        """What is to be read again, as `run --once` does it."""
        return self.committed(self.made().back_fill().batches(self.progress, self.stop, once=True))

    def restart(self) -> None:
        """Forget all that is not committed, as a new process does."""
        self.poller, self.shared = None, Shared()

    def made(self) -> BucketPoller:
        if self.poller is None:
            self.poller = BucketPoller(
                self.config,
                self.event_format,
                lambda: self.now,
                self.log,
                stores=lambda _: self.store,
                zone=UTC,
                shared=self.shared,
            )
        return self.poller

    def committed(self, batches: Iterable[Batch]) -> list[Record]:
        """Commit each batch as it comes; the records of all."""
        records: list[Record] = []
        for batch in batches:
            records += batch.records
            self.progress.commit(batch)
        return records

    def log(self, level: str, text: str) -> None:
        self.lines.append((level, text))

    def said(self, *levels: str) -> list[str]:
        return [text for level, text in self.lines if level in (levels or ("WARNING", "ERROR"))]


def bench(objects: Mapping[str, bytes] | MemoryStore, *, kind: Any = "cloudtrail", **options: Any) -> Bench:
    """A bench with one definition, everything since 2010."""
    of_module = {name: options.pop(name) for name in ("skip_on_error", "interval") if name in options}
    event_format = options.pop("event_format", "compatible")
    options.setdefault("only_logs_after", date(2010, 1, 1))
    store = objects if isinstance(objects, MemoryStore) else MemoryStore(objects)
    config = AwsS3(buckets=(Bucket(type=kind, name="my-logs", **options),), **of_module)
    return Bench(store, config, event_format)


def trail_key(day: str, name: str, *, account: str = ACCOUNT, region: str = "us-east-1") -> str:
    """The key of a CloudTrail object; `day` is `2026/01/15`."""
    return f"AWSLogs/{account}/CloudTrail/{region}/{day}/{account}_CloudTrail_{region}_{name}.json.gz"


def flow_key(day: str, name: str) -> str:
    return f"AWSLogs/{ACCOUNT}/vpcflowlogs/us-east-1/{day}/{ACCOUNT}_vpcflowlogs_us-east-1_fl-1_{name}.log"


def store_error(code: Code, exit_code: int = 1, *, ends_run: bool = True) -> StoreError:
    return StoreError(code, exit_code, "no", ends_run=ends_run)


def _noon(day: date) -> float:
    return utc(day.year, day.month, day.day, 12)


def utc(*parts: int) -> float:
    """Epoch seconds of a UTC date and time."""
    return datetime(*parts, tzinfo=UTC).timestamp()  # type: ignore[arg-type,misc]
