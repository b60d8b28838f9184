"""Decoder files and events in a few words."""

from __future__ import annotations

from typing import Any

from alertmill.decoders import DecoderOptions, DecoderTree, load_decoders, predecode
from alertmill.errors import Problems
from alertmill.event import Event, Record

#: So that both kinds of decoders exist.
FILLER = """
<decoder name="filler-a"><program_name>^zz$</program_name></decoder>
<decoder name="filler-b"><prematch>^zz-never</prematch></decoder>
"""


def load(*texts: str, order_size: int = 256) -> DecoderTree:
    """The tree of these files, which must load without a word."""
    problems = Problems()
    files = [(f"{number}.xml", text) for number, text in enumerate((*texts, FILLER))]
    tree = load_decoders(files, problems, DecoderOptions(order_size))
    assert problems.draw() == ""
    return tree


def new_event(message: str, document: dict[str, Any] | None = None) -> Event:
    event = predecode(Record(message, "x", 0.0, document=document), "server")
    assert isinstance(event, Event)
    return event


def decoded(tree: DecoderTree, message: str, document: dict[str, Any] | None = None) -> Event:
    """The event of a message, decoded both ways, which must agree."""
    event, plain = new_event(message, document), new_event(message)
    tree.decode(event)
    tree.decode_plain(plain)
    assert event.decoder == plain.decoder
    assert fields(event) == fields(plain)
    return event


def fields(event: Event) -> list[tuple[str, str]]:
    """All fields, static ones in front in angle brackets."""
    return [*((f"<{name}>", value) for name, value in event.static.items()), *event.fields.items()]
