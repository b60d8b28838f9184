"""What alerts say about the manager, and a memory of bounded size for texts that repeat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from typing import Generic, TypeVar

Key = TypeVar("Key")


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


class Memory(Generic[Key]):
    """Remembers the text made for a key; forgets everything when `size` keys are known."""

    __slots__ = ("_make", "_size", "_texts")

    def __init__(self, make: Callable[[Key], str], size: int = 1024) -> None:
        self._make = make
        self._size = size
        self._texts: dict[Key, str] = {}

    def __call__(self, key: Key) -> str:
        text = self._texts.get(key)
        if text is None:
            if len(self._texts) >= self._size:
                self._texts.clear()
            text = self._texts[key] = self._make(key)
        return text
