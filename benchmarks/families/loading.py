"""From files to an engine that is ready: time, and the memory that is held afterwards."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from benchmarks.driving import driven
from benchmarks.families.rulesets import stock
from benchmarks.harness import Figure, Yardstick, figure, scratch
from benchmarks.homes import shipped_home


def load_stock() -> list[Figure]:
    """The stock ruleset, for the first time and again; one event is one load."""
    with scratch() as folder:
        return _loads("stock ruleset", stock(folder))


def load_shipped() -> list[Figure]:
    """The shipped ruleset."""
    with scratch() as folder:
        return _loads("shipped ruleset", shipped_home(folder))[:1]


def _loads(name: str, home: Path) -> list[Figure]:
    """The first load of a home, and the next one, which may find what the first has left behind."""
    figures = []
    for label in ("first load", "load again"):
        yardstick = Yardstick([])
        report = driven("load", home)
        made = figure(f"{label}, {name}", 1, report.cost, yardstick)
        figures.append(replace(made, note=f"{report.cost.wall:.2f} s; memory held afterwards"))
    return figures
