"""Cases on an engine: the clock of the case counts, every expectation is compared, and a failure says what and why."""

from __future__ import annotations

import pytest

from alertmill.cases import CaseResult, run_case
from alertmill.cases.running import passes
from unit.cases.helpers import LINE, RULES, engine, yaml_cases

ENGINE = engine()
FAILED = f"{LINE}login failed"
PROGRAM = "<program_name> matches osmatch '^shop$'"


def result(expect: str, message: str = FAILED, more: str = "") -> CaseResult:
    (case,) = yaml_cases(f"- name: x\n  events: [{{message: '{message}'{more}}}]\n  expect: {expect}\n")
    return run_case(ENGINE, case)


def told(expect: str, message: str = FAILED) -> list[str]:
    failures = result(expect, message).failures
    return [f"{m.what}: {m.expected} | {m.found}" for failure in failures for m in failure.mismatches]


@pytest.mark.parametrize(
    ("expect", "expected"),
    [
        ("{rule: 101, level: 5, alert: yes, groups: [auth, shop], description: a login failed}", []),
        ("{decoder: null, fields: {program_name: shop, hostname: web, location: Wazuh-AWS, srcip: null}}", []),
        ("{not_rule: [102, 103]}", []),
        ("{rule: 103}", ["rule: 103 | rule 101, level 5, 'a login failed'"]),
        ("{rule: null}", ["rule: no rule | rule 101, level 5, 'a login failed'"]),
        ("{not_rule: 101}", ["not_rule: any rule but 101 | rule 101, level 5, 'a login failed'"]),
        ("{level: 6}", ["level: 6 | 5"]),
        ("{alert: no}", ["alert: no | yes"]),
        ("{decoder: json}", ["decoder: 'json' | nothing"]),
        ("{groups: [auth, x, y]}", ["groups: x, y | shop, auth"]),
        ("{description: other}", ["description: 'other' | 'a login failed'"]),
        ("{fields: {program_name: x, a.b: c, hostname: null}}", [
            "field program_name: 'x' | 'shop'", "field a.b: 'c' | nothing", "field hostname: nothing | 'web'"]),
    ],
)  # fmt: skip
def test_what_is_expected_is_compared(expect: str, expected: list[str]) -> None:
    assert told(expect) == expected


def test_fields_of_an_event_are_found_by_name() -> None:
    text = """
- name: x
  base: {integration: aws, aws: {source: vpc, srcaddr: 10.0.0.1}}
  events: [{event: {aws: {deep: {Flag: true, count: 3}, list: [a, b]}}}]
  expect: {decoder: json, fields: {srcip: 10.0.0.1, aws: {deep: {Flag: true, count: 3}, missing: null}}}
"""
    assert run_case(ENGINE, yaml_cases(text)[0]).passed


@pytest.mark.parametrize(
    ("times", "rule"),
    [
        ("repeat: 3, every: 10s", 102),
        ("repeat: 2, every: 10s", 101),
        ("repeat: 3, every: 31s", 101),
        ("repeat: 3, every: 30s", 102),
    ],
)
@pytest.mark.parametrize("plain", [False, True])
def test_counting_rules_count_by_the_clock_of_the_case(times: str, rule: int, plain: bool) -> None:
    (case,) = yaml_cases(f"- name: x\n  events: [{{message: '{FAILED}', {times}}}]\n  expect: {{rule: {rule}}}\n")
    assert run_case(engine(plain=plain), case).failures == ()


def test_rules_of_the_week_see_the_day_of_the_case() -> None:
    text = """
- {name: a, begin: 2026-01-16T23:59:59Z, events: [{message: 'LINE bought', expect: {rule: 103}},
   {message: 'LINE bought', after: 1s}], expect: {rule: 100}}
"""
    assert run_case(ENGINE, yaml_cases(text.replace("LINE ", LINE))[0]).failures == ()


def test_every_event_may_have_its_own_expectation() -> None:
    text = f"""
- name: x
  events:
    - {{message: "{FAILED}", repeat: 2, every: 5, expect: {{rule: 101}}}}
    - {{message: "{FAILED}", after: 5s, expect: {{rule: 101}}}}
    - {{message: "{LINE}hello", after: 5s}}
  expect: {{rule: 101}}
"""
    failures = run_case(ENGINE, yaml_cases(text)[0]).failures
    assert [(f.number, f.at, f.origin.line, f.came.partition(",")[0]) for f in failures] == [
        (3, 10.0, 5, "rule 102"),
        (4, 15.0, 7, "rule 100"),
    ]
    assert not passes(ENGINE, yaml_cases(text)[0])


@pytest.mark.parametrize(
    ("expect", "message", "why"),
    [
        ("{rule: 103}", FAILED, "rule 103 was not tried: 101, which is tried before it below 100, held"),
        ("{rule: 101}", f"{LINE}hello", "rule 101 was tried: it failed at <match> matches osmatch 'login failed'"),
        ("{rule: 101}", "hello", f"rule 101 was not tried: 100 above it failed at {PROGRAM}"),
        ("{rule: 100}", FAILED, "rule 100 held, but so did 101 below it"),
        ("{rule: 102}", FAILED, "rule 102 was tried: it failed at <if_matched_sid>: 2 earlier events within 60 s"),
        ("{rule: 999}", FAILED, "rule 999 is not loaded"),
        ("{level: 3}", FAILED, ""),
    ],
)  # fmt: skip
def test_a_failure_says_why_the_rule_did_not_hold(expect: str, message: str, why: str) -> None:
    found = result(expect, message)
    assert [failure.why for failure in found.failures] == [why]
    watched = run_case(ENGINE, found.case, lambda _observer, _outcome: None)
    assert watched.failures == found.failures


def test_a_silenced_rule_is_told() -> None:
    loaded = engine(RULES.replace('ignore="0"', 'ignore="60"'))
    (case,) = yaml_cases(
        f"- name: x\n  events: [{{message: '{FAILED}', repeat: 2, every: 1}}]\n  expect: {{rule: 101}}\n"
    )
    (failure,) = run_case(loaded, case).failures
    assert failure.came.startswith("rule 100,")
    assert failure.why == "rule 101 held, but it is not the one that decides (noalert, or silenced by its ignore time)"


def test_an_event_that_cannot_be_digested_fails_whatever_is_expected() -> None:
    (case,) = yaml_cases("- {name: x, events: [{message: 'x', queue: 'f'}], expect: {not_rule: 5}}")
    (failure,) = run_case(ENGINE, case).failures
    assert failure.mismatches[0].what == "event"
    assert failure.came.startswith("the event was rejected: ")
