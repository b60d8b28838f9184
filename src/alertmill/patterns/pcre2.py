"""PCRE2: the real library, byte by byte, with bounded work (spec/regex.md 4; docs/decisions/0002-pcre2.md).

The library is reached through the `pcre2` package, whose inner module `_cy` is used on purpose: its public functions
always switch on an option that changes what patterns mean (`\\x{41}`, `\\u`, `\\U`), and cost six times as much a call.
What is used of the package is collected here and nowhere else.

A match is tried with the JIT compiler. Its small stack can overflow where the interpreter would not; then the
interpreter tries again, with less patience. Any error while matching counts as no match; those that come from
exhausted limits are counted in `overruns`.
"""

from __future__ import annotations

from typing import Any

from pcre2 import _cy

from alertmill.errors import PatternError
from alertmill.patterns.literal_tests import Test
from alertmill.patterns.lowercase import lowered
from alertmill.patterns.matcher import ANY_TEXT, Found
from alertmill.patterns.pcre2_literals import Need, best, needs, whole_texts

#: Backtracking steps allowed at one starting position (the library's own default is 10,000,000), about a millisecond.
MATCH_LIMIT = 1_000_000
#: The same for the interpreter, which is far slower, and the starting positions it may try: half a second.
INTERPRETER_LIMIT = 20_000
INTERPRETER_STARTS = 1_000
#: Memory of the interpreter, KiB.
_HEAP_LIMIT = 20_000

#: PCRE2_ALT_BSUX of pcre2.h, which the package would switch on.
_UNWANTED_OPTIONS = 0x0000_0002
_ANCHORED = int(_cy.MatchOption.ANCHORED)
_CONTEXT = _cy.create_match_context()

_MATCH_LIMIT_REACHED, _DEPTH_LIMIT_REACHED, _HEAP_LIMIT_REACHED, _JIT_STACK_FULL = -47, -53, -63, -46
_LIMITS_REACHED = frozenset({_MATCH_LIMIT_REACHED, _DEPTH_LIMIT_REACHED, _HEAP_LIMIT_REACHED})


class Pcre2:
    """A compiled PCRE2 pattern. Raises PatternError with the library's message and the place it names.

    `captures`: whether `search` shall deliver captures.
    """

    __slots__ = ("_captures", "_code", "_interpreted", "_needs", "_source", "matches", "overruns", "pattern")

    dialect = "pcre2"
    #: Whether the pattern matches anywhere in a text.
    matches: Test

    def __init__(self, pattern: str, *, captures: bool = False) -> None:
        self.pattern = pattern
        self.overruns = 0
        self._source = pattern.encode("latin-1")
        self._code = _compile(self._source, MATCH_LIMIT)
        self._interpreted: Any = None
        self._captures = _cy.pattern_capture_count(self._code) if captures else 0
        self._needs = _worth_asking(pattern)
        self.matches = whole_texts(pattern) or self._matches
        _try_jit(self._code)

    @property
    def needed(self) -> tuple[str, ...]:
        """See `Matcher`. No text that the library could give up on may be refused here and not by `_match`."""
        if self._needs:
            return self._needs[0]
        is_harmless = "?" not in self.pattern and not _repeats(self.pattern)
        return (best(needs(self.pattern)) if is_harmless else None) or ANY_TEXT

    def _matches(self, text: str) -> bool:
        return self._match(text, text.encode("latin-1")) is not None

    def matches_bytes(self, data: bytes) -> bool:
        """`matches` for bytes as they are: a whole object, without a copy of it."""
        return self._run(data) is not None

    def search(self, text: str) -> Found | None:
        """The leftmost match; captures are cut behind the last group that took part, unset ones before it are empty."""
        data = text.encode("latin-1")
        match = self._match(text, data)
        if match is None:
            return None
        end = _cy.match_substring_span_bynumber(match, data, 0)[1]
        return Found(end - 1, self._groups(match, data, text) if self._captures else ())

    def _match(self, text: str, data: bytes) -> Any:
        """The library's match data, or None; a text that lacks a literal of the pattern is not handed to it."""
        if self._needs and not _has_all(lowered(text), self._needs):
            return None
        return self._run(data)

    def _run(self, data: bytes) -> Any:
        """The library's match data, or None."""
        try:
            return _cy.match(self._code, data, len(data), 0, _CONTEXT)[0]
        except _cy.LibraryError as error:
            if error.code == _JIT_STACK_FULL:
                return self._interpret(data)
            self.overruns += error.code in _LIMITS_REACHED
            return None

    def _interpret(self, data: bytes) -> Any:
        """Match without the JIT compiler, position by position, so that the work is bounded."""
        if self._interpreted is None:
            self._interpreted = _compile(self._source, INTERPRETER_LIMIT)
        size = len(data)
        try:
            for start in range(min(size + 1, INTERPRETER_STARTS)):
                match = _cy.match(self._interpreted, data, size, start, _CONTEXT, _ANCHORED)[0]
                if match is not None:
                    return match
        except _cy.LibraryError:
            self.overruns += 1
            return None
        self.overruns += size >= INTERPRETER_STARTS
        return None

    def _groups(self, match: Any, data: bytes, text: str) -> tuple[str, ...]:
        spans = [_cy.match_substring_span_bynumber(match, data, k) for k in range(1, self._captures + 1)]
        while spans and spans[-1][0] < 0:
            spans.pop()
        return tuple([text[start:end] if start >= 0 else "" for start, end in spans])


def _worth_asking(pattern: str) -> list[Need]:
    """What to look for in a text before the library does, where that can save more than it costs."""
    if not _repeats(pattern):
        return []  # without repetition the library needs one pass, as the question would
    found = sorted(dict.fromkeys(need for need in needs(pattern) if len(need) <= 2), key=lambda need: -len(need[0]))
    return found[:3]


def _repeats(pattern: str) -> bool:
    return any(sign in pattern for sign in "*+{")


def _has_all(low: str, needs: list[Need]) -> bool:
    """Whether the text has at least one literal of each need."""
    for need in needs:  # noqa: SIM110 (a generator would cost as much as the search)
        if need[0] not in low and need[-1] not in low:
            return False
    return True


def _compile(source: bytes, match_limit: int) -> Any:
    """The library's code for a pattern with limits. Raises PatternError."""
    limits = b"(*LIMIT_MATCH=%d)(*LIMIT_HEAP=%d)" % (match_limit, _HEAP_LIMIT)
    try:
        return _cy.compile(limits + source, 0, _UNWANTED_OPTIONS)
    except _cy.PatternError as error:
        reason = str(error.msg).partition("; ")[2] or str(error.msg)
        behind = error.pos - len(limits)  # the library points behind the character it stumbled over
        raise PatternError(
            reason, position=max(min(behind, len(source)) - 1, 0), hint=_HINTS.get(error.code, "")
        ) from None


def _try_jit(code: Any) -> None:
    """Compile to machine code where the library can; the few patterns it cannot are interpreted."""
    try:
        _cy.jit_compile(code)
    except _cy.LibraryError:
        return


#: What to try, by error number of the library.
_HINTS = {
    101: "write \\\\ for a backslash",
    106: "write \\[ for the character",
    108: "the range is the wrong way round, or - stands for itself: then put it last",
    109: "write a backslash before the character to mean itself",
    114: "write \\( for the character",
    122: "write \\) for the character",
    185: "write (?s:.) for any byte",
}
