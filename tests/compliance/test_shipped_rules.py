"""The shipped ruleset, run through the real engine: it loads cleanly, and each rule fires when it should and only then.

The cases are data, `rules/tests/*.yaml`; their format is described in docs/testing-rules.md.
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import pytest

from alertmill.cases import BEGIN, Case, Expectation, Step, read_cases, run_case
from alertmill.cases.yaml_cases import merged
from alertmill.config.ossec_conf import read_config
from alertmill.decoders import load_decoders, predecode
from alertmill.engine import Engine, EngineOptions
from alertmill.errors import Problems
from alertmill.event import Event, Outcome, Record
from alertmill.ruleset import RuleOptions, load_lists, load_rules
from alertmill.samples import EVENTFUL, QUIET, CloudTrailProfile, SampleObject, cloudtrail_objects, flow_objects
from alertmill.sources.aws.buckets import BUCKET_TYPES
from alertmill.sources.aws.envelope import LOCATION, Envelope, spell_improved

ROOT = Path(__file__).resolve().parents[2]

#: The rules that others rely on by id, level and description: their parent, criteria and groups, to the letter.
UNAUTHORIZED = '"errorCode":"Client.UnauthorizedOperation"'
TABLE = [
    (80301, 2, 80300, "RunInstances", None, "Amazon-ec2: Run instance"),
    (80303, 5, 80301, None, UNAUTHORIZED, "Amazon-ec2: Run instance unauthorized"),
    (80305, 2, 80300, "StartInstances", None, "Amazon-ec2: Instance started"),
    (80306, 5, 80305, None, UNAUTHORIZED, "Amazon-ec2: Start instance unauthorized"),
    (80308, 2, 80300, "StopInstances", None, "Amazon-ec2: Instance stopped"),
    (80309, 5, 80308, "StopInstances", UNAUTHORIZED, "Amazon-ec2: Stop instance unauthorized"),
    (80404, 2, 80300, "CreateSecurityGroup", None, "Amazon-ec2: Create Security Group"),
    (80411, 2, 80300, "AllocateAddress", None, "Amazon-ec2: Allocate Address"),
    (80446, 2, 80300, "AssociateAddress", None, "Amazon-ec2: Associate Address"),
    (81000, 3, 80300, "CreateVpc", None, "Amazon-vpc: VPC created"),
    (81001, 5, 81000, None, UNAUTHORIZED, "Amazon-vpc: VPC creation unauthorized"),
]


def files(*folders: str) -> list[tuple[str, str]]:
    """The XML files of these folders as a daemon loads them: by name, whatever the folder."""
    found = [path for folder in folders for path in (ROOT / folder).glob("*.xml")]
    return [(str(path.relative_to(ROOT)), path.read_text("latin-1")) for path in sorted(found, key=lambda p: p.name)]


def lists() -> dict[str, str | None]:
    folder = ROOT / "etc" / "lists"
    return {f"etc/lists/{path.name}": path.read_text("latin-1") for path in sorted(folder.iterdir())}


def load(local_rules: str | None = None, level: int = 2) -> tuple[Engine, Problems]:
    """The shipped ruleset, with another etc/rules/local_rules.xml if one is given."""
    problems = Problems()
    rules = files("rules", "etc/rules")
    if local_rules is not None:
        rules[-1] = (rules[-1][0], local_rules)
    decoders = load_decoders(files("decoders", "etc/decoders"), problems)
    known = load_lists(lists(), problems)
    options = RuleOptions(log_alert_level=level, email_alert_level=12)
    ruleset = load_rules(rules, known, decoders.identities, options, problems)
    return Engine(decoders, ruleset, EngineOptions("alertmill-test")), problems


@lru_cache(maxsize=1)
def shipped() -> Engine:
    return load()[0]


#: Every shipped rule; those from 100000 to 120000 are the user's.
SHIPPED = [rule for rule in shipped().rules.rules_by_id.values() if not 100000 <= rule.id <= 120000]


# --- cases ------------------------------------------------------------------------------------------------------------


def all_cases() -> Iterator[Case]:
    for path in sorted((ROOT / "rules" / "tests").glob("*.yaml")):
        problems = Problems()
        yield from read_cases(str(path.relative_to(ROOT)), path.read_text("utf-8"), problems)
        assert problems.draw() == ""


CASES = list(all_cases())


def run(engine: Engine, case: Case) -> list[Outcome]:
    outcomes: list[Outcome] = []
    run_case(engine, case, lambda _, outcome: outcomes.append(outcome))
    return outcomes


def wanted(case: Case) -> Mapping[str, Any]:
    """What is expected of the last event of a case."""
    expect = case.steps[-1].expect
    assert isinstance(expect, Expectation)
    return expect.wants


def rule_of(outcome: Outcome) -> int | None:
    assert not outcome.rejected, outcome.rejected
    return outcome.match.rule.id if outcome.match is not None else None


# --- the ruleset as a whole -------------------------------------------------------------------------------------------


def test_the_ruleset_loads_without_a_word() -> None:
    engine, problems = load()
    assert problems.draw() == ""
    assert len(engine.rules.rules_by_id) >= 50


def test_the_template_of_ossec_conf_is_read_without_a_word() -> None:
    problems = Problems()
    config = read_config((ROOT / "etc" / "ossec.conf").read_text("latin-1"), "etc/ossec.conf", problems)
    assert problems.draw() == ""
    assert config.global_.event_format == "improved"
    assert (config.alerts.log_alert_level, config.alerts.email_alert_level) == (2, 12)
    assert [(b.type, b.look_back) for b in config.aws_s3[0].buckets] == [("cloudtrail", 172800), ("vpcflow", 172800)]
    assert config.aws_s3[0].disabled
    assert [path.path for path in config.ruleset.lists] == list(lists())


def test_every_option_that_the_template_explains_is_read() -> None:
    """The options in its comment, put to use: none of them is misspelt or has a bad example value."""
    text = (ROOT / "etc" / "ossec.conf").read_text("latin-1")
    explained = re.findall(r"^ {8}(<(\w+)[^>]*>[^<]*</\2>)", text, re.MULTILINE)
    assert len(explained) >= 12
    bucket = "<bucket type='cloudtrail'><name>logs</name>" + "".join(line for line, _ in explained) + "</bucket>"
    problems = Problems()
    config = read_config(f"<ossec_config><wodle name='aws-s3'>{bucket}</wodle></ossec_config>", "ossec.conf", problems)
    assert problems.draw() == ""
    assert config.aws_s3[0].buckets[0].path_suffix == "team/"


@pytest.mark.parametrize(
    ("id", "level", "parent", "action", "match", "description"), TABLE, ids=lambda value: str(value)
)
def test_the_promised_rules_are_there_to_the_letter(
    id: int, level: int, parent: int, action: str | None, match: str | None, description: str
) -> None:
    told = shipped().rules.describe(id)
    info = told.rule.info
    assert (info.id, info.level, info.description, told.parents) == (id, level, description, (parent,))
    groups = {group for group in info.group_text.split(",") if group}
    assert groups == ({"amazon"} if id == 80411 else {"amazon", "pci_dss_10.6.1"})
    assert (info.log_alert, info.mitre) == (True, None)
    base = "Amazon-ec2: event"
    assert shipped().rules.describe(80300).rule.info.description == base
    source = dict(files("rules"))["rules/0300-amazon-ec2_rules.xml"]
    element = source[source.index(f'<rule id="{id}"') :].partition("</rule>")[0]
    assert re.findall("<action>(.*?)</action>", element) == ([action] if action else [])
    assert re.findall("<match>(.*?)</match>", element) == ([match] if match else [])


def test_no_id_is_outside_the_documented_ranges() -> None:
    page = (ROOT / "docs" / "rules.md").read_text("utf-8")
    ranges = [(int(a), int(b)) for a, b in re.findall(r"^\| (\d+) to (\d+) \| (?!reserved|yours)", page, re.MULTILINE)]
    ids = {rule.id for rule in SHIPPED} - {80200}
    assert {id for id in ids if not any(low <= id <= high for low, high in ranges)} == set()
    assert set(shipped().rules.rules_by_id) - {rule.id for rule in SHIPPED} == {100001}  # the example in etc/rules


@pytest.mark.parametrize("rule", [rule for rule in SHIPPED if rule.id > 10], ids=lambda r: r.id)
def test_the_documentation_lists_each_rule(rule: Any) -> None:
    page = (ROOT / "docs" / "rules.md").read_text("utf-8")
    assert f"| {rule.id} | {rule.info.level} | {rule.info.description} |" in page


@pytest.mark.parametrize("rule", [rule for rule in SHIPPED if rule.level > 0], ids=lambda r: r.id)
def test_each_rule_has_a_case_that_fires_it_and_a_near_miss(rule: Any) -> None:
    assert [c.name for c in CASES if wanted(c).get("rule") == rule.id], "no case fires it"
    assert [c.name for c in CASES if rule.id in wanted(c).get("not_rule", ())], "no near miss"


@pytest.mark.parametrize("engine", ["fast", "plain"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case, engine: str) -> None:
    assert run_case(shipped() if engine == "fast" else plain(), case).failures == ()


@lru_cache(maxsize=1)
def plain() -> Engine:
    """The shipped ruleset on the plain tree walk."""
    problems = Problems()
    decoders = load_decoders(files("decoders"), problems)
    options = RuleOptions(log_alert_level=2, email_alert_level=12, engine="plain")
    ruleset = load_rules(files("rules"), load_lists(lists(), problems), decoders.identities, options, problems)
    return Engine(decoders, ruleset, EngineOptions("alertmill-test"))


# --- who acted --------------------------------------------------------------------------------------------------------

ISSUER = {"type": "Role", "userName": "deploy"}


@pytest.mark.parametrize(
    ("identity", "user"),
    [
        ({"type": "IAMUser", "userName": "amelia", "arn": "arn:x:user/amelia", "principalId": "AIDA1"}, "amelia"),
        ({"type": "AssumedRole", "arn": "arn:x:deploy/i-1", "sessionContext": {"sessionIssuer": ISSUER}}, "deploy"),
        ({"type": "IAMUser", "userName": "amelia", "sessionContext": {"sessionIssuer": {}}}, "amelia"),
        ({"type": "Root", "arn": "arn:aws:iam::123456789012:root", "principalId": "123456789012"}, "Root"),
        ({"type": "Root", "userName": "our-alias", "arn": "arn:aws:iam::123456789012:root"}, "Root"),
        ({"type": "FederatedUser", "arn": "arn:x:federated-user/f", "principalId": "1:f"}, "arn:x:federated-user/f"),
        ({"type": "AWSAccount", "principalId": "AIDA2", "accountId": "111122223333"}, "AIDA2"),
        ({"type": "AWSService", "invokedBy": "ec2.amazonaws.com"}, "ec2.amazonaws.com"),
        ({"type": "Unknown"}, "Unknown"),
    ],
)
def test_the_user_is_who_acted(identity: dict[str, Any], user: str) -> None:
    aws = {"userIdentity": identity, "sourceIPAddress": "192.0.2.7", "eventName": "GetUser", "source": "cloudtrail"}
    event = decoded({"integration": "aws", "aws": aws})
    assert event.static == {"action": "GetUser", "srcip": "192.0.2.7", "dstuser": user}
    assert event.fields.get("aws.useridentity.type") == identity["type"]  # copied, not moved


def test_flow_records_fill_the_five_tuple() -> None:
    row = {
        "srcaddr": "10.0.0.1",
        "dstaddr": "10.0.0.2",
        "srcport": "1",
        "dstport": "2",
        "protocol": "6",
        "action": "ACCEPT",
    }
    filled = {"srcip": "10.0.0.1", "dstip": "10.0.0.2", "srcport": "1", "dstport": "2", "protocol": "6"}
    assert decoded({"integration": "aws", "aws": {**row, "source": "vpc"}}).static == {**filled, "action": "ACCEPT"}


def test_other_json_keeps_its_static_fields_to_itself() -> None:
    aws = {
        "eventName": "x",
        "sourceIPAddress": "192.0.2.7",
        "action": "ALLOW",
        "srcaddr": "10.0.0.1",
        "source": "macie",
    }
    assert decoded({"integration": "aws", "aws": aws}).static == {}


def decoded(document: dict[str, Any], header: str = "") -> Event:
    record = Record(header + json.dumps(document, separators=(",", ":")), LOCATION, BEGIN)
    event = shipped().process(record, shipped().new_state()).event
    assert event is not None
    assert event.decoder is not None
    assert event.decoder.name == "json"
    return event


def test_json_behind_a_syslog_header_is_decoded_too() -> None:
    event = decoded({"level": "error", "user": "amelia"}, "Jan 15 10:00:00 web-1 shop[71]: ")
    assert event.fields.get("level") == "error"
    assert event.static == {"dstuser": "amelia"}


# --- samples ----------------------------------------------------------------------------------------------------------


def alerting(engine: Engine, objects: Iterable[SampleObject], type: str) -> Counter[int | None]:
    """How often each rule decides about the records of these objects, on their way through the real bucket type."""
    kind, state, found = BUCKET_TYPES[type], engine.new_state(), Counter[int | None]()
    for sample in objects:
        envelope = Envelope("example-logs", sample.key, "", "123456789012")
        for row in kind.records([gzip.decompress(sample.body)], sample.key):
            assert isinstance(row, dict)
            happened = kind.event_time(row)
            document = envelope.wrap(row)
            kind.reshape(document["aws"])
            record = Record(None, LOCATION, BEGIN, document=document, spell=spell_improved, event_time=happened)
            found[rule_of(engine.process(record, state))] += 1
    return found


def sample_trail(objects: int, events: int, profile: CloudTrailProfile) -> Iterator[SampleObject]:
    start = datetime(2026, 1, 15, tzinfo=UTC)
    return cloudtrail_objects(seed=3, start=start, objects=objects, events_per_object=events, profile=profile)


def test_an_eventful_trail_shows_every_rule() -> None:
    found = alerting(shipped(), sample_trail(4, 150, EVENTFUL), "cloudtrail")
    wanted = {id for id, rule in shipped().rules.rules_by_id.items() if rule.info.level > 0 and id < 100000}
    flow, unreadable = {80921, 80922, 80924}, {80801}
    told_better = {80811: 160657, 80883: 160342}  # ports of the web, policies of roles
    assert wanted - flow - unreadable - set(told_better) - set(found) == set()
    assert set(told_better.values()) <= set(found)


def test_a_quiet_trail_is_quiet() -> None:
    found = alerting(shipped(), sample_trail(4, 500, QUIET), "cloudtrail")
    rules = shipped().rules.rules_by_id
    assert {id: rules[id].info.level for id in found if id is not None and rules[id].info.log_alert} == {}
    assert None not in found


@pytest.mark.parametrize("version", [2, 5])
def test_flow_samples_show_every_rule(version: Literal[2, 5]) -> None:
    start = datetime(2026, 1, 15, tzinfo=UTC)
    objects = flow_objects(seed=3, start=start, objects=1, records_per_object=2000, version=version)
    assert set(alerting(shipped(), objects, "vpcflow")) >= {80921, 80922, 80923, 80924}


# --- what users get to start with -------------------------------------------------------------------------------------

LOCAL_RULES = (ROOT / "etc" / "rules" / "local_rules.xml").read_text("latin-1")


def with_example(name: str) -> Engine:
    """The shipped ruleset with one of the examples in local_rules.xml out of its comment."""
    begin = LOCAL_RULES.index(f"<!-- example: {name}\n")
    end = LOCAL_RULES.index("-->", begin)
    example = LOCAL_RULES[begin:end].partition("\n")[2]
    engine, problems = load(LOCAL_RULES[:begin] + example + LOCAL_RULES[end + 3 :])
    assert problems.draw() == ""
    return engine


def case_of(name: str) -> Case:
    return next(case for case in CASES if case.name == name)


def changed(name: str, *events: tuple[float, dict[str, Any]]) -> Case:
    """The last event of a case, with members of `aws` replaced, at these times."""
    case = case_of(name)
    document = json.loads(case.steps[-1].message)
    texts = [(at, json.dumps(merged(document, {"aws": over}), separators=(",", ":"))) for at, over in events]
    return Case(name, case.origin, tuple(Step(at, text, has_time=True) for at, text in texts))


def last_rule(engine: Engine, case: Case) -> tuple[int | None, bool]:
    """The rule that decides about the case's last event, and whether there is an alert."""
    outcome = run(engine, case)[-1]
    return rule_of(outcome), outcome.alert


