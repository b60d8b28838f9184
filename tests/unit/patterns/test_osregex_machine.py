"""OSREGEX: what patterns match, by the tables of spec/regex.md 2, for the reference machine and for the matcher."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from alertmill.patterns import Found, compile_pattern, rest
from alertmill.patterns.osregex import parse
from alertmill.patterns.osregex_machine import reference_search

Search = Callable[[str, str], Found | None]


def reference(pattern: str, text: str) -> Found | None:
    return reference_search(parse(pattern), text, wanted=True)


def reference_plain(pattern: str, text: str) -> Found | None:
    return reference_search(parse(pattern), text)


def matcher(pattern: str, text: str) -> Found | None:
    compiled = compile_pattern(pattern, "osregex", captures=True)
    found = compiled.search(text)
    assert compiled.matches(text) is (found is not None)
    return found


def matcher_plain(pattern: str, text: str) -> Found | None:
    compiled = compile_pattern(pattern, "osregex")
    found = compiled.search(text)
    assert compiled.matches(text) is (found is not None)
    return found


WITH_CAPTURES = pytest.mark.parametrize("search", [reference, matcher])
ALL_WAYS = pytest.mark.parametrize("search", [reference, matcher, reference_plain, matcher_plain])

#: pattern, text, R, rest
POSITIONS = [
    ("foo", "xFOOy", 3, "y"),
    (r"^foo \S+", "foo bar baz", 7, "baz"),
    (r"^foo \S+", "foo bar", 4, "ar"),
    (r"^foo (\S+)", "foo bar baz", 4, "ar baz"),
    (r"^foo (\S+) ", "foo bar baz", 7, "baz"),
    (r"^foo\s*", "foobar", 2, "bar"),
    (r"^foo\s*", "foo  bar", 5, "ar"),
    (r"(\.+)$", "x y", 0, " y"),
    (r"^\s*", "abc", -1, "abc"),
    (r"^\s*", "", 0, ""),
    ("", "abc", 0, "bc"),
    ("", "", 0, ""),
    ("^", "abc", 0, "bc"),
    ("$", "", 0, ""),
    ("x|", "abc", 0, "bc"),
    ("b|a", "ab", 1, ""),
    ("foo$", "xfoo", 3, ""),
    ("^foo$", "FOO", 2, ""),
    ("^foo", "FOObar", 2, "bar"),
    ("oo", "foobaroo", 2, "baroo"),
    (r"\d\d", "a123", 2, "3"),
    (r"\.", "\n", 0, ""),
]


@ALL_WAYS
@pytest.mark.parametrize(("pattern", "text", "end", "remainder"), POSITIONS)
def test_where_a_match_ends(search: Search, pattern: str, text: str, end: int, remainder: str) -> None:
    found = search(pattern, text)
    assert found is not None
    assert found.end == end
    assert rest(text, found) == remainder


#: pattern, text, captures
CAPTURES = [
    (r"(\w+) (\w+)", "ab cd ef", ("ab", "cd")),
    (r"(\d+)\D*", "123", ("",)),
    (r"(\d+)\D*", "1", ("1",)),
    (r"(\d+)\D*", "123x", ("123",)),
    (r"foo(\s*)", "foox", ("",)),
    (r"foo(\s*)", "foo", ()),
    (r"user=(\w*) ip", "user= ip", ("",)),
    (r"(\S+)@(\S+)", "a@b@c x", ("a", "b@c")),
    ("(a)(b)", "a(b", ("a",)),
    ("(x)y|z(q)", "zq", ("q",)),
    ("(x)y|z(q)", "Xy", ("X",)),
    ("(A)b", "xaB", ("a",)),
    (r"(\S+):(\d+)", "a:b:12", ("a:b", "12")),
    (r" (\S*)$", "x y ", ()),
]


@WITH_CAPTURES
@pytest.mark.parametrize(("pattern", "text", "groups"), CAPTURES)
def test_what_groups_capture(search: Search, pattern: str, text: str, groups: tuple[str, ...]) -> None:
    found = search(pattern, text)
    assert found is not None
    assert found.groups == groups


@ALL_WAYS
@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("(a)(b)", "ab", False),
        (r"\S+:x", "a:x", True),
        (r"\S+:x", "a::x", False),
        (r"(\S+):x", "a::x", False),
        (r"\.+ x", "a b x", True),
        (r"\.+ x", "a  x", False),
        (r"\d+\s+x", "1 2 x", False),
        (r"\d+\s*\d", "12", False),
        (r"\w+\d\s", "ab1x", True),
        ("a+b", "aab", False),
        ("a+b", "xA+By", True),
        ("a.c", "abc", False),
        ("[ab]", "a", False),
        ("[ab]", "x[AB]", True),
        ("^a|^b", "ba", True),
        ("(^a)", "a", False),
        ("(^a)", "x^a", True),
        ("(a$)", "a", False),
        ("(a$)", "xa$x", True),
        (r"a\$", "a$b", True),
        ("$", "x", False),
        ("^$", "x", False),
        ("^$", "", True),
        ("a^b", "a^b", True),
        (r"\s", "\t", False),
        (r"\t", "\t", True),
        (r"\p", "/\\@^_`~", False),
        (r"\S\S\S", "\xc3\xa9", False),
        ("\xe9", "\xe9", False),
        ("a\xe9|b", "b", True),
        (r"^\(*x", "((x", True),
        (r"\D", "123", False),
        ("foo", "", False),
    ],
)
def test_what_matches(search: Search, pattern: str, text: str, expected: bool) -> None:
    assert (search(pattern, text) is not None) is expected


def test_asking_for_captures_can_change_what_matches() -> None:
    """Step F1 passes over several `*` at the end only when captures are wanted."""
    pattern, text = r"(f)oo\s*\d*", "foo"
    assert reference(pattern, text) is not None
    assert matcher(pattern, text) is not None
    assert reference_plain(pattern, text) is None
    assert matcher_plain(pattern, text) is None


def test_captures_are_not_delivered_unless_asked_for() -> None:
    found = compile_pattern(r"(\d+)x", "osregex").search("12x")
    assert found == Found(2, ())
