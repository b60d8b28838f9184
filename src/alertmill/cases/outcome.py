"""What came of an event, in the words of expectations, and how it is compared with them."""

from __future__ import annotations

from dataclasses import dataclass

from alertmill.alerts.description import compile_description
from alertmill.event import STATIC_FIELDS, Outcome, RuleInfo, from_byte_text

_STATIC = frozenset(STATIC_FIELDS)
#: Characters of a value that a message shows.
_SHOWN = 160


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One thing that came otherwise: `what` is the key of the expectation, the others are what a person reads."""

    what: str
    expected: str
    found: str


class Found:
    """The outcome of an event as expectations ask for it. Values are ordinary text."""

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome

    @property
    def rejected(self) -> str:
        """Why the engine could not digest the event, or nothing."""
        return self._outcome.rejected

    @property
    def alert(self) -> bool:
        return self._outcome.alert

    @property
    def _rule(self) -> RuleInfo | None:
        return self._outcome.match.rule if self._outcome.match is not None else None

    @property
    def rule(self) -> int | None:
        """The id of the rule that holds, None for none."""
        return self._rule.id if self._rule is not None else None

    @property
    def level(self) -> int | None:
        return self._rule.level if self._rule is not None else None

    @property
    def groups(self) -> tuple[str, ...]:
        text = self._rule.group_text if self._rule is not None else ""
        return tuple(from_byte_text(group) for group in text.split(",") if group)

    @property
    def description(self) -> str:
        """The rule's description with the event's values in it."""
        if self._rule is None or self._outcome.event is None:
            return ""
        compiled = compile_description(self._rule.description)
        return from_byte_text(compiled if isinstance(compiled, str) else compiled(self._outcome.event))

    @property
    def decoder(self) -> str:
        """The decoder's name, empty for none."""
        event = self._outcome.event
        return from_byte_text(event.decoder.name) if event is not None and event.decoder is not None else ""

    def field(self, name: str) -> str | None:
        """The value of a static field, of `program_name`, `hostname` or `location`, or of a dynamic field."""
        event = self._outcome.event
        if event is None:
            return None
        if name in _STATIC:
            value = event.static.get(name)
        elif name == "user":
            value = event.static.get("dstuser", event.static.get("srcuser"))
        elif name in ("program_name", "hostname", "location"):
            value = event.program_name if name == "program_name" else getattr(event, name)
        else:
            value = event.fields.get(name.lower())
        return None if value is None else from_byte_text(value)

    def fields(self) -> dict[str, str]:
        """Static and dynamic fields by name, the first of each."""
        event = self._outcome.event
        found: dict[str, str] = {}
        if event is not None:
            for name, value in (*event.static.items(), *event.fields.items()):
                found.setdefault(from_byte_text(name), from_byte_text(value))
        return found

    def in_words(self) -> str:
        """The rule and its level, for a person."""
        if self.rejected:
            return f"the event was rejected: {self.rejected}"
        if self._rule is None:
            return "no rule"
        return f"rule {self.rule}, level {self.level}, {quoted(self.description)}"


def quoted(value: object) -> str:
    """A value as messages show it, long ones shortened."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    text = str(value)
    return f"'{text}'" if len(text) <= _SHOWN else f"'{text[:_SHOWN]}...'"
