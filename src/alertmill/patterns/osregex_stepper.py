"""OSREGEX: the machine of `osregex_machine`, made quick, for the alternatives that `re` cannot express.

The same states and rules (spec/regex.md 2.6) on tables made at compile time, with four ways of taking many characters
in one step, each of which ends in the very state the single steps would have led to:

- *seek*: at a restart, go straight to the next place where the first element (or the literal text that the alternative
  begins with) fits; if there is none, the text cannot match any more, because R is None behind a restart.
- *run*: inside a quantified class, go straight to the next character that leaves it or that the look-ahead takes.
- *pass*: where the look-ahead is a literal whose successor is not there, the machine jumps, fails, and comes back one
  character further on; do that for all such places up to the next one that is worth a try.
- *text*: compare a row of literals at once.

The work is bounded, because with its return points the machine can take time of the fifth power of the text: after
`MAX_STEPS` steps (a step is also 256 characters run over) `StepsExceeded` is raised. A real log takes tens of steps, at
worst some thousands; only a text made for the purpose gets there, and is given up rather than guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from alertmill.patterns.charset import ALL_CHARS, charset
from alertmill.patterns.matcher import Found
from alertmill.patterns.osregex import MARK, NEVER, Alternative, CharClass, Literal, Mark, Token
from alertmill.patterns.osregex_machine import MAX_SLOTS, UNSET, accept_at_end, captures, is_tail

#: Most steps for one text and one alternative, about a fifth of a second.
MAX_STEPS = 500_000
#: Characters run over, and characters passed, that count as one step, as powers of two.
_RUN_SHIFT = 8
_PASS_SHIFT = 5
#: Most pieces passed at a time, because `re` remembers each of them.
_PASS_MOST = 4096

_DONE, _MARK, _TEXT, _ONE, _PLUS, _STAR = range(6)
_NO_GROUP = -1
_NOTHING: frozenset[str] = frozenset()

#: Finds the place at or behind `start` that a step waits for; the length of the text when there is none.
Seek = Callable[[str, int], int]
#: Matches what can be passed from a place on, which may be nothing.
Pass = Callable[[str, int], "re.Match[str] | None"]


class StepsExceeded(Exception):  # noqa: N818 (not an error: it says that a match was given up)
    """A match took more than `MAX_STEPS` steps."""


class _Step:
    """What to do at one token. `item` is the kind when a parenthesis stands where an element is expected."""

    __slots__ = (
        "ahead",
        "ahead_class",
        "chars",
        "group",
        "item",
        "jump",
        "kind",
        "last",
        "leave",
        "pass_",
        "tail",
        "text",
    )

    def __init__(self, tokens: tuple[Token, ...], p: int) -> None:
        token = tokens[p] if p < len(tokens) else None
        self.kind = _kind(token)
        self.item = _TEXT if self.kind == _MARK else self.kind
        self.text = "(" if token is MARK else _text_at(tokens, p)
        self.chars = token.chars if isinstance(token, CharClass) else _NOTHING
        self.tail = token is not None and is_tail(tokens, p)
        self._look(tokens, p)
        self.leave = _finder(self.chars ^ ALL_CHARS | self.ahead if self.kind >= _PLUS else _NOTHING)
        self.pass_ = self._passing(tokens) if self.kind >= _PLUS and not self.last else None

    def _look(self, tokens: tuple[Token, ...], p: int) -> None:
        """The look-ahead of a quantified class: what the next token takes, and where to go then."""
        n, self.group = p + 1, _NO_GROUP
        if n < len(tokens) and tokens[n] is MARK:
            n, self.group = n + 1, n
        self.last = n >= len(tokens)
        following = None if self.last else tokens[n]
        self.ahead = _takes(following)
        self.ahead_class = isinstance(following, CharClass)
        self.jump = n if isinstance(following, CharClass) and following.quantifier else n + 1

    def _passing(self, tokens: tuple[Token, ...]) -> Pass | None:
        """What *pass* does, if the look-ahead is a literal of the class and something must follow it at once."""
        q = self.jump + (self.jump < len(tokens) and tokens[self.jump] is MARK)
        if self.ahead_class or not self.ahead <= self.chars or q >= len(tokens) or _kind(tokens[q]) == _STAR:
            return None
        other, literal = charset(self.chars - self.ahead), charset(self.ahead)
        wrong = ALL_CHARS - _takes(tokens[q])
        # Behind the literal a `+` takes one character without look-ahead, a `*` does not.
        pair = literal + (charset(wrong & self.chars) if self.kind == _PLUS else f"(?={charset(wrong)})")
        return re.compile(f"(?:{other}++|{pair}){{0,{_PASS_MOST}}}").match


def _kind(token: Token | None) -> int:
    if token is None:
        return _DONE
    if isinstance(token, CharClass):
        return {"": _ONE, "+": _PLUS, "*": _STAR}[token.quantifier]
    return _MARK if isinstance(token, Mark) else _TEXT


def _takes(token: Token | None) -> frozenset[str]:
    """The characters of a text in lower case that the token takes as an element."""
    if token is None:
        return _NOTHING
    if isinstance(token, CharClass):
        return token.chars
    return frozenset(token.char if isinstance(token, Literal) else "(")


def _text_at(tokens: tuple[Token, ...], p: int) -> str:
    """The row of literals that begins at token `p`."""
    row = []
    while p < len(tokens) and isinstance(token := tokens[p], Literal):
        row.append(token.char)
        p += 1
    return "".join(row)


@lru_cache(maxsize=1024)
def _finder(chars: frozenset[str]) -> Seek:
    """A function that finds the next character of the set."""
    chars -= {NEVER}
    if not chars:
        return lambda text, start: len(text)
    search = re.compile(charset(chars)).search

    def find(text: str, start: int) -> int:
        match = search(text, start)
        return match.start() if match else len(text)

    return find


def _first_chars(tokens: tuple[Token, ...]) -> frozenset[str]:
    """The characters at which an attempt does not fail at once: `*` elements pass on to what follows them."""
    found = _NOTHING
    p = 0
    while p < len(tokens):
        p += tokens[p] is MARK
        found |= _takes(tokens[p]) if p < len(tokens) else ALL_CHARS
        if p == len(tokens) or _kind(tokens[p]) != _STAR:
            return found
        p += 1
    return ALL_CHARS


def _text_finder(literal: str) -> Seek:
    def find(text: str, start: int) -> int:
        place = text.find(literal, start)
        return place if place >= 0 else len(text)

    return find


class Stepper:
    """One alternative. `wanted`: captures are asked for and the pattern has groups."""

    __slots__ = ("_first", "_seek", "_steps", "alternative", "wanted")

    def __init__(self, alternative: Alternative, *, wanted: bool) -> None:
        tokens = alternative.tokens
        self.alternative = alternative
        self.wanted = wanted
        self._steps = [_Step(tokens, p) for p in range(len(tokens) + 1)]
        first = self._steps[1 if tokens and tokens[0] is MARK else 0]
        self._first = first.item
        self._seek = _text_finder(first.text) if first.item == _TEXT else _finder(_first_chars(tokens))

    def matches(self, low: str) -> bool:
        """Whether the text, already in lower case, holds a match. Raises StepsExceeded."""
        return self._run(low, []) is not None

    def search(self, low: str, text: str) -> Found | None:
        """R and the captures; `low` is `text` in lower case. Raises StepsExceeded."""
        marks = [UNSET] * len(self._steps)
        end = self._run(low, marks)
        if end is None:
            return None
        return Found(end, captures(self.alternative.tokens, marks, text) if self.wanted else ())

    def _restart(self, low: str, i: int, m: bool) -> tuple[int, bool]:
        """Where the next attempt can begin, at `i` or behind it, and M there: the length of the text if nowhere."""
        if m and self._first == _PLUS:
            return i, m  # satisfied already, it does not fail at a character that does not fit
        place = self._seek(low, i)
        return place, m and (place == i or self._first == _TEXT)

    def _run(self, low: str, marks: list[int]) -> int | None:
        """R of the match or None; fills `marks` if captures are wanted. One function, as calls cost more than steps."""
        steps, begin, end = self._steps, self.alternative.begin, self.alternative.end
        cap = self.wanted
        if cap and not marks:
            marks = [UNSET] * len(steps)
        length = len(low)
        slots: list[tuple[int, int]] = []
        p, i, m, e = 0, 0, False, -1
        r: int | None = 0
        budget = MAX_STEPS
        if not begin and length:
            i, m = self._restart(low, 0, False)
            if i == length:
                return None
            r = 0 if i == 0 else None
        while i < length:
            budget -= 1
            if budget < 0:
                raise StepsExceeded
            step = steps[p]
            kind = step.kind
            if kind == _MARK:
                if cap:
                    marks[p] = i
                p += 1
                step = steps[p]
                kind = step.item
            if kind == _TEXT:
                text = step.text
                if low.startswith(text, i):
                    count = len(text)
                else:
                    count = _common(low, i, text)
                if count:
                    if e < 0:
                        e = i
                    p += count
                    i += count
                    r = i - 1
                if count == len(text) or i == length:
                    continue
            elif kind == _DONE:
                if not end:
                    return r
            elif low[i] in step.chars:
                if kind == _ONE:
                    p += 1
                    if e < 0:
                        e = i
                    r = i
                    i += 1
                    continue
                if not m and kind == _PLUS:
                    if cap and step.group >= 0:
                        marks[step.group] = i + 1 if i + 1 == length else i
                    m = True
                    r = i
                    i += 1
                    continue
                m = True
                start = i
                if step.last:
                    i = step.leave(low, i + 1)
                    if cap and step.group >= 0:
                        marks[step.group] = i
                elif (
                    step.pass_ is not None
                    and len(slots) < MAX_SLOTS
                    and (passed := step.pass_(low, i)) is not None
                    and passed.end() > i
                ):
                    i = passed.end()
                    r = i - 1
                    budget -= (i - start) >> _PASS_SHIFT
                    continue
                elif low[i] in step.ahead:
                    if not step.ahead_class:
                        m = False
                    if cap and step.group >= 0:
                        marks[step.group] = i
                    if len(slots) < MAX_SLOTS:
                        slots.append((p, i))
                    p = step.jump
                    r = i
                    i += 1
                else:
                    i = step.leave(low, i + 1)
                    r = i - 1
                budget -= (i - start) >> _RUN_SHIFT
                continue
            elif step.tail and m and r is not None:
                r = i
                if not end:
                    return r
                m = False
            elif kind == _STAR or (kind == _PLUS and m):
                if kind == _STAR:
                    r = i - 1
                p += 1
                m = False
                continue
            else:
                m = False
            # The attempt failed here.
            if slots:
                p, i = slots.pop()
                i += 1
                continue
            if begin:
                return None
            if e >= 0:
                i, e = e, -1
            p = 0
            r = None
            i, m = self._restart(low, i + 1, m)
            if i >= length:
                return None
        return accept_at_end(self.alternative.tokens, p, m, r, marks if cap else None, length)


def _common(low: str, i: int, text: str) -> int:
    """How many characters of `text` stand in `low` at `i`."""
    count = 0
    for expected in text:
        if i + count >= len(low) or low[i + count] != expected:
            break
        count += 1
    return count
