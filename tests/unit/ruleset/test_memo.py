"""The walk remembered: what is asked twice, what once, and what cannot be remembered."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

import pytest

from alertmill.event import Event
from alertmill.ruleset import WALKED, Memo, Ruleset, Shortlist, shortlist_of
from alertmill.ruleset import memo as module
from alertmill.ruleset.memo import LogStep
from alertmill.sheet import UNKNOWN, FieldText, Reader, SheetRecord
from unit.ruleset.helpers import event, rule, ruleset

RULES = ruleset(
    rule(100, '<field name="color">^red$</field>')
    + rule(101, "<if_sid>100</if_sid><field name='size'>big</field>")
    + rule(102, '<field name="color">^blue$</field>', level=0)
    + rule(103, '<field name="color">^black$</field><match>moonless</match><regex negate="yes">lantern</regex>')
    + rule(104, '<field name="color">^grey$</field><id>7</id>')
    + rule(105, '<field name="color">^white$</field><time>1 am - 2 am</time>')
    + rule(106, '<field name="box.lid">^open$</field>')
    + rule(107, '<field name="color">^green$</field><regex negate="yes">lawn|moss</regex>')
)


class Plain:
    """Records whose members are their fields, or objects of these."""

    def origin(self, name: str) -> Collection[str] | None:
        return (name.partition(".")[0],)

    def text(self, name: str, value: str | bytes) -> str | None:
        return value if isinstance(value, str) and "?" not in value else None

    def reader(self, name: str) -> Reader:
        def read(value: str | bytes) -> FieldText:
            inside: Any = json.loads(value).get(name.partition(".")[2]) if isinstance(value, bytes) else value
            return UNKNOWN if inside is not None and "?" in inside else inside

        return read


class Says:
    """A sheet whose records say one text, and counts how often they are read."""

    location = "here"

    def __init__(self, log: str) -> None:
        self.log = log
        self.asked = 0

    def spell(self, _document: dict[str, Any]) -> str:
        return self.log

    def read(self, _raw: Any, _number: int) -> tuple[dict[str, Any] | None, str | None]:
        self.asked += 1
        if "broken" in self.log:
            raise ValueError(self.log)
        return (None, self.log) if "odd" in self.log else ({}, None)

    def may_say(self, _raw: Any, words: Sequence[bytes]) -> bool:
        return all(word.decode() in self.log for word in words)


LAYOUT = Plain()
MAYBE: Any = b'{"lid":"open?"}'


def remembering(rules: Ruleset = RULES) -> Memo:
    def origin(layout: Any, key: tuple[str, str]) -> Collection[str] | None:
        kind, name = key
        if kind == "field":
            return layout.origin(name)
        return () if kind != "static" else None

    return Memo(rules, origin, lambda layout, key, event: layout.reader(key[1]))


def find(memo: Memo, members: dict[str, Any], sheet: Says | None = None, layout: Any = LAYOUT) -> Any:
    return memo.find(layout, {"box": b'{"lid":"shut"}'} | members, record(sheet or Says("a log")))


def learn(memo: Memo, log: str = "a log", **members: Any) -> Shortlist:
    members = {"box": b'{"lid":"shut"}'} | members
    return memo.learn(LAYOUT, members, shown(members, log))


def record(sheet: Any) -> SheetRecord:
    return SheetRecord(sheet, None, 1, 0.0)


def shown(members: dict[str, Any], log: str = "a log") -> Event:
    fields = {name: value for name, value in members.items() if isinstance(value, str)}
    for name, value in members.items():
        if isinstance(value, bytes):
            fields |= {f"{name}.{inner}": text for inner, text in json.loads(value).items()}
    return event(log, fields=fields)


def test_what_was_learnt_is_found():
    memo = remembering()
    assert find(memo, {"color": "red", "size": "big"}) is None
    learnt = learn(memo, color="red", size="big")
    assert find(memo, {"color": "red", "size": "big"}) is learnt
    assert learnt.ids() == ((0, 1), (1, 100), (2, 101))


def test_another_layout_is_another_matter():
    memo = remembering()
    learn(memo, color="blue", size="")
    assert find(memo, {"color": "blue", "size": ""}, layout=Plain()) is None


@pytest.mark.parametrize("color", ["red", "blue", "pink", "PINK", "", "x" * 600])
@pytest.mark.parametrize("size", ["big", "bigger", "small", ""])
def test_values_that_leave_the_same_siblings_need_no_walk(color, size):
    memo = remembering()
    for known in ("red", "blue", "brown"):
        for of_size in ("big", "tiny"):
            learn(memo, color=known, size=of_size)
    members = {"color": color, "size": size}
    found = find(memo, members)
    assert found is find(memo, members) is shortlist_of(RULES, shown(members))


def test_a_value_that_takes_a_closer_look_is_walked_once():
    memo = remembering()
    learn(memo, color="pink", size="")
    members = {"color": "what?", "size": ""}
    assert find(memo, members) is None
    learn(memo, **members)
    assert isinstance(find(memo, members), Shortlist)


@pytest.mark.parametrize(
    "box", [b'{"lid":"open"}', b'{"other":"open","lid":"ajar"}', b'{"more":"%b"}' % (b"x" * 900), b"{}"]
)
def test_of_an_object_matters_what_is_asked_for(box):
    memo = remembering()
    for known in (b'{"lid":"open"}', b'{"lid":"shut"}', b'{"key":"lost"}'):
        learn(memo, color="pink", size="", box=known)
    members = {"color": "pink", "size": "", "box": box}
    found = find(memo, members)
    assert found is shortlist_of(RULES, shown(members))
    assert all(text is None or len(text) < 9 for text in texts(memo))


def texts(memo: Memo) -> list[Any]:
    """Everything that is remembered of members."""
    steps, found = [memo._first[LAYOUT]], []
    for step in steps:
        if isinstance(step, module.Step):
            found += step.texts
            steps += step.masks.values()
    return found


@pytest.mark.parametrize("size", ["", "x" * 600])
def test_an_object_that_takes_a_closer_look_is_remembered_whole(size):
    memo = remembering()
    box = MAYBE.replace(b"}", b',"size":"%b"}' % size.encode())
    learn(memo, color="pink", size="", box=box)
    found = find(memo, {"color": "pink", "size": "", "box": box})
    assert isinstance(found, Shortlist) if not size else found is None


@pytest.mark.parametrize("color", ["white", "grey"])
def test_what_depends_on_anything_else_is_walked_each_time(color):
    memo = remembering()
    learn(memo, color=color, size="")
    assert find(memo, {"color": color, "size": ""}) is WALKED
    learn(memo, color="pink", size="")
    assert isinstance(find(memo, {"color": "pink", "size": ""}), Shortlist)


#: What logs say, and how often they have to be read for that: not where words are missing that a pattern needs.
LOGS: list[tuple[str, str, int]] = [
    ("black", "a moonless night", 1),
    ("black", "a moonless night with a lantern", 1),
    ("black", "a lantern", 0),
    ("black", "nothing", 0),
    ("green", "a lawn", 1),
    ("green", "moss", 1),
    ("green", "a tree", 0),
]


@pytest.mark.parametrize(("color", "log", "asked"), LOGS)
def test_the_text_of_the_log_is_asked(color, log, asked):
    memo = remembering()
    for _, known, _ in LOGS:
        learn(memo, known, color=color, size="")
    sheet = Says(log)
    members = {"color": color, "size": ""}
    assert find(memo, members, sheet) is shortlist_of(RULES, shown(members, log))
    assert sheet.asked == asked


@pytest.mark.parametrize("log", ["an odd moonless night", "a broken moonless night"])
def test_a_record_that_cannot_say_its_text_is_walked(log):
    memo = remembering()
    learn(memo, "a moonless night", color="black", size="")
    assert find(memo, {"color": "black", "size": ""}, Says(log)) is WALKED


def test_what_was_opened_is_handed_out_once():
    memo = remembering()
    learn(memo, "a moonless night", color="black", size="")
    asked, sheet = {"color": "black", "size": "", "box": b"{}"}, Says("a moonless night")
    one = record(sheet)
    memo.find(LAYOUT, asked, one)
    opened = memo.opened(one)
    assert opened.message == "a moonless night"
    assert sheet.asked == 1
    assert memo.opened(one) is not opened
    memo.find(LAYOUT, asked, one)
    assert memo.opened(record(sheet)).raw is one.raw
    assert sheet.asked == 2


def test_long_values_are_not_remembered_but_looked_at():
    memo = remembering()
    learn(memo, color="y" * 513, size="")
    assert isinstance(find(memo, {"color": "pink", "size": ""}), Shortlist)
    assert isinstance(find(memo, {"color": "z" * 513, "size": ""}), Shortlist)
    assert all(text is None or len(text) < 513 for text in texts(memo))


def test_what_is_remembered_has_an_end(monkeypatch):
    monkeypatch.setattr(module, "MOST_REMEMBERED", 20)
    memo = remembering()
    for number in range(100):
        members = {"color": f"c{number}", "size": ""}
        found = find(memo, members)
        if found is None:
            found = learn(memo, **members)
        assert found is RULES.shortlists.nothing
        assert memo._size <= 21


@pytest.mark.parametrize(
    "rows", [[], ["red big"], ["red big", "blue -", "green -", "red -", "red big", "grey -", "x big"]]
)
def test_many_rows_are_found_as_each_alone(rows):
    class Columns(Plain):
        def origin(self, name: str) -> Collection[Any]:
            return [place for place, column in enumerate(("color", "size")) if column == name]

    memo, layout = remembering(), Columns()
    for known in ("red big", "pink -", "blue -", "grey -"):
        color, size = known.split()
        memo.learn(layout, known.split(), shown({"color": color, "size": size}))
    split = [row.split() for row in rows]
    found = {place: known for known, places in memo.find_rows(layout, split, range(len(rows))) for place in places}
    alone = [memo.find(layout, row, record(Says("a log"))) for row in split]
    assert [found[place] for place in range(len(rows))] == alone


def test_rows_whose_text_is_asked_for_are_asked_one_by_one():
    memo = remembering()
    learn(memo, "a moonless night", color="black", size="")
    rows = {"color": "black", "box": b'{"lid":"shut"}'}
    ((known, places),) = memo.find_rows(LAYOUT, [rows], [7])  # type: ignore[list-item]
    assert isinstance(known, LogStep)
    assert places == [7]


def test_the_same_walk_takes_no_more_room():
    memo = remembering()
    sizes = set()
    for _ in range(3):
        learn(memo, "a moonless night", color="black", size="")
        sizes.add(memo._size)
    assert len(sizes) == 1
