"""What can be asked about a loaded ruleset."""

from __future__ import annotations

import pytest

from alertmill.ruleset import Ruleset
from unit.ruleset.helpers import event, rule, ruleset


@pytest.fixture(scope="module")
def rules() -> Ruleset:
    return ruleset(
        rule(101, '<match>a</match><list field="app">apps</list>')
        + rule(102, "<if_sid>101</if_sid>")
        + rule(103, "<if_matched_sid>101</if_matched_sid>", level=7, frequency=8),
        lists={"apps": "web:1\n"},
    )


def test_a_rule_describes_its_place_conditions_and_counters(rules):
    found = rules.describe(101)
    assert (found.parents, found.children, found.nodes, found.counted_by) == ((1,), (103, 102), 1, (103,))
    assert found.conditions == ("<match> matches osmatch 'a'", "<list> match_key of app in apps")
    assert rules.describe(103).conditions == ()
    with pytest.raises(KeyError):
        rules.describe(999)


def test_numbers(rules):
    assert (rules.node_count, rules.list_count, rules.longest_count) == (5, 1, 6)
    assert set(rules.rules_by_id) == {1, 4, 101, 102, 103}


def test_roots(rules):
    assert [root.rule.id for root in rules.roots] == [1, 4]
    assert [root.rule.id for root in rules.roots_of("web-log")] == [4]
    assert rules.roots_of("squid") == ()
    assert rules.top("squid").masks(1).candidates(event(decoder="json", type="squid")) == ()


def test_rules_know_whether_they_have_a_memory_and_whom_they_feed(rules):
    by_id = rules.rules_by_id
    assert [by_id[id].has_memory for id in (101, 102, 103)] == [False, False, True]
    assert [by_id[id].fed_lists for id in (101, 102, 103)] == [(0,), (), ()]


def test_patterns_that_gave_up_are_named():
    body = '<if_sid>101</if_sid><match>b</match><field name="app">c</field><if_matched_regex>d</if_matched_regex>'
    rules = ruleset(rule(101, "<match>a</match>") + rule(102, body))
    assert list(rules.overrun_patterns()) == []

    class Overrun:
        pattern, overruns = "(a+)+$", 3

    rules.rules_by_id[102].spec.fields[0].matcher = Overrun()  # type: ignore[assignment]
    assert list(rules.overrun_patterns()) == [("rule 102 <app> (a+)+$", 3)]
