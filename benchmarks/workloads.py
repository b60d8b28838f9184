"""The workloads, by name. Each runs in a process of its own and returns its figures.

End to end means: objects in an S3 server on this machine (another process, not counted) -> listing, fetching,
unpacking, decoding, rules, rendering, checkpoint, synced alerts.json. Starting up and loading the ruleset are figures
of their own. The stock ruleset is read from the reference data (`ALERTMILL_SHARED`, or `../shared`);
without it those workloads are left out, and say so.
"""

from __future__ import annotations

import gzip
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import boto3

from alertmill import samples
from alertmill.bootstrap import build
from alertmill.daemon.service import Service
from alertmill.errors import Problems
from alertmill.installation import Installation
from alertmill.log import close_log, set_up_log
from alertmill.samples import SampleObject
from benchmarks.harness import Figure, cpu_seconds, measure, peak_mib
from benchmarks.homes import STOCK, shipped_home, stock_home

_START = datetime(2026, 1, 15, tzinfo=UTC)
_BUCKET = "benchmark"
_ACCOUNT = "123456789012"
_REGION = "us-east-1"
#: Objects and events per object of the end-to-end runs.
_OBJECTS, _PER_OBJECT = 40, 1000

_WODLE = """<ossec_config>
  <wodle name="aws-s3">
    <disabled>no</disabled>
    <interval>10m</interval>
    <bucket type="{type}">
      <name>{bucket}</name>
      <only_logs_after>2026-JAN-01</only_logs_after>
    </bucket>
  </wodle>
</ossec_config>
"""


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="alertmill-bench-") as folder:
        yield Path(folder)


@contextmanager
def s3_server(objects: Sequence[SampleObject]) -> Iterator[None]:
    """An S3 server in a process of its own that holds `objects`; the environment points at it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        endpoint = f"http://127.0.0.1:{port}"
        os.environ.update(
            AWS_ENDPOINT_URL=endpoint,
            AWS_ACCESS_KEY_ID="bench",
            AWS_SECRET_ACCESS_KEY="bench",
            AWS_DEFAULT_REGION=_REGION,
            AWS_EC2_METADATA_DISABLED="true",
        )
        _wait_for(port)
        client = boto3.client("s3")
        client.create_bucket(Bucket=_BUCKET)
        for sample in objects:
            client.put_object(Bucket=_BUCKET, Key=sample.key, Body=sample.body)
        yield
    finally:
        server.kill()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError("the S3 server did not start")


def end_to_end(workload: str, home: Path, bucket_type: str, objects: list[SampleObject], texts: list[bytes]) -> Figure:
    """Objects in S3 to synced alerts.json, everything of ours counted but the start."""
    conf = home / "etc" / "ossec.conf"
    conf.write_text(conf.read_text() + _WODLE.format(type=bucket_type, bucket=_BUCKET))
    with s3_server(objects):
        set_up_log(home / "logs")
        program = build(Installation(home))
        service = Service(program, once=True)
        codes: list[int] = []
        figure = measure(workload, len(objects) * _PER_OBJECT, lambda: codes.append(service.run()), texts)
        close_log()
    if codes != [0]:
        raise RuntimeError(f"the daemon ended with {codes}; see {home}/logs/ossec.log")
    alerts = (home / "logs/alerts/alerts.json").read_bytes().count(b"\n")
    return replace(figure, note=f"{alerts / figure.events:.0%} alerting")


def _cloudtrail() -> tuple[list[SampleObject], list[bytes]]:
    objects = list(
        samples.cloudtrail_objects(
            seed=1,
            account=_ACCOUNT,
            region=_REGION,
            start=_START,
            objects=_OBJECTS,
            events_per_object=_PER_OBJECT,
            profile=samples.ORDINARY,
        )
    )
    texts = [json.dumps(record).encode() for record in json.loads(gzip.decompress(objects[0].body))["Records"]]
    return objects, texts


def _flow() -> tuple[list[SampleObject], list[bytes]]:
    objects = list(
        samples.flow_objects(
            seed=1, account=_ACCOUNT, region=_REGION, start=_START, objects=_OBJECTS, records_per_object=_PER_OBJECT
        )
    )
    header, *rows = gzip.decompress(objects[0].body).decode().splitlines()
    names = [name.replace("-", "_") for name in header.split()]
    texts = [json.dumps(dict(zip(names, row.split(" "), strict=False))).encode() for row in rows]
    return objects, texts


def cloudtrail_stock() -> list[Figure]:
    with scratch() as folder:
        return [end_to_end("CloudTrail, stock ruleset", stock_home(folder), "cloudtrail", *_cloudtrail())]


def cloudtrail_shipped() -> list[Figure]:
    with scratch() as folder:
        return [end_to_end("CloudTrail, shipped ruleset", shipped_home(folder), "cloudtrail", *_cloudtrail())]


def flow_stock() -> list[Figure]:
    with scratch() as folder:
        return [end_to_end("VPC flow, stock ruleset", stock_home(folder), "vpcflow", *_flow())]


def flow_shipped() -> list[Figure]:
    with scratch() as folder:
        return [end_to_end("VPC flow, shipped ruleset", shipped_home(folder), "vpcflow", *_flow())]


def load_stock() -> list[Figure]:
    """Reading and compiling the stock ruleset; one event is one load."""
    with scratch() as folder:
        installation = Installation(stock_home(folder))
        problems = Problems()
        began, wall = cpu_seconds(), time.perf_counter()
        installation.load_engine(installation.load_config(problems), problems)
        cpu = cpu_seconds() - began
        return [Figure("load of the stock ruleset", 1, cpu * 1e6, 1 / (time.perf_counter() - wall), peak_mib(), None)]


def _catalogue() -> dict[str, Callable[[], list[Figure]]]:
    shipped = {"cloudtrail_shipped": cloudtrail_shipped, "flow_shipped": flow_shipped}
    if not STOCK.exists():
        print(f"left out: workloads with the stock ruleset, which is not at {STOCK}", file=sys.stderr)
        return shipped
    return {
        "load_stock": load_stock,
        "cloudtrail_stock": cloudtrail_stock,
        "flow_stock": flow_stock,
        **shipped,
    }


#: Workloads in the order of the table.
WORKLOADS = _catalogue()
