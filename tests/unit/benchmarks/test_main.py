"""The command: what is chosen, what is refused, what is written; and the profile."""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path

import pytest

from benchmarks import harness, profiler
from benchmarks.__main__ import main
from benchmarks.baseline import Run, machine, read_run
from benchmarks.comparison import summarise
from benchmarks.harness import Figure
from benchmarks.workloads import WORKLOADS


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiny form, in this process and in those that it starts; nothing that a run sets stays."""
    monkeypatch.setattr(harness, "SCALE", 0.002)
    monkeypatch.setenv("ALERTMILL_BENCH_SCALE", "0.002")
    monkeypatch.setenv(harness.KEEP_VARIABLE, "")
    monkeypatch.setenv(profiler.VARIABLE, "")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nothing"], "no workload begins so; there are: load_"),
        (["--messages", "x", "load_shipped"], "--messages takes one workload, of: "),
        (["--messages", "x", "cloudtrail_s", "flow_s"], "--messages takes one workload, of: "),
    ],
)
def test_what_cannot_be_done_is_said(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert told in capsys.readouterr().err


def test_figures_are_printed_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run.json"
    assert main(["--repeat", "3", "--out", str(out), "load_shipped"]) == 0
    table = capsys.readouterr().out
    assert "first load, shipped ruleset" in table
    assert "x orjson" in table
    run = read_run(out)
    assert run is not None
    assert [len(figure.cpu_us) for figure in run.figures] == [2]


def test_what_has_a_budget_is_repeated_and_the_longest_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def run_apart(names: list[str]) -> dict[str, list[Figure]]:
        asked.extend(names)
        return {name: [_figure(name)] for name in names}

    monkeypatch.setattr("benchmarks.__main__.run_apart", run_apart)
    assert main(["--repeat", "3", "--out", str(tmp_path / "run.json"), "flow_calm", "small", "checkpoint_ids"]) == 0
    assert asked == ["flow_calm", "small_objects", "checkpoint_ids", "flow_calm", "small_objects", "flow_calm"]


@pytest.mark.parametrize(("words", "kept"), [(["small_objects"], ["old", "small_objects"]), ([], None)])
def test_a_baseline_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], kept: list[str] | None
) -> None:
    """Figures of some workloads replace their own; a whole run replaces everything."""
    path = tmp_path / "baseline.json"
    monkeypatch.setattr("benchmarks.__main__.BASELINE", path)
    monkeypatch.setattr("benchmarks.__main__.run_apart", lambda names: {n: [_figure(n)] for n in names})
    Run(machine(), summarise([[_figure("old")]])).write(path)
    assert main(["--repeat", "1", "--out", str(tmp_path / "run.json"), "--save-baseline", *words]) == 0
    found = read_run(path)
    assert found is not None
    assert [figure.workload for figure in found.figures] == (kept if kept is not None else list(WORKLOADS))


def _figure(name: str) -> Figure:
    return Figure(name, 1, 1.0, 1.0, 1.0, None, "", 1.0)


def test_messages_are_those_of_the_queue(tmp_path: Path) -> None:
    path = tmp_path / "messages"
    assert main(["--messages", str(path), "cloudtrail_shipped"]) == 0
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(lines) == 100
    for line in lines:
        assert line.startswith('1:Wazuh-AWS:{"integration": "aws", "aws": {"log_info": ')
        assert json.loads(line.removeprefix("1:Wazuh-AWS:"))["aws"]["source"] == "cloudtrail"


def test_a_profile_names_parts_and_functions(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--profile", "correlation"]) == 0
    told = capsys.readouterr().out
    assert "=== correlation: messages through the pipeline" in told
    assert "function, with what it calls" in told


def _busy() -> int:
    return sum(number * number for number in range(3_000_000))


def test_the_sampler_sees_who_is_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "profile"
    monkeypatch.setenv(profiler.VARIABLE, str(target))
    idle = threading.Thread(target=time.sleep, args=(0.3,))
    with profiler.watching("busy"):
        idle.start()
        _busy()
    idle.join()
    with profiler.watching(""):
        _busy()
    (line,) = target.read_text().splitlines()
    seen = json.loads(line)
    busiest = max(seen["own"], key=seen["own"].get)
    assert busiest.endswith("_busy.<locals>.<genexpr>")
    assert seen["whole"][busiest.removesuffix(".<locals>.<genexpr>")] >= seen["own"][busiest]
    assert profiler.report(seen).startswith("busy: ")


def test_nothing_is_watched_unless_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(profiler.VARIABLE, raising=False)
    before = sys.getswitchinterval()
    with profiler.watching("quiet"):
        assert sys.getswitchinterval() == before


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("decoders.document:DocumentFields.get", "decoders"),
        ("sources.aws.objects:ObjectReader.batches", "sources.aws"),
        ("pipeline:Pipeline.process", "pipeline"),
        ("encoder:JSONEncoder.encode", "encoder"),
    ],
)
def test_parts_of_the_program(name: str, expected: str) -> None:
    assert profiler.room(name) == expected


def test_an_empty_profile_says_so() -> None:
    assert profiler.report({"title": "short", "own": {}, "whole": {}}) == "short: nothing was seen, it is too short"
