"""What an event leaves of the rules, before any memory is asked."""

from __future__ import annotations

import pytest

from alertmill.ruleset import match, shortlist_of
from alertmill.ruleset import shortlist as module
from unit.ruleset.helpers import event, rule, ruleset

RULES = ruleset(
    rule(100, '<field name="color">red</field>', level=3)
    + rule(102, "<if_sid>100</if_sid><match>car</match>", level=4)
    + rule(103, "<if_sid>100</if_sid><if_fts/>", level=9)
    + rule(104, "<if_sid>103</if_sid><id>7</id>", level=5)
    + rule(105, '<field name="color">blue</field>', level=0)
    + rule(106, '<field name="color">red|blue|green</field>', level=2)
)
RED, BLUE, GREEN = ({"color": name} for name in ("red", "blue", "green"))


@pytest.mark.parametrize(
    "values, expected",
    [
        # A root that only holds others together is left out when none of them holds.
        ({}, ()),
        ({"fields": BLUE}, ((0, 1), (1, 105))),
        ({"fields": GREEN}, ((0, 1), (1, 106))),
        # What stands behind a rule that is certain to hold is out of reach.
        ({"fields": RED}, ((0, 1), (1, 100), (2, 103))),
        ({"fields": RED, "static": {"id": "7"}}, ((0, 1), (1, 100), (2, 103), (3, 104))),
        ({"fields": RED, "log": "a car"}, ((0, 1), (1, 100), (2, 103), (2, 102))),
    ],
)
def test_what_an_event_leaves(values, expected):
    found = shortlist_of(RULES, event(**values))
    assert found.ids() == expected
    assert RULES.shortlists.of_ids(expected) is found


@pytest.mark.parametrize("values, verdict", [({}, None), ({"fields": BLUE}, (105, 1)), ({"fields": GREEN}, (106, 1))])
def test_a_list_without_memory_is_a_verdict(values, verdict):
    found = shortlist_of(RULES, event(**values))
    assert found.settled
    assert verdict == (found.found and tuple(rule.id for rule in found.found if rule is not None))


def test_a_list_with_memory_is_none():
    found = shortlist_of(RULES, event(fields=RED))
    assert not found.settled
    assert found.found is None
    assert found.certain


def test_a_shortlist_that_was_sent_gives_the_same_match():
    one = event(fields=RED, static={"id": "7"})
    sent = RULES.shortlists.of_ids(shortlist_of(RULES, one).ids())
    result = match(RULES, one, RULES.new_state(), shortlist=sent)
    assert result.match is not None
    assert result.match.rule.id == 100


def test_numbers_of_another_ruleset_are_refused():
    with pytest.raises(KeyError):
        RULES.shortlists.of_ids(((0, 999),))


def test_a_chain_of_rules_may_be_long():
    chain = "".join(rule(id, f"<if_sid>{id - 1}</if_sid>", level=3) for id in range(101, 3000))
    rules = ruleset(rule(100, level=3) + chain)
    found = shortlist_of(rules, event())
    assert found.found is not None
    assert [rule.id for rule in found.found if rule is not None] == [2999, 2998]
    assert rules.shortlists.of_ids(found.ids()) is found


def test_the_number_of_remembered_lists_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "MOST_SHORTLISTS", 3)
    rules = ruleset(rule(100) + "".join(rule(id, f"<if_sid>100</if_sid><id>^{id}$</id>") for id in range(101, 111)))
    for id in range(101, 111):
        found = shortlist_of(rules, event(static={"id": str(id)})).found
        assert found is not None
        assert found[0].id == id
        assert len(rules.shortlists._known) <= 3
