"""OSREGEX as Python's `re` where classes are followed by a literal that they take as well: `\\.+ x`, `"(\\S+)"`.

The second way to use `re` beside `osregex_native`, whose conditions hold here but for such classes. At each literal
that stands behind it the machine leaves the class; it comes back to the last one that it left at when the rest does not
match, and, if the quantifier is `+`, swallows the character behind it unseen (spec/regex.md 2.5). That is a lazy loop
over the literals:

    C+ L   ->   C others*+ (?: L C others*+ )*? L         others: what C takes but L
    C* L   ->     others*+ (?: L   others*+ )*? L

- A class has one return point at a time, so the machine's limit of four is kept by taking no more than four of them.
- Where the text ends on the way, the machine ends as well, whatever return points are left. So the expression matches
  there too, without the group `done`, and that is no match.
- Backtracking over the literals can be much work. `is_quick` bounds it by their number in the text, so low that the
  machine would not have given up either; the caller hands all other texts to the machine.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from math import comb

from alertmill.patterns.charset import charset
from alertmill.patterns.matcher import Found
from alertmill.patterns.osregex import MARK, Alternative, Element, Literal, Mark
from alertmill.patterns.osregex_machine import MAX_SLOTS
from alertmill.patterns.osregex_native import chars_of, has_plain_ends, quantifier_of, share

#: Most steps that the machine could take for a text that is searched here; behind more than these it gives up.
MOST_STEPS = 400_000


def is_looped(alternative: Alternative) -> bool:
    """Whether `LoopSearch` gives the machine's answers for this alternative, and `re` is of no use without loops."""
    loops = _loops(alternative.elements())
    return 0 < len(loops) <= MAX_SLOTS and None not in loops and has_plain_ends(alternative)


class LoopSearch:
    """One alternative for which `is_looped` holds. `wanted`: captures are asked for and the pattern has groups."""

    __slots__ = ("_first", "_longest", "_loops", "_marked_end", "_marks", "_run", "_search", "_size")

    is_always_quick = False

    def __init__(self, alternative: Alternative, *, wanted: bool) -> None:
        elements = alternative.elements()
        self._run = bool(quantifier_of(elements[-1]))
        self._marked_end = alternative.tokens[-1] is MARK
        self._marks = range(1, alternative.tokens.count(MARK) + 1, 2) if wanted else range(0)
        compiled = re.compile(_source(alternative, wanted))
        self._search = compiled.match if alternative.begin else compiled.search
        self._size = len(alternative.tokens) + 1
        self._loops = [literal for literal in _loops(elements) if literal is not None]
        #: What every attempt begins with; None where there is but one.
        self._first = None if alternative.begin else chars_of(elements[0])
        #: Texts of this length are quick whatever they are.
        self._longest = int(MOST_STEPS ** (1 / (len(self._loops) + 1 + (self._first is not None)))) - self._size

    def is_quick(self, low: str) -> bool:
        """Whether the machine has few ways through this text."""
        if len(low) <= self._longest:
            return True
        steps = len(low) + self._size
        if self._first is not None:
            steps *= low.count(next(iter(self._first))) if len(self._first) == 1 else len(low)
        ways = 1
        for literal in self._loops:
            ways *= low.count(literal) + 1
        return steps * ways <= MOST_STEPS or steps * self._ordered_ways(low) <= MOST_STEPS

    def _ordered_ways(self, low: str) -> int:
        """A closer bound on the choices of places where the classes are left: one comes behind the other."""
        places = sum(map(low.count, set(self._loops)))
        return comb(places + len(self._loops), len(self._loops))

    def matches(self, low: str) -> bool:
        """Whether the text, already in lower case, holds a match."""
        match = self._search(low)
        return match is not None and match.end("done") >= 0

    def search(self, low: str, text: str) -> Found | None:
        """R and the captures; `low` is `text` in lower case."""
        match = self._search(low)
        if match is None or match.end("done") < 0:
            return None
        end = match.end()
        if not self._run:
            end -= 1
        elif self._marked_end or end == len(low):
            end = match.start("run")
        place = match.end
        return Found(end, tuple([text[place(mark) : place(mark + 1)] for mark in self._marks]))


def _loops(elements: Sequence[Element]) -> list[str | None]:
    """The literals that stand behind a class which takes them as well; None for a class in their place."""
    return [b.char if isinstance(b, Literal) else None for a, b in pairwise(elements) if share(a, b)]


def _source(alternative: Alternative, wanted: bool) -> str:
    """The expression: a group for each parenthesis, which tells its place, `run` for a quantified class at the end."""
    source = (r"\Z" if alternative.end else "") + "(?P<done>)"
    following: Element | None = None
    row: list[str] = []
    for token in reversed(alternative.tokens):
        if isinstance(token, Mark):
            source = f"(){source}" if wanted else source
            continue
        one = charset(chars_of(token))
        if not quantifier_of(token):
            source = one + source
            row.append(one)
        elif following is None:
            source = f"(?P<run>{one}{quantifier_of(token)}+){source}"
        else:
            source = rf"{_repeated(token, following)}(?:{source}|{_begun(row)})"
            row = []
        following = token
    return source


def _repeated(element: Element, following: Element) -> str:
    """A quantified class before the element `following`, as the head of this module says."""
    one, quantifier = charset(chars_of(element)), quantifier_of(element)
    if not share(element, following):
        return f"{one}{quantifier}+"
    literal, others = charset(chars_of(following)), charset(chars_of(element) - chars_of(following))
    unseen = one if quantifier == "+" else ""
    return f"{unseen}{others}*+(?:{literal}{unseen}{others}*+)*?"


def _begun(row: Sequence[str]) -> str:
    """What matches to the end of the text if that is a beginning of a row of elements, which is given backwards.

    In most texts there is more to come, which is the first thing to be looked at.
    """
    source = ""
    for one in row:
        source = f"(?:{one}{source})?+"
    return rf"(?!(?s:.){{{len(row) + 1}}}){source}\Z"
