"""Which ruleset a workload runs with."""

from __future__ import annotations

from pathlib import Path

from benchmarks.harness import TINY
from benchmarks.homes import shipped_home, stock_home


def stock(folder: Path) -> Path:
    """A home with the stock ruleset; in the tiny form with the shipped one, which is there always and loads quickly."""
    return shipped_home(folder) if TINY else stock_home(folder)
