"""`logs/alerts/alerts.json`: one JSON object per alert (spec/alerts.md 2)."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter

from alertmill.alerts import AlertWriter, Fill, RowTemplate
from alertmill.event import Outcome, Record
from alertmill.sinks.base import Pieces
from alertmill.sinks.rotation import ALERTS_JSON


class AlertsJson:
    """The log of record: every other reader of alerts follows this file."""

    name = ALERTS_JSON

    def __init__(self, writer: AlertWriter) -> None:
        self._writer = writer

    def render(self, record: Record, outcome: Outcome, alert_id: str) -> Pieces:
        if not outcome.alert or outcome.event is None or outcome.match is None:
            return ()
        return self._writer.json_pieces(outcome.event, outcome.match, alert_id)

    def for_rows(self) -> tuple[AlertWriter, Callable[[RowTemplate], Fill]]:
        return self._writer, attrgetter("json")
