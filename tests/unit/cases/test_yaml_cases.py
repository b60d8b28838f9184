"""Cases in YAML: what each key means, and every mistake told with its place."""

from __future__ import annotations

import json

import pytest

from alertmill.cases import BEGIN, read_cases
from alertmill.cases.model import Expectation
from alertmill.errors import Problems
from unit.cases.helpers import yaml_cases


def steps(text: str) -> list[tuple[float, str]]:
    (case,) = yaml_cases(f"- name: x\n  events: {text}\n  expect: {{rule: 1}}\n")
    return [(step.at, step.message) for step in case.steps]


def problems(text: str) -> list[str]:
    """Line, message (without the name of the case, which is x) and code of every problem."""
    found = Problems()
    assert read_cases("c.yaml", text, found) == []
    told = [f"{p.origin}: {p.message} [{p.code.id}]" for p in found]
    return [text.removeprefix("c.yaml:").replace("the case 'x' ", "") for text in told]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[{message: a}]", [(0.0, "a")]),
        ("[{message: a, at: 5}]", [(5.0, "a")]),
        ("[{message: a, at: 1h30m}]", [(5400.0, "a")]),
        ("[{message: a, at: 2d}, {message: b, after: 1.5s}]", [(172800.0, "a"), (172801.5, "b")]),
        ("[{message: a, repeat: 3, every: 10}]", [(0.0, "a"), (10.0, "a"), (20.0, "a")]),
        ("[{message: a, repeat: 2, every: 1m}, {message: b, after: 30s}]", [(0.0, "a"), (60.0, "a"), (90.0, "b")]),
        ("[{message: a}, {message: b}]", [(0.0, "a"), (0.0, "b")]),
        ("[{message: a, at: '2026-01-15T12:00:00+01:00'}]", [(3600.0, "a")]),
        ("[{message: 17}]", [(0.0, "17")]),
        ("[{message: grüße}]", [(0.0, "gr\xc3\xbc\xc3\x9fe")]),
    ],
)
def test_events_in_time(text: str, expected: list[tuple[float, str]]) -> None:
    assert steps(text) == expected


def test_an_event_is_laid_over_the_base() -> None:
    text = """
- name: x
  base: {a: {b: 1, c: [1]}, d: 2, e: 3}
  events:
    - {event: {a: {b: 5, f: {g: null}}, e: null}}
    - {}
  expect: {rule: 1}
"""
    first, second = (json.loads(step.message) for step in yaml_cases(text)[0].steps)
    assert first == {"a": {"b": 5, "c": [1], "f": {"g": None}}, "d": 2}
    assert second == {"a": {"b": 1, "c": [1]}, "d": 2, "e": 3}


@pytest.mark.parametrize(
    ("improved", "message", "has_time"),
    [(True, '{"a":1,"b":"\xc3\xa4"}', True), (False, '{"a": 1, "b": "\\u00e4"}', False)],
)
def test_the_event_format_decides_how_events_are_spelled(improved: bool, message: str, has_time: bool) -> None:
    text = "- {name: x, events: [{event: {a: 1, b: ä}}, {message: line}], expect: {rule: 1}}"
    first, second = yaml_cases(text, improved=improved)[0].steps
    assert (first.message, first.has_time) == (message, has_time)
    assert (second.message, second.has_time) == ("line", False)


def test_places_and_the_beginning() -> None:
    text = """
- name: x
  begin: 2026-01-17T22:30:00Z
  location: /var/log/auth.log
  events: [{message: a}, {message: b, location: other, queue: '3'}]
  expect: {rule: 1}
"""
    (case,) = yaml_cases(text)
    assert case.begin == BEGIN + 2 * 86400 + 12.5 * 3600
    assert [(step.location, step.queue) for step in case.steps] == [("/var/log/auth.log", "1"), ("other", "3")]


def test_expectations_of_any_event() -> None:
    text = """
- name: x
  events:
    - {message: a, repeat: 2, expect: {rule: 5, alert: yes}}
    - message: b
      expect:
        {rule: null, not_rule: [1, 2], groups: a, decoder: null, description: 7,
         fields: {aws: {x: 1.10, y: null}, srcip: 10.0.0.1}}
    - {message: c}
"""
    first, second, third, last = yaml_cases(text)[0].steps
    assert isinstance(first.expect, Expectation)
    assert first.expect.wants == {"rule": 5, "alert": True}
    assert second.expect is first.expect
    assert isinstance(third.expect, Expectation)
    assert third.expect.wants == {
        "rule": None, "not_rule": (1, 2), "groups": ("a",), "decoder": None, "description": "7",
        "fields": {"srcip": "10.0.0.1", "aws.x": "1.10", "aws.y": None},
    }  # fmt: skip
    assert last.expect is None


