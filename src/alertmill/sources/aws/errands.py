"""What a run is for: which places it walks, and which of their days.

The same run of a definition (`run`) reads everything once, reads live beside a back-fill, fills a gap, or reads a range
again; only this differs. Nothing here lists or fetches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Protocol

from alertmill.config.models import Bucket
from alertmill.sources.aws.lanes import Gap, Lanes
from alertmill.sources.aws.listing import Days
from alertmill.sources.aws.walks import BACK_FILL, Place, Purpose, Walk, lower_bound
from alertmill.sources.base import Progress, ReadAgain, no_ack


@dataclass(frozen=True, slots=True)
class Assignment:
    """One walk to be made. `bound` is the day below which nothing of the scope is read."""

    place: Place
    days: Days
    bound: date
    purpose: Purpose


class Errand(Protocol):
    """The purpose of a run."""

    #: Ends the name of the scope that the run as a whole reports under, behind that of the definition.
    suffix: str
    #: Whether the run looks at all of the definition as it is now, and may judge of it.
    is_live: bool

    def assignments(self, places: Iterable[Place], bound: date, now: float) -> Iterator[Assignment]:
        """The walks, in order. `bound` is that of the definition, `now` epoch seconds; raises what `places` raises."""

    def closed(self, walk: Walk, now: float) -> Callable[[], None]:
        """A walk of the run that began at `now` has ended; what comes back is called once its end is committed."""


class ReadNow:
    """Everything of the definition; with `lanes`, what lies far back is left to a back-fill."""

    suffix = ""
    is_live = True

    def __init__(self, definition: str, bucket: Bucket, progress: Progress, lanes: Lanes | None) -> None:
        self._definition = definition
        self._bucket = bucket
        self._progress = progress
        self._lanes = lanes

    def assignments(self, places: Iterable[Place], bound: date, now: float) -> Iterator[Assignment]:
        for place in places:
            from_day = lower_bound(self._progress.lower_bound(place.scope), bound, self._bucket.only_logs_after)
            split = None
            if self._lanes is not None:
                look_back = self._bucket.look_back
                split = self._lanes.first_live_day(self._definition, place, from_day, look_back, now)
            if split is None:
                yield Assignment(place, Days(from_day), from_day, Purpose.WHOLE)
            else:
                yield Assignment(place, Days(max(split, from_day)), from_day, Purpose.LIVE)

    def closed(self, walk: Walk, now: float) -> Callable[[], None]:
        if self._lanes is None or walk.purpose is not Purpose.WHOLE or not walk.is_complete:
            return no_ack
        lanes, scope = self._lanes, walk.scope
        return lambda: lanes.walked(scope, now)


class FillGaps:
    """What lies between the bounds of some places and the days that live runs read from."""

    suffix = BACK_FILL
    is_live = False

    def __init__(self, definition: str, lanes: Lanes) -> None:
        self._definition = definition
        self._lanes = lanes
        self._gaps: dict[str, Gap] = {}

    def assignments(self, places: Iterable[Place], bound: date, now: float) -> Iterator[Assignment]:
        found = self._lanes.gaps(self._definition, now)
        self._gaps = {gap.place.scope: gap for gap in found}
        for gap in found:
            yield Assignment(gap.place, gap.days, gap.days.first, Purpose.BACK_FILL)

    def closed(self, walk: Walk, now: float) -> Callable[[], None]:
        if not walk.is_complete:
            return no_ack
        lanes, gap = self._lanes, self._gaps[walk.scope]
        return lambda: lanes.filled(gap, now)


class ReadAgainNow:
    """The days of a wish, in scopes of their own."""

    is_live = False

    def __init__(self, wish: ReadAgain) -> None:
        self._wish = wish
        self.suffix = f"|again {wish.number}"

    def assignments(self, places: Iterable[Place], bound: date, now: float) -> Iterator[Assignment]:
        wish = self._wish
        first, last = date.fromisoformat(wish.first), date.fromisoformat(wish.last)
        days = Days(first, None if last == date.max else last + timedelta(days=1))
        for place in places:
            if place.scope.startswith(wish.definition):
                yield Assignment(replace(place, scope=place.scope + self.suffix), days, first, Purpose.AGAIN)

    def closed(self, walk: Walk, now: float) -> Callable[[], None]:
        return no_ack
