"""`data`: names and dots, and documents that know their own nesting."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alertmill.alerts.data_member import DataMember, nested
from alertmill.decoders.document import DocumentFields, JsonStyle, clean_text
from alertmill.event import Event, Fields, Record
from unit.alerts.builders import make_event


@pytest.mark.parametrize(
    ("static", "fields", "data"),
    [
        ({}, [], ""),
        ({}, [("a", "")], ""),
        ({"srcip": "", "url": "/u"}, [], '{"srcip":"","url":"/u"}'),
        ({"url": "/u", "srcip": "1"}, [("z", "2")], '{"srcip":"1","url":"/u","z":"2"}'),
        ({}, [("a.b", "1"), ("a.c.d", "2"), ("e", "3"), ("a.f", "4")], '{"a":{"b":"1","c":{"d":"2"},"f":"4"},"e":"3"}'),
        ({}, [("a", "1"), ("a", "2"), ("A", "3"), ("a.b", "4")], '{"a":"1"}'),
        ({}, [("a.b", "1"), ("a", "2"), ("A.B", "3"), ("A.c", "4")], '{"a":{"b":"1","c":"4"}}'),
        ({}, [("a", ""), ("a", "1")], '{"a":"1"}'),
        ({"data": "s"}, [("data.x", "1"), ("DATA", "2")], '{"data":"s"}'),
        ({}, [(".x", "1"), ("x.", "2"), ("y..z", "3"), ("", "4")], '{"":{"x":"1"},"x":{"":"2"},"y":{"":{"z":"3"}}}'),
        (
            {"data": "[1]"},
            [("a", "[1, 2]"), ("b", "[1] x"), ("c", "[")],
            '{"data":"[1]","a":[1,2],"b":"[1] x","c":"["}',
        ),
        ({}, [("a.b", "[]"), ("a.b.c", "1")], '{"a":{"b":[]}}'),
        ({}, [('q"', 'w"'), ("%s", "%d"), ("n\n", "\xff\x7f")], '{"q\\"":"w\\"","%s":"%d","n\\n":"\xff\x7f"}'),
    ],
)
def test_nesting(static: dict[str, str], fields: list[tuple[str, str]], data: str) -> None:
    member = DataMember()
    event = make_event(static=static, fields=fields)
    assert member.text(event) == (data, ())
    assert member.text(event) == (data, ())


def test_the_same_names_with_other_values() -> None:
    member = DataMember()
    texts = [member.text(make_event(fields=[("a.b", a), ("c", c)]))[0] for a, c in [("1", "2"), ("x,\n  y", '","')]]
    assert [json.loads(text) for text in texts] == [{"a": {"b": "1"}, "c": "2"}, {"a": {"b": "x,\n  y"}, "c": '","'}]


def test_any_number_of_dots() -> None:
    name = "a." * 30000
    text = DataMember().text(make_event(fields=[(name, "v")]))[0]
    assert text == '{"a":' * 30000 + '{"":"v"}' + "}" * 30000


def test_endless_names_do_not_fill_the_memory() -> None:
    member = DataMember()
    for number in range(300):
        member.text(make_event(fields=[(f"{number}" + "x" * 60_000, "v")]))
    assert member._characters <= 4_000_000
    assert len(member._templates) < 70


def test_labels_nest_in_the_same_way() -> None:
    assert nested([("a.b", "1"), ("c", ""), ("a.d", "[2]")]) == '{"a":{"b":"1","d":[2]},"c":""}'


# --- documents --------------------------------------------------------------------------------------------------------


def document_event(document: dict[str, Any], *, byte_text: bool) -> Event | None:
    """An event with the fields of a document, None when such a document has no fields of its own kind."""
    style = JsonStyle()
    shape = style.shape(document)
    if shape is None:
        return None
    event = Event(Record("", "x", 0.0), location="x", hostname="h")
    clean = None if byte_text else clean_text
    event.fields = DocumentFields(document, style, shape, event.static, clean)
    return event


def flat_event(event: Event) -> Event:
    """The same event with its fields as a plain list."""
    flat = Event(event.record, location="x", hostname="h")
    flat.static = event.static
    flat.fields = Fields()
    for name, value in event.fields.items():
        flat.fields.add(name, value)
    return flat


NAMES = st.sampled_from(
    ["a", "b", "A", "c.d", "", "sca", "SCA", "check", "compliance", "srcip", "user", "\u00e9", "q\0r"]
)
TEXTS = st.one_of(st.text(max_size=6), st.sampled_from(["", "[1]", '["x"]', "[", "a\0b", "\ud800", "\udce9", "\u00e9"]))
NUMBERS = st.one_of(
    st.integers(), st.floats(), st.sampled_from([2**31, -(2**31), 10**15, 10**30, 1e400, -0.0, 0.1, 1e22])
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=10,
)
DOCUMENTS = st.dictionaries(NAMES, VALUES, max_size=5)


@settings(max_examples=400, deadline=None)
@given(DOCUMENTS)
@example({"a": {"b": {}, "c": ""}, "b": [], "c": [{}, {"a": [1.5]}]})
@example({"a": [10**15, -(10**15)], "b": 10**15 - 1, "c": [10**15 - 1]})
@example({"sca": {"check": {"compliance": {"cis": "1.1, 2"}}}})
@example({"a": {"b": "x", "B": "y"}})
@example({"a": ["[1]", {"k": "[1]"}]})
def test_a_document_gives_what_its_fields_give(document: dict[str, Any]) -> None:
    event = document_event(document, byte_text=False)
    if event is not None:
        assert DataMember().text(event) == DataMember().text(flat_event(event))


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from("abc"), st.text(st.characters(max_codepoint=255), max_size=8), max_size=3))
def test_a_document_of_byte_text_gives_what_its_fields_give(document: dict[str, Any]) -> None:
    event = document_event({name: value.replace("\0", "") for name, value in document.items()}, byte_text=True)
    assert event is not None
    assert DataMember().text(event) == DataMember().text(flat_event(event))


def test_a_plain_document_is_nested_at_once() -> None:
    event = document_event({"a": {"b": 1, "c": [1, "x"], "d": None, "e": {}}, "f": True, "g": ""}, byte_text=False)
    assert event is not None
    assert event.fields.nested() == ({"a": {"b": "1", "c": [1, "x"], "d": "null"}, "f": "true"}, False)


def test_a_very_deep_document() -> None:
    document: dict[str, Any] = {"a": "x"}
    for _ in range(900):
        document = {"a": document}
    event = document_event(document, byte_text=False)
    assert event is not None
    assert DataMember().text(event)[0] == '{"a":' * 900 + '{"a":"x"}' + "}" * 900
