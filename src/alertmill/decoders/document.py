"""JSON objects -> fields: how a document's members become static and dynamic fields of an event (spec/decoders.md 7).

`flatten` is the plain way: all fields at once, in order. `DocumentFields` gives the same answers without flattening
until somebody wants to see every field: most events are decided by looking at a handful of names. Parsing is not done
here (`cjson.py`), nor spelling values (`spelling.py`), nor deciding whether a log is JSON at all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Any

from alertmill.decoders.cjson import Members
from alertmill.decoders.shapes import STATIC_MEMBERS, JsonStyle, Shape
from alertmill.decoders.spelling import Clean, clean_text, members_of, spell
from alertmill.event import Fields, Outlined

__all__ = ["Document", "DocumentFields", "JsonStyle", "clean_text", "count_leaves", "flatten", "listed"]

Document = dict[str, Any] | Members

#: Longest path of an object whose members become fields, in bytes; a queue message has not more altogether.
_MAX_PATH = 65535


def flatten(
    document: Document, style: JsonStyle, static: dict[str, str], *, room: int, clean: Clean | None
) -> tuple[list[tuple[str, str]], bool]:
    """Every field of `document`: static ones are put into `static`, dynamic ones returned in document order.

    At most `room` dynamic fields are returned; the second value is False when more were there. `clean` makes strings
    byte text; None when they are that already.
    """
    items: list[tuple[str, str]] = []
    for key, value in members_of(document):
        name = key if clean is None else clean(key)
        if value.__class__ is dict or value.__class__ is Members:
            _collect(items, f"{name}.", value, style, clean, room)
            continue
        text = spell(value, style, clean)
        if text is None:
            continue
        if name in STATIC_MEMBERS and (name != "user" or not static.get("dstuser")):
            static[STATIC_MEMBERS[name]] = text
        elif len(items) <= room:
            items.append((name, text))
    if len(items) <= room:
        return items, True
    return items[: max(room, 0)], False


def _collect(
    items: list[tuple[str, str]], prefix: str, document: Document, style: JsonStyle, clean: Clean | None, room: int
) -> None:
    """Append the fields of an object below the top level, one more than `room` at most.

    With a stack, so that depth costs no recursion.
    """
    append = items.append
    above: list[tuple[Iterator[tuple[str, Any]], str]] = []
    members = members_of(document) if len(prefix) <= _MAX_PATH else iter(())
    while len(items) <= room:
        for key, value in members:
            if clean is not None:
                key = clean(key)
            kind = value.__class__
            if kind is str:
                append((prefix + key, value if clean is None else clean(value)))
                if len(items) > room:
                    return
            elif kind is dict or kind is Members:
                if len(prefix) + len(key) < _MAX_PATH:
                    above.append((members, prefix))
                    members = members_of(value)
                    prefix = f"{prefix}{key}."
                    break
            else:
                text = spell(value, style, clean)
                if text is not None:
                    append((prefix + key, text))
                    if len(items) > room:
                        return
        else:
            if not above:
                return
            members, prefix = above.pop()


def count_leaves(document: Document) -> int:
    """How many fields `document` can have at most."""
    count = 0
    objects: list[Document] = [document]
    for members in objects:
        inner = [value for _, value in members_of(members) if value.__class__ is dict or value.__class__ is Members]
        count += len(members) - len(inner)
        objects += inner
    return count


# --- looking up without flattening ------------------------------------------------------------------------------------


@lru_cache(maxsize=8192)
def _split(lowered_name: str) -> tuple[str | None, str]:
    """The name's path and last part; the path is None for names without a dot."""
    path, dot, name = lowered_name.rpartition(".")
    return (path if dot else None), name


