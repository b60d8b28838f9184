"""Text of an option -> value, one function per kind of value. Each raises `BadValueError` with what it expected.

Values are compared exactly, as Wazuh does: `Yes` is not `yes`, and blanks around a value are part of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from alertmill.config.defaults import MAX_LEVEL, SECONDS, SIZES
from alertmill.config.options import BadValueError
from alertmill.errors import did_you_mean

_DIGITS = re.compile(r"[0-9]{1,18}")
_MEASURE = re.compile(r"([0-9]{1,15})([A-Za-z]?)")


def text(value: str) -> str:
    """Any text, as it is."""
    return value


def yes_no(value: str) -> bool:
    """`yes` or `no`."""
    if value not in ("yes", "no"):
        near = value.strip().lower()
        hint = f"write {near} in lower case, without blanks" if near in ("yes", "no") else ""
        raise BadValueError("yes or no", hint=hint)
    return value == "yes"


def number(least: int, greatest: int, unit: str = "") -> Callable[[str], int]:
    """A whole number, both ends included."""
    expected = f"a whole number from {least} to {greatest}{' ' if unit else ''}{unit}"

    def parse(value: str) -> int:
        if not _DIGITS.fullmatch(value) or not least <= int(value) <= greatest:
            raise BadValueError(expected)
        return int(value)

    return parse


#: A rule level.
level = number(0, MAX_LEVEL)


def one_of(*words: str) -> Callable[[str], str]:
    """One of the words, exactly."""

    def parse(value: str) -> str:
        if value not in words:
            raise BadValueError(f"one of {', '.join(words)}", hint=did_you_mean(value, words))
        return value

    return parse


def duration(units: str = "smhdw") -> Callable[[str], int]:
    """A number with a unit of time, `10m`; without a unit it counts seconds. The value is in seconds."""
    expected = f"a number with one of the units {' '.join(units)}, for instance 10m"

    def parse(value: str) -> int:
        found = _MEASURE.fullmatch(value)
        if not found or (found[2] and found[2] not in units):
            raise BadValueError(expected)
        return int(found[1]) * SECONDS[found[2] or "s"]

    return parse


def size(value: str) -> int:
    """A number with a unit of size, `10M`; without a unit it counts bytes. The value is in bytes."""
    found = _MEASURE.fullmatch(value)
    if not found or (found[2] and found[2] not in SIZES):
        raise BadValueError("a number with one of the units B K M G, for instance 100M")
    return int(found[1]) * SIZES[found[2] or "B"]


def words(value: str) -> tuple[str, ...]:
    """A comma list: elements trimmed, empty and repeated ones dropped (D30)."""
    return tuple(dict.fromkeys(stripped for word in value.split(",") if (stripped := word.strip())))
