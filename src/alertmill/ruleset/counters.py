"""How often each rule fired in the current hour, and when its `ignore` time began (spec/rules.md 8.4, 13)."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

from alertmill.ruleset.clock import local_hour, local_time

_HOUR = 3600


class Counters:
    """`firedtimes` by rule id. All return to 0 when the local clock hour of the arriving records changes."""

    def __init__(self, zone: tzinfo | None) -> None:
        self.zone = zone
        self.fired: dict[int, int] = {}
        self._changed: set[int] = set()
        self._hour: int | None = None
        #: Epoch seconds for which `_hour` is the hour: an event asks no calendar.
        self._begin = self._end = 0.0
        self._reset = self._turned = False

    def at(self, arrival: float) -> None:
        """Begin a new hour if it has begun at `arrival`, epoch seconds."""
        if not self._begin <= arrival < self._end:
            self._turn(arrival)

    def _turn(self, arrival: float) -> None:
        hour = local_hour(arrival, self.zone)
        # A record that arrived just before the hour may be matched just after it: that is no new hour.
        if self._hour is not None and hour == self._hour - 1:
            return
        moment = local_time(arrival, self.zone)
        self._begin = arrival - moment.minute * 60 - moment.second - moment.microsecond / 1e6
        self._end = self._begin + _HOUR
        if hour == self._hour:
            return
        if self._hour is not None and self.fired:
            self.fired.clear()
            self._changed.clear()
            self._reset = True
        self._hour = hour
        self._turned = True

    def count(self, rule_id: int, events: int = 1) -> int:
        """More matches of a rule, mostly one; the new count."""
        count = self.fired[rule_id] = self.fired.get(rule_id, 0) + events
        self._changed.add(rule_id)
        return count

    def changes(self) -> dict[str, Any] | None:
        """The counts that changed since the last call, and the hour if it did; None for nothing."""
        if not self._changed and not self._turned:
            return None
        found: dict[str, Any] = {"fired": [[id, self.fired[id]] for id in sorted(self._changed)]}
        if self._turned:
            found["hour"] = self._hour
        if self._reset:
            found["reset"] = True
        self._changed.clear()
        self._reset = self._turned = False
        return found

    def everything(self) -> dict[str, Any]:
        """All counts and the hour."""
        return {"fired": [[id, count] for id, count in sorted(self.fired.items())], "hour": self._hour, "reset": True}

    def apply(self, notes: dict[str, Any]) -> None:
        """Take over what `changes` or `everything` said."""
        if notes.get("reset"):
            self.fired.clear()
        self.fired.update((id, count) for id, count in notes["fired"])
        self._hour = notes.get("hour", self._hour)


class Timers:
    """The second in which the `ignore` time of a rule began, by rule id."""

    def __init__(self) -> None:
        self._begun: dict[int, int] = {}
        self._changed: set[int] = set()

    def begun(self, rule_id: int) -> int | None:
        return self._begun.get(rule_id)

    def begin(self, rule_id: int, now: int) -> None:
        self._begun[rule_id] = now
        self._changed.add(rule_id)

    def stop(self, rule_id: int) -> None:
        """Forget the timer of a rule, so that its next match begins it."""
        del self._begun[rule_id]
        self._changed.add(rule_id)

    def changes(self) -> list[list[int | None]] | None:
        """[rule id, second] of each timer that changed since the last call, [rule id, None] if it stopped."""
        if not self._changed:
            return None
        found = [[id, self._begun.get(id)] for id in sorted(self._changed)]
        self._changed.clear()
        return found

    def everything(self) -> list[list[int]]:
        """[rule id, second] of all timers."""
        return [[id, begun] for id, begun in sorted(self._begun.items())]

    def apply(self, notes: list[list[int | None]]) -> None:
        """Take over what `changes` or `everything` said."""
        for id, begun in notes:
            assert id is not None
            if begun is None:
                self._begun.pop(id, None)
            else:
                self._begun[id] = begun
