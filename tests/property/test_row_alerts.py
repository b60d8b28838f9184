"""Alerts of rows, filled into templates by the run, are those that the plain way writes one by one."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertmill.alerts import AlertFacts, AlertWriter, row_alerts
from alertmill.engine import Engine
from alertmill.event import Outcome, Record
from alertmill.rows import RowRun, Rows
from alertmill.sheet import SheetRecord
from alertmill.sources.aws.buckets import BUCKET_TYPES
from alertmill.sources.aws.objects import ObjectReader, Target
from alertmill.sources.aws.store import Body
from property.test_sheets import NOON, STATIC, accounts, engine, flows, formats, quick, rulesets, some, statics

ID = "1768471200.77"
#: Descriptions that show columns, static fields, what is not there, signs to be escaped, and too much.
DESCRIPTIONS = (
    "flow",
    "$(aws.srcaddr) to $(srcip)",
    "a &quot;quoted&quot; $(aws.action) \\ $(nothing)",
    "$(aws.dstport)$(aws.dstport) $(aws.log_info.log_file) $(aws.log_info.record)",
    "&lt;@1@&gt; $(aws.start)",
    "1900000001",
    "$(aws.start) " * 90,
    "x" * 1000 + "$(aws.action)",
)
LINES = st.lists(
    st.tuples(
        some(
            ("10.1.1.1", "10.2.2.2", "192.0.2.1", "x" * 300, "", "[1]", "<@3@>", "1900000003", "%s", "\\", "\x7f", "r")
        ),
        some(("443", "22", "-", "{}", "true", "[", "\u00e9", "a\0b")),
        some(("1768471200", "1768471201", "0", "253402300800", "-", "2026-01-15T10:00:00Z")),
        some(("ACCEPT", "ACCEPT", "REJECT", "-")),
    ).map(lambda cells: f"2 123456789012 eni-1 {cells[0]} 10.0.0.9 1025 {cells[1]} 6 1 40 {cells[2]} 7 {cells[3]} OK"),
    max_size=12,
)
ORDINARY = [f"2 123456789012 eni-1 10.0.0.{n} 10.0.0.9 1025 22 6 1 40 1768471200 7 ACCEPT OK" for n in range(5)]


def read(data: bytes, event_format: Any, account: str, key: str, *, whole: bool) -> Sequence[Record]:
    """The records of an object, read whole or as rows."""
    drops = (lambda _row: False) if whole else None
    reader = ObjectReader(BUCKET_TYPES["vpcflow"], event_format, lambda: NOON, alias="", drops=drops)
    target = Target("scope", account, "my-logs", key, "tag", "2026-01-15")
    (batch,) = reader.batches(target, Body(data), 0, threading.Event())
    return batch.records


def facts(improved: bool) -> AlertFacts:
    return AlertFacts("manager", zone=UTC, improved=improved)


def plainly(one: Engine, records: Sequence[Record], writer: AlertWriter) -> tuple[list[tuple[bytes, bytes]], bytes]:
    state = one.new_state()
    outcomes = [one.process(record, state) for record in records]
    return [_written(outcome, writer) for outcome in outcomes if outcome.alert], b"".join(state.snapshot())


def _written(outcome: Outcome, writer: AlertWriter) -> tuple[bytes, bytes]:
    event, found = outcome.event, outcome.match
    assert event is not None
    assert found is not None
    return writer.json_line(event, found, ID), writer.text_block(event, found, ID)


def by_run(one: Engine, rows: Sequence[Rows], writer: AlertWriter) -> tuple[list[tuple[bytes, bytes]], bytes, int]:
    """What is written, what is remembered, and how many alerts of the second came from templates."""
    state, filled, found = one.new_state(), 0, []
    for told in _told(one, rows, state):
        if not isinstance(told, RowRun):
            found += [_written(told[1], writer)] if told[1].alert else []
            continue
        for number, filling in enumerate(writer.rows.fillings(told)):
            if filling is None:
                found.append(_written(told.outcome(number)[1], writer))
            else:
                filled += 1
                template, texts = filling
                line, stanza = template.json([*texts, ID]), template.stanza([*texts, ID])
                found.append((line.encode("latin-1"), stanza.encode("latin-1")))
    return found, b"".join(state.snapshot()), filled


def _told(one: Engine, rows: Sequence[Rows], state: Any) -> Iterator[RowRun | tuple[Record, Outcome]]:
    for some_rows in rows:
        yield from one.row_alerts(some_rows, state)


def check(rules: str, data: bytes, event_format: str, account: str, static: str) -> int:
    """Both ways over the same object in two buckets; how many alerts of the second came from templates."""
    improved = event_format == "improved"
    whole = [*read(data, event_format, account, "a/k", whole=True), *read(data, event_format, account, "b", whole=True)]
    rows = [read(data, event_format, account, key, whole=False) for key in ("a/k", "b")]
    writer = AlertWriter(facts(improved))
    expected = plainly(engine(rules, "plain", static), whole, AlertWriter(facts(improved)))
    if not all(isinstance(found, Rows) for found in rows):
        return 0
    with mock.patch.multiple(row_alerts, BEFORE_TEMPLATE=1, BEFORE_FILLING_IN=1):
        alerts, memory, filled = by_run(engine(rules, "fast", static), rows, writer)  # type: ignore[arg-type]
    assert (alerts, memory) == expected
    return filled


def flow_rules(description: str, more: str = "") -> str:
    return (
        '<group name="g,"><rule id="1" level="0" noalert="1"><category>syslog</category><description>t</description>'
        f'</rule><rule id="5" level="3"><if_sid>1</if_sid><description>{description}</description>{more}</rule>'
        '<rule id="6" level="4"><if_sid>5</if_sid><field name="aws.action">REJECT</field><description>r</description>'
        "</rule></group>"
    )


MORE = ("", "<options>no_full_log</options>", "<options>no_counter</options>", "<group>rootcheck,</group>")


@quick
@given(LINES, some(DESCRIPTIONS), some(MORE), formats, accounts, statics)
def test_rows_of_usual_columns(lines, description, more, event_format, account, static):
    check(flow_rules(description, more), "\n".join(lines).encode(), event_format, account, static)


@quick
@given(rulesets(), flows(), formats, accounts, statics)
def test_any_rows_and_rules(rules, data, event_format, account, static):
    check(rules, data, event_format, account, static)


@pytest.mark.parametrize("event_format", ["compatible", "improved"])
@pytest.mark.parametrize("static", ["", STATIC])
@pytest.mark.parametrize("description", DESCRIPTIONS[:5])
def test_ordinary_rows_come_from_templates(event_format, static, description):
    """The properties would hold as well if nothing ever took the fast way."""
    assert check(flow_rules(description), "\n".join(ORDINARY).encode(), event_format, "123456789012", static) == 4


@pytest.mark.parametrize("text", ['"', "\\", "[1]", "\x7f", "\u00e9", "\0", ""])
def test_other_rows_go_the_plain_way(text):
    lines = "\n".join(line.replace(" 22 ", f" {text} ") for line in ORDINARY)
    assert check(flow_rules("flow"), lines.encode(), "compatible", "1", "") == 0


def test_a_row_by_itself_is_the_same():
    """Outcomes one by one: `alerts` of the engine, and the writer as it serves any event."""
    rules, writer = flow_rules("$(aws.srcaddr)"), AlertWriter(facts(False))
    one = engine(rules, "fast", "")
    rows = read("\n".join(ORDINARY).encode(), "compatible", "1", "k", whole=False)
    state = one.new_state()
    with mock.patch.object(row_alerts, "BEFORE_TEMPLATE", 1):
        found = [_written(outcome, writer) for _, outcome in one.alerts(rows, state)]
    whole = read("\n".join(ORDINARY).encode(), "compatible", "1", "k", whole=True)
    assert found == plainly(engine(rules, "plain", ""), whole, AlertWriter(facts(False)))[0]
    assert all(isinstance(record, SheetRecord) for record in rows)
