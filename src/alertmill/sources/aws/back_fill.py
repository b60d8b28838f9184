"""The second lane of a poller: what lies far back, and what is to be read again, beside the live runs.

A source of its own, with its own thread and connections. A wish of the operator goes first: a back-fill that is under
way is interrupted between two objects and goes on where it was.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

from alertmill.sources.aws.alarm import Alarm
from alertmill.sources.aws.errands import FillGaps, ReadAgainNow
from alertmill.sources.aws.runner import Runner
from alertmill.sources.base import Batch, Progress, ReadAgainOver, Stop

#: Seconds of the longest pause: whoever has work rings the alarm.
_LONGEST_PAUSE = 3600.0
#: Seconds of the shortest one, whatever comes to nothing at once.
_SHORTEST_PAUSE = 1.0


class BackFill:
    """Fills the gaps that live runs leave open, and reads ranges again.

    `members` are the numbers that the definitions of `runner` go by among the wishes.
    """

    def __init__(self, name: str, runner: Runner, members: Sequence[int]) -> None:
        self.name = name
        self._runner = runner
        self._members = members
        self._wishes = runner.shared.wishes
        self._lanes = runner.shared.lanes
        self._alarm = Alarm()
        self._interrupted = threading.Event()
        #: When a wish that could not be fulfilled is tried again, by definition and number, epoch seconds.
        self._put_off: dict[tuple[int, str], float] = {}
        self._scopes = [runner.definitions.whole_scope(bucket) for bucket in runner.definitions.buckets]
        for scope in self._scopes:
            self._lanes.listen(scope, self._alarm.ring)

    def batches(self, progress: Progress, stop: Stop, *, once: bool) -> Iterator[Batch]:
        """What there is to do, whenever there is something; with `once` the wishes alone: runs leave no gaps then."""
        try:
            if once:
                yield from self._fulfil(progress, stop, once=True)
                return
            while not stop.is_set():
                yield from self.work(progress, stop)
                if not stop.is_set() and not self._interrupted.is_set():
                    self._alarm.pause(stop, self._pause())
        finally:
            if stop.is_set():
                self.close()

    def work(self, progress: Progress, stop: Stop) -> Iterator[Batch]:
        """All that can be done now: the wishes, then the gaps."""
        self._interrupted.clear()
        yield from self._fulfil(progress, stop)
        until = _EitherStop(stop, self._interrupted)
        for number, scope in enumerate(self._scopes):
            if until.is_set():
                return
            if gaps := self._lanes.gaps(scope, self._runner.clock()):
                yield from self._runner.run(number, FillGaps(scope, self._lanes), progress, until)
                for gap in gaps if not until.is_set() else ():  # those that are still open
                    self._lanes.later(gap, self._runner.clock() + self._runner.interval)

    def wake(self) -> None:
        """There may be a wish, or failed objects to try again now."""
        for scope in self._scopes:
            self._lanes.hurry(scope)
        self._put_off = {}
        self._interrupted.set()
        self._alarm.ring()

    def close(self) -> None:
        """End all connections; to be called after the last `ack`."""
        self._runner.definitions.close()

    def _fulfil(self, progress: Progress, stop: Stop, *, once: bool = False) -> Iterator[Batch]:
        wishes = progress.read_again()
        for number, member in enumerate(self._members):
            for wish in self._wishes.to_do(member, wishes):
                if stop.is_set():
                    return
                if self._put_off.get((number, wish.number), 0.0) > self._runner.clock():
                    continue
                fulfilled = yield from self._runner.run(number, ReadAgainNow(wish), progress, stop, once=once)
                self._put_off.pop((number, wish.number), None)
                if not fulfilled:
                    self._put_off[number, wish.number] = self._runner.clock() + self._runner.interval
                elif self._wishes.done(member, wish):
                    self._runner.log("INFO", f"{wish.definition} was read again from {wish.first} to {wish.last}.")
                    yield Batch(marks=(ReadAgainOver(wish.number),))

    def _pause(self) -> float:
        now = self._runner.clock()
        times = [due for scope in self._scopes if (due := self._lanes.next_due(scope)) is not None]
        return max(min([*times, *self._put_off.values(), now + _LONGEST_PAUSE]) - now, _SHORTEST_PAUSE)


class _EitherStop:
    """Set when the daemon stops, or when something more urgent has come."""

    def __init__(self, stop: Stop, interrupted: threading.Event) -> None:
        self._stop = stop
        self._interrupted = interrupted

    def is_set(self) -> bool:
        return self._interrupted.is_set() or self._stop.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        return self._interrupted.is_set() or self._stop.wait(timeout)
