"""The words of decoder files that name fields, and how values reach an event (spec/decoders.md 5 and 8)."""

from __future__ import annotations

import re
from typing import Final

from alertmill.event import Event

#: Names that `<order>` gives to static fields, case-sensitive; every other name is a dynamic field.
STATIC_NAMES: Final = {
    "user": "dstuser",
    "dstuser": "dstuser",
    "srcuser": "srcuser",
    "srcip": "srcip",
    "dstip": "dstip",
    "srcport": "srcport",
    "dstport": "dstport",
    "protocol": "protocol",
    "action": "action",
    "id": "id",
    "url": "url",
    "data": "data",
    "extra_data": "extra_data",
    "status": "status",
    "system_name": "system_name",
}

#: Names that `<fts>` takes besides dynamic fields, and the part of the key that each stands for.
FTS_NAMES: Final = {
    "user": "dstuser",
    "dstuser": "dstuser",
    "srcuser": "srcuser",
    "srcip": "srcip",
    "dstip": "dstip",
    "id": "id",
    "location": "location",
    "data": "data",
    "extra_data": "data",
    "system_name": "system_name",
    "name": "name",
}

#: One capture's destination: a static field or, when that is empty, a dynamic one.
Target = tuple[str, str]


def targets(order: tuple[str, ...]) -> tuple[Target, ...]:
    """Where the captures of a regex go, by position."""
    return tuple((STATIC_NAMES[name], "") if name in STATIC_NAMES else ("", name) for name in order)


def assign(event: Event, order: tuple[Target, ...], captures: tuple[str, ...]) -> None:
    """Store captures; those beyond the order are discarded, fields beyond the captures stay as they are."""
    for (static, name), value in zip(order, captures, strict=False):
        if static:
            event.static[static] = value
        else:
            event.fields.add(name, value)


def split_names(text: str) -> list[str]:
    """The names of an `<order>` or `<fts>`: separated by commas, blanks around them dropped, `\\,` a comma itself.

    A name ends at its first blank; what stands between that and the next comma is lost. Only blanks count, no tabs.
    """
    pieces = _COMMA.split(text)
    return [piece.replace("\\,", ",").lstrip(" ").partition(" ")[0] for piece in pieces]


_COMMA = re.compile(r"(?<!\\),")
