"""What every benchmark shares: how CPU, wall time and memory are taken, and the yardstick.

A workload runs in a process of its own (`run_apart`) and gives figures. Machines differ and are noisy, so every figure
carries the cost of `orjson.loads` in the same process at the same time: of the events' own JSON, or, where events are
no JSON, of a fixed set of CloudTrail records. What several runs of a figure say together is decided in `comparison`.
"""

from __future__ import annotations

import gc
import gzip
import json
import os
import pickle
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TypeVar

import orjson

from alertmill import samples
from alertmill.daemon import service
from benchmarks import profiler

#: Multiplies the number of events; far below 1 for tests of the benchmarks themselves.
SCALE = float(os.environ.get("ALERTMILL_BENCH_SCALE", "1"))
#: Below this scale everything runs in one process and the shipped ruleset stands in for the stock one.
TINY = SCALE < 0.1
#: Folder where inputs that were made once in this run are kept; without it each process makes its own.
KEEP_VARIABLE = "ALERTMILL_BENCH_KEEP"

#: Seconds that one workload may take.
_PATIENCE = 1800
#: Texts of a yardstick at most, and passes over them before and after the work.
_TEXTS, _PASSES = 2000, 3
_KILO, _MEBI = 1024, 1024 * 1024

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Figure:
    """What one run of a workload gave. Times are per event.

    `x_orjson` is None where events are no JSON; `yardstick_us` is what `orjson.loads` took, of a fixed set there.
    """

    workload: str
    events: int
    cpu_us: float
    events_per_second: float
    peak_mib: float
    x_orjson: float | None
    note: str = ""
    yardstick_us: float = 0.0


@dataclass(slots=True)
class Cost:
    """CPU (user plus system) and wall time in seconds, and the largest resident size in MiB while they were spent."""

    cpu: float = 0.0
    wall: float = 0.0
    peak_mib: float = 0.0

    def __sub__(self, other: Cost) -> Cost:
        """Without what would have been spent anyway; never below zero, however noisy the two were."""
        return Cost(max(self.cpu - other.cpu, 1e-9), max(self.wall - other.wall, 1e-9), self.peak_mib)


def scaled(count: int, least: int = 1) -> int:
    """`count` times SCALE, `least` at least."""
    return max(least, round(count * SCALE))


def cpu_seconds() -> float:
    """User plus system CPU of this process and of those it has waited for."""
    total = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        usage = resource.getrusage(who)
        total += usage.ru_utime + usage.ru_stime
    return total


def peak_mib() -> float:
    """Largest resident size of this process since `forget_peak`, in MiB; since its start where that cannot be had."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KILO
    return int(status.partition("VmHWM:")[2].split(None, 1)[0]) / _KILO


def forget_peak() -> None:
    """Let `peak_mib` begin anew, where the system can."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


@contextmanager
def region(title: str = "") -> Iterator[Cost]:
    """Measures the block; with a title, also watches where its CPU goes when a profile is asked for."""
    cost = Cost()
    forget_peak()
    with profiler.watching(title):
        cpu, wall = cpu_seconds(), time.perf_counter()
        yield cost
        cost.cpu, cost.wall = cpu_seconds() - cpu, time.perf_counter() - wall
    cost.peak_mib = peak_mib()


def settle() -> None:
    """Spare the cycle collector what lives as long as the process, as the daemon does."""
    service._spare_the_collector()


class Yardstick:
    """What `orjson.loads` takes per text: the median of passes made now and when it is asked."""

    def __init__(self, texts: Sequence[bytes]) -> None:
        self.of_events = bool(texts)
        chosen = texts or reference_texts()
        self._texts = chosen[:: -(-len(chosen) // _TEXTS)]
        self._passes: list[float] = []
        self._look()

    def us(self) -> float:
        """Microseconds of CPU per text."""
        self._look()
        return statistics.median(self._passes)

    def _look(self) -> None:
        loads = orjson.loads
        gc.collect()
        for _ in range(_PASSES):
            began = time.process_time()
            for text in self._texts:
                loads(text)
            self._passes.append((time.process_time() - began) / len(self._texts) * 1e6)


@cache
def reference_texts() -> list[bytes]:
    """The yardstick of workloads whose events are no JSON: CloudTrail records, the same on every machine."""
    start = datetime(2026, 1, 15, tzinfo=UTC)
    made = next(samples.cloudtrail_objects(seed=0, start=start, objects=1, events_per_object=500))
    return samples_of(made.body)


def samples_of(body: bytes) -> list[bytes]:
    """Each record of a CloudTrail object as JSON text."""
    return [orjson.dumps(record) for record in orjson.loads(gzip.decompress(body))["Records"]]


def figure(workload: str, events: int, cost: Cost, yardstick: Yardstick, note: str = "") -> Figure:
    """The figure of `events` events that took `cost`."""
    per_event, one = cost.cpu / events * 1e6, yardstick.us()
    ratio = per_event / one if yardstick.of_events else None
    return Figure(workload, events, per_event, events / cost.wall, cost.peak_mib, ratio, note, one)


def measure(workload: str, events: int, work: Callable[[], None], texts: Sequence[bytes], note: str = "") -> Figure:
    """Run `work` once, which handles `events` events with these JSON texts (none: no JSON), and make a figure of it."""
    yardstick = Yardstick(texts)
    with region(workload) as cost:
        work()
    return figure(workload, events, cost, yardstick, note)


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="alertmill-bench-") as folder:
        yield Path(folder)


def kept(name: str, make: Callable[[], T]) -> T:
    """What `make` returns, made once for all processes of a run."""
    folder = os.environ.get(KEEP_VARIABLE)
    if not folder:
        return make()
    path = Path(folder) / f"{name}.pickle"
    if path.exists():
        found: T = pickle.loads(path.read_bytes())
        return found
    made = make()
    path.write_bytes(pickle.dumps(made, pickle.HIGHEST_PROTOCOL))
    return made


def run_apart(names: Sequence[str]) -> dict[str, list[Figure]]:
    """Run these workloads, one after the other, in a fresh interpreter and return their figures by name."""
    command = [sys.executable, "-m", "benchmarks", "--worker", *names]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=_PATIENCE)
    return {name: [Figure(**values) for values in figures] for name, figures in json.loads(done.stdout).items()}
