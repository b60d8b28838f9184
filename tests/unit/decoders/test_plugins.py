"""The plugin decoders (spec/decoders.md 7, 10), and that the catalogue, the files and the page about them agree."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertmill.decoders import OSSEC_ALERT, PLUGINS
from alertmill.decoders import plugins as package
from alertmill.decoders.plugins import PluginSettings, StaticFieldRule
from alertmill.decoders.plugins.json import group_static_fields, set_static_fields
from alertmill.event import STATIC_FIELDS, Event, Record
from unit.decoders.helpers import decoded, fields, load

PAGE = Path(__file__).resolve().parents[3] / "docs" / "adding-a-decoder.md"


def run(name: str, log: str, location: str = "x") -> Event:
    event = Event(Record(log, location, 0.0), location=location, hostname="h")
    PLUGINS[name].decode(event, None, PluginSettings())
    return event


# --- the catalogue ----------------------------------------------------------------------------------------------------


def test_every_module_is_in_the_catalogue() -> None:
    folder = Path(package.__file__).parent
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__", "base", "windows_eventchannel"}
    assert modules == {name.removesuffix("_Decoder").lower() for name in PLUGINS}
    assert list(PLUGINS) == sorted(PLUGINS)


@pytest.mark.parametrize("name", PLUGINS)
def test_every_plugin_is_documented(name: str) -> None:
    assert f"`{name}`" in PAGE.read_text("utf-8")


@pytest.mark.parametrize("name", PLUGINS)
@given(st.text(st.sampled_from(') (:;,.=|>pbui312/\xe9 {}"[]srcdt'), max_size=60))
def test_no_text_is_too_odd_for_a_plugin(name: str, text: str) -> None:
    beginnings = ("", "x) pass: ", "ossec: Alert Level: 3; Rule: 1 - x; Location: ", "a,3=", "pri=1 c=2 m=3 src=", '{"')
    for beginning in beginnings:
        event = run(name, beginning + text)
        assert set(event.static) <= set(STATIC_FIELDS)


# --- PF ---------------------------------------------------------------------------------------------------------------

PF = [
    (
        "rule 2/(match) pass in on xl0: 192.0.2.4.66 > 192.0.2.8.23: S 1:1(0)",
        ["pass", "192.0.2.4", "66", "192.0.2.8", "23", "TCP"],
    ),
    (
        "1/(match) block out on em1: 192.0.2.4 > 192.0.2.8: icmp: x",
        ["block", "192.0.2.4", None, "192.0.2.8", None, "ICMP"],
    ),
    ("1) pass: 192.0.2.4.5.6 > x: udp 3", ["pass", "192.0.2.4", "5.6", "x", None, "UDP"]),
    ("1) pass: a > b:", ["pass", "a", None, "b", None, None]),
    ("1) pass: a > b", ["pass", "a", None, None, None, None]),
    ("1) pass: a >b: u", ["pass", "a", None, None, None, None]),
    ("1) pass: a", ["pass", None, None, None, None, None]),
    ("1) pass", ["pass", None, None, None, None, None]),
    ("1) drop: a > b: u", [None] * 6),
    ("1)pass: a > b: u", [None] * 6),
    ("nothing", [None] * 6),
]


@pytest.mark.parametrize(("log", "values"), PF)
def test_pf(log: str, values: list[str | None]) -> None:
    static = run("PF_Decoder", log).static
    assert [static.get(name) for name in ("action", "srcip", "srcport", "dstip", "dstport", "protocol")] == values


# --- Symantec ---------------------------------------------------------------------------------------------------------

SYMANTEC = [
    ("x,10=eve,11=192.0.2.1,60=http://a/b", {"dstuser": "eve", "srcip": "192.0.2.1", "url": "http://a/b"}),
    ("x,1=2,3=1234567,9=8", {"id": "3=1234567"}),
    ("10=eve,11=1", {"srcip": "1"}),
    ("x,10=a,10=b", {"dstuser": "a"}),
    ("x,3=1,11=2,10=z,11=3", {"id": "3=1,11=2,", "srcip": "3"}),
    ("x,2=123456789,3=abcdefghi,10=z", {"id": "2=1234567", "dstuser": "z"}),
    ("x,3=", {"id": "3="}),
    ("x,10=", {"dstuser": ""}),
    (f"x,10={'u' * 200},60={'v' * 2000}", {"dstuser": "u" * 128, "url": "v" * 1024}),
    ("10=eve", {}),
    ("", {}),
]


@pytest.mark.parametrize(("log", "static"), SYMANTEC, ids=range(len(SYMANTEC)))
def test_symantec(log: str, static: dict[str, str]) -> None:
    assert run("SymantecWS_Decoder", log).static == static


# --- SonicWall --------------------------------------------------------------------------------------------------------

ADDRESSES = "src=192.0.2.1:1025:WAN dst=192.0.2.2:80:LAN proto=tcp/http "
SONICWALL = [
    ("1", "32", "82", "", "ids", {}),
    ("1", "1024", "98", "", "firewall", {"action": "pass"}),
    ("1", "1024", "36", "", "firewall", {"action": "drop"}),
    ("1", "1024", "537", "", "firewall", {"action": "close"}),
    ("1", "1024", "97", "result=404 dstname=a.example arg=/b", "squid", {"id": "404", "url": "a.example/b"}),
    ("1", "1024", "97", "nothing", "squid", {}),
    ("6", "1024", "5", "", "syslog", {}),
]


@pytest.mark.parametrize(("priority", "category", "number", "tail", "kind", "extra"), SONICWALL)
def test_sonicwall(priority: str, category: str, number: str, tail: str, kind: str, extra: dict[str, str]) -> None:
    event = run("SonicWall_Decoder", f"id=fw pri={priority} c={category} m={number} msg=x n=3 {ADDRESSES}{tail}")
    assert event.category == kind
    expected = {
        "status": priority,
        "id": number,
        "srcip": "192.0.2.1",
        "srcport": "1025",
        "dstip": "192.0.2.2",
        "dstport": "80",
        "protocol": "tcp",
    }
    assert event.static == expected | extra


@pytest.mark.parametrize("log", ["", "nothing", "pri=1 c=2 m=3", "pri=1 c=2 m=3 src=no"])
def test_sonicwall_stops_where_the_log_does(log: str) -> None:
    event = run("SonicWall_Decoder", log)
    assert event.category == "syslog"
    assert "srcip" not in event.static


# --- alerts of another manager ----------------------------------------------------------------------------------------


def test_a_forwarded_alert() -> None:
    log = "Alert Level: 3; Rule: 5501 - Opened.; Location: web->/var/log/x; srcip: 192.0.2.1; user: eve;  the log"
    event = run("OSSECAlert_Decoder", f"ossec: {log}", "10.0.0.1")
    assert (event.category, event.forced_rule) == (OSSEC_ALERT, 5501)
    assert event.location == event.hostname == "10.0.0.1|web->/var/log/x"
    assert event.static == {"srcip": "192.0.2.1", "dstuser": "eve"}
    assert event.log == event.full_log == "the log"


def test_a_forwarded_alert_is_cut() -> None:
    event = run("OSSECAlert_Decoder", f"Alert Level: 3; Rule: 1 - x; Location: {'y' * 300}; {'z' * 5000}")
    assert (len(event.location), len(event.log)) == (254, 4094)


@pytest.mark.parametrize(
    "log",
    [
        "",
        "Alert Level 3",
        "Alert Level: 3",
        "Alert Level: 3; Rule: x - y; Location: z; log",
        "Alert Level: 3; Rule: 5501 - y; Place: z; log",
        "Alert Level: 3; Rule: 5501 - y; Location: z",
        "x Alert Level: 3; Rule: 5501 - y; Location: z; log",
    ],
)
def test_what_is_no_forwarded_alert(log: str) -> None:
    event = run("OSSECAlert_Decoder", log)
    assert (event.category, event.forced_rule, event.full_log) == (OSSEC_ALERT, None, log)


# --- static fields from dynamic ones ----------------------------------------------------------------------------------

SHOP = """<decoder name="shop">
  <prematch>^{"shop"</prematch>
  <plugin_decoder>JSON_Decoder</plugin_decoder>
  <json_static_field name="shop.Buyer" when="shop.kind=order">user</json_static_field>
  <json_static_field name="shop.clerk">user</json_static_field>
  <json_static_field name="shop.address">srcip</json_static_field>
</decoder>"""
STATIC = [
    ('{"shop":{"kind":"order","buyer":"eve","clerk":"bob"}}', {"dstuser": "eve"}),
    ('{"shop":{"clerk":"bob","address":"192.0.2.1"}}', {"dstuser": "bob", "srcip": "192.0.2.1"}),
    ('{"shop":{"kind":"Order","buyer":"eve","clerk":"bob"}}', {"dstuser": "bob"}),
    ('{"shop":{"kind":"order","buyer":"","clerk":"bob"}}', {"dstuser": "bob"}),
    ('{"shop":{"kind":"order","clerk":["bob"]}}', {"dstuser": '["bob"]'}),
    ('{"shop":{"clerk":""}}', {}),
    ('{"shop":{"clerk":"bob"},"dstuser":"ann","srcip":""}', {"dstuser": "ann", "srcip": ""}),
    ('{"shop":{"clerk":"bob","clerk":"ann"}}', {"dstuser": "bob"}),
]


@pytest.mark.parametrize(("log", "static"), STATIC)
def test_static_fields_from_dynamic_ones(log: str, static: dict[str, str]) -> None:
    event = decoded(load(SHOP), log)
    assert event.static == static
    assert all(name.startswith("shop.") for name, _ in event.fields.items())


def test_neighbours_that_ask_for_the_same_field_are_one_look_up() -> None:
    rules = [("kind", "a"), ("kind", "b"), None, ("kind", "a"), ("type", "a")]
    groups = group_static_fields(tuple(StaticFieldRule("user", "x", when) for when in rules))
    assert [(where, sorted(texts)) for where, texts in groups] == [
        ("kind", ["a", "b"]),
        ("", [""]),
        ("kind", ["a"]),
        ("type", ["a"]),
    ]


def test_a_missing_field_is_not_an_empty_one() -> None:
    groups = group_static_fields((StaticFieldRule("id", "x", ("kind", "")),))
    event = Event(Record("", "x", 0.0), location="x", hostname="h")
    event.fields.add("x", "1")
    set_static_fields(event, groups)
    assert fields(event) == [("x", "1")]
    event.fields.add("kind", "")
    set_static_fields(event, groups)
    assert event.static == {"id": "1"}
