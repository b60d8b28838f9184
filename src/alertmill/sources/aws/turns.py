"""Turns: a place in a bucket is read by one run at a time, and by the next one only when all of it is committed.

Before that, `Progress` does not know what was read, and the next run would read it again: the run of an interval that
was overtaken, or another definition with the same bucket and path.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from alertmill.sources.base import Stop

#: Seconds between two looks at the stop flag while waiting.
_PATIENCE = 0.1


class Turns:
    """The turns of all definitions of a daemon, by the place they read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: dict[str, threading.Event] = {}

    def take(self, place: str, stop: Stop) -> Callable[[], None] | None:
        """Wait until the run before is committed; None when told to stop meanwhile.

        The function that comes back ends the turn; it belongs into the `ack` of the run's last batch.
        """
        turn = threading.Event()
        with self._lock:
            before, self._last[place] = self._last.get(place), turn
        if before is None or _set(before, stop):
            return turn.set
        turn.set()
        return None

    def is_over(self, place: str, stop: Stop) -> bool:
        """Wait until the last turn of a place is over; False when told to stop meanwhile."""
        with self._lock:
            last = self._last.get(place)
        return last is None or _set(last, stop)


def _set(event: threading.Event, stop: Stop) -> bool:
    while not event.wait(_PATIENCE):
        if stop.is_set():
            return False
    return True
