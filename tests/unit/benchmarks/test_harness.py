"""How CPU, time and memory are taken, and the yardstick."""

from __future__ import annotations

import time
from pathlib import Path

import orjson
import pytest

from benchmarks import harness
from benchmarks.harness import Cost, Yardstick, figure, kept, measure, reference_texts, region, scaled


@pytest.mark.parametrize(
    ("scale", "count", "least", "expected"),
    [(1.0, 40, 2, 40), (0.5, 40, 2, 20), (0.01, 40, 2, 2), (0.01, 1000, 1, 10), (0.0001, 100, 1, 1), (2.0, 3, 1, 6)],
)
def test_scaled(monkeypatch: pytest.MonkeyPatch, scale: float, count: int, least: int, expected: int) -> None:
    monkeypatch.setattr(harness, "SCALE", scale)
    assert scaled(count, least) == expected


def test_what_would_be_spent_anyway_is_taken_off_but_nothing_is_negative() -> None:
    left = Cost(3.0, 5.0, 100.0) - Cost(1.0, 2.0, 80.0)
    assert (left.cpu, left.wall, left.peak_mib) == (2.0, 3.0, 100.0)
    noisy = Cost(1.0, 1.0, 1.0) - Cost(2.0, 2.0, 1.0)
    assert 0 < noisy.cpu < 1e-6
    assert 0 < noisy.wall < 1e-6


def test_a_region_measures_work_and_not_sleep() -> None:
    with region() as busy:
        until = time.process_time() + 0.05
        while time.process_time() < until:
            pass
    with region() as idle:
        time.sleep(0.05)
    assert 0.05 <= busy.cpu < 0.5
    assert idle.cpu < 0.04
    assert idle.wall >= 0.05


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="this system cannot begin a peak anew")
def test_the_peak_is_that_of_the_region() -> None:
    with region() as before:
        pass
    with region() as large:
        held = bytearray(64 * 1024 * 1024)
        held[::4096] = b"x" * len(held[::4096])
        del held
    with region() as after:
        pass
    assert large.peak_mib > before.peak_mib + 50
    assert after.peak_mib < large.peak_mib - 30


def test_the_yardstick_is_that_of_the_texts() -> None:
    short, long = ([orjson.dumps({"a": ["text"] * size})] * 50 for size in (10, 2000))
    assert Yardstick(long).us() > 5 * Yardstick(short).us() > 0


def test_of_many_texts_some_are_taken_from_everywhere() -> None:
    texts = [orjson.dumps(number) for number in range(5001)]
    chosen = Yardstick(texts)._texts
    assert chosen == texts[::3]


def test_events_that_are_no_json_have_a_yardstick_but_no_ratio() -> None:
    made = figure("lines", 10, Cost(1.0, 2.0, 30.0), Yardstick([]), "a note")
    assert (made.cpu_us, made.events_per_second, made.peak_mib, made.x_orjson) == (1e5, 5.0, 30.0, None)
    assert made.yardstick_us > 0
    assert made.note == "a note"
    assert len(reference_texts()) == 500


def test_measure_runs_the_work_once() -> None:
    ran: list[int] = []
    made = measure("work", 4, lambda: ran.append(1), [b"[1]"])
    assert ran == [1]
    assert made.events == 4
    assert made.x_orjson is not None


def test_inputs_are_made_once_for_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def make() -> list[int]:
        made.append(1)
        return [1, 2, 3]

    monkeypatch.setenv(harness.KEEP_VARIABLE, "")
    assert [kept("x", make), kept("x", make)] == [[1, 2, 3]] * 2
    assert len(made) == 2
    monkeypatch.setenv(harness.KEEP_VARIABLE, str(tmp_path))
    assert [kept("x", make), kept("x", make)] == [[1, 2, 3]] * 2
    assert len(made) == 3
