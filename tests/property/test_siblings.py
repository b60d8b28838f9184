"""However siblings are told apart, those that remain are those whose conditions hold, asked one by one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alertmill.event import Event
from alertmill.patterns import lowered
from alertmill.ruleset.siblings import Node, identity_of
from support import LONG
from unit.ruleset.helpers import EXPRESSIONS, event, few_are_many, rule, ruleset

EXAMPLES = settings(max_examples=2000 if LONG else 100, deadline=None)

PIECES = ("red", "Blue SKY", " wine", " wine", "e", "10.1.2", "caf\xc3\xa9", "Car", "\xc9", "\xe9", "\x00", "x" * 600)
TEXTS = st.lists(st.sampled_from(PIECES), max_size=3).map("".join)


#: What the rules of one family ask about.
VALUES = ('field name="color"', 'field name="COLOR"', "url", "program_name", "action", "match")
LOGS = ("match", "regex")


@st.composite
def questions(draw: st.DrawFn, asked: tuple[str, ...]) -> str:
    """One or two conditions of a rule."""
    body = ""
    for what in draw(st.lists(st.sampled_from(asked), min_size=1, max_size=2, unique=True)):
        dialect, pattern = draw(st.sampled_from(EXPRESSIONS))
        negate = draw(st.sampled_from(("", "", ' negate="yes"')))
        if what == "action":  # without a type, the only one that is a plain string
            body += f"<action{negate}>red wine</action>"
        else:
            body += f'<{what}{negate} type="{dialect}">{pattern}</{what.split()[0]}>'
    return body


@st.composite
def values(draw: st.DrawFn) -> Event:
    """An event that may lack what is asked for."""
    fields, static = (
        ({"color": draw(TEXTS)}, {"url": draw(TEXTS), "action": draw(TEXTS)}) if draw(st.integers(0, 5)) else ({}, {})
    )
    return event(draw(TEXTS), fields=fields, static=static, program=draw(st.none() | TEXTS))


def holding(nodes: list[Node], one: Event) -> list[int]:
    return [node.rule.id for node in nodes if all(condition.holds(one) for condition in node.rule.conditions)]


@pytest.mark.parametrize("asked", [VALUES, LOGS])
@EXAMPLES
@given(data=st.data())
def test_what_remains_of_siblings_is_what_holds(asked: tuple[str, ...], data: st.DataObject) -> None:
    bodies = data.draw(st.lists(questions(asked), min_size=1, max_size=30))
    events = data.draw(st.lists(values(), min_size=4, max_size=4))
    rules = ruleset("".join(rule(101 + number, body) for number, body in enumerate(bodies)))
    (top,) = (root for root in rules.roots if root.rule.id == 1)
    with few_are_many():
        for one in events:
            masks, expected = top.below.masks(identity_of(one)), holding([*top.children], one)
            for remaining in (masks.candidates(one), masks.noted(one, [])):
                asked_later = [node for node in remaining if all(holds(one) for holds in node.asked)]
                assert [node.rule.id for node in asked_later] == expected
                for node in asked_later:
                    assert any(literal in lowered(one.log) for literal in node.find_needed())