def test_every_example_is_covered_here() -> None:
    source = Path(__file__).read_text("utf-8")
    names = re.findall(r"<!-- example: (.*)", LOCAL_RULES)
    assert len(names) == 5
    assert [name for name in names if f'with_example("{name}")' not in source] == []


def test_the_example_rule_fires_for_its_account_alone() -> None:
    signed_in = "80831: a sign-in with a second factor"
    emergency = changed(signed_in, (0, {"userIdentity": {"userName": "break-glass"}}))
    assert last_rule(shipped(), emergency) == (100001, True)
    other = changed(signed_in, (0, {"userIdentity": {"userName": "break-glass-2"}}))
    assert last_rule(shipped(), other) == (80831, True)


def test_accepted_flows_are_silenced_by_the_overwrite() -> None:
    accepted, rejected = case_of("80921: an accepted flow"), case_of("80922: a rejected flow")
    assert last_rule(shipped(), accepted) == (80921, True)
    engine = with_example("silence accepted flows")
    assert last_rule(engine, accepted) == (80921, False)
    assert last_rule(engine, rejected) == (80922, True)


def test_internal_flows_are_silenced_by_the_child() -> None:
    engine = with_example("silence internal flows")
    flow = "80921: an accepted flow"
    assert last_rule(engine, changed(flow, (0, {"dstaddr": "10.2.3.4"}))) == (100010, False)
    assert last_rule(engine, case_of(flow)) == (80921, True)
    assert last_rule(engine, case_of("80922: a rejected flow")) == (80922, True)


