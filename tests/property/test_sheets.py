"""Records that are read as far as rules ask come to the same end as records that are read whole and walked plainly."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from alertmill.decoders import load_decoders
from alertmill.engine import Engine, EngineOptions
from alertmill.errors import Problems
from alertmill.event import Outcome, Record
from alertmill.ruleset import RuleOptions, load_lists, load_rules
from alertmill.sheet import SheetRecord
from alertmill.sources.aws.buckets import BUCKET_TYPES
from alertmill.sources.aws.objects import ObjectReader, Target
from alertmill.sources.aws.store import Body
from support import LONG

quick = settings(max_examples=1500 if LONG else 120, deadline=None, suppress_health_check=[HealthCheck.too_slow])

NOON = 1772625600.0
#: A number beyond 64 bits.
HUGE = 2**70

STATIC = """
  <json_static_field name="aws.eventName" when="aws.source=cloudtrail">action</json_static_field>
  <json_static_field name="aws.userIdentity.type" when="aws.userIdentity.type=Root">user</json_static_field>
  <json_static_field name="aws.userIdentity.name">user</json_static_field>
  <json_static_field name="aws.sourceIPAddress">srcip</json_static_field>
  <json_static_field name="aws.srcaddr">srcip</json_static_field>
  <json_static_field name="aws.action" when="aws.source=vpc">action</json_static_field>
