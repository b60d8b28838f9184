"""From an object that a notification tells of to what reads it: its place in the checkpoint, its format, its store.

An object that a `<bucket>` definition claims is read as that definition reads it; every other one in the subscriber's
own format and scope.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from alertmill.config.models import AwsAccess, EventFormat, Subscriber
from alertmill.errors import AlertmillError
from alertmill.sources.aws.faults import ObjectGoneError, StoreError
from alertmill.sources.aws.fetching import Throttle
from alertmill.sources.aws.formats import ObjectFormat
from alertmill.sources.aws.listing import ListRequest
from alertmill.sources.aws.objects import ObjectReader, Target, discards
from alertmill.sources.aws.store import Body, Store
from alertmill.sources.aws.subscribers.claims import Claim, Claims
from alertmill.sources.aws.subscribers.notifications import NotifiedObject

#: Buckets that are kept connected.
_STORES = 64

#: Makes the store of a bucket from its name, the access options and the regions of a definition. Raises StoreError.
Stores = Callable[[str, AwsAccess, tuple[str, ...]], Store]


@dataclass(frozen=True, slots=True)
class Route:
    """How one object is read. `own` is its identity in the subscriber's scope: scope and key."""

    found: NotifiedObject
    claim: Claim | None
    own: tuple[str, str]
    reader: ObjectReader

    def identity(self, etag: str) -> tuple[str, str, str]:
        """Scope, key and ETag under which the object is known once it is read."""
        return (self.claim.scope, self.found.key, etag) if self.claim else (*self.own, etag)

    def target(self, etag: str, modified: float, today: str) -> Target:
        """What is to be read. The subscriber's own objects have the day of their reading: they are forgotten by it."""
        found, claim = self.found, self.claim
        if claim is None:
            return Target(self.own[0], "", found.bucket, found.key, etag, today, modified, size=found.size)
        day = claim.day.isoformat() if claim.day else _day(modified) or today
        return Target(claim.scope, claim.account, found.bucket, found.key, etag, day, modified, size=found.size)


@dataclass(frozen=True, slots=True)
class FetchedObject:
    """What came of a GET: the body of an object or what is wrong with it (StoreError, FetchError, ObjectGoneError).

    `etag` and `modified` (epoch seconds) are empty and 0 where nobody tells.
    """

    body: Body | AlertmillError
    etag: str
    modified: float


class Routes:
    """The routes of one subscriber. Safe to use from any thread.

    Raises SourceError for a `discard_regex` that does not compile.
    """

    def __init__(
        self,
        subscriber: Subscriber,
        types: Mapping[str, ObjectFormat],
        claims: Claims,
        event_format: EventFormat,
        clock: Callable[[], float],
        stores: Stores,
    ) -> None:
        self._subscriber = subscriber
        self._claims = claims
        self._stores = stores
        self.throttle = Throttle()
        self._lock = threading.Lock()
        #: Making a store may take a call to STS, which nothing but other fetches should wait for.
        self._making = threading.Lock()
        self._open: dict[tuple[str, int | None], Store] = {}
        self.scope = scope_of(subscriber)

        def reader(kind: ObjectFormat, alias: str | None, drops: Any, *, removes: bool = False) -> ObjectReader:
            remove = _left_to_the_poller if removes else None
            return ObjectReader(kind, event_format, clock, alias=alias, drops=drops, remove=remove)

        field = "full_log" if subscriber.type == "buckets" else ""
        unwanted = discards(subscriber.discard_regex, f"subscriber {subscriber.sqs_name}", field)
        self._own_reader = reader(types[subscriber.type], None, unwanted)
        self._readers = [
            reader(
                claims.type_of(number),
                bucket.aws_account_alias,
                discards(bucket.discard_regex, f"bucket {bucket.name}"),
                removes=bucket.remove_from_bucket,
            )
            for number, bucket in enumerate(claims.buckets)
        ]

    def of(self, found: NotifiedObject) -> Route:
        claim = self._claims.of(found.bucket, found.key)
        reader = self._own_reader if claim is None else self._readers[claim.definition]
        return Route(found, claim, (self.scope, f"{found.bucket}/{found.key}"), reader)

    def fetch(self, route: Route, stopped: Callable[[], bool]) -> FetchedObject:
        """Fetch the object, and look up what the notification did not say of it."""
        key, etag, modified = route.found.key, route.found.etag, route.found.time
        body: Body | AlertmillError
        try:
            store = self._store(route)
            if not etag:
                etag, modified = _listed(store, key, modified)
            body = store.fetch(key, etag, stopped)
            self.throttle.succeeded()
        except AlertmillError as fault:
            body = fault
        return FetchedObject(body, etag, modified)

    def forget(self, route: Route) -> None:
        """Make the store of an object anew the next time, with credentials looked up anew."""
        number = route.claim.definition if route.claim else None
        with self._lock:
            self._open.pop((route.found.bucket, number), None)

    def close(self) -> None:
        """End all connections; what is fetched later makes new ones, with credentials looked up anew."""
        with self._lock:
            stores = list(self._open.values())
            self._open.clear()
        for store in stores:
            store.close()

    def _store(self, route: Route) -> Store:
        place = (route.found.bucket, route.claim.definition if route.claim else None)
        store = self._known(place)
        if store is None:
            with self._making:
                store = self._known(place) or self._made(*place)
                with self._lock:
                    self._open[place] = store
        return store

    def _known(self, place: tuple[str, int | None]) -> Store | None:
        """The store that is open already. Of too many, the one that was not used for longest is given up: whoever still
        reads from it goes on."""
        with self._lock:
            store = self._open.pop(place, None)
            if store is not None:
                self._open[place] = store
            elif len(self._open) >= _STORES:
                del self._open[next(iter(self._open))]
            return store

    def _made(self, name: str, number: int | None) -> Store:
        bucket = self._claims.buckets[number] if number is not None else None
        access, regions = (bucket, bucket.regions) if bucket else (self._subscriber, ())
        store = self._stores(name, access, regions)
        store.throttled = self.throttle.throttled
        return store


def scope_of(subscriber: Subscriber) -> str:
    """The name of a subscriber's own scope; its keys are `bucket/key`."""
    return f"sqs://{subscriber.sqs_name}|{subscriber.type}||"


def _listed(store: Store, key: str, modified: float) -> tuple[str, float]:
    """What the notification did not say: the ETag under which a listing knows the object, and when it was written.

    Raises ObjectGoneError. The ETag stays empty, which stands for any, where the listing is refused.
    """
    try:
        page = store.list_page(ListRequest(key, limit=1))
    except StoreError as fault:
        if fault.ends_run:
            raise
        return "", modified
    for listed in page.objects:
        if listed.key == key:
            return listed.etag, listed.modified
    raise ObjectGoneError(f"{key} was removed since the notification")


def _left_to_the_poller(scope: str, key: str, etag: str) -> None:
    """`remove_from_bucket`: the object is marked for deletion, which the definition's next run does."""


def _day(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).date().isoformat() if 0 < time < 2**38 else ""
