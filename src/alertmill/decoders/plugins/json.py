"""JSON_Decoder: a log that is a JSON object -> fields (spec/decoders.md 7).

Parsing lives in `cjson.py`, spelling and look-up in `document.py`; here they meet the event. A source that parsed the
object already hands it over with the record, and no text is touched at all.
"""

from __future__ import annotations

from typing import Any, AnyStr

import orjson

from alertmill.decoders.cjson import read_object
from alertmill.decoders.document import Document, DocumentFields, count_leaves, flatten
from alertmill.decoders.plugins.base import PluginSettings, StaticFieldGroup, StaticFieldRule
from alertmill.decoders.shapes import JsonStyle
from alertmill.decoders.spelling import Clean, clean_text
from alertmill.event import Event

#: Bytes of the shortest member, `"":0,`.
_LEAST_MEMBER = 5
_BACKSLASH = 0x5C

#: What an event with more fields than the limit says.
TOO_MANY_FIELDS = "Too many fields for JSON decoder."


def decode(event: Event, text: str | None, settings: PluginSettings) -> None:
    """The plugin: decode `text`, or the whole log (from the record's document if it has one)."""
    document = event.record.document
    if text is None and document is not None and event.log_is_message:
        decode_document(event, document, settings, compact_text(document))
        return
    if text is None:
        text = event.log
    parsed = read_object(text)
    if parsed is not None:
        decode_parsed(event, text, parsed, settings)


def decode_parsed(event: Event, text: str, parsed: Document, settings: PluginSettings) -> None:
    """Decode what `read_object` gives for `text`."""
    add_fields(event, parsed, settings, _most_fields(text, ",", settings), None)


def decode_document(event: Event, document: dict[str, Any], settings: PluginSettings, compact: bytes | None) -> None:
    """Decode a record's document. `compact` is what `compact_text` says of it."""
    if compact is None:
        add_fields(event, document, settings, count_leaves(document), clean_text)
    else:
        plain = compact.isascii() and (_BACKSLASH not in compact or b"\\u0000" not in compact)
        most = _most_fields(compact, b",", settings)
        add_fields(event, document, settings, most, None if plain else clean_text)


def _most_fields(text: AnyStr, comma: AnyStr, settings: PluginSettings) -> int:
    """A bound on the fields of a JSON text, by its length or, where that is not enough, its commas."""
    most = len(text) // _LEAST_MEMBER
    return most if most <= settings.style.max_fields else text.count(comma) + 1


def compact_text(document: dict[str, Any]) -> bytes | None:
    """The document as JSON without blanks, or None if it holds what this fast writer refuses (nesting, surrogates)."""
    try:
        return orjson.dumps(document)
    except TypeError:
        return None


def add_fields(event: Event, document: Document, settings: PluginSettings, most: int, clean: Clean | None) -> None:
    """Give the event the fields of a document that has at most `most` of them."""
    style = settings.style
    if not (isinstance(document, dict) and _attach(event, document, style, most, clean)):
        room = style.max_fields - len(event.fields)
        items, complete = flatten(document, style, event.static, room=room, clean=clean)
        for name, value in items:
            event.fields.add(name, value)
        if not complete:
            event.warnings += (TOO_MANY_FIELDS,)
    if settings.static_fields:
        set_static_fields(event, settings.static_fields)


def _attach(event: Event, document: dict[str, Any], style: JsonStyle, most: int, clean: Clean | None) -> bool:
    """Let the event read its fields from the document. False when they have to be flattened."""
    if len(event.fields) or (most > style.max_fields and count_leaves(document) > style.max_fields):
        return False
    shape = style.shape(document)
    if shape is None:
        return False
    event.fields = DocumentFields(document, style, shape, event.static, clean)
    return True


# --- static fields from dynamic ones, Alertmill's own ---------------------------------------------------------------


def set_static_fields(event: Event, groups: tuple[StaticFieldGroup, ...]) -> None:
    """Set static fields that are unset from dynamic fields that are not empty; the first that yields one wins."""
    static, get = event.static, event.fields.get
    for where, by_text in groups:
        text = get(where) if where else ""
        for name, source in by_text.get(text, ()) if text is not None else ():
            if name not in static:
                value = get(source)
                if value:
                    static[name] = value


def group_static_fields(rules: tuple[StaticFieldRule, ...]) -> tuple[StaticFieldGroup, ...]:
    """Neighbouring rules that ask for the same field become one look-up."""
    groups: list[tuple[str, dict[str, tuple[tuple[str, str], ...]]]] = []
    for rule in rules:
        where, text = rule.when or ("", "")
        if not groups or groups[-1][0] != where:
            groups.append((where, {}))
        by_text = groups[-1][1]
        by_text[text] = (*by_text.get(text, ()), (rule.static, rule.name))
    return tuple(groups)
