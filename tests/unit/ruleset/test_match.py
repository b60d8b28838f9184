"""The walk through the tree, and what follows from its result."""

from __future__ import annotations

from typing import Any

import pytest

from alertmill.ruleset import Trace, match
from unit.ruleset.helpers import NOON, event, first_id, grouped, ids, load, rule, ruleset, run

ENGINES = ["plain", "fast"]
engines = pytest.mark.parametrize("engine", ENGINES)


@engines
def test_the_deepest_rule_of_the_first_sibling_that_holds_wins(engine):
    rules = ruleset(
        rule(101, "<match>a</match>", level=9)
        + rule(102, "<match>a|b</match>", level=12)
        + rule(103, "<if_sid>102</if_sid><match>c</match>", level=3)
        + rule(104, "<if_sid>103</if_sid><match>d</match>", level=3),
        engine=engine,
    )
    assert ids(rules, map(event, ["a", "ac", "acd", "ad", "x"])) == [102, 103, 104, 102, None]


@engines
def test_a_level_0_child_silences_its_louder_siblings(engine):
    rules = ruleset(
        rule(101) + rule(102, "<if_sid>101</if_sid>", level=15)
        + rule(103, "<if_sid>101</if_sid><match>^known</match>", level=0),
        engine=engine,
    )  # fmt: skip
    quiet, loud = run(rules, map(event, ["known", "unknown"]))
    assert (quiet.level_zero, quiet.alert, quiet.stored) == (True, False, False)
    assert (loud.level_zero, loud.alert, loud.stored) == (False, True, True)


@engines
def test_a_noalert_rule_is_transparent(engine):
    rules = ruleset(
        rule(101, "<match>a</match>", level=9, noalert=1)
        + rule(102, "<if_sid>101</if_sid><match>b</match>", level=7, noalert=1)
        + rule(103, "<if_sid>102</if_sid><match>c</match>")
        + rule(104, level=3),
        engine=engine,
    )
    assert ids(rules, map(event, ["abc", "ab", "a", "x"])) == [103, 104, 104, 104]


@engines
def test_categories_part_the_tree(engine):
    rules = ruleset(rule(101, "<category>web-log</category>") + rule(102), engine=engine)
    assert first_id(rules, event(decoder="web-accesslog", type="web-log")) == 101
    assert first_id(rules, event(decoder="web-accesslog", type="squid")) is None
    one = event(decoder="json", type="web-log")
    one.category_override = "syslog"
    assert first_id(rules, one) == 102


@engines
def test_several_rules_at_the_top_are_tried_in_order(engine):
    top = """<group name="top,">
      <rule id="2" level="0"><category>syslog</category><match>b</match><description>second</description></rule>
      <rule id="1" level="3"><category>syslog</category><match>a</match><description>first</description></rule>
      <rule id="3" level="9"><category>syslog</category><match>a</match><description>third</description></rule>
    </group>"""
    rules, _ = load(top, top=False, engine=engine)
    assert ids(rules, map(event, ["a", "ab", "c"])) == [3, 2, None]


def test_firedtimes_count_every_match():
    rules = ruleset(rule(101, level=0) + rule(102, "<if_sid>101</if_sid><match>x</match>"))
    results = run(rules, map(event, ["x", "y", "x", "y"]))
    assert [(result.match.rule.id, result.match.firedtimes) for result in results if result.match] == [
        (102, 1),
        (101, 1),
        (102, 2),
        (101, 2),
    ]


def test_only_rules_with_the_log_flag_alert_and_all_above_level_0_are_stored():
    rules = ruleset(rule(101, "<options>no_log</options>", level=9) + rule(102, level=2), log_alert_level=3)
    [result] = run(rules, [event()])
    assert (result.alert, result.stored) == (False, True)


def test_a_session_reports_by_level_alone():
    rules = ruleset(
        rule(101, "<match>a</match><options>no_log</options>", level=9)
        + rule(102, "<match>b</match><options>log_alert</options>", level=2),
        log_alert_level=3,
    )
    results = run(rules, map(event, ["a", "b"]), rules.new_state(session=True))
    assert [result.alert for result in results] == [True, False]


def test_a_forced_rule_fires_without_being_asked():
    rules = ruleset(rule(101, "<match>never</match>"))
    for forced, expected in ((101, 101), (999, None)):
        one = event()
        one.forced_rule = forced
        assert first_id(rules, one) == expected


def test_a_state_of_another_ruleset_is_refused():
    with pytest.raises(ValueError, match="another ruleset"):
        match(ruleset(rule(101)), event(), ruleset(rule(101)).new_state())


# --- ignore -------------------------------------------------------------------------------------------------------

IGNORE = rule(101, level=4) + rule(102, "<if_sid>101</if_sid><match>x</match>", level=7, ignore=10)


def silenced(rules: Any, times: list[float], *, session: bool = False, own: bool = False) -> list[tuple[Any, ...]]:
    """Rule, firedtimes and alert flag of an event at each of these seconds."""
    state, found = rules.new_state(session=session), []
    for second in times:
        one = event("x", time=NOON, own_time=NOON + second) if own else event("x", time=NOON + second)
        result = match(rules, one, state)
        assert result.match is not None
        found.append((result.match.rule.id, result.match.firedtimes, result.alert, result.stored))
    return found


def test_while_a_timer_runs_the_parent_alerts_with_the_count_of_the_child():
    assert silenced(ruleset(IGNORE), [0, 1, 9.9, 10, 11]) == [
        (102, 1, True, True),
        (101, 2, True, True),
        (101, 3, True, True),
        (102, 4, True, True),
        (101, 5, True, True),
    ]


