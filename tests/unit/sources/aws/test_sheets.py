"""Objects of JSON taken apart into texts, and what their records show without being read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from alertmill.sheet import MOST_FIELDS, SheetRecord
from alertmill.sources.aws.envelope import Envelope, tidy
from alertmill.sources.aws.sheets import JsonLayout, JsonSheet, Memberwise, occurs, picker, split, tidied

KIND = Memberwise("Records", "trail", frozenset(("tags", "free")), ("time", "id"))


def sheet(data: bytes = b"{}", account: str | None = "1", improved: bool = False) -> JsonSheet:
    def reshape(aws: dict[str, Any]) -> None:
        aws["reshaped"] = "yes"

    return JsonSheet(KIND, data, Envelope("b", "k", "", account), reshape, "s3://b/k#", improved=improved)


@pytest.mark.parametrize(
    "text, expected",
    [
        ('{"Records": [{"a": 1}, {"b":[2]}], "x": 1}', [b'{"a": 1}', b'{"b":[2]}']),
        ('{"Records": []}', []),
        ('{"other": []}', []),
        ('{"Records":[{"a":1}],"Records":[{"a":2}]}', [b'{"a":2}']),
        ('{"Records":[{"a":"\u00e9"}]}', ['{"a":"\u00e9"}'.encode()]),
        # What is not an object of records, or no JSON, is for others to complain about.
        ('{"Records": [1]}', None),
        ('{"Records": null}', None),
        ('{"Records": {"a": 1}}', None),
        ('[{"a": 1}]', None),
        ("", None),
        ('{"Records": [{"a": 01}]}', None),
        ('{"Records": [{"a": "\\ud800"}]}', None),
        ('{"Records": [{"a": NaN}]}', None),
        ('{"Records": [{"a": 1}]} x', None),
        ('{"Records": [' + '{"a":' * 5000 + "1" + "}" * 5000 + "]}", None),
    ],
)
def test_an_object_is_taken_apart_or_left_alone(text, expected):
    assert split(text.encode(), KIND) == expected


def test_bytes_that_are_no_text_are_left_alone():
    assert split(b'{"Records":[{"a":"\xff"}]}', KIND) is None


def test_a_record_shows_its_members():
    one = sheet()
    layout, members = one.look(b'{"eventName":"Run","tags":"x","list":[1]}') or pytest.fail("no layout")
    assert isinstance(members, dict)
    assert {name: bytes(value) if not isinstance(value, str) else value for name, value in members.items()} == {
        "eventName": b'"Run"',
        "tags": b'"x"',
        "list": b"[1]",
        "aws_account_id": "1",
    }
    again = sheet(b'{"other": 1}').look(b'{"eventName":"Stop","tags":null,"list":0}')
    assert again is not None
    assert again[0] is layout


@pytest.mark.parametrize(
    "text",
    [
        b'{"eventName":"a","EVENTNAME":"b"}',
        b'{"a.b":1}',
        '{"\u00e9":1}'.encode(),
        b'{"a\\u0000":1}',
        b'{"log_info":1}',
        b'{"Source":1}',
        b'{"source_ip_address":1}',
        json.dumps(dict.fromkeys(map(str, range(MOST_FIELDS + 1)), 1)).encode(),
        json.dumps({"list": {str(n): "" for n in range(MOST_FIELDS)}}).encode(),
    ],
)
def test_unusual_records_have_to_be_read(text):
    assert sheet().look(text) is None


@pytest.mark.parametrize("fields", [150, 200, 220])
def test_large_records_of_few_fields_have_a_layout(fields):
    text = json.dumps({f"name{number}": "some text, with a comma" for number in range(fields // 4)}).encode()
    assert sheet().look(text) is not None


@pytest.mark.parametrize(
    "name, expected",
    [
        ("integration", ()),
        ("nothing", ()),
        ("aws", ()),
        ("aws.source", ()),
        ("aws.eventname", ("eventName",)),
        ("aws.eventname.below", ("eventName",)),
        ("aws.event", ()),
        ("aws.source_ip_address", ("sourceIPAddress",)),
        ("aws.aws_account_id", ("aws_account_id",)),
        ("aws.log_info.log_file", None),
        ("aws.envelope.version", None),
    ],
)
def test_the_members_that_decide_a_field(name, expected):
    found = sheet().look(b'{"eventName":1,"sourceIPAddress":"10.0.0.1"}')
    assert found is not None
    assert found[0].origin(name) == expected


@pytest.mark.parametrize(
    "name, value, expected",
    [
        ("aws.eventname", b'"Run"', "Run"),
        ("aws.eventname", b'""', ""),
        ("aws.eventname", b'"R\\u0075n"', None),
        ("aws.eventname", '"\u00e9"'.encode(), None),
        ("aws.eventname", b"1", None),
        ("aws.eventname", b"null", None),
        ("aws.eventname.below", b'"Run"', None),
        ("aws.tags", b'"x"', None),
        ("aws.free", b'"x"', None),
        ("aws.source_ip_address", b'"10.0.0.1"', None),
        ("aws.aws_account_id", "1", "1"),
    ],
)
def test_texts_that_are_the_field_itself(name, value, expected):
    members = {"eventname": "eventName", "tags": "tags", "free": "free", "aws_account_id": "aws_account_id"}
    assert JsonLayout(members, KIND).text(name, value) == expected


@pytest.mark.parametrize("improved", [False, True])
def test_a_record_becomes_its_document(improved):
    record = SheetRecord(sheet(improved=improved), b'{"a":[1],"b":null}', 7, 5.0)
    number = {"record": 7} if improved else {}
    expected = {
        "log_info": {"aws_account_alias": "", "log_file": "k", "s3bucket": "b", **number},
        "a": 1,
        "source": "trail",
        "aws_account_id": "1",
        "reshaped": "yes",
    }
    assert record.document == {"integration": "aws", "aws": expected}
    assert json.loads(record.message) == record.document
    assert (record.place, record.queue, record.is_odd) == ("s3://b/k#7", "1", False)
    assert record.opened().document == record.document


def test_an_odd_record_travels_as_text():
    record = SheetRecord(sheet(), b'{"a":1180591620717411303424}', 1, 5.0)
    assert record.document is None
    assert record.is_odd
    assert json.loads(record.message)["aws"]["a"] == 2**70


@pytest.mark.parametrize(
    "record",
    [
        {"a": "x", "b": {"c": "d"}},
        {"a": None, "b": {"c": "d"}},
        {"a": None, "b": {"c": None}},
        {"a": "null", "b": {"c": None}},
        {"a": "null", "b": None},
        {"a": ["x"], "b": {"c": [{"d": None}]}},
        {"a": "[", "b": {"c": [None]}},
    ],
)
def test_tidied_is_tidy(record):
    expected = json.loads(json.dumps(record))
    tidy(expected)
    assert tidied(record, json.dumps(record).encode()) == expected


@pytest.mark.parametrize(
    "data, expected",
    [
        (b'{"a":"one-Word here"}', True),
        (b'{"a":"other"}', False),
        (b'{"a":"\\u006fne-word"}', True),  # an escape may hide it
        (b'{"a":"\\u002D"}', True),
        (b'{"a":"\\u003c"}', False),
        (b'{"a":"\\u0026"}', False),
    ],
)
def test_words_that_an_object_may_contain(data, expected):
    assert sheet(data).contains((b"one-word", b"integration")) is expected


def test_a_word_is_seen_anywhere():
    assert occurs(b"wo-rd", b"x" * 5_000_000 + b"\xffWO-rd" + b"y" * 70_000)
    assert not occurs(b"wo-rd", b"wo-rwo-\xe9" * 200_000)


def test_picked_members():
    pick = picker(KIND.identity)
    assert pick(b'{"time":"now","x":[1,2],"id":null}') == {"time": "now", "id": None}
    assert pick(b'{"x":"time","id":7,"id":8}') == {"id": 8}


@pytest.mark.parametrize(
    "text, expected", [(b'{"a":"b"}', True), (b'{"a":"\\u00e9"}', False), (b'{"a":"\xc3\xa9"}', False)]
)
def test_plain_texts(text, expected):
    assert sheet().is_plain(text) is expected


def test_layouts_that_are_remembered_have_an_end(monkeypatch):
    monkeypatch.setattr("alertmill.sources.aws.sheets._MOST_LAYOUTS", 3)
    kind = Memberwise("Records", "trail", frozenset(), ())
    for number in range(10):
        assert kind.layout((f"name{number}",)) is not None
    assert kind.layout(tuple(f"n{number}" for number in range(100))) is not None
    assert len(kind.layouts) <= 3


@pytest.mark.parametrize(
    "name, value, expected",
    [
        ("aws.a", b'"x"', "x"),
        ("aws.a", b'"\\n"', None),
        ("aws.a", b"5", None),
        ("aws.a.b", b'"x"', None),
    ],
)
def test_the_text_of_a_field_in_a_member(name, value, expected):
    layout = KIND.layout(("a",))
    assert layout is not None
    assert layout.text(name, value) == expected


def test_what_a_document_shows_of_a_record():
    one = sheet()
    inside, always, behind = one.shown(one.record({"sourceIPAddress": b'"10.1.2.3"', "b": b'["x"]', "c": b"null"}))
    assert inside == {"sourceIPAddress": "10.1.2.3", "b": "x"}
    assert next(iter(always)) == "source"
    assert behind["source_ip_address"] == "10.1.2.3"
    assert list(one.document(inside, 1)["aws"]) == ["log_info", *inside]
    assert one.shown(b'{"a":1180591620717411303424}') is None
