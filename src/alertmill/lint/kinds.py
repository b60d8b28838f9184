"""The shape of the linter's catalogue: what a kind of finding is, and how one is made."""

from __future__ import annotations

from dataclasses import dataclass

from alertmill.codes import Code
from alertmill.errors import Origin, Problem, Severity

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE

#: Longest piece of a rule that a message quotes, in characters.
_QUOTED = 60


@dataclass(frozen=True, slots=True)
class Kind(Code):
    """A kind of finding. `cure` says what to do, `why` what goes on; `severity` is that of all its findings.

    ERROR: it cannot work. WARNING: it will surprise. NOTE: a matter of style.
    """

    severity: Severity
    why: str

    def at(self, origin: Origin | None, message: str, hint: str = "") -> Problem:
        """A finding of this kind."""
        return Problem(self, self.severity, message, origin, hint or self.cure)


def quoted(text: str) -> str:
    """A piece of a rule as messages show it: on one line, not too long."""
    shown = repr(text)[1:-1].replace("\\\\", "\\").replace("\\'", "'")
    return f"'{shown}'" if len(shown) <= _QUOTED else f"'{shown[:_QUOTED]}...'"


def listed(words: list[str], most: int = 5) -> str:
    """`a, b and 3 more`."""
    return ", ".join(words) if len(words) <= most else f"{', '.join(words[:most])} and {len(words) - most} more"
