"""The walk remembered: what is asked twice, what once, and what cannot be remembered."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest

from alertmill.event import Event
from alertmill.ruleset import WALKED, Memo, Ruleset, Shortlist, shortlist_of
from alertmill.ruleset import memo as module
from unit.ruleset.helpers import event, rule, ruleset

RULES = ruleset(
    rule(100, '<field name="color">^red$</field>')
    + rule(101, "<if_sid>100</if_sid><field name='size'>big</field>")
    + rule(102, '<field name="color">^blue$</field>', level=0)
    + rule(103, '<field name="color">^black$</field><match>night</match>')
    + rule(104, '<field name="color">^grey$</field><id>7</id>')
)


class Plain:
    """Records whose members are their fields."""

    def origin(self, name: str) -> Collection[str] | None:
        return (name,)

    def text(self, name: str, value: str | bytes) -> str | None:
        return value if isinstance(value, str) and "?" not in value else None

    def reader(self, name: str) -> Reader:
        def read(value: str | bytes) -> FieldText:
            text = self.text(name, value)
            return UNKNOWN if text is None else text

        return read


LAYOUT = Plain()


def remembering(rules: Ruleset = RULES) -> Memo:
    def origin(layout: Any, key: tuple[str, str]) -> Collection[str] | None:
        kind, name = key
        if kind == "field":
            return layout.origin(name)
        return () if kind != "anything" and kind != "static" else None

    return Memo(rules, origin, lambda layout, name, event: "")


def learn(memo: Memo, **members: str) -> Shortlist:
    return memo.learn(LAYOUT, members, shown(members))


def shown(members: dict[str, str]) -> Event:
    return event("a log", fields=members)


def test_what_was_learnt_is_found():
    memo = remembering()
    assert memo.find(LAYOUT, {"color": "red", "size": "big"}) is None
    learnt = learn(memo, color="red", size="big")
    assert memo.find(LAYOUT, {"color": "red", "size": "big"}) is learnt
    assert learnt.ids() == ((0, 1), (1, 100), (2, 101))


def test_another_layout_is_another_matter():
    memo = remembering()
    learn(memo, color="blue", size="")
    assert memo.find(Plain(), {"color": "blue", "size": ""}) is None


@pytest.mark.parametrize("color", ["red", "blue", "green", "GREEN", "", "x" * 600])
@pytest.mark.parametrize("size", ["big", "bigger", "small", ""])
def test_values_that_leave_the_same_siblings_need_no_walk(color, size):
    memo = remembering()
    for known in ("red", "blue", "pink"):
        for of_size in ("big", "tiny"):
            learn(memo, color=known, size=of_size)
    members = {"color": color, "size": size}
    found = memo.find(LAYOUT, members)
    assert found is memo.find(LAYOUT, members) is shortlist_of(RULES, shown(members))


def test_a_value_that_takes_a_closer_look_is_walked_once():
    memo = remembering()
    learn(memo, color="pink", size="")
    members = {"color": "what?", "size": ""}
    assert memo.find(LAYOUT, members) is None
    memo.learn(LAYOUT, members, shown(members))
    assert isinstance(memo.find(LAYOUT, members), Shortlist)


@pytest.mark.parametrize("color", ["black", "grey"])
def test_what_depends_on_anything_else_is_walked_each_time(color):
    memo = remembering()
    learn(memo, color=color, size="")
    assert memo.find(LAYOUT, {"color": color, "size": ""}) is WALKED
    learn(memo, color="pink", size="")
    assert isinstance(memo.find(LAYOUT, {"color": "pink", "size": ""}), Shortlist)


def test_long_values_are_not_remembered_but_looked_at():
    memo = remembering()
    learn(memo, color="y" * 513, size="")
    assert memo.find(LAYOUT, {"color": "pink", "size": ""}) is None
    learn(memo, color="pink", size="")
    assert isinstance(memo.find(LAYOUT, {"color": "y" * 513, "size": ""}), Shortlist)
    assert all(len(text) < 513 for text in memo._first[LAYOUT].texts)  # type: ignore[union-attr]


def test_what_is_remembered_has_an_end(monkeypatch):
    monkeypatch.setattr(module, "MOST_REMEMBERED", 20)
    memo = remembering()
    for number in range(100):
        members = {"color": f"c{number}", "size": ""}
        found = memo.find(LAYOUT, members)
        if found is None:
            found = learn(memo, **members)
        assert found is RULES.shortlists.nothing
        assert memo._size <= 21
