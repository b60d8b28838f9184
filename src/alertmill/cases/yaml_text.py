"""YAML text -> values that know their lines, read in bounded time and memory.

Only what data needs: mappings with text keys, lists, texts, numbers, `true`, `false` and `null` (the core schema of
YAML 1.2, so that `no`, `10:30` and dates stay the texts that they look like). Anchors, aliases and `<<` work; a tag
that asks for anything else is an error, as is a key that stands twice.

The parser's events are used and not its objects: nothing is constructed, nothing recurses, and an alias costs one
reference whatever it stands for. How large the values would be with every alias written out is counted and bounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml

from alertmill import codes
from alertmill.errors import Origin, Problem, Severity

#: Characters of a file of cases, values in it, and values with every alias written out.
MAX_LENGTH = 4 * 1024 * 1024
MAX_VALUES = 100_000
MAX_EXPANDED = 2_000_000
#: Levels of mappings and lists.
MAX_DEPTH = 64
#: Digits of a number; longer ones stay texts.
_MOST_DIGITS = 18

_LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FRACTION = re.compile(r"[-+]?(?:[0-9]+\.[0-9]+(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+)")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_TEXT, _MERGE = "tag:yaml.org,2002:str", "<<"

#: The parser in C where PyYAML has it: fifteen times as fast.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlError(Exception):
    """Text that is not usable YAML; `problem` says what and where."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(slots=True, eq=False)
