"""OSREGEX: the matcher, which sends every alternative the cheapest way that gives the machine's answer.

1. Literal text only: comparisons (`LiteralTests`).
2. A literal that every match must contain is missing, or the text begins otherwise: no match (spec/regex.md 2.8).
3. Python's `re`, where that is exact (`osregex_native`, `osregex_loops`).
4. The machine (`osregex_stepper`), which can give up on hostile texts; that is counted in `overruns`.

Reading the pattern, with all errors, happens at once; tables and `re` expressions are made when first needed, because
most patterns of a ruleset never get past step 2.
"""

from __future__ import annotations

from collections.abc import Sequence

from alertmill.patterns.literal_tests import LiteralTests, Test
from alertmill.patterns.lowercase import lowered
from alertmill.patterns.matcher import Found
from alertmill.patterns.osregex import MARK, NEVER, Alternative, CharClass, Element, Literal, parse
from alertmill.patterns.osregex_loops import LoopSearch, is_looped
from alertmill.patterns.osregex_native import NativeSearch, head_test, is_native
from alertmill.patterns.osregex_stepper import Stepper, StepsExceeded

#: Characters that stand in many logs: a row of them says less about a text.
_COMMON = frozenset(" .:-/,=()[]\"'abcdefghijklmnopqrstuvwxyz0123456789")


class OsRegex:
    """A compiled OSREGEX pattern. Raises PatternError with the place of the first thing that is not allowed.

    `captures`: whether `search` shall deliver captures; it can change what matches (spec/regex.md 2.6 F1).
    """

    __slots__ = ("_alternatives", "_needed", "_searches", "_wanted", "matches", "overruns", "pattern")

    dialect = "osregex"
    matches: Test

    def __init__(self, pattern: str, *, captures: bool = False) -> None:
        self._alternatives = parse(pattern)
        self._wanted = captures and any(MARK in alternative.tokens for alternative in self._alternatives)
        self._searches: list[_Search] = []
        self._needed: str | None = None
        self.pattern = pattern
        self.overruns = 0
        self.matches = _literal_test(self._alternatives) or self._matches

    def search(self, text: str) -> Found | None:
        """The match of the first alternative that matches anywhere (spec/regex.md 2.2), with R as `end`."""
        low = lowered(text)
        if self._needed is not None and self._needed not in low:
            return None
        for search in self._searches or self._prepare():
            if low.startswith(search.lead) and search.longest in low and (not search.asks or search.may_match(low)):
                try:
                    found = search.route(low).search(low, text)
                except StepsExceeded:
                    self.overruns += 1
                else:
                    if found is not None:
                        return found
        return None

    def _matches(self, text: str) -> bool:
        low = lowered(text)
        if self._needed is not None and self._needed not in low:
            return False
        for search in self._searches or self._prepare():
            if low.startswith(search.lead) and search.longest in low and (not search.asks or search.may_match(low)):
                try:
                    if search.route(low).matches(low):
                        return True
                except StepsExceeded:
                    self.overruns += 1
        return False

    @property
    def needed(self) -> tuple[str, ...]:
        """See `Matcher`."""
        searches = self._searches or self._prepare()
        if self._needed is not None:
            return (self._needed,)
        return tuple(search.longest for search in searches)

    def _prepare(self) -> list[_Search]:
        searches = [_Search(alternative, self._wanted) for alternative in self._alternatives]
        if len(searches) > 1:
            self._needed = _in_all([literal_rows(alternative) for alternative in self._alternatives])
        self._searches = searches
        return searches


