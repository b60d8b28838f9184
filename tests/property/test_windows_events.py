"""Windows events: handing the document over gives what writing its JSON and reading that again gives."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alertmill.decoders import decode_eventchannel
from alertmill.decoders.plugins import windows_eventchannel
from alertmill.event import Event, Record, to_byte_text
from support import LONG

NAMES = st.sampled_from(["Image", "image", "Data", "EventID", "Level", "Keywords", "a.b", "User"])
TEXTS = st.text(st.sampled_from('ab-0 "\\\\/<>&\n\t\x01\x7fé\U0001f600\0u'), max_size=8)


@st.composite
def messages(draw: st.DrawFn) -> str:
    def elements(most: int) -> str:
        pairs = draw(st.lists(st.tuples(NAMES, TEXTS), max_size=most))
        return "".join(f"<{name}>{text.replace('<', '')}</{name}>" for name, text in pairs)

    data = "".join(
        f"<Data Name='{name}'>{text.replace('<', '')}</Data>"
        for name, text in draw(st.lists(st.tuples(NAMES, TEXTS), max_size=6))
    )
    other = f"<UserData><X>{elements(3)}</X></UserData>" if draw(st.booleans()) else ""
    xml = f"<Event><System>{elements(5)}</System><EventData>{data}</EventData>{other}</Event>"
    members = {"Message": draw(TEXTS), "Event": xml}
    return to_byte_text(json.dumps(members, ensure_ascii=draw(st.booleans())))


def decoded(message: str) -> tuple[object, ...]:
    event = Event(Record(message, "EventChannel", 1.0, queue="f"), location="EventChannel", hostname="host")
    event.full_log = event.log = message
    rejected = decode_eventchannel(event)
    return rejected, event.log, event.full_log, list(event.fields.items()), event.static, event.warnings


@settings(max_examples=20_000 if LONG else 500, deadline=None)
@given(messages())
def test_both_ways_give_the_same(message: str) -> None:
    quick = decoded(message)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(windows_eventchannel, "_document", lambda win: None)
        assert decoded(message) == quick
