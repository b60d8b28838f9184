"""The golden scenarios of CloudWatch Logs -> the reference's messages, and the alerts of the stock ruleset."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from alertmill.alerts import AlertWriter
from alertmill.config.ossec_conf import read_config
from alertmill.errors import Problems
from alertmill.event import Record
from compliance.golden_support import FACTS, GOLDEN, Json, difference, needs_golden, normal, parsed, rows, stock_engine
from unit.sources.aws.services.fakes import Bench, FakeLogs, FakeSession, messages

pytestmark = needs_golden

SCENARIOS = ("cloudwatchlogs", "cloudwatchlogs-two-runs")


def carried_out(name: str, event_format: Any) -> tuple[Bench, Iterator[list[Record]]]:
    """The daemon of a scenario, and the records of each of its runs."""
    folder = GOLDEN / "aws" / name
    client = FakeLogs()
    source = json.loads((folder / "source.json").read_text())
    for group, streams in source["log_groups"].items():
        for stream, texts in streams.items():
            client.put(group, stream, *texts)
    problems = Problems()
    text = f"<ossec_config>{(folder / 'ossec.conf').read_text()}</ossec_config>"
    config = read_config(text, "ossec.conf", problems)
    assert not list(problems)
    bench = Bench(FakeSession({"us-east-1": client}), config.aws_s3[0], event_format)
    runs = json.loads((folder / "runs.json").read_text())["runs"]
    return bench, ([record for batch in bench.committed() for record in batch.records] for _ in runs)


def golden_messages(name: str) -> list[list[str]]:
    runs = json.loads((GOLDEN / "aws" / name / "runs.json").read_text())["runs"]
    told: list[list[str]] = [[] for _ in runs]
    for row in rows(GOLDEN / "aws" / name / "messages.jsonl"):
        told[row["run"] - 1].append(row["datagram"].removeprefix("1:Wazuh-AWS:"))
    # D27: without <discard_regex>, the reference drops what begins with "None"
    told[0].insert(2, "None shall pass")
    return told


@pytest.mark.parametrize("name", SCENARIOS)
def test_messages_are_the_references_to_the_letter(name: str) -> None:
    _, runs = carried_out(name, "compatible")
    assert [messages(records) for records in runs] == golden_messages(name)


@pytest.mark.parametrize("event_format", ["compatible", "improved"])
@pytest.mark.parametrize("name", SCENARIOS)
def test_alerts_are_the_references(name: str, event_format: str) -> None:
    _, runs = carried_out(name, event_format)
    engine = stock_engine()
    state, writer = engine.new_state(), AlertWriter(FACTS)
    outcomes = [engine.process(record, state) for records in runs for record in records]
    found = [
        parsed(writer.json_line(outcome.event, outcome.match, "1.0"))
        for outcome in outcomes
        if outcome.alert and outcome.event is not None
    ]
    expected: list[Json] = [normal(row["alert"]) for row in rows(GOLDEN / "aws" / name / "alerts.jsonl")]
    assert len(found) == len(expected)
    assert [line for pair in zip(found, expected, strict=True) for line in difference(*pair)] == []


def test_the_missing_group_is_told_with_the_references_words_and_exit_code() -> None:
    daemon, runs = carried_out("cloudwatchlogs", "compatible")
    list(runs)
    (run,) = json.loads((GOLDEN / "aws" / "cloudwatchlogs" / "runs.json").read_text())["runs"]
    (said,) = daemon.said("ERROR")
    beginning, _, end = run["output"][0].removeprefix("ERROR: ").partition(" failed: ")
    assert f"us-east-1 /app/none: {beginning} failed: " in said
    assert end.rpartition(": ")[2] in said
    assert said.endswith(f"(exit code {run['exit_code']})")
