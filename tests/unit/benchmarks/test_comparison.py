"""The arithmetic of repeated figures: medians, spreads, what counts as a change, and the table."""

from __future__ import annotations

import json

import pytest

from benchmarks.comparison import (
    LEAST_MARGIN,
    UNKNOWN_MARGIN,
    Change,
    Summary,
    as_json,
    change,
    changes,
    from_json,
    half_range,
    margin,
    summarise,
    table,
)
from benchmarks.harness import Figure


def figure(name: str = "w", cpu: float = 10.0, yard: float = 2.0, *, is_json: bool = True, note: str = "") -> Figure:
    return Figure(name, 100, cpu, 1e6 / cpu, 50.0, cpu / yard if is_json else None, note, yard)


def summary(*cpu: float, yard: float = 2.0, peak: float = 50.0, events: int = 100, is_json: bool = True) -> Summary:
    runs = len(cpu)
    rates = tuple(1e6 / one for one in cpu)
    return Summary("w", events, "", is_json, cpu, (yard,) * runs, rates, (peak,) * runs)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([], None), ([3.0], None), ([4.0, 4.0], 0.0), ([9.0, 10.0, 11.0], 0.1), ([1.0, 2.0, 2.0, 5.0], 1.0)],
)
def test_half_range(values: list[float], expected: float | None) -> None:
    assert half_range(values) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        (0.0, 0.0, LEAST_MARGIN),
        (0.01, 0.02, LEAST_MARGIN),
        (0.04, 0.03, 0.07),
        (0.2, 0.1, 0.3),
        (None, 0.01, UNKNOWN_MARGIN),
        (0.01, None, UNKNOWN_MARGIN),
        (None, None, UNKNOWN_MARGIN),
        (None, 0.4, 0.4),
    ],
)
def test_margin(now: float | None, before: float | None, expected: float) -> None:
    assert margin(now, before) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("now", "before", "share", "verdict"),
    [
        (summary(10, 10, 10), summary(10, 10, 10), 0.0, ""),
        (summary(11, 11, 11), summary(10, 10, 10), 0.1, "slower"),
        (summary(9, 9, 9), summary(10, 10, 10), -0.1, "faster"),
        (summary(10.4, 10.4, 10.4), summary(10, 10, 10), 0.04, ""),
        (summary(11, 12, 10), summary(10, 10, 10), 0.1, "slower"),
        (summary(11, 13, 10), summary(10, 10, 10), 0.1, ""),
        (summary(11), summary(10), 0.1, ""),
        (summary(12), summary(10), 0.2, "slower"),
        (summary(20, 20, 20, yard=4), summary(10, 10, 10), 0.0, ""),
        (summary(10, 10, 10, yard=1), summary(10, 10, 10), 1.0, "slower"),
        (summary(10, 10, peak=56), summary(10, 10), 0.0, "more memory"),
        (summary(10, 10, peak=54.9), summary(10, 10), 0.0, ""),
        (summary(10, 10, peak=108), summary(10, 10, peak=100), 0.0, ""),
        (summary(15, 15, peak=99), summary(10, 10), 0.5, "slower, more memory"),
    ],
)
def test_change(now: Summary, before: Summary, share: float, verdict: str) -> None:
    found = change(now, before)
    assert found.share == pytest.approx(share)
    assert found.verdict == verdict


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (Change(0.0, 0.05), "+0% (noise 5%)"),
        (Change(0.123, 0.05), "+12% (noise 5%) slower"),
        (Change(-0.3, 0.08), "-30% (noise 8%) faster"),
        (Change(-0.01, 0.08, more_memory=True), "-1% (noise 8%) more memory"),
    ],
)
def test_a_change_in_words(found: Change, text: str) -> None:
    assert str(found) == text


def test_only_what_the_baseline_has_with_as_many_events_is_compared() -> None:
    assert changes([summary(10)], []) == {}
    assert changes([summary(10)], [summary(10, events=99)]) == {}
    assert changes([summary(10)], [summary(8)])["w"].share == pytest.approx(0.25)


def test_runs_are_put_together_by_workload() -> None:
    runs = [[figure("a", 10), figure("b", 5, is_json=False)], [figure("a", 14, note="last")], [figure("a", 12)]]
    a, b = summarise(runs)
    assert (a.workload, a.cpu_us, a.cpu, a.x_orjson) == ("a", (10, 14, 12), 12, 6.0)
    assert a.spread == pytest.approx(2 / 12)
    assert (b.workload, b.cpu, b.x_orjson, b.spread, b.cost) == ("b", 5, None, None, 2.5)


def test_the_median_of_ratios_is_taken_not_the_ratio_of_medians() -> None:
    one = Summary("w", 1, "", True, (10, 20, 30), (1, 1, 10), (1, 1, 1), (1, 1, 1))
    assert one.x_orjson == 10


def test_figures_survive_a_file() -> None:
    figures = summarise([[figure("a", 12.3456789), figure("b", is_json=False, note="n")]] * 2)
    back = from_json(json.loads(json.dumps(as_json(figures))))
    assert [one.workload for one in back] == ["a", "b"]
    assert back[0].cpu_us == (12.35, 12.35)
    assert back == from_json(as_json(back))


def test_the_table_has_the_promised_columns_and_marks() -> None:
    figures = [summary(10, 11), summary(10, is_json=False)]
    lines = table(figures, {"w": Change(0.3, 0.1)}, {"w": "over 5 us"}).splitlines()
    for column in ("workload", "events", "CPU us", "events/s", "peak MiB", "x orjson", "change"):
        assert column in lines[0]
    assert "+30% (noise 10%) slower; over 5 us" in lines[1]
    assert "5%" in lines[1]
    assert lines[2].split()[3] == "-"
    assert "new" in table(figures[:1], {})
