"""Templates filled with texts give what the plain way prints, whatever documents, texts, rules and places come."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from itertools import cycle
from typing import Any
from unittest import mock

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alertmill.alerts import AlertFacts, AlertWriter, event_texts
from alertmill.alerts.data_member import DataMember
from alertmill.alerts.event_texts import EventTexts, FilledTexts, PlainTexts, Texts
from alertmill.alerts.json_format import JsonFormat
from alertmill.alerts.rule_member import RuleMembers
from alertmill.alerts.text_format import TextFormat
from alertmill.alerts.times import TimeText
from alertmill.decoders.document import DocumentFields, JsonStyle, clean_text
from alertmill.event import DecoderInfo, Event, Fields, Match, Record, RuleInfo
from alertmill.sources.aws.envelope import spell_compatible, spell_improved
from support import LONG

SPELLS = (spell_compatible, spell_improved)
STYLES = (JsonStyle(), JsonStyle(discard_null=True), JsonStyle(csv_arrays=True), JsonStyle(max_fields=3))

NAMES = st.sampled_from(
    [
        *("a", "b", "A", "c.d", "", "sca", "SCA", "check", "compliance", "srcip", "user", "dstuser"),
        *("\u00e9", "q\0r", 'k"', "<@0@>", "1900000001", "n\n"),
    ]
)
HARMLESS = ("x", "10.1.2.3", "two words", "<@0@>", "1900000000", "%s {0}", "]", "/a:b,c")
HOSTILE = ('"', "\\", '"a", "b"', "\n", "\t\x1f", "\x7f", "\0", "a\0b", "\u00e9", "\ud800", "\udce9", "\u2028", "")
ARRAYS = ("[", "[]", "[1]", '["x"]', "[1, 2", "[S3Console/0.4]", '{"a": [1]}', ",\n  ")
TEXTS = st.one_of(st.text(max_size=4), st.sampled_from(HARMLESS), st.sampled_from(HOSTILE), st.sampled_from(ARRAYS))
NUMBERS = st.one_of(
    st.integers(-5, 5), st.floats(), st.sampled_from([2**31, 2**31 - 1, -(2**31), 10**15, 10**30, 1e400, -0.0, 1e22])
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=10,
)
DOCUMENTS = st.dictionaries(NAMES, VALUES, max_size=5)
STATIC = st.dictionaries(st.sampled_from(["srcip", "id", "extra_data"]), TEXTS.map(clean_text), max_size=2)


def document_event(document: dict[str, Any], spell: Any, style: JsonStyle, static: dict[str, str]) -> Event | None:
    """A decoded event; None when such a document has no fields of its own kind."""
    shape = style.shape(document)
    if shape is None or document != document:
        return None
    event = Event(Record(None, "x", 0.0, document=document, spell=spell), location="x", hostname="h")
    event.fields = DocumentFields(document, style, shape, event.static, clean_text)
    event.static.update(static)
    return event


def with_texts(value: Any, texts: Any) -> Any:
    """The value with other texts, in order."""
    if isinstance(value, dict):
        return {name: with_texts(inner, texts) for name, inner in value.items()}
    if isinstance(value, list):
        return [with_texts(inner, texts) for inner in value]
    return next(texts) if isinstance(value, str) else value


def printed(texts: Texts) -> tuple[Any, ...]:
    return texts.full_log(), texts.lines(), texts.data()


@settings(max_examples=3000 if LONG else 400, deadline=None)
@given(DOCUMENTS, st.lists(TEXTS, min_size=1, max_size=6), STATIC, st.sampled_from(SPELLS), st.sampled_from(STYLES))
@example({"a": {"b": {}, "c": ""}, "b": [], "c": [{}, {"a": [1, "y"]}]}, ['q"', "[1]"], {}, spell_compatible, STYLES[0])
@example({"a": {"b": "x", "c": 50, "d": True, "e": None}}, ["[1]", "z"], {"srcip": "1"}, spell_improved, STYLES[0])
@example({"sca": {"check": {"compliance": {"cis": "1.1, 2"}}}}, ["x"], {}, spell_compatible, STYLES[0])
@example({"a": ["[1]", {"k": "[1]"}], "user": "u", "dstuser": ""}, ['\\"', ""], {}, spell_compatible, STYLES[0])
@example({"a": {"b": "x", "B": "y"}, "srcip": 5}, ["x"], {"srcip": "", "id": '"'}, spell_compatible, STYLES[0])
@example({"a": "x", "b": ""}, ["", "y", "\x7f", "\0"], {}, spell_improved, STYLES[1])
def test_filled_templates_are_what_the_plain_way_prints(
    document: dict[str, Any], texts: list[str], static: dict[str, str], spell: Any, style: JsonStyle
) -> None:
    ways = EventTexts()
    other = with_texts(document, cycle(texts))
    for found in (document, document, other, other, document):
        event = document_event(found, spell, style, static)
        if event is None:
            return
        plain = printed(PlainTexts(event, DataMember()))
        fresh = document_event(found, spell, style, static)
        assert fresh is not None
        assert printed(ways.of(fresh)) == plain


@pytest.mark.parametrize("text", [*HARMLESS, 'say "no"', "back\\slash", "two\nlines", "[S3Console/0.4]", "[1, 2"])
def test_ordinary_events_are_filled_in(text: str) -> None:
    """The property would hold as well if nothing ever took the fast way."""
    ways, style = EventTexts(), JsonStyle()
    document = {"a": {"b": text, "n": 7, "t": True, "z": None}, "l": [{"k": text}, "x"], "e": ""}
    for _ in range(3):
        event = document_event(document, spell_compatible, style, {"srcip": "10.0.0.1"})
        assert event is not None
        texts = ways.of(event)
    assert isinstance(texts, FilledTexts)
    assert event.record.unspelled is spell_compatible


@pytest.mark.parametrize("text", ["[1]", "caf\u00e9", "a\0b", "\x7f"])
def test_other_events_go_the_plain_way(text: str) -> None:
    ways, style = EventTexts(), JsonStyle()
    for _ in range(3):
        event = document_event({"a": text}, spell_compatible, style, {})
        assert event is not None
        assert isinstance(ways.of(event), PlainTexts)


def test_a_message_that_came_as_text_is_shown_as_it_came() -> None:
    ways, style, document = EventTexts(), JsonStyle(), {"a": "x"}
    for _ in range(3):
        shape = style.shape(document)
        assert shape is not None
        event = Event(Record('{ "a":"x" }', "x", 0.0), location="x", hostname="h")
        event.fields = DocumentFields(document, style, shape, event.static, None)
        texts = ways.of(event)
    assert isinstance(texts, FilledTexts)
    assert printed(texts) == ('{ "a":"x" }', "a: x\n", ('{"a":"x"}', ()))


def test_endless_outlines_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_texts, "_MAX_CHARACTERS", 10_000)
    ways, style = EventTexts(), JsonStyle()
    for number in range(200):
        for _ in range(2):
            event = document_event({f"{number}" + "x" * 500: "v"}, spell_compatible, style, {})
            assert event is not None
            ways.of(event)
    assert 0 < len(ways._templates) < 10
    assert ways._characters <= 10_000


# --- whole alerts -----------------------------------------------------------------------------------------------------

RULES = [
    RuleInfo(1, 3, "plain", group_text="a,pci_dss_1,"),
    RuleInfo(2, 5, 'say "$(a.b)" of $(srcip)', group_text="b,", mail=True, no_full_log=True, frequency=4),
    RuleInfo(3, 7, "caf\xc3\xa9 $(a)" + "x" * 1010, group_text="c,", no_counter=True, cve="c", info="i"),
    RuleInfo(4, 0, "$(id)", group_text="rootcheck,", mitre=(("T1",), ("x",), ("y",))),
    RuleInfo(5, 9, "1900000001 <@0@>", group_text="2026 Jan 15 00:00:00 x,"),
]
PLACES = ("Wazuh-AWS", "(web) 10.0.0.1->/var/log/x", "/x/<@1@>", "/x/1900000002.log")
FACTS = AlertFacts("mill", ("c", "n"), (("env", "prod", False),), zone=UTC, improved=True)


def plain_alert(event: Event, match: Match) -> tuple[bytes, bytes]:
    """Both forms of an alert, printed the plain way throughout."""
    times, rules, texts = TimeText(UTC), RuleMembers(), PlainTexts(event, DataMember())
    description = rules.description(event, match.rule)
    line = JsonFormat(FACTS, times, rules).line(event, match, "7.1", texts, description)
    stanza = TextFormat(FACTS, times, rules).stanza(event, match, "7.1", texts, description)
    return line.encode("latin-1") + b"\n", stanza.encode("latin-1")


def alert_event(document: dict[str, Any], place: str, time: float, static: dict[str, str]) -> Event | None:
    event = document_event(document, spell_compatible, STYLES[0], static)
    if event is not None:
        event.record.time = time
        event.location = place
        event.agent_id = "001" if place.startswith("(") else "000"
        event.decoder = DECODER
    return event


@pytest.fixture(autouse=True, scope="module")
def templates_at_once() -> Iterator[None]:
    """A template for the second alert of its kind: no test is as long as to wait for more."""
    with mock.patch("alertmill.alerts.whole_alerts.BEFORE_TEMPLATE", 1):
        yield


DECODER = DecoderInfo("json", 1)
MATCHES = st.builds(
    Match,
    st.sampled_from(RULES),
    st.integers(1, 3) | st.just(1900000000),
    st.sampled_from([(), (), (), ("x", "y")]),
    st.sampled_from([None, None, None, "former"]),
)


@settings(max_examples=2000 if LONG else 300, deadline=None)
@given(
    DOCUMENTS,
    st.lists(TEXTS, min_size=1, max_size=4),
    st.lists(st.tuples(MATCHES, st.sampled_from(PLACES), st.sampled_from([1768435200.0, 1768435201.096])), min_size=4),
    STATIC,
)
@example(
    {"a": {"b": "x"}, "c": ["y", 5]},
    ["z", '"', "caf\u00e9"],
    [(Match(rule, n), place, 1768435200.0 + n) for rule in RULES for place in PLACES for n in range(6)],
    {"srcip": "10.0.0.1"},
)
def test_whole_alerts_are_what_the_plain_way_prints(
    document: dict[str, Any], texts: list[str], shown: list[tuple[Match, str, float]], static: dict[str, str]
) -> None:
    writer, other = AlertWriter(FACTS), with_texts(document, cycle(texts))
    for number, (match, place, time) in enumerate(shown):
        found = other if number % 2 else document
        event, twin = alert_event(found, place, time, static), alert_event(found, place, time, static)
        if event is None or twin is None:
            return
        assert (writer.json_line(event, match, "7.1"), writer.text_block(event, match, "7.1")) == plain_alert(
            twin, match
        )


def test_ordinary_alerts_are_whole() -> None:
    """The property would hold as well if no alert ever came from one template."""
    writer, match = AlertWriter(FACTS), Match(RULES[1], 1)
    for _ in range(4):
        event = alert_event({"a": {"b": "x"}, "c": ["y", 5]}, "Wazuh-AWS", 0.0, {"srcip": "1"})
        assert event is not None
        writer.text_block(event, match, "7.1")
    assert event is not None
    assert writer._whole.json(event, match, "7.1") is not None


@pytest.mark.parametrize("place", PLACES[2:])
def test_a_place_with_a_mark_in_it_has_no_template(place: str) -> None:
    writer, match = AlertWriter(FACTS), Match(RULES[0], 1)
    for _ in range(5):
        event = alert_event({"a": "x", "b": "y", "c": "z"}, place, 0.0, {})
        assert event is not None
        assert writer._whole.json(event, match, "7.1") is None


# --- columns ----------------------------------------------------------------------------------------------------------


class Row(Fields):
    """Fields made of columns."""

    def __init__(self, names: tuple[str, ...], values: list[str]) -> None:
        super().__init__()
        self._row = names, values
        for name, value in zip(names, values, strict=True):
            self.add(name, value)

    def columns(self) -> tuple[tuple[str, ...], list[str]]:
        return self._row


def row_event(names: tuple[str, ...], values: list[str], number: int, spell: Any) -> Event:
    row = dict(zip(names, values, strict=True))
    document = {"kind": "aws", "aws": {"info": {"number": number}, **row}}
    event = Event(Record(None, "x", 0.0, document=document, spell=spell), location="x", hostname="h")
    shown = ("kind", "aws.info.number", *(f"aws.{name}" for name in names))
    event.fields = Row(shown, ["aws", str(number), *values])
    return event


@settings(max_examples=1000 if LONG else 200, deadline=None)
@given(
    st.lists(st.sampled_from(["a", "b", "Src-Port", 'q"', "1900000001", "<@0@>"]), unique=True, max_size=4),
    st.lists(st.lists(st.sampled_from([*HARMLESS, '"', "[1]", "[x", "", "\\"]), min_size=4, max_size=4), min_size=2),
    st.sampled_from(SPELLS),
)
@example(["a", "b"], [["x", "y", "", ""], ["z", "", "", ""], ["<@1@>", "1900000001", "", ""]], spell_compatible)
def test_rows_are_printed_as_their_documents_are(names: list[str], rows: list[list[str]], spell: Any) -> None:
    ways = EventTexts()
    for number, row in enumerate(rows):
        event, twin = (row_event(tuple(names), row[: len(names)], number, spell) for _ in range(2))
        assert printed(ways.of(event)) == printed(PlainTexts(twin, DataMember()))


def test_ordinary_rows_are_filled_in() -> None:
    ways = EventTexts()
    for number in range(3):
        event = row_event(("a", "b"), ["x", ""], number, spell_compatible)
        assert isinstance(ways.of(event), FilledTexts)


def test_a_row_that_is_not_its_document_goes_the_plain_way() -> None:
    ways, event = EventTexts(), row_event(("a",), ["x"], 1, spell_compatible)
    event.fields = Row(("kind", "aws.a"), ["aws", "y"])
    assert isinstance(ways.of(event), PlainTexts)
