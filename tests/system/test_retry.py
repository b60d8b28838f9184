"""`alertmill retry` with a real daemon and a real bucket: failed objects, rejected records, days read again."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from s3server import S3Server, running_s3_server
from support import PATIENCE
from system.daemon import ACCOUNT, alertmill, environment, new_home, outputs, sample_objects, start

DAY = "2026-01-15"


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with running_s3_server() as running:
        running.reset()
        running.make_bucket("logs", sample_objects(objects=2, events=40))
        yield running


@pytest.fixture
def env(server: S3Server) -> dict[str, str]:
    return environment(server.env)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return new_home(tmp_path / "home", "logs")


def run(home: Path, env: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[bytes]:
    return alertmill("--home", str(home), *words, env=env)


def counters(home: Path, env: Mapping[str, str]) -> dict[str, int]:
    found: dict[str, int] = json.loads(run(home, env, "status", "--json").stdout)["counters"]
    return found


def test_days_are_read_again_by_the_next_run(home: Path, env: dict[str, str]) -> None:
    assert run(home, env, "run", "--once").returncode == 0
    before = counters(home, env)
    assert (before["objects"], before["received"]) == (4, 160)
    asked = run(home, env, "retry", "--from", DAY, "--to", DAY, "--type", "cloudtrail", "--account", ACCOUNT)
    assert asked.returncode == 0
    assert b"no daemon runs: the next run takes it up" in asked.stdout
    assert run(home, env, "run", "--once").returncode == 0
    after = counters(home, env)
    assert (after["objects"], after["received"]) == (6, 240)
    assert run(home, env, "run", "--once").returncode == 0
    assert counters(home, env)["received"] == 240


def test_a_running_daemon_reads_days_again_at_once(home: Path, env: dict[str, str]) -> None:
    with start("--home", str(home), "run", env=env) as daemon:
        try:
            assert daemon.stdout is not None
            next(line for line in daemon.stdout if b"Started (pid" in line)
            # What was not read yet is read once by the run and once on purpose.
            done = run(home, env, "retry", "--from", DAY, "--wait", "--timeout", "60")
            assert done.returncode == 0, done.stdout + done.stderr
            assert b"the running daemon takes it up within a second" in done.stdout
            assert done.stdout.endswith(b"\ndone\n")
            again = run(home, env, "retry", "--from", DAY, "--type", "vpcflow", "--wait", "--timeout", "60", "--json")
            assert json.loads(again.stdout)["done"] is True
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(PATIENCE) == 0
        finally:
            daemon.kill()
    assert counters(home, env)["received"] == 160 + 160 + 80


def test_a_failed_object_is_tried_again_on_request_only(tmp_path: Path, server: S3Server, env: dict[str, str]) -> None:
    home = new_home(tmp_path / "home", "broken")
    key = f"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2026/01/15/{ACCOUNT}_CloudTrail_us-east-1_20260115T1000Z_x.json.gz"
    server.make_bucket("broken", {key: b"\x1f\x8b broken"})
    for _ in range(2):  # with a frozen clock its time never comes
        assert run(home, env, "run", "--once").returncode == 0
    listed = run(home, env, "retry")
    assert listed.returncode == 1
    assert f"  s3://broken/{key}\n    failed 1 time, is tried again after " in listed.stdout.decode()
    assert run(home, env, "retry", f"s3://broken/*{ACCOUNT}*").returncode == 0
    assert b"is tried again after" in run(home, env, "retry").stdout
    assert run(home, env, "run", "--once").returncode == 0
    assert counters(home, env)["failures"] == 2
    assert b"failed 1 time," in run(home, env, "retry").stdout


def test_rejected_records_are_analysed_again_once(home: Path, env: dict[str, str]) -> None:
    folder = home / "logs/rejected/2026/Jan"
    folder.mkdir(parents=True)
    message = "Jan 15 10:00:00 host sshd[1]: Failed password for invalid user root from 203.0.113.9 port 22 ssh2"
    line = {"time": 1768471200, "location": "/var/log/x", "place": "", "reason": "r", "queue": "1", "message": message}
    (folder / "ossec-rejected-14.json").write_text(json.dumps(line) + "\n")
    assert run(home, env, "run", "--once").returncode == 0
    before = counters(home, env)["received"]
    assert b"1 rejected record" in run(home, env, "retry").stdout
    assert run(home, env, "retry", "--rejected").returncode == 0
    assert run(home, env, "run", "--once").returncode == 0
    assert counters(home, env)["received"] == before + 1
    listed = run(home, env, "retry")
    assert (listed.returncode, listed.stdout) == (0, b"nothing failed\n")
    assert run(home, env, "retry", "--rejected").stdout == b"nothing failed that could be tried again\n"
    assert outputs(home)
