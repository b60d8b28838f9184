"""What serves a `<bucket>` for as long as the daemon runs: its store, its reader, the threads that work for it.

Made at the first run, because making a store may take a call to STS; given up when credentials are no longer good.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from alertmill.config.models import Bucket, EventFormat
from alertmill.sources.aws.buckets.base import BucketType
from alertmill.sources.aws.fetching import AHEAD_OBJECTS, Throttle
from alertmill.sources.aws.flow_logs import FlowLogs
from alertmill.sources.aws.list_ahead import LEAVES_AHEAD
from alertmill.sources.aws.objects import ObjectReader, discards
from alertmill.sources.aws.removal import Remover
from alertmill.sources.aws.store import Store
from alertmill.sources.aws.workers import Workers, result_of
from alertmill.sources.base import Stop

#: Walks that are listed ahead.
WALKS_AHEAD = 8

#: Threads that list: one for each walk ahead, and as many again for questions that must not wait for those.
_LISTERS = 2 * WALKS_AHEAD + 4
_REMOVERS = 4

Log = Callable[[str, str], None]


class Crew:
    """The threads of a source, started as they are needed."""

    def __init__(self, name: str) -> None:
        self.listers = Workers(_LISTERS, f"{name}-list")
        self.page_listers = Workers(LEAVES_AHEAD, f"{name}-days")
        self.getters = Workers(AHEAD_OBJECTS, f"{name}-get")
        self.removers = Workers(_REMOVERS, f"{name}-delete")


@dataclass(slots=True)
class Definition:
    """One `<bucket>` with everything that serves it."""

    bucket: Bucket
    kind: BucketType
    store: Store
    reader: ObjectReader
    remover: Remover
    flow_logs: FlowLogs
    crew: Crew
    throttle: Throttle = field(default_factory=Throttle)


class Definitions:
    """The `<bucket>` definitions of one source.

    `stores` makes the store of a definition and raises StoreError when there are no credentials. Raises SourceError for
    a definition that can never work.
    """

    def __init__(
        self,
        buckets: Sequence[Bucket],
        types: Mapping[str, BucketType],
        event_format: EventFormat,
        clock: Callable[[], float],
        log: Log,
        stores: Callable[[Bucket], Store],
        name: str,
    ) -> None:
        self.buckets = buckets
        self._types = types
        self._event_format: EventFormat = event_format
        self._clock = clock
        self._log = log
        self._stores = stores
        self._crew = Crew(name)
        self._made: dict[int, Definition] = {}
        for bucket in buckets:  # a discard_regex that does not compile shows now
            self._reader(bucket, None)

    def get(self, number: int, stop: Stop) -> Definition | None:
        """What serves a definition; None when told to stop meanwhile. Raises StoreError, and tries again next time."""
        if number not in self._made:
            bucket = self.buckets[number]
            store = result_of(self._crew.listers.submit(partial(self._stores, bucket)), stop.is_set)
            if store is None:
                return None
            self._made[number] = self._definition(bucket, store)
        return self._made[number]

    def drop(self, number: int) -> None:
        """Make everything of a definition anew the next time."""
        self._made.pop(number).store.close()

    def close(self) -> None:
        """End all connections; who runs a definition afterwards makes new ones."""
        made, self._made = self._made, {}
        for definition in made.values():
            definition.store.close()

    def whole_scope(self, bucket: Bucket) -> str:
        """The name of the scope that stands for a definition as a whole."""
        return f"{self.prefixes(bucket)[0]}*|*"

    def prefixes(self, bucket: Bucket) -> tuple[str, ...]:
        """What the names of a definition's scopes may begin with."""
        return scope_prefixes(bucket, self._types[bucket.type])

    def _definition(self, bucket: Bucket, store: Store) -> Definition:
        kind, crew = self._types[bucket.type], self._crew
        remover = Remover(bucket.name, store, crew.removers, self._log)
        reader = self._reader(bucket, remover.remove if bucket.remove_from_bucket else None)
        flow_logs = FlowLogs(bucket.name, store, crew.listers, self._log, asks=kind.flow_logs)
        definition = Definition(bucket, kind, store, reader, remover, flow_logs, crew)
        store.throttled = definition.throttle.throttled
        return definition

    def _reader(self, bucket: Bucket, remove: Callable[[str, str, str], None] | None) -> ObjectReader:
        return ObjectReader(
            self._types[bucket.type],
            self._event_format,
            self._clock,
            alias=bucket.aws_account_alias,
            drops=discards(bucket.discard_regex, f"bucket {bucket.name}"),
            remove=remove,
        )


def scope_prefixes(bucket: Bucket, kind: BucketType) -> tuple[str, ...]:
    """What the names of the scopes of a `<bucket>` may begin with; account, `|` and region follow."""
    base = kind.base(bucket)
    roots = [bucket.path if base is None else base, *([bucket.path] if kind.native_or_path else [])]
    return tuple(f"s3://{bucket.name}/{root}|{bucket.type}|" for root in roots)
