"""Two lanes for one place: what is new is read beside a back-fill of the past, which may take weeks.

A place whose bound lies far behind is split at a day: live runs read from that day on, a back-fill reads what lies
before. The split holds until the back-fill has come to its end; nothing about it is stored, because the bound and the
done objects say enough: a restart splits anew, a little later, and leaves out what is done.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

from alertmill.sources.aws.examined import Examiner
from alertmill.sources.aws.fetching import Room
from alertmill.sources.aws.in_flight import InFlight
from alertmill.sources.aws.listing import Days, days_before
from alertmill.sources.aws.turns import Turns
from alertmill.sources.aws.walks import Place, utc_day
from alertmill.sources.aws.wishes import Wishes
from alertmill.sources.outlook import Outlook

#: Seconds by which a bound may lag behind the look-back before the place is split.
_PATIENCE = 86_400


@dataclass(frozen=True, slots=True)
class Gap:
    """The days of a place that a back-fill is to read. `definition` is the name of the definition's whole scope."""

    definition: str
    place: Place
    days: Days


class Lanes:
    """The splits of all places of a daemon. Safe to call from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        #: Open gaps by scope, and when each may be worked on, epoch seconds.
        self._gaps: dict[str, Gap] = {}
        self._due: dict[str, float] = {}
        #: When a walk over all of a scope began that came to its end, epoch seconds.
        self._walked: dict[str, float] = {}
        self._listeners: dict[str, list[Callable[[], None]]] = {}

    def listen(self, definition: str, opened: Callable[[], None]) -> None:
        """Places of this definition may be split from now on; `opened` is told of it. Must be quick."""
        with self._lock:
            self._listeners.setdefault(definition, []).append(opened)

    def first_live_day(self, definition: str, place: Place, bound: date, look_back: int, now: float) -> date | None:
        """The day from which a live run reads the place, None for all from its bound on.

        Opens a gap for a place whose bound lies more than the look-back (seconds) and a day behind, unless all of it
        was walked lately: then it is silent, not behind.
        """
        with self._lock:
            if gap := self._gaps.get(place.scope):
                return gap.days.until
            split = days_before(utc_day(now), look_back)
            listeners = self._listeners.get(definition, ())
            lately = now - self._walked.get(place.scope, 0.0) <= look_back + _PATIENCE
            if not listeners or lately or bound >= split - timedelta(seconds=_PATIENCE):
                return None
            self._gaps[place.scope] = Gap(definition, place, Days(bound, split))
            self._due[place.scope] = 0.0
        for opened in listeners:
            opened()
        return split

    def walked(self, scope: str, now: float) -> None:
        """A walk over all of the scope that began at `now` came to its end."""
        with self._lock:
            self._walked[scope] = now

    def gaps(self, definition: str, now: float) -> list[Gap]:
        """What a back-fill of the definition is to read now."""
        with self._lock:
            return [gap for gap in self._gaps.values() if gap.definition == definition and self._is_due(gap, now)]

    def filled(self, gap: Gap, now: float) -> None:
        """All of the gap was read, and the bound has risen."""
        with self._lock:
            self._gaps.pop(gap.place.scope, None)
            self._due.pop(gap.place.scope, None)
            self._walked[gap.place.scope] = now

    def later(self, gap: Gap, time: float) -> None:
        """The gap cannot be filled now; not before `time` (epoch seconds) again."""
        with self._lock:
            if gap.place.scope in self._gaps:
                self._due[gap.place.scope] = time

    def hurry(self, definition: str) -> None:
        """Whatever was put off is to be tried now."""
        with self._lock:
            for scope, gap in self._gaps.items():
                if gap.definition == definition:
                    self._due[scope] = 0.0

    def next_due(self, definition: str) -> float | None:
        """When there is something to do for a back-fill, epoch seconds; None without a gap."""
        with self._lock:
            return min((self._due[s] for s, gap in self._gaps.items() if gap.definition == definition), default=None)

    def _is_due(self, gap: Gap, now: float) -> bool:
        return self._due[gap.place.scope] <= now


@dataclass(frozen=True, slots=True)
class Shared:
    """What all pollers of a daemon share, so that they do not get in each other's way."""

    turns: Turns = field(default_factory=Turns)
    lanes: Lanes = field(default_factory=Lanes)
    wishes: Wishes = field(default_factory=Wishes)
    in_flight: InFlight = field(default_factory=InFlight)
    room: Room = field(default_factory=Room)
    outlook: Outlook = field(default_factory=Outlook)
    examiner: Examiner | None = None
