"""End to end: objects in an S3 server on this machine -> listing, fetching, unpacking, decoding, rules, rendering,
checkpoint, synced alerts.json. Everything of ours is counted but the start; the S3 server is not ours.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import orjson

from alertmill.samples import SampleObject
from benchmarks.driving import EMPTY_BUCKET, driven, s3
from benchmarks.families.rulesets import stock
from benchmarks.harness import Figure, Yardstick, figure, kept, samples_of, scaled, scratch
from benchmarks.homes import calm_home, read_bucket, shipped_home, use_format, use_workers
from benchmarks.inputs import flow, hostile, real, trail
from benchmarks.inputs.trail import BUCKET

#: Events of an object, and objects of a run.
PER_OBJECT = 1000
_OBJECTS = 40
#: The objects of a back-fill, in objects of an ordinary run.
_TIMES = 10
#: Events of a run over real logs, and of one over hostile ones; kinds with large events have fewer.
_REAL, _HOSTILE = 20_000, 10_000
_LARGE_EVENTS = {"long": (4, 50), "deep": (4, 1000)}
#: Objects and events per object of the two runs whose difference is the cost of an object.
_FEW, _MANY = (20, 1000), (1000, 20)


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is read: a name for the kept inputs, the bucket type, how the objects are made.

    `texts` gives some of the events as JSON, where objects are too large to be opened for that.
    """

    name: str
    type: str
    make: Callable[[], list[SampleObject]]
    texts: Callable[[], list[bytes]] | None = None

    def objects(self) -> list[SampleObject]:
        return kept(self.name, self.make)


def _count() -> int:
    return scaled(_OBJECTS, 2)


def _size() -> int:
    return scaled(PER_OBJECT, 50)


def _trail_bucket(name: str, alerting: float) -> Bucket:
    return Bucket(name, "cloudtrail", lambda: trail.objects(_count(), _size(), alerting))


QUARTER = _trail_bucket("trail-quarter", 0.25)
EVERY = _trail_bucket("trail-every", 1.0)
BACK_FILL = Bucket("trail-back-fill", "cloudtrail", lambda: trail.more(QUARTER.objects(), scaled(_TIMES)))
FLOWS = Bucket("flow-every", "vpcflow", lambda: flow.objects(_count(), _size(), reject=0.3))
CALM_FLOWS = Bucket("flow-calm", "vpcflow", lambda: flow.objects(_count(), _size(), reject=0.01, nodata=0.03))
REAL_TRAIL = Bucket("real-trail", "cloudtrail", lambda: real.trail(scaled(_REAL, 100)))
REAL_LABELLED = Bucket("real-labelled", "cloudtrail", lambda: real.labelled(scaled(_REAL, 100), PER_OBJECT))
REAL_FLOWS = Bucket("real-flows", "vpcflow", lambda: real.flows(scaled(_REAL, 100)))


