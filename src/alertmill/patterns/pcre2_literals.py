"""Literals that every match of a PCRE2 pattern must contain, or be, where that can be seen at a glance.

Reads the plain part of the syntax: characters, escapes, simple classes, groups, alternatives, quantifiers, look-around
(which is read over) and flags that change no plain character. Whatever else stands in a pattern (other flags, back
references, verbs, recursion) makes the answer "unknown", so that being right is not a matter of knowing all of PCRE2.
"""

from __future__ import annotations

import re

from alertmill.patterns.literal_tests import OneOf
from alertmill.patterns.lowercase import lower

#: Flags that do not change which plain characters a match must contain; (?x) would.
_FLAGS = re.compile(r"\(\?[imsU]*(?:-[imsU]+)?\)")
_QUANTIFIER = re.compile(r"([*+?]|\{\s*\d*\s*(?:,\s*\d*\s*)?\})[+?]?")
_PLAIN_GROUP = re.compile(r"\((?:\?[imsU]*(?:-[imsU]+)?:|\?P?<[A-Za-z_]\w*>|(?![?*]))", re.ASCII)
#: What is looked at without being part of the match.
_LOOK_AROUND = re.compile(r"\(\?<?[=!]")
#: Escapes that take part in no literal: character types and assertions.
_TYPES = frozenset("dDwWsShHvVRNbBAZz")
_CHARACTERS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "e": "\x1b", "a": "\x07"}
_CLASS = re.compile(r"\[\^?\]?(?:[^\[\]\\]|\\[^a-zA-Z0-9]|\\[dDwWsShHvVtnrfea])*\]", re.DOTALL)

#: A plain text, without the signs that part such texts.
_TEXT = r"(?:[\w \-:/,;@=%&~<>!]|\\[.\-+*?()\[\]{}/:])+"
#: Nothing but plain texts, the whole of them.
_WHOLE_TEXTS = re.compile(
    rf"(?P<caseless>\(\?i\))?\^(?:(?P<parted>{_TEXT}(?:\$\|\^{_TEXT})*)|\((?:\?:)?(?P<grouped>{_TEXT}(?:\|{_TEXT})*)\))\$",
    re.ASCII,
)

#: At least one of these literals occurs.
Need = tuple[str, ...]


class _Unknown(Exception):  # noqa: N818 (control flow of this module)
    """The pattern holds something that this reader does not know."""


def whole_texts(pattern: str) -> OneOf | None:
    """The test for a pattern such as `^22$|^23$` or `^(?:22|23)$`, which only a few whole texts match."""
    found = _WHOLE_TEXTS.fullmatch(pattern)
    if found is None:
        return None
    parted, grouped = found["parted"], found["grouped"]
    marked = grouped.split("|") if parted is None else parted.split("$|^")
    texts = [text.replace("\\", "") for text in marked]
    texts += [f"{text}\n" for text in texts]  # `$` is also before the newline that ends a text
    return OneOf([*map(lower, texts)]) if found["caseless"] else OneOf(texts, exact=True)


def needs(pattern: str) -> list[Need]:
    """What the lower-case text of every match contains: at least one literal (in lower case) of each tuple.

    The pattern must be one that the library accepts. An empty list: nothing is known.
    """
    return _joined(needs_of_alternatives(pattern))


def needs_of_alternatives(pattern: str) -> list[list[Need]]:
    """`needs` of each alternative of the whole pattern, of which a match fulfils one."""
    reader = _Reader(pattern)
    try:
        found = reader.alternatives()
    except _Unknown:
        return [[]]
    return found if reader.place == len(pattern) else [[]]


def _joined(alternatives: list[list[Need]]) -> list[Need]:
    """What holds whichever of the alternatives matches."""
    if len(alternatives) == 1:
        return alternatives[0]
    choices = [best(one) for one in alternatives]
    if None in choices:
        return []
    return [tuple(dict.fromkeys(literal for one in choices if one for literal in one))]


def best(found: list[Need]) -> Need | None:
    """The need that rejects most: the one with the longest shortest literal, then with the fewest literals."""
    return max(found, key=lambda need: (len(min(need, key=len)), -len(need)), default=None)


class _Reader:
    """Recursive descent over the pattern; `place` is the next character."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.place = 0

    def alternatives(self) -> list[list[Need]]:
        """Read up to the closing parenthesis or the end: what each alternative needs."""
        found = [self._sequence()]
        while self._peek() == "|":
            self.place += 1
            found.append(self._sequence())
        return found

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
            return self._group(), ""
        self.place += 1
        return [], "" if char in ".^$" else lower(char)

    def _group(self) -> list[Need]:
        flags = _FLAGS.match(self.pattern, self.place)
        if flags is not None:
            self.place = flags.end()
            return []
        looks = _LOOK_AROUND.match(self.pattern, self.place)
        self._take(_PLAIN_GROUP if looks is None else _LOOK_AROUND)
        needed = self.alternatives()
        self.place += 1
        return _joined(needed) if looks is None else []

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
