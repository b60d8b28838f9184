"""Homes and real daemon processes for system tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from alertmill import samples
from alertmill.cli.init import make_home

ACCOUNT = "123456789012"
REGION = "us-east-1"
START = datetime(2026, 1, 15, 10, 0, tzinfo=UTC)
#: The frozen arrival clock, an hour behind the sample events.
CLOCK = str(START.timestamp() + 3600)

_WODLE = """
<ossec_config>
  <wodle name="aws-s3">
    <disabled>no</disabled>
    <interval>10m</interval>
    <run_on_start>yes</run_on_start>
    <bucket type="cloudtrail"><name>{bucket}</name><only_logs_after>2026-JAN-01</only_logs_after></bucket>
    <bucket type="vpcflow"><name>{bucket}</name><only_logs_after>2026-JAN-01</only_logs_after></bucket>
  </wodle>
</ossec_config>
"""


def sample_objects(seed: int = 1, *, objects: int = 4, events: int = 120) -> dict[str, bytes]:
    """CloudTrail and flow log objects with plenty of alerts, by key."""
    trail = samples.cloudtrail_objects(
        seed=seed,
        account=ACCOUNT,
        region=REGION,
        start=START,
        objects=objects,
        events_per_object=events,
        profile=samples.EVENTFUL,
    )
    flow = samples.flow_objects(
        seed=seed, account=ACCOUNT, region=REGION, start=START, objects=objects, records_per_object=events
    )
    return {sample.key: sample.body for sample in [*trail, *flow]}


def new_home(folder: Path, bucket: str) -> Path:
    """A home as `alertmill init` makes it, whose wodle reads CloudTrail and flow logs of `bucket`."""
    make_home(folder)
    conf = folder / "etc" / "ossec.conf"
    conf.write_text(conf.read_text() + _WODLE.format(bucket=bucket))
    return folder


def environment(server: Mapping[str, str], **more: str) -> dict[str, str]:
    """The environment of a daemon that finds the S3 server, without the machine's own AWS settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ALERTMILL_"))}
    return {**kept, **server, "ALERTMILL_CLOCK": CLOCK, **more}


def alertmill(*arguments: str, env: Mapping[str, str], timeout: float = 120) -> subprocess.CompletedProcess[bytes]:
    """Run the program to its end."""
    return subprocess.run(
        [sys.executable, "-m", "alertmill", *arguments],
        env=dict(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=timeout,
    )


def start(*arguments: str, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start the program in the background."""
    return subprocess.Popen(
        [sys.executable, "-m", "alertmill", *arguments],
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def is_running(pid: int | str) -> bool:
    """Whether there is such a process, other than one that nobody has waited for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def outputs(home: Path) -> dict[str, bytes]:
    """Everything below logs/alerts, by relative path: what must not depend on crashes."""
    folder = home / "logs" / "alerts"
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