class Node:
    """A value and where it stands.

    `value` is a dict of nodes by key, a list of nodes, or a scalar, whose text as it stands there is `written`; `keys`
    are the places of a mapping's keys. `size` is how many values it holds with every alias written out.
    """

    origin: Origin
    value: Any
    keys: dict[str, Origin]
    size: int = 1
    written: str = ""

    def plain(self) -> Any:
        """The value as ordinary objects, made anew."""
        if isinstance(self.value, dict):
            return {name: node.plain() for name, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value


def read_yaml(text: str, path: str) -> Node | None:
    """The only document of a text; None when there is none. Raises YamlError."""
    return _Composer(text, path).document()


class _Open:
    """A mapping or list that is being read; `key` is the key whose value comes next."""

    __slots__ = ("anchor", "key", "merged", "node")

    def __init__(self, node: Node, anchor: str | None) -> None:
        self.node = node
        self.anchor = anchor
        self.key: tuple[str, Origin] | None = None
        self.merged: list[Node] = []


class _Composer:
    def __init__(self, text: str, path: str) -> None:
        self._text = text
        self._path = path
        self._lines = _LINE_END.split(text) if len(text) <= MAX_LENGTH else []
        self._anchors: dict[str, Node | None] = {}
        self._open: list[_Open] = []
        self._root: Node | None = None
        self._count = 0

    def document(self) -> Node | None:
        if len(self._text) > MAX_LENGTH:
            message = f"the file has more than {MAX_LENGTH // 1024 // 1024} MiB"
            raise self._too_large(message, Origin(self._path), "split it into several files")
        try:
            for event in yaml.parse(self._text, Loader=_Loader):
                self._take(event)
        except yaml.YAMLError as error:
            raise self._not_yaml(error) from None
        return self._root

    # --- errors ------------------------------------------------------------------------------------------------------

    def _error(self, message: str, origin: Origin, hint: str = "") -> YamlError:
        return YamlError(Problem(codes.T_SYNTAX, Severity.ERROR, message, origin, hint))

    def _too_large(self, message: str, origin: Origin, hint: str) -> YamlError:
        return YamlError(Problem(codes.T_TOO_LARGE, Severity.ERROR, message, origin, hint))

    def _not_yaml(self, error: yaml.YAMLError) -> YamlError:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        reason = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
        origin = self._origin(mark, None) if mark is not None else self._at_character(getattr(error, "position", 0))
        hint = "texts with ': ', '#' or a leading '*', '&', '%', '@' or '[' need quotes" if mark is not None else ""
        return self._error(f"this is not YAML: {reason}", origin, hint)

    def _at_character(self, position: int) -> Origin:
        before = self._text[: max(position, 0)]
        line = len(_LINE_END.findall(before))
        return Origin(self._path, line + 1, self._lines[line] if line < len(self._lines) else "")

    def _origin(self, start: Any, end: Any) -> Origin:
        line = min(start.line, len(self._lines) - 1)
        text = self._lines[line]
        same_line = end is not None and end.line == start.line
        stop = end.column if same_line else (len(text) if end is not None else start.column + 1)
        return Origin(self._path, line + 1, text, start.column, max(stop, start.column))

    # --- events ------------------------------------------------------------------------------------------------------

    def _take(self, event: Any) -> None:
        if isinstance(event, yaml.ScalarEvent):
            origin = self._origin(event.start_mark, event.end_mark)
            self._check_tag(event, origin)
            self._scalar(event, origin)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event.anchor, self._origin(event.start_mark, event.end_mark))
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            self._begin(event)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self._end()
        elif isinstance(event, yaml.DocumentStartEvent) and self._root is not None:
            origin = self._origin(event.start_mark, event.end_mark)
            raise self._error("a second document begins here", origin, "put all cases into one list")

    def _check_tag(self, event: Any, origin: Origin) -> None:
        if event.tag is not None and event.tag not in (_TEXT, "!"):
            raise self._error(f"the tag {event.tag} is not allowed", origin, "write plain values; quotes make a text")

    def _counted(self, origin: Origin) -> None:
        self._count += 1
        if self._count > MAX_VALUES:
            message = f"the file has more than {MAX_VALUES} values"
            raise self._too_large(message, origin, "split it into several files")

    def _scalar(self, event: Any, origin: Origin) -> None:
        self._counted(origin)
        is_plain = event.style in (None, "") and event.tag is None
        expects_key = self._expects_key()
        value = event.value if expects_key or not is_plain else _resolved(event.value)
        if any("\ud800" <= c <= "\udfff" for c in event.value):
            raise self._error("this text holds half of a surrogate pair", origin, "write the character itself")
        node = Node(origin, value, {}, written=event.value)
        self._name(event.anchor, node)
        if expects_key:
            self._open[-1].key = (event.value, origin)
        else:
            self._put(node)

    def _expects_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1].node.value, dict) and self._open[-1].key is None

    def _alias(self, name: str | None, origin: Origin) -> None:
        node = self._anchors.get(name or "")
        if self._expects_key():
            raise self._error("a key cannot be an alias", origin, "write the key itself")
        if node is None:
            what = "stands inside of what it names" if name in self._anchors else "names nothing"
            raise self._error(f"the alias *{name} {what}", origin, f"define it above with &{name}")
        self._put(Node(origin, node.value, node.keys, node.size, node.written))

    def _begin(self, event: Any) -> None:
        origin = self._origin(event.start_mark, None)
        self._counted(origin)
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        if event.tag is not None:
            self._check_tag(event, origin)
        if self._expects_key():
            raise self._error("a key is one text, not a mapping or list", origin)
        if len(self._open) >= MAX_DEPTH:
            raise self._too_large(f"this is nested deeper than {MAX_DEPTH} levels", origin, "write it flatter")
        self._open.append(_Open(Node(origin, {} if is_mapping else [], {}), event.anchor))
        if event.anchor is not None:
            self._anchors[event.anchor] = None

    def _end(self) -> None:
        ended = self._open.pop()
        if ended.merged:
            self._merge(ended.node, ended.merged)
        self._name(ended.anchor, ended.node)
        self._put(ended.node)

    def _merge(self, node: Node, merged: list[Node]) -> None:
        """Put what `<<` brings before a mapping's own members, which win."""
        own, node.value = node.value, {}
        for part in merged:
            self._hold(node, part)
            node.value.update(part.value)
            node.keys = part.keys | node.keys
        node.value.update(own)

    def _name(self, anchor: str | None, node: Node) -> None:
        if anchor is not None:
            self._anchors[anchor] = node

    def _put(self, node: Node) -> None:
        """Hand a value to what it stands in."""
        if not self._open:
            self._root = node
            return
        around = self._open[-1]
        if isinstance(around.node.value, list):
            self._hold(around.node, node)
            around.node.value.append(node)
            return
        assert around.key is not None
        (name, origin), around.key = around.key, None
        if name == _MERGE:
            around.merged += reversed(self._mappings(node))  # the first of a list wins
            return
        if name in around.node.value:
            raise self._error(f"the key '{name}' stands twice", origin, "remove one of the two")
        self._hold(around.node, node)
        around.node.value[name] = node
        around.node.keys[name] = origin

    def _mappings(self, node: Node) -> list[Node]:
        found = node.value if isinstance(node.value, list) else [node]
        if not all(isinstance(part.value, dict) for part in found):
            raise self._error("<< takes a mapping, or a list of mappings", node.origin, "write <<: *name")
        return found

    def _hold(self, outer: Node, inner: Node) -> None:
        outer.size += inner.size
        if outer.size > MAX_EXPANDED:
            message = f"with all aliases written out, this has more than {MAX_EXPANDED} values"
            raise self._too_large(message, inner.origin, "use fewer aliases of aliases")


def _resolved(text: str) -> Any:
    """What a plain scalar says."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) <= _MOST_DIGITS and _INTEGER.fullmatch(text):
        return int(text)
    if len(text) <= _MOST_DIGITS and _FRACTION.fullmatch(text):
        return float(text)
    return text
