"""CloudTrail objects with the value distributions of real trails, and a chosen share of events that alert.

Measured on 2,093 events of a real account under attack exercises and 249 labelled events of many accounts:

    bytes of a record     1,259 on average; a tenth below 1,074, half below 1,188, a tenth above 1,574, largest 4,270
                          1,505 on average for those that alert
    values in a record    28 on average, a tenth above 34, largest 60
    names, shapes         172 names of calls, 187 shapes (sets of member paths) and 96 user agents in 2,093 records
    who                   exercises: 94 % IAM users; labelled: 65 % roles, 29 % users, 4 % root, rest services
    user agents           195 bytes on average where infrastructure code is at work, 38 elsewhere
    failed                11 % (17 % of the labelled ones); null parameters 12 %; an answer 12 % (63 % where it alerts)
    through an endpoint   5 %
    alerting              8 % and 49 % with Wazuh's stock ruleset

`tests/unit/benchmarks/test_inputs.py` holds the generator to bands around these.
"""

from __future__ import annotations

import gzip
import re
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate

import orjson

from alertmill.samples import SampleObject
from alertmill.samples.calls import CALLS, Call
from alertmill.samples.cast import Cast, Json
from alertmill.samples.objects import DELIVERY, Dice, packed, utc_text
from alertmill.samples.records import Failure, record
from benchmarks.inputs.calls import CHANGES, ERRORS, READS, TailCall, calls

START = datetime(2026, 1, 15, tzinfo=UTC)
ACCOUNT = "123456789012"
REGION = "us-east-1"
BUCKET = "benchmark"

#: Shares of reads that are of the long tail, of calls that fail, and of user agents by infrastructure code.
_TAIL, _FAILED, _INFRASTRUCTURE = 0.3, 0.09, 0.35
_AGENTS = 96
_OBJECTS_PER_DELIVERY = 4
#: The service that is reached through an endpoint of the network, as 5 % of calls are.
_BEHIND_ENDPOINT = "ssm.amazonaws.com"

_CHANGES = calls(CHANGES, read_only=False)
_ALERTING = {call.name for call in _CHANGES}
_READS = calls(READS, read_only=True)
#: The calls of `alertmill.samples` that alert nowhere, each as often as it weighs.
_COMMON: tuple[Call, ...] = tuple(call for call in CALLS if call.name not in _ALERTING for _ in range(call.weight))


#: What tells an event from all others: its last eight characters are replaced.
_EVENT_ID = re.compile(rb'("eventID":"[^"]*)[^"]{8}"')


def more(made: Sequence[SampleObject], times: int) -> list[SampleObject]:
    """So many times as many objects: the same events again under other keys, each with an id of its own."""
    found: list[SampleObject] = []
    for number in range(times):
        for sample in made:
            text = _EVENT_ID.sub(rb'\g<1>%08d"' % number, gzip.decompress(sample.body))
            key = sample.key.replace(".json.gz", f"{number:04}.json.gz")
            found.append(replace(sample, key=key, body=gzip.compress(text, 6, mtime=0)))
    return sorted(found, key=lambda sample: sample.key)


class Zipf:
    """Picks from a list whose first is the most frequent one: the n-th has a weight of 1 / (n + 4)."""

    def __init__(self, size: int) -> None:
        self._limits = list(accumulate(1 / (rank + 5) for rank in range(size)))

    def pick(self, dice: Dice) -> int:
        """An index."""
        return bisect(self._limits, dice.random() * self._limits[-1])


class Trail:
    """A trail whose events alert with a probability of `alerting` under Wazuh's stock ruleset."""

    def __init__(self, alerting: float, seed: int = 1) -> None:
        self.dice = Dice(f"trail/{seed}")
        self.cast = Cast(self.dice, ACCOUNT, REGION, int((START - timedelta(hours=1)).timestamp()))
        self._alerting = alerting
        self._endpoint = f"vpce-0{self.dice.hex(16)}"
        self._agents = [self._agent() for _ in range(_AGENTS)]
        self._agent_rank = Zipf(_AGENTS)
        self._change_rank, self._read_rank = Zipf(len(_CHANGES)), Zipf(len(_READS))
        self._errors = [(code, message) for share, code, message in ERRORS for _ in range(share)]

    def records(self, count: int, begin: int) -> Iterator[Json]:
        """Records with their times spread over the five minutes from `begin`, epoch seconds."""
        span = int(DELIVERY.total_seconds())
        for number in range(count):
            made = self._record()
            made["eventTime"] = utc_text(begin + span * number // count)
            yield made

    def _record(self) -> Json:
        dice = self.dice
        if dice.random() < self._alerting:
            made = self._tail(_CHANGES[self._change_rank.pick(dice)])
        elif dice.random() < _TAIL:
            made = self._tail(_READS[self._read_rank.pick(dice)])
        else:
            made = dice.pick(_COMMON).made(self.cast, dice)
        if "tlsDetails" in made:
            made["userAgent"] = self._agents[self._agent_rank.pick(dice)]
            if made["eventSource"] == _BEHIND_ENDPOINT:
                made["vpcEndpointId"] = self._endpoint
        return made

    def _tail(self, call: TailCall) -> Json:
        dice, cast = self.dice, self.cast
        failure: Failure | None = dice.pick(self._errors) if dice.random() < 1.5 * _FAILED else None
        who = dice.pick(cast.workloads if dice.random() < 0.6 else cast.people)
        return record(
            dice,
            cast,
            who,
            call.source,
            call.name,
            params=call.params(cast, dice),
            response=None if failure else call.response(cast, dice),
            failure=failure,
            read_only=call.read_only,
        )

    def _agent(self) -> str:
        dice = self.dice
        version = f"{dice.number(1, 5)}.{dice.number(0, 90)}.{dice.number(0, 40)}"
        if dice.random() > _INFRASTRUCTURE:
            return (
                f"aws-cli/{version} Python/3.{dice.number(9, 13)}" if dice.random() < 0.5 else f"aws-sdk-go/{version}"
            )
        return (
            f"APN/1.0 HashiCorp/1.0 Terraform/{version} (+https://www.terraform.io) terraform-provider-aws/{version} "
            f"(+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go/{version} (go1.22.5; linux; amd64) "
            f"stack-{dice.uuid()} HashiCorp-terraform-exec/0.{dice.number(10, 20)}.0"
        )


def objects(count: int, events: int, alerting: float, seed: int = 1) -> list[SampleObject]:
    """`count` objects of `events` records each, in S3 key layout, in order of delivery."""
    trail = Trail(alerting, seed)
    return [trail_object(list(trail.records(events, begin(number))), number) for number in range(count)]


def trail_object(records: list[Json], number: int) -> SampleObject:
    """The object with these records that is delivered as the `number`-th."""
    body = b'{"Records":[' + b",".join(map(orjson.dumps, records)) + b"]}"
    return SampleObject(key(number), packed(body))


def key(number: int) -> str:
    """The key of the `number`-th object."""
    moment = START + DELIVERY * (number // _OBJECTS_PER_DELIVERY)
    name = f"{ACCOUNT}_CloudTrail_{REGION}_{moment:%Y%m%dT%H%MZ}_{number:016d}.json.gz"
    return f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/{moment:%Y/%m/%d}/{name}"


def begin(number: int) -> int:
    """Epoch second of the first event of the `number`-th object."""
    return int((START + DELIVERY * (number // _OBJECTS_PER_DELIVERY - 1)).timestamp())
