"""Why an event did not come to a rule: each kind of obstacle in its own sentence, and all of them on the way."""

from __future__ import annotations

import pytest

from alertmill.explain import Standing
from unit.explain.helpers import NOON, explainer, mill, record, rule

#: Ids 100 to 109 hang on each other; every line of the file is one rule, from line 2 on.
RULES = (
    rule(100, "<decoded_as>mill</decoded_as>", level=3)
    + rule(101, "<if_sid>100</if_sid><match>grinding</match>", level=5)
    + rule(102, "<if_sid>100</if_sid><match>grinding wheat</match>", level=4)
    + rule(103, "<if_sid>101</if_sid><user>^bob</user>", level=6)
    + rule(104, '<if_sid>103</if_sid><field name="grian">wheat</field>', level=7)
    + rule(105, "<if_sid>100</if_sid><match>silent</match>", level=0)
    + rule(106, "<if_sid>100</if_sid><match>silent night</match>", level=9)
    + rule(107, "<if_sid>100</if_sid><match>once</match>", level=8, ignore=60)
    + rule(108, "<category>web-log</category><match>GET</match>")
    + rule(109, "<if_sid>100</if_sid><match>open</match>", level=2, noalert=1)
)


def told(id: int, text: str, rules: str = RULES) -> str:
    return explainer(rules).explain(mill(text), why_not=id).answer


@pytest.mark.parametrize(
    ("id", "text", "answer"),
    [
        (
            101,
            "sleeping",
            (
                "rule 101 did not fire: it did not hold: <match> matches osmatch 'grinding': the log does not match: "
                'found "sleeping"'
            ),
        ),
        (
            102,
            "grinding wheat for ann",
            (
                "rule 102 did not fire: it was never tried: its sibling 101 held first (its level 5 is tried before "
                "level 4)"
            ),
        ),
        (
            106,
            "silent night",
            (
                "rule 106 did not fire: it was never tried: its sibling 105 held first (level 0 is tried before "
                "all other levels)"
            ),
        ),
        (
            103,
            "grinding wheat for ann",
            "rule 103 did not fire: it did not hold: <user> matches osmatch '^bob': found \"ann\"",
        ),
        (
            104,
            "grinding wheat for ann",
            "rule 104 did not fire: its parent 103 did not hold: <user> matches osmatch '^bob': found \"ann\"",
        ),
        (
            104,
            "grinding wheat for bob",
            (
                "rule 104 did not fire: it did not hold: <field name=\"grian\"> matches osregex 'wheat': the event "
                "has no field grian (did you mean grain?)"
            ),
        ),
        (
            101,
            "grinding wheat for bob",
            "rule 101 did not fire: it held, but its child 103 held as well, and the deepest rule is the event's",
        ),
        (
            108,
            "GET",
            "rule 108 did not fire: its parent 4 takes events of the category web-log, and this one is of syslog",
        ),
        (
            109,
            "open",
            "rule 109 did not fire: it held, but it has noalert: only its children can be an event's rule",
        ),
        (103, "grinding rye for bob", "rule 103 did fire: rule 103 (level 6) 'rule 103': an alert is written"),
        (
            77,
            "x",
            "rule 77 does not exist: none of the 12 loaded rules has this id; near are 100, 101, 102",
        ),
    ],
    ids=lambda value: value if isinstance(value, int) else "",
)
def test_the_first_obstacle_is_the_answer(id: int, text: str, answer: str) -> None:
    assert told(id, text) == answer


def test_every_rule_on_the_way_is_judged_also_those_never_tried() -> None:
    why = explainer(RULES).explain(mill("sleeping"), why_not=104).why_not
    assert why is not None
    assert [(step.rule.id, step.standing) for step in why.way] == [
        (1, Standing.HELD),
        (100, Standing.HELD),
        (101, Standing.FAILED),
        (103, Standing.NOT_TRIED),
        (104, Standing.NOT_TRIED),
    ]
    first, second, third = why.obstacles
    assert first.startswith("its ancestor 101 did not hold: <match>")
    assert second.startswith("its parent 103 would not have held: <user> matches osmatch '^bob': the event has no")
    assert third.startswith('it would not have held: <field name="grian">')


