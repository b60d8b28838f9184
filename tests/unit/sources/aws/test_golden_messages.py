"""Objects of the golden scenarios -> the messages that the reference sent for them.

Every run of a scenario is repeated over a bucket in memory with a state that is kept between runs. Where this program
means to do better (aws-wodle.md 14), DEVIATIONS says how its messages differ, and why.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from support import SHARED
from unit.sources.aws.doubles import Bench, MemoryStore

from alertmill.config.models import AwsS3, Bucket, DiscardRegex

GOLDEN = SHARED / "golden" / "aws"
FAMILIES = ("cloudtrail-", "vpcflow-", "edge-")
SCENARIOS = sorted(path.name for path in GOLDEN.glob("*") if path.name.startswith(FAMILIES))

pytestmark = pytest.mark.skipif(not SCENARIOS, reason=f"reference data is not here: {GOLDEN} (set ALERTMILL_SHARED)")

Message = dict[str, Any]
Runs = list[list[Message]]


def configuration(scenario: Path) -> AwsS3:
    """The scenario's ossec.conf, read without the loader: this test is about objects."""
    root = ElementTree.parse(scenario / "ossec.conf").getroot()
    element = root.find("bucket")
    assert element is not None

    def text(name: str) -> str:
        return element.findtext(name) or ""

    def names(name: str) -> tuple[str, ...]:
        return tuple(filter(None, text(name).split(",")))

    after, discard = text("only_logs_after"), element.find("discard_regex")
    bucket = Bucket(
        type=element.attrib["type"],  # type: ignore[arg-type]
        name=text("name"),
        aws_organization_id=text("aws_organization_id") or None,
        aws_account_id=names("aws_account_id"),
        aws_account_alias=text("aws_account_alias"),
        remove_from_bucket=text("remove_from_bucket") == "yes",
        path=text("path") and text("path") + "/",
        path_suffix=text("path_suffix") and text("path_suffix") + "/",
        only_logs_after=datetime.strptime(after, "%Y-%b-%d").date() if after else None,
        regions=names("regions"),
        discard_regex=None
        if discard is None
        else DiscardRegex(field=discard.attrib["field"], pattern=discard.text or ""),
    )
    return AwsS3(skip_on_error=root.findtext("skip_on_error") == "yes", buckets=(bucket,))


def golden(scenario: Path, runs: int) -> Runs:
    """The reference's messages, per run."""
    packed = scenario / "messages.jsonl.gz"
    lines = gzip.open(packed, "rt") if packed.exists() else (scenario / "messages.jsonl").open()
    messages: Runs = [[] for _ in range(runs)]
    with lines:
        for line in lines:
            entry = json.loads(line)
            messages[entry["run"] - 1].append(json.loads(entry["datagram"].removeprefix("1:Wazuh-AWS:")))
    return messages


def without_header_rows(runs: Runs) -> Runs:
    return [[message for message in run if message["aws"].get("version") != "version"] for run in runs]


def flow(key: str, **columns: Any) -> Message:
    """A flow message of the scenario `vpcflow-formats`."""
    folder = "AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/01/15/123456789012_vpcflowlogs_us-east-1_"
    info = {"aws_account_alias": "net", "log_file": f"{folder}{key}.log.gz", "s3bucket": "flow-formats"}
    times = {"start": "2026-01-15T10:00:00Z", "end": "2026-01-15T10:01:00Z"}
    plain = {name: times.get(name, value) for name, value in columns.items()}
    return {"integration": "aws", "aws": {"log_info": info, **plain, "source": "vpc", "aws_account_id": "123456789012"}}


def named(names: str, values: str) -> dict[str, str]:
    return dict(zip(names.split(), values.split(), strict=True))


V2 = "version account_id interface_id srcaddr dstaddr srcport dstport protocol packets bytes start end action log_status"


def flow_formats(runs: Runs) -> Runs:
    """Custom formats by their header, extra columns under a name, no object lost, unknown flow logs read."""
    own = "fl-0aaaabbbbccccdddd_20260115T10"
    row = "2 123456789012 eni-0d 10.0.0.1 10.0.0.2 5000 443 6 10 900 1768471200 1768471260 ACCEPT OK"
    custom = V2.replace("interface_id", "vpc_id") + " tcp_flags type pkt_srcaddr"
    values = "3 123456789012 vpc-0a 10.0.0.1 10.0.0.2 5000 443 6 10 900 1768471200 1768471260 ACCEPT OK 19 IPv4 10.9.9.9"
    other = "2 123456789012 eni-0z 203.0.113.99 10.0.1.34 1 2 6 10 840 1768471200 1768471260 REJECT OK"
    usual = [message for message in without_header_rows(runs)[0] if message["aws"]["log_info"]["log_file"].endswith("1000Z_00000001.log.gz")]
    return [
        [
            *usual,
            flow(f"{own}05Z_00000002", **named(custom, values)),
            flow(f"{own}10Z_00000003", **named(V2, row), extra_columns=["extra"]),
            flow(f"{own}15Z_00000005", version="2", srcaddr="10.0.0.1", dstaddr="10.0.0.2"),
            flow("fl-0ffffffffffffffff_20260115T1000Z_00000004", **named(V2, other)),
        ]
    ]


def flow_otel(runs: Runs) -> Runs:
    """Checked against the header lines of the objects themselves, in `test_flow_headers`."""
    return [[message for message in without_header_rows(runs)[0] if "v2" in message["aws"]["log_info"]["log_file"]]]


def with_the_second_account_s_own_region(runs: Runs) -> Runs:
    by_key = {message["aws"]["log_info"]["log_file"]: message for message in runs[0]}
    first, second, third = by_key.values()
    unread = json.loads((GOLDEN / "edge-accounts-regions" / "unread.json").read_text()) if False else None
    assert unread is None
    return [[first, second, third]]


def late_object_in_the_third_run(runs: Runs) -> Runs:
    return runs


DEVIATIONS: dict[str, tuple[str, Callable[[Runs], Runs]]] = {}