class DocumentFields(Fields):
    """The dynamic fields of a document, read from it when asked; equal to what `flatten` makes of it.

    Args:
        document: a dict, with dicts for all objects inside. It must not change afterwards, and must have no more
            leaves than the style's `max_fields`.
        style: how values are spelled.
        shape: the document's own Shape.
        static: the event's static fields; those that the document names are set at once.
        clean: makes strings byte text; None when they are that already.
    """

    __slots__ = ("_clean", "_document", "_dstuser", "_index", "_levels", "_list", "_roots", "_style", "_taken")

    def __init__(
        self, document: dict[str, Any], style: JsonStyle, shape: Shape, static: dict[str, str], clean: Clean | None
    ) -> None:
        self._document = document
        self._style = style
        self._clean = clean
        self._list: list[tuple[str, str]] | None = None
        self._index: dict[str, str] | None = None
        #: Objects looked into so far by their lowered path, None for the document; None when there is no such object.
        self._levels: dict[str | None, tuple[dict[str, str], dict[str, Any]] | None] = {None: (shape.by_name, document)}
        self._roots: Collection[str] | None = shape.by_name
        self._dstuser = static.get("dstuser", "")
        self._taken = self._take_static(shape, static) if shape.static else ()

    def _take_static(self, shape: Shape, static: dict[str, str]) -> tuple[str, ...]:
        """Set the static fields; returns the names of members that are no dynamic fields because of that."""
        taken: list[str] = []
        for name in shape.static:
            value = self._document[name]
            if value.__class__ is dict or (name == "user" and static.get("dstuser")):
                continue
            text = spell(value, self._style, self._clean)
            if text is not None:
                taken.append(name)
                static[STATIC_MEMBERS[name]] = text
        return tuple(taken)

    def get(self, lowered_name: str) -> str | None:
        if self._index is not None:
            return self._index.get(lowered_name)
        path, name = _split(lowered_name)
        try:
            level = self._levels[path]
        except KeyError:
            level = self._level(path)
            if self._index is not None:
                return self._index.get(lowered_name)
        if level is None:
            return None
        key = level[0].get(name)
        if key is None:
            return None
        value = level[1][key]
        kind = value.__class__
        if kind is dict or (path is None and key in self._taken):
            return None
        if kind is str and self._clean is None:
            text: str = value
            return text
        return spell(value, self._style, self._clean)

    def _level(self, path: str | None) -> tuple[dict[str, str], dict[str, Any]] | None:
        """Look for the object at `path`, and remember it. Makes the index instead when some object has no Shape."""
        if path is None or path in self._levels:
            return self._levels[path]
        above, name = _split(path)
        outer = self._level(above)
        level = None
        key = None if outer is None else outer[0].get(name)
        if outer is not None and key is not None:
            value = outer[1][key]
            if value.__class__ is dict:
                shape = self._style.shape(value)
                if shape is None:
                    self._make_index()
                else:
                    level = (shape.by_name, value)
        self._levels[path] = level
        return level

    def _flat(self) -> list[tuple[str, str]]:
        if self._list is None:
            static = {"dstuser": self._dstuser}
            room = self._style.max_fields
            self._list, _ = flatten(self._document, self._style, static, room=room, clean=self._clean)
        return self._list

    def _make_index(self) -> dict[str, str]:
        index: dict[str, str] = {}
        for name, value in self._flat():
            index.setdefault(name.lower(), value)
        self._index = index
        return index

    def add(self, name: str, value: str) -> None:
        index = self._make_index() if self._index is None else self._index
        self._roots = None
        self._flat().append((name, value))
        index.setdefault(name.lower(), value)

    def items(self) -> Iterator[tuple[str, str]]:
        return iter(self._flat())

    def __len__(self) -> int:
        return len(self._flat())

    def roots(self) -> Collection[str] | None:
        return self._roots

    def outline(self) -> Outlined | None:
        if self._roots is None or self._dstuser or self._style.csv_arrays:
            return None
        return self._style.outlines.of(self._document)

    def like(self, document: dict[str, Any]) -> Fields:
        return listed(document, self._style)


def listed(document: Document, style: JsonStyle) -> Fields:
    """The dynamic fields of a document of byte text that sets no static ones."""
    fields = Fields()
    for name, value in flatten(document, style, {}, room=style.max_fields, clean=None)[0]:
        fields.add(name, value)
    return fields
