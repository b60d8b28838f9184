"""CloudTrail objects: ordinary traffic with incidents strewn in, cut into objects as AWS delivers them.

Several objects arrive for each five minutes, two in five of them not in the order of time, each with events up to ten
minutes older than the time in its key.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle

import orjson

from alertmill.samples.calls import MIX
from alertmill.samples.cast import Cast, Json
from alertmill.samples.incidents import INCIDENTS
from alertmill.samples.objects import DELIVERY, Dice, SampleObject, first_delivery, packed, utc_text

#: Seconds from one event of an incident to the next.
_PACE = 4
#: Most seconds from an event to the delivery of its object, beyond the five minutes it covers.
_LATEST = 300
#: Events of the average incident, to turn a share of events into a share of beginnings.
_STORY = 1.6


@dataclass(frozen=True, slots=True)
class CloudTrailProfile:
    """What the trail is like.

    `interesting` is the share of events, 0 to 1, that the shipped rules speak about (incidents, told in turn);
    `disordered` the share of objects whose events are not in order of time; `objects_per_delivery` how many objects
    carry the same time in their key.
    """

    interesting: float = 0.02
    disordered: float = 0.4
    objects_per_delivery: int = 4

    def __post_init__(self) -> None:
        if not (0 <= self.interesting <= 1 and 0 <= self.disordered <= 1):
            raise ValueError("interesting and disordered are shares from 0 to 1")
        if self.objects_per_delivery < 1:
            raise ValueError("objects_per_delivery is at least 1")


#: An account in daily use.
ORDINARY = CloudTrailProfile()
#: A demonstration: every incident once within about 250 events.
EVENTFUL = CloudTrailProfile(interesting=0.25)
#: Nothing that the shipped rules speak about.
QUIET = CloudTrailProfile(interesting=0.0)


def cloudtrail_objects(
    *,
    seed: int,
    account: str = "123456789012",
    region: str = "us-east-1",
    start: datetime,
    objects: int,
    events_per_object: int,
    profile: CloudTrailProfile = ORDINARY,
) -> Iterator[SampleObject]:
    """CloudTrail objects in S3 key layout (aws-wodle.md 7.2), in order of delivery.

    `start` is the first delivery (rounded down to five minutes); later ones follow every five minutes. Raises
    ValueError when `start` has no time zone.
    """
    delivery = first_delivery(start)
    trail = _Trail(Dice(f"cloudtrail/{seed}/{account}/{region}"), account, region, delivery, profile)
    for number in range(objects):
        moment = delivery + DELIVERY * (number // profile.objects_per_delivery)
        yield trail.object(moment, events_per_object)


class _Trail:
    """The state between objects: the company, the chance, and an incident that has not been told to its end."""

    def __init__(self, dice: Dice, account: str, region: str, delivery: datetime, profile: CloudTrailProfile) -> None:
        self.dice = dice
        self.profile = profile
        self.cast = Cast(dice, account, region, int((delivery - timedelta(hours=1)).timestamp()))
        self.incidents = cycle(INCIDENTS)
        self.beginning = profile.interesting / (_STORY * (1 - profile.interesting) + profile.interesting)
        self.untold: list[Json] = []
        self.second = 0

    def object(self, moment: datetime, events: int) -> SampleObject:
        span = int(DELIVERY.total_seconds())
        begin = int(moment.timestamp()) - span - self.dice.number(0, _LATEST)
        records = [self.next(begin + span * number // max(events, 1)) for number in range(events)]
        if self.dice.random() < self.profile.disordered:
            self.dice.shuffle(records)
        body = b'{"Records":[' + b",".join(map(orjson.dumps, records)) + b"]}"
        return SampleObject(self.key(moment), packed(body))

    def next(self, second: int) -> Json:
        """The next record: of the incident being told, or an ordinary one, or a new incident's first."""
        if self.untold:
            self.second += _PACE
            made = self.untold.pop(0)
        else:
            self.second = second
            made = self.begun() if self.dice.random() < self.beginning else self.ordinary()
        made["eventTime"] = utc_text(self.second)
        return made

    def begun(self) -> Json:
        first, *self.untold = next(self.incidents)(self.cast, self.dice)
        return first

    def ordinary(self) -> Json:
        return self.dice.pick(MIX).made(self.cast, self.dice)

    def key(self, moment: datetime) -> str:
        account, region = self.cast.account, self.cast.region
        name = f"{account}_CloudTrail_{region}_{moment:%Y%m%dT%H%MZ}_{self.dice.word(16)}.json.gz"
        return f"AWSLogs/{account}/CloudTrail/{region}/{moment:%Y/%m/%d}/{name}"
