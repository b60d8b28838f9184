"""What a case is: events in time, and what is expected of them. How files say it is the readers' business."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from alertmill.cases.outcome import Found, Mismatch, quoted
from alertmill.errors import Origin

#: When the events of a case begin unless it says otherwise, epoch seconds: 2026-01-15 10:00:00 UTC, a Thursday.
BEGIN = 1768471200.0


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is expected of one event.

    `wants` holds what was asked about: `rule` (int or None), `level`, `decoder` (None: no decoder), `description`,
    `alert` (bool), `groups` (all of which the rule must have), `not_rule` (ids), `fields` (name -> text, None: the
    event must not have it). What is not in it is not asked about.
    """

    origin: Origin
    wants: Mapping[str, Any]

    @property
    def rules(self) -> tuple[int, ...]:
        """The ids that must hold."""
        rule = self.wants.get("rule")
        return () if rule is None else (rule,)

    def mismatches(self, found: Found) -> list[Mismatch]:
        """Everything that came otherwise; an event that was rejected is no match for anything."""
        if found.rejected:
            return [Mismatch("event", "to be analysed", f"rejected: {found.rejected}")]
        return [mismatch for key, want in self.wants.items() for mismatch in _COMPARE[key](want, found)]


def _same(key: str) -> Callable[[Any, Found], list[Mismatch]]:
    def compare(want: Any, found: Found) -> list[Mismatch]:
        came = getattr(found, key)
        return [] if came == want else [Mismatch(key, quoted(want), quoted(came))]

    return compare


def _rule(want: int | None, found: Found) -> list[Mismatch]:
    if found.rule == want:
        return []
    return [Mismatch("rule", "no rule" if want is None else str(want), found.in_words())]


def _not_rule(want: tuple[int, ...], found: Found) -> list[Mismatch]:
    if found.rule not in want:
        return []
    return [Mismatch("not_rule", f"any rule but {found.rule}", found.in_words())]


def _decoder(want: str | None, found: Found) -> list[Mismatch]:
    return [] if found.decoder == (want or "") else [Mismatch("decoder", quoted(want), quoted(found.decoder or None))]


def _groups(want: tuple[str, ...], found: Found) -> list[Mismatch]:
    missing = [group for group in want if group not in found.groups]
    return [Mismatch("groups", ", ".join(missing), ", ".join(found.groups) or "none")] if missing else []


def _fields(want: Mapping[str, str | None], found: Found) -> list[Mismatch]:
    pairs = [(name, value, found.field(name)) for name, value in want.items()]
    return [Mismatch(f"field {name}", quoted(value), quoted(came)) for name, value, came in pairs if value != came]


#: Key of an expectation -> how it is compared. A new key is a line here and one in the reader.
_COMPARE: dict[str, Callable[[Any, Found], list[Mismatch]]] = {
    "alert": _same("alert"),
    "decoder": _decoder,
    "description": _same("description"),
    "fields": _fields,
    "groups": _groups,
    "level": _same("level"),
    "not_rule": _not_rule,
    "rule": _rule,
}


@dataclass(frozen=True, slots=True)
class StockVerdict:
    """What a case of a Wazuh `.ini` file expects, compared as its own runner does (spec/logtest.md 3 and 4).

    All three must be equal as text, and none of them empty; with `passes` false that must *not* be so.
    """

    origin: Origin
    rule: str
    level: str
    decoder: str
    passes: bool

    @property
    def rules(self) -> tuple[int, ...]:
        return (int(self.rule),) if self.passes and self.rule.isascii() and self.rule.isdigit() else ()

    def mismatches(self, found: Found) -> list[Mismatch]:
        expected = (self.rule, self.level, self.decoder)
        came = ("" if found.rule is None else str(found.rule), "" if found.level is None else str(found.level))
        verdict = (*came, found.decoder)
        if (verdict == expected and "" not in expected) is self.passes:
            return []
        told = f"rule {verdict[0] or 'none'}, level {verdict[1] or 'none'}, decoder {verdict[2] or 'none'}"
        if not self.passes:
            return [Mismatch("verdict", "anything else", told)]
        if "" in expected:
            return [Mismatch("verdict", "nothing: a case with an empty value never passes, as in Wazuh", told)]
        return [Mismatch("verdict", f"rule {self.rule}, level {self.level}, decoder {self.decoder}", told)]


@dataclass(frozen=True, slots=True)
class Step:
    """One event: `at` seconds after the case begins, a message (byte text), and what is expected of it, if anything.

    `has_time` tells that the event carries its own time, as AWS events do in the `improved` format.
    """

    at: float
    message: str
    location: str = "Wazuh-AWS"
    queue: str = "1"
    has_time: bool = False
    expect: Expectation | StockVerdict | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A name, and events in the order in which they arrive. `session` runs it in a logtest session (.ini files)."""

    name: str
    origin: Origin
    steps: tuple[Step, ...] = field(repr=False)
    begin: float = BEGIN
    session: bool = False

    @property
    def path(self) -> str:
        return self.origin.path

    @property
    def rules(self) -> frozenset[int]:
        """The ids of rules that must hold somewhere in the case."""
        return frozenset(id for step in self.steps if step.expect is not None for id in step.expect.rules)
