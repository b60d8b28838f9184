"""An alarm that ends a pause before its time."""

from __future__ import annotations

import threading

from alertmill.sources.base import Stop

#: Seconds between two looks at the alarm.
_PATIENCE = 0.5


class Alarm:
    """Rung from any thread, heard by the one that pauses. A ring that nobody hears ends the next pause at once."""

    def __init__(self) -> None:
        self._rung = threading.Event()

    def ring(self) -> None:
        self._rung.set()

    def pause(self, stop: Stop, seconds: float) -> bool:
        """Wait so long, or until `stop` is set; True when the alarm ended the pause."""
        left = seconds
        while not self._rung.is_set():
            if stop.wait(min(max(left, 0.0), _PATIENCE)):
                return False
            left -= _PATIENCE
            if left <= 0:
                break
        rung = self._rung.is_set()
        self._rung.clear()
        return rung
