"""The EPS limit caps the average over its window, lets bursts through, and never forgets a debt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertmill.daemon.eps import EpsLimit


def run(limit: EpsLimit, batches: list[int]) -> list[float]:
    """When each batch was analysed if all of them were there from the beginning."""
    now, moments = 0.0, []
    for size in batches:
        while (pause := limit.wait(now)) > 0:
            now += pause
        moments.append(now)
        limit.spend(size, now)
    return moments


@pytest.mark.parametrize(
    ("maximum", "timeframe", "batches", "moments"),
    [
        (2, 3, [1] * 10, [0.0] * 6 + [3.0] * 4),
        (2, 3, [10, 1], [0.0, 3.0]),
        (5, 1, [5, 5, 5], [0.0, 1.0, 2.0]),
        (1, 1, [1], [0.0]),
        (100, 10, [1000, 1], [0.0, 10.0]),
    ],
)
def test_when_batches_are_analysed(maximum: int, timeframe: int, batches: list[int], moments: list[float]) -> None:
    assert run(EpsLimit(maximum, timeframe), batches) == moments


@given(st.integers(1, 50), st.integers(1, 10), st.lists(st.integers(1, 200), min_size=1, max_size=60))
def test_the_average_is_kept(maximum: int, timeframe: int, batches: list[int]) -> None:
    """What was analysed by any moment is at most one burst, one batch, and the rate since the beginning."""
    done = 0
    for size, moment in zip(batches, run(EpsLimit(maximum, timeframe), batches), strict=True):
        assert done <= maximum * (timeframe + moment) + max(batches)
        done += size


def test_all_credits_come_back() -> None:
    limit = EpsLimit(3, 4)
    limit.spend(100, 0.0)
    assert limit.credits == 12 - 100
    assert limit.wait(10_000.0) == 0
    assert limit.credits == 12
