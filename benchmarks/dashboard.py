"""The dashboard over many alerts: how long folding takes, and every view with every kind of filter.

    python -m benchmarks.dashboard                          a million alerts in seven day files
    python -m benchmarks.dashboard --alerts 100000 --days 1 --keep /tmp/home

The alerts are those that the shipped rules raise on sample objects, repeated with other times, accounts, regions,
users and addresses. With Chromium on the machine, the page's first paint is measured as well.
"""

from __future__ import annotations

import argparse
import gzip
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import orjson
from _pytest.outcomes import Skipped

from alertmill import samples
from alertmill.sinks.rotation import ALERTS_JSON

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from system.dashboards import chromium, dashboard  # the process and the browser that the tests use

#: The day after the last of the alerts.
END = datetime(2026, 1, 22, tzinfo=UTC)
ACCOUNTS = [f"{100000000000 + 111111111 * number}" for number in range(8)]
REGIONS = ["us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-2", "sa-east-1"]
#: How much happens in each hour of a day.
RHYTHM = [4, 3, 3, 3, 3, 4, 5, 7, 9, 11, 12, 12, 10, 11, 12, 12, 11, 9, 8, 7, 6, 6, 5, 5]
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
    step = timedelta(days=7) / count * (sum(RHYTHM) / len(RHYTHM))
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
        moment = min(moment + step / RHYTHM[moment.hour], END - timedelta(seconds=1))


def make_home(home: Path, count: int, days: int) -> None:
    """A home with the alerts in `days` day files, the last of which is alerts.json, the others packed."""
    with tempfile.TemporaryDirectory() as scratch:
        patterns = templates(Path(scratch))
    last = (END - timedelta(days=1)).date()
    with ExitStack() as opened:
        files: dict[Path, IO[bytes]] = {}
        for moment, line in many(count, patterns):
            back = min((last - moment.date()).days, days - 1)
            path = home / (ALERTS_JSON.day_path(last - timedelta(days=back)) + (".gz" if back else ""))
            if path not in files:
                path.parent.mkdir(parents=True, exist_ok=True)
                made = gzip.open(path, "wb", compresslevel=1) if back else path.open("wb")  # noqa: SIM115  # entered below
                files[path] = opened.enter_context(made)
            files[path].write(line)
    (home / ALERTS_JSON.link_path).hardlink_to(home / ALERTS_JSON.day_path(last))
    (home / "var").mkdir(exist_ok=True)


#: What is asked: the views as they open, and with each kind of filter.
QUESTIONS = (
    "/api/overview",
    "/api/overview?level=7-",
    "/api/overview?rule=80835",
    "/api/overview?group=aws_iam",
    "/api/overview?user=ana.3&region=us-east-1",
    "/api/overview?account!=100000000000&source=cloudtrail",
    "/api/overview?from=2026-01-18T10:00:00Z&to=2026-01-18T16:00:00Z",
    "/api/overview?address=203.0.113.77",
    "/api/overview?q=getbucketpolicy",
    "/api/overview?q=refused",
    "/api/ec2",
    "/api/ec2?user=ana.3",
    "/api/vpc",
    "/api/vpc?dst=203.0.113.77&peak=1768485600000-1768489200000",
    "/api/alerts",
    "/api/alerts?q=stoplogging",
)


def measure(home: Path) -> None:
    """Fold, ask, look; print the figures."""
    with dashboard(home, patience=3600) as running:
        begun = time.monotonic()
        standing: dict[str, Any] = {"ready": False}
        while not standing["ready"]:
            time.sleep(0.5)
            standing = orjson.loads(running.get("/api/status"))
        seconds = time.monotonic() - begun
        rows = standing["rows"]
        size = (home / "var/dashboard/alerts.duckdb").stat().st_size / 2**20
        print(f"folded   {rows:>9} alerts in {seconds:.1f} s, cache {size:.0f} MiB, load {os.getloadavg()[0]:.1f}")
        print(f"{'question':<72} {'first':>8} {'again':>8}   (ms; again: another value, nothing kept)")
        for number, question in enumerate(QUESTIONS):
            times = []
            for attempt in range(3):
                mark = time.monotonic()
                running.get(f"{question}{'&' if '?' in question else '?'}agent!=none{number}.{attempt}")
                times.append((time.monotonic() - mark) * 1000)
            print(f"{question:<72} {times[0]:>8.0f} {min(times[1:]):>8.0f}")
        with suppress(Skipped):
            paint(running.url)


def paint(url: str) -> None:
    """First paint, figures and charts of the overview in a real browser, and a filter by click."""
    with chromium() as browser:
        for attempt in range(3):
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(f"{url}/?agent!=none{attempt}")
            page.wait_for_selector(".figures")
            figures = page.evaluate("performance.now()")
            page.wait_for_selector(".chart[data-drawn]")
            charts = page.evaluate("performance.now()")
            first = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
            before = page.locator(".figure-count").first.inner_text()
            mark = time.monotonic()
            page.locator("section[aria-label='Top users'] button.value").first.click()
            while page.locator(".figure-count").first.inner_text() == before:
                page.wait_for_timeout(5)
            click = (time.monotonic() - mark) * 1000
            print(
                f"page     first paint {first:.0f} ms, figures {figures:.0f}, chart {charts:.0f}, a filter {click:.0f}"
            )
            page.close()


def main() -> None:
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--alerts", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=7, help="day files, the last of them not packed")
    parser.add_argument("--keep", type=Path, help="a folder for the home, used as it is when it exists")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        home = options.keep or Path(scratch) / "home"
        if not home.exists():
            make_home(home, options.alerts, options.days)
        measure(home)


if __name__ == "__main__":
    main()
