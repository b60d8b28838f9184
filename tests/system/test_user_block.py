"""The wodle block in users' hands works as it is: a profile from boto3's own chain, a path, today's objects."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alertmill import samples
from alertmill.cli.init import make_home
from s3server import S3Server, running_s3_server
from support import PATIENCE
from system.daemon import ACCOUNT, REGION, alertmill, environment

BLOCK = """<wodle name="aws-s3">
  <disabled>no</disabled>
  <interval>10m</interval>
  <run_on_start>yes</run_on_start>
  <skip_on_error>yes</skip_on_error>
  <bucket type="vpcflow">
    <name>wazuh-aws-wodle</name>
    <path>vpc</path>
    <aws_profile>default</aws_profile>
  </bucket>
</wodle>
"""

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with running_s3_server() as running:
        objects = samples.flow_objects(
            seed=1, account=ACCOUNT, region=REGION, start=NOW, objects=2, records_per_object=50
        )
        old = samples.flow_objects(
            seed=2,
            account=ACCOUNT,
            region=REGION,
            start=datetime(2026, 1, 10, tzinfo=UTC),
            objects=1,
            records_per_object=50,
        )
        running.make_bucket("wazuh-aws-wodle", {f"vpc/{sample.key}": sample.body for sample in [*objects, *old]})
        yield running


def home_with(folder: Path, block: str) -> Path:
    make_home(folder)
    conf = folder / "etc" / "ossec.conf"
    conf.write_text(f"{conf.read_text()}<ossec_config>{block}</ossec_config>\n")
    return folder


def profile_files(folder: Path) -> dict[str, str]:
    """Only a profile `default` in the shared files knows the keys."""
    credentials = folder / "credentials"
    credentials.write_text("[default]\naws_access_key_id = testing\naws_secret_access_key = testing\n")
    return {"AWS_SHARED_CREDENTIALS_FILE": str(credentials), "AWS_CONFIG_FILE": os.devnull}


def written(home: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (home / "logs/alerts/alerts.json").read_bytes().splitlines()]


def test_the_block_works_as_it_is(server: S3Server, tmp_path: Path) -> None:
    home = home_with(tmp_path / "home", BLOCK)
    env = environment({"AWS_ENDPOINT_URL": server.url, **profile_files(tmp_path)}, ALERTMILL_CLOCK=str(NOW.timestamp()))
    done = alertmill("--home", str(home), "run", "--once", env=env)
    assert done.returncode == 0, done.stderr.decode()
    alerts = written(home)
    assert alerts
    keys = {alert["data"]["aws"]["log_info"]["log_file"] for alert in alerts}  # type: ignore[index]
    assert all("/2026/01/15/" in key for key in keys), "without only_logs_after, today is the first day"


def test_service_endpoint_is_enough_to_find_the_server(server: S3Server, tmp_path: Path) -> None:
    """And nothing else is asked of it: EC2 does not live there (aws-wodle.md D11)."""
    block = BLOCK.replace("</aws_profile>", f"</aws_profile><service_endpoint>{server.url}</service_endpoint>")
    home = home_with(tmp_path / "home", block)
    env = environment(
        {**profile_files(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"}, ALERTMILL_CLOCK=str(NOW.timestamp())
    )
    done = alertmill("--home", str(home), "run", "--once", env=env, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr.decode()
    assert written(home)


def test_a_profile_that_does_not_exist_is_named(server: S3Server, tmp_path: Path) -> None:
    home = home_with(tmp_path / "home", BLOCK.replace(">default<", ">missing<"))
    env = environment({"AWS_ENDPOINT_URL": server.url, **profile_files(tmp_path)})
    done = alertmill("--home", str(home), "run", "--once", env=env)
    log = (home / "logs/ossec.log").read_text()
    assert "missing" in log
    assert "ERROR" in log
    assert done.returncode == 0, "a definition that cannot be read does not end the daemon"
    assert alertmill("--home", str(home), "status", env=env).returncode == 1


def test_a_bucket_that_stands_twice_alerts_once(server: S3Server, tmp_path: Path) -> None:
    env = environment({"AWS_ENDPOINT_URL": server.url, **profile_files(tmp_path)}, ALERTMILL_CLOCK=str(NOW.timestamp()))
    twice = BLOCK.replace("</bucket>", "</bucket>" + BLOCK[BLOCK.index("  <bucket") : BLOCK.index("</wodle>")])
    alerts = []
    for number, block in enumerate((BLOCK, twice, BLOCK + BLOCK)):
        home = home_with(tmp_path / f"home{number}", block)
        done = alertmill("--home", str(home), "run", "--once", env=env)
        assert done.returncode == 0, done.stderr.decode()
        alerts.append((home / "logs/alerts/alerts.json").read_bytes())
    assert alerts[0]
    assert alerts[1] == alerts[0]
    assert alerts[2] == alerts[0]


def test_remove_from_bucket_leaves_nothing_behind(server: S3Server, tmp_path: Path) -> None:
    objects = samples.flow_objects(seed=5, account=ACCOUNT, region=REGION, start=NOW, objects=120, records_per_object=3)
    server.make_bucket("emptied", {f"vpc/{sample.key}": sample.body for sample in objects})
    block = BLOCK.replace("wazuh-aws-wodle", "emptied").replace(
        "<path>", "<remove_from_bucket>yes</remove_from_bucket><path>"
    )
    home = home_with(tmp_path / "home", block)
    env = environment({"AWS_ENDPOINT_URL": server.url, **profile_files(tmp_path)}, ALERTMILL_CLOCK=str(NOW.timestamp()))
    assert alertmill("--home", str(home), "run", "--once", env=env).returncode == 0
    assert server.keys("emptied") == []
    assert len(written(home)) > 120
