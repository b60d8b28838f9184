"""What every pattern dialect offers: a `Matcher`, and `Found` for those that ask where.

Only the shapes and the few helpers that all dialects share; no dialect is known here.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Found(NamedTuple):
    """A match with its position and captures (spec/regex.md 2.3, 2.4 and 4).

    `end` is the index of "the last matched character", which in OSREGEX is often not what it says, and may be -1.
    `groups` are the captures of the alternative that matched, cut as the dialect cuts them; empty without captures.
    """

    end: int
    groups: tuple[str, ...]


class Matcher(Protocol):
    """A compiled pattern. All texts are byte text (see `alertmill.event`)."""

    pattern: str
    #: The word users write in `type=`: "osmatch", "osregex", "pcre2" or "string".
    dialect: str
    #: How often a match was given up because it took too much work; such a text counts as not matching.
    overruns: int

    @property
    def needed(self) -> tuple[str, ...]:
        """Literals of which a text in lower case must contain at least one: any other is refused without more work.

        Whoever has many patterns for one text asks this himself first. `ANY_TEXT` where nothing is known.
        """
        ...

    def matches(self, text: str) -> bool:
        """Whether the condition holds, a leading `!` of osmatch included."""
        ...

    def search(self, text: str) -> Found | None:
        """The first match, for decoders. Dialects without positions (osmatch, string) answer `Found(-1, ())`."""
        ...


#: What every text contains.
ANY_TEXT = ("",)
#: What dialects without positions answer: the rest of the text stays the whole text.
NO_POSITION = Found(-1, ())


def rest(text: str, found: Found) -> str:
    """The text behind the match (spec/regex.md 2.3): the whole text when `found.end` is -1."""
    return text[found.end + 1 :]
