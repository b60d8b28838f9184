from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date

import pytest

from alertmill import codes
from alertmill.sources.aws import fetching
from alertmill.sources.aws.faults import StoreError
from alertmill.sources.aws.fetching import AHEAD_BYTES, FetchAhead, Room, Step, Throttle, give_up
from alertmill.sources.aws.listing import Days, Listed
from alertmill.sources.aws.store import Body
from alertmill.sources.aws.walks import Place, Walk
from alertmill.sources.aws.workers import Workers
from support import PATIENCE
from unit.sources.aws.doubles import NOON, MemoryProgress, MemoryStore, store_error

SINCE = date(2026, 1, 1)
WALK = Walk(Place("s", "", "", ("",)), Days(SINCE), SINCE, 0, NOON, MemoryProgress(), MemoryStore())


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
            yield Step(WALK, Listed(str(number), "e", self.size, NOON))
        if self.error:
            raise self.error


class Bodies:
    """Fetches that hang until the gate is opened."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.made: list[Body] = []

    def fetch(self, key: str, etag: str) -> Body:
        self.gate.wait(PATIENCE)
        body = Body(key.encode())
        self.made.append(body)
        return body


def ahead(threads: int, bodies: Bodies, throttle: Throttle | None = None, room: Room | None = None) -> FetchAhead:
    return FetchAhead(Workers(threads, "t"), bodies.fetch, throttle or Throttle(), room or Room())


def keys(ordered: Iterator[fetching.Fetched]) -> list[str]:
    found = []
    for fetched in ordered:
        assert fetched.body is not None
        found.append(b"".join(fetched.body.result(PATIENCE).chunks()).decode())
    return found


def test_objects_come_in_their_order() -> None:
    bodies = Bodies()
    bodies.gate.set()
    assert keys(ahead(8, bodies).ordered(iter(Steps(200)))) == [str(n) for n in range(200)]


@pytest.mark.parametrize(("size", "most"), [(10, 32), (16 * 1024 * 1024, 4), (0, 8), (10**12, 1)])
def test_no_more_is_under_way_than_allowed(size: int, most: int) -> None:
    """A size of 0 is unknown and counts as the largest body that is held."""
    bodies, steps = Bodies(), Steps(100, size)
    ordered = ahead(100, bodies).ordered(iter(steps))
    first = next(ordered)
    assert first.step.listed is not None
    assert first.step.listed.key == "0"
    assert steps.taken == most + 1
    bodies.gate.set()
    assert keys(ordered) == [str(n) for n in range(1, 100)]


def test_an_error_of_the_listing_comes_behind_what_was_found() -> None:
    bodies = Bodies()
    bodies.gate.set()
    ordered = ahead(8, bodies).ordered(iter(Steps(5, error=store_error(codes.A_REFUSED))))
    found = [next(ordered) for _ in range(5)]
    assert [fetched.step.listed.key for fetched in found if fetched.step.listed] == list("01234")
    with pytest.raises(StoreError):
        next(ordered)


def test_bodies_that_nobody_takes_are_closed() -> None:
    bodies = Bodies()
    workers = Workers(4, "t")
    ordered = FetchAhead(workers, bodies.fetch, Throttle(), Room()).ordered(iter(Steps(40)))
    taken = next(ordered)
    ordered.close()  # type: ignore[attr-defined]
    give_up(taken)
    bodies.gate.set()
    free = threading.Barrier(4)
    for future in [workers.submit(lambda: free.wait(PATIENCE)) for _ in range(4)]:
        future.result(PATIENCE)  # all four threads are free again
    assert 1 <= len(bodies.made) <= 4
    assert [list(body.chunks()) for body in bodies.made] == [[]] * len(bodies.made)


# --- throttling ------------------------------------------------------------------------------------------------------


def test_a_complaint_halves_what_is_under_way_and_time_mends_it() -> None:
    throttle = Throttle(32)
    throttle.throttled()
    assert (throttle.limit, throttle.is_held_back) == (16, True)
    for _ in range(31):
        throttle.throttled()  # sent before the first complaint
    assert throttle.limit == 16
    throttle.throttled()
    assert throttle.limit == 8
    for _ in range(32 * 24):
        throttle.succeeded()
    assert (throttle.limit, throttle.is_held_back) == (32, False)


def test_at_least_one_is_always_under_way() -> None:
    throttle = Throttle(4)
    for _ in range(100):
        throttle.throttled()
    assert throttle.limit == 1


def test_a_run_keeps_to_the_throttle() -> None:
    bodies, steps, throttle = Bodies(), Steps(100), Throttle(32)
    throttle.throttled()
    ordered = ahead(100, bodies, throttle).ordered(iter(steps))
    next(ordered)
    assert steps.taken == 17
    bodies.gate.set()
    assert len(keys(ordered)) == 99
    assert throttle.limit == 19  # one more for each 32 that came


def test_runs_side_by_side_share_the_room() -> None:
    room, bodies = Room(), Bodies()
    steps = [Steps(100, AHEAD_BYTES // 8) for _ in range(2)]
    ordered = [ahead(100, bodies, room=room).ordered(iter(one)) for one in steps]
    next(ordered[0])
    next(ordered[1])
    assert [one.taken for one in steps] == [9, 5]
    bodies.gate.set()
    assert all(len(keys(one)) == 99 for one in ordered)
    assert room.share == AHEAD_BYTES


def test_what_was_found_out_about_an_object_takes_room() -> None:
    class Large(Body):
        beside = AHEAD_BYTES // 4

    bodies, steps = Bodies(), Steps(60)
    one = FetchAhead(Workers(8, "t"), bodies.fetch, Throttle(), Room(), lambda *_: Large())
    ordered = one.ordered(iter(steps))
    next(ordered)
    bodies.gate.set()
    for fetched in one._window:
        assert fetched.body is not None
        fetched.body.result(10)
    begun = steps.taken
    assert begun > 20
    while len(one._window) > 4:
        next(ordered)
        assert steps.taken == begun, "nothing is begun while there is no room"
    assert len([*ordered]) > 60 - begun
