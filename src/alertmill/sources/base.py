"""What a source is: something that yields batches of records, and is told when they are safe.

A batch carries records, the `Mark`s that become true once it is committed (an object is done, a position is reached),
and the `ack` that is called after alerts, engine state and marks are on disk. A source reads what is already done
through `Progress` and never writes it. Nothing here touches the outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from alertmill.event import Record


@dataclass(frozen=True, slots=True)
class ObjectDone:
    """An object was read completely. `day` is its key date `YYYY-MM-DD` (aws-wodle.md 14.1).

    With `remove`, the object is to be deleted at the source; it stays on the list until `ObjectRemoved`. `modified` is
    when it was written to the bucket and `read_at` when it was read, epoch seconds, and `size` its bytes as they lie
    there; 0 where that is not known.
    """

    scope: str
    key: str
    etag: str
    day: str
    records: int
    remove: bool = False
    modified: float = 0.0
    read_at: float = 0.0
    size: int = 0


@dataclass(frozen=True, slots=True)
class ObjectPartial:
    """The first `records` records of an object are committed; the rest is still to come."""

    scope: str
    key: str
    etag: str
    records: int


@dataclass(frozen=True, slots=True)
class ObjectFailed:
    """An object could not be read. Times are epoch seconds; a `dead` one is tried only on the operator's word."""

    scope: str
    key: str
    etag: str
    reason: str
    attempts: int
    first_failed: float
    last_failed: float
    retry_at: float
    dead: bool = False


@dataclass(frozen=True, slots=True)
class ObjectRemoved:
    """An object that was to be deleted at the source is gone."""

    scope: str
    key: str
    etag: str


@dataclass(frozen=True, slots=True)
class ScopeBound:
    """Nothing of a scope older than `lower_bound` (`YYYY-MM-DD`) is ever read; stored at the first run."""

    scope: str
    lower_bound: str


@dataclass(frozen=True, slots=True)
class ScopeReport:
    """What a walk over a scope saw, for `status`: objects listed and waiting, and the error that ended it, if any.

    Done objects with a key date before `keep_from` (`YYYY-MM-DD`; empty: none) can be forgotten: no walk lists them
    again. `error_code` is the entry of the catalogue that `error` belongs to.
    """

    scope: str
    time: float
    listed: int
    waiting: int
    newest_key: str
    error: str = ""
    keep_from: str = ""
    error_code: str = ""


@dataclass(frozen=True, slots=True)
class NextRun:
    """The planned start of a schedule's next run, epoch seconds."""

    schedule: str
    time: float


@dataclass(frozen=True, slots=True)
class ScopeSilent:
    """A scope that had data has had none for long (`silent`), or has some again."""

    scope: str
    silent: bool


@dataclass(frozen=True, slots=True)
class ScopeImported:
    """What Wazuh's database told of a scope was taken over at `time`, epoch seconds; `key` is the smallest it knew."""

    scope: str
    key: str
    time: float


@dataclass(frozen=True, slots=True)
class Position:
    """How far something without objects was read: `value` is the source's own text, empty to forget it."""

    scope: str
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class RetryFailed:
    """A failed object is to be tried again as soon as possible, with a new count of attempts, given up or not."""

    scope: str
    key: str
    etag: str


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """The operator wants a range of days (`YYYY-MM-DD`, both included) read again although it was read.

    `definition` is what the scopes' names begin with. `number` tells one wish from another; it is over with
    `ReadAgainOver`.
    """

    number: str
    definition: str
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class ReadAgainOver:
    """A range was read again to its end; what was remembered for it can be forgotten."""

    number: str


Mark = (
    ObjectDone
    | ObjectPartial
    | ObjectFailed
    | ObjectRemoved
    | ScopeBound
    | ScopeReport
    | ScopeSilent
    | ScopeImported
    | Position
    | RetryFailed
    | ReadAgain
    | ReadAgainOver
    | NextRun
)


@dataclass(frozen=True, slots=True)
class ScopeState:
    """What is remembered of a scope beside its objects: the error of its last report, and its silence.

    `last_read` is when its newest object was read, `last_modified` when that was written to the bucket (epoch seconds,
    0: never).
    """

    objects: int = 0
    error_code: str = ""
    error: str = ""
    silent: bool = False
    last_read: float = 0.0
    last_modified: float = 0.0


#: Stands for the ETag of an object that was done and then deleted at the source by ourselves (`ObjectRemoved`): what
#: asks `not_done` with it learns that a key of which nothing is left was read. No real ETag looks like it.
REMOVED = "(removed)"

#: What Wazuh's database tells of a scope: the smallest key it remembers, and when it was taken over (epoch seconds).
#: Objects with a key up to that one, written before that time, count as read.
Imported = tuple[str, float]


def no_ack() -> None:
    """Nothing to acknowledge."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Records that are committed together, what is true once they are, and whom to tell.

    `ack` runs on the engine's thread after the commit; it must be quick and must not raise.
    """

    records: Sequence[Record] = ()
    marks: tuple[Mark, ...] = ()
    ack: Callable[[], None] = no_ack


class Progress(Protocol):
    """What has been committed, as far as a source may know. Safe to call from any thread.

    A *scope* is the stable name of one walk, for instance `s3://bucket/AWSLogs/|cloudtrail|123456789012|us-east-1`.
    """

    def not_done(self, scope: str, objects: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        """Of these (key, etag) pairs, those that are not done. A done row with an empty etag matches any etag."""

    def partial(self, scope: str, key: str, etag: str) -> int:
        """How many records of the object are committed already."""

    def partials(self, scope: str) -> dict[tuple[str, str], int]:
        """`partial` of all objects of the scope that have one, by (key, etag)."""

    def newest_day(self, scope: str) -> str | None:
        """The greatest key date among the done objects of the scope, `YYYY-MM-DD`."""

    def lower_bound(self, scope: str) -> str | None:
        """The stored lower bound of the scope."""

    def failed(self, scope: str) -> dict[tuple[str, str], ObjectFailed]:
        """Objects that failed and are not done, by (key, etag)."""

    def to_remove(self, scope: str) -> list[tuple[str, str]]:
        """Done objects whose deletion at the source is still outstanding."""

    def next_run(self, schedule: str) -> float | None:
        """The stored planned start of a schedule, epoch seconds."""

    def state(self, scope: str) -> ScopeState:
        """What is remembered of the scope, all empty for an unknown one."""

    def imported(self, scope: str) -> Imported | None:
        """What was taken over from Wazuh's database for this scope."""

    def scopes_of(self, prefix: str) -> list[str]:
        """The names of all known scopes that begin so, ascending."""

    def positions(self, scope: str) -> dict[str, str]:
        """The positions of the scope by key."""

    def read_again(self) -> list[ReadAgain]:
        """The ranges that are still to be read again, oldest wish first."""


class Stop(Protocol):
    """Tells a source to come to an end. Like `threading.Event`."""

    def is_set(self) -> bool: ...

    def wait(self, timeout: float | None = None) -> bool: ...


class Source(Protocol):
    """Where records come from. `name` is unique among the sources of a daemon."""

    name: str

    def batches(self, progress: Progress, stop: Stop, *, once: bool) -> Iterator[Batch]:
        """Yield batches until `stop` is set; with `once`, until everything present has been read.

        Raises SourceError only for what makes the source useless for good; what can be tried again is logged, put into
        a `ScopeReport`, and tried again.
        """
