"""Documents by their outline: what those have in common that differ in their texts alone (`alertmill.event.Outline`).

Logs of one kind come in few outlines: some hundred serve a million CloudTrail events. Whoever prints documents works
out once per outline what stands between the texts (`alerts/event_texts.py`). Here documents are taken apart into an
outline and texts, object by object from the outside in, and the marked document of an outline is put together.

An outline is made when a document of it comes for the second time: hostile ones may come once each. All tables are
bounded, in number and in bytes of names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Any

from alertmill.event import FIRST_NUMBER_MARK, MARK, Outlined

#: Objects and arrays that are told apart, and outlines that are known.
_MAX_NODES = 2048
_MAX_OUTLINES = 2048
#: Objects and arrays of a document, its texts, and bytes of the names of one object, that are worth an outline.
_MAX_PARTS = 64
_MAX_TEXTS = 1000
_MAX_NAME_BYTES = 2048
#: Numbers that are spelled the same everywhere: integers of 32 bits.
_LEAST, _GREATEST = -(2**31), 2**31 - 1
#: What no name may hold, because marks hold it.
_IN_MARKS = (MARK[:2], str(FIRST_NUMBER_MARK)[:-4])

_KINDS = {str, int, bool, type(None), dict, list}

_Names = tuple[str, ...] | None
_Kinds = tuple[type, ...]
_Pick = Callable[[Sequence[Any]], tuple[Any, ...]]


class _Node:
    """One object or array, by its names (None: an array) and the kinds of its values; how to pick these.

    `texts` is None when all values are texts, the others when there are no values of the kind. `flags` are values that
    belong to the outline.
    """

    __slots__ = ("flags", "inner", "kinds", "names", "numbers", "texts")

    def __init__(self, names: _Names, kinds: _Kinds) -> None:
        self.names = names
        self.kinds = kinds
        self.texts = None if {*kinds} <= {str} else _picker(kinds, str) or _nothing
        self.numbers = _picker(kinds, int)
        self.flags = _picker(kinds, bool)
        self.inner = _picker(kinds, dict, list)

    def fill(self, target: Any, texts: Iterator[str], flags: Iterator[bool], inner: Iterator[Any]) -> None:
        """Put values into an empty object or array. The texts of numbers come behind all other texts."""
        values: list[Any] = [next(texts) if kind is str else None for kind in self.kinds]
        for place, kind in enumerate(self.kinds):
            if kind is int:
                values[place] = int(next(texts))
            elif kind is bool:
                values[place] = next(flags)
            elif kind is dict or kind is list:
                values[place] = next(inner)
        if self.names is None:
            target.extend(values)
        else:
            target.update(zip(self.names, values, strict=True))


def _nothing(values: Sequence[Any]) -> tuple[Any, ...]:
    return ()


def _picker(kinds: _Kinds, *wanted: type) -> _Pick | None:
    """What picks the values of some kinds, None when there are none."""
    places = [place for place, kind in enumerate(kinds) if kind in wanted]
    if not places:
        return None
    if len(places) == 1:
        place = places[0]
        return lambda values: (values[place],)
    return itemgetter(*places)


#: The nodes from the outside in; behind a node its flags; perhaps the numbers of the empty texts.
_Key = tuple[_Node | tuple[bool, ...] | str, ...]


class NodeOutline:
    """An outline made of nodes; see `alertmill.event.Outline`."""

    __slots__ = ("_empty", "_flags", "_nodes")

    def __init__(self, key: _Key) -> None:
        self._nodes = [part for part in key if isinstance(part, _Node)]
        self._flags = [flag for part in key if isinstance(part, tuple) for flag in part]
        self._empty = {place for part in key if isinstance(part, str) for place in map(ord, part)}

    def marked(self) -> tuple[dict[str, Any], list[str]]:
        marks = self._marks()
        parts: list[Any] = [[] if node.names is None else {} for node in self._nodes]
        texts, flags, inner = iter(marks), iter(self._flags), iter(parts[1:])
        for node, part in zip(self._nodes, parts, strict=True):
            node.fill(part, texts, flags, inner)
        return parts[0], marks

    def _marks(self) -> list[str]:
        marks: list[str] = []
        for node in self._nodes:
            marks += [MARK.format(number) for number in range(len(marks), len(marks) + node.kinds.count(str))]
            first = FIRST_NUMBER_MARK + len(marks)
            marks += map(str, range(first, first + node.kinds.count(int)))
        for number in self._empty:
            marks[number] = ""
        return marks


class Outlines:
    """The outlines of the documents that were met so far."""

    __slots__ = ("_mixed", "_nodes", "_outlines", "_plain")

    def __init__(self) -> None:
        self._nodes: dict[tuple[_Names, _Kinds], _Node | None] = {}
        #: Names of objects that had texts alone whenever they came: their values are not looked at one by one. And
        #: names of all others.
        self._plain: dict[_Names, _Node] = {}
        self._mixed: set[_Names] = set()
        #: None for an outline that was met once.
        self._outlines: dict[_Key, NodeOutline | None] = {}

    def of(self, document: dict[str, Any]) -> Outlined | None:
        """The outline of a document and its texts; None when it has none, or is the first of its outline."""
        try:
            return self._of(document, self._plain)
        except TypeError:
            # What was taken for an object of texts has other values this time.
            return self._of(document, {})

    def _of(self, document: dict[str, Any], plain: dict[_Names, _Node]) -> Outlined | None:
        """With `plain` objects as they were so far; raises TypeError where one of them is not."""
        known = self._nodes
        texts: list[str] = []
        key: list[Any] = []
        parts: list[Any] = [document]
        for part in parts:
            if part.__class__ is dict:
                names: _Names = tuple(part)
                if names in plain:
                    key.append(plain[names])
                    texts += part.values()
                    continue
                values = tuple(part.values())
            else:
                names = None
                values = part
            kinds = tuple(map(type, values))
            try:
                node = known[names, kinds]
            except KeyError:
                node = self._make_node(names, kinds)
            if node is None:
                return None
            key.append(node)
            if node.texts is None:
                texts += values
                continue
            texts += node.texts(values)
            if node.numbers is not None:
                numbers = node.numbers(values)
                if min(numbers) < _LEAST or max(numbers) > _GREATEST:
                    return None
                texts += map(str, numbers)
            if node.flags is not None:
                key.append(node.flags(values))
            if node.inner is not None:
                parts += node.inner(values)
                if len(parts) > _MAX_PARTS:
                    return None
        if len(texts) > _MAX_TEXTS:
            return None
        together = "".join(texts)
        empty = texts.count("")
        if empty:
            key.append(chr(texts.index("")) if empty == 1 else _places_of_empty(texts))
        found = tuple(key)
        outline = self._outlines.get(found) or self._meet(found)
        return None if outline is None else (outline, texts, together)

    def _make_node(self, names: _Names, kinds: _Kinds) -> _Node | None:
        """None for what no outline has; that is only remembered where it is cheap."""
        if len(kinds) > _MAX_NAME_BYTES or (names is not None and sum(map(len, names)) > _MAX_NAME_BYTES):
            return None
        if len(self._nodes) >= _MAX_NODES:
            self._nodes.clear()
            self._outlines.clear()
            self._plain.clear()
            self._mixed.clear()
        node = _Node(names, kinds) if {*kinds} <= _KINDS and (names is None or _are_plain(names)) else None
        self._nodes[names, kinds] = node
        if node is None or node.texts is not None:
            self._mixed.add(names)
            self._plain.pop(names, None)
        elif names is not None and names not in self._mixed:
            self._plain[names] = node
        return node

    def _meet(self, key: _Key) -> NodeOutline | None:
        if key in self._outlines:
            outline = self._outlines[key] = NodeOutline(key)
            return outline
        if len(self._outlines) >= _MAX_OUTLINES:
            self._outlines.clear()
        self._outlines[key] = None
        return None


def _places_of_empty(texts: list[str]) -> str:
    """The numbers of the empty texts, as characters."""
    place = -1
    places = [place := texts.index("", place + 1) for _ in range(texts.count(""))]
    return "".join(map(chr, places))


def _are_plain(names: tuple[str, ...]) -> bool:
    """Whether names are the same in all forms of text, and no mark can be found in them."""
    text = "\n".join(names)
    return text.isascii() and "\0" not in text and not any(piece in text for piece in _IN_MARKS)
