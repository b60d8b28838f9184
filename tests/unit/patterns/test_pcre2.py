"""PCRE2: compiled without options, byte by byte, with bounded work (spec/regex.md 4)."""

from __future__ import annotations

import pytest

from alertmill.errors import PatternError
from alertmill.patterns import Found, compile_pattern, rest
from alertmill.patterns import pcre2 as module


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("abc", "xABCx", False),
        ("(?i)abc", "xABCx", True),
        ("a.c", "a\nc", False),
        ("(?s)a.c", "a\nc", True),
        ("^b", "a\nb", False),
        ("(?m)^b", "a\nb", True),
        ("a$", "a\n", True),
        ("a$", "a\nb", False),
        (r"a\z", "a\n", False),
        (r"\w", "\xe9", False),
        (r"\s", "\xa0", False),
        ("(?i)\xe9", "\xc9", False),
        ("^..$", "\xc3\xa9", True),
        ("(*UTF)^.$", "\xc3\xa9", True),
        ("(*UTF)x", "x\xff", False),
        (r"(*UTF)\N{U+202E}", "a\xe2\x80\xaeb", True),
        (r"[[:alpha:]]\h\R", "a \r\n", True),
        (r"\x{41}\x42", "AB", True),
        (r"a\x{62}c", "abc", True),
        (r"(a)\1", "aa", True),
        (r"\Qa.b\E", "a.b", True),
        ("(?|(a)x|(b)y)\\1", "byb", True),
        ("(?<=a)b", "ab", True),
        (r"((\((?:[^()]|(?1))*\)))", "x(a(b)c)", True),
        ("", "", True),
    ],
)
def test_what_matches(pattern: str, text: str, expected: bool) -> None:
    matcher = compile_pattern(pattern, "pcre2")
    assert matcher.matches(text) is expected
    assert (matcher.search(text) is not None) is expected
    assert matcher.overruns == 0


@pytest.mark.parametrize(
    ("pattern", "text", "groups", "remainder"),
    [
        (r"user=(\w+)", "user=Eve x", ("Eve",), " x"),
        ("(a)|(b)", "b!", ("", "b"), "!"),
        ("(a)|(b)", "a!", ("a",), "!"),
        ("(a)?(b)?", "!", (), "!"),
        ("(a)?(b)?c(d)?", "bc!", ("", "b"), "!"),
        ("(x*)a", "a!", ("",), "!"),
        ("(?<n>\\d+)-(?:y)", "7-y-", ("7",), "-"),
        ("\xc3(.)", "\xc3\xa9\xc3", ("\xa9",), "\xc3"),
        ("", "abc", (), "abc"),
        ("$", "abc", (), ""),
        ("a", "a", (), ""),
    ],
)
def test_position_and_captures(pattern: str, text: str, groups: tuple[str, ...], remainder: str) -> None:
    found = compile_pattern(pattern, "pcre2", captures=True).search(text)
    assert found is not None
    assert found.groups == groups
    assert rest(text, found) == remainder


def test_captures_are_not_delivered_unless_asked_for() -> None:
    assert compile_pattern(r"(\d)x", "pcre2").search("1x") == Found(1, ())


@pytest.mark.parametrize(
    ("pattern", "position", "message", "hint"),
    [
        ("a(b", 2, "missing closing parenthesis", "write \\("),
        ("ab)", 2, "unmatched closing parenthesis", "write \\)"),
        ("*a", 0, "does not follow a repeatable item", "backslash before"),
        ("ab\\", 2, "at end of pattern", "write \\\\"),
        ("[z-a]", 3, "range out of order", "wrong way round"),
        ("[ab", 2, "missing terminating ]", "write \\["),
        ("a{2,1}", 4, "numbers out of order", ""),
        (r"\u0041", 1, "does not support", ""),
        (r"ab\C", 3, "disabled", "(?s:.)"),
        (r"\N{U+202E}", 9, "only in Unicode", ""),
    ],
)
def test_a_bad_pattern_is_refused_at_the_place(pattern: str, position: int, message: str, hint: str) -> None:
    with pytest.raises(PatternError) as caught:
        compile_pattern(pattern, "pcre2")
    assert message in caught.value.message
    assert "compilation failed" not in caught.value.message
    assert caught.value.position == position
    assert hint in caught.value.hint


def test_exponential_backtracking_is_given_up_and_counted() -> None:
    matcher = compile_pattern(r"(a+)+$", "pcre2", captures=True)
    assert not matcher.matches("a" * 40 + "b")
    assert matcher.search("a" * 40 + "b") is None
    assert matcher.overruns == 2
    assert matcher.matches("xaaa")
    assert matcher.overruns == 2


def test_a_pattern_can_lower_the_limit_but_not_raise_it() -> None:
    text = "a" * 12 + "b"
    patient = compile_pattern("(a+)+$", "pcre2")
    assert not patient.matches(text)
    assert patient.overruns == 0
    impatient = compile_pattern("(*LIMIT_MATCH=10)(a+)+$", "pcre2")
    assert not impatient.matches(text)
    assert impatient.overruns == 1
    greedy = compile_pattern("(*LIMIT_MATCH=4000000000)(a+)+$", "pcre2")
    assert not greedy.matches("a" * 60 + "b")
    assert greedy.overruns == 1


def test_where_the_jit_stack_overflows_the_interpreter_decides() -> None:
    pattern = "x(?:a|b)*(c|d)"
    text = "--x" + "ab" * 2_000 + "d!"
    matcher = compile_pattern(pattern, "pcre2", captures=True)
    assert matcher.search(text) == Found(len(text) - 2, ("d",))
    assert not matcher.matches("x" + "ab" * 300 + "!")
    assert matcher.overruns == 0


def test_the_interpreter_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "ab" * 2_000
    short = compile_pattern("(?:a|b)*[cd]", "pcre2")
    assert not short.matches(text)
    assert short.overruns == 1, "more starting positions than it may try"
    monkeypatch.setattr(module, "INTERPRETER_LIMIT", 100)
    impatient = compile_pattern("(?:a|b)*[cd]", "pcre2")
    assert not impatient.matches(text + "d")
    assert impatient.overruns == 1, "more steps than it may take"
