"""The saved run: what is written is read again, and a partial run replaces only its own figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.baseline import Run, machine, read_run
from benchmarks.budgets import Budget, missed
from benchmarks.comparison import Summary

MACHINE = {"cpu": "Example 1", "cores": "2", "python": "3.11.7", "kernel": "Linux 6.1", "orjson": "3.11"}


def summary(name: str, cpu: float = 1.5, ratio: float = 0.75, peak: float = 3.0) -> Summary:
    return Summary(name, 10, "a note", True, (cpu,), (cpu / ratio,), (1000.0,), (peak,))


def test_a_run_survives_its_file(tmp_path: Path) -> None:
    run = Run(MACHINE, [summary("a"), summary("b")])
    path = run.write(tmp_path / "new" / "run.json")
    found = read_run(path)
    assert found is not None
    assert (found.machine, list(found.figures)) == (MACHINE, list(run.figures))
    assert found.machine_line() == "Example 1, 2 cores, Python 3.11.7, Linux 6.1"


def test_one_figure_is_one_line_so_that_changes_can_be_read(tmp_path: Path) -> None:
    path = Run(MACHINE, [summary("a"), summary("b")]).write(tmp_path / "run.json")
    assert sum('"workload"' in line for line in path.read_text().splitlines()) == 2


def test_no_file_is_no_run(tmp_path: Path) -> None:
    assert read_run(tmp_path / "none.json") is None


def test_a_partial_run_replaces_only_its_own_figures() -> None:
    before, newer = Run(MACHINE, [summary("a", 1), summary("b", 2)]), Run(MACHINE, [summary("b", 3), summary("c", 4)])
    assert [(one.workload, one.cpu) for one in before.updated(newer).figures] == [("a", 1), ("b", 3), ("c", 4)]


def test_the_machine_is_named() -> None:
    assert set(machine()) == set(MACHINE)
    assert all(machine().values())


@pytest.mark.parametrize(
    ("budget", "words", "over"),
    [
        (Budget(2), "2 us", []),
        (Budget(1.5), "1.5 us", []),
        (Budget(1), "1 us", ["over 1 us"]),
        (Budget(1, 0.5), "1 us, 0.5 x orjson", ["over 1 us", "over 0.5 x orjson"]),
        (Budget(1_000_000, None, 2), "1,000,000 us, 2 MiB", ["over 2 MiB"]),
    ],
)
def test_budgets(budget: Budget, words: str, over: list[str]) -> None:
    assert budget.in_words() == words
    assert budget.missed_by(summary("a")) == over


def test_a_ratio_that_does_not_exist_misses_nothing() -> None:
    figure = Summary("a", 1, "", False, (9.0,), (1.0,), (1.0,), (1.0,))
    assert Budget(None, 2).missed_by(figure) == []


def test_what_is_missed_is_said_by_workload() -> None:
    name = "CloudTrail, a quarter alerting"
    assert missed([summary(name, 99, 99), summary("unknown", 99)]) == {name: "over 16 us, over 2.5 x orjson"}
