"""OSREGEX: the machine that defines what a pattern matches (spec/regex.md 2.6), one character at a time.

`reference_search` follows the specification step by step, is slow, and is what the fast matchers are compared with in
the tests; nothing else calls it. `accept_at_end`, `is_tail` and `captures` are the parts that the fast ones share.

Terms as in the specification: `p` token index, `i` position in the text, `M` "the quantifier at hand is satisfied",
`R` last matched character (None behind a restart), `E` where to restart, `slots` return points, `marks` the place of
each parenthesis. The names are kept so that the two can be read side by side.
"""

from __future__ import annotations

from collections.abc import Sequence

from alertmill.patterns.lowercase import lower
from alertmill.patterns.matcher import Found
from alertmill.patterns.osregex import MARK, Alternative, CharClass, Literal, Mark, Token

#: Most return points remembered at a time.
MAX_SLOTS = 4
#: A parenthesis that was not passed.
UNSET = -1


def reference_search(alternatives: Sequence[Alternative], text: str, *, wanted: bool = False) -> Found | None:
    """Search `text` as the specification says. `wanted`: captures are asked for.

    Whether a text matches can depend on `wanted` (step F1). Takes time quadratic in the text at worst.
    """
    cap = wanted and any(MARK in alternative.tokens for alternative in alternatives)
    for alternative in alternatives:
        run = _Run(alternative, text, cap)
        end = run.search()
        if end is not None:
            return Found(end, captures(alternative.tokens, run.marks, text) if cap else ())
    return None


class _Run:
    """The variables of one attempt chain of one alternative."""

    def __init__(self, alternative: Alternative, text: str, cap: bool) -> None:
        self.T = alternative.tokens
        self.N = len(alternative.tokens)
        self.begin = alternative.begin
        self.end = alternative.end
        self.s = text
        self.low = lower(text)
        self.cap = cap
        self.p = 0
        self.i = 0
        self.M = False
        self.R: int | None = 0
        self.E: int | None = None
        self.slots: list[tuple[int, int]] = []
        self.marks = [UNSET] * self.N

    def search(self) -> int | None:
        """R of the match, or None. Raises nothing."""
        while self.i < len(self.s):
            step = self._step()
            if step == "match":
                return self.R
            if step == "fail" and not self._fail():
                return None
            if step != "same":
                self.i += 1
        return accept_at_end(self.T, self.p, self.M, self.R, self.marks if self.cap else None, len(self.s))

    def _step(self) -> str:
        """Process one character: "next", "same" (again with this character), "match" or "fail"."""
        if self.p < self.N and self.T[self.p] is MARK:
            self._mark(self.p, self.i)
            self.p += 1
        if self.p == self.N:
            return "fail" if self.end else "match"
        token = self.T[self.p]
        if not isinstance(token, CharClass):
            return self._single() if self._fits(token) else "fail"
        if self.s[self.i] in token.chars:
            return self._inside(token)
        return self._outside(token)

    def _mark(self, p: int, i: int) -> None:
        if self.cap:
            self.marks[p] = i

    def _fits(self, token: Token) -> bool:
        if isinstance(token, CharClass):
            return self.s[self.i] in token.chars
        return self.low[self.i] == (token.char if isinstance(token, Literal) else "(")

    def _single(self) -> str:
        """B1 and C: an unquantified element took the character."""
        self.p += 1
        if self.E is None:
            self.E = self.i
        self.R = self.i
        return "next"

    def _inside(self, token: CharClass) -> str:
        """B1 to B4: the character is in the class."""
        if not token.quantifier:
            return self._single()
        if token.quantifier == "*":
            self.M = True
        if self.M:
            return self._look_ahead()
        if self.p + 1 < self.N and self.T[self.p + 1] is MARK:
            self._mark(self.p + 1, self.i + 1 if self.i + 1 == len(self.s) else self.i)
        self.M = True
        self.R = self.i
        return "next"

    def _look_ahead(self) -> str:
        """B3: jump to the next token if that takes the character as well."""
        n, g = self.p + 1, None
        if n < self.N and self.T[n] is MARK:
            n, g = n + 1, n
        if n == self.N:
            if g is not None:
                self._mark(g, self.i + 1)
            return "next"
        token = self.T[n]
        if self._fits(token):
            quantified = isinstance(token, CharClass) and bool(token.quantifier)
            self.M = self.M and isinstance(token, CharClass)
            if g is not None:
                self._mark(g, self.i)
            if len(self.slots) < MAX_SLOTS:
                self.slots.append((self.p, self.i))
            self.p = n if quantified else n + 1
        self.R = self.i
        return "next"

    def _outside(self, token: CharClass) -> str:
        """B5 to B8: the character is not in the class."""
        if self.M and self.R is not None and is_tail(self.T, self.p):
            self.R = self.i
            self.M = False if self.end else self.M
            return "fail" if self.end else "match"
        if token.quantifier == "+" and self.M:
            self.p += 1
            self.M = False
            return "same"
        if token.quantifier == "*":
            self.p += 1
            self.R = self.i - 1
            self.M = False
            return "same"
        self.M = False
        return "fail"

    def _fail(self) -> bool:
        """Return to a saved point or restart; False when there is nothing left to try. The caller advances `i`."""
        if self.slots:
            self.p, self.i = self.slots.pop()
            return True
        if self.begin:
            return False
        if self.E is not None:
            self.i, self.E = self.E, None
        self.p = 0
        self.R = None
        return True


