"""The golden data, member by member: what the reference engine answered to the same rulesets and events."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from alertmill.alerts import AlertWriter
from alertmill.engine import Engine
from alertmill.errors import LoadError, Problems
from alertmill.event import Record, to_byte_text
from alertmill.logtest import LogtestSession
from alertmill.ruleset import State
from compliance.golden_support import (
    FACTS,
    GOLDEN,
    START,
    Json,
    difference,
    load_engine,
    needs_golden,
    normal,
    parsed,
    record_of_datagram,
    rows,
    stock_engine,
    stock_test_engine,
)

pytestmark = needs_golden

SCENARIOS = sorted((GOLDEN / "scenarios").glob("*.json"))
REFUSED = [path for path in SCENARIOS if b'"start_failed"' in path.read_bytes()]
ACCEPTED = [path for path in SCENARIOS if path not in REFUSED]
AWS = sorted(path for path in (GOLDEN / "aws").glob("*") if (path / "runs.json").exists())

#: Rulesets that the reference refuses and Alertmill takes with a warning (spec/decoders.md 2).
TAKEN_WITH_A_WARNING = {"load-error-one-decoder-list-empty"}

_ID = "1795281660.0"


def produced(engine: Engine, records: Sequence[Record]) -> tuple[list[Json], list[Json]]:
    """Alerts and archived events of a fresh start, each with the number of its record, as the golden data have them."""
    state, writer = engine.new_state(), AlertWriter(FACTS)
    alerts, archives = [], []
    for number, record in enumerate(records):
        outcome = engine.process(record, state)
        assert not outcome.rejected, (number, outcome.rejected)
        assert outcome.event is not None
        if outcome.alert:
            alerts.append({"n": number, "alert": parsed(writer.json_line(outcome.event, outcome.match, _ID))})
        if not outcome.dropped:
            line = writer.json_line(outcome.event, outcome.match, _ID, archive=True)
            archives.append({"n": number, "event": parsed(line)})
    return alerts, archives


def assert_same(found: list[Json], expected: list[Json], member: str) -> None:
    """Compare two lists of numbered events, reporting every difference of the first few events that differ."""
    ours = {entry["n"]: entry[member] for entry in found}
    theirs = {entry["n"]: entry[member] for entry in expected}
    lines = [f"event {number}: {member} missing" for number in sorted(theirs.keys() - ours.keys())]
    lines += [f"event {n}: {member} too much, rule {ours[n].get('rule')}" for n in sorted(ours.keys() - theirs.keys())]
    for number in sorted(ours.keys() & theirs.keys()):
        lines += [f"event {number}{line}" for line in difference(ours[number], theirs[number])]
    assert not lines, "\n".join(lines[:40])


def with_full_log(archives: Sequence[Json], messages: Sequence[str]) -> list[Json]:
    """Archived events of the golden data, which leave `full_log` out where it is the message."""
    return [entry | {"event": {"full_log": messages[entry["n"]]} | entry["event"]} for entry in archives]


# --- scenarios --------------------------------------------------------------------------------------------------------


def load_scenario(scenario: Json, problems: Problems | None = None, **options: Any) -> Engine:
    return load_engine(
        [("etc/rules/local_rules.xml", to_byte_text(scenario["rules_xml"]))],
        [("etc/decoders/local_decoder.xml", to_byte_text(scenario["decoders_xml"]))],
        {f"etc/lists/{name}": to_byte_text(text) for name, text in scenario["lists"].items()},
        log_alert_level=scenario["log_alert_level"],
        problems=problems,
        **options,
    )


def records_of(scenario: Json) -> list[Record]:
    time, records = START, []
    for event in scenario["events"]:
        time += event.get("delay", 0)
        records.append(Record(to_byte_text(event["message"]), to_byte_text(event["location"]), time))
    return records


@pytest.mark.parametrize("engine", ["fast", "plain"])
@pytest.mark.parametrize("path", ACCEPTED, ids=lambda path: path.stem)
def test_scenario(path: Path, engine: str) -> None:
    scenario = json.loads(path.read_bytes())
    loaded = load_scenario(scenario, engine=engine)
    alerts, archives = produced(loaded, records_of(scenario))
    assert_same(alerts, scenario["alerts"], "alert")
    expected = with_full_log(scenario["archives"], [event["message"] for event in scenario["events"]])
    assert_same(archives, expected, "event")


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: path.stem)
def test_ruleset_that_the_reference_refuses(path: Path) -> None:
    scenario = json.loads(path.read_bytes())
    problems = Problems()
    numbers = [re.findall(r"\((\d{4})\)", message) for message in scenario["start_messages"]]
    if scenario["name"] in TAKEN_WITH_A_WARNING:
        load_scenario(scenario, problems)
    else:
        with pytest.raises(LoadError):
            load_scenario(scenario, problems)
    told = " ".join(problem.wazuh for problem in problems)
    assert any(number in told for found in numbers for number in found), told


@pytest.mark.parametrize("path", ACCEPTED, ids=lambda path: path.stem)
def test_scenario_in_a_session(path: Path) -> None:
    scenario = json.loads(path.read_bytes())
    session = LogtestSession(load_scenario(scenario), FACTS)
    lines = []
    for number, (record, expected) in enumerate(zip(records_of(scenario), scenario["logtest"], strict=True)):
        reply = session.process(record)
        found = {"alert": reply["alert"], "output": normal(reply["output"])}
        lines += [f"event {number}{line}" for line in difference(found, expected)]
    assert not lines, "\n".join(lines[:40])


@pytest.mark.parametrize("path", ACCEPTED, ids=lambda path: path.stem)
def test_warnings_of_a_scenario(path: Path) -> None:
    """The reference's messages are among ours, in its order; what we say beyond them is no error."""
    scenario = json.loads(path.read_bytes())
    problems = Problems()
    load_scenario(scenario, problems)
    expected = [message.partition(": ")[2] for message in scenario["logtest_messages"]]
    assert [problem.wazuh for problem in problems if problem.wazuh] == expected
    assert not problems.errors


