"""Worker processes change no byte of what is written, whatever happens to them, and leave nothing behind."""

from __future__ import annotations

import gzip
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from s3server import S3Server, running_s3_server
from support import PATIENCE
from system.daemon import ACCOUNT, REGION, alertmill, environment, is_running, new_home, outputs, sample_objects

_FOLDER = f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/2026/01/15/{ACCOUNT}_CloudTrail_{REGION}_20260115T"


def odd_objects() -> dict[str, bytes]:
    """CloudTrail objects that are not what they should be, and events that are not."""
    event = {"eventName": "ConsoleLogin", "eventSource": "signin.amazonaws.com", "awsRegion": REGION}
    marked = {**event, "errorCode": "\x01alert id\x01 7000000000000000003 5000-01-01T00:00:00.125+0000"}
    odd = b'{"Records":[{"eventName":"ConsoleLogin","n":123456789012345678901234567890,"eventName":"Again"},{"a":1}]}'
    texts = {
        "1100Z_marked": json.dumps({"Records": [event, marked, event]}).encode(),
        "1101Z_odd": odd,
        "1102Z_list": b'{"Records":[1,{"eventName":"ConsoleLogin"}]}',
        "1103Z_none": b'{"Records":[]}',
        "1104Z_names": json.dumps({"Records": [{**event, "EVENTNAME": "x", "caf\u00e9": "\u00e9"}]}).encode(),
    }
    whole = {f"{_FOLDER}{name}.json.gz": gzip.compress(text) for name, text in texts.items()}
    return {**whole, f"{_FOLDER}1105Z_cut.json.gz": gzip.compress(texts["1100Z_marked"])[:-9]}


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with running_s3_server() as running:
        running.make_bucket("trail", {**sample_objects(objects=6), **odd_objects()})
        yield running


def home_of(folder: Path, event_format: str) -> Path:
    home = new_home(folder, "trail")
    conf = home / "etc" / "ossec.conf"
    options = f"<workers>2</workers><event_format>{event_format}</event_format>"
    conf.write_text(f"{conf.read_text()}<ossec_config><global>{options}</global></ossec_config>")
    return home


@pytest.fixture(scope="module", params=["compatible", "improved"])
def alone(
    request: pytest.FixtureRequest, server: S3Server, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, dict[str, bytes]]:
    """An event format, and what a daemon writes that starts no workers, because so little is to be read."""
    home = home_of(tmp_path_factory.mktemp("alone"), request.param)
    done = alertmill("--home", str(home), "run", "--once", env=environment(server.env))
    assert done.returncode == 0, done.stderr.decode()
    assert "worker processes" not in (home / "logs" / "ossec.log").read_text()
    written = outputs(home)
    assert written["alerts.json"].count(b"\n") > 200
    assert b'"frequency":' in written["alerts.json"]
    return request.param, written


def start(fate: str, home: Path, pids: Path, server: S3Server, *options: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "system.with_workers", fate, str(pids), "--home", str(home), "run", *options],
        env=environment(server.env),
        cwd=Path(__file__).parents[1],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def run(fate: str, home: Path, pids: Path, server: S3Server) -> int:
    done = start(fate, home, pids, server, "--once")
    told, _ = done.communicate(timeout=120)
    assert done.returncode in (0, -9), told.decode()
    return done.returncode


def all_gone(pids: Path) -> bool:
    """Whether the processes have ended; they get some seconds for it."""
    numbers = pids.read_text().split()
    assert numbers
    deadline = time.monotonic() + PATIENCE
    while any(is_running(number) for number in numbers):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.mark.parametrize("fate", ["live", "lose workers"])
def test_the_same_bytes(server: S3Server, alone: tuple[str, dict[str, bytes]], tmp_path: Path, fate: str) -> None:
    event_format, written = alone
    home, pids = home_of(tmp_path / "home", event_format), tmp_path / "pids"
    assert run(fate, home, pids, server) == 0
    log = (home / "logs" / "ossec.log").read_text()
    assert "starting 2 worker processes" in log
    # The daemon may end before it has told of a loss.
    assert pids.with_name(f"{pids.name}.killed").exists() == (fate == "lose workers")
    assert "ended early" not in log or fate == "lose workers"
    assert outputs(home) == written
    assert all_gone(pids)


def test_a_daemon_that_is_killed_leaves_no_workers_and_loses_nothing(
    server: S3Server, alone: tuple[str, dict[str, bytes]], tmp_path: Path
) -> None:
    event_format, written = alone
    home, pids = home_of(tmp_path / "home", event_format), tmp_path / "pids"
    assert run("die", home, pids, server) == -9
    assert all_gone(pids)
    assert run("live", home, pids, server) == 0
    assert outputs(home) == written


def test_a_reload_ends_the_workers(server: S3Server, tmp_path: Path) -> None:
    home, pids = home_of(tmp_path / "home", "improved"), tmp_path / "pids"
    log = home / "logs" / "ossec.log"
    with start("live", home, pids, server) as daemon:
        try:
            until(lambda: log.exists() and log.read_text().count("Fetching logs finished.") == 2, daemon)
            rule = (
                '<rule id="100900" level="3"><if_sid>1</if_sid><match>never</match><description>d</description></rule>'
            )
            (home / "etc" / "rules" / "mine.xml").write_text(f'<group name="g,">{rule}</group>')
            daemon.send_signal(signal.SIGHUP)
            until(lambda: "Ruleset reloaded successfully" in log.read_text(), daemon)
            assert all_gone(pids)
            daemon.terminate()
            daemon.communicate(timeout=PATIENCE)
        finally:
            daemon.kill()
    assert daemon.returncode == 0
    assert "ended early" not in log.read_text()


def until(holds: Callable[[], bool], daemon: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert daemon.poll() is None
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.02)
