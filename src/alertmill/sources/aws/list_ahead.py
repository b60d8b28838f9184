"""Listing several folders at once, their pages handed on in the order of the folders.

Bounded: a few folders ahead, a few pages of each. Which folders is decided in `listing`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from functools import partial

from alertmill.sources.aws.listing import Leaf, Lister, ListPage, ListRequest, following
from alertmill.sources.aws.workers import Workers

#: Folders that are listed at once, and pages of 1000 objects that each of them may be ahead.
LEAVES_AHEAD = 6
_PAGES_AT_ONCE = 2

#: Some pages of a folder, and the request for those behind them.
_Pages = tuple[list[ListPage], ListRequest | None]


class ListAhead:
    """Lists with `workers`. Its jobs never wait for whoever reads the pages, so several walks can share them."""

    def __init__(self, workers: Workers, list_page: Lister) -> None:
        self._workers = workers
        self._list_page = list_page

    def pages(self, leaves: Iterable[Leaf]) -> Iterator[ListPage]:
        """All pages of the leaves, in order. An error of a listing is raised behind the pages before it."""
        window: deque[ListPage | Future[_Pages]] = deque()
        try:
            for leaf in leaves:
                window.append(leaf if isinstance(leaf, ListPage) else self._start(leaf))
                if len(window) > LEAVES_AHEAD:
                    yield from self._all_of(window.popleft())
            while window:
                yield from self._all_of(window.popleft())
        finally:
            for listing in window:
                if isinstance(listing, Future):
                    listing.cancel()

    def _start(self, request: ListRequest) -> Future[_Pages]:
        return self._workers.submit(partial(self._some, request))

    def _all_of(self, listing: ListPage | Future[_Pages]) -> Iterator[ListPage]:
        if isinstance(listing, ListPage):
            yield listing
            return
        rest: ListRequest | None
        while True:
            pages, rest = listing.result()
            if rest is not None:
                listing = self._start(rest)
            yield from pages
            if rest is None:
                return

    def _some(self, first: ListRequest) -> _Pages:
        pages: list[ListPage] = []
        request: ListRequest | None = first
        while request is not None and len(pages) < _PAGES_AT_ONCE:
            page = self._list_page(request)
            pages.append(page)
            request = following(request, page)
        return pages, request