# --- the stock tests --------------------------------------------------------------------------------------------------


def stock_rows() -> dict[str, list[Json]]:
    by_file: dict[str, list[Json]] = {}
    for row in rows(GOLDEN / "stock-tests.jsonl"):
        by_file.setdefault(row["file"], []).append(row)
    return by_file


STOCK_ROWS = stock_rows()


def test_the_stock_ruleset_has_as_many_nodes_as_in_the_reference() -> None:
    """What its start-up message tells (spec/rules.md 6.2), less the one rule of a new manager's local_rules.xml."""
    assert stock_engine().rules.node_count == 8451 - 1


@pytest.mark.parametrize("file", sorted(STOCK_ROWS))
def test_stock_tests(file: str) -> None:
    lines = []
    for row in STOCK_ROWS[file]:
        session = LogtestSession(stock_test_engine(), FACTS)
        for event in row.get("events", [row]):
            reply = session.process(Record(to_byte_text(event["log"]), "stdin", START))
            found = {"alert": reply["alert"], "result": normal(reply["output"])}
            expected = {"alert": event["alert"], "result": event["result"]}
            lines += [f"[{row['section']}] {row['key']}{line}" for line in difference(found, expected)]
    assert not lines, "\n".join(lines[:40])


# --- AWS --------------------------------------------------------------------------------------------------------------


def as_document(record: Record) -> Record:
    """The same record as a source delivers it that has parsed the message already."""
    try:
        document = orjson.loads(record.message.encode("latin-1"))
    except orjson.JSONDecodeError:
        return record
    if not isinstance(document, dict):
        return record
    message = record.message
    return Record(None, record.location, record.time, document=document, spell=lambda _: message)


@pytest.mark.parametrize("as_documents", [False, True], ids=["messages", "documents"])
@pytest.mark.parametrize("folder", AWS, ids=lambda path: path.name)
def test_aws(folder: Path, as_documents: bool) -> None:
    datagrams = [row["datagram"] for row in rows(folder / "messages.jsonl")]
    records = [record_of_datagram(datagram, START) for datagram in datagrams]
    expected = [record.message.encode("latin-1").decode("utf-8", "surrogateescape") for record in records]
    if as_documents:
        records = [as_document(record) for record in records]
    alerts, archives = produced(stock_engine(), records)
    assert_same(alerts, list(rows(folder / "alerts.jsonl")), "alert")
    golden = list(rows(folder / "archives.jsonl"))
    if golden:
        assert_same(archives, with_full_log(golden, expected), "event")
    assert datagrams or folder.name in {"edge-empty-bucket", "edge-no-accounts"}


# --- exact bytes ------------------------------------------------------------------------------------------------------

_NOT_GOLDEN_JSON = re.compile(
    rb'(?<="timestamp":")[^"]*(?=","rule")|(?<="id":")[0-9]+\.[0-9]+(?=")|(?<=,"tactic":).*?\](?=\},"f)'
)
_FIREDTIMES = re.compile(rb'"firedtimes":[0-9]+')
_NOT_GOLDEN_TEXT = re.compile(rb"(?m)^(\*\* Alert )[0-9]+\.[0-9]+(?=:)|^[0-9]{4} \w{3} [0-9]{2} [0-9:]{8}(?= )")


def rendered(datagrams: Sequence[str]) -> tuple[list[bytes], bytes]:
    """The lines of alerts.json and the whole of alerts.log for these queue messages, without what is not golden."""
    engine: Engine = stock_engine()
    state: State = engine.new_state()
    writer = AlertWriter(FACTS)
    lines, stanzas = [], []
    for datagram in datagrams:
        outcome = engine.process(record_of_datagram(datagram, START), state)
        assert outcome.alert
        assert outcome.event is not None
        assert outcome.match is not None
        lines.append(_NOT_GOLDEN_JSON.sub(b"", writer.json_line(outcome.event, outcome.match, _ID)))
        stanzas.append(_NOT_GOLDEN_TEXT.sub(rb"\1", writer.text_block(outcome.event, outcome.match, _ID)))
    return lines, b"".join(stanzas)


def in_order_of(lines: Sequence[bytes], found: Sequence[bytes]) -> list[int]:
    """For each of `lines` the number of an entry of `found` that is the same but for `firedtimes`, each used once."""
    numbers: dict[bytes, list[int]] = {}
    for number, line in enumerate(found):
        numbers.setdefault(_FIREDTIMES.sub(b"", line), []).append(number)
    return [numbers[_FIREDTIMES.sub(b"", line)].pop(0) for line in lines]


def test_raw_bytes() -> None:
    """The reference ran with several threads and wrote some alerts in another order than their messages came."""
    datagrams = [str(datagram) for datagram in rows(GOLDEN / "raw" / "messages.jsonl")]
    raw = (GOLDEN / "raw" / "alerts.json").read_bytes().splitlines(keepends=True)
    expected = [_NOT_GOLDEN_JSON.sub(b"", line) for line in raw]
    order = in_order_of(expected, rendered(datagrams)[0])
    assert sorted(order) == list(range(len(datagrams)))
    lines, stanzas = rendered([datagrams[number] for number in order])
    assert lines == expected
    text = _NOT_GOLDEN_TEXT.sub(rb"\1", (GOLDEN / "raw" / "alerts.log").read_bytes())
    assert stanzas.split(b"\n") == text.split(b"\n")
