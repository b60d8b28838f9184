from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertmill.sources.aws.services.recent import Recent, digest


def filled(*marks: tuple[int, str], floor: int = 0) -> Recent:
    recent = Recent(floor)
    for time, name in marks:
        recent.add(time, digest(name))
    return recent


@pytest.mark.parametrize(
    ("time", "name", "known"),
    [
        (10, "a", True),
        (11, "a", True),  # the digest decides, whatever the time
        (10, "b", False),
        (5, "b", True),  # below the floor everything is known
        (6, "b", False),
    ],
)
def test_what_is_known(time, name, known):
    assert filled((10, "a"), floor=5).known().has(time, digest(name)) is known


def test_what_was_read_twice_is_known_twice():
    known = filled((10, "a"), (10, "a")).known()
    assert [known.has(10, digest("a")) for _ in range(3)] == [True, True, False]


def test_known_is_what_was_known_when_it_was_asked_for():
    recent = filled((10, "a"))
    known = recent.known()
    recent.add(10, digest("b"))
    assert not known.has(10, digest("b"))
    assert recent.known().has(10, digest("b"))


def test_the_oldest_are_forgotten_together():
    recent = filled((1, "a"), (2, "b"), (2, "c"), (3, "d"))
    recent.trim(2)
    assert (recent.floor, len(recent)) == (2, 1)
    assert recent.known().has(2, digest("never read"))
    recent.trim(0)
    assert (recent.floor, len(recent)) == (3, 0)


def test_nothing_below_the_floor_is_kept():
    recent = filled((5, "a"), (6, "b"), floor=5)
    assert (len(recent), recent.digests()) == (1, {digest("b")})
    recent.raise_floor(4)
    assert recent.floor == 5


def test_hostile_text_has_a_digest():
    assert digest("\ud800", 1) != digest("\ud801", 1)


@given(st.lists(st.tuples(st.integers(1, 50), st.text(max_size=3)), max_size=40), st.integers(0, 20))
def test_it_survives_being_stored(marks, floor):
    recent = filled(*marks, floor=floor)
    again = Recent.from_text(floor, recent.as_text())
    assert (again.as_text(), len(again)) == (recent.as_text(), len(recent))
    joined = Recent(floor)
    joined.update(again)
    assert joined.as_text() == recent.as_text()


@pytest.mark.parametrize("value", ["?", "YQ==", 7, None])
def test_what_is_not_of_this_form_is_refused(value):
    with pytest.raises((ValueError, TypeError)):
        Recent.from_text(0, value)


def test_what_is_remembered_is_small():
    recent = filled(*((1_768_471_200_000 + number, str(number)) for number in range(5000)))
    recent.trim()
    assert len(recent.as_text()) < 60_000
