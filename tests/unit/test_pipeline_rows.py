"""Rows through the loop: alerts that come in runs are written, numbered and counted as those that come one by one."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from unittest import mock

import pytest

from alertmill.alerts import AlertFacts, AlertWriter, row_alerts
from alertmill.checkpoints import Checkpoints
from alertmill.engine import Engine
from alertmill.event import Record
from alertmill.pipeline import Pipeline
from alertmill.rows import Rows
from alertmill.sinks import outputs
from alertmill.sinks.alerts_json import AlertsJson
from alertmill.sinks.alerts_log import AlertsLog
from alertmill.sinks.base import Sink
from alertmill.sinks.journal import Journal
from alertmill.sinks.outputs import Outputs
from alertmill.sources.base import Batch
from property.test_row_alerts import flow_rules, read
from property.test_sheets import engine

#: The second is silent, the third has a text that must be escaped, the fifth has too many columns.
LINES = (
    "2 123456789012 eni-1 10.0.0.1 10.0.0.9 1025 22 6 1 40 1768471200 7 ACCEPT OK",
    "2 123456789012 eni-1 - - - - - - - 1768471200 7 - NODATA",
    "2 123456789012 eni-1 10.0.0.2 10.0.0.9 1025 22 6 1 40 1768471201 7 REJECT OK",
    "2 123456789012 eni-1 10.0.0.3  1025 22 6 1 40 1768471200 7 ACCEPT OK",
    "2 123456789012 eni-1 10.0.0.4 10.0.0.9 1025 22 6 1 40 1768471200 7 ACCEPT OK more",
)
DATA = "\n".join(LINES * 8).encode()
SILENT = (
    '<rule id="7" level="0"><if_sid>5</if_sid><field name="aws.log_status">NODATA</field>'
    "<description>n</description></rule>"
)
RULES = flow_rules("$(aws.srcaddr)").replace("</group>", f"{SILENT}</group>")


def run(home: Path, one: Engine, sinks: list[Sink], batches: list[list[Record] | Rows]) -> tuple[object, ...]:
    """What lies in the files, and what was counted."""
    checkpoints, journal = Checkpoints(home / "var"), Journal(home / "var" / "output.journal")
    written = Outputs(home, sinks)
    pipeline = Pipeline(
        one, one.new_state(), written, checkpoints, journal, lambda *_: None, monotonic=lambda: 0.0, zone=UTC
    )
    for batch in batches:
        pipeline.process(Batch(batch))
    pipeline.finish()
    files = [(home / "logs/alerts" / name) for name in ("alerts.log", "alerts.json")]
    counted = pipeline.counters.as_dict()
    found = [file.read_bytes() for file in files if file.exists()], counted, pipeline.events.tallies()
    written.close()
    checkpoints.close()
    journal.close()
    return found


@pytest.mark.parametrize("event_format", ["compatible", "improved"])
@pytest.mark.parametrize("names", ["both", "log", "json", "custom"])
def test_runs_are_alerts_one_by_one(tmp_path: Path, event_format: str, names: str) -> None:
    def sinks() -> list[Sink]:
        writer = AlertWriter(AlertFacts("manager", zone=UTC, improved=event_format == "improved"))
        log, json = AlertsLog(writer, "$RULEID $FTELL" if names == "custom" else ""), AlertsJson(writer)
        return {"both": [log, json], "custom": [log, json], "log": [log], "json": [json]}[names]

    plain = [[*read(DATA, event_format, "1", key, whole=True)] for key in "abc"]
    rows = [read(DATA, event_format, "1", key, whole=False) for key in "abc"]
    assert all(isinstance(found, Rows) for found in rows)
    expected = run(tmp_path / "plain", engine(RULES, "plain", ""), sinks(), [*plain])
    templates = mock.patch.multiple(row_alerts, BEFORE_TEMPLATE=1, BEFORE_FILLING_IN=1)
    with templates, mock.patch.object(outputs, "_TOGETHER", 3):
        found = run(tmp_path / "fast", engine(RULES, "fast", ""), sinks(), [*rows])  # type: ignore[list-item]
    assert found == expected
    assert expected[0][0]  # type: ignore[index]


def test_an_alert_that_cannot_be_filled_is_written_the_plain_way(tmp_path: Path) -> None:
    writer = AlertWriter(AlertFacts("manager", zone=UTC))
    plain = [*read(DATA, "compatible", "1", "a", whole=True)]
    expected = run(tmp_path / "plain", engine(RULES, "plain", ""), [AlertsJson(writer)], [plain])
    writer = AlertWriter(AlertFacts("manager", zone=UTC))
    with mock.patch.object(row_alerts.RowAlerts, "_at", side_effect=RuntimeError("broken")):
        rows = read(DATA, "compatible", "1", "a", whole=False)
        found = run(tmp_path / "fast", engine(RULES, "fast", ""), [AlertsJson(writer)], [rows])  # type: ignore[list-item]
    assert found == expected
