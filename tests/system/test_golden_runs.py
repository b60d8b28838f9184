"""`run --once` over real objects in an S3 server writes the alerts that the reference wrote, scenario by scenario.

The home has the stock ruleset and the `compatible` event format; the wodle block is the scenario's own. Compared are
the parsed alerts in their order, but for what the data's README calls volatile. Scenarios about defects of the
reference's fetcher are compared where the fetcher is tested.
"""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from alertmill.errors import Problems
from alertmill.installation import Installation
from alertmill.monitoring import LOCATION
from benchmarks.homes import stock_home
from compliance.golden_support import HOSTNAME, normal
from s3server import S3Server, running_s3_server
from support import SHARED, need_shared
from system.daemon import alertmill, environment

GOLDEN = SHARED / "golden" / "aws"

#: Scenarios whose alerts are the contract as they stand. All others are compared within one process, which is faster
#: (tests/compliance/test_golden_objects.py).
SCENARIOS = (
    "cloudtrail-invictus",
    "cloudtrail-otrf",
    "cloudtrail-panther",
    "config-own",
    "edge-accounts-regions-listed",
    "edge-brute-force",
    "edge-digest-and-insight",
    "edge-discard-nested",
    "edge-discard-regex",
    "edge-empty-bucket",
    "edge-no-accounts",
    "edge-path-suffix-organisation",
    "edge-record-shapes",
    "guardduty-firehose",
    "guardduty-native",
    "vpcflow-cribl",
    "vpcflow-otel",
    "vpcflow-panther",
    "waf-panther",
)

#: Columns behind the fourteenth of a flow log: here they have their own names (aws-wodle.md 14.2), in the reference
#: they are a list under the key "null". docs/compatibility.md lists the difference.
LATER_COLUMNS = ("null", "ecs_")


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    need_shared("golden", "aws")
    with running_s3_server() as running:
        yield running


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the stock ruleset that has read it already, as a home has after its first start."""
    home = stock_home(tmp_path_factory.mktemp("stock") / "home")
    (home / "var").mkdir(exist_ok=True)
    Installation(home).load(Problems())
    return home


def own(alert: dict[str, Any]) -> dict[str, Any]:
    """An alert of ours under the golden manager's name, compared as `golden` says."""
    return golden(json.loads(json.dumps(alert).replace(json.dumps(socket.gethostname()), f'"{HOSTNAME}"')))


def golden(alert: dict[str, Any]) -> dict[str, Any]:
    """What is golden of an alert, without later flow log columns."""
    alert = normal(alert)
    aws = alert["data"]["aws"]
    for name in [name for name in aws if name.startswith(LATER_COLUMNS)]:
        del aws[name]
    return alert


def stored_objects(folder: Path) -> tuple[str, dict[str, bytes]]:
    source = json.loads((folder / "source.json").read_text())
    return source["bucket"], {entry["key"]: (folder / entry["path"]).read_bytes() for entry in source["objects"]}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_alerts_are_the_references(server: S3Server, stock: Path, tmp_path: Path, scenario: str) -> None:
    folder = GOLDEN / scenario
    server.reset()
    bucket, objects = stored_objects(folder)
    server.make_bucket(bucket, objects)
    home = shutil.copytree(stock, tmp_path / "home")
    conf = home / "etc" / "ossec.conf"
    conf.write_text(f"{conf.read_text()}<ossec_config>{(folder / 'ossec.conf').read_text()}</ossec_config>")

    done = alertmill("--home", str(home), "run", "--once", env=environment(server.env))

    assert done.returncode == 0, done.stderr.decode()
    alerts = [json.loads(line) for line in (home / "logs/alerts/alerts.json").read_bytes().splitlines()]
    written = [own(alert) for alert in alerts if alert["location"] != LOCATION]  # what it says of itself is its own
    lines = (folder / "alerts.jsonl").read_text().splitlines()
    expected = [golden(json.loads(line)["alert"]) for line in lines]
    assert written == expected
