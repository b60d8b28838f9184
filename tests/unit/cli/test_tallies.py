"""Counting alerts: a window that moves agrees with counting anew, and memory is bounded."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertmill.cli import tallies
from alertmill.cli.alert_view import AlertView, read_alert
from alertmill.cli.tallies import OTHERS, Tallies
from unit.cli.alerts import TEN, alert


def view(rule: str, at: float = TEN, **more: object) -> AlertView:
    found = read_alert(alert(rule, at=at, **more))  # type: ignore[arg-type]
    assert found is not None
    return found


@given(st.lists(st.tuples(st.sampled_from("123"), st.integers(-300, 300)), max_size=40), st.integers(0, 200))
def test_a_window_that_moves_agrees_with_counting_anew(alerts: list[tuple[str, int]], later: int) -> None:
    """Alerts may come in any order. A window moves in steps: what is left is of its length, and a step at most."""
    counted = Tallies(60.0)
    now = TEN + 300
    for rule, at in alerts:
        counted.add(view(rule, TEN + at), now)
    now += later
    counted.forget(now)
    within = Counter(rule for rule, at in alerts if TEN + at > TEN + 300 - 60 and TEN + at > now - 60)
    rows = {row.name: row.count for row in counted.rows("rule")}
    assert rows.keys() >= within.keys()
    at_most = Counter(rule for rule, at in alerts if TEN + at > now - 61)
    assert all(within[rule] <= count <= at_most[rule] for rule, count in rows.items())
    assert counted.alerts == sum(rows.values())
    counted.forget(now + 3600)
    assert counted.alerts == 0
    assert not any(counted.rows(kind) for kind in tallies.KINDS)
    assert not counted._rules


@pytest.mark.parametrize(("happened", "expected"), [(False, TEN), (True, TEN - 3600)])
def test_whose_time_counts(happened: bool, expected: float) -> None:
    line = json.loads(alert("1", at=TEN))
    line["event_time"] = "2026-01-15T09:00:00.000+0000"
    found = read_alert(json.dumps(line).encode())
    assert found is not None
    counted = Tallies(None, happened=happened)
    counted.add(found, TEN + 10)
    assert counted.oldest == expected


def test_without_a_window_nothing_is_forgotten() -> None:
    counted = Tallies(None)
    for at in (TEN, TEN + 5, TEN - 86400 * 400):
        counted.add(view("1", at), TEN + 10)
    counted.forget(TEN * 2)
    assert (counted.alerts, counted.oldest, counted.newest) == (3, TEN - 86400 * 400, TEN + 5)


def test_names_that_others_choose_cost_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallies, "MOST_NAMES", 10)
    counted = Tallies(60.0)
    for number in range(1000):
        counted.add(view("1", user=f"user{number}"), TEN)
    rows = {row.name: row.count for row in counted.rows("user")}
    assert len(rows) == 11
    assert rows[OTHERS] == 990
    counted.forget(TEN + 120)
    assert counted.rows("user") == []


@pytest.mark.parametrize(
    ("order", "reverse", "names"),
    [
        ("count", False, ["9", "20", "100"]),
        ("newest", False, ["100", "9", "20"]),
        ("name", False, ["9", "20", "100"]),
        ("name", True, ["100", "20", "9"]),
    ],
)
def test_orders(order: str, reverse: bool, names: list[str]) -> None:
    counted = Tallies(None)
    for rule, at, times in (("9", 2, 3), ("20", 1, 2), ("100", 3, 1)):
        for _ in range(times):
            counted.add(view(rule, TEN + at), TEN + 10)
    assert [row.name for row in counted.rows("rule", order, reverse=reverse)] == names


def test_words_are_sorted_as_words() -> None:
    counted = Tallies(None)
    counted.add(view("1", groups=("aws", "Amazon", "zz", "7")), TEN)
    assert [row.name for row in counted.rows("group", "name")] == ["Amazon", "aws", "zz", "7"]


def test_the_newest_description_of_a_rule_is_kept() -> None:
    counted = Tallies(None)
    for at in (1, 3, 2):
        counted.add(view("1", TEN + at, level=at, description=f"at {at}"), TEN + 10)
    assert counted.rule("1") == (3, "at 3")
    assert counted.rule("2") == (0, "")


def test_an_alert_from_the_future_is_of_now() -> None:
    counted = Tallies(60.0)
    counted.add(view("1", TEN + 9999), TEN)
    counted.forget(TEN + 100)
    assert counted.alerts == 0
