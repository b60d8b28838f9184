"""Alternatives sorted by kind say the same as each of them alone."""

from __future__ import annotations

from itertools import product

import pytest

from alertmill.patterns.literal_tests import LiteralTests

TEXTS = ["", "a", "AB", "abab", "xab", "abx", "b\xe9", "B\xe9", "\xe9b", "zzz"]
LITERALS = ["ab", "b", "b\xe9", ""]
ANCHORS = list(product([False, True], repeat=2))
#: Two alternatives: a literal, (begin, end), another literal, (begin, end).
PAIRS = list(product(["ab", "b\xe9", "z"], ANCHORS, repeat=2))


def plainly(literal: str, text: str, begin: bool, end: bool) -> bool:
    text = "".join(c.lower() if c.isascii() else c for c in text)
    if begin and end:
        return text == literal
    return (
        (text.startswith(literal) if begin else True) and (text.endswith(literal) if end else True) and literal in text
    )


@pytest.mark.parametrize(("begin", "end"), ANCHORS)
@pytest.mark.parametrize("literal", LITERALS)
def test_one_literal(literal: str, begin: bool, end: bool) -> None:
    tests = LiteralTests()
    tests.add(literal, begin=begin, end=end)
    test = tests.test()
    assert [test(text) for text in TEXTS] == [plainly(literal, text, begin, end) for text in TEXTS]


@pytest.mark.parametrize(("one", "anchors", "other", "other_anchors"), PAIRS)
def test_several_literals_hold_if_one_does(
    one: str, anchors: tuple[bool, bool], other: str, other_anchors: tuple[bool, bool]
) -> None:
    tests = LiteralTests()
    tests.add(one, begin=anchors[0], end=anchors[1])
    tests.add(other, begin=other_anchors[0], end=other_anchors[1])
    test = tests.test()
    for text in TEXTS:
        assert test(text) is (plainly(one, text, *anchors) or plainly(other, text, *other_anchors))


def test_no_literal_at_all_never_holds() -> None:
    assert LiteralTests().test()("x") is False
