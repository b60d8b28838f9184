"""Sets of characters become expressions that match exactly them."""

from __future__ import annotations

import re

import pytest

from alertmill.patterns.charset import ALL_CHARS, charset


@pytest.mark.parametrize(
    "chars",
    [
        frozenset(),
        frozenset("a"),
        frozenset("]"),
        frozenset("^-]\\["),
        frozenset("abcxyz"),
        ALL_CHARS,
        ALL_CHARS - {"\n"},
        ALL_CHARS - set("^-]"),
        frozenset(map(chr, range(0, 256, 2))),
    ],
    ids=len,
)
def test_a_set_matches_its_members_only(chars: frozenset[str]) -> None:
    matched = {char for char in ALL_CHARS if re.fullmatch(charset(chars), char, re.DOTALL)}
    assert matched == chars
