"""Windows events of queue `f` (spec/decoders.md 9)."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertmill.decoders import Rejected, decode_eventchannel
from alertmill.decoders.identities import BUILT_IN
from alertmill.event import Event, Record, to_byte_text
from unit.decoders.helpers import fields

SYSTEM = (
    "<System><Provider Name='Shop-Auditing' Guid='{5484}' EventSourceName='Shop'/><EventID>4625</EventID>"
    "<Version>0</Version><Level>0</Level><Keywords>0x8010000000000000</Keywords>"
    "<TimeCreated SystemTime='2026-01-15T10:00:00Z'/><EventRecordID>7</EventRecordID><Correlation ActivityID='x'/>"
    "<Execution ProcessID='580' ThreadID='1200'/><Channel>Sec</Channel><Computer>pc1</Computer><Security/></System>"
)


def event_of(xml: str | None, message: str | None = None, **more: object) -> tuple[Event, Rejected | None]:
    document = {key: value for key, value in (("Event", xml), ("Message", message)) if value is not None} | more
    record = Record(to_byte_text(json.dumps(document, ensure_ascii=False)), "EventChannel", 0.0, queue="f")
    event = Event(record, location="EventChannel", hostname="h")
    event.program_name = event.timestamp = "x"
    return event, decode_eventchannel(event)


def shown(xml: str, message: str | None = None) -> dict[str, str]:
    """The event's fields without the leading `win.`."""
    event, rejected = event_of(xml, message)
    assert rejected is None
    assert event.static == {}
    assert all(name.startswith("win.") for name, _ in event.fields.items())
    return {name[4:]: value for name, value in event.fields.items()}


def test_the_event_is_decoded_from_new_json() -> None:
    event, rejected = event_of(f"<Event xmlns='http://x'>{SYSTEM}</Event>")
    assert rejected is None
    assert event.decoder is not None
    assert (event.decoder.name, event.decoder.type) == ("windows_eventchannel", "ossec")
    assert event.decoder.identity == BUILT_IN["windows_eventchannel"]
    assert (event.program_name, event.timestamp) == (None, None)
    assert event.log == event.full_log
    assert event.full_log.startswith('{"win":{"system":{"providerName":"Shop-Auditing","providerGuid":"{5484}",')
    assert event.fields.get("win.system.eventid") == "4625"


def test_system_members_come_in_order() -> None:
    seen = shown(f"<Event>{SYSTEM}</Event>", "Login failed.")
    assert [name.removeprefix("system.") for name in seen] == [
        *("providerName", "providerGuid", "eventSourceName", "eventID", "version", "level", "keywords", "systemTime"),
        *("eventRecordID", "processID", "threadID", "channel", "computer", "severityValue", "message"),
    ]
    assert seen["system.severityValue"] == "AUDIT_FAILURE"
    assert seen["system.message"] == '"Login failed."'


SEVERITIES = [
    ("1", "0x0", "CRITICAL"),
    ("2", "0x0", "ERROR"),
    ("3", "0x0", "WARNING"),
    ("4", "0x0", "INFORMATION"),
    ("5", "0x0", "VERBOSE"),
    ("6", "0x0", "UNKNOWN"),
    ("0", "0x8010000000000000", "AUDIT_FAILURE"),
    ("0", "0x8020000000000000", "AUDIT_SUCCESS"),
    ("0", "0x8000000000000000", "UNKNOWN"),
    ("0", "no number", "UNKNOWN"),
]


@pytest.mark.parametrize(("level", "keywords", "severity"), SEVERITIES)
def test_severity(level: str, keywords: str, severity: str) -> None:
    xml = f"<Event><System><Level>{level}</Level><Keywords>{keywords}</Keywords></System></Event>"
    assert shown(xml)["system.severityValue"] == severity


@pytest.mark.parametrize("inside", ["<Level>1</Level>", "<Keywords>0x0</Keywords>", ""])
def test_severity_needs_level_and_keywords(inside: str) -> None:
    assert "system.severityValue" not in shown(f"<Event><System>{inside}</System></Event>")


