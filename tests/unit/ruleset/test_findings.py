"""What conditions with a memory are said to have found; asking changes nothing."""

from __future__ import annotations

import pytest

from alertmill.event import Event
from alertmill.ruleset import match
from alertmill.ruleset.facts import TOO_LONG
from alertmill.ruleset.findings import Finding, findings_of
from unit.ruleset.helpers import NOON, event, load, rule, ruleset


def found(rules: str, *events: Event, id: int = 102, **options: object) -> Finding:
    """The last finding of a rule about the last event, after the others."""
    loaded = ruleset(rules, **options)
    state = loaded.new_state()
    for one in events[:-1]:
        match(loaded, one, state)
    before = [*state.snapshot()]
    finding = findings_of(loaded.rules_by_id[id], events[-1], state)[-1]
    assert [*state.snapshot()] == before
    held = finding.held
    match(loaded, events[-1], state)
    assert finding.held is held
    return finding


DIFF = rule(101) + rule(102, "<if_sid>101</if_sid><check_diff/>")
FTS = rule(101) + rule(102, "<if_sid>101</if_sid><if_fts/>")


@pytest.mark.parametrize(
    ("logs", "held", "value", "note"),
    [
        (["a"], False, None, "it is the first log that is compared for this host; the next one can differ from it"),
        (["a", "a"], False, "a", "it equals the former log"),
        (["a", "b"], True, "a", "it differs from the former log"),
        (["a", "b" * TOO_LONG], False, "a", "a log of 65536 bytes or more is never compared"),
    ],
)
def test_check_diff(logs: list[str], held: bool, value: str | None, note: str) -> None:
    finding = found(DIFF, *map(event, logs))
    assert (finding.held, finding.value, finding.note) == (held, value, note)


def test_if_fts() -> None:
    known = event(decoder="sshd", fts={"id"}, static={"id": "7"})
    assert (found(FTS, known).held, found(FTS, known).note) == (True, "it is seen for the first time")
    again = found(FTS, known, known)
    assert (again.held, again.value, again.note) == (False, "sshd 7       ", "it was seen before")
    assert found(FTS, event(decoder="sshd")).note.startswith("the event's decoder has no <fts>")


def counting(body: str = "", **attributes: object) -> str:
    values = {"frequency": 3, "timeframe": 60, **attributes}
    return rule(101) + rule(102, f"<if_matched_sid>101</if_matched_sid>{body}", level=7, **values)


@pytest.mark.parametrize(
    ("body", "past", "now", "reason"),
    [
        ("<same_id/>", {"static": {"id": "1"}}, {"static": {"id": "2"}}, "it has another id"),
        ("<same_id/>", {}, {}, "this event has no id"),
        ("<same_field>app</same_field>", {"fields": {"app": "a"}}, {"fields": {"app": "b"}}, "it has another app"),
        ("<same_field>app</same_field>", {}, {}, "this event has no field app"),
        ("<different_id/>", {"static": {"id": "1"}}, {"static": {"id": "1"}}, "it has the same id"),
        (
            "<different_field>app</different_field>",
            {"fields": {"app": "a"}},
            {"fields": {"app": "a"}},
            "it has the same app",
        ),
        ("<different_field>app</different_field>", {}, {}, "neither event has fields that could differ"),
        ("", {"agent": "001"}, {}, "it is of agent 001 (no <global_frequency/>)"),
    ],
)
def test_events_that_do_not_count(body: str, past: dict, now: dict, reason: str) -> None:
    counted = found(counting(body), event(**past), event(**now)).counted
    assert counted is not None
    assert (counted.passed_over, counted.missing) == (((reason, 1),), 2)


def test_of_all_events_those_that_match_count() -> None:
    rules = rule(101) + rule(102, "<if_matched_regex>^a</if_matched_regex>", level=7, frequency=3, timeframe=60)
    finding = found(rules, event("a"), event("b"), event("c"))
    assert finding.text == "<if_matched_regex> '^a': 2 earlier events within 60 s"
    assert finding.counted is not None
    assert finding.counted.passed_over == (("its log does not match <if_matched_regex>", 1),)


def test_events_of_another_category_do_not_count() -> None:
    rules = (
        rule(101)
        + rule(103, "<category>web-log</category>")
        + rule(102, "<if_matched_regex>a</if_matched_regex>", level=7, frequency=3, timeframe=60)
    )
    finding = found(rules, event("a", decoder="web-accesslog", type="web-log"), event("a"))
    assert finding.counted is not None
    assert finding.counted.passed_over == (("it is of the category web-log", 1),)


def test_old_events_lie_outside_and_counted_ones_end_the_search() -> None:
    finding = found(counting(), event(time=NOON), event(time=NOON + 50), event(time=NOON + 100))
    assert finding.counted is not None
    assert (len(finding.counted.events), finding.counted.outside, finding.counted.missing) == (1, 1, 1)
    finding = found(counting(), *(event(time=NOON + second) for second in range(4)))
    assert finding.counted is not None
    assert finding.counted.stopped_by is not None
    assert finding.note == (
        "0 of 2 found, it takes 2 more before this event; older ones were counted already, and counting begins anew "
        "behind them"
    )


def test_groups_and_comparisons_are_named() -> None:
    rules = rule(101) + rule(
        102,
        "<if_matched_group>test</if_matched_group><same_id/><different_field>app</different_field>",
        level=7,
        frequency=2,
        timeframe=9,
    )
    assert found(rules, event()).text == (
        "<if_matched_group> test: 1 earlier events within 9 s with the same id and another app"
    )


def test_a_composite_that_has_nothing_to_search() -> None:
    rules, _ = load(
        '<group name="x">' + rule(101) + rule(101, "<if_matched_sid>101</if_matched_sid>", overwrite="yes") + "</group>"
    )
    finding = findings_of(rules.rules_by_id[101], event(), rules.new_state())[-1]
    assert (finding.held, finding.note[:25]) == (False, "it has nothing to search:")
