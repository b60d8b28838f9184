"""What is proved of patterns, and what is not."""

from __future__ import annotations

import pytest

from alertmill.lint.shapes import excludes, implies, shape_of

IMPLIES = [
    ("^sshd$", "osmatch", "sshd", "osmatch"),
    ("^sshd$", "osmatch", "^ss", "osregex"),
    ("red|^blue$", "osmatch", "blue|red", "osmatch"),
    ("not found$", "osmatch", "found$", "osregex"),
    (r"user (\w+) failed", "osregex", "failed", "osmatch"),
    (r"^user \w+", "osregex", r"^user ", "osmatch"),
    (r"a\d+|b\s", "osregex", r"b\s|a\d+|c", "osregex"),
    ("^Red$", "pcre2", "(?i)^red", "pcre2"),
    ("^Red$", "pcre2", "^[Rr]ed$", "pcre2"),
    ("^(?:one|two)$", "pcre2", "^two$|^one$", "osregex"),
    (r"(?i)the\s+end of it", "pcre2", "end of", "osmatch"),
    ("Red", "string", "^R", "pcre2"),
    ("anything", "osmatch", "", "osmatch"),
    ("^12$", "osregex", r"^\d+$", "pcre2"),
    ("!red", "osmatch", "!red wine", "osmatch"),
    ("^red$", "osmatch", "!blue", "osmatch"),
]

NOT_IMPLIES = [
    ("sshd", "osmatch", "^sshd$", "osmatch"),
    ("red|blue", "osmatch", "red", "osmatch"),
    ("^red$", "osmatch", "^red$", "pcre2"),  # RED matches the first alone
    ("red.*", "pcre2", r"red\d", "osregex"),
    ("(?:red)?", "pcre2", "red", "osmatch"),
    (r"^ab?c", "pcre2", "^ab", "osmatch"),
    ("!red wine", "osmatch", "!red", "osmatch"),
    (r"(a)(b)c", "osregex", "c", "osmatch"),  # groups that touch are read in a way of their own
]

EXCLUDES = [
    ("^red$", "osregex", "^blue$", "osmatch"),
    ("^red|^rose", "osregex", "^blue|^green", "pcre2"),
    ("^red$", "osmatch", "wine", "osmatch"),
    ("Red", "string", "^red$", "pcre2"),
    ("^red wine", "osmatch", "!wine", "osmatch"),
    ("^12$", "osregex", r"\D", "osregex"),
    (r"^(on|off)$", "pcre2", "^idle$", "osregex"),
]

NOT_EXCLUDES = [
    ("red", "osmatch", "blue", "osmatch"),
    ("^red", "osmatch", "^red wine", "osmatch"),
    ("^red$", "osregex", "^RED$", "pcre2"),
    ("^blue|sky", "osregex", "^red", "osmatch"),
    ("^a|b$", "pcre2", "^c", "osmatch"),
    ("!red", "osmatch", "!blue", "osmatch"),
]


@pytest.mark.parametrize("row", IMPLIES, ids=str)
def test_implied(row: tuple[str, str, str, str]) -> None:
    assert implies(shape_of(*row[:2]), shape_of(*row[2:]))


@pytest.mark.parametrize("row", NOT_IMPLIES, ids=str)
def test_not_implied(row: tuple[str, str, str, str]) -> None:
    assert not implies(shape_of(*row[:2]), shape_of(*row[2:]))


@pytest.mark.parametrize("row", EXCLUDES, ids=str)
def test_excluded(row: tuple[str, str, str, str]) -> None:
    assert excludes(shape_of(*row[:2]), shape_of(*row[2:]))
    assert excludes(shape_of(*row[2:]), shape_of(*row[:2]))


@pytest.mark.parametrize("row", NOT_EXCLUDES, ids=str)
def test_not_excluded(row: tuple[str, str, str, str]) -> None:
    assert not excludes(shape_of(*row[:2]), shape_of(*row[2:]))
    assert not excludes(shape_of(*row[2:]), shape_of(*row[:2]))


def test_patterns_that_match_all_or_nothing() -> None:
    assert shape_of("a||b", "osmatch").is_universal
    assert shape_of("x|", "osregex").is_universal
    assert not shape_of("!", "osmatch").is_universal
    assert shape_of("gel\xc3\xb6scht", "osregex").is_impossible
    assert not shape_of("gel\xc3\xb6scht|deleted", "osregex").is_impossible
    assert not shape_of("gel\xc3\xb6scht", "pcre2").is_impossible
