"""What the checkpoint database costs: bytes on the disk and CPU, per done object and per event id.

Keys, ids and their order are random, as digests make them whatever the bucket is like.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from alertmill.checkpoints import Checkpoints, Commit
from alertmill.checkpoints.event_ids import GATHERED
from alertmill.sources.base import Mark, ObjectDone
from benchmarks.harness import Figure, measure, scratch

_OBJECTS, _SCOPES, _DAYS = 1_000_000, 1000, 90
#: Objects of one commit, and of one page of a listing.
_PAGE = 1000
#: Ids, in batches of this size, two to a commit; events are some minutes old when they come.
_IDS, _BATCH, _AGE = 2_000_000, 1000, 600.0
_IDS_PER_HOUR = 1_000_000
_WINDOW_HOURS = 72
_START = 1_768_435_200.0


@contextmanager
def _database() -> Iterator[tuple[Checkpoints, Callable[[], int]]]:
    """An empty checkpoint, and how many bytes it has on the disk once everything is in its file."""
    with scratch() as folder:
        checkpoints = Checkpoints(folder)

        def size() -> int:
            checkpoints.close()
            return checkpoints.path.stat().st_size

        try:
            yield checkpoints, size
        finally:
            checkpoints.close()


def _pages() -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """Scopes with a page of (key, ETag, day) each, in turn, until there are enough objects."""
    dice = random.Random(1)
    for page in range(_OBJECTS // _PAGE):
        account, day = page % _SCOPES, f"2026-{page % _DAYS // 30 + 1:02}-{page % 30 % 28 + 1:02}"
        folder = (
            f"AWSLogs/{account:012}/CloudTrail/us-east-1/{day.replace('-', '/')}/{account:012}_CloudTrail_us-east-1"
        )
        objects = [
            (f"{folder}_{dice.randbytes(12).hex()}.json.gz", dice.randbytes(16).hex(), day) for _ in range(_PAGE)
        ]
        yield f"s3://trail/AWSLogs/|cloudtrail|{account:012}|us-east-1", objects


def done_objects() -> list[Figure]:
    """A million done objects of 1000 accounts stored, and asked for again; one event is one object."""
    pages = list(_pages())
    with _database() as (checkpoints, size):

        def store() -> None:
            for scope, objects in pages:
                marks: list[Mark] = [ObjectDone(scope, *one, 20, modified=_START, read_at=_START) for one in objects]
                checkpoints.commit(Commit(marks=marks))

        def ask() -> None:
            for scope, objects in pages:
                assert not checkpoints.not_done(scope, [(key, etag) for key, etag, _ in objects])

        stored = measure("checkpoint: an object done", _OBJECTS, store, [])
        asked = measure("checkpoint: is an object done?", _OBJECTS, ask, [])
        each = size() / _OBJECTS
    return [replace(stored, note=f"{each:.1f} bytes each; ten million: {each * 10:.0f} MB"), asked]


def _batches(begin: float) -> Iterator[tuple[float, list[tuple[float | None, str]]]]:
    """Batches of new events with the time of their arrival, at the rate of a very busy account."""
    dice = random.Random(begin)
    for number in range(0, _IDS, _BATCH):
        now = begin + number / _IDS_PER_HOUR * 3600
        yield now, [(now - dice.random() * _AGE, str(uuid.UUID(int=dice.getrandbits(128)))) for _ in range(_BATCH)]


def event_ids() -> list[Figure]:
    """Two hours of a million events each; then as much again, while the ids of before are forgotten."""
    with _database() as (checkpoints, size):

        def claim(begin: float) -> Figure:
            batches = list(_batches(begin))

            def work() -> None:
                for number, (now, events) in enumerate(batches):
                    assert all(checkpoints.claim_event_ids(events, now))
                    if number % 2:
                        checkpoints.commit(Commit())

            return measure("checkpoint: an event id", _IDS, work, [])

        first = claim(_START)
        later = claim(_START + 10 * _WINDOW_HOURS * 3600)
        each = size() / _IDS
    window = each * _IDS_PER_HOUR * _WINDOW_HOURS / 1e6
    note = f"{each:.1f} bytes each; {_WINDOW_HOURS} h of a million an hour: {window:.0f} MB; {GATHERED} in memory"
    return [replace(first, note=note), replace(later, workload="checkpoint: an event id, and forgetting one")]
