"""The tolerant JSON reader: tables of its oddities, and the accelerated way against the exact one."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import example, given

from alertmill.decoders.cjson import MAX_DEPTH, JsonError, Members, read_object, read_value
from unit.decoders.json_texts import texts

READS: list[tuple[str, Any]] = [
    ("null", None),
    ("true", True),
    ("false", False),
    ('"x"', "x"),
    ("[]", []),
    ("[1, [2]]", [1, [2]]),
    ('{"a":1} trailing', [("a", 1)]),
    ('{"a":1}{"b":2}', [("a", 1)]),
    ("12abc", 12),
    (' \x01\x1f{"a"\x0b:\t1}', [("a", 1)]),
    ('\xef\xbb\xbf {"a":1}', [("a", 1)]),
    ('{"a":1,"a":2}', [("a", 1), ("a", 2)]),
    ('{"a":{"b":1,"b":{}}}', [("a", [("b", 1), ("b", [])])]),
    ('{"":1}', [("", 1)]),
    ('"raw \t\n\x01 control"', "raw \t\n\x01 control"),
    (r'"\"\\\/\b\f\n\r\t"', '"\\/\b\f\n\r\t'),
    (r'"\u0041\u00e9\u6f22"', "A\xc3\xa9\xe6\xbc\xa2"),
    (r'"\ud83d\ude00"', "\xf0\x9f\x98\x80"),
    (r'"\uD83D\uDE00"', "\xf0\x9f\x98\x80"),
    (r'"before\u0000after"', "before"),
    (r'"before\uzzzzafter"', "before"),
    (r'"\u00\"41"', ""),
    ('"\xe9\xc3"', "\xe9\xc3"),
    (r'{"k\u0000x":1}', [("k", 1)]),
    ("01", 1),
    ("00012", 12),
    ("1.", 1),
    ("-.5", -0.5),
    ("1e3", 1000),
    ("1E+3", 1000),
    ("1e400", math.inf),
    ("-1e400", -math.inf),
]

MALFORMED = [
    "",
    "   ",
    "{",
    "[",
    '{"a":1',
    '{"a":1,}',
    "[1,]",
    "[,1]",
    '{"a" 1}',
    '{"a":}',
    "{a:1}",
    "{1:2}",
    '{"a":1 "b":2}',
    '{"a":tru}',
    '{"a":TRUE}',
    '{"a":+1}',
    '{"a":.5}',
    '{"a":-}',
    '{"a":--1}',
    '{"a":5e}',
    '{"a":1-2}',
    '{"a":NaN}',
    '{"a":Infinity}',
    '{"a":-Infinity}',
    '{"a":0x1}',
    '"open',
    '"open\\"',
    '"open\\',
    r'"\x41"',
    r'"\U0041"',
    r'"\u12"',
    r'"\ud800"',
    r'"\udc00"',
    r'"\ud800\u0041"',
    r'"\ud800\n....."',
    r'"\ud800\ud800"',
    r'"\ud800\uzzzz"',
    r'"\u0000\x"',
    ' \xef\xbb\xbf{"a":1}',
    "'x'",
    "\\",
]


@pytest.mark.parametrize(("text", "value"), READS, ids=[ascii(row[0]) for row in READS])
def test_what_is_read(text: str, value: Any) -> None:
    assert read_value(text) == value


@pytest.mark.parametrize("text", MALFORMED, ids=ascii)
def test_what_is_malformed(text: str) -> None:
    with pytest.raises(JsonError):
        read_value(text)
    assert read_object(text) is None


def test_minus_zero_keeps_its_sign() -> None:
    assert math.copysign(1, read_value("-0")) == -1
    document = read_object('{"a":[-0]}')
    assert document is not None
    assert math.copysign(1, dict(document)["a"][0]) == -1


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_depth(opening: str, closing: str) -> None:
    deepest = opening * MAX_DEPTH + "1" + closing * MAX_DEPTH
    value = read_value(deepest)
    for _ in range(MAX_DEPTH):
        value = value[0] if opening == "[" else value[0][1]
    assert value == 1
    with pytest.raises(JsonError):
        read_value(f"{opening}{deepest}{closing}")
    assert read_object('{"a":' * 3 + deepest + "}" * 3) is None


@pytest.mark.parametrize("text", ["[1]", '"x"', "1", "null", "x", ""])
def test_only_an_object_is_an_object(text: str) -> None:
    assert read_object(text) is None


def normal(value: Any) -> Any:
    """A value with objects as lists of pairs and numbers as floats, whichever way it was read."""
    if isinstance(value, Members):
        return ["object", *((name, normal(inner)) for name, inner in value)]
    if isinstance(value, dict):
        return ["object", *((name, normal(inner)) for name, inner in value.items())]
    if isinstance(value, list):
        return ["array", *map(normal, value)]
    if isinstance(value, int) and not isinstance(value, bool):
        return repr(float(value)) if abs(value) < 10**300 else "huge"
    return repr(value) if isinstance(value, float) else value


@given(texts())
@example('{"a":1,"a":"\\u0022"}')
@example('{"a":1,"b":"\\\\u0022","a":2}')
@example('{"a":-0,"b":[-0]}')
@example('{"a": -0 }')
@example('{"a":"C:\\\\users","b":"\\u00e9\\ud83d\\ude00\\u0001\\u003c"}')
@example('{"a":"x\\u0000y"}')
@example('{"a":1} \\ud800')
@example('{"a":123456789012345678901234567890}')
@example('{"a":{"a":1,"b":{"c":1,"c":1}}}')
def test_the_accelerated_way_sees_what_the_exact_one_sees(text: str) -> None:
    try:
        exact = read_value(text)
    except JsonError:
        exact = None
    found = read_object(text)
    assert normal(found) == (normal(exact) if isinstance(exact, Members) else None)