def test_in_a_session_the_child_is_shown_and_a_timer_that_ran_out_only_stops():
    assert silenced(ruleset(IGNORE), [0, 1, 10, 11, 12], session=True) == [
        (102, 1, True, True),
        (102, 2, False, False),
        (102, 3, True, True),
        (102, 4, True, True),
        (102, 5, False, False),
    ]


def test_events_with_their_own_time_are_silenced_on_both_sides_of_it():
    assert [alert for _, _, alert, _ in silenced(ruleset(IGNORE), [0, -9, -10, -11], own=True)] == [True] * 4
    assert [id for id, _, _, _ in silenced(ruleset(IGNORE), [0, -9, -10, -11], own=True)] == [102, 101, 102, 101]


def test_a_parent_of_level_0_takes_the_alert_with_it():
    rules = ruleset(rule(101, level=0) + rule(102, "<if_sid>101</if_sid>", level=7, ignore=10))
    assert silenced(rules, [0, 1]) == [(102, 1, True, True), (101, 2, False, False)]


def test_without_a_parent_there_is_nothing():
    top = '<rule id="1" level="5" ignore="10"><category>syslog</category><description>x</description></rule>'
    rules, _ = load(grouped(top), top=False)
    first, second = run(rules, [event(), event()])
    assert (first.alert, second.alert, second.stored) == (True, False, False)
    assert second.match is not None
    assert second.match.ignored


def test_collected_lines_stay_with_the_silenced_rule():
    rules = ruleset(
        rule(101) + rule(102, "<if_matched_sid>101</if_matched_sid>", level=7, frequency=3, timeframe=60, ignore=60)
    )
    results = run(rules, [event(f"log {number}") for number in range(6)])
    lines = [result.match.previous_output for result in results if result.match]
    assert lines == [(), (), ("log 1", "log 0"), (), (), ()]


# --- trace --------------------------------------------------------------------------------------------------------


def failed(step):
    return step.failed.text if step.failed else ""


def test_a_trace_tells_what_was_tried_in_logtests_words():
    rules = ruleset(
        rule(101, "<match>never</match>", level=9)
        + rule(102, "<match>b</match>")
        + rule(103, "<if_sid>102</if_sid><id>^7</id>", level=3)
    )
    trace = Trace()
    match(rules, event("ab"), rules.new_state(), trace=trace)
    assert trace.lines == [
        "Trying rule: 1 - top",
        "*Rule 1 matched",
        "*Trying child rules",
        "Trying rule: 101 - rule 101",
        "Trying rule: 102 - rule 102",
        "*Rule 102 matched",
        "*Trying child rules",
        "Trying rule: 103 - rule 103",
    ]
    assert [(step.depth, step.rule_id, step.matched, failed(step)) for step in trace.steps] == [
        (0, 1, True, ""),
        (1, 101, False, "<match> matches osmatch 'never'"),
        (1, 102, True, ""),
        (2, 103, False, "<id> matches osmatch '^7'"),
    ]
    assert [step.path for step in trace.steps] == [(1,), (1, 101), (1, 102), (1, 102, 103)]
    (finding,) = trace.steps[2].findings
    assert (finding.text, finding.held, finding.value) == ("<match> matches osmatch 'b'", True, None)
    assert trace.deepest() == (1, 102)


def test_a_trace_may_be_of_the_lines_alone():
    rules = ruleset(rule(101, "<match>a</match>"))
    trace = Trace(detailed=False)
    match(rules, event("ab"), rules.new_state(), trace=trace)
    assert trace.lines[-1] == "*Rule 101 matched"
    assert (trace.steps, trace.deepest()) == ([], ())


def test_a_trace_names_conditions_with_a_memory_and_silenced_rules():
    rules = ruleset(
        rule(101) + rule(102, "<if_matched_sid>101</if_matched_sid>", level=7, frequency=3, timeframe=60, ignore=9)
    )
    state = rules.new_state()
    traces = [Trace() for _ in range(6)]
    for trace in traces:
        match(rules, event(), state, trace=trace)
    condition = "<if_matched_sid> 101: 2 earlier events within 60 s"
    assert failed(traces[0].steps[-1]) == condition
    assert [(finding.text, finding.held) for finding in traces[2].steps[-1].findings] == [(condition, True)]
    assert traces[5].notes == ["rule 102 is silenced by its ignore time of 9 s"]


def test_a_trace_changes_no_verdict():
    rules = ruleset(IGNORE)
    plain, told = rules.new_state(), rules.new_state()
    for number in range(4):
        without = match(rules, event("x" * (number % 2)), plain)
        assert match(rules, event("x" * (number % 2)), told, trace=Trace()) == without
    assert [*plain.snapshot()] == [*told.snapshot()]


def test_a_trace_tells_of_memories_of_other_kinds():
    rules = ruleset(
        rule(101, level=3)
        + rule(102, "<if_sid>101</if_sid><check_diff/><if_fts/><list field='app'>apps</list>", level=7)
        + rule(103, "<if_sid>101</if_sid><match>x</match><ignore>id</ignore><check_if_ignored>id</check_if_ignored>"),
        lists={"apps": "web:1\n"},
        suppress_ignored=True,
    )
    state, traces = rules.new_state(), [Trace(), Trace()]
    for trace in traces:
        match(rules, event("x", static={"id": "7"}), state, trace=trace)
    assert [(finding.text, finding.held) for finding in traces[0].steps[-2].findings] == [
        ("<check_diff>: the log differs from the former one", False),
        ("<if_fts>: seen for the first time", False),
        ("<list> match_key of app in apps", False),
    ]
    assert traces[1].notes == ["rule 103 finds its values among the ignored ones"]
