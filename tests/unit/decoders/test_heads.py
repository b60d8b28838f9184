"""What patterns say about the beginning of a text: a table, and the claim that no such proof is ever wrong."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alertmill.decoders.heads import first_bytes, matches_json
from alertmill.errors import PatternError
from alertmill.patterns import compile_pattern

FIRST = [
    ("^foo", "osregex", "fF"),
    ("^foo|^Bar", "osregex", "fFbB"),
    (r"^\d+|^<", "osregex", "0123456789<"),
    (r"^\s\s", "osregex", " "),
    (r"^\(x\)", "osregex", "("),
    (r"^\\|^\$|^\|", "osregex", "\\$|"),
    ("^[", "osregex", "["),
    ("foo", "osregex", None),
    ("^foo|bar", "osregex", None),
    (r"^\s*foo", "osregex", " fF"),
    (r"^\s*(\t*)\d+", "osregex", " \t0123456789"),
    (r"^\s*\t*", "osregex", None),
    (r"^\S+", "osregex", "".join(map(chr, range(256))).replace(" ", "")),
    (r"^\.", "osregex", "".join(map(chr, range(256)))),
    ("^(foo)", "osregex", "fF"),
    ("^(f)(o)", "osregex", None),
    ("^", "osregex", None),
    ("^$", "osregex", None),
    ("", "osregex", None),
    ("^\xe9", "osregex", ""),
    ("^\\s*\xe9", "osregex", " "),
    ("^foo", "pcre2", "f"),
    ("^f?oo", "pcre2", None),
    ("^f*oo", "pcre2", None),
    ("^f{0,1}oo", "pcre2", None),
    ("^foo|^bar", "pcre2", None),
    ("(?i)^foo", "pcre2", None),
    (r"^\d", "pcre2", None),
    ("foo", "pcre2", None),
    ("^foo", "osmatch", None),
]


@pytest.mark.parametrize(("pattern", "dialect", "expected"), FIRST)
def test_first_bytes(pattern: str, dialect: str, expected: str | None) -> None:
    assert first_bytes(pattern, dialect) == (None if expected is None else frozenset(expected))


JSON = [
    (r'^{\s*"', "osregex", True),
    ("^{", "osregex", True),
    ('^{"', "osregex", True),
    (r"^\s*{", "osregex", True),
    ("^a|^{", "osregex", True),
    ("^", "osregex", True),
    ("^a", "osregex", False),
    (r"^\d", "osregex", False),
    ("^{a|^x", "osregex", False),
    ("^a", "pcre2", False),
    ("^{", "pcre2", None),
    ('^{"a', "osregex", None),
    ('"a"', "osregex", None),
    ("^{$", "osregex", None),
    (r"^\p", "osregex", None),
    (r"^\S", "osregex", None),
    ("^(a)", "osregex", False),
    ("^({)", "osregex", None),
]


@pytest.mark.parametrize(("pattern", "dialect", "expected"), JSON)
def test_what_matches_every_json_text(pattern: str, dialect: str, expected: bool | None) -> None:
    assert matches_json(pattern, dialect) is expected


PIECES = [*'^$|()aB{" .+*?\xe9', r"\s", r"\d", r"\w", r"\S", r"\D", r"\.", r"\p", r"\("]
PATTERNS = st.lists(st.sampled_from(PIECES), max_size=7).map("".join)
TEXTS = st.text(st.sampled_from('aAbB{"1 .(\xe9'), max_size=6)


@given(
    PATTERNS.map(lambda text: "^" + text),
    st.sampled_from(["osregex", "pcre2"]),
    st.lists(TEXTS, min_size=5, max_size=12),
)
@example(r"^\s*", "osregex", ["", " ", "a"])
@example("^a|", "osregex", ["", "b"])
def test_a_proof_is_never_wrong(pattern: str, dialect: str, texts: list[str]) -> None:
    try:
        matcher = compile_pattern(pattern, dialect)
    except PatternError:
        return
    first = first_bytes(pattern, dialect)
    verdict = matches_json(pattern, dialect)
    for text in texts:
        if first is not None and text[:1] not in first:
            assert not matcher.matches(text)
        document = '{"' + text
        if verdict is not None:
            assert matcher.matches(document) is verdict
