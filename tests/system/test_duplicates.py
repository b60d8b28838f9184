"""Events that AWS delivers in two objects are analysed once, whatever kills the daemon meanwhile."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from s3server import S3Server, running_s3_server
from support import LONG
from system.daemon import ACCOUNT, REGION, alertmill, environment, new_home

#: Events of an object, and how many of them stand in the next object again.
EVENTS, AGAIN = 1200, 250
OBJECTS = 4
STEPS = ("before the journal", "before the transaction", "after the transaction", "in the middle of an append")


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with running_s3_server() as running:
        running.make_bucket("twice", {key(number): trail(number) for number in range(OBJECTS)})
        yield running


def key(number: int) -> str:
    folder = f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/2026/01/15"
    return f"{folder}/{ACCOUNT}_CloudTrail_{REGION}_20260115T10{number:02}Z_abc.json.gz"


def trail(number: int) -> bytes:
    """An object whose first events are the last ones of the object before, and whose last one stands there twice."""
    first = number * EVENTS - (AGAIN if number else 0)
    records = [event(one) for one in range(first, (number + 1) * EVENTS)]
    return gzip.compress(json.dumps({"Records": [*records, records[-1]]}).encode())


def event(number: int) -> dict[str, object]:
    return {
        "eventVersion": "1.08",
        "eventID": f"id-{number}",
        "eventTime": f"2026-01-15T10:{number // 60 % 60:02}:{number % 60:02}Z",
        "eventSource": "ec2.amazonaws.com",
        "eventName": "DescribeInstances",
        "awsRegion": REGION,
        "sourceIPAddress": "198.51.100.7",
        "userIdentity": {"type": "IAMUser", "userName": "alice"},
    }


def home_of(folder: Path, event_format: str = "improved") -> Path:
    home = new_home(folder, "twice")
    conf = home / "etc" / "ossec.conf"
    options = f"<logall_json>yes</logall_json><event_format>{event_format}</event_format>"
    conf.write_text(f"{conf.read_text()}<ossec_config><global>{options}</global></ossec_config>")
    return home


def analysed(home: Path) -> Counter[str]:
    """How often each event of the trail was analysed; what the daemon says of itself is left out."""
    lines = (home / "logs" / "archives" / "archives.json").read_text().splitlines()
    events = (json.loads(line)["data"].get("aws", {}) for line in lines)
    return Counter(event["eventID"] for event in events if "eventID" in event)


def test_without_ids_every_record_is_an_event(server: S3Server, tmp_path: Path) -> None:
    home = home_of(tmp_path / "home", "compatible")
    assert alertmill("--home", str(home), "run", "--once", env=environment(server.env)).returncode == 0
    assert analysed(home).total() == OBJECTS * (EVENTS + 1) + (OBJECTS - 1) * AGAIN


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_every_event_is_analysed_once_whatever_kills_the_daemon(server: S3Server, tmp_path: Path, step: str) -> None:
    home, env = home_of(tmp_path / "home"), environment(server.env)
    kills = 0
    for count in range(1, 8 if LONG else 3):
        ended = subprocess.run(
            [sys.executable, "-m", "system.kill_at", step, str(count), "--home", str(home), "run", "--once"],
            env=env,
            cwd=Path(__file__).parents[1],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
        )
        assert ended.returncode in (-9, 0), ended.stderr.decode()
        kills += ended.returncode == -9
    assert kills
    done = alertmill("--home", str(home), "run", "--once", env=env)
    assert done.returncode == 0, done.stderr.decode()
    assert analysed(home) == {f"id-{number}": 1 for number in range(OBJECTS * EVENTS)}
    status = json.loads(alertmill("--home", str(home), "status", "--json", env=env).stdout)
    assert status["counters"]["duplicates"] == OBJECTS + (OBJECTS - 1) * AGAIN
