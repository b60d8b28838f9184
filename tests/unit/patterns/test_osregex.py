"""OSREGEX grammar: what is read, and what is refused where and with which hint."""

from __future__ import annotations

import pytest

from alertmill.errors import PatternError
from alertmill.patterns import compile_pattern
from alertmill.patterns.osmatch import MAX_PATTERN
from alertmill.patterns.osregex import CLASSES, MARK, NEVER, CharClass, Literal, parse


def shown(pattern: str) -> list[str]:
    """The alternatives as text: literals as they are, classes by size, marks as |, anchors as ^ and $."""
    sizes = {id(chars): name for name, chars in CLASSES.items()}
    lines = []
    for alternative in parse(pattern):
        parts = ["^"] if alternative.begin else []
        for token in alternative.tokens:
            if isinstance(token, Literal):
                parts.append("~" if token.char == NEVER else token.char)
            elif isinstance(token, CharClass):
                parts.append(f"<{sizes[id(token.chars)]}{token.quantifier}>")
            else:
                assert token is MARK
                parts.append("|")
        lines.append(" ".join([*parts, *(["$"] if alternative.end else [])]))
    return lines


READ = [
    ("", [""]),
    ("aB", ["a b"]),
    ("a|b", ["a", "b"]),
    ("a|", ["a", ""]),
    (r"a\|b", ["a <|> b"]),
    ("^", ["^"]),
    ("$", ["$"]),
    ("^$", ["^ $"]),
    ("^a$|b$|^c", ["^ a $", "b $", "^ c"]),
    ("a^b$c", ["a ^ b $ c"]),
    ("^^a$$", ["^ ^ a $ $"]),
    (r"a\$", ["a <$>"]),
    (r"\$$", ["<$> $"]),
    ("(^a)", ["| ^ a |"]),
    ("(a$)", ["| a $ |"]),
    ("^(a)$", ["^ | a | $"]),
    (r"\d+\w*\s", ["<d+> <w*> <s>"]),
    (r"\d++", ["<d+> +"]),
    ("a+b*", ["a + b *"]),
    (r"\(*\)+\\*\<+", ["<(*> <)+> <\\*> <<+>"]),
    (r".\.[x]{1}?", [". <.> [ x ] { 1 } ?"]),
    ("caf\xc3\xa9", ["c a f ~ ~"]),
    ("()", ["| |"]),
    ("(a)(b)|(c)", ["| a | | b |", "| c |"]),
]


@pytest.mark.parametrize(("pattern", "expected"), READ)
def test_a_pattern_is_read(pattern: str, expected: list[str]) -> None:
    assert shown(pattern) == expected


def test_the_classes_hold_the_characters_of_the_specification() -> None:
    assert "".join(sorted(CLASSES["p"])) == "!\"#$%&'()*+,-.:;<=>?[]{|}"
    assert CLASSES["w"] == {c for c in map(chr, range(128)) if c.isalnum()} | set("-@_")
    assert CLASSES["s"] == {" "}
    assert len(CLASSES["."]) == 256
    for upper in "DWS":
        assert CLASSES[upper] == CLASSES["."] - CLASSES[upper.lower()]
    assert set(CLASSES) == set("dwstpDWS.()\\$|<")


REFUSED = [
    (r"ab\ncd", 2, r"\n is not an OSREGEX escape", "line end"),
    (r"a\+", 1, r"\+ is not", "without a backslash"),
    (r"\d\*x", 2, r"\* is not", "quantifier"),
    (r"x\/y", 1, r"\/ is not", "write / without"),
    (r"\[a\]", 0, r"\[ is not", "write [ without"),
    (r"a\bz", 1, r"\b is not", 'type="pcre2"'),
    (r"a|\P+", 2, r"\P is not", r"did you mean \p?"),
    ("a\\\xe9", 1, r"\xe9 is not", "pcre2"),
    ("abc\\", 3, "lone backslash", "write \\\\"),
    (r"a\\\\b\q", 6, r"\q is not", "classes are"),
    ("a(b", 1, "never closed", "write \\("),
    ("ab)", 2, "closes no group", "write \\)"),
    ("(a))", 3, "closes no group", "write \\)"),
    ("(a(b))", 2, "group inside a group", "no nested groups"),
    ("x(a|b)", 3, "| inside a group", "outside of groups"),
    ("(a)|(b", 4, "never closed", "write \\("),
    ("x" * (MAX_PATTERN + 1), MAX_PATTERN, "20481 bytes", "split"),
]


@pytest.mark.parametrize(("pattern", "position", "message", "hint"), REFUSED, ids=[case[0][:20] for case in REFUSED])
def test_a_bad_pattern_is_refused_at_the_place(pattern: str, position: int, message: str, hint: str) -> None:
    with pytest.raises(PatternError) as caught:
        compile_pattern(pattern, "osregex")
    assert caught.value.position == position
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_the_longest_pattern_is_read() -> None:
    assert compile_pattern("x" * MAX_PATTERN, "osregex").matches("X" * MAX_PATTERN)
