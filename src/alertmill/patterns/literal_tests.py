"""The cheapest conditions: text that is, begins with, ends in or contains one of some literals.

OSMATCH is nothing else, and two thirds of all OSREGEX patterns in use are no more than that. `LiteralTests` sorts such
alternatives by kind and makes one function of them. Case is ignored, ASCII only. No dialect is parsed here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from alertmill.patterns.lowercase import lowered

Test = Callable[[str], bool]


@dataclass(slots=True)
class LiteralTests:
    """Literals in lower case, by how they are looked for; the whole holds if one of them does."""

    equal: list[str] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    suffixes: list[str] = field(default_factory=list)
    inside: list[str] = field(default_factory=list)

    def add(self, literal: str, *, begin: bool, end: bool) -> None:
        """Take in one alternative; `begin` and `end` say at which ends it is anchored."""
        if begin and end:
            self.equal.append(literal)
        elif begin:
            self.prefixes.append(literal)
        elif end:
            self.suffixes.append(literal)
        else:
            self.inside.append(literal)

    def test(self) -> Test:
        """One function of the (not lowered) text for all literals taken in; false when there are none."""
        tests: list[Test] = []
        if self.equal:
            tests.append(OneOf(self.equal))
        if self.prefixes:
            tests.append(_starts_with(self.prefixes))
        if self.suffixes:
            tests.append(_ends_with(self.suffixes))
        if self.inside:
            tests.append(_contains(self.inside))
        return tests[0] if len(tests) == 1 else _any_of(tests)


class OneOf:
    """Whether a text is one of some literals. Whoever asks many of these can put their `literals` into one table.

    Literals are in lower case, and case is ignored, unless `exact`.
    """

    __slots__ = ("_lengths", "exact", "literals")

    def __init__(self, literals: list[str], *, exact: bool = False) -> None:
        self.literals = frozenset(literals)
        self.exact = exact
        self._lengths = frozenset(map(len, literals))

    def __call__(self, text: str) -> bool:
        return len(text) in self._lengths and (text if self.exact else lowered(text)) in self.literals


def _starts_with(literals: list[str]) -> Test:
    if len(literals) == 1 and literals[0].isascii():
        literal, length = literals[0], len(literals[0])
        # Only ASCII letters become ASCII in lower case, so plain `lower` is exact here.
        return lambda text: text[:length].lower() == literal
    several = tuple(literals)
    return lambda text: lowered(text).startswith(several)


def _ends_with(literals: list[str]) -> Test:
    several = tuple(literals)
    return lambda text: lowered(text).endswith(several)


def _contains(literals: list[str]) -> Test:
    if len(literals) == 1:
        literal = literals[0]
        return lambda text: literal in lowered(text)
    several = tuple(literals)

    def test(text: str) -> bool:
        low = lowered(text)
        for literal in several:  # noqa: SIM110 (a generator would cost as much as the search)
            if literal in low:
                return True
        return False

    return test


def _any_of(tests: list[Test]) -> Test:
    several = tuple(tests)

    def test(text: str) -> bool:
        for one in several:  # noqa: SIM110 (see above)
            if one(text):
                return True
        return False

    return test
