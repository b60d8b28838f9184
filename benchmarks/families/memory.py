"""What one very large object costs in memory: it is made on the fly, streams through, and must not be held.

`ALERTMILL_BENCH_STREAM_MIB` says how large it is decompressed, 256 when it is not set; 2048 is what the project
promises to get through.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle

import orjson

from alertmill.samples import SampleObject
from benchmarks.families.objects import Bucket, end_to_end
from benchmarks.families.rulesets import stock
from benchmarks.harness import Figure, scaled
from benchmarks.inputs.trail import Trail, begin, key

VARIABLE = "ALERTMILL_BENCH_STREAM_MIB"
_MIB = 1024 * 1024
_RECORDS = 2000
_GZIP, _FAST = 31, 1


def stream() -> list[Figure]:
    mebibytes = int(os.environ.get(VARIABLE, "256"))
    size = scaled(mebibytes * _MIB, 9 * _MIB)
    bucket = Bucket(f"stream-{size}", "cloudtrail", lambda: [_large(size)], _texts)
    made = end_to_end(f"CloudTrail, one object of {mebibytes} MiB", stock, bucket)
    return [replace(made, note=f"{made.note}; peak while it streams through")]


def _texts() -> list[bytes]:
    return [orjson.dumps(record) for record in Trail(0.01).records(_RECORDS, begin(0))]


def _large(size: int) -> SampleObject:
    """One object of at least `size` bytes: a few thousand records of a trail, again and again, and so very dense."""
    packer = zlib.compressobj(_FAST, wbits=_GZIP)
    packed = [packer.compress(piece) for piece in _pieces(size)]
    return SampleObject(key(0), b"".join([*packed, packer.flush()]))


def _pieces(size: int) -> Iterator[bytes]:
    records = b",".join(_texts())
    yield b'{"Records":[' + records
    made = len(records)
    for piece in cycle((b"," + records,)):
        if made >= size:
            break
        yield piece
        made += len(piece)
    yield b"]}"
