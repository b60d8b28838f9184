"""The EPS limit of `<global><limits><eps>`: a pool of credits that caps the average rate of events (spec/control.md 8).

Pure: the caller brings the time. Wazuh takes a credit for each event and lets the next one wait; here a batch is never
torn apart (its events are committed together), so a batch may take more credits than there are, and the next one waits
until the debt is paid. Nothing is ever dropped: a full queue makes the sources wait.
"""

from __future__ import annotations

from collections import deque


class EpsLimit:
    """`maximum` events a second on average over `timeframe` seconds; bursts of maximum x timeframe are possible.

    Credits spent in a second come back when that second is `timeframe` seconds ago.
    """

    def __init__(self, maximum: int, timeframe: int) -> None:
        self.maximum = maximum
        self.timeframe = timeframe
        self._credits = maximum * timeframe
        #: (second, credits spent in it), oldest first.
        self._spent: deque[tuple[int, int]] = deque()

    @property
    def credits(self) -> int:
        """Credits left; negative while a debt is being paid."""
        return self._credits

    def spend(self, events: int, now: float) -> None:
        """Take the credits of a batch at `now`, seconds of any steady clock."""
        second = int(now)
        if self._spent and self._spent[-1][0] == second:
            self._spent[-1] = (second, self._spent[-1][1] + events)
        else:
            self._spent.append((second, events))
        self._credits -= events

    def wait(self, now: float) -> float:
        """Seconds until the next batch may be analysed, 0 when it may be now."""
        while self._spent and self._spent[0][0] + self.timeframe <= int(now):
            self._credits += self._repay()
        if self._credits > 0 or not self._spent:
            return 0.0
        return max(self._spent[0][0] + self.timeframe - now, 0.001)

    def _repay(self) -> int:
        """The credits of the oldest second: at most what one timeframe may spend, the rest of a debt comes later."""
        second, spent = self._spent.popleft()
        whole = self.maximum * self.timeframe
        if spent > whole:
            self._spent.appendleft((second + self.timeframe, spent - whole))
            return whole
        return spent
