"""Alerts put together from the members of a record are those of the record read whole and printed plainly."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from alertmill.alerts import AlertWriter
from alertmill.alerts.drafts import NO_DRAFT
from alertmill.alerts.member_prints import RECORD_NUMBER
from alertmill.event import Outcome
from alertmill.sources.aws.buckets import BUCKET_TYPES
from alertmill.sources.aws.objects import ObjectReader, Target
from alertmill.sources.aws.store import Body
from property import test_event_texts as texts
from property import test_sheets as sheets
from support import LONG

quick = settings(max_examples=2000 if LONG else 150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

RULES = """<group name="g,pci_dss_1,">
<rule id="1" level="0" noalert="1"><category>syslog</category><description>t</description></rule>
<rule id="2" level="3"><if_sid>1</if_sid><description>no field</description></rule>
<rule id="3" level="4"><if_sid>2</if_sid><field name="aws.eventName">^r</field>
<description>$(aws.eventName) by $(aws.userIdentity.name) $(aws.source_ip_address) $(aws.log_info.log_file)
</description></rule>
<rule id="4" level="5"><if_sid>2</if_sid><field name="aws.eventName">^b</field><options>no_full_log</options>
<description>$(srcip) $(action) $(user) $(aws.tags.value) $(aws.absent)</description></rule>
<rule id="5" level="5" frequency="2" timeframe="900"><if_matched_sid>3</if_matched_sid>
<same_field>aws.userIdentity.name</same_field><description>again $(aws.userIdentity.name)</description></rule>
</group>"""

NAMES = (
    *("eventName", "userIdentity", "sourceIPAddress", "requestParameters", "responseElements", "tags", "recipient"),
    *("readOnly", "error", "A", "a", "", "<@0@>", "1900000001", 'k"', "\u00e9", "x.y", "source", "aws_account_id"),
)
WORDS = (
    *(
        "red",
        "blue",
        "10.1.2.3",
        "two words",
        "it's",
        "<@0@>",
        "1900009999",
        "",
        "[x",
        "[S3Console/0.4]",
        "[1]",
        '["a"]',
    ),
    *(
        'say "no"',
        "back\\slash",
        "a\nb\t",
        "\u007f",
        "\u00e9",
        "\0",
        "\ud800",
        "/",
        '\\"',
        ',"source":"cloudtrail"',
        "]",
        "null",
    ),
)
NUMBERS = (0, 1, 7, -5, 123456789, 1900000000, 2**31, 2**53, 1.5, -0.0, 1e22, 10**15)
leaves = st.one_of(
    st.sampled_from(WORDS), st.sampled_from(WORDS[:5]), st.sampled_from(NUMBERS), st.none(), st.booleans()
)
INNER = st.sampled_from(["name", "type", "name", "n", "disableApiTermination", "Name", "a.b", 'q"', "<@1@>", ""])
values = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(INNER, inner, max_size=4)),
    max_leaves=8,
)
members = st.tuples(st.sampled_from(NAMES), values)


@st.composite
def trails(draw: st.DrawFn) -> bytes:
    """An object whose records have members of a few: some stand twice in a record, some come again with other texts."""
    pool = draw(st.lists(members, min_size=1, max_size=8))
    comma, colon = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", " :\t")]))
    ascii_only = draw(st.booleans())

    def spell(value: Any) -> str:
        return json.dumps(value, separators=(comma, colon), ensure_ascii=ascii_only)

    def word() -> str:
        return draw(st.sampled_from(WORDS))

    records = []
    for _ in range(draw(st.integers(2, 6))):
        shown = draw(
            st.lists(st.sampled_from(pool), max_size=6, unique_by=None if draw(st.integers(0, 9)) == 0 else by_name)
        )
        other = [(name, texts.with_texts(value, iter(word, None))) for name, value in shown]
        told = other if draw(st.booleans()) else shown
        records.append("{" + comma.join(f"{spell(name)}{colon}{spell(value)}" for name, value in told) + "}")
    return ('{"Records":[' + ",".join(records) + "]}").encode("utf-8", "surrogatepass")


def by_name(member: tuple[str, Any]) -> str:
    return member[0]


def printed(outcome: Outcome, writer: AlertWriter | None) -> tuple[bytes, bytes] | str:
    """Both forms of the alert; without a writer printed the plain way throughout."""
    event, match = outcome.event, outcome.match
    if event is None or match is None:
        return outcome.rejected
    if writer is None:
        return texts.plain_alert(event, match)
    return writer.json_line(event, match, "7.1"), writer.text_block(event, match, "7.1")


def check(data: bytes, event_format: str, account: str, static: str) -> None:
    arguments = "cloudtrail", data, event_format, account
    plainly, quickly = sheets.read(*arguments, whole=True), sheets.read(*arguments, whole=False)
    if isinstance(plainly, str) or isinstance(quickly, str):
        assert quickly == plainly
        return
    plain, fast = sheets.engine(RULES, "plain", static), sheets.engine(RULES, "fast", static)
    state, other, writer = plain.new_state(), fast.new_state(), AlertWriter(texts.FACTS)
    for _ in range(4):
        again = sheets.read(*arguments, whole=False)
        assert not isinstance(again, str)
        expected = [printed(plain.process(record, state), None) for record in plainly]
        assert [printed(outcome, writer) for _, outcome in fast.alerts(again, other)] == expected
    assert [*other.snapshot()] == [*state.snapshot()]


@quick
@given(trails(), sheets.formats, sheets.accounts, sheets.statics)
@example(b'{"Records":[{"eventName":"red","a":"x","a":"y"},{"eventName":"red","a":"z"}]}', "compatible", "1", "")
@example(b'{"Records":[{"source":null,"eventName":[]}]}', "compatible", "1", "")
@example(b'{"Records":[{"sourceIPAddress":"10.1.2.3","tags":["x"],"eventName":"blue"}]}', "improved", "", sheets.STATIC)
def test_alerts_by_members(data: bytes, event_format: str, account: str, static: str) -> None:
    check(data, event_format, account, static)


def drafted(data: bytes, event_format: str) -> list[bool]:
    """Which alerts of an object are put together from members, when it comes for the tenth time."""
    one, writer = sheets.engine(RULES, "fast", sheets.STATIC), AlertWriter(texts.FACTS)
    state, found = one.new_state(), []
    for _ in range(10):
        records = sheets.read("cloudtrail", data, event_format, "1", whole=False)
        assert not isinstance(records, str)
        outcomes = [outcome for _, outcome in one.alerts(records, state)]
        assert all(printed(outcome, writer) for outcome in outcomes)
        found = [outcome.event is not None and outcome.event.draft not in (None, NO_DRAFT) for outcome in outcomes]
    return found


def one(**members: Any) -> bytes:
    return json.dumps({"Records": [{"eventName": "red", **members}]}).encode()


@pytest.mark.parametrize("event_format", ["compatible", "improved"])
@pytest.mark.parametrize(
    "members",
    [
        {},
        {"a": "x", "readOnly": True, "n": 7, "nothing": None, "list": ["x", 5, {"k": "v"}]},
        {"requestParameters": {"a": {"b": "x"}, "n": 123456}, "sourceIPAddress": "10.1.2.3", "tags": ["x", "y"]},
        {
            "requestParameters": "text",
            "a": 'say "no"',
            "b": {"policy": '{"a":"b"}', "c": ["\\"]},
            "e": "",
            "f": {"g": ""},
        },
        {"userAgent": "[S3Console/0.4]", "b": {"c": "[x"}},
    ],
)
def test_ordinary_alerts_are_made_of_members(members: dict[str, Any], event_format: str) -> None:
    """The property would hold as well if nothing ever took the fast way."""
    assert drafted(one(**members), event_format) == [True]


@pytest.mark.parametrize("text", ["caf\u00e9", "\x7f", "a\0b"])
def test_what_is_not_plain_is_printed_whole(text: str) -> None:
    assert drafted(one(a=text), "compatible") == [False]


def test_a_text_that_is_an_array_is_printed_for_itself() -> None:
    assert drafted(one(a="[1]", b={"c": "[1]"}), "compatible") == [True]


def test_what_nests_deeply_is_printed_whole() -> None:
    deep: Any = "x"
    for _ in range(120):
        deep = {"a": deep}
    assert drafted(one(a=deep), "compatible") == [False]


def test_a_key_with_the_mark_of_a_number_in_it() -> None:
    """It stands in the head of every message, where the number of the record is looked for."""
    data = one(a="x")
    reader = ObjectReader(BUCKET_TYPES["cloudtrail"], "improved", lambda: sheets.NOON, alias="main")
    target = Target("scope", "1", "my-logs", f"a/{RECORD_NUMBER}.log", "tag", "2026-01-15")
    engine, writer = sheets.engine(RULES, "fast", ""), AlertWriter(texts.FACTS)
    state = engine.new_state()
    for _ in range(5):
        ((_, outcome),) = engine.alerts(next(reader.batches(target, Body(data), 0, threading.Event())).records, state)
        assert outcome.event is not None
        assert outcome.match is not None
        line = writer.json_line(outcome.event, outcome.match, "7.1")
        assert outcome.event.draft is NO_DRAFT
        assert b'"record":"1"' in line


def test_endless_members_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alertmill.alerts.gaps._MOST_BYTES", 20_000)
    monkeypatch.setattr("alertmill.alerts.member_texts._MOST_LAYOUTS", 5)
    engine, writer = sheets.engine(RULES, "fast", ""), AlertWriter(texts.FACTS)
    state = engine.new_state()
    for number in range(60):
        data = one(**{f"x{number}": {f"y{number}": "z" * number, "n": 1.5 + number}, "a": True})
        for _ in range(3):
            records = sheets.read("cloudtrail", data, "compatible", "1", whole=False)
            assert not isinstance(records, str)
            assert all(printed(outcome, writer) for _, outcome in engine.alerts(records, state))
    (family,) = writer._members._texts._families.values()
    prints = family.prints
    assert len(family._names) <= 5
    for table in (family._rows, prints._templates, prints._added, prints._cutter._shapes):
        assert 0 < len(table.known) < 180
        assert table._bytes <= 20_000