"""
#: The last has a prematch that some documents fulfil.
DECODERS = (
    '<decoder name="json"><prematch>^{\\s*"</prematch><plugin_decoder>JSON_Decoder</plugin_decoder>%s</decoder>',
    '<decoder name="red"><prematch>strawberry</prematch></decoder>',
)
LISTS = {"colors": "red:1\nblue:2\n10.1.:net\n"}

FIELDS = (
    "aws.eventName",
    "aws.color",
    "aws.Color.shade",
    "aws.userIdentity.type",
    "aws.userIdentity",
    "aws.userIdentity.name",
    "aws.userIdentity.a.b",
    "aws.requestParameters.disableApiTermination",
    "aws.requestParameters.disableApiTermination.value",
    "aws.requestParameters.a.b",
    "aws.tags.type",
    "aws.requestParameters.string",
    "aws.responseElements.a.b",
    "aws.tags.value",
    "aws.source_ip_address",
    "aws.source",
    "aws.aws_account_id",
    "aws.log_info.log_file",
    "aws.log_info.record",
    "aws.srcaddr",
    "aws.dstport",
    "aws.start",
    "aws.action",
    "aws.extra_columns",
    "integration",
    "error_msg",
    "nothing",
)
#: Patterns for the text of the log: some with words that few records have, some without any.
LOG_PATTERNS = (
    '<match{}>"shade":</match>',
    "<match{}>string|shade</match>",
    "<regex{}>color\\p\\p red</regex>",
    '<regex type="pcre2"{}>"(?:eventName|userIdentity)": ?["{{]</regex>',
    '<regex type="pcre2"{}>^(?=.*"requestParameters": ?\\{{).*"type": ?"r</regex>',
    '<regex type="pcre2"{}>(?i)INTEGRATION.*STRAWBERRIES</regex>',
    '<regex type="pcre2"{}>\\\\u00e9|\u00e9|1e</regex>',
    "<match{}>e</match>",
)
chance = st.integers(0, 3).map(lambda n: n == 0)


def some(options: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.sampled_from(options)


@st.composite
def rulesets(draw: st.DrawFn) -> str:
    """Rules that hang on each other and look at fields, and now and then at anything else."""
    text, known = (
        '<rule id="1" level="0" noalert="1"><category>syslog</category><description>t</description></rule>',
        [1],
    )
    for id in range(100, 100 + draw(st.integers(2, 9))):
        pattern = draw(some(("red", "^red$", "10.1.1.1", "null", "true", "^1", "x", "e", "cloudtrail|vpc", "ACCEPT")))
        field, negate = draw(some(FIELDS)), draw(some(("", "", ' negate="yes"')))
        body = draw(
            some(
                (
                    f'<field name="{field}"{negate}>{pattern}</field>',
                    f'<field name="{field}"{negate}>{pattern}</field>',
                    f'<field name="{field}"{negate} type="osmatch">{pattern}</field>',
                    f'<list field="{field}" lookup="{draw(some(("match_key", "not_match_key")))}">colors</list>',
                    f"<action{negate}>{pattern}</action>",
                    f"<user{negate}>{pattern}|Root</user>",
                    f'<list field="user" lookup="{draw(some(("match_key", "not_match_key")))}">colors</list>',
                    draw(some(LOG_PATTERNS)).format(negate),
                    draw(some(LOG_PATTERNS)).format(negate) + f'<field name="{field}">{pattern}</field>',
                    "<time>11 am - 1 pm</time>",
                    f"<srcip{negate}>10.1.0.0/16</srcip>",
                    f"<match{negate}>{pattern}</match>",
                    "<if_fts/>",
                    "<check_diff/>",
                    "",
                )
            )
        )
        attributes = f' level="{draw(st.sampled_from((0, 0, 2, 5, 7)))}"' + draw(
            some(("", "", "", ' noalert="1"', ' maxsize="300"'))
        )
        if known[1:] and draw(chance):
            attributes += ' frequency="2" timeframe="60"'
            body += f"<if_matched_sid>{draw(st.sampled_from(known[1:]))}</if_matched_sid>"
        body += f"<if_sid>{draw(st.sampled_from(known))}</if_sid>" if draw(st.booleans()) else ""
        text += f'<rule id="{id}"{attributes}>{body}<description>d</description></rule>\n'
        known.append(id)
    return f'<group name="g,">{text}</group>'


LEAVES = st.one_of(
    some(("red", "blue", "", "10.1.1.1", "Root", "r\u00e9d", 'a"b', "x\\y", "red\0blue", "x" * 600, "strawberry")),
    st.sampled_from(
        (None, True, False, 0, 1, -5, 1.5, 1e30, HUGE, [], {}, ["red"], [None], [["red"]], ["red", "blue"])
    ),
)
VALUES = st.one_of(
    LEAVES,
    LEAVES,
    st.dictionaries(some(("type", "name", "Type", "a", "shade", "a.b", "string")), LEAVES, max_size=3),
    st.dictionaries(some(("a", "A")), st.dictionaries(some(("b", "c")), LEAVES, max_size=2), max_size=2),
    st.dictionaries(some(("type", "name", "disableApiTermination", "long")), LEAVES, min_size=1).map(lambda one: [one]),
    st.fixed_dictionaries({"type": LEAVES, "name": LEAVES}, optional={"long": st.just("x" * 2000), "TYPE": LEAVES}),
    st.fixed_dictionaries({"disableApiTermination": LEAVES}, optional={"a": st.just({"b": "red"})}),
)
NAMES = (
    *("eventName", "eventName", "color", "userIdentity", "requestParameters", "responseElements", "tags"),
    *(
        "userIdentity",
        "userIdentity",
        "requestParameters",
        "sourceIPAddress",
        "eventTime",
        "eventID",
        "EVENTNAME",
        "Color",
        "color.shade",
        "source",
        "aws_account_id",
    ),
    *("log_info", "source_ip_address", "na\u00efve", "sourceipaddress"),
)


@st.composite
def trails(draw: st.DrawFn) -> bytes:
    """An object of CloudTrail's, spelled in one of many ways."""
    records: list[Any] = draw(st.lists(st.dictionaries(some(NAMES), VALUES, max_size=6), max_size=12))
    if draw(chance):
        records += [dict.fromkeys(map(str, range(300)), "x") | {"eventName": "red"}]
    if draw(st.integers(0, 15)) == 0:
        records += [[], "no object"][: draw(st.integers(1, 2))]
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", " :\t")]))
    text = json.dumps({"Records": records}, separators=separators, ensure_ascii=draw(st.booleans()))
    return text.encode() if draw(st.integers(0, 9)) else text.replace('"color"', '"c\\u006flor"').encode()


CELLS = ("red", "10.1.1.1", "10.2.2.2", "-", "443", "1", "ACCEPT", "REJECT", "1768471200", '"a b"', "\u00e9", "x" * 600)
STARTS = ("1768471200", "1768471201", "0", "253402300800", "-", "2026-01-15T10:00:00Z", "007", "9" * 25)
HEADER = "version account-id interface-id srcaddr dstaddr srcport dstport protocol action start end log-status"


@st.composite
def flows(draw: st.DrawFn) -> bytes:
    """An object of flow logs; some lines are too short or too long."""
    header = draw(some((HEADER, HEADER, "", "srcaddr dstaddr color log-info", "interface-id tags srcaddr error-msg")))
    width = len(header.split()) or 14
    rows = draw(st.lists(st.lists(some(CELLS), min_size=1, max_size=width + 2), max_size=12))
    rows = [row if draw(chance) else (row * width)[:width] for row in rows]
    start = (header or HEADER).split().index("start") if "start" in (header or HEADER) else width
    for row in rows:
        row[start : start + 1] = [draw(some(STARTS))] if start < len(row) else []
    lines = [*([header] if header else []), *(" ".join(row) for row in rows)]
    return draw(some(("\n", "\r\n"))).join(lines).encode()


