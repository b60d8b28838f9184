"""What is told of a record by one of its members, or without its text, holds of the record read whole."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from alertmill.decoders import load_decoders
from alertmill.decoders.route import JsonRoute
from alertmill.engine import _USERS
from alertmill.errors import Problems
from alertmill.event import Event
from alertmill.ruleset.conditions import READERS
from alertmill.sheet import Layout, SheetRecord, Unknown
from alertmill.sources.aws.buckets.cloudtrail import CloudTrail
from alertmill.sources.aws.envelope import Envelope
from alertmill.sources.aws.sheets import JsonSheet, Memberwise, split
from support import LONG

quick = settings(max_examples=2000 if LONG else 200, deadline=None, suppress_health_check=[HealthCheck.too_slow])

MEMBERWISE: Memberwise = CloudTrail().memberwise  # type: ignore[assignment]
TEXTS = ("red", "blue", "", "x" * 1100, "red\0blue", "r\u00e9d", 'a"b', "x\\y", "1", "null", "\u007f", "\nname")
NUMBERS = (0, 1, -5, 2**31 - 1, 2**31, -(2**31), 2**70, 1.0, 1.5, 1e30, True, False, None)
LEAVES = st.one_of(st.sampled_from(TEXTS), st.sampled_from(NUMBERS))
NAMES = st.sampled_from(
    ("a", "b", "A", "a.b", "n\u00e9", "string", "value", "disableApiTermination", "DisableApiTermination")
)
INNER = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.dictionaries(NAMES, inner, max_size=4), st.lists(inner, max_size=2)),
    max_leaves=6,
)
MEMBERS = st.sampled_from(
    ("eventName", "userIdentity", "requestParameters", "tags", "sourceIPAddress", "RequestParameters")
)
PATHS = [
    *"ab",
    *("string", "value", "disableapitermination", "disableapitermination.value", "a.b", "a.a", "b.a.b", "n\u00e9"),
]
FIELDS = [
    "aws." + name + below
    for name in ("eventname", "useridentity", "requestparameters", "tags", "sourceipaddress", "source_ip_address")
    for below in ("", *(f".{path}" for path in PATHS))
]
WORDS = (b"name", b"string", b"blue", b"strawberries", b"value", b"true", b"null", b"main", b"quarry")
STATIC = "".join(
    f'<json_static_field name="{name}"{when}>{static}</json_static_field>'
    for name, when, static in (
        ("aws.userIdentity.a", ' when="aws.userIdentity.b=red"', "user"),
        ("aws.userIdentity.a.b", "", "user"),
        ("aws.userIdentity.b", ' when="aws.source=cloudtrail"', "user"),
        ("aws.userIdentity", ' when="aws.source=cloudtrail"', "user"),
        ("aws.userIdentity.value", ' when="aws.source=vpc"', "srcuser"),
        ("aws.userIdentity.string", "", "srcuser"),
        ("aws.requestParameters.a", "", "extra_data"),
    )
)


def record_of(members: dict[str, Any], separators: tuple[str, str], *, improved: bool, escaped: bool) -> SheetRecord:
    text = json.dumps({"Records": [members]}, separators=separators, ensure_ascii=escaped)
    if escaped:
        text = text.replace("blue", "bl\\u0075e").replace("name", "n\\u0061me")
    data = text.encode()
    raws = split(data, MEMBERWISE)
    assert raws is not None
    envelope = Envelope("logs", "strawberries.gz", "Main", "123456789012")
    return SheetRecord(
        JsonSheet(MEMBERWISE, data, envelope, CloudTrail().reshape, "s3://logs/#", improved=improved), raws[0], 1, 0.0
    )


def record_with(name: str, value: Any) -> SheetRecord:
    return record_of({name: value}, (",", ":"), improved=True, escaped=True)


records = st.builds(
    record_of,
    st.dictionaries(MEMBERS, INNER, min_size=1, max_size=4),
    st.sampled_from([(",", ":"), (", ", ": ")]),
    improved=st.booleans(),
    escaped=st.booleans(),
)


def route() -> JsonRoute:
    json_decoder = '<prematch>^{\\s*"</prematch><plugin_decoder>JSON_Decoder</plugin_decoder>'
    problems = Problems()
    found = load_decoders([("json.xml", f'<decoder name="json">{json_decoder}{STATIC}</decoder>')], problems).route
    assert found is not None and not problems.errors
    return found


ROUTE = route()


def event_of(record: SheetRecord) -> Event | None:
    """The event of a record read whole; None for one that travels as text."""
    event = Event(record, location="here", hostname="mill")
    return event if ROUTE.decode(event, record) else None


def shown(record: SheetRecord) -> tuple[Layout, Any, Event] | None:
    """What a record shows, and its event; None for one that has to be read, or that travels as text."""
    look, event = record.sheet.look(record.raw), event_of(record)
    return None if look is None or event is None else (*look, event)


@quick
@given(records)
@example(record_with("requestParameters", {"disableApiTermination": True}))
@example(record_with("userIdentity", [{"a": "red"}]))
@example(record_with("userIdentity", {"b": [{"a": {"b": "red"}}]}))
@example(record_with("userIdentity", {"a": "red\0blue"}))
def test_fields_are_those_of_the_document(record: SheetRecord) -> None:
    found = shown(record)
    if found is None:
        return
    layout, members, event = found
    for name in FIELDS:
        origin = layout.origin(name)
        for key in origin or ():
            value = members[key]
            text = layout.reader(name)(value if isinstance(value, str) else bytes(value))
            assert isinstance(text, Unknown) or text == event.fields.get(name), name


@quick
@given(records)
def test_static_fields_are_those_of_the_event(record: SheetRecord) -> None:
    found = shown(record)
    if found is None:
        return
    layout, members, event = found
    for names in (("dstuser",), ("srcuser",), ("dstuser", "srcuser"), ("srcuser", "dstuser"), ("extra_data",)):
        keys = {key for name in names for key in ROUTE.static_origin(layout, name) or ()}
        if len(keys) == 1:
            text = ROUTE.static_reader(layout, names, event)(bytes(members[keys.pop()]))
            first = next((event.static[name] for name in names if name in event.static), None)
            assert isinstance(text, Unknown) or text == first, names


@pytest.mark.parametrize("kind", _USERS)
def test_users_are_those_that_rules_look_at(kind: str) -> None:
    event = Event(record_with("eventName", "red"), location="here", hostname="mill")
    for name in reversed(_USERS[kind]):
        event.static[name] = name
        assert READERS[kind](event) == name


@quick
@given(records)
@example(record_with("eventName", "blue"))
def test_no_word_is_missed(record: SheetRecord) -> None:
    opened = record.opened()
    for word in WORDS:
        # A word counts where no letter stands before it that might end an escape (`patterns.json_words`).
        if re.search(rb"(?<![\\a-z0-9])" + word, opened.message.lower().encode("latin-1")):
            assert record.sheet.may_say(record.raw, (word,)), word
    assert b"\\u" in record.raw or not record.sheet.may_say(record.raw, (b"quarry",))


def test_most_fields_are_told() -> None:
    identity = {"type": "IAMUser", "sessionContext": {"attributes": {"mfa": True, "since": None}, "count": 3}}
    layout, members, _ = shown(record_with("userIdentity", identity))  # type: ignore[misc]
    inside = ("", ".attributes.mfa", ".attributes.since", ".count")
    names = ("type", *(f"sessioncontext{path}" for path in inside), "type.more", "nothing", "nothing.at.all")
    found = [layout.reader(f"aws.useridentity.{name}")(bytes(members["userIdentity"])) for name in names]
    assert found == ["IAMUser", None, "true", None, "3", None, None, None]
