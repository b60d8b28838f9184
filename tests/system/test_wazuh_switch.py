"""A daemon started in the home of a Wazuh manager goes on where its AWS module was."""

from __future__ import annotations

import gzip
import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from s3server import S3Server, running_s3_server
from system.daemon import ACCOUNT, REGION, alertmill, environment, new_home

#: Objects that Wazuh read and forgot, those that its database remembers, and those that came since.
FORGOTTEN, REMEMBERED, NEW = range(3), range(3, 7), range(7, 10)


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with running_s3_server() as running:
        running.make_bucket("switch", {key(number): trail(number) for number in (*FORGOTTEN, *REMEMBERED, *NEW)})
        yield running


def key(number: int) -> str:
    folder = f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/2026/01/{10 + number // 2}"
    return f"{folder}/{ACCOUNT}_CloudTrail_{REGION}_{number:02}.json.gz"


def trail(number: int) -> bytes:
    record = {
        "eventVersion": "1.08",
        "eventID": f"id-{number}",
        "eventTime": "2026-01-15T10:00:00Z",
        "eventSource": "ec2.amazonaws.com",
        "eventName": "DescribeInstances",
        "awsRegion": REGION,
    }
    return gzip.compress(json.dumps({"Records": [record]}).encode())


def manager_of(home: Path) -> Path:
    """A home with what Wazuh's module leaves behind."""
    new_home(home, "switch")
    conf = home / "etc" / "ossec.conf"
    conf.write_text(f"{conf.read_text()}<ossec_config><global><logall_json>yes</logall_json></global></ossec_config>")
    folder = home / "wodles" / "aws"
    folder.mkdir(parents=True)
    with sqlite3.connect(folder / "s3_cloudtrail.db") as database:
        database.execute(
            "CREATE TABLE cloudtrail (bucket_path TEXT NOT NULL, aws_account_id TEXT NOT NULL, "
            "aws_region TEXT NOT NULL, "
            "log_key TEXT NOT NULL, processed_date TEXT NOT NULL, created_date INTEGER NOT NULL, "
            "PRIMARY KEY (bucket_path, aws_account_id, aws_region, log_key))"
        )
        database.executemany(
            "INSERT INTO cloudtrail VALUES ('switch/', ?, ?, ?, '2026-01-14 10:00:00', 20260114)",
            [(ACCOUNT, REGION, key(number)) for number in REMEMBERED],
        )
    database.close()
    return home


def analysed(home: Path) -> list[str]:
    """The ids of the events of the trail, among what the daemon says of itself."""
    lines = (home / "logs" / "archives" / "archives.json").read_text().splitlines()
    events = (json.loads(line)["data"].get("aws", {}) for line in lines)
    return [event["eventID"] for event in events if "eventID" in event]


def test_a_switch_repeats_nothing_and_misses_nothing(server: S3Server, tmp_path: Path) -> None:
    home = manager_of(tmp_path / "home")
    # The server dates objects by the machine's clock, and the switch is after that.
    env = environment(server.env, ALERTMILL_CLOCK=str(time.time() + 3600))
    for _ in range(2):
        done = alertmill("--home", str(home), "run", "--once", env=env)
        assert done.returncode == 0, done.stderr.decode()
        assert analysed(home) == [f"id-{number}" for number in NEW]
    log = (home / "logs" / "ossec.log").read_text()
    told = "wazuh-modulesd:aws-s3: INFO: Taken over from Wazuh: 4 objects read in 1 places, 0 positions of services"
    assert log.count(told) == 1