def is_tail(tokens: Sequence[Token], p: int) -> bool:
    """`tail(p)`: a class that may end the match by not taking a character."""
    token = tokens[p]
    if not isinstance(token, CharClass):
        return False
    if p == len(tokens) - 1:
        return True
    return not token.quantifier and p == len(tokens) - 2 and isinstance(tokens[-1], Literal | Mark)


def accept_at_end(
    tokens: Sequence[Token], p: int, m: bool, r: int | None, marks: list[int] | None, length: int
) -> int | None:
    """Step F: the text ended at token `p`. Returns R if that is a match. `marks`: None when captures are not wanted."""
    if marks is not None:
        while _is_star(tokens, p):
            p += 1
        if p < len(tokens) and tokens[p] is MARK:
            marks[p] = length
    return r if _may_end(tokens, p, m) else None


def _may_end(tokens: Sequence[Token], p: int, m: bool) -> bool:
    """F2: whether nothing that must still match is left."""
    p = _behind_mark(tokens, p)
    if p == len(tokens):
        return True
    token = tokens[p]
    if m and isinstance(token, CharClass):
        p += 1
        if token.quantifier:
            p = _behind_mark(tokens, p)
            if p == len(tokens):
                return True
            following = tokens[p]
            if isinstance(following, CharClass):
                if following.quantifier == "+":
                    return False
                p += 1
                if following.quantifier == "*":
                    p = _behind_mark(tokens, p)
                    if p == len(tokens):
                        return True
    return _is_star(tokens, p) and _behind_mark(tokens, p + 1) == len(tokens)


def _is_star(tokens: Sequence[Token], p: int) -> bool:
    if p >= len(tokens):
        return False
    token = tokens[p]
    return isinstance(token, CharClass) and token.quantifier == "*"


def _behind_mark(tokens: Sequence[Token], p: int) -> int:
    return p + 1 if p < len(tokens) and tokens[p] is MARK else p


def captures(tokens: Sequence[Token], marks: Sequence[int], text: str) -> tuple[str, ...]:
    """The captures in order, up to the first group whose marks are unset or stand the wrong way round (2.4)."""
    places = [marks[p] for p, token in enumerate(tokens) if token is MARK]
    found = []
    for opened, closed in zip(places[::2], places[1::2], strict=True):
        if opened == UNSET or closed == UNSET or closed < opened:
            break
        found.append(text[opened:closed])
    return tuple(found)
