"""Objects of the golden scenarios -> the messages that the reference sent for them.

Every run of a scenario is repeated over a bucket in memory, with a state that is kept between the runs. Where this
program means to do better (aws-wodle.md 14), DEVIATIONS says how its messages differ, and why.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from unit.sources.aws.doubles import Bench, MemoryStore
from unit.sources.aws.golden import GOLDEN, Message, Runs, Scenario, carried_out, names_of_scenarios

SCENARIOS = names_of_scenarios(
    "alb-",
    "clb-",
    "cloudtrail-",
    "config-",
    "custom-",
    "edge-",
    "guardduty-",
    "nlb-",
    "server-access-",
    "umbrella-",
    "vpcflow-",
    "waf-",
)

pytestmark = pytest.mark.skipif(not SCENARIOS, reason=f"reference data is not here: {GOLDEN} (set ALERTMILL_SHARED)")


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


def plain(scenario: Scenario, key_end: str) -> Message:
    """The message of the only record of a CloudTrail object that the reference did not read.

    Only for records whose nulls stand at the top, and which hold no list of one.
    """
    (key,) = (key for key in scenario.bodies if key.endswith(key_end))
    body = scenario.bodies[key]
    (record,) = json.loads(gzip.decompress(body) if key.endswith(".gz") else body)["Records"]
    info = {"aws_account_alias": "", "log_file": key, "s3bucket": scenario.configuration().buckets[0].name}
    added = {
        "source": "cloudtrail",
        "aws_account_id": key.split("/")[1],
        "source_ip_address": record["sourceIPAddress"],
    }
    told = {name: value for name, value in record.items() if value is not None}
    return {"integration": "aws", "aws": {"log_info": info, **told, **added}}


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
    return [[*before, plain(scenario, "_b2.json.gz"), last]]


def late_object_too(_: Scenario, runs: Runs) -> Runs:
    first, second, (other_region, newest), reparsed = runs
    (late,) = (message for message in reparsed if message["aws"]["log_info"]["log_file"].endswith("_late.json.gz"))
    return [first, second, [other_region, late, newest], []]


def nothing_twice(scenario: Scenario, runs: Runs) -> Runs:
    return [runs[0], [plain(scenario, "_plain.json")]]


def each(runs: Runs, change: Callable[[Message], None]) -> Runs:
    """The messages with the change made in each of them."""
    for run in runs:
        for message in run:
            change(message["aws"])
    return runs


def add_columns(aws: Message, columns: Message) -> None:
    """Further columns stand in front of the source (D20)."""
    before = list(aws.items())
    place = list(aws).index("source")
    aws.clear()
    aws |= [*before[:place], *columns.items(), *before[place:]]


def name_later_columns(aws: Message, *names: str) -> None:
    """The columns behind the last one that the reference knows by their names, the others in a list (D20)."""
    columns = aws.pop("null", None)
    if columns is None:
        return
    later = columns if isinstance(columns, list) else [columns]
    add_columns(aws, dict(zip(names, later, strict=False)))
    if len(later) > len(names):
        add_columns(aws, {"extra_columns": later[len(names) :]})


def alb(_: Scenario, runs: Runs) -> Runs:
    def change(aws: Message) -> None:
        name_later_columns(aws, "conn_trace_id")
        if aws["client_ip"] == "[2001":
            aws |= {"client_ip": "2001:db8::1", "client_port": "2817"}

    return each(runs, change)


#: The columns of an application load balancer.
ALB = """
    type time elb client_port target_port request_processing_time target_processing_time response_processing_time
    elb_status_code target_status_code received_bytes sent_bytes request user_agent ssl_cipher ssl_protocol
    target_group_arn trace_id domain_name chosen_cert_arn matched_rule_priority request_creation_time action_executed
    redirect_url error_reason target_port_list target_status_code_list classification classification_reason
    conn_trace_id
