"""Which rule hangs where, in what order siblings are tried, and what an overwrite leaves as it is."""

from __future__ import annotations

import pytest

from alertmill.ruleset import Ruleset
from unit.ruleset.helpers import TOP, event, first_id, grouped, ids, load, rule, ruleset


def children(rules: Ruleset, id: int) -> tuple[int, ...]:
    return rules.describe(id).children


def parents(rules: Ruleset, id: int) -> tuple[int, ...]:
    return rules.describe(id).parents


def test_siblings_are_ordered_by_level_and_then_by_load_order():
    rules = ruleset(
        rule(101, level=3)
        + rule(102, level=12)
        + rule(103, level=0)
        + rule(104, level=12, accuracy=0)
        + rule(105, level=3)
        + rule(106, level=16)
        + rule(107, level=0)
        + rule(108, level=16, accuracy=0)
    )
    assert children(rules, 1) == (103, 107, 106, 102, 101, 105, 108, 104)


def test_a_level_0_rule_with_accuracy_0_becomes_level_99():
    rules, problems = load(grouped(rule(101, level=0, accuracy=0) + rule(102, level=0, accuracy=1)))
    assert [problem.code.id for problem in problems] == ["R020"]
    assert (rules.rules_by_id[101].level, rules.rules_by_id[102].level) == (99, 0)


def test_a_rule_without_references_hangs_below_its_category():
    rules = ruleset(rule(101) + rule(102, "<category>web-log</category>"))
    assert (parents(rules, 101), parents(rules, 102)) == ((1,), (4,))
    assert first_id(rules, event(decoder="web-accesslog", type="web-log")) == 102
    assert first_id(rules, event(decoder="web-accesslog")) == 101


@pytest.mark.parametrize("text", ["101 102", "101,102", " 101 , 102", "102,101,102"])
def test_parents_by_id(text):
    rules, problems = load(grouped(rule(101) + rule(102) + rule(103, f"<if_sid>{text}</if_sid>")))
    assert set(parents(rules, 103)) == {101, 102}
    assert not problems


def test_two_elements_of_parent_ids_are_one_text():
    _, problems = load(grouped(rule(101) + rule(102) + rule(103, "<if_sid>101</if_sid><if_sid>102</if_sid>")))
    assert "hangs on rule 101102" in problems.draw()


def test_separators_alone_mean_the_category():
    rules, problems = load(grouped(rule(101) + rule(102, "<if_sid>,</if_sid>")))
    assert parents(rules, 102) == (1,)
    assert not problems


def test_parents_by_group():
    rules = ruleset(
        rule(101, "<group>web_scan,</group>")
        + rule(102, "<group>scan,</group>")
        + rule(103, "<group>other,</group>")
        + rule(104, "<if_group>SCAN</if_group>")
        + rule(105, "<if_group>other|^test,web</if_group>")
        + rule(106, "<group>scan,</group>")
    )
    assert set(parents(rules, 104)) == {101, 102}
    assert set(parents(rules, 105)) == {101, 103}
    assert 104 not in children(rules, 106)  # loaded later


def test_a_rule_does_not_hang_below_itself_by_group():
    rules = ruleset(rule(101, "<group>a,</group>") + rule(102, "<if_group>a,</if_group><group>a,</group>"))
    assert parents(rules, 102) == (101,)


def test_parents_by_level_take_level_0_for_99_and_accuracy_0_for_nothing():
    rules = ruleset(
        rule(101, level=0) + rule(102, level=4) + rule(103, level=5) + rule(104, level=9, accuracy=0)
        + rule(105, "<if_level>5</if_level>", level=6)
    )  # fmt: skip
    assert set(parents(rules, 105)) == {1, 4, 101, 103}


def test_the_first_kind_of_reference_decides():
    rules = ruleset(
        rule(101, "<group>a,</group>", level=7)
        + rule(102, level=3)
        + rule(103, "<if_group>a</if_group><if_level>7</if_level><if_sid>102</if_sid>")
        + rule(104, "<if_group>a</if_group><if_level>99</if_level>")
    )
    assert parents(rules, 103) == (102,)
    assert 101 not in parents(rules, 104)


def test_a_composite_hangs_below_what_it_counts():
    rules = ruleset(
        rule(101, "<group>a,</group>")
        + rule(102, "<if_matched_sid>101</if_matched_sid>")
        + rule(103, "<if_matched_group>a,</if_matched_group>")
        + rule(104, "<if_matched_sid>101</if_matched_sid><if_sid>1</if_sid>")
        + rule(105, "<if_matched_regex>x</if_matched_regex>")
    )
    assert [parents(rules, id) for id in (102, 103, 104, 105)] == [(101,), (101,), (1,), (1,)]


def test_a_rule_has_a_node_below_every_node_of_its_parent():
    rules = ruleset(rule(101) + rule(102) + rule(103, "<if_sid>101,102</if_sid>") + rule(104, "<if_sid>103</if_sid>"))
    assert rules.describe(104).nodes == 2
    assert rules.node_count == 2 + 2 + 2 + 2


def test_a_parent_behind_an_earlier_hit_in_the_same_list_is_not_seen():
    # 103 hangs below the top itself and below 101, which stands behind it in the list of the top.
    rules = ruleset(
        rule(101, level=3) + rule(103, "<if_sid>1, 101</if_sid>", level=9) + rule(104, "<if_sid>103</if_sid>")
    )
    assert rules.describe(103).nodes == 2
    assert rules.describe(104).nodes == 1
    # Standing before it, 101 and its children are walked first.
    rules = ruleset(
        rule(101, level=9) + rule(103, "<if_sid>1, 101</if_sid>", level=3) + rule(104, "<if_sid>103</if_sid>")
    )
    assert rules.describe(104).nodes == 2


