"""Live runs and back-fill side by side, in any order, with crashes at any moment: each object is read exactly once."""

from __future__ import annotations

import gzip
import json
from collections import Counter, deque
from collections.abc import Iterator
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from alertmill.sources.aws.faults import FetchError
from alertmill.sources.aws.walks import utc_day
from alertmill.sources.base import Batch
from support import LONG
from unit.sources.aws.doubles import NOON, Bench, MemoryStore, bench, trail_key

HOUR = 3600.0
SINCE = date(2025, 12, 20)
REGIONS = ("eu-west-1", "us-east-1")


class World:
    """A bucket, a daemon's two lanes, and what waits for its commit."""

    def __init__(self, days: list[int], page_size: int) -> None:
        self.written = 0
        self.bench: Bench = bench(MemoryStore(page_size=page_size), only_logs_after=SINCE)
        for day in days:
            self.write(SINCE + timedelta(days=day))
        self.waiting: deque[Batch] = deque()
        self.read: Counter[str] = Counter()
        self.runs: dict[str, Iterator[Batch]] = {}
        self.bench.made().back_fill()

    def write(self, day: date) -> str:
        self.written += 1
        key = trail_key(f"{day:%Y/%m/%d}", f"{self.written:04}", region=REGIONS[self.written % 2])
        body = gzip.compress(json.dumps({"Records": [{"eventID": key}]}).encode())
        self.bench.store.objects[key] = body
        return key

    def write_late(self, days: int) -> None:
        """An object no later than the look-back."""
        self.write(max(SINCE, utc_day(self.bench.now) - timedelta(days=days)))

    def advance(self, lane: str) -> None:
        """The next batch of a lane; a new run begins when all of the one before is committed."""
        if lane not in self.runs:
            self.commit(len(self.waiting))
            poller, progress, stop = self.bench.made(), self.bench.progress, self.bench.stop
            poller.back_fill()
            work = poller.run(progress, stop) if lane == "live" else poller.back_fill().work(progress, stop)
            self.runs[lane] = work
        batch = next(self.runs[lane], None)
        if batch is None:
            del self.runs[lane]
        else:
            self.waiting.append(batch)

    def commit(self, count: int) -> None:
        for _ in range(min(count, len(self.waiting))):
            batch = self.waiting.popleft()
            self.bench.progress.commit(batch)
            for record in batch.records:
                document = json.loads(record.message)
                if "error_msg" not in document:
                    self.read[document["aws"]["eventID"]] += 1

    def crash(self) -> None:
        for run in self.runs.values():
            run.close()  # type: ignore[attr-defined]
        self.runs.clear()
        self.waiting.clear()
        self.bench.restart()

    def spoil(self, number: int) -> None:
        """A GET fails until the world is mended."""
        keys = sorted(self.bench.store.objects)
        if keys:
            self.bench.store.broken[keys[number % len(keys)]] = FetchError("no")

    def mend(self) -> None:
        self.bench.store.broken.clear()

    def come_to_rest(self) -> None:
        self.mend()
        for lane in ["live", "fill"] * 4:
            self.bench.now += 24 * HOUR if lane == "live" else 0
            while lane in self.runs:
                self.advance(lane)
            self.advance(lane)
            while lane in self.runs:
                self.advance(lane)
            self.commit(len(self.waiting))


def carry_out(world: World, step: tuple[str, int]) -> None:
    what, number = step
    match what:
        case "live" | "fill":
            for _ in range(number):
                world.advance(what)
        case "commit":
            world.commit(number)
        case "write":
            world.write_late(number % 3)
        case "time":
            world.bench.now += number * 3 * HOUR
        case "crash":
            world.crash()
        case "spoil":
            world.spoil(number)
        case "mend":
            world.mend()


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["live", "fill", "live", "fill", "commit", "write", "time", "crash", "spoil", "mend"]),
        st.integers(1, 24),
    ),
    min_size=4,
    max_size=40,
)


@settings(max_examples=2000 if LONG else 60, deadline=None)
@given(st.lists(st.integers(0, 28), min_size=3, max_size=12), STEPS, st.integers(2, 6))
def test_each_object_is_read_exactly_once(days: list[int], steps: list[tuple[str, int]], page_size: int) -> None:
    world = World(days, page_size)
    assert utc_day(NOON) == date(2026, 1, 15)
    for step in steps:
        carry_out(world, step)
    world.come_to_rest()
    assert world.read == Counter(dict.fromkeys(world.bench.store.objects, 1))
    assert world.bench.progress.failures == {}
    reports = [report for scope, report in world.bench.progress.reports.items() if not scope.endswith("*")]
    assert not any(report.waiting or report.error for report in reports)
