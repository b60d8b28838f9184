"""What every benchmark shares: how CPU, wall time and memory are taken, the yardstick, and the table.

A workload runs in a process of its own, so that its peak memory and CPU are its own. Machines differ and are noisy:
every figure also comes as a ratio to `orjson.loads` of the same events in the same process.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

#: Where the figures of a run go.
OUT = Path(__file__).parent / "out"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. Times are per event; `x_orjson` is None where events are no JSON."""

    workload: str
    events: int
    cpu_us: float
    events_per_second: float
    peak_mib: float
    x_orjson: float | None
    note: str = ""


def cpu_seconds() -> float:
    """User plus system CPU of this process and of those it has waited for."""
    total = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        usage = resource.getrusage(who)
        total += usage.ru_utime + usage.ru_stime
    return total


def peak_mib() -> float:
    """Largest resident size of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def orjson_us(texts: Sequence[bytes]) -> float:
    """CPU microseconds that `orjson.loads` needs per text: the yardstick, best of five passes."""
    best = float("inf")
    for _ in range(5):
        began = time.process_time()
        for text in texts:
            orjson.loads(text)
        best = min(best, time.process_time() - began)
    return best / len(texts) * 1e6


def measure(workload: str, events: int, work: Callable[[], None], texts: Sequence[bytes], note: str = "") -> Figure:
    """Run `work` once, which handles `events` events, and make a figure of it."""
    yardstick = orjson_us(texts) if texts else 0.0
    cpu, wall = cpu_seconds(), time.perf_counter()
    work()
    cpu, wall = cpu_seconds() - cpu, time.perf_counter() - wall
    per_event = cpu / events * 1e6
    return Figure(
        workload, events, per_event, events / wall, peak_mib(), per_event / yardstick if yardstick else None, note
    )


def run_apart(name: str) -> list[Figure]:
    """Run the workload `name` in a fresh interpreter and return its figures."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--worker", name], stdout=subprocess.PIPE, check=True, timeout=1800
    )
    return [Figure(**values) for values in json.loads(done.stdout)]


def table(figures: Sequence[Figure]) -> str:
    """The figures as a person reads them."""
    lines = [f"{'workload':<44} {'events':>8} {'CPU us':>9} {'events/s':>9} {'peak MiB':>9} {'x orjson':>9}"]
    for figure in figures:
        ratio = "-" if figure.x_orjson is None else f"{figure.x_orjson:.2f}"
        lines.append(
            f"{figure.workload:<44} {figure.events:>8} {figure.cpu_us:>9.2f} {figure.events_per_second:>9.0f} "
            f"{figure.peak_mib:>9.1f} {ratio:>9}" + (f"  {figure.note}" if figure.note else "")
        )
    return "\n".join(lines)


def save(figures: Sequence[Figure]) -> Path:
    """Write the figures of a run as JSON below `benchmarks/out/`; returns the path."""
    OUT.mkdir(exist_ok=True)
    path = OUT / "latest.json"
    path.write_text(json.dumps([asdict(figure) for figure in figures], indent=1) + "\n")
    return path
