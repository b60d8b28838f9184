"""What the project allows its workloads to cost, on a machine like the baseline's: one process, stock ruleset."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.comparison import Summary


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that a figure may be: CPU microseconds per event, ratio to `orjson.loads`, MiB. None: no limit."""

    cpu_us: float | None = None
    x_orjson: float | None = None
    peak_mib: float | None = None

    def in_words(self) -> str:
        """For instance `16 us, 2.5 x orjson`."""
        parts = (("us", self.cpu_us), ("x orjson", self.x_orjson), ("MiB", self.peak_mib))
        return ", ".join(f"{most:,.10g} {unit}" for unit, most in parts if most is not None)

    def missed_by(self, figure: Summary) -> list[str]:
        """Which limits a figure is over, in words."""
        values = (
            ("us", self.cpu_us, figure.cpu),
            ("x orjson", self.x_orjson, figure.x_orjson),
            ("MiB", self.peak_mib, figure.peak),
        )
        return [f"over {most:,.10g} {unit}" for unit, most, value in values if most is not None and (value or 0) > most]


#: Limits by workload.
BUDGETS = {
    "first load, stock ruleset": Budget(cpu_us=1e6, peak_mib=150),
    "load again, stock ruleset": Budget(cpu_us=0.3e6, peak_mib=150),
    "CloudTrail, a quarter alerting": Budget(16, 2.5),
    "CloudTrail, every event alerting": Budget(25, 4),
    "VPC flow, every record alerting": Budget(8, 4),
    "VPC flow, 1 % alerting, shipped ruleset": Budget(3, 1.5),
    "an S3 object": Budget(500),
    "syslog mix, in process": Budget(40),
    "CloudTrail, fresh values everywhere": Budget(32),
    "CloudTrail, one object of 256 MiB": Budget(peak_mib=300),
    "CloudTrail, one object of 2048 MiB": Budget(peak_mib=300),
}


def missed(figures: Iterable[Summary]) -> dict[str, str]:
    """By workload, the limits that figures are over."""
    found = {
        figure.workload: BUDGETS[figure.workload].missed_by(figure) for figure in figures if figure.workload in BUDGETS
    }
    return {workload: ", ".join(words) for workload, words in found.items() if words}
