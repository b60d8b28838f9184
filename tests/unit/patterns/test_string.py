"""STRING: equality, case included."""

from __future__ import annotations

import pytest

from alertmill.patterns import compile_pattern, rest


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("drop", "drop", True),
        ("drop", "Drop", False),
        ("drop", "dropped", False),
        ("drop|deny", "drop", False),
        ("drop|deny", "drop|deny", True),
        ("^drop$", "drop", False),
        ("!drop", "deny", False),
        ("", "", True),
        ("\xc3", "\xe3", False),
    ],
)
def test_only_the_very_text_is_equal(pattern: str, text: str, expected: bool) -> None:
    matcher = compile_pattern(pattern, "string")
    assert matcher.matches(text) is expected
    found = matcher.search(text)
    assert (found is not None) is expected
    assert found is None or rest(text, found) == text