def _hostile_bucket(kind: str) -> Bucket:
    count, size = _LARGE_EVENTS.get(kind, (_HOSTILE // PER_OBJECT, PER_OBJECT))
    return Bucket(f"hostile-{kind}", "cloudtrail", lambda: hostile.objects(kind, scaled(count), scaled(size, 10), 0.25))


#: Buckets of hostile trails, by the kind of hostility.
HOSTILE = {kind: _hostile_bucket(kind) for kind in hostile.CHANGES}


def cloudtrail_quarter() -> list[Figure]:
    return [end_to_end("CloudTrail, a quarter alerting", stock, QUARTER)]


def cloudtrail_every() -> list[Figure]:
    return [end_to_end("CloudTrail, every event alerting", stock, EVERY)]


def cloudtrail_workers() -> list[Figure]:
    """A back-fill that is worth the start of workers, which is counted: by one process, and with two workers."""
    return [figure for spelling in ("compatible", "improved") for figure in _back_fill(spelling)]


def _back_fill(event_format: str) -> list[Figure]:
    def home(folder: Path, workers: int) -> Path:
        return use_workers(use_format(stock(folder), event_format), workers)

    label = f"CloudTrail back-fill, {event_format}"
    alone = end_to_end(f"{label}, one process", partial(home, workers=1), BACK_FILL)
    helped = end_to_end(f"{label}, 2 workers", partial(home, workers=2), BACK_FILL)
    times = helped.events_per_second / alone.events_per_second
    return [alone, replace(helped, note=f"{times:.2f} times as fast")]


def cloudtrail_shipped() -> list[Figure]:
    return [end_to_end("CloudTrail, shipped ruleset", shipped_home, QUARTER)]


def flow_every() -> list[Figure]:
    return [end_to_end("VPC flow, every record alerting", stock, FLOWS)]


def flow_calm() -> list[Figure]:
    return [end_to_end("VPC flow, 1 % alerting, shipped ruleset", calm_home, CALM_FLOWS)]


def flow_shipped() -> list[Figure]:
    return [end_to_end("VPC flow, shipped ruleset", shipped_home, FLOWS)]


def real_cloudtrail() -> list[Figure]:
    return [end_to_end("real CloudTrail, 75 events an object", stock, REAL_TRAIL)]


def real_labelled() -> list[Figure]:
    return [end_to_end("real CloudTrail, many accounts", stock, REAL_LABELLED)]


def real_flow() -> list[Figure]:
    return [end_to_end("real VPC flow, 99 records an object", stock, REAL_FLOWS)]


def hostile_values() -> list[Figure]:
    return [end_to_end("CloudTrail, fresh values everywhere", stock, HOSTILE["fresh"])]


def hostile_names() -> list[Figure]:
    return [end_to_end("CloudTrail, fresh member names", stock, HOSTILE["names"])]


def hostile_long() -> list[Figure]:
    return [end_to_end("CloudTrail, a text of 200 KB each", stock, HOSTILE["long"])]


def hostile_deep() -> list[Figure]:
    return [end_to_end("CloudTrail, 100 objects deep", stock, HOSTILE["deep"])]


def per_object() -> list[Figure]:
    """What an object costs beside its events: as many events in many objects, and in few. One event is one object."""
    (few, few_objects), (many, many_objects) = (_cut(*shape) for shape in (_FEW, _MANY))
    more = many_objects - few_objects
    cpu = max(many.cpu_us - few.cpu_us, 0.0) * many.events / more
    wall = max(many.events / many.events_per_second - few.events / few.events_per_second, 1e-9)
    note = f"objects of {many.events // many_objects} events against objects of {few.events // few_objects}"
    return [Figure("an S3 object", more, cpu, more / wall, many.peak_mib, None, note, many.yardstick_us)]


def _cut(objects: int, events: int) -> tuple[Figure, int]:
    """The figure of a trail in so many objects of so many events, and the number of its objects."""
    count, size = scaled(objects, objects // 10), scaled(events, events // 10)
    bucket = Bucket(f"trail-{count}x{size}", "cloudtrail", lambda: trail.objects(count, size, 0.25))
    return end_to_end("", stock, bucket), count


def end_to_end(label: str, make_home: Callable[[Path], Path], bucket: Bucket) -> Figure:
    """Read all objects once."""
    objects = bucket.objects()
    yardstick = Yardstick(bucket.texts() if bucket.texts is not None else event_texts(objects, bucket.type))
    with s3(objects), scratch() as folder:
        home = read_bucket(make_home(folder / "home"), bucket.type, BUCKET)
        empty = read_bucket(shipped_home(folder / "empty"), bucket.type, EMPTY_BUCKET)
        report = driven("once", home, empty)
    if report.objects != len(objects) or report.rejected or report.failures:
        raise RuntimeError(f"{label}: not everything was read: {report}")
    note = f"{report.alerts / report.received:.0%} alerting"
    return figure(label, report.received, report.cost, yardstick, note)


def event_texts(objects: Sequence[SampleObject], bucket_type: str) -> list[bytes]:
    """Each event as the JSON that `orjson.loads` is asked to read, of the first objects."""
    texts: list[bytes] = []
    for sample in objects:
        texts += samples_of(sample.body) if bucket_type == "cloudtrail" else _rows_of(sample.body)
        if len(texts) >= 2 * PER_OBJECT:
            break
    return texts


def _rows_of(body: bytes) -> list[bytes]:
    header, *rows = gzip.decompress(body).decode().splitlines()
    names = [name.replace("-", "_") for name in header.split()]
    return [orjson.dumps(dict(zip(names, row.split(" "), strict=False))) for row in rows]
