"""docs/performance.md says what the baseline says, and speaks of every workload."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

from benchmarks.baseline import BASELINE, Run, read_run
from benchmarks.budgets import BUDGETS
from benchmarks.comparison import Summary
from benchmarks.workloads import CATALOGUE

REPOSITORY = Path(__file__).resolve().parents[2]
SCRIPT = REPOSITORY / "scripts" / "plot_performance.py"
PAGE = (REPOSITORY / "docs" / "performance.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("plot_performance", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def summary(name: str, cpu: float) -> Summary:
    return Summary(name, 1000, "a note", True, (cpu, cpu), (2.0, 2.0), (10.0, 10.0), (5.0, 5.0))


def test_the_page_is_what_the_baseline_says() -> None:
    done = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_workload_is_explained(name: str) -> None:
    assert f"`{name}`" in PAGE


@pytest.mark.parametrize("name", BUDGETS)
def test_every_budget_is_of_a_figure_of_the_baseline(name: str) -> None:
    run = read_run(BASELINE)
    assert run is not None
    assert name in {figure.workload for figure in run.figures}


@pytest.mark.parametrize(
    ("workload", "section"),
    [
        ("first load, stock ruleset", "Loading"),
        ("decode: VPC flow", "Stages by themselves"),
        ("1,770 siblings, whole values", "Growth"),
        ("window of 10,000 keys, engine", "Growth"),
        ("web mix, over the socket", "Log lines and Windows events"),
        ("CloudTrail, fresh values everywhere", "Made to be dear"),
        ("CloudTrail, a quarter alerting", "End to end"),
        ("GET by boto3", "Requests and checkpoint"),
        ("something new", "End to end"),
    ],
)
def test_every_figure_has_its_place(script: ModuleType, workload: str, section: str) -> None:
    assert script.section_of(workload) == section


def test_a_figure_of_a_run_stands_in_the_text(script: ModuleType) -> None:
    machine = {"cpu": "Example 1", "cores": "2", "python": "3.11", "kernel": "Linux", "orjson": "3.11"}
    text = script.generated(Run(machine, [summary("CloudTrail, a quarter alerting", 12.34)]))
    assert "Example 1, 2 cores" in text
    row = next(line for line in text.splitlines() if line.startswith("| CloudTrail, a quarter"))
    assert [cell.strip() for cell in row.strip("|").split("|")] == [
        "CloudTrail, a quarter alerting",
        "1,000",
        "12.3",
        "0%",
        "10",
        "5",
        "6.17",
        "16 us, 2.5 x orjson: missed",
        "a note",
    ]


@pytest.mark.parametrize(
    "series",
    [
        {},
        {"one": [(10.0, 5.0)]},
        {"flat": [(10.0, 5.0), (1000.0, 5.0)], "steep <&>": [(10.0, 5.0), (1000.0, 50_000.0)]},
    ],
)
def test_a_plot_is_an_svg_with_all_its_points(script: ModuleType, series: dict[str, list[tuple[float, float]]]) -> None:
    root = ElementTree.fromstring(script.plot("title <&>", series))
    space = "{http://www.w3.org/2000/svg}"
    circles = root.findall(f"{space}circle")
    assert len(circles) == sum(map(len, series.values()))
    assert all(0 < float(c.attrib["cx"]) < 640 and 0 < float(c.attrib["cy"]) < 360 for c in circles)
    texts = [text.text for text in root.iter(f"{space}text")]
    assert {"title <&>", *series} <= set(texts)


def test_what_grows_rises_and_what_does_not_lies_flat(script: ModuleType) -> None:
    drawn = script.plot("t", {"flat": [(1.0, 5.0), (100.0, 5.0)], "steep": [(1.0, 5.0), (100.0, 500.0)]})
    flat, steep = (
        line.attrib["points"] for line in ElementTree.fromstring(drawn).iter("{http://www.w3.org/2000/svg}polyline")
    )
    (_, low), (_, high) = (point.split(",") for point in flat.split())
    assert low == high
    (_, below), (_, above) = (point.split(",") for point in steep.split())
    assert float(above) < float(below)
