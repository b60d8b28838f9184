"""A run of the benchmarks in a file, with the machine it was made on."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.comparison import Summary, as_json, from_json

_HERE = Path(__file__).parent
#: Where the figures of runs go; not kept in the repository.
OUT = _HERE / "out"
#: The run that later ones are compared with.
BASELINE = _HERE / "baseline.json"


@dataclass(frozen=True, slots=True)
class Run:
    """What was measured, and where."""

    machine: Mapping[str, str]
    figures: Sequence[Summary]

    def machine_line(self) -> str:
        """The machine in a few words."""
        known = self.machine
        return f"{known['cpu']}, {known['cores']} cores, Python {known['python']}, {known['kernel']}"

    def write(self, path: Path) -> Path:
        """Write the run as JSON; returns `path`."""
        path.parent.mkdir(exist_ok=True)
        lines = ",\n".join(f"  {json.dumps(figure)}" for figure in as_json(self.figures))
        machine_text = json.dumps(dict(self.machine))
        path.write_text(f'{{\n "machine": {machine_text},\n "figures": [\n{lines}\n ]\n}}\n')
        return path

    def updated(self, newer: Run) -> Run:
        """This run with the figures that `newer` has as well replaced by those, and its new ones behind them."""
        fresh = {figure.workload: figure for figure in newer.figures}
        kept = [fresh.pop(figure.workload, figure) for figure in self.figures]
        return Run(newer.machine, [*kept, *fresh.values()])


def read_run(path: Path) -> Run | None:
    """What `Run.write` wrote, None if there is no such file."""
    if not path.exists():
        return None
    found = json.loads(path.read_text())
    return Run(found["machine"], from_json(found["figures"]))


def machine() -> dict[str, str]:
    """This machine: what its figures depend on."""
    return {
        "cpu": _cpu(),
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        "kernel": f"{platform.system()} {platform.release()}",
        "orjson": version("orjson"),
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
