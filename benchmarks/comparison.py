"""Several runs of a figure as one line, and its change against the baseline: medians, spreads, margins.

Compared is not CPU time but CPU time in yardsticks (`orjson.loads` in the same process), so that a slower machine, or
the same one on a slow day, does not look like a change. A change counts as one when it is larger than what the runs of
either side differ among themselves. Arithmetic only.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.harness import Figure

#: A change below this share is noise whatever the runs say: three runs can agree by chance.
LEAST_MARGIN = 0.05
#: The margin where a side was run once, and nothing is known of its noise.
UNKNOWN_MARGIN = 0.15
#: A larger peak of memory counts from this share and from these MiB on.
MEMORY_MARGIN, MEMORY_MIB = 0.10, 5.0


@dataclass(frozen=True, slots=True)
class Summary:
    """A figure over all runs, one value per run. `is_json`: the events are JSON, so `x_orjson` has a meaning."""

    workload: str
    events: int
    note: str
    is_json: bool
    cpu_us: tuple[float, ...]
    yardstick_us: tuple[float, ...]
    events_per_second: tuple[float, ...]
    peak_mib: tuple[float, ...]

    @property
    def cpu(self) -> float:
        """Median CPU per event, in microseconds."""
        return statistics.median(self.cpu_us)

    @property
    def rate(self) -> float:
        """Median of events per second."""
        return statistics.median(self.events_per_second)

    @property
    def peak(self) -> float:
        """Largest peak of memory, in MiB."""
        return max(self.peak_mib)

    @property
    def costs(self) -> list[float]:
        """Cost per event in yardsticks, run by run."""
        return [cpu / yard for cpu, yard in zip(self.cpu_us, self.yardstick_us, strict=True)]

    @property
    def cost(self) -> float:
        """Median cost per event in yardsticks."""
        return statistics.median(self.costs)

    @property
    def x_orjson(self) -> float | None:
        return self.cost if self.is_json else None

    @property
    def spread(self) -> float | None:
        """Half of what lies between the dearest and the cheapest run, as a share; None for a single run."""
        return half_range(self.costs)


def half_range(values: Sequence[float]) -> float | None:
    """Half the distance from least to largest, as a share of the median; None for fewer than two values."""
    if len(values) < 2:
        return None
    return (max(values) - min(values)) / 2 / statistics.median(values)


def summarise(runs: Iterable[Sequence[Figure]]) -> list[Summary]:
    """The figures of all runs, by workload, in the order in which they first came."""
    by_name: dict[str, list[Figure]] = {}
    for run in runs:
        for one in run:
            by_name.setdefault(one.workload, []).append(one)
    return [_summary(figures) for figures in by_name.values()]


def _summary(figures: Sequence[Figure]) -> Summary:
    last = figures[-1]
    return Summary(
        last.workload,
        last.events,
        last.note,
        last.x_orjson is not None,
        tuple(one.cpu_us for one in figures),
        tuple(one.yardstick_us for one in figures),
        tuple(one.events_per_second for one in figures),
        tuple(one.peak_mib for one in figures),
    )


@dataclass(frozen=True, slots=True)
class Change:
    """A figure against its baseline: `share` is +0.1 for a tenth dearer, `margin` what noise alone may be."""

    share: float
    margin: float
    more_memory: bool = False

    @property
    def verdict(self) -> str:
        """`slower` or `faster` outside the margin, else nothing; and `more memory`."""
        words = []
        if abs(self.share) > self.margin:
            words.append("slower" if self.share > 0 else "faster")
        if self.more_memory:
            words.append("more memory")
        return ", ".join(words)

    def __str__(self) -> str:
        return f"{self.share:+.0%} (noise {self.margin:.0%}) {self.verdict}".rstrip()


def change(now: Summary, before: Summary) -> Change:
    """What became of a figure."""
    larger = now.peak - before.peak
    memory = larger > MEMORY_MIB and larger > MEMORY_MARGIN * before.peak
    return Change(now.cost / before.cost - 1, margin(now.spread, before.spread), memory)


def margin(now: float | None, before: float | None) -> float:
    """The share up to which two figures with these spreads may differ by noise alone."""
    if now is None or before is None:
        return max(UNKNOWN_MARGIN, now or 0.0, before or 0.0)
    return max(LEAST_MARGIN, now + before)


def changes(now: Iterable[Summary], baseline: Iterable[Summary]) -> dict[str, Change]:
    """Changes by workload, for those that the baseline has with as many events; others cannot be compared."""
    known = {one.workload: one for one in baseline}
    return {
        one.workload: change(one, known[one.workload])
        for one in now
        if one.workload in known and known[one.workload].events == one.events
    }


def table(figures: Sequence[Summary], compared: Mapping[str, Change], over: Mapping[str, str] | None = None) -> str:
    """The figures as a person reads them. `over` says by workload which budget a figure misses."""
    wide = max([len(one.workload) for one in figures], default=0)
    head = (
        f"{'workload':<{wide}} {'events':>8} {'CPU us':>10} {'+-':>5} {'events/s':>9} {'peak MiB':>9} {'x orjson':>9}"
    )
    lines = [f"{head}  change"]
    for one in figures:
        ratio = "-" if one.x_orjson is None else f"{one.x_orjson:.2f}"
        spread = "-" if one.spread is None else f"{one.spread:.0%}"
        found = compared.get(one.workload)
        words = [str(found) if found is not None else "new", (over or {}).get(one.workload, ""), one.note]
        lines.append(
            f"{one.workload:<{wide}} {one.events:>8} {one.cpu:>10.2f} {spread:>5} {one.rate:>9.0f} {one.peak:>9.1f} "
            f"{ratio:>9}  " + "; ".join(word for word in words if word)
        )
    return "\n".join(lines)


def as_json(figures: Iterable[Summary]) -> list[dict[str, Any]]:
    """The figures for a file; four digits are more than they are worth."""
    return [{name: _rounded(value) for name, value in asdict(one).items()} for one in figures]


def _rounded(value: Any) -> Any:
    return [float(f"{one:.4g}") for one in value] if isinstance(value, tuple) else value


def from_json(figures: Iterable[Mapping[str, Any]]) -> list[Summary]:
    """What `as_json` made."""
    return [Summary(**{name: _tuple(value) for name, value in one.items()}) for one in figures]


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