class _Search:
    """One alternative: the ways to search it, made on first use, and what a text must have to be searched at all.

    A text in lower case that does not begin with `lead` and contain `longest`, or for which `may_match` says no, cannot
    match.
    """

    __slots__ = ("_alternative", "_head", "_native", "_rows", "_stepper", "_wanted", "asks", "lead", "longest")

    def __init__(self, alternative: Alternative, wanted: bool) -> None:
        self._alternative = alternative
        self._wanted = wanted
        found = literal_rows(alternative)
        self.lead = found[0] if alternative.begin else ""
        self.longest = max(found, key=_telling)
        # Where `re` serves, an anchored search finds out at the beginning of the text sooner than any test.
        quick = alternative.begin and (is_native(alternative) or is_looped(alternative))
        self._head = None if quick else head_test(alternative)
        self._rows = [row for row in found if row] if len(found) > 2 and not quick else []
        #: Whether `may_match` has anything to say.
        self.asks = self._head is not None or len(self._rows) > 1
        self._native: _LiteralSearch | NativeSearch | LoopSearch | None = None
        self._stepper: Stepper | None = None

    def may_match(self, low: str) -> bool:
        """False when the text cannot match by its beginning, or lacks one of the rows of literals in their order."""
        return (self._head is None or self._head(low) is not None) and _in_order(self._rows, low)

    def route(self, low: str) -> _LiteralSearch | NativeSearch | LoopSearch | Stepper:
        """What to search this text with."""
        native, stepper = self._native, self._stepper
        if native is None and stepper is None:
            self._native = native = self._make_native()
        if native is not None and (native.is_always_quick or native.is_quick(low)):
            return native
        if stepper is None:
            self._stepper = stepper = Stepper(self._alternative, wanted=self._wanted)
        return stepper

    def _make_native(self) -> _LiteralSearch | NativeSearch | LoopSearch | None:
        literal = self._alternative.literal()
        if literal is not None:
            return _LiteralSearch(literal, self._alternative)
        if is_native(self._alternative):
            return NativeSearch(self._alternative, wanted=self._wanted)
        return LoopSearch(self._alternative, wanted=self._wanted) if is_looped(self._alternative) else None


class _LiteralSearch:
    """An alternative that is one literal text; a match ends where the text does."""

    __slots__ = ("_begin", "_end", "_text")

    is_always_quick = True

    def __init__(self, text: str, alternative: Alternative) -> None:
        self._text = text
        self._begin = alternative.begin
        self._end = alternative.end

    def is_quick(self, low: str) -> bool:
        return True

    def matches(self, low: str) -> bool:
        return self._place(low) >= 0

    def search(self, low: str, text: str) -> Found | None:
        place = self._place(low)
        return Found(place + len(self._text) - 1, ()) if place >= 0 else None

    def _place(self, low: str) -> int:
        if self._begin:
            return 0 if (low == self._text if self._end else low.startswith(self._text)) else -1
        if self._end:
            return len(low) - len(self._text) if low.endswith(self._text) else -1
        return low.find(self._text)


def _literal_test(alternatives: Sequence[Alternative]) -> Test | None:
    """The test of a pattern whose alternatives are all literal texts or one of which is empty, else None."""
    if any(not alternative.tokens and not alternative.end for alternative in alternatives):
        return lambda text: True
    tests = LiteralTests()
    for alternative in alternatives:
        literal = alternative.literal()
        if literal is None:
            return None
        if NEVER not in literal:
            tests.add(literal, begin=alternative.begin, end=alternative.end)
    return tests.test()


def literal_rows(alternative: Alternative) -> list[str]:
    """The rows of literals between the classes, which every match contains in this order (spec/regex.md 2.8).

    The first row is what the alternative begins with; rows may be empty, and there is at least one.
    """
    if alternative.has_adjacent_marks():
        return [""]
    elements = alternative.elements()
    if len(elements) > 1 and isinstance(elements[-1], Literal) and _is_lone_class(elements[-2]):
        elements.pop()  # such a tail can be accepted without being matched
    rows = [""]
    for element in elements:
        if isinstance(element, Literal):
            rows[-1] += element.char
        else:
            rows.append("")
    return rows


def _in_all(several: Sequence[Sequence[str]]) -> str | None:
    """The row of literals that tells most among those which all alternatives have, by their rows; None without any."""
    first, *others = several
    shared = [row for row in first if row and all(any(row in other for other in rows) for rows in others)]
    return max(shared, key=_telling, default=None)


def _telling(row: str) -> tuple[int, bool]:
    """How much a row of literals tells about a text that has it: by its length, then by its first character."""
    return len(row), row[:1] not in _COMMON


def _in_order(rows: list[str], low: str) -> bool:
    place = 0
    for row in rows:
        place = low.find(row, place)
        if place < 0:
            return False
        place += len(row)
    return True


def _is_lone_class(element: Element) -> bool:
    return isinstance(element, CharClass) and not element.quantifier
