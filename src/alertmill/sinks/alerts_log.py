"""`logs/alerts/alerts.log`: one block of lines per alert (spec/alerts.md 3), or the user's own template (3.1)."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter

from alertmill.alerts import AlertWriter, Fill, RowTemplate
from alertmill.event import Outcome, Record
from alertmill.sinks.base import Pieces
from alertmill.sinks.rotation import ALERTS_LOG


class AlertsLog:
    """The text format; with `template`, one line per alert made from `<custom_alert_output>` instead."""

    name = ALERTS_LOG

    def __init__(self, writer: AlertWriter, template: str = "") -> None:
        self._writer = writer
        self._template = template

    def render(self, record: Record, outcome: Outcome, alert_id: str) -> Pieces:
        if not outcome.alert or outcome.event is None or outcome.match is None:
            return ()
        if self._template:
            return (self._writer.custom_line(self._template, outcome.event, outcome.match, alert_id),)
        return self._writer.text_pieces(outcome.event, outcome.match, alert_id)

    def for_rows(self) -> tuple[AlertWriter, Callable[[RowTemplate], Fill]] | None:
        return None if self._template else (self._writer, attrgetter("stanza"))