def test_a_rule_that_names_itself_hangs_below_its_own_nodes():
    rules, problems = load(grouped(rule(101) + rule(102, "<if_sid>101, 102</if_sid>")))
    assert not problems
    assert rules.describe(102).nodes == 2
    assert children(rules, 102) == (102,)
    assert first_id(rules, event()) == 102


def test_children_hang_below_the_first_node_of_a_rule_on_a_path():
    text = rule(101) + rule(102) + rule(103, "<if_sid>101, 102, 103</if_sid>") + rule(104, "<if_sid>103</if_sid>")
    rules = ruleset(text)
    assert (rules.describe(103).nodes, rules.describe(104).nodes) == (4, 2)


def test_rules_below_10_stand_at_the_top_whatever_they_say():
    rules, problems = load(
        grouped(
            '<rule id="5" level="3"><if_sid>1</if_sid><category>squid</category><description>x</description></rule>'
        )
    )
    assert not problems
    assert [root.rule.id for root in rules.roots] == [1, 4, 5]
    assert first_id(rules, event(decoder="json", type="squid")) == 5


def test_deep_chains_need_no_deep_stack():
    text = "".join(rule(101 + number, f"<if_sid>{100 + number if number else 1}</if_sid>") for number in range(3000))
    assert first_id(ruleset(text), event()) == 3100


# --- overwrite ----------------------------------------------------------------------------------------------------


def overwritten(before: str, after: str, **kwargs: object) -> Ruleset:
    rules, problems = load(grouped(before), files=[("local.xml", grouped(after, "local,"))], **kwargs)
    assert not problems, problems.draw()
    return rules


def test_an_overwrite_replaces_what_a_rule_says_and_resets_the_rest():
    before = rule(101, "<match>old</match><options>no_full_log</options><group>g,</group><info>i</info>", level=12)
    rules = overwritten(before, rule(101, "<match>new</match>", level=4, overwrite="yes"))
    info = rules.rules_by_id[101].info
    assert (info.level, info.group_text, info.no_full_log, info.info) == (4, "local,", False, None)
    assert ids(rules, [event("old"), event("new")]) == [None, 101]


def test_an_overwritten_rule_keeps_its_place_among_siblings():
    before = rule(101, level=3) + rule(102, level=5) + rule(103, level=4)
    after = rule(101, level=12, overwrite="yes") + rule(104, level=7) + rule(105, level=2)
    assert children(overwritten(before, after), 1) == (104, 102, 103, 101, 105)


def test_an_overwritten_rule_keeps_its_parents_and_children():
    before = rule(101) + rule(102, "<if_sid>101</if_sid>") + rule(103, "<if_sid>102</if_sid>")
    rules = overwritten(before, rule(102, level=9, overwrite="yes"))
    assert (parents(rules, 102), children(rules, 102)) == ((101,), (103,))


def test_a_composite_that_is_overwritten_without_its_reference_stops_counting():
    before = rule(101) + rule(102, "<if_matched_sid>101</if_matched_sid>", level=7, frequency=5)
    rules = overwritten(before, rule(102, level=7, overwrite="yes"))
    assert ids(rules, [event(), event()]) == [102, 102]
    assert rules.rules_by_id[102].info.frequency == 2


def test_a_composite_that_is_overwritten_with_its_reference_counts_anew():
    before = rule(101) + rule(102, "<if_matched_sid>101</if_matched_sid>", level=7, frequency=5)
    after = rule(102, "<if_matched_sid>101</if_matched_sid>", level=7, frequency=3, overwrite="yes")
    rules = overwritten(before, after)
    assert ids(rules, [event() for _ in range(4)]) == [101, 101, 102, 101]
    assert rules.rules_by_id[102].info.frequency == 3


def test_a_rule_that_becomes_a_composite_by_an_overwrite_has_nothing_to_count():
    before = rule(101) + rule(102, "<if_sid>101</if_sid>", level=7)
    rules, problems = load(
        grouped(before),
        files=[("local.xml", grouped(rule(102, "<if_matched_sid>101</if_matched_sid>", level=7, overwrite="yes")))],
    )
    assert [problem.code.id for problem in problems] == ["R014"]
    assert ids(rules, [event() for _ in range(4)]) == [101] * 4


def test_overwrites_apply_one_after_another():
    before = rule(101, level=3)
    rules = overwritten(
        before, rule(101, level=4, overwrite="yes") + rule(101, "<match>x</match>", level=6, overwrite="YES")
    )
    assert rules.rules_by_id[101].level == 6


def test_membership_in_group_lists_is_that_of_the_first_definition():
    before = (
        rule(101, "<match>a</match><group>door,</group>")
        + rule(102, "<match>b</match><group>window,</group>")
        + rule(103, "<if_matched_group>door</if_matched_group><if_sid>1</if_sid>", level=9, frequency=3)
    )
    after = rule(101, "<match>a</match>", overwrite="yes") + rule(
        102, "<match>b</match><group>door,</group>", overwrite="yes"
    )
    rules = overwritten(before, after)
    assert ids(rules, [event("a"), event("a"), event("a")]) == [101, 101, 103]
    assert ids(rules, [event("b"), event("b"), event("b")]) == [102, 102, 102]


def test_the_top_can_come_in_any_file():
    _, problems = load(grouped(rule(101)), top=False)
    assert [problem.code.id for problem in problems] == ["R016"]
    _, problems = load("", top=False, files=[("a.xml", TOP), ("b.xml", grouped(rule(101)))])
    assert not problems
