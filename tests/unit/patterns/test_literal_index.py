"""Which patterns a text leaves, by their literals."""

from __future__ import annotations

import pytest

from alertmill.patterns import LiteralIndex, requirement


def index(*patterns: str) -> LiteralIndex:
    return LiteralIndex([requirement(pattern, "pcre2") for pattern in patterns])


@pytest.mark.parametrize(
    ("pattern", "text", "is_candidate"),
    [
        ("^Create", "xCREATEx", True),
        ("^Create", "cre", False),
        ("^22$|^23$", "1122", True),
        ("^22$|^23$", "2", False),
        ("^(?:22|80)$", "80", True),
        ("^(?:22|80)$", "08", False),
        (r"\d:", "a:", True),
        (r"\d:", "a", False),
        (r"\d:", "", False),
        ("caf\xe9", "CAF\xe9", True),
        ("caf\xe9", "CAF\xc9", False),
        ("a\x00b", "a\x00b", True),
    ],
)
def test_a_text_without_the_literals_is_ruled_out(pattern: str, text: str, is_candidate: bool) -> None:
    assert index(pattern).candidates(text) == ({0} if is_candidate else set())


@pytest.mark.parametrize("before", ["", "a", "ab", "abc", "abcd", "abcde", "x" * 1001])
@pytest.mark.parametrize("behind", ["", "y", "yyyyyy"])
@pytest.mark.parametrize("literal", ["n", "nm", "nmo", "nmop", "nmopq", "nmopqrstu"])
def test_a_literal_is_found_at_every_offset(before: str, behind: str, literal: str) -> None:
    assert index(literal).candidates(before + literal + behind) == {0}
    assert index(literal).candidates(before + behind) == set()


def test_of_what_many_have_in_common_nothing_is_looked_up() -> None:
    many = index(*(rf"^ec2\.amazonaws\.com\w*Number{number}Z" for number in range(100, 300)))
    assert many.candidates("ec2.amazonaws.com Number123Z") == {23}
    assert many.candidates("ec2.amazonaws.com") == set()


def test_every_alternative_leads_to_its_pattern() -> None:
    both = index("delete|drop", "drop|purge")
    assert [both.candidates(text) for text in ("a drop", "delete", "purges")] == [{0, 1}, {0}, {1}]


def test_patterns_without_literals_are_unknown() -> None:
    some = index(r"\w+", "abcd", "x|", "ab")
    assert some.unknown == [0, 2]


def test_patterns_that_match_nothing_are_never_candidates() -> None:
    nothing = LiteralIndex([requirement("\xe9", "osregex")])
    assert not nothing.unknown
    assert nothing.candidates("\xe9") == set()
