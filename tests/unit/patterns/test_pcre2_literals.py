"""Which literals a PCRE2 pattern needs, and when the answer is "unknown"."""

from __future__ import annotations

import pytest

from alertmill.patterns import compile_pattern
from alertmill.patterns.pcre2_literals import best, needs, needs_of_alternatives


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("abc", [("abc",)]),
        ("(?i)AbC", [("abc",)]),
        (r"a\.b\/c", [("a.b/c",)]),
        (r"a\tb", [("a\tb",)]),
        (r"ab\d+cd", [("ab",), ("cd",)]),
        ("ab+c", [("ab",), ("c",)]),
        ("ab*c", [("a",), ("c",)]),
        ("ab?c", [("a",), ("c",)]),
        ("ab{0,2}c", [("a",), ("c",)]),
        ("^abc$", [("abc",)]),
        ("ab|cd", [("ab", "cd")]),
        ("ab|cd|", []),
        (r"(ab|c\d)x", [("ab", "c"), ("x",)]),
        (r"(?:ab)(cd)?ef", [("ab",), ("ef",)]),
        (r"(?<n>ab)(?P<m>cd)+", [("ab",), ("cd",)]),
        (r"a[bc]d[]x]e[^]]f", [("a",), ("d",), ("e",), ("f",)]),
        (r"\bab\b", [("ab",)]),
        (r"x{a}", [("x{a}",)]),
        (r"\w+", []),
        (".*", []),
        ("", []),
        ("((a)|(b))c", [("a", "b"), ("c",)]),
        ("^(?i:AB)C", [("ab",), ("c",)]),
        ("a(?i)Bc", [("a",), ("bc",)]),
        ("(?s-i)aB(?-i:c)", [("ab",), ("c",)]),
        ("a(?=b)c", [("a",), ("c",)]),
        ("a(?!b|(x))+c", [("a",), ("c",)]),
        ("(?<=a)b(?<!c)d", [("b",), ("d",)]),
    ],
)
def test_what_is_needed(pattern: str, expected: list[tuple[str, ...]]) -> None:
    compile_pattern(pattern, "pcre2")
    assert needs(pattern) == expected


@pytest.mark.parametrize(
    "pattern",
    [
        "(*UTF)abc",
        "(?x)a b c",
        "a(?x)bc",
        "a(?-x:bc)",
        "a(?i-x:bc)",
        "(?|a|b)c",
        r"(a)\1",
        r"\Qabc\E",
        r"\x61bc",
        r"ab\Kc",
        r"a[[:alpha:]]b",
        r"a[\x41]b",
        "(?#no)abc",
        "(?C1)abc",
        "abc(*ACCEPT)d",
    ],
)
def test_what_is_not_understood_is_unknown(pattern: str) -> None:
    compile_pattern(pattern, "pcre2")
    assert needs(pattern) == []


def test_alternatives_of_the_whole_pattern_are_told_apart() -> None:
    assert needs_of_alternatives(r"ab\dcd|ef") == [[("ab",), ("cd",)], [("ef",)]]
    assert needs_of_alternatives(r"ab|\d") == [[("ab",)], []]
    assert needs_of_alternatives(r"ab|(?x)c") == [[]]


def test_the_best_need_has_the_longest_literals_and_few_of_them() -> None:
    assert best([("a",), ("abc", "de"), ("xyz",), ("uvw", "rst")]) == ("xyz",)
    assert best([]) is None