AUDIT = "<System><Level>0</Level><Keywords>0x0</Keywords></System>"
FILE_SYSTEM = "<Data Name='CategoryId'>%%8274</Data><Data Name='SubcategoryId'>%%12800</Data>"
DATA = [
    ("<Data Name='TargetUser'>eve </Data>", {"targetUser": "eve"}),
    ("<Data Name='A'></Data><Data Name='B'>-</Data><Data Name='C'>(NULL)</Data><Data Name='D'> </Data>", {}),
    ("<Data>one</Data><Data Name='X'>x</Data><Data>two</Data>", {"x": "x", "data": "one, two"}),
    ("<Data Kind='Some'>x</Data>", {"Some": "x"}),
    ("<Param1>x</Param1>", {"param1": "x"}),
    ("<Data Name='Path'>C:\\Temp</Data>", {"path": "C:\\\\Temp"}),
    ("<Data Name='Cmd'>a &amp; b</Data>", {"cmd": "a &amp; b"}),
    ("<Data Name='T'>\u00e9\t</Data>", {"t": "\xc3\xa9\\t"}),
    (
        FILE_SYSTEM + "<Data Name='AuditPolicyChanges'>%%8449, %%8451</Data><Data>n</Data>",
        {
            "categoryId": "%%8274",
            "subcategoryId": "%%12800",
            "auditPolicyChangesId": "%%8449, %%8451",
            "category": "Object Access",
            "subcategory": "File System",
            "auditPolicyChanges": "Success added, Failure added",
            "data": "n",
        },
    ),
    (
        "<Data Name='CategoryId'>8277</Data><Data Name='SubcategoryId'>1</Data>",
        {"categoryId": "8277", "subcategoryId": "1", "category": "Policy Change"},
    ),
    ("<Data Name='CategoryId'>1</Data><Data Name='SubcategoryId'>1</Data>", {"categoryId": "1", "subcategoryId": "1"}),
    ("<Data Name='CategoryId'>8277</Data>", {"categoryId": "8277"}),
]


@pytest.mark.parametrize(("inside", "data"), DATA, ids=range(len(DATA)))
def test_event_data(inside: str, data: dict[str, str]) -> None:
    seen = shown(f"<Event>{AUDIT}<EventData>{inside}</EventData></Event>")
    found = {name.removeprefix("eventdata."): value for name, value in seen.items() if name.startswith("eventdata.")}
    assert list(found.items()) == list(data.items())


def test_category_needs_level_and_keywords() -> None:
    inside = "<Data Name='CategoryId'>8277</Data><Data Name='SubcategoryId'>13568</Data>"
    assert "eventdata.category" not in shown(f"<Event><EventData>{inside}</EventData></Event>")


def test_other_parts() -> None:
    xml = "<Event><UserData><First><A>1</A></First><EventXML><Param>x</Param></EventXML></UserData><Empty/></Event>"
    assert shown(xml) == {"eventXML.a": "1", "eventXML.param": "x"}


MESSAGES = [
    ("plain ", '"plain "'),
    ('a "b" \\ c\n\t', '"a "b" \\ c\n\t"'),
    ("\x01", '"\\u0001"'),
    ("\\u0041", '"\\u0041"'),
]


@pytest.mark.parametrize(("message", "value"), MESSAGES)
def test_message(message: str, value: str) -> None:
    assert shown("<Event/>", message) == {"system.message": value}


def test_unreadable_xml_loses_the_xml_alone() -> None:
    broken = '<Event attribute="double quotes are escaped"><System>'
    event, rejected = event_of(broken)
    assert rejected is None
    assert event.full_log == '{"win":{"system":{}}}'
    assert shown(broken, "m") == {"system.message": '"m"'}


@pytest.mark.parametrize("text", ["", "no json", "[]", "{}", '{"Message":"m"}', '{"Event":5}', '{"Event":'])
def test_what_is_no_windows_event(text: str) -> None:
    event = Event(Record(text, "x", 0.0), location="x", hostname="h")
    rejected = decode_eventchannel(event)
    assert isinstance(rejected, Rejected)
    assert rejected.reason.endswith(".")


def test_names_of_the_outer_members_ignore_case() -> None:
    event, rejected = event_of(None, None, eVENT="<Event><System><Level>1</Level></System></Event>")
    assert rejected is None
    assert fields(event) == [("win.system.level", "1")]


@given(
    st.lists(
        st.sampled_from(
            ["<Event>", "</Event>", "<System>", "</System>", "<Data Name='a'>", "</Data>", "x", "\\", "<", '"']
        )
    )
)
def test_no_xml_is_too_odd(pieces: list[str]) -> None:
    event, rejected = event_of("".join(pieces), "m")
    assert rejected is None
    assert event.fields.get("win.system.message") == '"m"'
