"""The dashboard over many alerts: how long folding takes, and every view with every kind of filter.

    python -m benchmarks.dashboard                          a million alerts in seven day files
    python -m benchmarks.dashboard --alerts 100000 --days 1 --keep /tmp/home

The alerts are those that the shipped rules raise on sample objects, repeated with other times, accounts, regions,
users and addresses. With Chromium on the machine, the page's first paint is measured as well.
"""

from __future__ import annotations

import argparse
import gzip
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from alertmill import samples
from alertmill.sinks.rotation import ALERTS_JSON

#: The day after the last of the alerts.
END = datetime(2026, 1, 22, tzinfo=UTC)
ACCOUNTS = [f"{100000000000 + 111111111 * number}" for number in range(8)]
REGIONS = ["us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-2", "sa-east-1"]
NAMES = ["ana", "bo", "chen", "dara", "eli", "fay", "gus", "hana", "ivo", "jun"]


def templates(folder: Path) -> list[dict[str, Any]]:
    """Alerts of the shipped rules, parsed."""
    for sample in [
        *samples.cloudtrail_objects(seed=3, start=END, objects=12, events_per_object=150, profile=samples.EVENTFUL),
        *samples.flow_objects(seed=3, start=END, objects=6, records_per_object=120),
    ]:
        path = folder / sample.key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(sample.body)
    command = [sys.executable, "-m", "alertmill", "scan", str(folder)]
    done = subprocess.run(command, capture_output=True, check=True)
    return [orjson.loads(line) for line in done.stdout.splitlines()]


def many(count: int, patterns: list[dict[str, Any]], seed: int = 1) -> Iterator[tuple[datetime, bytes]]:
    """`count` alerts in order of time over the seven days before END, each with its time."""
    dice = random.Random(seed)
    step = timedelta(days=7) / count
    moment = END - timedelta(days=7)
    for number in range(count):
        alert = patterns[dice.randrange(len(patterns))]
        alert["timestamp"] = alert["event_time"] = moment.strftime("%Y-%m-%dT%H:%M:%S.") + "000+0000"
        alert["id"] = f"{int(moment.timestamp())}.{number}"
        data, aws = alert["data"], alert["data"]["aws"]
        aws["aws_account_id"] = dice.choice(ACCOUNTS)
        aws["awsRegion"] = dice.choice(REGIONS)
        if "dstip" in data:
            data["srcip"] = aws["srcaddr"] = f"10.{dice.randrange(4)}.{dice.randrange(8)}.{dice.randrange(1, 250)}"
            # A peak once a day, and a talker in it.
            heavy = moment.hour == 14 and moment.minute < 20
            aws["bytes"] = str(dice.randrange(40, 20_000) * (40 if heavy else 1))
            if heavy and number % 3 == 0:
                data["dstip"] = aws["dstaddr"] = "203.0.113.77"
        else:
            data["dstuser"] = f"{dice.choice(NAMES)}.{dice.randrange(30)}"
            data["srcip"] = f"198.51.100.{dice.randrange(1, 250)}"
        yield moment, orjson.dumps(alert) + b"\n"
        moment += step


def make_home(home: Path, count: int, days: int) -> None:
    """A home with the alerts in `days` day files, the last of which is alerts.json, the others packed."""
    with tempfile.TemporaryDirectory() as scratch:
        patterns = templates(Path(scratch))
    last = END - timedelta(days=1)
    files: dict[Path, Any] = {}
    for moment, line in many(count, patterns):
        back = min((last.date() - moment.date()).days, days - 1)
        day = (last - timedelta(days=back)).date()
        path = home / (ALERTS_JSON.day_path(day) + (".gz" if back else ""))
        if path not in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            files[path] = gzip.open(path, "wb", compresslevel=1) if back else path.open("wb")
        files[path].write(line)
    for file in files.values():
        file.close()
    (home / ALERTS_JSON.link_path).hardlink_to(home / ALERTS_JSON.day_path(last.date()))
    (home / "var").mkdir(exist_ok=True)


if __name__ == "__main__":
    make_home(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
