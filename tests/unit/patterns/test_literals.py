"""Required literals of all dialects in one form."""

from __future__ import annotations

import pytest

from alertmill.patterns import required_literals


@pytest.mark.parametrize(
    ("dialect", "pattern", "expected"),
    [
        ("osmatch", "Fail|^Deny|x$", ("fail", "deny", "x")),
        ("osmatch", "fail|failed", ("fail",)),
        ("osmatch", "!fail", None),
        ("osmatch", "fail|", None),
        ("osmatch", "", None),
        ("osmatch", "\xe9", ()),
        ("osmatch", "^\xe9", ("\xe9",)),
        ("osregex", r"Fail\d+|Denied (\w+) here", ("fail", "denied ")),
        ("osregex", r"\d+", None),
        ("osregex", r"a\d|\w", None),
        ("osregex", "a|\xe9", ("a",)),
        ("osregex", "", None),
        ("pcre2", "(?i)Fail.*denied", ("denied",)),
        ("PCRE2", r"\d+", None),
        ("string", "Drop", ("drop",)),
        ("string", "", None),
    ],
)
def test_what_a_match_must_contain(dialect: str, pattern: str, expected: tuple[str, ...] | None) -> None:
    assert required_literals(pattern, dialect) == expected
