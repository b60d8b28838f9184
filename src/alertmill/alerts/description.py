"""`$(field)` in a rule's description (spec/rules.md 11).

A template is compiled once: a plain one stays a text, one with references becomes a function of the event.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from alertmill.event import STATIC_FIELDS, Event

Describe = Callable[[Event], str]

#: Bytes of a template that are looked at; a description that would become this long is printed as its bare template.
LIMIT = 1024

_REFERENCE = re.compile(r"\$\(([^)]*)\)")
_STATIC = frozenset(STATIC_FIELDS)


def compile_description(template: str) -> str | Describe:
    """The template itself when nothing in it depends on the event, else a function that fills it in."""
    pieces = _REFERENCE.split(template[:LIMIT])
    if len(pieces) == 1:
        return template
    readers = [_reader(name) for name in pieces[1::2]]

    def describe(event: Event) -> str:
        filled = pieces.copy()
        filled[1::2] = [reader(event) for reader in readers]
        description = "".join(filled)
        return description if len(description) < LIMIT else template

    return describe


def _reader(name: str) -> Describe:
    if name in _STATIC:
        return lambda event: event.static.get(name, "")
    if name == "program_name":
        return lambda event: event.program_name or ""
    if name == "hostname":
        return lambda event: event.hostname
    lowered = name.lower()
    return lambda event: event.fields.get(lowered) or ""