"""


def alb_of_2015(scenario: Scenario, _: Runs) -> Runs:
    """Every line, although most have fewer columns."""
    (key,) = scenario.bodies
    info = {"aws_account_alias": "", "log_file": key, "s3bucket": scenario.configuration().buckets[0].name}
    names = ALB.split()
    found = []
    for row in csv.reader(scenario.bodies[key].decode().splitlines(), delimiter=" "):
        aws: Message = {"log_info": info, **dict(zip(names, row, strict=False)), "source": "alb"}
        if row[len(names) :]:
            add_columns(aws, {"extra_columns": row[len(names) :]})
        for place in ("client", "target"):
            if ":" in aws[f"{place}_port"]:
                aws[f"{place}_ip"], aws[f"{place}_port"] = aws[f"{place}_port"].split(":")
        found.append({"integration": "aws", "aws": aws})
    return [found]


def clb(_: Scenario, runs: Runs) -> Runs:
    return each(runs, name_later_columns)


def nlb(_: Scenario, runs: Runs) -> Runs:
    def change(aws: Message) -> None:
        name_later_columns(aws)
        if aws["client_ip"] == "[2001:db8::7]:55":
            aws |= {"client_ip": "2001:db8::7", "client_port": "55"}
            aws |= {"destination_ip": "10.0.0.9", "destination_port": "443"}

    return each(runs, change)


def server_access(_: Scenario, runs: Runs) -> Runs:
    """The two columns that the reference drops; both are `-` in every line that has them."""

    def change(aws: Message) -> None:
        if "tls_version" in aws:
            add_columns(aws, {"access_point_arn": "-", "acl_required": "-"})

    return each(runs, change)


def config_zones(_: Scenario, runs: Runs) -> Runs:
    def change(aws: Message) -> None:
        if aws["resourceId"] == "lb":
            aws["configuration"]["availabilityZones"] = {"zoneName": ["us-east-1a", "us-east-1b"]}

    return each(runs, change)


def config_of_any_type(scenario: Scenario, runs: Runs) -> Runs:
    """The reference ends at the second item of the first object."""
    (first,) = runs[0]
    first_key, second_key = sorted(scenario.bodies)
    assert first["aws"]["log_info"]["log_file"] == first_key

    def item(key: str, **members: Any) -> Message:
        info = {**first["aws"]["log_info"], "log_file": key}
        return {
            "integration": "aws",
            "aws": {"log_info": info, **members, "source": "config", "aws_account_id": "123456789012"},
        }

    return [
        [
            first,
            item(first_key, resourceType="B", resourceId="b", configuration={"value": "{}"}),
            item(first_key, resourceType="C", resourceId="c"),
            item(second_key, resourceId="later"),
        ]
    ]


def custom(scenario: Scenario, runs: Runs) -> Runs:
    *events, text = runs[0]
    assert text["aws"]["version"] == "ot"
    text["aws"]["version"] = "not"
    info = {**text["aws"]["log_info"], "log_file": "fh/odd/2026/01/15/12/x"}
    odd = {"integration": "aws", "aws": {"log_info": info, "eventName": "skipped", "source": "kms"}}
    return [[*events, text, odd]]


def waf(scenario: Scenario, runs: Runs) -> Runs:
    """An event that tells of the bad line, behind the messages of its object; the object in another folder."""
    info = runs[0][0]["aws"]["log_info"]
    key = "waf/2026/01/15/10/aws-waf-logs-x-1-2026-01-15-10-05-00-uuid"
    error = {"integration": "aws", "aws": {"log_info": {**info, "log_file": key}}}
    error["error_msg"] = f"Failed to parse file {key}: 1 bad lines, first: line 2"
    of_object = [message["aws"]["log_info"]["log_file"] == key for message in runs[0]]
    behind = len(of_object) - of_object[::-1].index(True)
    other = json.loads(json.dumps(runs[0][0]))
    other["aws"] |= {"timestamp": 1768471200006, "terminatingRuleId": "r6"}
    other["aws"]["log_info"]["log_file"] = "waf/other/2026/01/15/10/x"
    other["aws"]["httpRequest"] |= {"clientIp": "203.0.113.6", "uri": "/admin?6", "requestId": "q6"}
    return [[*runs[0][:behind], error, *runs[0][behind:], other]]


DEVIATIONS: dict[str, tuple[str, Callable[[Scenario, Runs], Runs]]] = {
    "vpcflow-cribl": ("D19: the header line is no event", without_header_rows),
    "vpcflow-panther": ("D19: the header line is no event", without_header_rows),
    "vpcflow-formats": ("D17, D18, D20: all flow logs, columns by their header, extra_columns", flow_formats),
    "vpcflow-otel": ("D18: columns by their header", flow_otel),
    "edge-accounts-regions": ("D5: the regions of each account", every_region),
    "edge-two-runs-dedupe": ("D6: late objects; there is no reparse by hand", late_object_too),
    "alb-own": ("D20, D25: a name for the column 30, IPv6 addresses", alb),
    "alb-ozantunca": ("14.1: missing columns are absent", alb_of_2015),
    "clb-ozantunca": ("D20: extra_columns", clb),
    "config-own": ("D21: texts are not lost", config_zones),
    "config-string-configuration": ("D22a: a configuration of any type", config_of_any_type),
    "custom-eventbridge": ("D8, D24: every object, from its first character on", custom),
    "nlb-own": ("D20, D25, D25a: extra_columns, IPv6 addresses", nlb),
    "server-access-own": ("D20: names for the columns 25 and 26", server_access),
    "umbrella-dns": ("D20: extra_columns", clb),
    "waf-own": ("D8, 14.1: every object, one error event for bad lines", waf),
    "edge-skip-on-error-no": ("D9: what was read is done; the failed object waits for its time", nothing_twice),
}


# --- the comparison --------------------------------------------------------------------------------------------------


def expected_messages(scenario: Scenario) -> Runs:
    """What we mean to send."""
    messages = scenario.messages()
    name = scenario.folder.name
    return DEVIATIONS[name][1](scenario, messages) if name in DEVIATIONS else messages


def ours(scenario: Scenario) -> tuple[Runs, Bench]:
    runs, bench = carried_out(scenario)
    return [[json.loads(record.message) for record in run] for run in runs], bench


@pytest.mark.parametrize("name", SCENARIOS)
def test_messages(name: str) -> None:
    scenario = Scenario(name)
    expected = expected_messages(scenario)
    found, _ = ours(scenario)
    assert [len(run) for run in found] == [len(run) for run in expected]
    for run, expected_run in zip(found, expected, strict=True):
        for message, expected_message in zip(run, expected_run, strict=True):
            assert comparable(message) == comparable(expected_message)


@pytest.mark.parametrize("name", SCENARIOS)
def test_messages_have_the_reference_s_member_order_and_spelling(name: str) -> None:
    scenario = Scenario(name)
    found, _ = ours(scenario)
    for run, expected_run in zip(found, expected_messages(scenario), strict=True):
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
