from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date

import pytest

from alertmill import codes
from alertmill.sources.aws import fetching
from alertmill.sources.aws.faults import StoreError
from alertmill.sources.aws.fetching import FetchAhead, Step, give_up
from alertmill.sources.aws.listing import Listed
from alertmill.sources.aws.store import Body
from alertmill.sources.aws.walks import Place, Walk
from alertmill.sources.aws.workers import Workers
from unit.sources.aws.doubles import NOON, MemoryProgress, MemoryStore, store_error

WALK = Walk(Place("s", "", "", ("",)), date(2026, 1, 1), 0, NOON, MemoryProgress(), MemoryStore())


class Steps:
    """Steps that are counted as they are taken; `error` is raised behind the last."""

    def __init__(self, count: int, size: int = 10, error: StoreError | None = None) -> None:
        self.taken = 0
        self.count = count
        self.size = size
        self.error = error

    def __iter__(self) -> Iterator[Step]:
        for number in range(self.count):
            self.taken += 1
            yield Step(WALK, Listed(str(number), "e", self.size, date(2026, 1, 1)))
        if self.error:
            raise self.error


class Bodies:
    """Fetches that hang until the gate is opened."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.made: list[Body] = []

    def fetch(self, key: str, etag: str) -> Body:
        self.gate.wait(10)
        body = Body(key.encode())
        self.made.append(body)
        return body


def keys(ordered: Iterator[fetching.Fetched]) -> list[str]:
    found = []
    for fetched in ordered:
        assert fetched.body is not None
        found.append(b"".join(fetched.body.result(10).chunks()).decode())
    return found


def test_objects_come_in_their_order() -> None:
    bodies = Bodies()
    bodies.gate.set()
    assert keys(FetchAhead(Workers(8, "t"), bodies.fetch).ordered(iter(Steps(200)))) == [str(n) for n in range(200)]


@pytest.mark.parametrize(("size", "ahead"), [(10, 32), (16 * 1024 * 1024, 4), (0, 8), (10**12, 1)])
def test_no_more_is_under_way_than_allowed(size: int, ahead: int) -> None:
    """A size of 0 is unknown and counts as the largest body that is held."""
    bodies, steps = Bodies(), Steps(100, size)
    ordered = FetchAhead(Workers(100, "t"), bodies.fetch).ordered(iter(steps))
    first = next(ordered)
    assert first.step.listed is not None
    assert first.step.listed.key == "0"
    assert steps.taken == ahead + 1
    bodies.gate.set()
    assert keys(ordered) == [str(n) for n in range(1, 100)]


def test_an_error_of_the_listing_comes_behind_what_was_found() -> None:
    bodies = Bodies()
    bodies.gate.set()
    ordered = FetchAhead(Workers(8, "t"), bodies.fetch).ordered(iter(Steps(5, error=store_error(codes.A_REFUSED))))
    found = [next(ordered) for _ in range(5)]
    assert [fetched.step.listed.key for fetched in found if fetched.step.listed] == list("01234")
    with pytest.raises(StoreError):
        next(ordered)


def test_bodies_that_nobody_takes_are_closed() -> None:
    bodies = Bodies()
    workers = Workers(4, "t")
    ordered = FetchAhead(workers, bodies.fetch).ordered(iter(Steps(40)))
    taken = next(ordered)
    ordered.close()  # type: ignore[attr-defined]
    give_up(taken)
    bodies.gate.set()
    free = threading.Barrier(4)
    for future in [workers.submit(lambda: free.wait(10)) for _ in range(4)]:
        future.result(10)  # all four threads are free again
    assert 1 <= len(bodies.made) <= 4
    assert [list(body.chunks()) for body in bodies.made] == [[]] * len(bodies.made)
