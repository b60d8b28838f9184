"""Windows events as agents send them (queue `f`): JSON around XML -> `win.system.*`, `win.eventdata.*` (decoders.md 9).

The XML is read in its JSON-escaped form and without decoding entities, so `&amp;` and doubled backslashes stay as they
are: detection rules were written against that. The result replaces the log and is decoded like any JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from json.encoder import encode_basestring
from typing import Any

import orjson

from alertmill.decoders.cjson import read_object
from alertmill.decoders.eventxml import Part, parts
from alertmill.decoders.identities import BUILT_IN
from alertmill.decoders.plugins import json
from alertmill.decoders.plugins.base import PluginSettings
from alertmill.decoders.predecode import Rejected
from alertmill.decoders.windows_audit import AUDIT_POLICY_CHANGES, CATEGORIES
from alertmill.event import DecoderInfo, Event

_NAME = "windows_eventchannel"
_DECODER = DecoderInfo(_NAME, BUILT_IN[_NAME], type="ossec")
_DEFAULTS = PluginSettings()

_SEVERITIES = {"1": "CRITICAL", "2": "ERROR", "3": "WARNING", "4": "INFORMATION", "5": "VERBOSE"}
_AUDIT_FAILURE = 0x10000000000000
_AUDIT_SUCCESS = 0x20000000000000
_NO_VALUE = ("", "-", "(NULL)")
_NUMBER = re.compile(r"[0-9]+")
_SHORT_ESCAPE = re.compile(r'\\([btnfr"\\])')
#: Characters that JSON has no short escape for.
_LONG_ESCAPED = re.compile(r"[\x00-\x07\x0b\x0e-\x1f]")
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}

#: Members of a JSON object in order; values are byte text, or members again.
_Members = list[tuple[str, Any]]


def decode_eventchannel(event: Event, settings: PluginSettings = _DEFAULTS) -> Rejected | None:
    """Decode an event of queue `f`: sets decoder, log and fields. Returns why it is to be dropped, or None."""
    event.decoder = _DECODER
    event.program_name = event.timestamp = None
    parsed = read_object(event.full_log)
    members: Iterable[tuple[str, Any]] = parsed.items() if isinstance(parsed, dict) else parsed or ()
    xml, message = _member(members, "event"), _member(members, "message")
    if xml is None:
        return Rejected("a Windows event must be a JSON object with the XML text in its member Event.")
    win = _win(encode_basestring(xml), message)
    document = _document(win) if "\0" not in event.full_log else None  # a NUL would end a text
    if document is None:
        event.full_log = event.log = _json([("win", win)])
        json.decode(event, event.log, settings)
    else:
        event.full_log = event.log = orjson.dumps(document).decode()
        json.decode_parsed(event, event.log, document, settings)
    return None


def _document(win: _Members) -> dict[str, Any] | None:
    """What reading the JSON of these members would give; None where a name stands twice."""
    inner = {}
    for name, value in win:
        known = dict(value) if isinstance(value, list) else value
        if name in inner or len(known) != len(value):
            return None
        inner[name] = known
    return {"win": inner}


def _member(members: Iterable[tuple[str, Any]], lowered_name: str) -> str | None:
    """The first member of that name in any case, if it is a string."""
    value = next((value for name, value in members if name.lower() == lowered_name), None)
    return value if isinstance(value, str) else None


def _json(members: _Members) -> str:
    pieces = (
        f"{encode_basestring(name)}:{_json(value) if isinstance(value, list) else encode_basestring(value)}"
        for name, value in members
    )
    return "{" + ",".join(pieces) + "}"


def _win(xml: str, message: str | None) -> _Members:
    """The members of `win`."""
    system: _Members = []
    data: _Members = []
    nameless: list[str] = []
    others: _Members = []
    for part in parts(xml):
        if part.name == "System":
            _read_system(part, system)
        elif part.name == "EventData":
            _read_event_data(part, data, nameless)
        else:
            others += _other_part(part)
    known = dict(reversed(system))
    level, keywords = known.get("level"), known.get("keywords")
    data_names = dict(reversed(data))
    if level is not None and keywords is not None:
        system.append(("severityValue", _severity(level, keywords)))
        data += _category(data_names)
    if message is not None:
        system.append(("message", _message_text(message)))
    data += _policy_changes(data_names.get("auditPolicyChangesId", ""))
    if nameless:
        data.append(("data", ", ".join(nameless)))
    return [("system", system), *([("eventdata", data)] if data else []), *others]


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]


#: Elements of `<System>` of which attributes count, and under which names.
_ATTRIBUTES: Mapping[str, Mapping[str, str]] = {
    "Provider": {"Name": "providerName", "Guid": "providerGuid", "EventSourceName": "eventSourceName"},
    "Execution": {"ProcessID": "processID", "ThreadID": "threadID"},
    "Security": {},
    "Correlation": {},
}


def _read_system(part: Part, system: _Members) -> None:
    for element in part.children:
        names = _ATTRIBUTES.get(element.name)
        if names is not None:
            system += [(names[key], value) for key, value in element.attributes.items() if key in names]
        elif element.name == "TimeCreated":
            key, value = next(iter(element.attributes.items()), ("", ""))
            if key == "SystemTime":
                system.append(("systemTime", value))
        elif element.text:
            system.append((_lower_first(element.name), element.text))


def _read_event_data(part: Part, data: _Members, nameless: list[str]) -> None:
    for element in part.children:
        text = element.text.rstrip(" ")
        if text in _NO_VALUE:
            continue
        if element.name != "Data":
            data.append((_lower_first(element.name), text))
        elif not element.attributes:
            nameless.append(text)
        else:
            key, value = next(iter(element.attributes.items()))
            name = _lower_first(value) if key == "Name" else value
            data.append(("auditPolicyChangesId" if name == "auditPolicyChanges" else name, text))


def _policy_changes(numbers: str) -> _Members:
    words = [AUDIT_POLICY_CHANGES[number] for number in _NUMBER.findall(numbers) if number in AUDIT_POLICY_CHANGES]
    return [("auditPolicyChanges", ", ".join(words))] if words else []


def _other_part(part: Part) -> _Members:
    """`<UserData>` and the like: everything two levels below, under the name of the last element in between."""
    if not part.children:
        return []
    members = [(_lower_first(leaf.name), leaf.text) for element in part.children for leaf in element.children]
    return [(_lower_first(part.children[-1].name), members)]


def _severity(level: str, keywords: str) -> str:
    if level != "0":
        return _SEVERITIES.get(level, "UNKNOWN")
    try:
        bits = int(keywords, 16)
    except ValueError:
        bits = 0
    return "AUDIT_FAILURE" if bits & _AUDIT_FAILURE else "AUDIT_SUCCESS" if bits & _AUDIT_SUCCESS else "UNKNOWN"


def _category(known: dict[str, str]) -> _Members:
    """Names for the numbers of an audit event's category and subcategory."""
    if "categoryId" not in known or "subcategoryId" not in known:
        return []
    category = CATEGORIES.get(known["categoryId"].removeprefix("%%"))
    if category is None:
        return []
    subcategory = category[1].get(known["subcategoryId"].removeprefix("%%"))
    return [("category", category[0]), *([("subcategory", subcategory)] if subcategory else [])]


def _message_text(message: str) -> str:
    """The message's JSON text, quotes included, with the short escapes undone again."""
    if _LONG_ESCAPED.search(message) is None:
        return f'"{message}"'
    inner = encode_basestring(message)[1:-1]
    return f'"{_SHORT_ESCAPE.sub(lambda found: _ESCAPED[found.group(1)], inner)}"'
