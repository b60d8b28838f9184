"""How the OSREGEX matcher sends alternatives their ways."""

from __future__ import annotations

import pytest

from alertmill.patterns.osregex import parse
from alertmill.patterns.osregex_matcher import OsRegex, literal_rows
from alertmill.patterns.osregex_native import NATIVE_LIMIT


@pytest.mark.parametrize(
    ("pattern", "rows"),
    [
        ("foo", ["foo"]),
        (r"^Foo \d+ (bar)", ["foo ", " bar"]),
        (r"\d+x\s\sab\w", ["", "x", "", "ab", ""]),
        (r"ab\dc", ["ab", ""]),
        (r"ab\dcd", ["ab", "cd"]),
        (r"ab\d(c)", ["ab", ""]),
        (r"ab\d+c", ["ab", "c"]),
        ("x", ["x"]),
        ("(a)(b)", [""]),
        ("", [""]),
    ],
)
def test_the_literals_that_a_match_contains(pattern: str, rows: list[str]) -> None:
    (alternative,) = parse(pattern)
    assert literal_rows(alternative) == rows


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (r"a\d+b\d+c", "c1b2a", False),
        (r"a\d+b\d+c", "a1b2c", True),
        (r"^a\d+b", "xa1b", False),
        (r"ab\dc", "ab1", False),
        (r"\w+\sx", "ab! x", False),
    ],
)
def test_literals_in_the_wrong_order_are_no_match(pattern: str, text: str, expected: bool) -> None:
    assert OsRegex(pattern).matches(text) is expected


def test_short_and_long_texts_get_the_same_answer() -> None:
    """Behind NATIVE_LIMIT an unanchored expression gives way to the machine."""
    matcher = OsRegex(r"id=(\d+) by (\w+);", captures=True)
    for filler in ("", "-" * NATIVE_LIMIT):
        found = matcher.search(filler + "ID=42 by Eve; x")
        assert found is not None
        assert found == (len(filler) + 12, ("42", "Eve"))


def test_several_alternatives_of_all_kinds() -> None:
    matcher = OsRegex(r"^start$|needle|(\d+) hits|user (\S+)\p", captures=True)
    assert matcher.search("START") == (4, ())
    assert matcher.search("12 hits and a needle") == (19, ())
    assert matcher.search("12 hits") == (6, ("12",))
    assert matcher.search("user eve!") == (8, ("eve",))
    assert matcher.search("nothing") is None
    assert [matcher.matches(text) for text in ("start", "a needle", "1 hits", "user x.", "")] == [True] * 4 + [False]


@pytest.mark.parametrize(
    ("pattern", "needed"),
    [
        (r"^\d+ failed \S+", (" failed ",)),
        (r"^\d+:\s+%|^\w+\s+%", ("%",)),  # what all alternatives need, and rare at that
        (r"^abc \d+|xyz", ("abc ", "xyz")),
        (r"\d+", ("",)),
    ],
)
def test_what_a_text_needs_to_be_searched_at_all(pattern: str, needed: tuple[str, ...]) -> None:
    assert OsRegex(pattern).needed == needed
