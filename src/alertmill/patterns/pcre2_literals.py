"""Literals that every match of a PCRE2 pattern must contain, where that can be seen at a glance.

Reads the plain part of the syntax: characters, escapes, simple classes, groups, alternatives, quantifiers and flags at
the very beginning. Whatever else stands in a pattern (other flags, look-around, back references, verbs, recursion)
makes the answer "unknown", so that being right is not a matter of knowing all of PCRE2.
"""

from __future__ import annotations

import re

from alertmill.patterns.lowercase import lower

#: Flags that do not change which plain characters a match must contain; (?x) would.
_FLAGS = re.compile(r"\(\?[imsU]+\)")
_QUANTIFIER = re.compile(r"([*+?]|\{\s*\d*\s*(?:,\s*\d*\s*)?\})[+?]?")
_PLAIN_GROUP = re.compile(r"\((?:\?:|\?P?<[A-Za-z_]\w*>|(?![?*]))", re.ASCII)
#: Escapes that take part in no literal: character types and assertions.
_TYPES = frozenset("dDwWsShHvVRNbBAZz")
_CHARACTERS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "e": "\x1b", "a": "\x07"}
_CLASS = re.compile(r"\[\^?\]?(?:[^\[\]\\]|\\[^a-zA-Z0-9]|\\[dDwWsShHvVtnrfea])*\]", re.DOTALL)

#: At least one of these literals occurs.
Need = tuple[str, ...]


class _Unknown(Exception):  # noqa: N818 (control flow of this module)
    """The pattern holds something that this reader does not know."""


def needs(pattern: str) -> list[Need]:
    """What the lower-case text of every match contains: at least one literal (in lower case) of each tuple.

    The pattern must be one that the library accepts. An empty list: nothing is known.
    """
    flags = _FLAGS.match(pattern)
    reader = _Reader(pattern, flags.end() if flags else 0)
    try:
        found = reader.alternatives()
    except _Unknown:
        return []
    return found if reader.place == len(pattern) else []


def best(found: list[Need]) -> Need | None:
    """The need that rejects most: the one with the longest shortest literal, then with the fewest literals."""
    return max(found, key=lambda need: (len(min(need, key=len)), -len(need)), default=None)


class _Reader:
    """Recursive descent over the pattern; `place` is the next character."""

    def __init__(self, pattern: str, place: int) -> None:
        self.pattern = pattern
        self.place = place

    def alternatives(self) -> list[Need]:
        """Read up to the closing parenthesis or the end."""
        found = [self._sequence()]
        while self._peek() == "|":
            self.place += 1
            found.append(self._sequence())
        if len(found) == 1:
            return found[0]
        choices = [best(one) for one in found]
        if None in choices:
            return []
        return [tuple(dict.fromkeys(literal for one in choices if one for literal in one))]

    def _sequence(self) -> list[Need]:
        """What one alternative needs, in the order of the pattern."""
        found: list[Need] = []
        row = ""
        while self._peek() not in ("", "|", ")"):
            needed, literal = self._part()
            quantifier = self._quantifier()
            if quantifier[:1] in ("*", "?", "{"):
                needed, literal = [], ""
            row += literal
            if row and (not literal or quantifier):
                found.append((row,))
                row = ""
            found += needed
        return [*found, (row,)] if row else found

    def _part(self) -> tuple[list[Need], str]:
        """One item without its quantifier: what it needs as a group, and its text if it is one plain character."""
        char = self._peek()
        if char == "\\":
            return [], self._escape()
        if char == "[":
            self._take(_CLASS)
            return [], ""
        if char == "(":
            self._take(_PLAIN_GROUP)
            needed = self.alternatives()
            self.place += 1
            return needed, ""
        self.place += 1
        return [], "" if char in ".^$" else lower(char)

    def _escape(self) -> str:
        name = self.pattern[self.place + 1 : self.place + 2]
        self.place += 2
        if name in _CHARACTERS:
            return _CHARACTERS[name]
        if name in _TYPES:
            return ""
        if not name or name.isalnum() or not name.isascii():
            raise _Unknown
        return name

    def _quantifier(self) -> str:
        found = _QUANTIFIER.match(self.pattern, self.place)
        if found is None:
            return ""
        self.place = found.end()
        return found.group()

    def _take(self, expected: re.Pattern[str]) -> None:
        found = expected.match(self.pattern, self.place)
        if found is None:
            raise _Unknown
        self.place = found.end()

    def _peek(self) -> str:
        return self.pattern[self.place : self.place + 1]
