"""Arrays inside values: what is JSON to the reference's reader, and how it prints it again."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertmill.alerts.json_text import compact, number_text, quote


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("[]", "[]"),
        ("[ ]", "[]"),
        ('[1, 2.5, "x", null, true, false]', '[1,2.5,"x",null,true,false]'),
        ('[{\n\t\t"a":\t1\n\t}, {\n\t}]', '[{"a":1},{}]'),
        ('[{"a":1,"a":2}]', '[{"a":1,"a":2}]'),
        ("[01, 1., -.5, 1e3]", "[1,1,-0.5,1000]"),
        ("[1e400, -1e400, -0]", "[null,null,-0]"),
        (r'["\u00e9\ud83d\ude00\/"]', '["\xc3\xa9\xf0\x9f\x98\x80/"]'),
        (r'["a\u0000b", "\uzzzzq"]', '["a",""]'),
        ('["a\tb\x01"]', r'["a\tb\u0001"]'),
        ('["\xff\x7f"]', '["\xff\x7f"]'),
        ("[" * 1000 + "]" * 1000, "[" * 1000 + "]" * 1000),
        ("[1] ", "[1]"),
        *[
            (text, None)
            for text in (
                *(
                    "[",
                    "[1,2",
                    "[1] x",
                    "[1,]",
                    "[,1]",
                    "[1 2]",
                    "[+1]",
                    "[.5]",
                    "[-]",
                    "[1-2]",
                    "[1e]",
                    "[tru]",
                    "[True]",
                ),
                *('["a]', r'["\x"]', r'["\ud800"]', r'["\ude00"]', r'["\ud800\u0041"]', r'["\u12"]', "[nan]"),
                *('[{"a" 1}]', "[{1:1}]", '[{"a":1,}]', '[{"a":}]', "[}", "[]]", "[" * 1001 + "]" * 1001),
            )
        ],
    ],
)
def test_compact(text: str, printed: str | None) -> None:
    assert compact(text) == printed


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1.0, "1"),
        (2.5, "2.5"),
        (0.30000000000000004, "0.3"),
        (1 / 3, "0.33333333333333331"),
        (12345678901234567.0, "12345678901234568"),
        (1e30, "1e+30"),
        (1e-07, "1e-07"),
        (1e15, "1e+15"),
        (999999999999999.0, "999999999999999"),
        (-0.0, "-0"),
        (float("inf"), "null"),
    ],
)
def test_number_text(number: float, text: str) -> None:
    assert number_text(number) == text


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**14), 10**14)
    | st.text(st.characters(codec="ascii", exclude_characters="\0")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(JSON), st.sampled_from([None, 0, "\t"]))
def test_any_array_is_printed_as_a_compact_dump_would(array: list[object], indent: int | str | None) -> None:
    expected = json.dumps(array, separators=(",", ":"), ensure_ascii=False)
    assert compact(json.dumps(array, indent=indent)) == expected


@given(st.text('[]{},:"\\u0d8e-+.1 \ttrue', max_size=20))
def test_no_text_is_taken_for_json_that_is_none(text: str) -> None:
    printed = compact("[" + text)
    if printed is not None:
        assert compact(printed) == printed
        json.loads(printed, strict=False)


@given(st.text(st.characters(max_codepoint=255)))
def test_quote_escapes_as_the_reference_does(text: str) -> None:
    quoted = quote(text)
    assert json.loads(quoted) == text
    assert not any(c < " " for c in quoted)
    assert quoted[1:-1].replace('\\"', "").replace("\\\\", "").count('"') == 0
