"""One record in, one outcome out, whatever the record is."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alertmill.decoders import load_decoders
from alertmill.engine import Engine, EngineOptions
from alertmill.errors import Problems
from alertmill.event import Record
from alertmill.ruleset import RuleOptions, State, Trace, load_rules
from alertmill.sheet import SheetRecord
from alertmill.sources.aws.envelope import Envelope
from alertmill.sources.aws.sheets import JsonSheet, Memberwise

NOW = 1795609260.0
NOON_HOUR = 1795608000.0
KIND = Memberwise("Records", "own", frozenset(), ())

DECODERS = """
<decoder name="json"><prematch>^{\\s*"</prematch><plugin_decoder>JSON_Decoder</plugin_decoder></decoder>
<decoder name="gate"><program_name>^gate$</program_name></decoder>
<decoder name="gate-fields">
  <parent>gate</parent>
  <regex>^(\\w+) (\\w+) (\\S+):(\\d+) to (\\S+):(\\d+)</regex>
  <order>action, protocol, srcip, srcport, dstip, dstport</order>
</decoder>
<decoder name="wall"><program_name>^wall$</program_name><type>firewall</type></decoder>
<decoder name="wall-fields">
  <parent>wall</parent>
  <regex>^(\\w+) (\\w+) (\\S+):(\\d+) to (\\S+):(\\d+)</regex>
  <order>action, protocol, srcip, srcport, dstip, dstport</order>
</decoder>
<decoder name="forwarded">
  <program_name>^forwarder$</program_name>
  <plugin_decoder>OSSECAlert_Decoder</plugin_decoder>
</decoder>
"""

RULES = """
<group name="mill,">
  <rule id="1" level="0" noalert="1"><category>syslog</category><description>Logs.</description></rule>
  <rule id="2" level="0" noalert="1"><category>firewall</category><description>Firewalls.</description></rule>
  <rule id="6" level="0" noalert="1"><category>ossec</category><description>Own.</description></rule>
  <rule id="100100" level="3"><decoded_as>json</decoded_as><description>json $(k)</description></rule>
  <rule id="100101" level="10" frequency="3" timeframe="60">
    <if_matched_sid>100100</if_matched_sid><description>three</description>
  </rule>
  <rule id="100102" level="2"><if_sid>100100</if_sid><field name="k">^low$</field><description>low</description></rule>
  <rule id="100103" level="0"><if_sid>100100</if_sid><field name="k">^none$</field><description>no</description></rule>
  <rule id="100110" level="4"><if_sid>2</if_sid><description>firewall</description></rule>
  <rule id="100120" level="5"><category>ossec</category><decoded_as>windows_eventchannel</decoded_as>
    <description>windows $(win.system.eventID)</description></rule>
  <rule id="100130" level="7"><if_sid>1</if_sid><program_name>^app$</program_name><match>mill is down</match>
    <description>down</description></rule>
  <rule id="100150" level="3"><if_sid>100100</if_sid><field name="aws.kind">^v$</field>
    <description>v</description></rule>
  <rule id="100151" level="0"><if_sid>100100</if_sid><field name="aws.kind">^none$</field>
    <description>n</description></rule>
  <rule id="100152" level="2"><if_sid>100100</if_sid><field name="aws.kind">^low$</field>
    <description>l</description></rule>
  <rule id="100140" level="4"><if_sid>100100</if_sid><field name="k">^technique$</field><description>t</description>
    <mitre><id>T0000</id></mitre></rule>
  <rule id="100141" level="0"><if_sid>100100</if_sid><field name="k">^silent mitre$</field><description>s</description>
    <mitre><id>T0000</id></mitre></rule>
</group>
"""


def load(**options: Any) -> Engine:
    problems = Problems()
    tree = load_decoders([("decoders.xml", DECODERS)], problems)
    rules = load_rules([("rules.xml", RULES)], {}, tree.identities, RuleOptions(log_alert_level=3, zone=UTC), problems)
    assert not problems, problems.draw()
    return Engine(tree, rules, EngineOptions("mill.example.org", **options))


ENGINE = load()


def process(message: str, location: str = "/var/log/x", **record: Any) -> Any:
    state = record.pop("state", None) or ENGINE.new_state()
    return ENGINE.process(Record(message, location, NOW, **record), state)


@pytest.mark.parametrize(
    ("message", "rule", "alert"),
    [
        ('{"k":"v"}', 100100, True),
        ('{"k":"low"}', 100102, False),
        ('{"k":"none"}', 100103, False),
        ("nothing in particular", None, False),
        ("Nov 25 12:21:00 other app: the mill is down", 100130, True),
        ("the mill is down", None, False),
        ("", None, False),
    ],
)
def test_matching(message: str, rule: int | None, alert: bool) -> None:
    outcome = process(message)
    assert (outcome.match and outcome.match.rule.id, outcome.alert) == (rule, alert)
    assert (outcome.rejected, outcome.dropped) == ("", False)
    assert outcome.event.full_log == message


def test_local_events_have_the_short_host_name_unless_they_name_one() -> None:
    assert process("x").event.hostname == "mill"
    assert process("Nov 25 12:21:00 other app: x").event.hostname == "other"


def test_the_state_remembers_and_only_the_state() -> None:
    state = ENGINE.new_state()
    ids = [process('{"k":"v"}', state=state).match.rule.id for _ in range(4)]
    assert ids == [100100, 100100, 100101, 100100]
    assert process('{"k":"v"}').match.firedtimes == 1


@pytest.mark.parametrize(
    ("message", "session", "log_fw", "dropped"),
    [
        ("drop TCP 10.0.0.1:1 to 10.0.0.2:2", False, True, False),
        ("drop TCP", False, True, True),
        ("drop TCP", True, True, False),
        ("drop TCP", False, False, False),
    ],
)
@pytest.mark.parametrize("program", ["wall", "gate"])
def test_incomplete_firewall_events(message: str, session: bool, log_fw: bool, dropped: bool, program: str) -> None:
    engine = load(log_fw=log_fw)
    record = Record(f"Nov 25 12:21:00 h {program}: {message}", "/var/log/x", NOW)
    outcome = engine.process(record, engine.new_state(session=session))
    is_firewall = program == "wall"
    assert outcome.dropped is (dropped and is_firewall)
    assert outcome.alert is (is_firewall and not dropped)
    assert outcome.event is not None


def test_event_channels_have_their_own_decoder() -> None:
    xml = "<Event><System><EventID>4625</EventID></System></Event>"
    outcome = process(json.dumps({"Event": xml}), queue="f")
    assert (outcome.match.rule.id, outcome.event.decoder.name) == (100120, "windows_eventchannel")
    assert outcome.event.fields.get("win.system.eventid") == "4625"
    assert process(json.dumps({"Event": xml})).match.rule.id == 100100


@pytest.mark.parametrize("message", ["no json", "{}", "[]"])
def test_event_channel_messages_that_are_none(message: str) -> None:
    assert process(message, queue="f").rejected.startswith("a Windows event")


@pytest.mark.parametrize(
    ("log", "rule"),
    [
        ("Alert Level: 7; Rule: 100130 - down; Location: web->/var/log/y; srcip: 10.0.0.9; the log", 100130),
        ("Alert Level: 7; Rule: 999999 - gone; Location: web->/var/log/y; the log", None),
        ("something else", None),
    ],
)
def test_alerts_of_another_manager_fire_their_own_rule(log: str, rule: int | None) -> None:
    outcome = process(f"Nov 25 12:21:00 h forwarder: {log}")
    if rule is None:
        assert outcome.dropped
        assert outcome.match is None
    else:
        assert (outcome.match.rule.id, outcome.alert, outcome.event.full_log) == (rule, True, "the log")


def test_an_agent_without_a_closing_bracket_is_rejected() -> None:
    outcome = process("x", "[001 /var/log/x")
    assert (outcome.event, bool(outcome.rejected)) == (None, True)


def test_a_document_is_decided_without_its_text() -> None:
    def spell(_document: dict[str, Any]) -> str:
        raise AssertionError("nobody needed the text")

    record = Record(None, "Wazuh-AWS", NOW, document={"key": {"k": 1}, "k": "low"}, spell=spell)
    outcome = ENGINE.process(record, ENGINE.new_state())
    assert outcome.rejected == ""
    assert outcome.match is not None
    assert outcome.match.rule.id == 100102


def test_what_breaks_the_engine_is_an_outcome() -> None:
    class Broken(State):
        def accumulate(self, event: Any) -> None:
            raise KeyError("no such thing")

    outcome = ENGINE.process(Record("x", "y", NOW), Broken(ENGINE.rules))
    assert outcome.rejected == "internal error, please report it: KeyError: 'no such thing'"

    class TooDeep(State):
        def accumulate(self, event: Any) -> None:
            self.accumulate(event)

    assert ENGINE.process(Record("x", "y", NOW), TooDeep(ENGINE.rules)).rejected == "it is nested too deeply"


def test_records_may_be_examined_before_and_in_any_order() -> None:
    texts = ['{"k":"v"}', '{"k":"low"}', "no json", '{"k":"v"}', '{"k":"v"}', '{"k":"none"}', "[", '{"k":"v"}']
    records = [Record(text, "[" if text == "[" else "x", NOW) for text in texts]
    one_by_one, apart = ENGINE.new_state(), ENGINE.new_state()
    expected = [ENGINE.process(record, one_by_one) for record in records]
    examined = [ENGINE.examine(record) for record in reversed(records)]
    found = [ENGINE.conclude(one, apart) for one in reversed(examined)]
    assert [(o.match, o.alert, o.rejected) for o in found] == [(o.match, o.alert, o.rejected) for o in expected]
    assert [*apart.snapshot()] == [*one_by_one.snapshot()]


def on_a_sheet(*members: dict[str, Any], time: float = NOON_HOUR) -> list[Record]:
    sheet = JsonSheet(KIND, b"", Envelope("b", "k", "", "1"), lambda _: None, "s3://b/k#", improved=False)
    return [SheetRecord(sheet, json.dumps(one).encode(), n, time) for n, one in enumerate(members, 1)]


def test_silent_events_are_counted_and_not_told() -> None:
    """Also over the turn of an hour, when all counts return to 0."""
    engine, state = load(), load().new_state()
    state.rebind(engine.rules)
    none, low, loud = {"kind": "none"}, {"kind": "low"}, {"kind": "v"}
    before = on_a_sheet(none, none, loud, none, low, none)
    told = [outcome.match and outcome.match.rule.id for _, outcome in engine.alerts(before, state)]
    assert told == [100151, 100150, 100152]  # the first of each kind is walked, and so is told
    assert state.counters.fired == {100151: 4, 100150: 1, 100152: 1}
    after = on_a_sheet(none, loud, none, time=NOON_HOUR + 3600)
    assert [outcome.alert for _, outcome in engine.alerts([*before, *after], state)] == [True, False, True]
    assert state.counters.fired == {100151: 2, 100150: 1}


def test_a_state_of_other_rules_is_refused() -> None:
    with pytest.raises(ValueError, match="another ruleset"):
        list(load().alerts([], ENGINE.new_state()))


def test_a_trace_tells_the_rules_that_were_tried() -> None:
    trace = Trace()
    ENGINE.process(Record('{"k":"low"}', "x", NOW), ENGINE.new_state(), trace=trace)
    assert trace.lines[:3] == ["Trying rule: 1 - Logs.", "*Rule 1 matched", "*Trying child rules"]
    assert trace.lines[-1] == "*Rule 100102 matched"


HOSTILE = st.one_of(
    st.text(st.characters(max_codepoint=255), max_size=200),
    st.sampled_from(
        ["{" * 5000, "[" * 5000, '{"a":' * 5000, '{"k":"\\u0000"}', "\0", "Nov 25 12:21:00 ", "{" + '"a":1,' * 999]
    ),
    st.recursive(st.text() | st.floats() | st.none(), lambda x: st.dictionaries(st.text(), x)).map(json.dumps),
)
LOCATIONS = st.one_of(
    st.sampled_from(["[001] (a) b->c", "[", "[]", "(a", "", "(a) b@c->d"]), st.text("[]()->:| a", max_size=12)
)


@settings(max_examples=300, deadline=None)
@given(HOSTILE, LOCATIONS, st.sampled_from(["1", "f", "8"]))
def test_no_record_raises_and_none_is_lost(message: str, location: str, queue: str) -> None:
    outcome = ENGINE.process(Record(message, location, NOW, queue=queue), ENGINE.new_state())
    assert (outcome.event is None) is bool(outcome.rejected)
    assert not outcome.rejected.startswith("internal error")


@pytest.mark.parametrize(
    ("k", "session", "told"),
    [
        ("technique", False, True),
        ("technique", True, True),
        ("silent mitre", False, False),
        ("silent mitre", True, True),
        ("other", True, False),
    ],
)
def test_unknown_techniques_are_told_with_each_alert_and_in_sessions(k: str, session: bool, told: bool) -> None:
    """spec/alerts.md 2.4, spec/logtest.md 5.2: a session shows rules that raise no alert as well."""
    outcome = ENGINE.process(Record(json.dumps({"k": k}), "test", NOW), ENGINE.new_state(session=session))
    assert outcome.warnings == (("Mitre Technique ID 'T0000' not found in database.",) if told else ())
