"""alerts.json: every member where the specification has it, and the fast builder equal to the obvious one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alertmill.alerts import AlertWriter, alert_id
from alertmill.event import STATIC_FIELDS, DecoderInfo, Event, Match, Record
from unit.alerts.builders import FACTS, ID, TIME, make_event, make_match, obvious_line

WRITER = AlertWriter(FACTS)


def parsed(event: Event, match: Match | None = None, **options: Any) -> dict[str, Any]:
    line = AlertWriter(options.pop("facts", FACTS)).json_line(event, match, ID, **options)
    assert line.endswith(b"}\n")
    found: dict[str, Any] = json.loads(line)
    return found


def test_members_stand_in_the_order_of_the_reference() -> None:
    event = make_event(
        "Nov 21 10:00:00 web1 app: x",
        static={"srcip": "10.0.0.1"},
        decoder=DecoderInfo("app", 1),
        timestamp="Nov 21 10:00:00",
        program_name="app",
    )
    match = make_match(previous_output=("b", "a"), previous_log="a", cve="c", info="i", frequency=2)
    alert = parsed(event, match, facts=replace(FACTS, cluster=("mill", "n1")))
    assert list(alert) == [
        *("timestamp", "rule", "agent", "manager", "id", "cluster", "previous_output", "full_log"),
        *("predecoder", "decoder", "previous_log", "data", "location"),
    ]
    assert list(alert["rule"]) == [
        *("level", "description", "id", "cve", "info", "frequency", "firedtimes", "mail", "groups"),
    ]
    assert alert["timestamp"] == "2026-11-21T17:20:47.092+0000"
    assert alert["cluster"] == {"name": "mill", "node": "n1"}
    assert alert["previous_output"] == "b\na"
    assert alert["predecoder"] == {"program_name": "app", "timestamp": "Nov 21 10:00:00", "hostname": "web1"}


@pytest.mark.parametrize(
    ("changes", "members"),
    [
        ({}, {"level": 5, "id": "100100", "firedtimes": 1, "mail": False, "groups": ["local"]}),
        ({"level": 0}, {"level": None}),
        ({"id": 0}, {"id": None}),
        ({"mail": True, "no_counter": True}, {"mail": True, "firedtimes": None}),
        ({"firedtimes": 7, "frequency": 8}, {"firedtimes": 7, "frequency": 8}),
        ({"group_text": ""}, {"groups": []}),
        (
            {"group_text": "a,gpg13_1.1,cis_2.2,b c ,pci_dss_3,pci_dss_3,mitre_x,,nist_800_53_5,PCI_DSS_1,"},
            {
                "groups": ["a", "b c ", "mitre_x", "PCI_DSS_1"],
                "gpg13": ["1.1"],
                "cis": ["2.2"],
                "pci_dss": ["3", "3"],
                "nist_800_53": ["5"],
            },
        ),
        ({"group_text": "x" * 1020 + ",yyyy,"}, {"groups": ["x" * 1020, "yy"]}),
        (
            {"mitre": (("T1", "T9"), ("Tactic",), ("Technique",))},
            {"mitre": {"id": ["T1", "T9"], "tactic": ["Tactic"], "technique": ["Technique"]}},
        ),
    ],
)
def test_rule_members(changes: dict[str, Any], members: dict[str, Any]) -> None:
    rule = parsed(make_event(), make_match(**changes))["rule"]
    assert {name: rule.get(name) for name in members} == members


@pytest.mark.parametrize(
    ("previous", "shown"),
    [((), None), (("a",), None), (("a", ""), None), (("a", "b"), "a\nb"), (("", "b", "c"), "\nb\nc")],
)
def test_previous_output_needs_two_lines(previous: tuple[str, ...], shown: str | None) -> None:
    assert parsed(make_event(), make_match(previous_output=previous)).get("previous_output") == shown


def test_no_full_log_is_for_alerts_only() -> None:
    match = make_match(no_full_log=True)
    assert "full_log" not in parsed(make_event(), match)
    assert parsed(make_event(), match, archive=True)["full_log"] == "hello"


@pytest.mark.parametrize(("level", "has_rule"), [(0, False), (1, True)])
def test_archives_show_rules_above_level_0(level: int, has_rule: bool) -> None:
    match = make_match(level=level, previous_output=("a", "b"), previous_log="p")
    archived = parsed(make_event(), match, archive=True)
    assert [name in archived for name in ("rule", "previous_output", "previous_log")] == [has_rule] * 3


def test_a_session_shows_level_0_as_last_member() -> None:
    rule = json.loads(WRITER.session_object(make_event(), make_match(level=0), ID))["rule"]
    assert list(rule.items())[-1] == ("level", 0)
    assert next(iter(json.loads(WRITER.session_object(make_event(), make_match(), ID))["rule"])) == "level"


@pytest.mark.parametrize(
    ("agent_id", "location", "agent", "shown", "agentless"),
    [
        ("000", "/var/log/x", {"id": "000", "name": "mill"}, "/var/log/x", None),
        ("001", "(web) 10.0.0.7->/var/log/x", {"id": "001", "name": "web", "ip": "10.0.0.7"}, "/var/log/x", None),
        ("002", "(web) any->/x", {"id": "002", "name": "web"}, "/x", None),
        ("003", "(web any->/x", {"id": "003", "name": ""}, "/x", None),
        ("004", "plain->/x", {"id": "004"}, "plain->/x", None),
        ("005", "(web) nothing", {"id": "005", "name": "web", "ip": "nothing"}, None, None),
        ("000", "(diff) root@10.3.3.3->all", None, "all", {"script": "diff", "user": "root", "host": "10.3.3.3"}),
    ],
)
def test_where_it_came_from(
    agent_id: str, location: str, agent: object, shown: str | None, agentless: object | None
) -> None:
    alert = parsed(make_event(location=location, agent_id=agent_id), make_match())
    assert (alert.get("agent"), alert.get("location"), alert.get("agentless")) == (agent, shown, agentless)


def test_labels_nest_and_hidden_or_internal_ones_stay_out() -> None:
    labels = (
        ("env", "prod", False),
        ("aws.zone", "eu", False),
        ("secret", "x", True),
        ("_ip", "y", False),
        ("l", "[1]", False),
    )
    facts = replace(FACTS, labels=labels)
    shown = {"env": "prod", "aws": {"zone": "eu"}, "l": [1]}
    assert parsed(make_event(), facts=facts)["agent"]["labels"] == shown
    assert (
        parsed(make_event(), facts=replace(facts, show_hidden_labels=True))["agent"]["labels"]
        == {
            "secret": "x",
        }
        | shown
    )
    assert "labels" not in parsed(make_event(location="(a) b->c", agent_id="001"), facts=facts)["agent"]


@pytest.mark.parametrize(
    ("log", "timestamp", "program_name", "predecoder", "late"),
    [
        (
            "Nov 21 10:00:00 web1 x",
            "Nov 21 10:00:00",
            None,
            {"timestamp": "Nov 21 10:00:00", "hostname": "web1"},
            False,
        ),
        ("2026-11-21T10:00:00 web1 x", "2026", "", {"program_name": "", "timestamp": "2026"}, False),
        ("Nov 21 10:00:00 web1 x", None, None, {"hostname": "web1"}, True),
        ("x", None, None, None, False),
    ],
)
def test_predecoder(
    log: str, timestamp: str | None, program_name: str | None, predecoder: object | None, late: bool
) -> None:
    event = make_event(log, timestamp=timestamp, program_name=program_name, fields=[("a", "b")])
    alert = parsed(event)
    names = list(alert)
    assert alert.get("predecoder") == predecoder
    assert ("predecoder" in names[names.index("data") :]) is late


@pytest.mark.parametrize(
    ("decoder", "shown"),
    [
        (None, {}),
        (DecoderInfo("a", 1), {"name": "a"}),
        (DecoderInfo("a", 1, parent="b"), {"parent": "b", "name": "a"}),
        (
            DecoderInfo("a", 1, parent="b", accumulate=True, ftscomment="f"),
            {"accumulate": 1, "parent": "b", "name": "a", "ftscomment": "f"},
        ),
    ],
)
def test_decoder(decoder: DecoderInfo | None, shown: dict[str, Any]) -> None:
    assert list(parsed(make_event(decoder=decoder))["decoder"].items()) == list(shown.items())


def test_bytes_that_are_not_utf8_come_out_as_they_came_in() -> None:
    event = make_event('a\xff\xfe\x7f\x01\xc3\xa9"\\/\t', fields=[("k", "\xe9")])
    line = WRITER.json_line(event, make_match(), ID)
    assert b'"full_log":"a\xff\xfe\x7f\\u0001\xc3\xa9\\"\\\\/\\t"' in line
    assert b'"data":{"k":"\xe9"}' in line


def test_event_time_is_additive() -> None:
    event = make_event(event_time=TIME - 60)
    assert "event_time" not in parsed(event)
    improved = parsed(event, facts=replace(FACTS, improved=True))
    assert list(improved)[:2] == ["timestamp", "event_time"]
    assert improved["event_time"] == "2026-11-21T17:19:47.092+0000"
    assert "event_time" not in parsed(make_event(), facts=replace(FACTS, improved=True))


@pytest.mark.parametrize("time", [1e300, -1e300, float("nan")])
def test_an_impossible_event_time_is_left_out(time: float) -> None:
    event = make_event()
    event.record.event_time = time
    assert "event_time" not in parsed(event, facts=replace(FACTS, improved=True))


def test_compliance_that_the_event_brings() -> None:
    rootcheck = make_match(group_text="rootcheck,gdpr_1,")
    rule = parsed(make_event("System audit {CIS: 1.1, 2.2} x {PCI_DSS: 3} {bad: !}"), rootcheck)["rule"]
    assert (rule["cis"], rule["pci_dss"], rule["gdpr"]) == (["1.1", "2.2"], ["3"], ["1"])
    assert "bad" not in rule
    event = make_event(fields=[("sca.check.compliance.cis", "1.1, 2"), ("sca.check.compliance.gdpr", "9")])
    rule = parsed(event, make_match(group_text="sca,gdpr_1,"))["rule"]
    assert (rule["cis"], rule["gdpr"], rule["groups"]) == (["1.1", "2"], ["1", "9"], ["sca"])


def test_a_rule_loaded_anew_replaces_its_former_self() -> None:
    writer = AlertWriter(FACTS)
    first, second = make_match(description="one"), make_match(description="two")
    texts = [json.loads(writer.json_line(make_event(), m, ID))["rule"]["description"] for m in (first, second, first)]
    assert texts == ["one", "two", "one"]


def test_a_document_is_not_spelled_for_the_alert_of_a_no_full_log_rule() -> None:
    def spell(_document: dict[str, Any]) -> str:
        raise AssertionError("the text was not needed")

    record = Record(None, "Wazuh-AWS", TIME, document={"a": 1}, spell=spell)
    event = Event(record, location="Wazuh-AWS", hostname="mill")
    assert b'"location":"Wazuh-AWS"' in WRITER.json_line(event, make_match(no_full_log=True), ID)


def test_alert_id() -> None:
    assert alert_id(1795281647.99, 0) == "1795281647.0"


# --- the fast builder equals the obvious one --------------------------------------------------------------------------

TEXTS = st.text(st.characters(max_codepoint=255), max_size=12)
VALUES = st.one_of(
    TEXTS,
    st.sampled_from(["", "[1]", '["a", "b"]', "[1,2", "[] x", "100%", "%s"]),
    st.lists(st.one_of(st.booleans(), st.none(), st.integers(-999, 999), st.sampled_from(["x", "y z"]))).map(
        json.dumps
    ),
)
NAMES = st.lists(st.sampled_from(["a", "A", "b", "c", "%s", "", "data", "SRCIP", 'q"']), min_size=1, max_size=4).map(
    ".".join
)
EVENTS = st.builds(
    make_event,
    TEXTS,
    st.sampled_from(["/var/log/a", "Wazuh-AWS", "\xff"]),
    static=st.dictionaries(st.sampled_from(STATIC_FIELDS), TEXTS, max_size=4),
    fields=st.lists(st.tuples(NAMES, VALUES), max_size=12),
    decoder=st.sampled_from([None, DecoderInfo("json", 1)]),
    timestamp=st.none() | TEXTS,
    program_name=st.none() | TEXTS,
    event_time=st.none() | st.integers(0, 2**31).map(float),
)
MATCHES = st.none() | st.builds(
    make_match,
    description=st.sampled_from(["x", "50% of \xff"]),
    firedtimes=st.integers(1, 9),
    previous_output=st.lists(TEXTS, max_size=3).map(tuple),
)


@settings(max_examples=300, deadline=None)
@given(EVENTS, MATCHES, st.booleans())
def test_the_fast_builder_equals_the_obvious_one(event: Event, match: Match | None, improved: bool) -> None:
    writer = AlertWriter(replace(FACTS, improved=improved))
    assert writer.json_line(event, match, ID) == obvious_line(event, match, improved=improved)
    # Once more, from the texts that were kept.
    assert writer.json_line(event, match, ID) == obvious_line(event, match, improved=improved)
