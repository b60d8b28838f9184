"""`data`: names and dots."""

from __future__ import annotations

import json

import pytest

from alertmill.alerts.data_member import DataMember, nested
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
