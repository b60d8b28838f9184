"""Several folders are listed at once, their pages come in order, and never far ahead."""

from __future__ import annotations

import threading

import pytest

from alertmill import codes
from alertmill.sources.aws.faults import StoreError
from alertmill.sources.aws.list_ahead import LEAVES_AHEAD, ListAhead
from alertmill.sources.aws.listing import Listed, ListPage, ListRequest
from alertmill.sources.aws.workers import Workers
from support import PATIENCE
from unit.sources.aws.doubles import NOON, MemoryStore, store_error

KNOWN = ListPage((Listed("known", "e", 1, NOON),))


def leaves(count: int) -> list[ListRequest]:
    return [ListRequest(f"{number:03}/") for number in range(count)]


def store(count: int, each: int = 5, page_size: int = 2) -> MemoryStore:
    return MemoryStore({f"{folder:03}/{n}": b"x" for folder in range(count) for n in range(each)}, page_size)


def keys(pages: object) -> list[str]:
    return [entry.key for page in pages for entry in page.objects]  # type: ignore[attr-defined]


def test_pages_come_in_the_order_of_the_folders() -> None:
    bucket = store(40)
    ahead = ListAhead(Workers(6, "t"), bucket.list_page)
    assert keys(ahead.pages([*leaves(20), KNOWN, *leaves(40)[20:]])) == [
        *sorted(bucket.objects)[:100],
        "known",
        *sorted(bucket.objects)[100:],
    ]


def test_folders_are_listed_side_by_side() -> None:
    """Each listing waits for all others that may be under way."""
    together = threading.Barrier(LEAVES_AHEAD, timeout=PATIENCE)

    def list_page(request: ListRequest) -> ListPage:
        together.wait()
        return ListPage()

    assert keys(ListAhead(Workers(LEAVES_AHEAD, "t"), list_page).pages(leaves(2 * LEAVES_AHEAD))) == []


def test_no_more_is_listed_than_will_be_read_soon() -> None:
    bucket = store(200, each=100, page_size=1)
    workers = Workers(6, "t")
    pages = ListAhead(workers, bucket.list_page).pages(leaves(200))
    assert len(next(iter(pages)).objects) == 1
    workers.submit(lambda: None).result(PATIENCE)
    assert len(bucket.requests) <= 2 * (LEAVES_AHEAD + 2)


def test_an_error_comes_behind_the_pages_before_it() -> None:
    bucket = store(4)
    bucket.refuse["002/"] = store_error(codes.A_REFUSED)
    pages = ListAhead(Workers(6, "t"), bucket.list_page).pages(leaves(4))
    found = []
    with pytest.raises(StoreError):
        for page in pages:
            found += [entry.key for entry in page.objects]
    assert found == sorted(bucket.objects)[:10]
