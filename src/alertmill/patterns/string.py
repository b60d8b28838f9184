"""STRING: the exact text, byte for byte; what rule `<action>` means without a `type` (spec/regex.md 5)."""

from __future__ import annotations

from alertmill.patterns.literal_tests import Test
from alertmill.patterns.matcher import ANY_TEXT, NO_POSITION, Found


class ExactString:
    """A text that must be equal, case included. Every pattern is valid; there are no positions."""

    __slots__ = ("matches", "pattern")

    dialect = "string"
    overruns = 0
    needed = ANY_TEXT
    matches: Test

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.matches = pattern.__eq__

    def search(self, text: str) -> Found | None:
        """Whether it is equal; `rest` of the answer is the whole text."""
        return NO_POSITION if text == self.pattern else None
