"""Real runs over several days: finished days are closed, old ones deleted, the daemon's own log is rotated."""

from __future__ import annotations

import gzip
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from alertmill.sinks.rotation import OWN_LOG
from s3server import S3Server, running_s3_server
from support import PATIENCE
from system.daemon import START, alertmill, environment, new_home, sample_objects, start

MIDNIGHT = datetime(2026, 1, 16, tzinfo=UTC)


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with running_s3_server() as running:
        yield running


def home_reading(server: S3Server, folder: Path, bucket: str) -> Path:
    """A home that keeps its day files for two days and reads a new bucket."""
    server.make_bucket(bucket, sample_objects(objects=1))
    home = new_home(folder / "home", bucket)
    conf = home / "etc" / "ossec.conf"
    conf.write_text(
        conf.read_text() + "<ossec_config><global><keep_day_files>2d</keep_day_files></global></ossec_config>"
    )
    return home


def on_day(server: S3Server, days: int) -> dict[str, str]:
    noon = START + timedelta(days=days, hours=2)
    return environment(server.env, ALERTMILL_CLOCK=str(noon.timestamp()), TZ="UTC")


def alert_files(home: Path) -> list[str]:
    folder = home / "logs/alerts"
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def log_of(home: Path) -> str:
    path = home / "logs" / "ossec.log"
    return path.read_text() if path.exists() else ""


def wait_for(what: Callable[[], bool], daemon: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline, "it did not happen"
        assert daemon.poll() is None, "the daemon ended"
        time.sleep(0.02)


def stop(daemon: subprocess.Popen[bytes]) -> None:
    daemon.terminate()
    daemon.communicate(timeout=PATIENCE)
    assert daemon.returncode == 0


def test_days_are_closed_caught_up_with_and_deleted(server: S3Server, tmp_path: Path) -> None:
    home = home_reading(server, tmp_path, "several-days")
    folder = home / "logs/alerts/2026/Jan"
    run = ("--home", str(home), "run", "--once")

    assert alertmill(*run, env=on_day(server, 0)).returncode == 0
    first = (folder / "ossec-alerts-15.json").read_bytes()
    assert first.count(b"\n") > 20
    assert alertmill(*run, env=on_day(server, 0)).returncode == 0
    assert not list(home.rglob("*.gz")), "the day is not over"

    server.make_bucket("several-days", sample_objects(seed=2, objects=2))
    assert alertmill(*run, env=on_day(server, 1)).returncode == 0
    assert alert_files(home) == [
        "2026/Jan/ossec-alerts-15.json.gz",
        "2026/Jan/ossec-alerts-15.json.sum",
        "2026/Jan/ossec-alerts-15.log.gz",
        "2026/Jan/ossec-alerts-15.log.sum",
        "2026/Jan/ossec-alerts-16.json",
        "2026/Jan/ossec-alerts-16.log",
        "alerts.json",
        "alerts.log",
    ]
    assert gzip.decompress((folder / "ossec-alerts-15.json.gz").read_bytes()) == first
    assert sha256(first).hexdigest() in (folder / "ossec-alerts-15.json.sum").read_text()
    assert (home / "logs/alerts/alerts.json").samefile(folder / "ossec-alerts-16.json")
    second = (folder / "ossec-alerts-16.json").read_bytes()
    assert second

    # Down for a day; then a daemon that finds nothing new.
    yesterday = datetime.now(UTC).date() - timedelta(days=1)  # its own log goes by the system's clock
    yesterdays = f"{yesterday:%Y/%m/%d} 23:59:59 wazuh-analysisd: INFO: an old line\n"
    (home / "logs/ossec.log").write_text(yesterdays)
    daemon = start("--home", str(home), "run", env=on_day(server, 3))
    moved = home / OWN_LOG.day_path(yesterday)
    wait_for(lambda: moved.exists() and "Deleted" in moved.read_text() + log_of(home), daemon)
    wait_for(lambda: (folder / "ossec-alerts-16.log.gz").exists(), daemon)
    stop(daemon)
    assert alert_files(home) == [
        "2026/Jan/ossec-alerts-16.json.gz",
        "2026/Jan/ossec-alerts-16.json.sum",
        "2026/Jan/ossec-alerts-16.log.gz",
        "2026/Jan/ossec-alerts-16.log.sum",
        "2026/Jan/ossec-alerts-18.json",
        "2026/Jan/ossec-alerts-18.log",
        "alerts.json",
        "alerts.log",
    ]
    assert gzip.decompress((folder / "ossec-alerts-16.json.gz").read_bytes()) == second
    log = moved.read_text() + log_of(home)
    assert log.startswith(yesterdays)
    assert "INFO: Deleted 5 day files of 2026-01-15, " in log
    assert "WARNING" not in log
    assert log.count("Exit Cleaning") == 1

    assert alertmill(*run, env=on_day(server, 4)).returncode == 0
    assert "is gone" not in log_of(home)
    assert moved.with_name(moved.name + ".gz").exists()
    # What stayed empty is gone like at any turn of a day.
    assert "2026/Jan/ossec-alerts-18.json" not in alert_files(home)


def test_an_idle_daemon_turns_the_day_and_closes_the_one_before(server: S3Server, tmp_path: Path) -> None:
    home = home_reading(server, tmp_path, "idle")
    (home / "etc/local_internal_options.conf").write_text("monitord.day_wait=0\n")
    clock = tmp_path / "clock"

    def set_clock(to: datetime) -> None:
        clock.with_suffix(".new").write_text(str(to.timestamp()))
        clock.with_suffix(".new").replace(clock)

    set_clock(MIDNIGHT - timedelta(seconds=0.5))
    daemon = subprocess.Popen(
        [sys.executable, "-m", "system.clock_file", str(clock), "--home", str(home), "run"],
        cwd=Path(__file__).parents[1],
        env=environment(server.env, TZ="UTC"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    folder = home / "logs/alerts/2026/Jan"
    alerts = home / "logs/alerts/alerts.json"
    wait_for(lambda: alerts.exists() and alerts.read_bytes().count(b"\n") > 20, daemon)
    assert not list(home.rglob("*.sum"))
    set_clock(MIDNIGHT + timedelta(seconds=0.1))
    wait_for(lambda: (folder / "ossec-alerts-15.log.gz").exists(), daemon)
    wait_for(lambda: (home / "logs/firewall/2026/Jan/ossec-firewall-15.log.sum").exists(), daemon)
    assert alerts.samefile(folder / "ossec-alerts-16.json")
    assert gzip.decompress((folder / "ossec-alerts-15.json.gz").read_bytes()).count(b"\n") > 20
    assert "= none" in (home / "logs/firewall/2026/Jan/ossec-firewall-15.log.sum").read_text()
    stop(daemon)
