"""Which decoders a log can have by its beginning and the literals in it, found without searching for any pattern.

A log without a program name meets a hundred roots, of which most ask for a text that it does not have. `Candidates`
holds the roots of one program, or of none, each with the literals that its prematch needs; `Candidate` holds a root's
children likewise. Of many roots, `Candidates` knows those that can match by the log's *outline*: its first characters,
in which all letters look the same and all digits do, so that a server has some hundred of them. All this only leaves
out what cannot match: the walk itself is `decode`.
"""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase, digits

from alertmill.decoders.compiled import Branch, Pattern, Root
from alertmill.decoders.heads import first_bytes
from alertmill.patterns import ANY_TEXT, HeadTest, head_tests

#: A text in lower case that contains none of these cannot match.
Needed = tuple[str, ...]

#: Stands for whatever a log begins with, and for its end.
_ANY_BYTE = frozenset(("any",))

#: Characters of an outline, outlines that are remembered, and roots below which the first one has to do.
_OUTLINE = 16
_MAX_OUTLINES = 4096
_FEW = 12

_LOOKS = str.maketrans(dict.fromkeys(ascii_lowercase, "a") | dict.fromkeys(digits, "0"))


class Candidate:
    """A root, and what it and its children need; made of when it is first asked for."""

    __slots__ = ("_branches", "_first", "_heads", "root")

    def __init__(self, root: Root) -> None:
        self.root = root
        self._branches: tuple[tuple[Needed, Branch], ...] | None = None
        self._first: frozenset[str] | None = None
        self._heads: tuple[HeadTest, ...] | None = None

    @property
    def branches(self) -> tuple[tuple[Needed, Branch], ...]:
        """The children in the order in which they are tried."""
        if self._branches is None:
            self._branches = tuple((needed_by(branch.prematch), branch) for branch in self.root.branches)
        return self._branches

    def can_begin(self, first: str) -> bool:
        """False when no log beginning with the byte `first` ("" for the empty log) can match."""
        if self._first is None:
            prematch = self.root.prematch
            known = None if prematch is None else first_bytes(prematch.matcher.pattern, prematch.dialect)
            self._first = _ANY_BYTE if known is None else known
        return self._first is _ANY_BYTE or first in self._first

    def can_look(self, outline: str) -> bool:
        """False when no log with this outline can match."""
        if self._heads is None:
            prematch = self.root.prematch
            self._heads = () if prematch is None else head_tests(prematch.matcher.pattern, prematch.dialect, _seen)
        return not self._heads or any(head(outline) is not None for head in self._heads)


#: Candidates in the order in which they are tried, each with what its prematch needs.
Choice = tuple[tuple[Needed, Candidate], ...]


class Candidates:
    """Roots in the order in which they are tried."""

    __slots__ = ("_by_first_byte", "_by_outline", "_candidates")

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self._candidates = tuple(candidates)
        self._by_first_byte: dict[str, Choice] = {}
        self._by_outline: dict[str, Choice] = {}

    def of(self, log: str, low: str) -> Choice:
        """Those that a log can have by its beginning; `low` is the log in lower case."""
        first = log[:1]
        choice = self._by_first_byte.get(first)
        if choice is None:
            able = [one for one in self._candidates if one.can_begin(first)]
            choice = self._by_first_byte[first] = tuple((needed_by(one.root.prematch), one) for one in able)
        if len(choice) <= _FEW:
            return choice
        outline = first + low[1:_OUTLINE].translate(_LOOKS)
        known = self._by_outline.get(outline)
        if known is None:
            if len(self._by_outline) >= _MAX_OUTLINES:
                self._by_outline.clear()
            seen = low[:_OUTLINE].translate(_LOOKS)
            known = self._by_outline[outline] = tuple(pair for pair in choice if pair[1].can_look(seen))
        return known


def needed_by(pattern: Pattern | None) -> Needed:
    """What a pattern needs, if there is one."""
    return ANY_TEXT if pattern is None else pattern.matcher.needed


def _seen(chars: frozenset[str]) -> frozenset[str]:
    """What characters look like in an outline."""
    return frozenset("".join(chars).translate(_LOOKS))
