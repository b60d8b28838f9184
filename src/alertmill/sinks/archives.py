"""`logs/archives/`: every event, alert or not (spec/alerts.md 4), when `<logall>` or `<logall_json>` ask for it."""

from __future__ import annotations

from alertmill.alerts import AlertWriter
from alertmill.event import Event, Outcome, Record
from alertmill.sinks.rotation import ARCHIVES_JSON, ARCHIVES_LOG


class ArchivesJson:
    """`archives.json`: the alert object without what only alerts have."""

    name = ARCHIVES_JSON

    def __init__(self, writer: AlertWriter) -> None:
        self._writer = writer

    def render(self, record: Record, outcome: Outcome, alert_id: str) -> bytes:
        if not _is_archived(outcome.event, outcome):
            return b""
        assert outcome.event is not None
        return self._writer.json_line(outcome.event, outcome.match, alert_id, archive=True)


class ArchivesLog:
    """`archives.log`: one line per event."""

    name = ARCHIVES_LOG

    def __init__(self, writer: AlertWriter) -> None:
        self._writer = writer

    def render(self, record: Record, outcome: Outcome, alert_id: str) -> bytes:
        if not _is_archived(outcome.event, outcome):
            return b""
        assert outcome.event is not None
        return self._writer.archive_line(outcome.event)


def _is_archived(event: Event | None, outcome: Outcome) -> bool:
    """Events dropped before the rules and the two internal keepalive locations stay out."""
    return event is not None and not outcome.dropped and not event.location.endswith(_KEEPALIVE_ENDS)


_KEEPALIVE_ENDS = ("ossec-keepalive", "->ossec-keepalive")