def engine(rules: str, walk: str, static: str) -> Engine:
    problems = Problems()
    tree = load_decoders([(f"{n}.xml", text.replace("%s", static)) for n, text in enumerate(DECODERS)], problems)
    options = RuleOptions(zone=UTC, log_alert_level=3, engine=walk)  # type: ignore[arg-type]
    loaded = load_rules([("rules.xml", rules)], load_lists(LISTS, problems), tree.identities, options, problems)
    assert not problems.errors, problems.draw()
    return Engine(tree, loaded, EngineOptions("mill"))


def records(kind: str, data: bytes, event_format: Any, account: str, *, whole: bool) -> Iterator[Record]:
    """The records of an object; a test of every record makes them be read whole."""
    drops = (lambda _row: False) if whole else None
    reader = ObjectReader(BUCKET_TYPES[kind], event_format, lambda: NOON, alias="main", drops=drops)
    target = Target("scope", account, "my-logs", "a/strawberries.log", "tag", "2026-01-15")
    for batch in reader.batches(target, Body(data), 0, threading.Event()):
        yield from batch.records


def verdict(outcome: Outcome) -> tuple[Any, ...]:
    """All that is written about an event, if anything is."""
    event, found = outcome.event, outcome.match
    if not outcome.alert or event is None or found is None:
        return (outcome.alert, outcome.rejected)
    collected = (found.rule.id, found.firedtimes, found.previous_output, found.previous_log, outcome.warnings)
    decoded = (event.decoder and event.decoder.name, event.static, [item for item in event.fields.items() if item[1]])
    return (*collected, *decoded, event.full_log, event.time, event.record.place, event.record.event_id)


def ends(found: list[Record], rules: str, walk: str, static: str, *, alerts_only: bool) -> tuple[list[Any], bytes]:
    """What is told about records, and what is remembered of them."""
    one = engine(rules, walk, static)
    state = one.new_state()
    if alerts_only:
        outcomes = [outcome for _, outcome in one.alerts(found, state)]
    else:
        outcomes = [one.process(record, state) for record in found]
    verdicts = [verdict(outcome) for outcome in outcomes if outcome.alert or outcome.rejected]
    return verdicts, [*state.snapshot()]


def read(*arguments: Any, whole: bool) -> list[Record] | str:
    try:
        return list(records(*arguments, whole=whole))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def check(kind: str, data: bytes, rules: str, event_format: str, account: str, static: str) -> None:
    plainly = read(kind, data, event_format, account, whole=True)
    quickly = read(kind, data, event_format, account, whole=False)
    if isinstance(plainly, str) or isinstance(quickly, str):
        assert quickly == plainly
        return
    # Twice over the same records: first the walks are learnt, then they are remembered.
    again = read(kind, data, event_format, account, whole=False)
    assert not isinstance(again, str)
    plain = ends([*plainly, *plainly], rules, "plain", static, alerts_only=False)
    assert ends([*quickly, *again], rules, "fast", static, alerts_only=True) == plain
    assert ends([*quickly, *again], rules, "fast", static, alerts_only=False) == plain


formats = some(("compatible", "improved"))
accounts = some(("123456789012", ""))
statics = some(("", STATIC))


@quick
@given(rulesets(), trails(), formats, accounts, statics)
def test_trails(rules, data, event_format, account, static):
    # Read whole, one such number makes all records of its object travel as text, in which nothing but ASCII stands.
    assume(event_format == "compatible" or str(HUGE).encode() not in data)
    check("cloudtrail", data, rules, event_format, account, static)


@quick
@given(rulesets(), flows(), formats, accounts, statics)
def test_flows(rules, data, event_format, account, static):
    check("vpcflow", data, rules, event_format, account, static)


def test_usual_records_need_no_reading():
    rules = (
        '<group name="g,"><rule id="1" level="0"><category>syslog</category><description>t</description></rule></group>'
    )
    data = json.dumps({"Records": [{"eventName": "red", "color": "x"}] * 3}).encode()
    one = engine(rules, "fast", "")
    state = one.new_state()
    found = list(records("cloudtrail", data, "compatible", "1", whole=False))
    assert all(type(record) is SheetRecord for record in found)
    assert len(list(one.alerts(found, state))) == 1  # the first teaches the others
    assert state.counters.fired == {1: 3}
