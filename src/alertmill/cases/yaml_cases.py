"""Cases in YAML (docs/testing-rules.md): a list of mappings, each with events and what is expected of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from alertmill import codes
from alertmill.cases.model import BEGIN, Case, Expectation, Step
from alertmill.cases.values import Reader
from alertmill.cases.yaml_text import Node, YamlError, read_yaml
from alertmill.errors import Origin, Problems
from alertmill.event import to_byte_text

CASE_KEYS = ("base", "begin", "events", "expect", "location", "name", "queue")
EVENT_KEYS = ("after", "at", "event", "every", "expect", "location", "message", "queue", "repeat")
EXPECT_KEYS = ("alert", "decoder", "description", "fields", "groups", "level", "not_rule", "rule")

#: Most repetitions of one event, events of one case, and values of one event.
_MOST_REPEATED, _MOST_EVENTS, _MOST_VALUES = 10_000, 20_000, 50_000
#: Events of all cases of a file, and characters of their messages, repetitions not counted.
_MOST_EVENTS_OF_FILE, _MOST_CHARACTERS_OF_FILE = 200_000, 64 * 1024 * 1024

_MOST_LEVEL = 99


def read_yaml_cases(path: str, text: str, problems: Problems, *, improved: bool) -> list[Case]:
    """The cases of a file's text; a case with an error is left out.

    `improved` is the event format: how an `event` is spelled, and whether it carries its own time.
    """
    try:
        root = read_yaml(text, path)
    except YamlError as error:
        problems.extend([error.problem])
        return []
    if root is None or not isinstance(root.value, list) or not root.value:
        hint = "write a list: each case begins with '- name: ...'"
        problems.error(codes.T_VALUE, "the file holds no list of cases", Origin(path), hint=hint)
        return []
    found: list[Case] = []
    size = _Size()
    for node in root.value:
        own = Problems()
        case = _CaseReader(own, node, size, improved).case()
        problems.extend(own)
        if size.is_too_large:
            message = (
                f"the file has more than {_MOST_EVENTS_OF_FILE} events, or more than 64 MiB of messages, up to here"
            )
            problems.error(codes.T_TOO_LARGE, message, node.origin, hint="split it into several files")
            break
        if case is not None and not own.errors:
            found.append(case)
    return found


def merged(base: Any, over: Any) -> Any:
    """`over` laid over `base`, member by member; null removes a member."""
    if not isinstance(base, dict) or not isinstance(over, dict):
        return over
    result = {name: merged(value, over[name]) if name in over else value for name, value in base.items()}
    result |= {name: value for name, value in over.items() if name not in base}
    return {name: value for name, value in result.items() if value is not None}


@dataclass(slots=True)
class _Size:
    """What the cases of a file come to."""

    events: int = 0
    characters: int = 0

    @property
    def is_too_large(self) -> bool:
        return self.events > _MOST_EVENTS_OF_FILE or self.characters > _MOST_CHARACTERS_OF_FILE


class _CaseReader(Reader):
    def __init__(self, problems: Problems, node: Node, size: _Size, improved: bool) -> None:
        super().__init__(problems, "a case")
        self._node = node
        self._size = size
        self._improved = improved
        self._now = 0.0
        self._defaults: dict[str, str] = {}
        self._base: Any = {}

    def case(self) -> Case | None:
        if not isinstance(self._node.value, dict):
            self.error(codes.T_VALUE, "is no mapping", self._node.origin, "write - name: ..., events: ..., expect: ...")
            return None
        members = self.mapping(self._node, CASE_KEYS, "a case")
        name = self._name(members)
        begin = self.moment(members["begin"], "begin") if "begin" in members else BEGIN
        self._defaults = {key: self.text(members[key], key) for key in ("location", "queue") if key in members}
        if "base" in members:
            self._base = self._document(members["base"], "base")
        steps = self._steps(members, begin)
        expect = self._expectation(members["expect"]) if "expect" in members else None
        if expect is not None and steps:
            self._expect_of_last(steps, expect)
        elif steps and not any(step.expect for step in steps):
            hint = "write expect: {rule: ..., level: ...} for the last event, or in the events"
            self.error(codes.T_KEY, "expects nothing", self._node.origin, hint)
        return Case(name, self._node.origin, tuple(steps), begin)

    def _name(self, members: dict[str, Node]) -> str:
        if "name" not in members:
            self.error(codes.T_KEY, "has no name", self._node.origin, 'write name: "what it shows"')
            return ""
        name = " ".join(self.text(members["name"], "name").split())
        self.label = f"the case '{name[:60]}'"
        return name

    def _document(self, node: Node, what: str) -> Any:
        if not isinstance(node.value, dict):
            self.error(codes.T_VALUE, f"has {what} that is no mapping", node.origin, "write the event's members")
            return {}
        if node.size > _MOST_VALUES:
            self.error(codes.T_TOO_LARGE, f"has {what} of more than {_MOST_VALUES} values", node.origin)
            return {}
        return node.plain()

    # --- events ------------------------------------------------------------------------------------------------------

    def _steps(self, members: dict[str, Node], begin: float) -> list[Step]:
        node = members.get("events")
        if node is None or not isinstance(node.value, list) or not node.value:
            place = self._node.origin if node is None else node.origin
            self.error(codes.T_KEY, "has no events", place, "write events: [{event: {...}}], or [{message: ...}]")
            return []
        steps: list[Step] = []
        for item in node.value:
            steps += self._repeated(item, begin)
            if self._size.is_too_large:
                return []
            if len(steps) > _MOST_EVENTS:
                self.error(codes.T_TOO_LARGE, f"has more than {_MOST_EVENTS} events", item.origin)
                return []
        return steps

    def _repeated(self, item: Node, begin: float) -> list[Step]:
        members = self.mapping(item, EVENT_KEYS, "an event")
        message, has_time = self._message(members, item)
        repeat = self.number(members["repeat"], "repeat", 1, _MOST_REPEATED) if "repeat" in members else 1
        every = self.duration(members["every"], "every") if "every" in members else 0.0
        first = self._first(members, begin)
        expect = self._expectation(members["expect"]) if "expect" in members else None
        others = self._defaults | {key: self.text(members[key], key) for key in ("location", "queue") if key in members}
        others = {key: to_byte_text(text) for key, text in others.items()}
        self._now = first + (repeat - 1) * every
        self._size.events += repeat
        self._size.characters += len(message)
        return [
            Step(first + number * every, message, has_time=has_time, expect=expect, **others)
            for number in range(repeat)
        ]

    def _first(self, members: dict[str, Node], begin: float) -> float:
        """When the event comes for the first time, in seconds since the beginning."""
        if "after" in members:
            if "at" in members:
                self.error(codes.T_KEY, "has an event with both at and after", members["after"].origin, "keep one")
            return self._now + self.duration(members["after"], "after")
        return self.time(members["at"], begin, "at") if "at" in members else 0.0

    def _message(self, members: dict[str, Node], item: Node) -> tuple[str, bool]:
        """The message as byte text, and whether it carries its own time: events do in the improved format."""
        if "message" in members:
            if "event" in members:
                self.error(codes.T_KEY, "has an event with both event and message", item.origin, "keep one")
            return to_byte_text(self.text(members["message"], "message")), False
        over = self._document(members["event"], "event") if "event" in members else {}
        return to_byte_text(self._spelled(merged(self._base, over))), self._improved

    def _spelled(self, document: Any) -> str:
        """The event as the AWS sources spell it in this event format."""
        if self._improved:
            return json.dumps(document, separators=(",", ":"), ensure_ascii=False)
        return json.dumps(document)

    # --- expectations ------------------------------------------------------------------------------------------------

    def _expect_of_last(self, steps: list[Step], expect: Expectation) -> None:
        last = steps[-1]
        if last.expect is not None:
            self.error(codes.T_KEY, "says twice what is expected of the last event", expect.origin, "keep one expect")
        steps[-1] = Step(last.at, last.message, last.location, last.queue, last.has_time, expect)

    def _expectation(self, node: Node) -> Expectation:
        members = self.mapping(node, EXPECT_KEYS, "expect")
        if node.value == {}:
            self.error(codes.T_KEY, "has an expect that asks for nothing", node.origin, f"{', '.join(EXPECT_KEYS)}")
        return Expectation(node.origin, {key: self._want(key, value) for key, value in members.items()})

    def _want(self, key: str, node: Node) -> Any:
        if key == "rule":
            return None if node.value is None else self.rule_id(node, "rule")
        if key == "not_rule":
            return tuple(self.rule_id(part, "not_rule") for part in self.listed(node))
        if key == "level":
            return self.number(node, "level", 0, _MOST_LEVEL)
        if key == "alert":
            return self.answer(node, "alert")
        if key == "groups":
            return tuple(self.text(part, "groups") for part in self.listed(node))
        if key == "fields":
            return self._wanted_fields(node)
        return None if key == "decoder" and node.value is None else self.text(node, key)

    def _wanted_fields(self, node: Node) -> dict[str, str | None]:
        """Name -> text, mappings flattened with dots; null: the event must not have the field."""
        if not isinstance(node.value, dict):
            self.error(codes.T_VALUE, "has fields that are no mapping", node.origin, "write fields: {srcip: 192.0.2.1}")
            return {}
        found: dict[str, str | None] = {}
        waiting = [(name, value) for name, value in node.value.items()]
        while waiting:
            name, part = waiting.pop(0)
            if isinstance(part.value, dict):
                waiting += [(f"{name}.{inner}", value) for inner, value in part.value.items()]
            else:
                found[name] = None if part.value is None else self.text(part, f"field {name}")
        return found
