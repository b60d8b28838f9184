"""kill -9 at any moment, over and over, ends with the same alert files as an undisturbed run, byte for byte.

Counters such as `firedtimes` and half-filled frequency rules are in those bytes. Two campaigns: one kills at chosen
steps of a commit (`kill_at`), one at random moments.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from s3server import S3Server, running_s3_server
from support import LONG, PATIENCE
from system.daemon import alertmill, environment, new_home, outputs, sample_objects, start
from system.kill_at import STEPS

_KILLED = -9


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with running_s3_server() as running:
        running.make_bucket("trail", sample_objects())
        yield running


@pytest.fixture(scope="module")
def undisturbed(server: S3Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    home = new_home(tmp_path_factory.mktemp("undisturbed"), "trail")
    done = alertmill("--home", str(home), "run", "--once", env=environment(server.env))
    assert done.returncode == 0, done.stderr.decode()
    written = outputs(home)
    assert written["alerts.json"].count(b"\n") > 200
    assert b'"frequency":' in written["alerts.json"]
    return written


def test_another_home_gets_the_same_bytes_and_a_second_run_adds_nothing(
    server: S3Server, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    home = new_home(tmp_path / "home", "trail")
    for _ in range(2):
        assert alertmill("--home", str(home), "run", "--once", env=environment(server.env)).returncode == 0
        assert outputs(home) == undisturbed


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_killed_at_a_step_of_a_commit(
    server: S3Server, undisturbed: dict[str, bytes], tmp_path: Path, step: str
) -> None:
    home = new_home(tmp_path / "home", "trail")
    env = environment(server.env)
    for count in range(1, 9 if LONG else 3):
        killed = subprocess.run(
            [sys.executable, "-m", "system.kill_at", step, str(count), "--home", str(home), "run", "--once"],
            env=env,
            cwd=Path(__file__).parents[1],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
        )
        assert killed.returncode in (_KILLED, 0), killed.stderr.decode()
    done = alertmill("--home", str(home), "run", "--once", env=env)
    assert done.returncode == 0, done.stderr.decode()
    assert outputs(home) == undisturbed


@pytest.mark.slow
def test_killed_at_random_moments(server: S3Server, undisturbed: dict[str, bytes], tmp_path: Path) -> None:
    dice = random.Random(20260115)
    env = environment(server.env)
    began = time.monotonic()
    assert alertmill("--home", str(new_home(tmp_path / "timed", "trail")), "run", "--once", env=env).returncode == 0
    whole = time.monotonic() - began
    for attempt in range(12 if LONG else 1):
        home = new_home(tmp_path / f"home{attempt}", "trail")
        kills = 0
        while True:
            daemon = start("--home", str(home), "run", "--once", env=env)
            try:
                # a little longer each time, so that a machine that has become slower ends the test as well
                daemon.communicate(timeout=dice.uniform(0.3, 1.1) * whole * 1.1**kills)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.communicate()
                kills += 1
                continue
            assert daemon.returncode == 0
            break
        assert outputs(home) == undisturbed, f"after {kills} kills"


def test_a_stop_signal_ends_the_daemon_within_seconds(server: S3Server, tmp_path: Path) -> None:
    home = new_home(tmp_path / "home", "trail")
    daemon = start("--home", str(home), "run", env=environment(server.env))
    log = home / "logs" / "ossec.log"
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and not (log.exists() and "Started (pid" in log.read_text()):
        assert daemon.poll() is None
        time.sleep(0.05)
    daemon.terminate()
    daemon.communicate(timeout=PATIENCE)
    assert daemon.returncode == 0
    assert "(1225): SIGNAL [(15)-(Terminated)] Received" in log.read_text()
    assert "left behind" not in log.read_text()
