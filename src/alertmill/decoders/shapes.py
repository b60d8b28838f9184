"""What a JSON decoder's options say, and look-up tables for objects: one for all objects with the same names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from alertmill.decoders.outline import Outlines

#: Members of the top level that set a static field, by their exact name.
STATIC_MEMBERS: Final = {
    "srcip": "srcip",
    "dstip": "dstip",
    "srcport": "srcport",
    "dstport": "dstport",
    "protocol": "protocol",
    "action": "action",
    "srcuser": "srcuser",
    "dstuser": "dstuser",
    "id": "id",
    "status": "status",
    "url": "url",
    "data": "data",
    "extra_data": "extra_data",
    "systemname": "system_name",
    "user": "dstuser",
}

#: Limits of the look-up tables kept for objects with the same names: so many tables, names, and bytes of names.
_MAX_SHAPES = 4096
_MAX_SHAPE_NAMES = 64
_MAX_SHAPE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Shape:
    """What the names of one JSON object tell: `by_name` leads from lowered names to the names as written.

    `static` are those that name a static field. Objects whose names hold dots, or differ only in case, have no Shape:
    there one look-up does not find the first of all fields of a name. Nor have those with names beyond ASCII.
    """

    by_name: dict[str, str]
    static: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JsonStyle:
    """How a decoder wants its documents spelled.

    `discard_null` leaves out members that are null, `csv_arrays` joins arrays with commas, `max_fields` bounds the
    dynamic fields of an event. `shapes` remembers the Shapes of objects seen before, by their names; `outlines` are
    those of documents.
    """

    discard_null: bool = False
    csv_arrays: bool = False
    max_fields: int = 256
    shapes: dict[tuple[str, ...], Shape | None] = field(default_factory=dict, compare=False, repr=False)
    outlines: Outlines = field(default_factory=Outlines, compare=False, repr=False)

    def shape(self, members: dict[str, Any]) -> Shape | None:
        """The Shape of an object, or None when it has none."""
        names = tuple(members)
        try:
            return self.shapes[names]
        except KeyError:
            shape = _shape(names)
        if len(names) <= _MAX_SHAPE_NAMES and sum(map(len, names)) <= _MAX_SHAPE_BYTES:
            if len(self.shapes) >= _MAX_SHAPES:
                self.shapes.clear()
            self.shapes[names] = shape
        return shape


def _shape(names: tuple[str, ...]) -> Shape | None:
    by_name: dict[str, str] = {}
    for name in names:
        if "." in name or "\0" in name or not name.isascii():
            return None
        by_name[name.lower()] = name
    if len(by_name) != len(names):
        return None
    return Shape(by_name, tuple(name for name in names if name in STATIC_MEMBERS))
