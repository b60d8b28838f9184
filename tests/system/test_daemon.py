"""The real daemon: starting, refusing to start, reloading, being told to stop, and what it says of itself."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from alertmill import samples
from s3server import S3Server, running_s3_server
from support import PATIENCE
from system.daemon import ACCOUNT, REGION, START, alertmill, environment, new_home, sample_objects, start

LOCAL_RULE = """<group name="local,">
  <rule id="100200" level="7"><if_sid>80301</if_sid><description>somebody ran an instance</description></rule>
</group>
"""


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with running_s3_server() as running:
        running.make_bucket("trail", sample_objects())
        running.make_bucket("empty")
        yield running


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return new_home(tmp_path / "home", "trail")


def wait_for(what: Callable[[], bool], daemon: subprocess.Popen[bytes] | None = None) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline, "it did not happen"
        assert daemon is None or daemon.poll() is None, "the daemon ended"
        time.sleep(0.02)


def log_of(home: Path) -> str:
    path = home / "logs" / "ossec.log"
    return path.read_text() if path.exists() else ""


def stop(daemon: subprocess.Popen[bytes]) -> None:
    daemon.terminate()
    daemon.communicate(timeout=PATIENCE)
    assert daemon.returncode == 0


def test_a_broken_ruleset_is_reported_whole_and_keeps_the_daemon_from_starting(server: S3Server, home: Path) -> None:
    (home / "etc/rules/one.xml").write_text('<group name="a,"><rule id="100300" level="3"></rule></group>')
    (home / "etc/rules/two.xml").write_text('<group name="a,"><rule id="100301" level="99"><x/></rule></group>')
    done = alertmill("--home", str(home), "run", env=environment(server.env))
    assert done.returncode == 3
    log = log_of(home)
    assert "etc/rules/one.xml" in log
    assert "etc/rules/two.xml" in log
    assert "CRITICAL" in log.splitlines()[-1]


def test_a_home_that_is_none_says_so(server: S3Server, tmp_path: Path) -> None:
    done = alertmill("--home", str(tmp_path / "nothing"), "run", env=environment(server.env))
    assert done.returncode == 3
    assert b"alertmill init" in done.stderr


def test_a_frozen_clock_must_be_a_number(server: S3Server, home: Path) -> None:
    done = alertmill("--home", str(home), "run", "--once", env=environment(server.env, ALERTMILL_CLOCK="noon"))
    assert done.returncode == 3
    assert b"ALERTMILL_CLOCK" in done.stderr


def test_a_second_daemon_is_refused(server: S3Server, home: Path) -> None:
    first = start("--home", str(home), "run", env=environment(server.env))
    wait_for(lambda: "Started (pid" in log_of(home), first)
    second = alertmill("--home", str(home), "run", env=environment(server.env))
    assert second.returncode == 3
    assert b"another Alertmill daemon" in second.stderr
    stop(first)


def test_reload_takes_new_rules_and_refuses_broken_ones(server: S3Server, home: Path) -> None:
    daemon = start("--home", str(home), "run", env=environment(server.env))
    wait_for(lambda: "Fetching logs finished" in log_of(home), daemon)
    rules = home / "etc/rules/zz_test_rules.xml"

    rules.write_text(LOCAL_RULE.replace("<if_sid>80301</if_sid>", "<if_sid>80301</if_sid><nonsense>1</nonsense>"))
    daemon.send_signal(signal.SIGHUP)
    wait_for(lambda: "the rules loaded before stay in service" in log_of(home), daemon)
    assert "nonsense" in log_of(home)

    rules.write_text(LOCAL_RULE)
    daemon.send_signal(signal.SIGHUP)
    wait_for(lambda: "Ruleset reloaded successfully" in log_of(home), daemon)
    stop(daemon)


def test_systemd_hears_when_it_is_ready_and_when_it_stops(server: S3Server, home: Path, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(PATIENCE)
        env = environment(server.env, NOTIFY_SOCKET=str(tmp_path / "notify"))
        daemon = start("--home", str(home), "run", env=env)
        assert listener.recv(1000).startswith(b"READY=1")
        daemon.terminate()
        assert listener.recv(1000) == b"STOPPING=1"
        output, _ = daemon.communicate(timeout=PATIENCE)
    assert daemon.returncode == 0
    assert output == b"", "under systemd the log file is the log"


def of_trails_alone(home: Path) -> Path:
    """Without the bucket of flow logs: several definitions are read side by side, in no order of their own."""
    conf = home / "etc" / "ossec.conf"
    kept = [line for line in conf.read_text().splitlines() if 'type="vpcflow"' not in line or "2026-JAN-01" not in line]
    conf.write_text("\n".join(kept))
    return home


def test_a_stop_in_the_middle_of_a_large_object_takes_seconds_and_loses_nothing(
    server: S3Server, tmp_path: Path
) -> None:
    body = samples.cloudtrail_objects(
        seed=3,
        account=ACCOUNT,
        region=REGION,
        start=START,
        objects=1,
        events_per_object=30_000,
        profile=samples.EVENTFUL,
    )
    (large,) = list(body)
    server.make_bucket("large", {large.key: large.body})
    home = of_trails_alone(new_home(tmp_path / "home", "large"))
    alerts = home / "logs/alerts/alerts.json"
    daemon = start("--home", str(home), "run", env=environment(server.env))
    wait_for(lambda: alerts.exists() and alerts.stat().st_size > 100_000, daemon)
    stop(daemon)
    assert "left behind" not in log_of(home), "it waited for the end of the object"
    interrupted = alerts.read_bytes()

    assert alertmill("--home", str(home), "run", "--once", env=environment(server.env)).returncode == 0
    whole = of_trails_alone(new_home(tmp_path / "whole", "large"))
    assert alertmill("--home", str(whole), "run", "--once", env=environment(server.env)).returncode == 0
    assert alerts.read_bytes() == (whole / "logs/alerts/alerts.json").read_bytes()
    assert interrupted != alerts.read_bytes()


def test_status_tells_of_health_and_of_failures(server: S3Server, tmp_path: Path) -> None:
    good = new_home(tmp_path / "good", "trail")
    assert alertmill("--home", str(good), "status", env=environment(server.env)).returncode == 1
    assert alertmill("--home", str(good), "run", "--once", env=environment(server.env)).returncode == 0
    done = alertmill("--home", str(good), "status", "--json", env=environment(server.env))
    assert done.returncode == 0, done.stdout.decode()
    status = json.loads(done.stdout)
    assert status["healthy"] is True
    assert status["counters"]["objects"] == len(sample_objects())
    assert {scope["name"].split("|")[1] for scope in status["scopes"]} >= {"cloudtrail", "vpcflow"}

    key = next(iter(sample_objects()))
    server.make_bucket("damaged", {key: b"\x1f\x8bno gzip at all"})
    bad = new_home(tmp_path / "bad", "damaged")
    assert alertmill("--home", str(bad), "run", "--once", env=environment(server.env)).returncode == 0
    done = alertmill("--home", str(bad), "status", env=environment(server.env))
    assert done.returncode == 1
    assert key.encode() in done.stdout
    assert b"NOT healthy" in done.stdout


def test_the_daemons_files_are_its_own(server: S3Server, home: Path) -> None:
    assert alertmill("--home", str(home), "run", "--once", env=environment(server.env)).returncode == 0
    for path in [*(home / "logs").rglob("*"), *(home / "var").rglob("*")]:
        assert path.stat().st_mode & 0o007 == 0, path
    assert os.stat(home / "var").st_mode & 0o077 == 0
