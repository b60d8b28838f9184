"""Requests to S3 by themselves: many small objects behind a slow wire, and our own client against the SDK's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import boto3

from alertmill.config.models import AwsAccess
from alertmill.samples import SampleObject
from alertmill.sources.aws.fetching import AHEAD_OBJECTS
from alertmill.sources.aws.listing import ListRequest
from alertmill.sources.aws.s3 import S3Store
from benchmarks.driving import EMPTY_BUCKET, driven, s3
from benchmarks.harness import Figure, Yardstick, figure, kept, measure, scaled, scratch
from benchmarks.homes import read_bucket, shipped_home
from benchmarks.inputs import trail
from benchmarks.inputs.trail import BUCKET

_SMALL_OBJECTS, _REQUESTS = 2000, 1000
#: Seconds that each answer takes behind the slow wire.
_LATENCY = 0.02


def small_objects() -> list[Figure]:
    """Many objects of one event behind a slow wire: how near the wall time comes to requests / in flight x latency."""
    samples = _objects(scaled(_SMALL_OBJECTS, 20))
    yardstick = Yardstick([])
    with s3(samples, _LATENCY), scratch() as folder:
        report = driven("once", _home(folder / "home", BUCKET), _home(folder / "empty", EMPTY_BUCKET))
    made = figure("objects of one event, 20 ms each", len(samples), report.cost, yardstick)
    ideal, wall = len(samples) / AHEAD_OBJECTS * _LATENCY, report.cost.wall
    note = f"an event is an object; {wall:.2f} s, {wall / ideal:.2f} x ideal ({ideal:.2f} s)"
    return [replace(made, note=note)]


def s3_requests() -> list[Figure]:
    """One GET and one listed key, by boto3 and by our own client; one event is one of them."""
    with s3(_objects(scaled(_REQUESTS, 20))):
        store, client = S3Store(BUCKET, AwsAccess()), boto3.client("s3")
        listed = store.list_page(ListRequest("")).objects
        store.fetch(listed[0].key, listed[0].etag, lambda: False)
        ways: dict[str, Callable[[], object]] = {
            "GET by boto3": lambda: [client.get_object(Bucket=BUCKET, Key=o.key)["Body"].read() for o in listed],
            "GET": lambda: [store.fetch(o.key, o.etag, lambda: False) for o in listed],
            "LIST by boto3, per key": lambda: client.list_objects_v2(Bucket=BUCKET),
            "LIST, per key": lambda: store.list_page(ListRequest("")),
        }
        figures = [_measured(name, len(listed), work) for name, work in ways.items()]
        store.close()
    return figures


def _measured(name: str, count: int, ask: Callable[[], object]) -> Figure:
    def work() -> None:
        ask()

    return measure(name, count, work, [])


def _objects(count: int) -> list[SampleObject]:
    return kept(f"trail-{count}x1", lambda: trail.objects(count, 1, 0.25))


def _home(folder: Path, bucket: str) -> Path:
    return read_bucket(shipped_home(folder), "cloudtrail", bucket)
