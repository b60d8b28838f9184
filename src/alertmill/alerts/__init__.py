"""Matches -> bytes: alerts.json, alerts.log, archives, firewall.log and the report of logtest (spec/alerts.md).

Everything here is a pure function of an event, its match and the facts about the manager; files and offsets are the
business of the sinks.
"""

from alertmill.alerts.facts import AlertFacts
from alertmill.alerts.row_alerts import Fill, Filling, RowTemplate
from alertmill.alerts.writer import AlertWriter, alert_id

__all__ = ["AlertFacts", "AlertWriter", "Fill", "Filling", "RowTemplate", "alert_id"]
