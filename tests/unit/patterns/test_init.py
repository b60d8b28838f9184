"""The catalogue of dialects."""

from __future__ import annotations

import pytest

from alertmill.errors import PatternError
from alertmill.patterns import DIALECTS, Found, compile_pattern, rest


def test_every_dialect_makes_a_matcher_that_knows_its_name() -> None:
    assert list(DIALECTS) == sorted(DIALECTS)
    for dialect in DIALECTS:
        for captures in (False, True):
            matcher = compile_pattern("abc", dialect.upper(), captures=captures)
            assert (matcher.pattern, matcher.dialect, matcher.overruns) == ("abc", dialect, 0)
            assert matcher.matches("abc")
            assert not matcher.matches("xyz")


def test_an_unknown_dialect_is_refused() -> None:
    with pytest.raises(PatternError, match="no pattern type 'pcre'") as caught:
        compile_pattern("abc", "pcre")
    assert caught.value.hint == "did you mean pcre2?"
    with pytest.raises(PatternError) as caught:
        compile_pattern("abc", "glob")
    assert caught.value.hint == "types: osmatch, osregex, pcre2, string"


@pytest.mark.parametrize(("end", "expected"), [(-1, "abc"), (0, "bc"), (1, "c"), (2, ""), (3, ""), (9, "")])
def test_the_rest_of_a_text(end: int, expected: str) -> None:
    assert rest("abc", Found(end, ())) == expected
