"""The tables that tell which siblings to try."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from alertmill.event import Event, Fields
from alertmill.ruleset import Ruleset
from alertmill.ruleset.columns import LONGEST_VALUE, TABLE_SIZE
from alertmill.ruleset.siblings import identity_of
from unit.ruleset.helpers import event, ids, rule, ruleset


def tried(rules: Ruleset, one: Event) -> list[int]:
    """The children of the top rule that are tried for an event."""
    return [node.rule.id for node in rules.roots[0].below.masks(identity_of(one)).candidates(one)]


def fields_rules(number: int) -> Ruleset:
    return ruleset("".join(rule(101 + n, f'<field name="app" type="osmatch">^{n}$</field>') for n in range(number)))


def test_only_those_that_no_value_rules_out_are_tried_in_order():
    rules = ruleset(
        rule(101, '<field name="app">web</field>', level=3)
        + rule(102, '<field name="app">web</field><id>^7</id>', level=9)
        + rule(103, "<program_name>sshd</program_name>", level=5)
        + rule(104, "<decoded_as>json</decoded_as>", level=5)
        + rule(105, "<match>x</match>", level=4)
        + rule(106, '<field name="other">web</field>', level=4)
        + rule(107, level=2)
    )
    assert tried(rules, event(decoder="json", fields={"app": "web"})) == [104, 105, 101, 107]
    assert tried(rules, event(fields={"app": "web"}, static={"id": "70"})) == [102, 105, 101, 107]
    assert tried(rules, event(program="sshd")) == [103, 105, 107]


def test_more_siblings_than_bits_of_a_word():
    rules = fields_rules(300)
    assert tried(rules, event(fields={"app": "299"})) == [400]
    assert tried(rules, event(fields={"app": "x"})) == []


def test_a_value_is_asked_about_once():
    rules = fields_rules(3)
    column = _column(rules)
    for value in ("1", "x", "1", "x"):
        tried(rules, event(fields={"app": value}))
    assert set(column.table) == {"1", "x"}


def _column(rules: Ruleset):
    """The tables of the one field of `fields_rules`."""
    tried(rules, event(fields={"app": "warm up"}))
    [(_, column)] = rules.roots[0].below.masks(identity_of(event()))._fields
    column.table.clear()
    return column


def test_long_values_are_not_remembered():
    rules = fields_rules(3)
    column = _column(rules)
    assert tried(rules, event(fields={"app": "1" * (LONGEST_VALUE + 1)})) == []
    assert not column.table


def test_tables_have_an_end():
    rules = fields_rules(3)
    column = _column(rules)
    for number in range(TABLE_SIZE + 10):
        tried(rules, event(fields={"app": f"x{number}"}))
    assert len(column.table) == 10


class DocumentLike(Fields):
    """Fields that know their roots, and count who asks for a value."""

    def __init__(self, roots: Collection[str]) -> None:
        super().__init__()
        self.known = roots
        self.asked: list[str] = []

    def roots(self) -> Collection[str]:
        return self.known

    def get(self, lowered_name: str) -> str | None:
        self.asked.append(lowered_name)
        return super().get(lowered_name)


@pytest.mark.parametrize("size", [1, 1000])
def test_fields_below_other_roots_are_not_asked_for(size):
    rules = ruleset("".join(rule(101 + n, f'<field name="{root}.name">x</field>') for n, root in enumerate("abcd")))
    roots = {"b", *(f"r{number}" for number in range(size))}
    for _ in range(2):
        one = event()
        one.fields = DocumentLike(roots)
        one.fields.add("b.name", "x")
        assert tried(rules, one) == [102]
        assert one.fields.asked == ["b.name"]
    remembered = rules.roots[0].below.masks(identity_of(event()))._by_roots
    assert len(remembered) == (1 if size == 1 else 0)


def test_equal_subtrees_share_their_tables():
    rules = ruleset(
        rule(101, '<field name="a">x</field>')
        + rule(102, '<field name="b">x</field>')
        + rule(103, "<if_sid>101, 102</if_sid>")
        + rule(104, "<if_sid>103</if_sid><match>x</match>")
    )
    by_id = {node.rule.id: node for node in rules.roots[0].children}
    assert by_id[101].children[0] is by_id[102].children[0]
    assert ids(rules, [event("x", fields={"a": "x"}), event("y", fields={"b": "x"})]) == [104, 103]


def test_remembered_choices_have_an_end(monkeypatch):
    monkeypatch.setattr("alertmill.ruleset.siblings.TABLE_SIZE", 2)
    rules = fields_rules(9)
    for number in range(9):
        one = event()
        one.fields = DocumentLike({"app", f"other{number}"})
        one.fields.add("app", str(number))
        assert tried(rules, one) == [101 + number]
    masks = rules.roots[0].below.masks(identity_of(event()))
    assert len(masks._chosen) <= 2
    assert len(masks._by_roots) <= 2


def test_siblings_that_want_whole_values_are_asked_together():
    rules = ruleset(
        rule(101, '<field name="app">^web$|^Shop$</field>')
        + rule(102, '<field name="app" type="osmatch">^web$</field><field name="app">b$</field>')
        + rule(103, '<field name="app" negate="yes">^web$</field>')
        + rule(104, '<field name="app">^we</field>')
        + rule(105, '<field name="app">^web$</field><field name="app" type="osmatch">^shop$</field>')
    )
    for value, expected in (("WEB", [101, 102, 104]), ("shop", [101, 103]), ("web2", [103, 104]), ("", [103])):
        for _ in range(2):
            assert sorted(tried(rules, event(fields={"app": value}))) == expected
