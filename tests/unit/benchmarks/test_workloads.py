"""Every workload runs, in its tiny form; the real processes are driven once."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import driving, messages, send
from benchmarks.harness import scratch
from benchmarks.homes import read_bucket, shipped_home
from benchmarks.inputs import flow, real, trail
from benchmarks.workloads import CATALOGUE
from support import need_shared

REPOSITORY = Path(__file__).resolve().parents[3]
#: What cannot be made small: a database with millions of rows is what these are about.
_ALWAYS_LARGE = ("checkpoint_objects", "checkpoint_ids")


def in_tiny_form(*words: str) -> dict[str, Any]:
    """What the workers print."""
    environment = os.environ | {"ALERTMILL_BENCH_SCALE": "0.002"}
    command = [sys.executable, "-m", "benchmarks", *words]
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


_NAMES = [name for name in CATALOGUE if name not in _ALWAYS_LARGE]


@pytest.fixture(scope="module")
def tiny() -> dict[str, list[dict[str, Any]]]:
    """The figures of all workloads but those that need real logs which are not here."""
    absent = {name for name in _NAMES if CATALOGUE[name].needs == real.DATA and not real.DATA.exists()}
    return in_tiny_form("--worker", *(name for name in _NAMES if name not in absent))


@pytest.mark.parametrize("name", _NAMES)
def test_a_workload_runs(tiny: dict[str, list[dict[str, Any]]], name: str) -> None:
    if CATALOGUE[name].needs == real.DATA:
        need_shared("data", "aws")
    figures = tiny[name]
    assert figures
    for figure in figures:
        assert figure["workload"]
        assert figure["events"] > 0
        assert figure["cpu_us"] >= 0
        assert figure["events_per_second"] > 0
        assert figure["peak_mib"] > 10
        assert figure["yardstick_us"] > 0


def test_no_two_figures_have_one_name(tiny: dict[str, list[dict[str, Any]]]) -> None:
    names = [figure["workload"] for figures in tiny.values() for figure in figures]
    assert len(set(names)) == len(names)


def test_figures_of_json_events_have_the_ratio(tiny: dict[str, list[dict[str, Any]]]) -> None:
    assert tiny["cloudtrail_every"][0]["x_orjson"] is not None
    assert tiny["windows"][0]["x_orjson"] is not None
    assert tiny["syslog"][0]["x_orjson"] is None


def test_the_daemon_is_measured_over_its_socket() -> None:
    lines = list(messages.queue_messages(flow.objects(1, 300, 0.5), "vpcflow", "compatible"))
    with scratch() as folder:
        path = folder / "messages"
        assert messages.write_messages(lines, path) == 300
        report = driving.served(shipped_home(folder / "home"), path, 300)
    assert (report.received, report.rejected) == (300, 0)
    assert report.alerts == 300
    assert report.cost.cpu > 0
    assert report.cost.wall > 0


def test_a_run_over_a_bucket_is_measured_in_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "")  # what is set on the way is put back
    with driving.s3(trail.objects(2, 100, 0.25)), scratch() as folder:
        home = read_bucket(shipped_home(folder / "home"), "cloudtrail", trail.BUCKET)
        empty = read_bucket(shipped_home(folder / "empty"), "cloudtrail", driving.EMPTY_BUCKET)
        report = driving.driven("once", home, empty)
    assert (report.received, report.objects, report.failures) == (200, 2, 0)
    assert report.start > 0
    assert report.cost.cpu > 0
    assert report.cost.peak_mib > 20


def test_a_daemon_that_fails_shows_its_log(capfd: pytest.CaptureFixture[str]) -> None:
    with scratch() as folder:
        home = shipped_home(folder / "home")
        (home / "etc" / "ossec.conf").write_text("<ossec_config><global></ossec_config>")
        with pytest.raises(subprocess.CalledProcessError):
            driving.driven("load", home)
    assert "ossec.conf" in capfd.readouterr().err


@pytest.mark.parametrize(
    "text", ["1:a:plain", "1:a:caf\u00e9", "1:a:\udce9 no UTF-8", 'f:a:{"a": "\\u00e9"}', "1:a:line\nline"]
)
def test_messages_come_back_to_the_byte(tmp_path: Path, text: str) -> None:
    path, address = tmp_path / "messages", "\0alertmill-test-send"
    messages.write_messages([text, text], path)
    assert path.read_text().isascii()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind(address)
        assert send.send(address, path)[0] == 2
        assert [bound.recv(1000), bound.recv(1000)] == [text.encode("utf-8", "surrogateescape")] * 2
