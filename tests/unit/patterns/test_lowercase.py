"""Lower case of byte text is that of ASCII, and remembered for the last text only."""

from __future__ import annotations

import pytest

from alertmill.patterns.lowercase import lower, lowered


@pytest.mark.parametrize("function", [lower, lowered])
def test_only_ascii_letters_change(function: object) -> None:
    everything = "".join(map(chr, range(256)))
    answer = function(everything)  # type: ignore[operator]
    assert [b for a, b in zip(everything, answer, strict=True) if a != b] == list("abcdefghijklmnopqrstuvwxyz")


def test_another_text_is_not_answered_from_memory() -> None:
    first, second = "".join(["A", "B"]), "".join(["C", "D"])
    assert lowered(first) == "ab"
    assert lowered(second) == "cd"
    assert lowered(first) == "ab"
    assert lowered(first) is lowered(first)
