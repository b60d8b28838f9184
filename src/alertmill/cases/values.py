"""The small values of YAML cases: durations, moments, texts, ids. Each reader tells what it cannot take."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from alertmill import codes
from alertmill.cases.yaml_text import Node
from alertmill.codes import Code
from alertmill.errors import Origin, Problems, did_you_mean

#: The first second that the calendar of alerts does not have.
END_OF_TIME = 253402300800.0

_DURATION = re.compile(
    r"(?:(\d{1,6})d)?\s*(?:(\d{1,6})h)?\s*(?:(\d{1,6})m(?:in)?)?\s*(?:(\d{1,9}(?:\.\d{1,9})?)s)?", re.ASCII
)
_UNITS = (86400.0, 3600.0, 60.0, 1.0)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?", re.ASCII)
_ANSWERS = {True: True, False: False, "yes": True, "no": False}
_MOST_ID = 999_999


class Reader:
    """What reading a case tells. `label` names the case in messages."""

    def __init__(self, problems: Problems, label: str) -> None:
        self.problems = problems
        self.label = label

    def error(self, code: Code, what: str, origin: Origin, hint: str = "") -> None:
        self.problems.error(code, f"{self.label} {what}", origin, hint=hint)

    def mapping(self, node: Node, known: tuple[str, ...], what: str) -> dict[str, Node]:
        """The members of a mapping, those with a known key; others are told."""
        if not isinstance(node.value, dict):
            self.error(codes.T_VALUE, f"has {what} that is no mapping", node.origin, "write key: value")
            return {}
        for name in node.value:
            if name not in known:
                hint = did_you_mean(name, known) or f"one of {', '.join(known)}"
                self.error(codes.T_KEY, f"has a key '{name}', which {what} does not have", node.keys[name], hint)
        return {name: value for name, value in node.value.items() if name in known}

    def text(self, node: Node, what: str) -> str:
        """A text; numbers and words are taken as they are written."""
        if isinstance(node.value, (dict, list)) or node.value is None:
            self.error(codes.T_VALUE, f"has {what} that is no text", node.origin)
            return ""
        return node.written

    def number(self, node: Node, what: str, least: int, most: int) -> int:
        """A whole number between these."""
        value = node.value
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
            value = int(value)
        if type(value) is not int or not least <= value <= most:
            hint = f"write a whole number from {least} to {most}"
            self.error(codes.T_VALUE, f"has {what} {_shown(node)}", node.origin, hint)
            return least
        return value

    def rule_id(self, node: Node, what: str) -> int:
        return self.number(node, what, 0, _MOST_ID)

    def answer(self, node: Node, what: str) -> bool:
        """yes or no."""
        value = node.value
        if not isinstance(value, (bool, str)) or value not in _ANSWERS:
            self.error(codes.T_VALUE, f"has {what} {_shown(node)}", node.origin, "write yes or no")
            return False
        return _ANSWERS[value]

    def listed(self, node: Node) -> list[Node]:
        """The entries of a list; a single value stands for a list of it."""
        return node.value if isinstance(node.value, list) else [node]

    def duration(self, node: Node, what: str) -> float:
        """Seconds: a number of them, or `90s`, `5m`, `1h30m`, `2d`."""
        found = _duration(node.value)
        if found is None or found >= END_OF_TIME:
            hint = "write seconds, or 30s, 5m, 1h30m, 2d"
            self.error(codes.T_VALUE, f"has {what} {_shown(node)}", node.origin, hint)
            return 0.0
        return found

    def moment(self, node: Node, what: str) -> float:
        """Epoch seconds of a date and time; without a zone it is UTC."""
        found = _moment(node.value)
        if found is None:
            hint = "write a moment as 2026-01-15T10:00:00Z"
            self.error(codes.T_VALUE, f"has {what} {_shown(node)}", node.origin, hint)
            return 0.0
        return found

    def time(self, node: Node, begin: float, what: str) -> float:
        """Seconds since `begin`: a duration, or a moment."""
        if isinstance(node.value, str) and _MOMENT.fullmatch(node.value):
            return self.moment(node, what) - begin
        return self.duration(node, what)


def _shown(node: Node) -> str:
    if isinstance(node.value, (dict, list)):
        return "that is no single value"
    return f"'{node.written[:40]}'"


def _duration(value: Any) -> float | None:
    if type(value) in (int, float):
        return float(value) if value >= 0 else None
    found = _DURATION.fullmatch(value) if isinstance(value, str) and value else None
    if found is None:
        return None
    return sum(float(part) * unit for part, unit in zip(found.groups(), _UNITS, strict=True) if part is not None)


def _moment(value: Any) -> float | None:
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        return None
    try:
        moment = datetime.fromisoformat(value)
        seconds = (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
    return seconds if 0 <= seconds < END_OF_TIME else None
