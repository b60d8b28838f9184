"""Strategies for JSON: values, and texts that are nearly JSON."""

from __future__ import annotations

import json
import random
from typing import Any

from hypothesis import strategies as st

NAMES = st.sampled_from(
    ["a", "b", "A", "aws", "AWS", "x.y", "", "user", "dstuser", "srcip", "data", "id", "systemname", "é"]
)
NUMBERS = st.one_of(
    st.integers(-5, 5),
    st.integers(-(2**40), 2**40),
    st.integers(-(10**25), 10**25),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([2**31, 2**31 - 1, -(2**31), -(2**31) - 1, 0.1, 1e15, 1e16, 1e300, 0.30000000000000004]),
)
STRINGS = st.one_of(
    st.sampled_from(
        ["", "x", "[", '["a"]', "null", "2023-07-10T-0", "é", "漢", "😀", 'a"b', "a\\b", "\u0001\t\n", "\x7f", "a\0b"]
    ),
    st.text(st.characters(exclude_categories=("Cs",)), max_size=8),
)
SCALARS = st.one_of(STRINGS, STRINGS, NUMBERS, st.booleans(), st.none())


def objects(names: st.SearchStrategy[str] = NAMES, scalars: st.SearchStrategy[Any] = SCALARS) -> st.SearchStrategy[Any]:
    """JSON objects, as the source modules hand them over."""
    values = st.recursive(
        scalars,
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(names, inner, max_size=5)),
        max_leaves=20,
    )
    return st.dictionaries(names, values, max_size=8)


PIECES = (
    *'{}[]:,"\\u01d8Dc-.eE+ \t\n\x01/\xe9',
    "null",
    "true",
    "false",
    "NaN",
    "Infinity",
    '"a"',
    '"a":1,',
    '"a":"\\u0022",',
    "\\u0041",
    "\\u00e9",
    "\\ud83d\\ude00",
    "\\ud83d",
    "\\u0000",
    "\\u12",
    "\\uzzzz",
    "-0",
    "01",
    "1.",
    "1e400",
    "\xef\xbb\xbf",
)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Byte text that begins as JSON does: well-formed, slightly damaged, or a heap of its pieces."""
    if draw(st.integers(0, 3)) == 0:
        return "{" + "".join(draw(st.lists(st.sampled_from(PIECES), max_size=14)))
    text = json.dumps(
        draw(objects()),
        ensure_ascii=draw(st.booleans()),
        separators=draw(st.sampled_from([(",", ":"), (", ", ": ")])),
    )
    text = text.encode().decode("latin-1")
    return damaged(text, draw(st.randoms(use_true_random=False)), draw(st.integers(0, 3)))


def damaged(text: str, rng: random.Random, times: int) -> str:
    """The text after so many cuts and insertions, without NUL."""
    for _ in range(times):
        start = rng.randrange(len(text) + 1)
        text = text[:start] + rng.choice(("", rng.choice(PIECES))) + text[start + rng.randrange(3) :]
    return text.replace("\0", "")
