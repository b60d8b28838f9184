"""Composites: what they count, when they fire, and what stops them; and how a State is saved."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
import pytest

from alertmill.event import Event
from alertmill.ruleset import Ruleset, State, match
from unit.ruleset.helpers import NOON, event, grouped, ids, load, rule, ruleset, run

engines = pytest.mark.parametrize("engine", ["plain", "fast"])

BASE = 101
FIRED = 102


def counting(
    body: str = "", *, frequency: int | None = 3, timeframe: int = 60, level: int = 7, **options: Any
) -> Ruleset:
    """A rule for everything and a composite that counts it."""
    numbers: dict[str, object] = {"timeframe": timeframe}
    if frequency is not None:
        numbers["frequency"] = frequency
    text = rule(BASE, level=3) + rule(FIRED, f"<if_matched_sid>{BASE}</if_matched_sid>{body}", level=level, **numbers)
    return ruleset(text, **options)


def fired(rules: Ruleset, events: Iterable[Event], state: State | None = None) -> str:
    """A letter per event: F where the composite fired."""
    return "".join("F" if id == FIRED else "." for id in ids(rules, events, state))


def at(*seconds: int, **made: Any) -> list[Event]:
    return [event(f"log {second}", time=NOON + second, **made) for second in seconds]


# --- frequency and timeframe --------------------------------------------------------------------------------------


@engines
@pytest.mark.parametrize(
    ("frequency", "expected"),
    [(None, ".FFFFFF"), (2, ".FFFFFF"), (3, "..F..F."), (4, "...F..."), (7, "......F")],
)
def test_a_composite_fires_on_the_nth_event_and_then_needs_as_many_again(engine, frequency, expected):
    assert fired(counting(frequency=frequency, engine=engine), at(*range(7))) == expected


@engines
def test_the_timeframe_is_in_whole_seconds_and_its_end_is_inside(engine):
    rules = counting(timeframe=10, engine=engine)
    assert fired(rules, at(0, 5, 10)) == "..F"
    assert fired(rules, at(0, 5, 11)) == "..."
    early, late = event(time=NOON + 0.9), event(time=NOON + 10.1)
    assert fired(rules, [early, early, late]) == "..F"


@engines
def test_a_timeframe_of_0_means_the_same_second(engine):
    rules = counting(timeframe=0, engine=engine)
    assert fired(rules, at(0, 0, 0)) == "..F"
    assert fired(rules, at(0, 0, 1, 1, 1)) == "....F"


@engines
def test_agents_are_counted_apart_unless_the_rule_counts_everywhere(engine):
    mixed = [event(agent=agent) for agent in ("001", "002", "001", "002", "001", "002")]
    assert fired(counting(engine=engine), mixed) == "....FF"
    assert fired(counting("<global_frequency/>", engine=engine), mixed) == "..F..F"


@engines
def test_a_composite_of_a_composite_needs_a_higher_level(engine):
    text = rule(101, level=3) + rule(102, "<if_matched_sid>101</if_matched_sid>", level=6, frequency=3)
    for level, last in ((7, 103), (6, 102)):
        rules = ruleset(
            text + rule(103, "<if_matched_sid>102</if_matched_sid>", level=level, frequency=3), engine=engine
        )
        assert ids(rules, at(*range(9)))[8] == last


@engines
def test_a_mark_stops_other_composites_of_the_same_or_a_lower_level(engine):
    text = rule(101, "<match>a|b</match>", level=3)
    text += rule(102, "<if_matched_sid>101</if_matched_sid><match>a</match>", level=8, frequency=3)
    for level, expected in ((8, [101, 101, 102, 101, 101, 103]), (9, [101, 101, 102, 103, 101, 101])):
        second = rule(103, "<if_matched_sid>101</if_matched_sid><match>b</match>", level=level, frequency=3)
        rules = ruleset(text + second, engine=engine)
        assert ids(rules, [event(log) for log in "aaabbb"]) == expected, level


def test_level_0_events_are_never_counted():
    rules = ruleset(rule(101, level=0) + rule(102, "<if_matched_sid>101</if_matched_sid>", level=7))
    assert ids(rules, at(*range(5))) == [101] * 5


def test_only_events_whose_final_rule_is_counted_count():
    rules = ruleset(
        rule(101, level=3)
        + rule(102, "<if_sid>101</if_sid><match>child</match>", level=4)
        + rule(103, "<if_matched_sid>101</if_matched_sid>", level=7, frequency=3)
    )
    assert ids(rules, map(event, ["a", "child", "child", "b"])) == [101, 102, 102, 101]
    assert ids(rules, map(event, ["a", "child", "b", "c"])) == [101, 102, 101, 103]


def test_a_composite_may_hang_elsewhere_than_what_it_counts():
    rules = ruleset(
        rule(101, "<match>lock</match>", level=3)
        + rule(102, "<match>open</match>", level=3)
        + rule(103, "<if_sid>102</if_sid><if_matched_sid>101</if_matched_sid>", level=9)
    )
    assert ids(rules, map(event, ["open", "lock", "open", "open"])) == [102, 101, 103, 103]


def test_an_unknown_rule_is_never_counted():
    rules, problems = load(grouped(rule(101) + rule(102, "<if_sid>101</if_sid><if_matched_sid>199</if_matched_sid>")))
    assert not problems
    assert ids(rules, at(*range(4))) == [101] * 4


def test_a_composite_loaded_before_what_it_counts_never_fires():
    rules, _ = load(grouped(rule(102, "<if_sid>1</if_sid><if_matched_sid>101</if_matched_sid>", level=3) + rule(101)))
    assert ids(rules, at(*range(4))) == [101] * 4


# --- groups -------------------------------------------------------------------------------------------------------

DOORS = (
    rule(101, "<match>door</match><group>way,</group>", level=3)
    + rule(102, "<match>window</match><group>way,</group>", level=3)
    + rule(103, "<match>wall</match>", level=3)
)
WAYS = rule(104, "<if_matched_group>way</if_matched_group>", level=9, frequency=3)


@engines
def test_a_group_is_counted_over_its_rules(engine):
    rules = ruleset(DOORS + WAYS, engine=engine)
    assert ids(rules, map(event, ["door", "wall", "window", "door"])) == [101, 103, 102, 104]


def test_rules_loaded_after_the_composite_are_not_counted():
    late = rule(105, "<match>gate</match><group>way,</group>", level=3)
    rules = ruleset(DOORS + WAYS + late)
    assert ids(rules, map(event, ["gate", "gate", "gate", "door", "door", "door"])) == [105, 105, 105, 101, 101, 104]


def test_a_rule_that_is_counted_by_id_does_not_count_for_its_group():
    by_id = rule(105, "<if_matched_sid>101</if_matched_sid>", level=8, frequency=9)
    rules = ruleset(DOORS + by_id + WAYS)
    assert ids(rules, map(event, ["door"] * 4)) == [101] * 4
    assert ids(rules, map(event, ["window"] * 3)) == [102, 102, 104]


@engines
def test_a_rule_with_two_parents_counts_twice_for_its_group(engine):
    text = rule(101, "<match>a</match>", level=3) + rule(102, "<match>b</match>", level=3)
    text += rule(103, "<if_sid>101, 102</if_sid><group>twice,</group>", level=4)
    rules = ruleset(text + rule(104, "<if_matched_group>twice</if_matched_group>", level=9, frequency=3), engine=engine)
    results = run(rules, [event("a 1"), event("a 2")])
    assert [result.match.rule.id for result in results if result.match] == [103, 104]
    assert results[1].match is not None
    assert results[1].match.previous_output == ("a 1", "a 1")


# --- all events ---------------------------------------------------------------------------------------------------


@engines
def test_events_of_any_rule_are_counted_by_their_text(engine):
    rules = ruleset(
        rule(101, "<match>bus</match>", level=3)
        + rule(102, level=2)
        + rule(103, "<if_sid>101</if_sid><if_matched_regex>late \\d</if_matched_regex>", level=8, frequency=3),
        engine=engine,
    )
    logs = ["bus", "tram late 5", "tram", "train late 7", "bus", "bus late 9", "bus"]
    results = run(rules, map(event, logs))
    assert [result.match.rule.id for result in results if result.match] == [101, 102, 102, 102, 103, 101, 101]
    # Only the counted ones are shown, not the last that was needed.
    assert results[4].match is not None
    assert results[4].match.previous_output == ("train late 7",)


@engines
def test_events_of_another_category_are_passed_over(engine):
    rules = ruleset(
        rule(101, level=3)
        + rule(102, "<category>web-log</category>", level=3)
        + rule(103, "<if_sid>101</if_sid><if_matched_regex>x</if_matched_regex>", level=8, frequency=3),
        engine=engine,
    )
    web = {"decoder": "web-accesslog", "type": "web-log"}
    assert ids(rules, [event("x"), event("x", **web), event("x", **web), event("x")]) == [101, 102, 102, 101]
    assert ids(rules, [event("x"), event("x", agent="7"), event("x"), event("x")]) == [101, 101, 101, 103]


# --- same and different -------------------------------------------------------------------------------------------


@engines
@pytest.mark.parametrize(
    ("body", "first", "second", "current", "expected"),
    [
        ("<same_id/>", {"id": "7"}, {"id": "7"}, {"id": "7"}, True),
        ("<same_id/>", {"id": "7"}, {"id": "8"}, {"id": "7"}, False),
        ("<same_id/>", {"id": "a"}, {"id": "a"}, {"id": "A"}, False),
        ("<same_id/>", {}, {}, {}, False),
        ("<same_id/>", {"id": ""}, {"id": ""}, {"id": ""}, True),
        ("<same_source_ip/><same_user/>", *[{"srcip": "1", "dstuser": "u"}] * 3, True),
        ("<same_user/>", *[{"srcuser": "u"}] * 3, False),
        ("<same_srcuser/>", *[{"srcuser": "u"}] * 3, True),
        ("<different_url/>", {"url": "/a"}, {"url": "/b"}, {"url": "/c"}, True),
        ("<different_url/>", {"url": "/a"}, {"url": "/a"}, {"url": "/c"}, True),
        ("<different_url/>", {"url": "/a"}, {"url": "/c"}, {"url": "/c"}, False),
        ("<different_url/>", {}, {}, {}, True),
        ("<different_url/>", {"url": "/a"}, {}, {"url": "/c"}, True),
        ("<same_id/><different_url/>", *[{"id": "7", "url": u} for u in "abc"], True),
        ("<same_srcgeoip/>", {}, {}, {}, False),
        ("<different_srcgeoip/>", {}, {}, {}, True),
    ],
)
def test_static_fields(engine, body, first, second, current, expected):
    events = [event(static=static) for static in (first, second, current)]
    assert (fired(counting(body, engine=engine), events) == "..F") is expected


@engines
@pytest.mark.parametrize(
    ("body", "first", "second", "current", "expected"),
    [
        ("<same_field>App</same_field>", {"app": "x"}, {"APP": "x"}, {"app": "x"}, True),
        ("<same_field>app</same_field>", {"app": "x"}, {"app": "X"}, {"app": "x"}, False),
        ("<same_field>app</same_field>", {"app": "x"}, {"other": "x"}, {"app": "x"}, False),
        ("<same_field>app</same_field>", {}, {}, {}, False),
        ("<same_field>srcip</same_field>", {}, {}, {}, False),
        ("<different_field>app</different_field>", {"app": "x"}, {"app": "y"}, {"app": "z"}, True),
        ("<different_field>app</different_field>", {"app": "x"}, {"app": "z"}, {"app": "z"}, False),
        ("<not_same_field>app</not_same_field>", {"app": "x"}, {"app": "z"}, {"app": "z"}, False),
        ("<different_field>app</different_field>", {}, {}, {"app": "z"}, True),
        ("<different_field>app</different_field>", {"a": "1"}, {"a": "1"}, {"a": "1"}, True),
        ("<different_field>app</different_field>", {}, {}, {}, False),
    ],
)
def test_dynamic_fields(engine, body, first, second, current, expected):
    events = [event(fields=fields, static={"srcip": "1"}) for fields in (first, second, current)]
    assert (fired(counting(body, engine=engine), events) == "..F") is expected


@engines
def test_places(engine):
    rules = counting("<same_location/>", engine=engine)
    assert fired(rules, [event(location=place) for place in ("/a", "/b", "/a", "/b", "/a")]) == "....F"
    rules = counting("<different_location/>", engine=engine)
    assert fired(rules, [event(location=place) for place in ("/a", "/b", "/a", "/a", "/c")]) == "....F"


# --- lines --------------------------------------------------------------------------------------------------------


def lines(rules: Ruleset, events: list[Event]) -> tuple[str, ...]:
    """The collected lines of the last event."""
    result = run(rules, events)[-1]
    assert result.match is not None
    return result.match.previous_output


@engines
def test_counted_logs_are_collected_newest_first_and_eleven_at_most(engine):
    assert lines(counting(frequency=2, engine=engine), at(0, 1)) == ("log 0",)
    assert lines(counting(frequency=4, engine=engine), at(0, 1, 2, 3)) == ("log 2", "log 1", "log 0")
    many = lines(counting(frequency=20, engine=engine), at(*range(20)))
    assert many == tuple(f"log {number}" for number in range(18, 7, -1))


@engines
def test_a_plain_child_of_a_composite_shows_its_lines(engine):
    text = rule(101, level=3) + rule(102, "<if_matched_sid>101</if_matched_sid>", level=6, frequency=3)
    rules = ruleset(text + rule(103, "<if_sid>102</if_sid><match>hot</match>", level=8), engine=engine)
    results = run(rules, map(event, ["a", "b", "hot"]))
    assert results[2].match is not None
    assert (results[2].match.rule.id, results[2].match.previous_output) == (103, ("b", "a"))


@engines
def test_a_composite_child_that_fails_wipes_the_lines_and_one_that_holds_keeps_them(engine):
    text = rule(101, level=3) + rule(102, "<if_matched_sid>101</if_matched_sid>", level=6, frequency=3)
    rules = ruleset(text + rule(103, "<if_matched_sid>102</if_matched_sid>", level=9, frequency=3), engine=engine)
    results = run(rules, at(*range(9)))
    found = [(result.match.rule.id, result.match.previous_output) for result in results if result.match]
    assert found[2] == (102, ())
    assert found[8] == (103, ("log 7", "log 6"))


# --- events with their own time -----------------------------------------------------------------------------------


def happened(*seconds: int, **made: Any) -> list[Event]:
    """Events that arrive at once, in this order, and happened at these seconds."""
    return [event(f"log {second}", own_time=NOON + second, **made) for second in seconds]


@engines
@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ((0, 1, 2), "..F"),
        ((2, 1, 0), "..F"),
        ((0, 500, 1), "..."),
        ((0, 500, 1, 2), "...F"),  # the walk passes over what lies outside
        ((0, 500, -1, 501, 502), "....F"),
        ((0, 500, -1, 501, 2), "....F"),
        ((0, 60, 30), "..F"),
        ((0, 61, 30), "..F"),
        ((0, 61, 122), "..."),
        ((100, 40, 31, 99), "...F"),
    ],
)
def test_disordered_events_count_as_they_happened(engine, seconds, expected):
    assert fired(counting(engine=engine), happened(*seconds)) == expected


@engines
def test_where_some_events_know_their_time_the_others_pass_over_old_ones_too(engine):
    rules = counting(engine=engine)
    mixed = [*at(0), *happened(-5000), *at(1)]
    assert fired(rules, mixed) == "..."
    assert fired(rules, [*at(0), *happened(-5000), *at(1, 2)]) == "...F"


# --- the size of the history --------------------------------------------------------------------------------------


@engines
def test_old_events_leave_a_full_history(engine):
    text = rule(101, level=3) + rule(102, "<if_matched_sid>101</if_matched_sid>", level=7, frequency=3)
    rules = ruleset(text + rule(103, "<match>other</match>", level=4), engine=engine, memory_size=1)  # raised to 2048
    for others, expected in ((2046, 102), (2047, 101)):
        state = rules.new_state()
        events = [event("a"), event("b"), *(event("other") for _ in range(others)), event("c")]
        assert ids(rules, events, state)[-1] == expected
        assert len(state.history) <= 2048


def test_old_events_leave_together_with_those_that_are_older_than_the_largest_count():
    rules = counting(frequency=22, memory_size=2048)
    state = rules.new_state()
    run(rules, [event(time=NOON + second) for second in range(2048)], state)
    assert len(state.history) == 2048
    run(rules, [event(time=NOON + 2048)], state)
    assert len(state.history) == 21


def test_events_with_their_own_time_leave_by_number_alone():
    rules = counting(frequency=22)
    state = rules.new_state()
    run(rules, [event(own_time=NOON + second) for second in range(8193)], state)
    assert len(state.history) == 8192 + 1 - 10


def test_events_that_nobody_counts_are_kept_as_their_time_alone():
    rules = ruleset(rule(101))
    one = event()
    one.record.spell = None
    state = rules.new_state()
    run(rules, [one], state)
    assert list(state.history.events) == [NOON]


# --- saving -------------------------------------------------------------------------------------------------------


def test_nothing_changed_is_nothing_to_save():
    rules = counting()
    state = rules.new_state()
    assert state.take_changes() is None
    run(rules, at(0), state)
    assert state.take_changes() is not None
    assert state.take_changes() is None


def test_common_events_take_little_room_in_a_journal():
    rules = ruleset(rule(101))
    state = rules.new_state()
    run(rules, [event("x" * 1000, time=NOON + number // 500) for number in range(1000)], state)
    changes = state.take_changes()
    assert changes is not None
    assert orjson.loads(changes.journal)["history"] == [["times", NOON, 500], ["times", NOON + 1, 500]]
    assert len(changes.journal) < 200


def test_facts_alone_need_no_journal():
    rules = ruleset(rule(101, "<check_diff/>"))
    state = rules.new_state()
    run(rules, [event("a")], state)
    state.take_changes()
    run(rules, [event("b" * 70000)], state)
    assert state.take_changes() is None
    state.former_logs.replace(101, event("c"))
    changes = state.take_changes()
    assert changes is not None
    assert (changes.journal, changes.facts) == (b"", (("diff", "web1/101", "c"),))


def test_a_count_goes_on_after_a_crash_with_bytes_as_they_were():
    rules = counting("<same_field>app</same_field>", frequency=3)
    odd = {"app": "j\xc3\xb6rg \xff", "Deep.Name": "x"}
    state = rules.new_state()
    run(rules, [event("log \xff 1", fields=odd), event("log 2", fields=odd)], state)
    changes = state.take_changes()
    assert changes is not None
    restored = State.restore(rules, [b"", changes.journal], changes.facts)
    result = match(rules, event("log 3", fields=odd), restored)
    assert result.match is not None
    assert (result.match.rule.id, result.match.previous_output) == (FIRED, ("log 2", "log \xff 1"))


def test_a_log_that_is_not_the_end_of_the_full_log_is_kept_whole():
    rules = ruleset(
        rule(101, level=3) + rule(102, "<if_sid>101</if_sid><if_matched_regex>^body</if_matched_regex>", level=8)
    )
    one = event()
    one.full_log, one.log = "header: body", "body, changed"
    state = rules.new_state()
    run(rules, [one], state)
    restored = State.restore(rules, [*state.snapshot()], [])
    assert ids(rules, [event()], restored) == [102]


def test_changes_in_a_snapshot_are_not_given_again():
    rules = counting()
    state = rules.new_state()
    run(rules, at(0), state)
    snapshot = [*state.snapshot()]
    run(rules, at(1), state)
    changes = state.take_changes()
    assert changes is not None
    restored = State.restore(rules, [*snapshot, changes.journal], [])
    assert [*restored.snapshot()] == [*state.snapshot()]
    assert fired(rules, at(2), restored) == "F"


def test_another_ruleset_takes_over_counts_and_events_by_rule_id():
    old = counting(frequency=9)
    new = ruleset(
        rule(BASE, level=3)
        + rule(FIRED, f"<if_matched_sid>{BASE}</if_matched_sid>", level=7, frequency=3)
        + rule(103, "<match>else</match>", level=1)
    )
    state = old.new_state()
    run(old, at(0, 1), state)
    for moved in (state, State.restore(new, [*state.snapshot()], [])):
        moved.rebind(new)
        results = run(new, at(2), moved)
        assert [result.match.rule.id for result in results if result.match] == [FIRED]
        assert moved.counters.fired == {BASE: 2, FIRED: 1}


def test_events_stored_without_a_list_cannot_be_counted_later():
    old = ruleset(rule(BASE, level=3))
    state = old.new_state()
    run(old, at(0, 1), state)
    new = counting()
    state.rebind(new)
    assert fired(new, at(2, 3, 4), state) == "..F"


def test_timers_and_accumulated_fields_are_saved():
    rules = ruleset(rule(101, level=4) + rule(102, "<if_sid>101</if_sid>", level=7, ignore=10))
    state = rules.new_state()
    run(rules, at(0), state)
    state.accumulate(event(decoder="sshd", accumulate=True, static={"id": "7", "srcip": "10.0.0.1"}))
    changes = state.take_changes()
    assert changes is not None
    restored = State.restore(rules, [changes.journal], [])
    assert ids(rules, at(5), restored) == [101]
    later = event(decoder="sshd", accumulate=True, static={"id": "7"})
    restored.accumulate(later)
    assert later.static["srcip"] == "10.0.0.1"
