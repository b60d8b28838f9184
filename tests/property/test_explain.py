"""Explanations never differ from the engine: any rules and events, and the golden data."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertmill.engine import Engine
from alertmill.event import Outcome, Record, to_byte_text
from alertmill.explain import Explainer, Explanation, as_lines, as_values, why_not
from alertmill.explain.why_not import lineage
from alertmill.ruleset import Trace, match
from compliance.golden_support import (
    GOLDEN,
    START,
    needs_golden,
    record_of_datagram,
    rows,
    stock_engine,
    stock_test_engine,
)
from compliance.test_golden import ACCEPTED, AWS, load_scenario, records_of
from property.test_ruleset import cases, loaded, quick, small_memory, verdict
from support import LONG

__all__ = ["small_memory"]


@quick
@given(cases, st.booleans(), st.data())
def test_a_watched_walk_finds_what_the_fast_one_finds(case, session, data):
    text, makers = case
    watched, fast = loaded(text), loaded(text)
    watched_state, fast_state = watched.new_state(session=session), fast.new_state(session=session)
    asked = data.draw(st.sampled_from(sorted(watched.rules_by_id)))
    for make in makers:
        event, trace = make(), Trace(wanted=lineage(watched, asked))
        result = match(watched, event, watched_state, trace=trace)
        assert verdict(result) == verdict(match(fast, make(), fast_state))
        for step in trace.steps:
            assert step.matched == all(finding.held for finding in step.findings), step
        found = result.match
        if found is not None and trace.silenced is None:
            assert trace.deepest()[-1] == found.rule.id
        told = why_not(watched, asked, Outcome(event, found, alert=result.alert), trace, (), "this")
        fired = found is not None and found.rule.id == asked
        assert told.fired == fired or trace.silenced is not None
        assert fired or trace.silenced is not None or told.obstacles
    assert [*watched_state.snapshot()] == [*fast_state.snapshot()]


def agree(engine: Engine, records: Sequence[Record], *, seed: int = 7) -> None:
    """Explain records in a row, now and then asking for another rule, beside the engine itself."""
    chance = random.Random(seed)
    ids = [*engine.rules.rules_by_id, 999_999]
    explainer, state = Explainer(engine), engine.new_state()
    for record in records:
        told = explainer.explain(record, why_not=chance.choice(ids) if chance.random() < 0.5 else None)
        assert summary(told.outcome) == summary(engine.process(record, state)), record
        assert_sound(told)


def summary(outcome: Outcome) -> tuple[object, ...]:
    found = outcome.match
    rule = (found.rule.id, found.firedtimes, found.previous_output, found.ignored) if found is not None else None
    decoder = outcome.event.decoder.name if outcome.event is not None and outcome.event.decoder is not None else None
    fields = sorted(outcome.event.fields.items()) if outcome.event is not None else []
    return rule, outcome.alert, outcome.rejected, outcome.dropped, decoder, fields


def assert_sound(told: Explanation) -> None:
    """The parts of an explanation fit each other, and it can be printed."""
    event, found = told.outcome.event, told.outcome.match
    if told.decoding is not None and event is not None:
        assert told.decoding.decoder == event.decoder
        given = {pair for step in told.decoding.steps for pair in step.fields} | set(told.added)
        assert set(event.fields.items()) <= given
        assert set(event.static.items()) <= given
    for step in told.trace.steps:
        assert step.matched == all(finding.held for finding in step.findings), step
    if found is not None and told.trace.silenced is None and told.trace.steps:
        assert told.path[-1] == found.rule.id
    lines = list(as_lines(told))
    assert lines[0][0][0] == told.answer
    assert all(words.isprintable() for line in lines for words, _ in line)
    assert json.loads(json.dumps(as_values(told)))["answer"] == told.answer


@needs_golden
@pytest.mark.parametrize("path", ACCEPTED, ids=lambda path: path.stem)
def test_golden_scenarios(path: Path) -> None:
    scenario = json.loads(path.read_bytes())
    agree(load_scenario(scenario), records_of(scenario))


@needs_golden
def test_golden_aws_messages() -> None:
    few = None if LONG else 2
    for folder in AWS:
        messages = list(rows(folder / "messages.jsonl"))[:few]
        agree(stock_engine(), [record_of_datagram(message["datagram"], START) for message in messages])


@needs_golden
def test_golden_raw_messages() -> None:
    messages = list(rows(GOLDEN / "raw" / "messages.jsonl"))
    agree(stock_engine(), [record_of_datagram(message, START) for message in messages])


@needs_golden
def test_stock_tests() -> None:
    for row in list(rows(GOLDEN / "stock-tests.jsonl"))[:: 1 if LONG else 40]:
        agree(stock_test_engine(), [Record(to_byte_text(row["log"]), "stdin", START)])
