"""A daemon with months to catch up: what is new comes first, and kill -9 at any moment neither repeats nor skips."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from s3server import S3Server, running_s3_server
from support import LONG, PATIENCE
from system.daemon import environment, start
from system.test_faults import make_plain_home
from unit.sources.aws.doubles import trail_key

TODAY = date(2026, 1, 15)
DAYS = 40
EVENTS = 25

_CONF = """
<ossec_config>
  <wodle name="aws-s3">
    <disabled>no</disabled>
    <interval>1s</interval>
    <run_on_start>yes</run_on_start>
    <bucket type="cloudtrail"><name>months</name><only_logs_after>2025-DEC-01</only_logs_after></bucket>
  </wodle>
</ossec_config>
"""


def event_of(day: date, number: int) -> str:
    return f"{day}-{number:02}"


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with running_s3_server() as running:
        objects = {}
        for back in range(DAYS):
            day = TODAY - timedelta(days=back)
            for region in ("eu-west-1", "us-east-1"):
                events = [{"eventID": f"{region} {event_of(day, n)}", "eventName": "Probe"} for n in range(EVENTS)]
                body = gzip.compress(json.dumps({"Records": events}).encode())
                objects[trail_key(f"{day:%Y/%m/%d}", "x", region=region)] = body
        running.make_bucket("months", objects)
        yield running


def read(home: Path) -> list[str]:
    """The events that were alerted, in the order of their alerts."""
    path = home / "logs/alerts/alerts.json"
    alerts = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return [alert["data"]["aws"]["eventID"] for alert in alerts if alert["rule"]["id"] == "100301"]


def expected() -> Counter[str]:
    days = [TODAY - timedelta(days=back) for back in range(DAYS)]
    names = [f"{r} {event_of(day, n)}" for r in ("eu-west-1", "us-east-1") for day in days for n in range(EVENTS)]
    return Counter(names)


def new_home(folder: Path) -> Path:
    make_plain_home(folder, _CONF)
    return folder


def until_all_is_read(home: Path, daemon: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while len(read(home)) < len(expected()):
        assert daemon.poll() is None, daemon.stdout.read().decode() if daemon.stdout else ""
        assert time.monotonic() < deadline, f"{len(read(home))} of {len(expected())} events after {PATIENCE:.0f} s"
        time.sleep(0.1)


@pytest.mark.slow
def test_a_back_fill_survives_being_killed(server: S3Server, tmp_path: Path) -> None:
    home = new_home(tmp_path / "home")
    clock = datetime(2026, 1, 15, 12, tzinfo=UTC).timestamp()
    dice = random.Random(20260115)
    for _ in range(12 if LONG else 2):
        env = environment(server.env, ALERTMILL_CLOCK=str(clock))
        daemon = start("--home", str(home), "run", env=env)
        try:
            daemon.communicate(timeout=dice.uniform(1.0, 2.0))
        except subprocess.TimeoutExpired:
            daemon.kill()
        daemon.communicate()
        clock += dice.uniform(0.0, 0.5) * 3600
    daemon = start("--home", str(home), "run", env=environment(server.env, ALERTMILL_CLOCK=str(clock)))
    until_all_is_read(home, daemon)
    time.sleep(2.5)  # two more intervals, in which nothing may come twice
    daemon.terminate()
    daemon.communicate(timeout=PATIENCE)
    assert Counter(read(home)) == expected()


def test_what_is_new_comes_before_the_past(server: S3Server, tmp_path: Path) -> None:
    home = new_home(tmp_path / "home")
    clock = datetime(2026, 1, 15, 12, tzinfo=UTC).timestamp()
    daemon = start("--home", str(home), "run", env=environment(server.env, ALERTMILL_CLOCK=str(clock)))
    until_all_is_read(home, daemon)
    daemon.terminate()
    daemon.communicate(timeout=PATIENCE)
    order = read(home)
    assert Counter(order) == expected()
    recent = [number for number, name in enumerate(order) if name.split(" ")[1] >= "2026-01-13"]
    # Two lanes in one queue: the few new objects are through long before the forty days are.
    assert max(recent) < len(order) / 2
