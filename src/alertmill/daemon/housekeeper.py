"""The thread that looks after finished files, so that the engine's thread never waits for it.

What is done is in `sinks.housekeeping` and `sinks.own_logs`; decided here is when: once a minute, and when a day turns.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

from alertmill.sinks.folders import Stop

#: Seconds between two passes at most.
EVERY = 60.0
#: How far the thread stands back when the machine is busy, as `nice` counts.
_NICENESS = 10


class Housekeeper:
    """Makes a pass of all `chores` again and again; `until_turn` gives the seconds to the next turn of a day.

    Chores log what they cannot do; one that raises all the same is logged, and tried again with the next pass.
    """

    def __init__(
        self, chores: Sequence[Callable[[Stop], None]], until_turn: Callable[[], float], log: Callable[[str, str], None]
    ) -> None:
        self._chores = chores
        self._until_turn = until_turn
        self._log = log
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="housekeeping", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, patience: float) -> bool:
        """Ask the thread to end and wait for it, `patience` seconds at most; False when it still runs."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(patience)
        return not self._thread.is_alive()

    def once(self, stop: Stop) -> None:
        """One pass, in the thread of the caller."""
        for chore in self._chores:
            if not stop():
                self._do(chore, stop)

    def _do(self, chore: Callable[[Stop], None], stop: Stop) -> None:
        try:
            chore(stop)
        except Exception as error:  # finished files are no reason to stop analysing
            self._log("ERROR", f"housekeeping failed, please report it: {type(error).__name__}: {error}")

    def _run(self) -> None:
        with suppress(OSError):  # a sandbox may forbid it
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
        while not self._stop.is_set():
            self.once(self._stop.is_set)
            self._stop.wait(min(max(self._until_turn(), 1.0), EVERY))
