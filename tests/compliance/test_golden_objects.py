"""Objects of the golden scenarios -> the alerts of the stock ruleset, for every bucket type, within one process.

The fetcher's messages and the engine's alerts are compared apart from each other elsewhere. Here the two work together
as they do in the daemon, and what the one hands to the other is a document, not its text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest

from alertmill.alerts import AlertWriter
from alertmill.event import Record
from alertmill.sources.aws.envelope import LOCATION
from compliance.golden_support import (
    FACTS,
    GOLDEN,
    START,
    Json,
    difference,
    needs_golden,
    normal,
    parsed,
    rows,
    stock_engine,
)
from unit.sources.aws.golden import Scenario, carried_out
from unit.sources.aws.test_golden_messages import SCENARIOS, expected_messages

pytestmark = needs_golden

#: Scenarios whose alerts differ because their messages do, and why.
DIFFERENT = {
    "custom-eventbridge": "an object that the reference does not list",
    "edge-accounts-regions": "an object of a region that the reference does not look into",
    "edge-size": "the reference cuts messages of more than 64 KiB",
    "edge-skip-on-error-no": "the reference sends again what it sent before an error",
    "edge-two-runs-dedupe": "a late object, and no reparse by hand",
    "server-access-own": "names for the columns 25 and 26",
    "vpcflow-formats": "objects of all flow logs",
    "vpcflow-otel": "names for the columns behind the fourteenth",
    "waf-own": "an object that the reference does not list",
}


def alerts_of(records: Iterable[Record]) -> list[Json]:
    engine = stock_engine()
    state, writer = engine.new_state(), AlertWriter(FACTS)
    outcomes = [engine.process(record, state) for record in records]
    return [
        parsed(writer.json_line(outcome.event, outcome.match, "1.0"))
        for outcome in outcomes
        if outcome.alert and outcome.event is not None
    ]


def golden_alerts(name: str) -> list[Json]:
    return [normal(row["alert"]) for row in rows(GOLDEN / "aws" / name / "alerts.jsonl")]


def assert_same(found: list[Json], expected: list[Json]) -> None:
    assert [alert["rule"]["id"] for alert in found] == [alert["rule"]["id"] for alert in expected]
    lines = [line for pair in zip(found, expected, strict=True) for line in difference(*pair)]
    assert not lines, "\n".join(lines[:40])


@pytest.mark.parametrize("name", [name for name in SCENARIOS if name not in DIFFERENT])
def test_alerts_are_the_reference_s(name: str) -> None:
    runs, _ = carried_out(Scenario(name))
    assert_same(alerts_of(record for run in runs for record in run), golden_alerts(name))


@pytest.mark.parametrize("name", DIFFERENT)
def test_alerts_are_those_of_the_messages_that_we_mean_to_send(name: str) -> None:
    scenario = Scenario(name)
    runs, _ = carried_out(scenario)
    found = alerts_of(record for run in runs for record in run)
    messages = [message for run in expected_messages(scenario) for message in run]
    assert_same(found, alerts_of(Record(json.dumps(message), LOCATION, START) for message in messages))
    assert kinds(found) >= kinds(golden_alerts(name))


def kinds(alerts: list[Json]) -> set[tuple[str, str]]:
    """Which rules fired for which objects."""
    return {(alert["rule"]["id"], alert["data"]["aws"]["log_info"]["log_file"]) for alert in alerts}


def test_what_differs_exists_and_does_differ() -> None:
    assert DIFFERENT.keys() <= set(SCENARIOS)
    for name in DIFFERENT:
        runs, _ = carried_out(Scenario(name))
        assert alerts_of(record for run in runs for record in run) != golden_alerts(name), name
