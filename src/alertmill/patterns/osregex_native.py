"""OSREGEX as Python's `re`, for the alternatives where that is exact (spec/regex.md 2.7).

Exact where no quantified class can take a character that the element behind it wants: there the machine's look-ahead,
return points and restarts never come into play. Quantifiers become possessive ones, so nothing backtracks. What is
left is the restart at every position, quadratic in the text at worst; `NativeSearch.is_quick` says for which texts that
is little work, so that the caller can hand long ones elsewhere.

Everything runs on text in lower case: classes do not tell the cases apart, and `re` finds plain literals much faster
than case-insensitive ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

from alertmill.patterns.charset import charset
from alertmill.patterns.matcher import Found
from alertmill.patterns.osregex import MARK, NEVER, Alternative, CharClass, Element, Literal, Mark

#: Longest text given to an expression that restarts at every position; longer ones go to the machine with its bound.
NATIVE_LIMIT = 4096

#: Tells by None that a text in lower case cannot match.
HeadTest = Callable[[str], object]
#: What a set of characters looks like to whom several characters look the same.
Seen = Callable[[frozenset[str]], frozenset[str]]


def is_native(alternative: Alternative) -> bool:
    """Whether `NativeSearch` gives the machine's answers for this alternative."""
    return has_plain_ends(alternative) and not any(share(a, b) for a, b in pairwise(alternative.elements()))


def has_plain_ends(alternative: Alternative) -> bool:
    """What `is_native` asks besides: neither a quantified class at the beginning nor `*` at the end play tricks."""
    elements = alternative.elements()
    if not elements or alternative.has_adjacent_marks():
        return False
    if quantifier_of(elements[0]) and not alternative.begin:
        return False
    for element in reversed(elements):
        if not quantifier_of(element):
            break
        if quantifier_of(element) == "*":
            return False
    return True


def head_test(alternative: Alternative, seen: Seen | None = None) -> HeadTest | None:
    """A quick test of the beginning of a text in lower case: where it fails, the anchored alternative cannot match.

    It looks at the elements up to the first conflict, without the last two, which have rules of their own; as far as
    there `re` is exact. A text that ends on the way passes, because its end has rules of its own too. None where there
    is nothing to test. With `seen`, it tests texts whose characters were replaced by what they look like.
    """
    elements = alternative.elements()
    if not alternative.begin or alternative.has_adjacent_marks():
        return None
    looks = [chars_of(element) if seen is None else seen(chars_of(element)) for element in elements]
    length = 0
    while length < len(elements) - 2 and length < _LONGEST_HEAD:
        if quantifier_of(elements[length]) and not looks[length].isdisjoint(looks[length + 1]):
            break
        length += 1
    if length < _LEAST_HEAD:
        return None
    source = ""
    for element, look in zip(elements[length - 1 :: -1], looks[length - 1 :: -1], strict=True):
        quantifier = quantifier_of(element)
        source = rf"(?:\Z|{charset(look)}{quantifier and quantifier + '+'}{source})"
    return re.compile(source).match


class NativeSearch:
    """One alternative for which `is_native` holds. `wanted`: captures are asked for and the pattern has groups."""

    __slots__ = ("_groups", "_marked_end", "_run", "_search", "is_always_quick")

    def __init__(self, alternative: Alternative, *, wanted: bool) -> None:
        elements = alternative.elements()
        last = len(elements) - 1
        self._run = bool(quantifier_of(elements[last]))
        self._marked_end = alternative.tokens[-1] is MARK
        source, self._groups = _translate(alternative, wanted)
        compiled = re.compile(source)
        self._search = compiled.match if alternative.begin else compiled.search
        scanning = elements if alternative.end else elements[:last]
        #: Whether the work for any text is in proportion to it.
        self.is_always_quick = alternative.begin or not any(map(quantifier_of, scanning))

    def is_quick(self, low: str) -> bool:
        """Whether the text takes little work."""
        return self.is_always_quick or len(low) <= NATIVE_LIMIT

    def matches(self, low: str) -> bool:
        """Whether the text, already in lower case, holds a match."""
        return self._search(low) is not None

    def search(self, low: str, text: str) -> Found | None:
        """R and the captures; `low` is `text` in lower case."""
        match = self._search(low)
        if match is None:
            return None
        end = match.end()
        if not self._run:
            end -= 1
        elif self._marked_end or end == len(low):
            end = match.start("run")
        return Found(end, tuple([text[slice(*match.span(group))] for group in self._groups]))


def _translate(alternative: Alternative, wanted: bool) -> tuple[str, list[int]]:
    """The source, and the numbers of the groups in it that are captures (`run` marks the last quantified element)."""
    last = max(p for p, token in enumerate(alternative.tokens) if token is not MARK)
    parts: list[str] = []
    groups: list[int] = []
    opened = 0
    number = 0
    for p, token in enumerate(alternative.tokens):
        if isinstance(token, Mark):
            if wanted and not opened % 2:
                number += 1
                groups.append(number)
            parts.append("()"[opened % 2] if wanted else "")
            opened += 1
        elif p == last and quantifier_of(token):
            number += 1
            parts.append(f"(?P<run>{charset(chars_of(token))}{quantifier_of(token)}+)")
        else:
            parts.append(charset(chars_of(token)) + (quantifier_of(token) and quantifier_of(token) + "+"))
    return "".join(parts) + (r"\Z" if alternative.end else ""), groups


def share(element: Element, following: Element) -> bool:
    """Whether the element is a quantified class that takes what the one behind it wants."""
    return bool(quantifier_of(element)) and not chars_of(element).isdisjoint(chars_of(following))


def quantifier_of(element: Element) -> str:
    """`""`, `"+"` or `"*"`."""
    return element.quantifier if isinstance(element, CharClass) else ""


def chars_of(element: Element) -> frozenset[str]:
    """What the element takes of a text in lower case."""
    if isinstance(element, Literal):
        return _NOTHING if element.char == NEVER else frozenset(element.char)
    return element.chars


_NOTHING: frozenset[str] = frozenset()

#: Elements of a head that is worth testing, and how many are looked at.
_LEAST_HEAD = 2
_LONGEST_HEAD = 12
