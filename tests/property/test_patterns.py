"""Fast pattern matching equals slow: random patterns on random texts.

OSREGEX: the matcher (literals, `re`, quick machine) and the quick machine alone against the machine of the
specification, with R and captures. PCRE2: the library against Python's `re` on what both mean alike. Required literals:
whatever matches has one, and an index of them leads to the pattern. OSMATCH: the sorted test against the table of the
specification.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alertmill.patterns import Found, LiteralIndex, compile_pattern, required_literals, requirement
from alertmill.patterns.lowercase import lower
from alertmill.patterns.osregex import MARK, parse
from alertmill.patterns.osregex_machine import reference_search
from alertmill.patterns.osregex_stepper import Stepper
from alertmill.patterns.pcre2_literals import whole_texts
from support import LONG

EXAMPLES = settings(max_examples=20_000 if LONG else 250, deadline=None)

TEXTS = st.lists(st.text("ab1 :(-x\xe9", max_size=14), min_size=1, max_size=12)


def assert_is_found(pattern: str, dialect: str, text: str) -> None:
    """What is known of the literals of a pattern leads from a text that it matches to the pattern."""
    literals = required_literals(pattern, dialect)
    assert literals is None or any(literal in lower(text) for literal in literals), (pattern, text)
    index = LiteralIndex([requirement("zzzz", "osmatch"), requirement(pattern, dialect)])
    assert index.unknown == [1] or index.candidates(text) == {1}, (pattern, text)


# --- OSREGEX ----------------------------------------------------------------------------------------------------------

LITERALS = ["a", "b", "A", "1", " ", ":", "-", "x", "\xe9", "+", "*", "$", "^", "("]
NAMES = [*"dwsSDWp.", "(", "\\"]
PLAIN = [*LITERALS[:-1], *(f"\\{name}" for name in NAMES)]
QUANTIFIED = [f"\\{name}{quantifier}" for name in NAMES for quantifier in "+*"]

ITEMS = st.lists(st.sampled_from([*PLAIN, *QUANTIFIED, *QUANTIFIED]), max_size=4).map("".join)
GROUPS = ITEMS.map(lambda inside: f"({inside})")
BODIES = st.lists(st.one_of(ITEMS, GROUPS), max_size=4).map("".join)
ALTERNATIVES = st.builds(
    lambda a, body, z: a + body + z, st.sampled_from(["", "", "^"]), BODIES, st.sampled_from(["", "$"])
)
OSREGEX = st.lists(ALTERNATIVES, min_size=1, max_size=3).map("|".join)


def assert_osregex_agrees(pattern: str, texts: list[str]) -> int:
    """Compare all ways of matching on all texts, with captures and without; returns the number of matches."""
    alternatives = parse(pattern)
    marked = any(MARK in alternative.tokens for alternative in alternatives)
    matches = 0
    for wanted in (False, True):
        matcher = compile_pattern(pattern, "osregex", captures=wanted)
        steppers = [Stepper(alternative, wanted=wanted and marked) for alternative in alternatives]
        for text in texts:
            expected = reference_search(alternatives, text, wanted=wanted)
            low = lower(text)
            context = (pattern, text, wanted)
            assert matcher.search(text) == expected, context
            assert matcher.matches(text) is (expected is not None), context
            stepped = (stepper.search(low, text) for stepper in steppers)
            assert next((found for found in stepped if found is not None), None) == expected, context
            if expected is not None:
                matches += 1
                assert_is_found(pattern, "osregex", text)
                assert any(literal in low for literal in matcher.needed), context
    return matches


@EXAMPLES
@given(OSREGEX, TEXTS)
def test_osregex_equals_the_machine(pattern: str, texts: list[str]) -> None:
    assert_osregex_agrees(pattern, texts)


def random_osregex(rnd: random.Random) -> str:
    alternatives = []
    for _ in range(rnd.choice([1, 1, 1, 2, 3])):
        parts = [rnd.choice(["", "", "^"])]
        opened = False
        for _ in range(rnd.randint(0, 7)):
            kind = rnd.random()
            if kind < 0.8:
                parts.append(rnd.choice(PLAIN if kind < 0.4 else QUANTIFIED))
            else:
                parts.append(")" if opened else "(")
                opened = not opened
        parts += [")" if opened else "", rnd.choice(["", "", "$"])]
        alternatives.append("".join(parts))
    return "|".join(alternatives)


def random_overlap(rnd: random.Random) -> str:
    """The shapes of real patterns that take loops or more: a wide class, then a literal that it takes as well."""
    parts = [rnd.choice(["", "", "^", "a"])]
    for _ in range(rnd.randint(1, 3)):
        run = rnd.choice([r"\.+", r"\.*", r"\S+", r"\S*", r"\w+", r"\w*", r"\D+", r"\p*", r"\s*"])
        parts += [rnd.choice([run, f"({run})"]), rnd.choice(["a", "b", " ", ":", "1", "", r"\d", r"\s"])]
        parts.append(rnd.choice(["", "a", "b", "(x)", r"(\d+)", r"\s*", "x", "ab"]))
    return "".join(parts) + rnd.choice(["", "", "$"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "alphabet", "lengths"),
    [
        (random_osregex, "ab1 :(-x\xe9", [0, 1, 2, 3, 4, 6, 9, 14]),
        (random_overlap, "aab1 :x", [3, 6, 9, 14, 20, 30]),
        (random_overlap, "ab", [6, 12, 24]),
    ],
)
def test_osregex_equals_the_machine_in_a_campaign(
    make: Callable[[random.Random], str], alphabet: str, lengths: list[int]
) -> None:
    """Dense random patterns; the short form makes about 60,000 comparisons, the long form three million."""
    rnd = random.Random(20_260_101)
    matches = 0
    for _ in range(40_000 if LONG else 800):
        texts = ["".join(rnd.choices(alphabet, k=rnd.choice(lengths))) for _ in range(12)]
        matches += assert_osregex_agrees(make(rnd), texts)
    assert matches > 500, "a campaign without matches compares nothing"


@EXAMPLES
@given(OSREGEX, st.text("ab1 :(-x", max_size=60), st.integers(0, 3))
def test_osregex_on_longer_texts(pattern: str, text: str, repeat: int) -> None:
    assert_osregex_agrees(pattern, [text * repeat])


# --- OSMATCH ----------------------------------------------------------------------------------------------------------

OSMATCH = st.lists(st.text("abA^$!\xe9 ", max_size=4), min_size=1, max_size=4).map("|".join)


def osmatch_by_the_table(pattern: str, text: str) -> bool:
    negated, pattern = pattern.startswith("!"), pattern.removeprefix("!")
    return negated != any(alternative_holds(lower(alternative), lower(text)) for alternative in pattern.split("|"))


def alternative_holds(literal: str, text: str) -> bool:
    if literal in ("", "^", "$"):
        return True
    if literal.startswith("^") and literal.endswith("$"):
        return text == literal[1:-1]
    if literal.startswith("^"):
        return text.startswith(literal[1:])
    if literal.endswith("$"):
        return text.endswith(literal[:-1])
    return literal in text and literal.isascii()


@EXAMPLES
@given(OSMATCH, st.lists(st.text("abAB^$!\xe9\xc9 ", max_size=8), min_size=1, max_size=8))
def test_osmatch_is_the_table(pattern: str, texts: list[str]) -> None:
    matcher = compile_pattern(pattern, "osmatch")
    for text in texts:
        expected = osmatch_by_the_table(pattern, text)
        assert matcher.matches(text) is expected
        if expected and not pattern.startswith("!"):
            assert_is_found(pattern, "osmatch", text)
        assert not expected or any(literal in lower(text) for literal in matcher.needed)


# --- PCRE2 ------------------------------------------------------------------------------------------------------------

PCRE2_ATOMS = [
    *"ab1xA :",
    ".",
    r"\d",
    r"\w",
    r"\s",
    r"\S",
    r"\.",
    r"\(",
    "[ab]",
    "[^a1]",
    "[a-x]",
    r"\b",
    "(?:a|b1)",
    "(?i:aB)",
    "(?-i:A|1b)",
    "\xe9",
]
PCRE2_ITEMS = st.builds(
    str.__add__, st.sampled_from(PCRE2_ATOMS), st.sampled_from(["", "", "", "*", "+", "?", "{1,2}", "+?"])
)
PCRE2_BODIES = st.lists(PCRE2_ITEMS, max_size=5).map("".join)
PCRE2_GROUPS = st.builds(
    lambda a, b, q: f"({a}|{b}){q}" if b else f"({a}){q}", PCRE2_BODIES, PCRE2_BODIES, st.sampled_from(["", "", "?"])
)
PCRE2 = st.builds(
    lambda flags, begin, parts, end: flags + begin + "".join(parts) + end,
    st.sampled_from(["", "(?i)", "(?s)"]),
    st.sampled_from(["", "", "^", "(?=a|1)", "(?!x)", "(?<=b)"]),
    st.lists(st.one_of(PCRE2_BODIES, PCRE2_GROUPS), max_size=3),
    st.sampled_from(["", "$", "|b"]),
).filter(lambda pattern: r"\b" not in re.sub(r"\\b(?![*+?{])", "", pattern))


def python_search(pattern: str, text: str) -> Found | None:
    match = re.search(pattern.encode("latin-1"), text.encode("latin-1"))
    if match is None:
        return None
    groups = list(match.groups())
    while groups and groups[-1] is None:
        groups.pop()
    return Found(match.end() - 1, tuple((group or b"").decode("latin-1") for group in groups))


@EXAMPLES
@given(PCRE2, st.lists(st.text("ab1xAB .:\n(\xe9", max_size=12), min_size=1, max_size=8))
def test_pcre2_equals_python_where_they_mean_the_same(pattern: str, texts: list[str]) -> None:
    matcher = compile_pattern(pattern, "pcre2", captures=True)
    for text in texts:
        expected = python_search(pattern, text)
        assert matcher.search(text) == expected, (pattern, text)
        assert matcher.matches(text) is (expected is not None)
        if expected is not None:
            assert_is_found(pattern, "pcre2", text)
            assert any(literal in lower(text) for literal in matcher.needed), (pattern, text)
    assert matcher.overruns == 0


#: Plain texts as patterns spell them, and some that only look like it.
WORDS = st.sampled_from(
    ["22", "2", "a", "A", "aB", r"a\.b", r"1\-2", "a:b", " ", "_", "a.b", "a*", r"\d", "2$", "", "\xe9"]
)
WHOLE = st.builds(
    lambda flag, words, form: flag + form[0] + form[1].join(words) + form[2],
    st.sampled_from(["", "(?i)"]),
    st.lists(WORDS, min_size=1, max_size=4),
    st.sampled_from([("^", "$|^", "$"), ("^(?:", "|", ")$"), ("^(", "|", ")$"), ("^", "|", "$")]),
)


@EXAMPLES
@given(WHOLE, st.lists(st.text("aAbB12.:-_ \n\r\xe9\xc9", max_size=4), min_size=1, max_size=12))
def test_whole_texts_are_what_the_library_says(pattern: str, texts: list[str]) -> None:
    matcher = compile_pattern(pattern, "pcre2")
    plain = whole_texts(pattern)
    texts += ["22", "22\n", "22\n\n", "22\r", "22\r\n", "\n22", "a", "A", "ab", "aB", "a.b", "a.b\n", "1-2", "A:B"]
    for text in texts:
        expected = matcher.search(text) is not None
        assert matcher.matches(text) is expected, (pattern, text)
        assert plain is None or plain(text) is expected


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        ("^22$", {"22", "22\n"}),
        ("^22$|^a b$", {"22", "22\n", "a b", "a b\n"}),
        (r"(?i)^(?:Ab|a\.b)$", {"ab", "ab\n", "a.b", "a.b\n"}),
        ("^(A|b)$", {"A", "A\n", "b", "b\n"}),
        ("^a.b$", None),
        ("^a|b$", None),
        ("^a$|b$", None),
        ("a", None),
        ("^(?:a|)$", None),
        (r"^a\|b$", None),
    ],
)
def test_whole_texts_are_read_from_patterns_that_are_nothing_else(pattern: str, texts: set[str] | None) -> None:
    found = whole_texts(pattern)
    assert (None if found is None else found.literals) == texts
