"""What alerts say about the manager."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """The manager as its alerts show it.

    `manager_name` is the full host name. `cluster` is (name, node), None without a visible `<cluster>` block. `labels`
    are those of agent 000: (key, value, hidden). `zone` is the zone of printed times, None the local one. `improved`
    adds `event_time` to alerts of events that know when they happened.
    """

    manager_name: str
    cluster: tuple[str, str] | None = None
    labels: tuple[tuple[str, str, bool], ...] = ()
    show_hidden_labels: bool = False
    zone: tzinfo | None = None
    improved: bool = False

    def shown_labels(self) -> list[tuple[str, str]]:
        """Labels that alerts may show: internal ones never, hidden ones on request (spec/alerts.md 2.5)."""
        return [
            (key, value)
            for key, value, hidden in self.labels
            if not key.startswith(("_", "#")) and (self.show_hidden_labels or not hidden)
        ]
