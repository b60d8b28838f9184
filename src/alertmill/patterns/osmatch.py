"""OSMATCH: a list of plain strings with `^`, `$`, `|` and a leading `!` (spec/regex.md 3).

There are no escapes and no positions: a backslash is an ordinary character, and `search` says only that it matched.
"""

from __future__ import annotations

from alertmill.errors import PatternError
from alertmill.patterns.literal_tests import LiteralTests, Test
from alertmill.patterns.lowercase import lower
from alertmill.patterns.matcher import ANY_TEXT, NO_POSITION, Found

#: Longest pattern of OSMATCH and OSREGEX, in bytes (spec/regex.md 1.4).
MAX_PATTERN = 20480


class OsMatch:
    """A compiled OSMATCH pattern. Raises PatternError when it is too long; anything else is valid."""

    __slots__ = ("matches", "needed", "pattern")

    dialect = "osmatch"
    overruns = 0
    matches: Test
    needed: tuple[str, ...]

    def __init__(self, pattern: str) -> None:
        refuse_oversize(pattern)
        self.pattern = pattern
        negated = pattern.startswith("!")
        holds, literals = _compile(pattern[negated:])
        self.matches = (lambda text: not holds(text)) if negated else holds
        self.needed = ANY_TEXT if negated else literals

    def search(self, text: str) -> Found | None:
        """Whether it matched; OSMATCH has no position, so `rest` of the answer is the whole text."""
        return NO_POSITION if self.matches(text) else None


def refuse_oversize(pattern: str) -> None:
    """Raise PatternError for a pattern longer than OSMATCH and OSREGEX allow."""
    if len(pattern) > MAX_PATTERN:
        raise PatternError(
            f"the pattern has {len(pattern)} bytes, more than the {MAX_PATTERN} allowed",
            position=MAX_PATTERN,
            hint="split it into several conditions, or use a list",
        )


def alternatives(pattern: str) -> list[tuple[str, bool, bool]]:
    """The alternatives of a pattern without its `!`: (literal in lower case, anchored at begin, anchored at end).

    Alternatives that can never match are left out: one with a byte of 0x80 and above matches only where it is anchored.
    """
    found = []
    for alternative in pattern.split("|"):
        begin = alternative.startswith("^")
        literal = alternative[begin:]
        end = literal.endswith("$")
        literal = literal[:-1] if end else literal
        if begin or end or literal.isascii():
            found.append((lower(literal), begin, end))
    return found


def _compile(pattern: str) -> tuple[Test, tuple[str, ...]]:
    """The test, and literals of which a text that passes has one."""
    tests, literals = LiteralTests(), []
    for literal, begin, end in alternatives(pattern):
        if not literal and not (begin and end):
            return lambda text: True, ANY_TEXT
        tests.add(literal, begin=begin, end=end)
        literals.append(literal)
    return tests.test(), tuple(literals)


def word_list_matches(pattern: str, text: str) -> bool:
    """Whether a word of the list `pattern` occurs in `text`, a group string for instance (end of spec/regex.md 3).

    Words are parted by `|`; `^word` must stand at the beginning. There is no `$` and no `!`, case is ignored, and an
    empty list holds nothing.
    """
    if not pattern:
        return False
    text = lower(text)
    return any(text.startswith(word[1:]) if word[:1] == "^" else word in text for word in lower(pattern).split("|"))
