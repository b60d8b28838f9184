"""OSREGEX: the grammar of Wazuh's small regular expressions (spec/regex.md 2.1), text -> tokens.

It is neither POSIX nor Perl: quantifiers stand only behind a backslash class, there is no `[...]`, `.` is a dot, and
`^` and `$` mean something only at the ends of an alternative. This module reads and refuses; `osregex_machine` says
what the tokens mean, `osregex_native` and `osregex_stepper` match fast, `osregex_matcher` puts them together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from alertmill.errors import PatternError
from alertmill.patterns.lowercase import lower
from alertmill.patterns.osmatch import refuse_oversize

#: Stands for a literal that no byte equals: a byte of 0x80 and above never matches (spec/regex.md 2.1).
NEVER = "\u0100"


@dataclass(frozen=True, slots=True)
class Literal:
    """One character, in lower case, without quantifier; `NEVER` for one that cannot match."""

    char: str


@dataclass(frozen=True, slots=True)
class CharClass:
    """A backslash class: the characters it matches, both cases, and its quantifier (`""`, `"+"` or `"*"`)."""

    chars: frozenset[str]
    quantifier: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A parenthesis. Opening and closing ones are the same token; every second one closes."""


MARK = Mark()
Token = Literal | CharClass | Mark
Element = Literal | CharClass


@dataclass(frozen=True, slots=True)
class Alternative:
    """One alternative: its tokens, and whether it is anchored at the beginning and at the end."""

    tokens: tuple[Token, ...]
    begin: bool
    end: bool

    def literal(self) -> str | None:
        """The text of an alternative that has literals only and at least one; None for all others."""
        if not self.tokens or not all(type(token) is Literal for token in self.tokens):
            return None
        return "".join(token.char for token in self.tokens if type(token) is Literal)

    def elements(self) -> list[Element]:
        """The tokens without the parentheses."""
        return [token for token in self.tokens if not isinstance(token, Mark)]

    def has_adjacent_marks(self) -> bool:
        """Whether two parentheses touch; the second is then compared as a character (spec/regex.md 2.4)."""
        return any(a is MARK and b is MARK for a, b in pairwise(self.tokens))


_ALL = frozenset(map(chr, range(256)))
_DIGITS = frozenset("0123456789")
_WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-@_")
_SPACE = frozenset(" ")

#: The classes by the letter behind the backslash.
CLASSES: dict[str, frozenset[str]] = {
    "d": _DIGITS,
    "w": _WORD,
    "s": _SPACE,
    "t": frozenset("\t"),
    "p": frozenset("!\"#$%&'()*+,-.:;<=>?[]{}|"),
    ".": _ALL,
    "D": _ALL - _DIGITS,
    "W": _ALL - _WORD,
    "S": _ALL - _SPACE,
    **{char: frozenset(char) for char in "()\\$|<"},
}

_CLASS_TOKENS = {(name, q): CharClass(chars, q) for name, chars in CLASSES.items() for q in ("", "+", "*")}
_LITERAL_TOKENS = {chr(code): Literal(lower(chr(code)) if code < 128 else NEVER) for code in range(256)}

_ITEM = re.compile(r"\\(?P<class>.?)(?P<quantifier>[+*]?)|(?P<special>[()|])|[^\\()|]+", re.DOTALL)


def parse(pattern: str) -> tuple[Alternative, ...]:
    """Read a pattern (byte text). Raises PatternError with the place of the first thing that OSREGEX does not allow."""
    refuse_oversize(pattern)
    return _Reader(pattern).alternatives()


class _Reader:
    """One pass over the pattern, collecting the tokens of the alternative at hand."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.done: list[Alternative] = []
        self.tokens: list[Token] = []
        self.begin = False
        #: Where the alternative at hand begins, and where its open group does (-1: none is open).
        self.start = 0
        self.opened = -1

    def alternatives(self) -> tuple[Alternative, ...]:
        end = False
        for item in _ITEM.finditer(self.pattern):
            name, quantifier, special = item.groups()
            if special == "|":
                self._close_alternative(item.start(), end)
                end = False
            elif special:
                self._mark(special, item.start())
                end = False
            elif name is not None:
                self.tokens.append(self._class(name, quantifier, item.start()))
                end = False
            else:
                end = self._literals(item.group(), item.start(), item.end())
        self._close_alternative(len(self.pattern), end)
        return tuple(self.done)

    def _literals(self, text: str, start: int, stop: int) -> bool:
        """Take in plain characters; returns whether they ended in the anchor `$`."""
        if start == self.start and text[0] == "^":
            self.begin = True
            text = text[1:]
        end = text.endswith("$") and self.pattern[stop : stop + 1] in ("", "|")
        self.tokens += [_LITERAL_TOKENS[char] for char in (text[:-1] if end else text)]
        return end

    def _class(self, name: str, quantifier: str, position: int) -> CharClass:
        token = _CLASS_TOKENS.get((name, quantifier))
        if token is None:
            raise bad_escape(name, position)
        return token

    def _mark(self, char: str, position: int) -> None:
        if char == "(" and self.opened >= 0:
            raise PatternError(
                "a group inside a group",
                position=position,
                hint='OSREGEX has no nested groups; write \\( for a parenthesis, or use type="pcre2"',
            )
        if char == ")" and self.opened < 0:
            raise PatternError("this ) closes no group", position=position, hint="write \\) for a parenthesis")
        self.opened = position if char == "(" else -1
        self.tokens.append(MARK)

    def _close_alternative(self, position: int, end: bool) -> None:
        if self.opened >= 0 and position < len(self.pattern):
            raise PatternError(
                "a | inside a group",
                position=position,
                hint='write \\| for the character; alternatives stand outside of groups, or use type="pcre2"',
            )
        if self.opened >= 0:
            raise PatternError("this ( is never closed", position=self.opened, hint="write \\( for a parenthesis")
        self.done.append(Alternative(tuple(self.tokens), self.begin, end))
        self.tokens, self.begin, self.start = [], False, position + 1


def bad_escape(name: str, position: int) -> PatternError:
    """The error for a backslash at `position` with `name` behind it (empty: nothing), with what to write instead."""
    if not name:
        return PatternError(
            "the pattern ends in a lone backslash", position=position, hint="write \\\\ for a backslash"
        )
    return PatternError(f"\\{_shown(name)} is not an OSREGEX escape", position=position, hint=_instead_of(name))


def _shown(char: str) -> str:
    return char if char.isascii() and char.isprintable() else f"x{ord(char):02x}"


_KNOWN = 'The classes are \\d \\w \\s \\t \\p \\. \\D \\W \\S; for anything else use type="pcre2"'


def _instead_of(name: str) -> str:
    if name in "+*":
        return (
            f'write {name} without a backslash; right behind a class it would be a quantifier, use type="pcre2" there'
        )
    if name in "nr":
        return 'a line end has no escape; \\. matches any byte, or use type="pcre2"'
    if name.swapcase() in CLASSES:
        return f"did you mean \\{name.swapcase()}? {_KNOWN}"
    if not name.isalnum() and name.isascii():
        return f"write {_shown(name)} without a backslash: it has no special meaning"
    return _KNOWN
