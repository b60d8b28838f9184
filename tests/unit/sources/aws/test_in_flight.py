"""Claims of objects: one reader at a time, whichever way it came."""

from __future__ import annotations

import threading

import pytest

from alertmill.sources.aws.in_flight import InFlight
from support import PATIENCE


@pytest.mark.parametrize(
    ("first", "second", "free"),
    [
        (("s", "k", "e"), ("s", "k", "e"), False),
        (("s", "k", "e"), ("s", "k", ""), False),
        (("s", "k", ""), ("s", "k", "e"), False),
        (("s", "k", ""), ("s", "k", ""), False),
        (("s", "k", "e"), ("s", "k", "f"), True),
        (("s", "k", "e"), ("s", "l", "e"), True),
        (("s", "k", "e"), ("t", "k", "e"), True),
    ],
)
def test_claims(first: tuple[str, str, str], second: tuple[str, str, str], free: bool) -> None:
    in_flight = InFlight()
    assert in_flight.claim(*first)
    assert in_flight.claim(*second) is free
    in_flight.release(*first)
    assert in_flight.claim(*first)


def test_a_release_too_many_does_nothing() -> None:
    in_flight = InFlight()
    in_flight.release("s", "k", "e")
    assert in_flight.claim("s", "k", "e")
    in_flight.release("s", "k", "f")
    assert not in_flight.claim("s", "k", "e")


def test_of_many_who_want_it_one_has_it() -> None:
    in_flight, start = InFlight(), threading.Barrier(8)
    won: list[bool] = []

    def want() -> None:
        start.wait(PATIENCE)
        won.append(in_flight.claim("s", "k", "e"))

    threads = [threading.Thread(target=want) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert won.count(True) == 1
