"""Objects of the golden scenarios -> the messages that the reference sent for them.

Every run of a scenario is repeated over a bucket in memory, with a state that is kept between the runs. Where this
program means to do better (aws-wodle.md 14), DEVIATIONS says how its messages differ, and why.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from xml.etree import ElementTree

import pytest

from alertmill.config.models import AwsS3, Bucket, DiscardRegex
from support import SHARED
from unit.sources.aws.doubles import Bench, MemoryStore

GOLDEN = SHARED / "golden" / "aws"
SCENARIOS = sorted(p.name for p in GOLDEN.glob("*") if p.name.startswith(("cloudtrail-", "vpcflow-", "edge-")))

pytestmark = pytest.mark.skipif(not SCENARIOS, reason=f"reference data is not here: {GOLDEN} (set ALERTMILL_SHARED)")

Message = dict[str, Any]
Runs = list[list[Message]]


class Scenario:
    """One folder of the golden data."""

    def __init__(self, name: str) -> None:
        self.folder = GOLDEN / name
        self.runs: list[dict[str, Any]] = json.loads((self.folder / "runs.json").read_text())["runs"]
        source = json.loads((self.folder / "source.json").read_text())
        self.bodies = {entry["key"]: (self.folder / entry["path"]).read_bytes() for entry in source["objects"]}

    def configuration(self) -> AwsS3:
        """The scenario's ossec.conf, read without the loader: this test is about objects."""
        root = ElementTree.parse(self.folder / "ossec.conf").getroot()
        element = root.find("bucket")
        assert element is not None
        given = {child.tag: child.text or "" for child in element}
        discard = element.find("discard_regex")

        def names(option: str) -> tuple[str, ...]:
            return tuple(filter(None, given.get(option, "").split(",")))

        def prefix(option: str) -> str:
            return given[option] + "/" if given.get(option) else ""

        bucket = Bucket(
            type=element.attrib["type"],  # type: ignore[arg-type]
            name=given["name"],
            aws_organization_id=given.get("aws_organization_id"),
            aws_account_id=names("aws_account_id"),
            aws_account_alias=given.get("aws_account_alias", ""),
            remove_from_bucket=given.get("remove_from_bucket") == "yes",
            path=prefix("path"),
            path_suffix=prefix("path_suffix"),
            only_logs_after=_day(given["only_logs_after"]),
            regions=names("regions"),
            discard_regex=None
            if discard is None
            else DiscardRegex(field=discard.attrib["field"], pattern=discard.text or ""),
        )
        return AwsS3(skip_on_error=root.findtext("skip_on_error") == "yes", buckets=(bucket,))

    def messages(self) -> Runs:
        """The reference's messages, per run."""
        found: Runs = [[] for _ in self.runs]
        packed = self.folder / "messages.jsonl.gz"
        text = (
            gzip.decompress(packed.read_bytes()) if packed.exists() else (self.folder / "messages.jsonl").read_bytes()
        )
        for line in text.splitlines():
            entry = json.loads(line)
            found[entry["run"] - 1].append(json.loads(entry["datagram"].removeprefix("1:Wazuh-AWS:")))
        return found

    def plain(self, key_end: str) -> Message:
        """The message of the only record of a CloudTrail object that the reference did not read.

        Only for records whose nulls stand at the top, and which hold no list of one.
        """
        (key,) = (key for key in self.bodies if key.endswith(key_end))
        body = self.bodies[key]
        (record,) = json.loads(gzip.decompress(body) if key.endswith(".gz") else body)["Records"]
        info = {"aws_account_alias": "", "log_file": key, "s3bucket": self.configuration().buckets[0].name}
        added = {
            "source": "cloudtrail",
            "aws_account_id": key.split("/")[1],
            "source_ip_address": record["sourceIPAddress"],
        }
        told = {name: value for name, value in record.items() if value is not None}
        return {"integration": "aws", "aws": {"log_info": info, **told, **added}}


def _day(text: str) -> date:
    return datetime.strptime(text, "%Y-%b-%d").date()


def comparable(message: Message) -> Message:
    """An error event quotes an exception of the reference's language: only its beginning is golden."""
    if "error_msg" not in message:
        return message
    key = message["aws"]["log_info"]["log_file"]
    return {**message, "error_msg": message["error_msg"].partition(key)[0] + key}


# --- where we mean to differ -----------------------------------------------------------------------------------------

V2 = (
    "version account_id interface_id srcaddr dstaddr srcport dstport protocol packets bytes start end action log_status"
)
TIMES = {"start": "2026-01-15T10:00:00Z", "end": "2026-01-15T10:01:00Z"}


def without_header_rows(_: Scenario, runs: Runs) -> Runs:
    return [[message for message in run if message["aws"].get("version") != "version"] for run in runs]


def flow(scenario: Scenario, key_end: str, names: str, values: str, **more: Any) -> Message:
    """The message of a flow record."""
    (key,) = (key for key in scenario.bodies if key.endswith(key_end))
    bucket = scenario.configuration().buckets[0]
    info = {"aws_account_alias": bucket.aws_account_alias, "log_file": key, "s3bucket": bucket.name}
    columns = dict(zip(names.split(), values.split(), strict=True))
    times = {name: text for name, text in TIMES.items() if name in columns}
    aws = {"log_info": info, **columns, **times, **more, "source": "vpc", "aws_account_id": "123456789012"}
    return {"integration": "aws", "aws": aws}