GOOD = "events: [{message: a}], expect: {rule: 1}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [" the file holds no list of cases [T003]"]),
        ("a: 1", [" the file holds no list of cases [T003]"]),
        ("- 3", ["1: a case is no mapping [T003]"]),
        (f"- {{{GOOD}}}", ["1: a case has no name [T002]"]),
        (f"- {{name: x, evnts: 1, {GOOD}}}", ["1: a case has a key 'evnts', which a case does not have [T002]"]),
        ("- {name: x, expect: {rule: 1}}", ["1: has no events [T002]"]),
        ("- {name: x, events: [{message: a}]}", ["1: expects nothing [T002]"]),
        ("- {name: x, events: [{message: a}], expect: {}}", ["1: has an expect that asks for nothing [T002]"]),
        ("- name: x\n  events: [{message: a}]\n  expect: {rul: 1}", [
            "3: has a key 'rul', which expect does not have [T002]"]),
        ("- name: x\n  events: [{message: a}]\n  expect: {rule: yes, level: -1, alert: maybe}", [
            "3: has rule 'yes' [T003]",
            "3: has level '-1' [T003]",
            "3: has alert 'maybe' [T003]"]),
        ("- {name: x, events: [{message: a, at: 1, after: 1}], expect: {rule: 1}}", [
            "1: has an event with both at and after [T002]"]),
        ("- {name: x, events: [{message: a, event: {}}], expect: {rule: 1}}", [
            "1: has an event with both event and message [T002]"]),
        ("- {name: x, events: [{message: a, at: soon}], expect: {rule: 1}}", ["1: has at 'soon' [T003]"]),
        ("- {name: x, events: [{message: a, at: -1}], expect: {rule: 1}}", ["1: has at '-1' [T003]"]),
        ("- {name: x, events: [{message: a, repeat: 0}], expect: {rule: 1}}", ["1: has repeat '0' [T003]"]),
        ("- {name: x, events: [{message: a, repeat: 10001}], expect: {rule: 1}}", ["1: has repeat '10001' [T003]"]),
        ("- {name: x, begin: 2026-13-01, " + GOOD + "}", ["1: has begin '2026-13-01' [T003]"]),
        ("- {name: x, base: 3, " + GOOD + "}", ["1: has base that is no mapping [T003]"]),
        ("- {name: x, events: [{message: [a]}], expect: {rule: 1}}", ["1: has message that is no text [T003]"]),
        ("- {name: x, events: [{message: a, expect: {rule: 1}}], expect: {rule: 1}}", [
            "1: says twice what is expected of the last event [T002]"]),
        ("- {name: x, events: [" + "{message: a, repeat: 9000}," * 3 + "], expect: {rule: 1}}", [
            "1: has more than 20000 events [T004]"]),
        ("- {name: x, events: [{message: a}], expect: {fields: 3}}", ["1: has fields that are no mapping [T003]"]),
    ],
)  # fmt: skip
def test_every_mistake_is_told_with_its_line(text: str, expected: list[str]) -> None:
    assert problems(text) == expected


def test_a_broken_case_stops_no_other() -> None:
    found = Problems()
    cases = read_cases("c.yaml", f"- {{name: bad}}\n- {{name: good, {GOOD}}}\n", found)
    assert [case.name for case in cases] == ["good"]
    assert len(found.errors) == 1


@pytest.mark.parametrize(
    "case",
    [
        "- {name: x, events: [{message: a, repeat: 9999}, {message: a, repeat: 9999}], expect: {rule: 1}}\n",
        f"- {{name: x, base: {{a: '{'b' * 100_000}'}}, events: [{'{},' * 500}], expect: {{rule: 1}}}}\n",
    ],
    ids=["events", "characters"],
)
def test_many_large_cases_are_refused(case: str) -> None:
    found = Problems()
    read_cases("c.yaml", case * 20, found)
    assert [problem.code.id for problem in found] == ["T004"]


def test_a_large_event_is_refused() -> None:
    values = ", ".join(["1"] * 30_000)
    text = f"- {{name: x, base: {{a: &a [{values}], b: *a}}, {GOOD}}}"
    assert problems(text) == ["1: has base of more than 50000 values [T004]"]