def test_a_port_scan_is_seen() -> None:
    engine = with_example("port scan")
    flow = "80922: a rejected flow"
    scan = [(number * 6.0, {"dstport": str(number)}) for number in range(20)]
    assert last_rule(engine, changed(flow, *scan)) == (100011, True)
    assert last_rule(engine, changed(flow, *scan[:19])) == (80922, True)
    assert last_rule(engine, changed(flow, *scan[:19], (114, {"srcaddr": "203.0.113.1"}))) == (80922, True)


def test_unknown_addresses_are_told_louder() -> None:
    engine = with_example("known addresses")
    signed_in, root = "80831: a sign-in with a second factor", "80833: the root user"
    assert last_rule(engine, case_of(signed_in)) == (100012, True)
    for address in ("192.0.2.10", "198.51.100.77"):
        assert last_rule(engine, changed(signed_in, (0, {"sourceIPAddress": address}))) == (80831, True)
    assert last_rule(engine, case_of(root)) == (80833, True)


def test_a_call_without_a_rule_gets_one() -> None:
    engine = with_example("another call")
    run_instances = "80301: RunInstances"
    assert last_rule(engine, changed(run_instances, (0, {"eventName": "GetPasswordData"}))) == (100013, True)
    assert last_rule(engine, case_of(run_instances)) == (80301, True)


