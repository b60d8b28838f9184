"""What the parts of an audit share: the ports to the outside, and jobs done ahead in their order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from alertmill.config.models import Bucket
from alertmill.sources.aws.audit.report import ToRead
from alertmill.sources.aws.listing import Listed, ListRequest
from alertmill.sources.aws.public_keys import PublicKeys
from alertmill.sources.aws.store import Store
from alertmill.sources.aws.workers import Workers
from alertmill.sources.base import Progress

#: Requests under way at a time.
REQUESTS = 16

T = TypeVar("T")


class Trail(Protocol):
    """What AWS is asked for beside listing and reading log files; the real one is `client.AuditClient`."""

    def read(self, key: str, limit: int) -> tuple[bytes, Mapping[str, str]]:
        """An object of at most `limit` bytes, and its metadata. Raises FetchError, ObjectGoneError, StoreError."""

    def versions(self, key: str) -> list[str]:
        """The ETags of all versions of an object, deleted ones included; none when that cannot be told."""

    def public_keys(self, region: str, since: datetime, until: datetime) -> PublicKeys:
        """CloudTrail's keys of a region. Raises StoreError."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be audited, as it was asked for: None or empty where nothing was said.

    `hashes`: the contents of log files are compared as well.
    """

    since: datetime | None = None
    until: datetime | None = None
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    hashes: bool = True


@dataclass(frozen=True, slots=True)
class Outside:
    """Everything that an audit of `bucket` reaches for. `keys` gives the public keys of a region or raises StoreError.

    `to_read` is told of each log file that is there and was not processed. `hashes`: contents are compared as well.
    """

    bucket: Bucket
    memory: Progress
    store: Store
    trail: Trail
    keys: Callable[[str], PublicKeys]
    workers: Workers
    to_read: Callable[[ToRead], None]
    hashes: bool


@dataclass(frozen=True, slots=True)
class Span:
    """The time that is audited: from `since`, of which `asked` tells whether it was asked for, to `until` (None: open).

    `now` is the present; a machine whose clock is behind sees digest files of what is the future to it.
    """

    since: datetime
    until: datetime | None
    now: datetime
    asked: bool


def in_order(workers: Workers, jobs: Iterable[Callable[[], T]], ahead: int) -> Iterator[Future[T]]:
    """The jobs done by the workers, at most `ahead` of them before their turn; finished futures in the jobs' order."""
    window: deque[Future[T]] = deque()
    for job in jobs:
        window.append(workers.submit(job))
        if len(window) >= ahead:
            yield _finished(window.popleft())
    while window:
        yield _finished(window.popleft())


def listed_behind(store: Store, prefix: str, key: str) -> Iterator[Listed]:
    """The objects below `prefix` whose keys sort behind `key`, in key order, listed as they are taken."""
    request: ListRequest | None = ListRequest(prefix, start_after=key)
    while request is not None:
        page = store.list_page(request)
        yield from page.objects
        request = ListRequest(prefix, token=page.token) if page.token else None


def _finished(future: Future[T]) -> Future[T]:
    future.exception()
    return future


def never() -> bool:
    """Whether an audit is told to stop: it runs in the foreground, until it is interrupted."""
    return False