def flow_formats(scenario: Scenario, runs: Runs) -> Runs:
    usual = [m for m in without_header_rows(scenario, runs)[0] if "00000001.log" in m["aws"]["log_info"]["log_file"]]
    with_vpc = V2.replace("interface_id", "vpc_id") + " tcp_flags type pkt_srcaddr"
    times = "1768471200 1768471260"
    return [
        [
            *usual,
            flow(
                scenario,
                "00000002.log.gz",
                with_vpc,
                f"3 123456789012 vpc-0a 10.0.0.1 10.0.0.2 5000 443 6 10 900 {times} ACCEPT OK 19 IPv4 10.9.9.9",
            ),
            flow(
                scenario,
                "00000003.log.gz",
                V2,
                f"2 123456789012 eni-0d 10.0.0.1 10.0.0.2 5000 443 6 10 900 {times} ACCEPT OK",
                extra_columns=["extra"],
            ),
            flow(scenario, "00000005.log.gz", "version srcaddr dstaddr", "2 10.0.0.1 10.0.0.2"),
            flow(
                scenario,
                "00000004.log.gz",
                V2,
                f"2 123456789012 eni-0z 203.0.113.99 10.0.1.34 1 2 6 10 840 {times} REJECT OK",
            ),
        ]
    ]


def flow_otel(scenario: Scenario, runs: Runs) -> Runs:
    """The version 2 object as it was; the other two by their own header lines."""
    expected = [m for m in without_header_rows(scenario, runs)[0] if "_v2" in m["aws"]["log_info"]["log_file"]]
    for key_end in ("_ecs.log", "_tgw.log"):
        (body,) = (body for key, body in scenario.bodies.items() if key.endswith(key_end))
        header, *rows = body.decode().splitlines()
        for row in rows:
            message = flow(scenario, key_end, header.replace("-", "_"), row)
            for name in TIMES:
                column = dict(zip(header.split(), row.split(), strict=True))[name]
                message["aws"][name] = datetime.fromtimestamp(int(column), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            expected.append(message)
    return [expected]


def every_region(scenario: Scenario, runs: Runs) -> Runs:
    *before, last = runs[0]
    return [[*before, scenario.plain("_b2.json.gz"), last]]


def late_object_too(_: Scenario, runs: Runs) -> Runs:
    first, second, (other_region, newest), reparsed = runs
    (late,) = (message for message in reparsed if message["aws"]["log_info"]["log_file"].endswith("_late.json.gz"))
    return [first, second, [other_region, late, newest], []]


def nothing_twice(scenario: Scenario, runs: Runs) -> Runs:
    return [runs[0], [scenario.plain("_plain.json")]]


DEVIATIONS: dict[str, tuple[str, Callable[[Scenario, Runs], Runs]]] = {
    "vpcflow-cribl": ("D19: the header line is no event", without_header_rows),
    "vpcflow-panther": ("D19: the header line is no event", without_header_rows),
    "vpcflow-formats": ("D17, D18, D20: all flow logs, columns by their header, extra_columns", flow_formats),
    "vpcflow-otel": ("D18: columns by their header", flow_otel),
    "edge-accounts-regions": ("D5: the regions of each account", every_region),
    "edge-two-runs-dedupe": ("D6: late objects; there is no reparse by hand", late_object_too),
    "edge-skip-on-error-no": ("D9: what was read is done; the failed object waits for its time", nothing_twice),
}


# --- the comparison --------------------------------------------------------------------------------------------------


def ours(scenario: Scenario) -> tuple[Runs, Bench]:
    store = MemoryStore()
    bench = Bench(store, scenario.configuration())
    found: Runs = []
    for run in scenario.runs:
        store.objects |= {key: scenario.bodies[key] for key in run["put"]}
        if earlier := run.get("conf_changes", {}).get("only_logs_after"):
            bucket = bench.config.buckets[0].model_copy(update={"only_logs_after": _day(earlier)})
            bench.config = bench.config.model_copy(update={"buckets": (bucket,)})
            bench.poller = None
        found.append([json.loads(record.message) for record in bench.run()])
    return found, bench


@pytest.mark.parametrize("name", SCENARIOS)
def test_messages(name: str) -> None:
    scenario = Scenario(name)
    expected = scenario.messages()
    if name in DEVIATIONS:
        expected = DEVIATIONS[name][1](scenario, expected)
    found, _ = ours(scenario)
    assert [len(run) for run in found] == [len(run) for run in expected]
    for run, expected_run in zip(found, expected, strict=True):
        for message, expected_message in zip(run, expected_run, strict=True):
            assert comparable(message) == comparable(expected_message)


@pytest.mark.parametrize("name", [name for name in SCENARIOS if name not in DEVIATIONS])
def test_messages_have_the_reference_s_member_order_and_spelling(name: str) -> None:
    scenario = Scenario(name)
    found, _ = ours(scenario)
    for run, expected_run in zip(found, scenario.messages(), strict=True):
        for message, expected in zip(run, expected_run, strict=True):
            assert json.dumps(comparable(message)) == json.dumps(comparable(expected))


def test_deviations_are_of_scenarios_that_exist() -> None:
    assert DEVIATIONS.keys() <= set(SCENARIOS)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("edge-empty-bucket", "No files were found in 'edge-empty/'. No logs will be processed."),
        ("edge-no-accounts", "No logs found in 'AWSLogs/'. Check the provided prefix and the location of the logs"),
    ],
)
def test_nothing_found_in_the_reference_s_words(name: str, words: str) -> None:
    _, bench = ours(Scenario(name))
    (line,) = bench.said("WARNING")
    assert words in line


def test_objects_that_failed_stay_in_the_bucket() -> None:
    """D16: the reference removes them."""
    scenario = Scenario("edge-remove-and-errors")
    bench = Bench(MemoryStore(scenario.bodies), scenario.configuration())
    bench.run()
    left = {key for key in scenario.bodies if key.endswith(("bad.json", "notgz.json.gz", ".snappy", "notes.txt"))}
    assert bench.store.objects.keys() == left