def test_the_example_decoder_works() -> None:
    text = (ROOT / "etc" / "decoders" / "local_decoder.xml").read_text("latin-1")
    example = text.partition("<!-- example\n")[2].rpartition("-->")[0]
    problems = Problems()
    tree = load_decoders([*files("decoders"), ("etc/decoders/local_decoder.xml", example)], problems)
    assert problems.draw() == ""
    line = re.search(r"^ +(example-vpn: .*)$", text, re.MULTILINE)
    assert line is not None
    event = predecode(Record(line.group(1), "/var/log/vpn.log", BEGIN), "host")
    assert isinstance(event, Event)
    tree.decode(event)
    assert event.decoder is not None
    assert event.decoder.name == "example-vpn"
    assert event.static == {"action": "login", "dstuser": "alice", "srcip": "192.0.2.7"}


def test_the_unit_says_what_the_daemon_needs() -> None:
    unit = (ROOT / "etc" / "alertmill.service").read_text("utf-8")
    lines = [line for line in unit.splitlines() if not line.startswith("#")]
    for wanted in (
        "Type=notify",
        "ExecStart=/opt/alertmill/bin/alertmill --home /var/lib/alertmill run",
        "ExecReload=/bin/kill -HUP $MAINPID",
        "User=alertmill",
        "StateDirectory=alertmill",
    ):
        assert wanted in lines
    assert not any(line.startswith("MemoryDenyWriteExecute") for line in lines)  # PCRE2 compiles to machine code


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not here")
def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    unit = (ROOT / "etc" / "alertmill.service").read_text("utf-8")
    copy_of_it = tmp_path / "alertmill.service"
    copy_of_it.write_text(unit.replace("/opt/alertmill/bin/alertmill", "/bin/true"), "utf-8")
    done = subprocess.run(["systemd-analyze", "verify", str(copy_of_it)], capture_output=True, text=True, check=False)
    complaints = [line for line in done.stderr.splitlines() if "alertmill" in line]
    assert (done.returncode, complaints) == (0, [])
