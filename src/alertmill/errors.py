"""What goes wrong, where, and how it is drawn.

Every complaint about a file is a `Problem`: a stable code, a severity, one sentence, the place (`Origin`) and a hint.
Loading collects them in `Problems` and goes on, so that a user sees all of them in one report:

    etc/rules/local_rules.xml:14: error: rule 100210 hangs on rule 80299, which no file defines  [R012]
        <if_sid>80299</if_sid>
                ^~~~~
      hint: did you mean 80202?
      Wazuh: (7617): Signature ID '80299' was not found and will be ignored in the 'if_sid' option of rule '100210'.

This module knows neither files nor the terminal: it makes text, others print it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import Enum

from alertmill.codes import Code


class AlertmillError(Exception):
    """Base of every error Alertmill raises on purpose. `str()` is a sentence for the user."""


class PatternError(AlertmillError):
    """A pattern that its dialect does not allow.

    `position` is the index of the offending character in the pattern (-1: the pattern as a whole); `hint` may be empty.
    """

    def __init__(self, message: str, *, position: int = -1, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.hint = hint


class LoadError(AlertmillError):
    """A configuration or ruleset that cannot be used. Carries every problem found, fatal or not."""

    def __init__(self, what: str, problems: Problems) -> None:
        super().__init__(f"{what}\n{problems.draw()}" if problems else what)
        self.what = what
        self.problems = problems


class OutputError(AlertmillError):
    """An output file that is not as the checkpoint left it, or that cannot be written."""


class CheckpointError(AlertmillError):
    """The checkpoint database cannot be used: wrong version, damaged, or held by another daemon."""


class SourceError(AlertmillError):
    """A source that cannot be read. The message names the call, the resource and what is missing."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A place in a file.

    `line` counts from 1 (0: the file as a whole); `text` is that line as written, without its end; `start` and `end`
    are columns of the marked part, counted from 0, end exclusive (equal: nothing is marked).
    """

    path: str
    line: int = 0
    text: str = ""
    start: int = 0
    end: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path

    def picture(self) -> str:
        """The source line with the marked part underlined, or an empty string when there is no line to show."""
        if not self.line or not self.text.strip():
            return ""
        indent = len(self.text) - len(self.text.lstrip())
        shown = self.text[indent:].rstrip()
        start = min(max(self.start - indent, 0), len(shown))
        end = min(max(self.end - indent, start), len(shown))
        if len(shown) > _PICTURE_WIDTH:  # keep the marked part in view
            left = max(0, min(start - _PICTURE_WIDTH // 3, len(shown) - _PICTURE_WIDTH))
            shown = shown[left : left + _PICTURE_WIDTH]
            start, end = start - left, min(end - left, len(shown))
        shown = "".join(c if c.isprintable() else " " for c in shown)
        if end <= start:
            return shown
        mark = "^" + "~" * (_width(shown[start:end]) - 1)
        return f"{shown}\n{' ' * _width(shown[:start])}{mark}"


#: Longest source line drawn, in characters; the part around the mark is kept.
_PICTURE_WIDTH = 120


def _width(text: str) -> int:
    """Columns that `text` takes on a terminal; East Asian wide characters take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


class Severity(Enum):
    """`WARNING`: loaded, but not as the author meant. `ERROR`: cannot be loaded as a whole.

    `NOTE` is for `alertmill lint` alone: a matter of style. Its errors are about what loads but cannot work.
    """

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Problem:
    """One complaint: what was found, where, what to try. `wazuh` is Wazuh's own message for it, if it has one."""

    code: Code
    severity: Severity
    message: str
    origin: Origin | None = None
    hint: str = ""
    wazuh: str = ""

    def draw(self) -> str:
        """The problem as a user reads it, several lines without a trailing newline."""
        place = f"{self.origin}: " if self.origin else ""
        lines = [f"{place}{self.severity.value}: {self.message}  [{self.code.id}]"]
        if self.origin:
            lines += [f"    {line}" for line in self.origin.picture().splitlines()]
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        if self.wazuh:
            lines.append(f"  Wazuh: {self.wazuh}")
        return "\n".join(lines)

    def one_line(self) -> str:
        """The problem as a line of the daemon's log: Wazuh's own words first, for those who search for them."""
        place = f"{self.origin}: " if self.origin else ""
        said = f"{self.wazuh} {place}{self.message}" if self.wazuh else f"{place}{self.message}"
        return f"{said} [{self.code.id}]" + (f" ({self.hint})" if self.hint else "")

    def as_dict(self) -> dict[str, object]:
        """The problem as plain values, for `check --json`."""
        place = self.origin or Origin("")
        return {
            "code": self.code.id,
            "severity": self.severity.value,
            "message": self.message,
            "file": place.path,
            "line": place.line,
            "text": place.text,
            "start": place.start,
            "end": place.end,
            "hint": self.hint,
            "wazuh": self.wazuh,
        }


@dataclass(slots=True)
class Problems:
    """All complaints of one load, in the order they were found."""

    items: list[Problem] = field(default_factory=list)

    def warn(self, code: Code, message: str, origin: Origin | None = None, *, hint: str = "", wazuh: str = "") -> None:
        self.items.append(Problem(code, Severity.WARNING, message, origin, hint, wazuh))

    def error(self, code: Code, message: str, origin: Origin | None = None, *, hint: str = "", wazuh: str = "") -> None:
        self.items.append(Problem(code, Severity.ERROR, message, origin, hint, wazuh))

    def extend(self, others: Iterable[Problem]) -> None:
        self.items.extend(others)

    @property
    def errors(self) -> list[Problem]:
        return [p for p in self.items if p.severity is Severity.ERROR]

    @property
    def warnings(self) -> list[Problem]:
        return [p for p in self.items if p.severity is Severity.WARNING]

    def raise_if_fatal(self, what: str) -> None:
        """Raise `LoadError` with everything found so far if any of it is an error."""
        if self.errors:
            raise LoadError(what, self)

    def draw(self) -> str:
        return "\n".join(p.draw() for p in self.items)

    def __iter__(self) -> Iterator[Problem]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __bool__(self) -> bool:
        return bool(self.items)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint naming the known word nearest to `word`, or an empty string when none is near."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else ""
