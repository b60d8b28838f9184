"""The `data` member of an alert: static fields, then dynamic fields nested at their dots (spec/alerts.md 2.7).

Which field lands where depends on the names alone, and the events of one kind have the same names: the nesting is
worked out once per sequence of names and kept as a template into which the values are put.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from alertmill.alerts.json_text import BLOCK_SEPARATOR, compact, quote, quote_block
from alertmill.event import STATIC_FIELDS, Event

Names = tuple[str, ...]

#: Templates kept at most, in number and in characters of names: names come from the logs and may be endless.
_MAX_TEMPLATES = 1024
_MAX_CHARACTERS = 4_000_000


@dataclass(slots=True)
class _Object:
    """An object under construction: its members under their lower-case names; an int is the index of a value."""

    members: dict[str, tuple[str, _Object | int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Template:
    """What stands between the values: one piece more than there are values in `order`.

    `order` is None when the values are used as they come. `compliance` are the members of `sca.check.compliance`: their
    names and the index of their values.
    """

    pieces: tuple[str, ...]
    order: tuple[int, ...] | None
    compliance: tuple[tuple[str, int], ...]

    def fill(self, texts: list[str]) -> str:
        """The object with `texts`, JSON each, as its values."""
        if self.order is not None:
            texts = [texts[index] for index in self.order]
        filled = [""] * (len(texts) + len(self.pieces))
        filled[::2] = self.pieces
        filled[1::2] = texts
        return "".join(filled)


class DataMember:
    """Builds the object for events, remembering templates by the names of their fields."""

    def __init__(self) -> None:
        self._templates: dict[tuple[Names, Names], _Template] = {}
        self._characters = 0

    def text(self, event: Event) -> tuple[str, Sequence[tuple[str, str]]]:
        """The JSON object, empty text for an event without fields; and its compliance members (alerts.md 2.3)."""
        names, values = _columns(event)
        static = event.static
        static_names = tuple([name for name in STATIC_FIELDS if name in static]) if static else ()
        if static_names:
            values = (*[static[name] for name in static_names], *values)
        elif not names:
            return "", ()
        template = self._templates.get((static_names, names)) or self._compile(static_names, names)
        compliance = [(name, values[index]) for name, index in template.compliance] if template.compliance else ()
        return template.fill(_texts(values, len(static_names))), compliance

    def _compile(self, static_names: Names, names: Names) -> _Template:
        root = _Object()
        for index, name in enumerate(static_names):
            root.members[name] = (name, index)
        for index, name in enumerate(names, len(static_names)):
            _place(root, name, index)
        template = _template(root, len(static_names) + len(names))
        size = sum(map(len, names))
        if len(self._templates) >= _MAX_TEMPLATES or self._characters + size > _MAX_CHARACTERS:
            self._templates.clear()
            self._characters = 0
        self._templates[static_names, names] = template
        self._characters += size
        return template


def nested(items: Sequence[tuple[str, str]]) -> str:
    """Dotted names and their values as one JSON object: the same nesting for data that is no event's."""
    root = _Object()
    for index, (name, _) in enumerate(items):
        _place(root, name, index)
    return _template(root, len(items)).fill(_texts(tuple([value for _, value in items])))


def _columns(event: Event) -> tuple[Names, Names]:
    """Names and values of the dynamic fields that are not empty."""
    if not len(event.fields):
        return (), ()
    names, values = zip(*event.fields.items(), strict=True)
    if "" in values:
        present = [item for item in event.fields.items() if item[1]]
        return tuple([name for name, _ in present]), tuple([value for _, value in present])
    return names, values


def _texts(values: Names, static: int = 0) -> list[str]:
    """Values as JSON. Behind the first `static` ones, a text that wholly is an array becomes one."""
    if not values:
        return []
    block = quote_block(values)
    texts = block.split(BLOCK_SEPARATOR)
    if "[" in block:
        for index in range(static, len(values)):
            if values[index].startswith("["):
                texts[index] = compact(values[index]) or texts[index]
    return texts


def _place(root: _Object, name: str, index: int) -> None:
    """Put a value below `root`; the first of a name wins, upper and lower case are the same."""
    parent = root
    *prefixes, last = name.split(".")
    for prefix in prefixes:
        known = parent.members.setdefault(prefix.lower(), (prefix, _Object()))[1]
        if isinstance(known, int):
            return
        parent = known
    parent.members.setdefault(last.lower(), (last, index))


def _template(root: _Object, values: int) -> _Template:
    """Print the tree. A key may hold any number of dots, so the depth is not trusted to recursion."""
    text: list[str] = ["{"]
    pieces: list[str] = []
    order: list[int] = []
    walks = [iter(root.members.values())]
    while walks:
        for name, member in walks[-1]:
            comma = "," if not text or text[-1][-1] != "{" else ""
            text.append(f"{comma}{quote(name)}:")
            if isinstance(member, int):
                pieces.append("".join(text))
                text = []
                order.append(member)
            else:
                text.append("{")
                walks.append(iter(member.members.values()))
                break
        else:
            walks.pop()
            text.append("}")
    pieces.append("".join(text))
    unchanged = order == list(range(values))
    return _Template(tuple(pieces), None if unchanged else tuple(order), _compliance(root))


def _compliance(root: _Object) -> tuple[tuple[str, int], ...]:
    found = root
    for name in ("sca", "check", "compliance"):
        member = found.members.get(name, ("", 0))[1]
        if isinstance(member, int):
            return ()
        found = member
    return tuple((name, member) for name, member in found.members.values() if isinstance(member, int))
