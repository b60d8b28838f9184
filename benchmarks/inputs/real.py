"""Real AWS logs from the folder of reference data, repeated until there are enough events. Nothing of it is kept here.

Each copy of an object has its own key; its bytes are as published, so that the ids of its events come again.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path

import orjson

from alertmill.samples import SampleObject
from alertmill.samples.cast import Json
from benchmarks.homes import SHARED
from benchmarks.inputs.flow import key as flow_key
from benchmarks.inputs.trail import key as trail_key
from benchmarks.inputs.trail import trail_object

DATA = SHARED / "data" / "aws"
_TRAIL = DATA / "invictus-ir_aws_dataset"
_LABELLED = DATA / "panther-labs_panther-analysis" / "AWS.CloudTrail.ndjson"
_EXERCISE = DATA / "OTRF_Security-Datasets"
_FLOWS = DATA / "cribl_vpc-flow" / "reconstructed"

#: How many events a body holds, and the key of the object with a number.
Size = Callable[[bytes], int]
Key = Callable[[int], str]


def trail(events: int) -> list[SampleObject]:
    """The objects of a small account's trail, thirty events each at the median, `events` or a little more in all."""
    return _copies(sorted(_TRAIL.rglob("*.json.gz")), events, _records_in, trail_key)


def labelled(events: int, per_object: int) -> list[SampleObject]:
    """Loose records of many accounts, some of them odd, packed into objects."""
    records = cycle(_loose())
    return [trail_object(list(islice(records, per_object)), number) for number in range(-(-events // per_object))]


def flows(events: int) -> list[SampleObject]:
    """One flow log object of 99 records, again and again."""
    return _copies(sorted(_FLOWS.rglob("*.log.gz")), events, _lines_in, flow_key)


def _loose() -> list[Json]:
    rows = [orjson.loads(line)["log"] for line in _LABELLED.read_bytes().splitlines()]
    rows += [json.loads(line) for path in sorted(_EXERCISE.glob("*.json")) for line in path.read_text().splitlines()]
    return [row for row in rows if type(row) is dict]


def _copies(paths: Sequence[Path], events: int, size: Size, key: Key) -> list[SampleObject]:
    bodies = [path.read_bytes() for path in paths]
    sizes = [size(body) for body in bodies]
    return list(_until(events, zip(cycle(bodies), cycle(sizes), strict=False), key))


def _until(events: int, bodies: Iterator[tuple[bytes, int]], key: Key) -> Iterator[SampleObject]:
    there = number = 0
    while there < events:
        body, size = next(bodies)
        yield SampleObject(key(number), body)
        there, number = there + size, number + 1


def _records_in(body: bytes) -> int:
    return len(orjson.loads(gzip.decompress(body))["Records"])


def _lines_in(body: bytes) -> int:
    return gzip.decompress(body).count(b"\n") - 1
