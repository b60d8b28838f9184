"""`logs/firewall/firewall.log`: one line per complete firewall event, whatever the rules say (spec/alerts.md 5)."""

from __future__ import annotations

from alertmill.alerts import AlertWriter
from alertmill.event import Outcome, Record
from alertmill.sinks.rotation import FIREWALL_LOG


class FirewallLog:
    """Written for events of decoders of type `firewall` when `analysisd.log_fw` is on."""

    name = FIREWALL_LOG

    def __init__(self, writer: AlertWriter) -> None:
        self._writer = writer

    def render(self, record: Record, outcome: Outcome, alert_id: str) -> bytes:
        if outcome.dropped or outcome.event is None or outcome.event.category != "firewall":
            return b""
        return self._writer.firewall_line(outcome.event)
