"""Trying out one `<bucket>`: its accounts and regions, and one object of it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from datetime import date, timedelta
from functools import partial
from itertools import islice
from typing import Protocol

from alertmill import codes
from alertmill.config.models import Bucket
from alertmill.errors import AlertmillError
from alertmill.sources.aws.buckets import BUCKET_TYPES
from alertmill.sources.aws.faults import ObjectGoneError, StoreError
from alertmill.sources.aws.listing import Days, Listed, ListPage, ListRequest, walk
from alertmill.sources.aws.places import Places
from alertmill.sources.aws.store import Store
from alertmill.sources.aws.walks import Place, utc_day
from alertmill.sources.aws.workers import Workers

#: What is told: what was tried, whether it worked (None: not tried), and the detail.
Add = Callable[[str, bool | None, str], None]

#: Places that are looked into, of those that the definition names, and among which an object is looked for.
_PLACES_TRIED = 200
_PLACES_SEARCHED = 20
#: Listings that the search for an object may cost in one place.
_SEARCH = 20
#: Days that the newest object is looked for in.
_NEWEST = timedelta(days=3)
#: Accounts, and faults of one kind, that are told one by one.
_TOLD = 10


class _SearchedEnoughError(Exception):
    """Nothing was found in so many listings."""


class Peekable(Store, Protocol):
    """A store that can be asked for the beginning of an object."""

    def peek(self, key: str, etag: str) -> bytes:
        """The first bytes of an object. Raises as `fetch`."""


class BucketTrial:
    """One definition. `now` is epoch seconds; what was tried goes to `add`."""

    def __init__(self, bucket: Bucket, store: Peekable, calls: Workers, now: float, add: Add) -> None:
        self._bucket = bucket
        self._kind = BUCKET_TYPES[bucket.type]
        self._store = store
        self._calls = calls
        self._today = utc_day(now)
        self._add = add
        self._refused: list[tuple[str, StoreError]] = []

    def run(self) -> None:
        """Try everything."""
        places = self._list()
        if places:
            self._read(places)
            self._ask_for_flow_logs(places)
        if self._bucket.remove_from_bucket:
            self._add("delete", None, "not tried: deleting an object can only be tried by doing it")

    # --- what is there -----------------------------------------------------------------------------------------------

    def _list(self) -> list[Place]:
        """The places with something in them. What is wrong is told."""
        places = Places(
            self._bucket,
            self._kind,
            self._store,
            self._calls,
            _never,
            lambda *what: self._refused.append(what),
            _unheard,
        )
        try:
            found = list(places)
            there = self._filled(found)
            if not there and not self._refused:
                self._add("list", False, f"{places.nothing_found()}  [{codes.A_NOTHING_FOUND.id}]")
        except StoreError as ended:
            self._add("list", False, str(ended))
            return []
        if there:
            self._add("list", True, _in_words(there, self._empty(found, there)))
        for where, fault in self._refused[:_TOLD]:
            self._add(f"list {where}", False, str(fault))
        if len(self._refused) > _TOLD:
            self._add("list", False, f"refused for {len(self._refused) - _TOLD} more accounts and regions")
        return there

    def _filled(self, places: list[Place]) -> list[Place]:
        """Those that hold something, all looked into at once. What was found by its folder does. Raises StoreError."""
        if places and places[0].account and not self._bucket.regions:
            return places
        asked: list[tuple[Place, Future[bool]]] = [
            (place, self._calls.submit(partial(self._holds_something, place))) for place in places[:_PLACES_TRIED]
        ]
        filled = []
        for place, answer in asked:
            try:
                if answer.result():
                    filled.append(place)
            except StoreError as fault:
                if fault.ends_run:
                    raise
                self._refused.append((_name(place), fault))
        return filled + places[_PLACES_TRIED:]

    def _empty(self, found: list[Place], there: list[Place]) -> list[str]:
        """The names of what the definition asks for and holds nothing so far."""
        known = {place.account for place in found} | {where for where, _ in self._refused}
        nowhere = [account for account in self._bucket.aws_account_id if account not in known]
        filled = {place.scope for place in there}
        names = [_name(place) for place in found if place.scope not in filled]
        refused = {where for where, _ in self._refused}
        return nowhere + [name for name in names if name not in refused]

    def _holds_something(self, place: Place) -> bool:
        pages = (self._store.list_page(ListRequest(prefix, delimiter=True, limit=1)) for prefix in place.prefixes)
        return any(page.objects or page.folders for page in pages)

    # --- one object --------------------------------------------------------------------------------------------------

    def _read(self, places: list[Place]) -> None:
        try:
            found = next(filter(None, map(self._object_of, places[:_PLACES_SEARCHED])), None)
            if found is None:
                self._add("read", None, "not tried: no object to read was found")
                return
            self._store.peek(found.key, found.etag)
            self._add("read", True, f"{found.key} ({found.size} bytes)")
        except ObjectGoneError as gone:
            self._add("read", None, f"not tried: {gone}")
        except AlertmillError as error:
            self._add("read", False, str(error))

    def _object_of(self, place: Place) -> Listed | None:
        """One of the newest objects of a place, else the first that a run may read. Raises StoreError."""
        bound = self._bucket.only_logs_after or date.min
        for first in (max(self._today - _NEWEST, bound), bound):
            for prefix in place.prefixes:
                with suppress(_SearchedEnoughError):
                    pages = walk(prefix, Days(first), self._lister(), self._today)
                    objects = [listed for page in islice(pages, 1) for listed in page if listed.size]
                    if objects:
                        return objects[-1]
        return None

    def _lister(self) -> Callable[[ListRequest], ListPage]:
        """Lists so many times and no more."""
        left = iter(range(_SEARCH))

        def list_page(request: ListRequest) -> ListPage:
            if next(left, None) is None:
                raise _SearchedEnoughError
            return self._store.list_page(request)

        return list_page

    # --- what is good to have ----------------------------------------------------------------------------------------

    def _ask_for_flow_logs(self, places: list[Place]) -> None:
        if not self._kind.flow_logs:
            return
        regions = sorted({place.region for place in places})
        asked = [(region, self._calls.submit(partial(self._store.flow_logs, region))) for region in regions]
        for region, answer in asked:
            ok, detail = _flow_logs(answer)
            self._add(f"flow logs in {region}", ok, detail)


def _flow_logs(answer: Future[list[str] | None]) -> tuple[bool | None, str]:
    try:
        found = answer.result()
    except StoreError as fault:
        return None, f"{fault}; not needed: all objects are read anyway"
    if found is None:
        return None, "not tried: an S3 of one's own has no EC2 beside it"
    return True, f"{', '.join(found[:_TOLD]) or 'none'}{' ...' if len(found) > _TOLD else ''}"


def _in_words(there: list[Place], empty: list[str]) -> str:
    """Which accounts and regions hold something, and which do not."""
    if not there[0].account:
        return f"{there[0].prefixes[0] or 'the bucket'} holds objects"
    by_account: dict[str, list[str]] = {}
    for place in there:
        by_account.setdefault(place.account, []).append(place.region)
    told = [f"{account} ({', '.join(regions)})" for account, regions in islice(by_account.items(), _TOLD)]
    more = f" and {len(by_account) - _TOLD} more accounts" if len(by_account) > _TOLD else ""
    others = [*empty[:_TOLD], *([f"{len(empty) - _TOLD} more"] if len(empty) > _TOLD else [])]
    none = f"; nothing yet in {', '.join(others)}" if others else ""
    count = f"{len(by_account)} account{'' if len(by_account) == 1 else 's'}"
    return f"{count}: {', '.join(told)}{more}{none}"


def _name(place: Place) -> str:
    return f"{place.account} {place.region}".strip() or place.prefixes[0]


def _never() -> bool:
    return False


def _unheard(_level: str, _text: str) -> None:
    """What places say is said by the trial."""