def test_what_would_have_failed_anyway_is_told_of_a_rule_behind_its_sibling() -> None:
    rules = rule(101, "<match>a</match>", level=6) + rule(102, "<match>b</match>", level=5)
    assert told(102, "a", rules).endswith(
        "it was never tried: its sibling 101 held first (its level 6 is tried before level 5); nor would it have held: "
        "<match> matches osmatch 'b': the log does not match: found \"a\""
    )


def test_siblings_of_one_level_are_tried_as_they_were_loaded() -> None:
    rules = rule(101, "<match>a</match>") + rule(102, "<match>a</match>")
    assert told(102, "a", rules).endswith("its sibling 101 held first (it was loaded earlier)")


def test_an_ignore_time_is_an_obstacle() -> None:
    session = explainer(RULES)
    assert session.explain(mill("once"), why_not=107).why_not.fired  # type: ignore[union-attr]
    assert session.explain(mill("once", NOON + 9), why_not=107).answer == (
        "rule 107 did not fire: it held, but its ignore time of 60 s runs, so the event went on as one of its parent "
        "100"
    )


def test_a_rule_that_was_left_out_is_explained_by_what_loading_said() -> None:
    rules = rule(101, "<if_sid>9999</if_sid>")
    why = explainer(rules).explain(mill("x"), why_not=101).why_not
    assert why is not None
    assert why.answer == (
        "rule 101 did not fire: it stands in rules.xml:2, but it is not loaded: "
        "rules.xml:2: rule 101 hangs on rule 9999, which is not loaded"
    )
    assert why.notes[1] == "rules.xml:2: rule 101 is skipped: none of the rules that it hangs on is loaded"


def test_an_overwritten_rule_says_so() -> None:
    rules = rule(101, "<match>a</match>") + rule(101, "<match>b</match>", level=0, overwrite="yes")
    why = explainer(rules).explain(mill("a"), why_not=101).why_not
    assert why is not None
    assert why.notes == ("rules.xml:3 overwrites rules.xml:2; the rule's place in the tree is that of the latter",)
    assert why.obstacles[0].startswith("it did not hold: <match> matches osmatch 'b'")


def test_of_several_places_the_nearest_is_told() -> None:
    rules = (
        rule(101, "<match>a</match>", level=6)
        + rule(102, "<match>b</match>", level=5)
        + rule(103, "<if_sid>101, 102</if_sid><match>c</match>", level=7)
    )
    why = explainer(rules).explain(mill("b"), why_not=103).why_not
    assert why is not None
    assert (why.places, [step.rule.id for step in why.way]) == (2, [1, 102, 103])


def test_an_event_that_held_at_another_place_is_told() -> None:
    rules = (
        rule(101, "<match>a</match>", level=6, noalert=1)
        + rule(102, "<match>a</match>", level=5)
        + rule(103, "<if_sid>101</if_sid><match>x</match>", level=7)
        + rule(104, "<if_sid>101</if_sid><match>a</match>", level=7, noalert=1)
    )
    assert told(104, "a", rules).endswith("it has noalert: only its children can be an event's rule")
    assert told(101, "a", rules).endswith("it has noalert: only its children can be an event's rule")


@pytest.mark.parametrize(
    ("message", "location", "answer"),
    [
        (
            "x",
            "[001",
            (
                "rule 101 did not fire: the event is rejected before any rule is asked: "
                "the location begins with '[' but no ']' ends the agent's id."
            ),
        ),
        (
            "GET /",
            "x",
            "rule 101 did not fire: its ancestor 1 takes events of the category syslog, and this one is of web-log",
        ),
    ],
)
def test_an_event_that_never_came_near(message: str, location: str, answer: str) -> None:
    assert explainer(RULES).explain(record(message, location=location), why_not=101).answer == answer


def test_an_event_that_names_its_rule() -> None:
    forwarded = "ossec: Alert Level: 5; Rule: 101 - x; Location: web->/var/log/x; a log"
    assert explainer(RULES).explain(record(forwarded), why_not=102).answer == (
        "rule 102 did not fire: the event names its rule itself, 101, and no other is asked"
    )
