"""Rules alone against the golden data: which rule, how often it fired, what it counted; by the plain and the fast walk.

Whole alerts are compared in `test_golden.py`; here a difference points at the rule language.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from alertmill.decoders import DecoderTree, Rejected, load_decoders, predecode
from alertmill.errors import Problems
from alertmill.event import Event, Match, Record, from_byte_text, to_byte_text
from alertmill.ruleset import MatchResult, RuleOptions, Ruleset, State, load_lists, load_rules, match
from compliance.golden_support import (
    GOLDEN,
    HOSTNAME,
    START,
    needs_golden,
    record_of_datagram,
    rows,
    stock_files,
    stock_lists,
    stock_test_engine,
)

pytestmark = needs_golden

#: A defect of the reference that is not copied: it wants a decoder of both kinds (spec/decoders.md 2).
NOT_COPIED = {"load-error-one-decoder-list-empty"}

SCENARIOS = [path for path in sorted((GOLDEN / "scenarios").glob("*.json")) if path.stem not in NOT_COPIED]
ENGINES = ("plain", "fast")

#: Rule id, level, firedtimes, frequency, previous_output and previous_log of an alert.
Facts = tuple[Any, ...]


def facts_of_alert(alert: dict[str, Any] | None) -> Facts | None:
    rule = (alert or {}).get("rule")
    if alert is None or rule is None:
        return None
    collected = (alert.get("previous_output"), alert.get("previous_log"))
    return (rule.get("id"), rule.get("level", 0), rule.get("firedtimes"), rule.get("frequency"), *collected)


def facts_of_match(found: Match | None) -> Facts | None:
    if found is None:
        return None
    rule, lines = found.rule, found.previous_output
    output = from_byte_text("\n".join(lines)) if len(lines) > 1 else None
    former = None if found.previous_log is None else from_byte_text(found.previous_log)
    fired = None if rule.no_counter else found.firedtimes
    return (str(rule.id), rule.level, fired, rule.frequency, output, former)


class Analysis:
    """Decoders and rules with a memory: what stands between a record and a match."""

    def __init__(self, decoders: DecoderTree, rules: Ruleset, *, session: bool = False) -> None:
        self.decoders, self.rules = decoders, rules
        self.state: State = rules.new_state(session=session)

    def event(self, record: Record) -> Event:
        event = predecode(record, HOSTNAME)
        assert not isinstance(event, Rejected)
        self.decoders.decode(event)
        self.state.accumulate(event)
        return event

    def match(self, record: Record) -> MatchResult:
        return match(self.rules, self.event(record), self.state)


def options(engine: str, log_alert_level: int) -> RuleOptions:
    return RuleOptions(log_alert_level=log_alert_level, email_alert_level=12, zone=UTC, engine=engine)  # type: ignore[arg-type]


def load_scenario(scenario: dict[str, Any], engine: str) -> tuple[DecoderTree, Ruleset, Problems]:
    problems = Problems()
    decoders = load_decoders([("etc/decoders/local_decoder.xml", to_byte_text(scenario["decoders_xml"]))], problems)
    texts = {f"etc/lists/{name}": to_byte_text(text) for name, text in scenario["lists"].items()}
    files = [("etc/rules/local_rules.xml", to_byte_text(scenario["rules_xml"]))]
    settings = options(engine, scenario["log_alert_level"])
    rules = load_rules(files, load_lists(texts, problems), decoders.identities, settings, problems)
    return decoders, rules, problems


def records(scenario: dict[str, Any]) -> Iterable[tuple[int, Record]]:
    now = START
    for number, event in enumerate(scenario["events"]):
        now += event.get("delay") or 0.01
        yield number, Record(to_byte_text(event["message"]), to_byte_text(event["location"]), now)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_scenario(path: Path, engine: str) -> None:
    scenario = json.loads(path.read_text())
    decoders, rules, problems = load_scenario(scenario, engine)
    if scenario.get("start_failed"):
        assert problems.errors
        return
    told = [problem.wazuh for problem in problems if problem.wazuh]
    assert told == [line.removeprefix("WARNING: ") for line in scenario["warnings"] if line.startswith("WARNING")]
    _check_production(scenario, Analysis(decoders, rules))
    _check_session(scenario, Analysis(decoders, rules, session=True))


def _check_production(scenario: dict[str, Any], analysis: Analysis) -> None:
    alerts = {row["n"]: row["alert"] for row in scenario["alerts"]}
    archived = {row["n"]: row["event"] for row in scenario["archives"]}
    for number, record in records(scenario):
        if number not in archived:  # dropped before the rules
            analysis.event(record)
            continue
        result = analysis.match(record)
        found = facts_of_match(result.match)
        assert (found if result.alert else None) == facts_of_alert(alerts.get(number)), number
        assert (None if result.level_zero else found) == facts_of_alert(archived[number]), number


def _check_session(scenario: dict[str, Any], analysis: Analysis) -> None:
    for number, record in records(scenario):
        answer = scenario["logtest"][number]
        result = analysis.match(record)
        if "output" in answer:
            expected = facts_of_alert(answer["output"])
            assert (facts_of_match(result.match), result.alert) == (expected, answer["alert"]), number


# --- the stock ruleset --------------------------------------------------------------------------------------------


@cache
def stock(engine: str) -> tuple[DecoderTree, Ruleset, Problems]:
    problems = Problems()
    decoders = load_decoders(stock_files("decoders"), problems)
    lists = load_lists(stock_lists(), problems)
    rules = load_rules(stock_files("rules"), lists, decoders.identities, options(engine, 3), problems)
    return decoders, rules, problems


def test_the_stock_ruleset_loads_without_a_problem() -> None:
    _, rules, problems = stock("fast")
    assert not problems, problems.draw()
    assert len(rules.rules_by_id) == 4510
    # The reference counts 8451 with the one rule of its sample local_rules.xml.
    assert rules.node_count == 8450


def test_stock_test_lines() -> None:
    engine = stock_test_engine()
    for row in rows(GOLDEN / "stock-tests.jsonl"):
        analysis = Analysis(engine.decoders, engine.rules, session=True)
        for one in row.get("events") or [row]:
            result = analysis.match(Record(to_byte_text(one["log"]), "stdin", START))
            expected = (facts_of_alert(one["result"]), one["alert"])
            assert (facts_of_match(result.match), result.alert) == expected, (row["file"], row["key"])


@pytest.mark.parametrize("engine", ENGINES)
def test_messages_of_the_aws_scenarios(engine: str) -> None:
    decoders, rules, _ = stock(engine)
    for folder in sorted((GOLDEN / "aws").iterdir()):
        alerts: defaultdict[int, Facts | None] = defaultdict(lambda: None)
        alerts.update((row["n"], facts_of_alert(row["alert"])) for row in rows(folder / "alerts.jsonl"))
        analysis = Analysis(decoders, rules)
        for row in rows(folder / "messages.jsonl"):
            result = analysis.match(record_of_datagram(row["datagram"], START))
            found = facts_of_match(result.match) if result.alert else None
            assert found == alerts[row["n"]], (folder.name, row["n"])
