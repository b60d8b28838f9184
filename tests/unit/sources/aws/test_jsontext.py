from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertmill.sources.aws import jsontext
from alertmill.sources.aws.faults import ObjectError, ParseError, ShapeError
from alertmill.sources.aws.jsontext import NOTHING, concatenated, elements, parse

SCALARS = [
    "1",
    "-0",
    "-0.0",
    "1.0",
    "1e5",
    "1E22",
    "1e-7",
    "2.5e-324",
    "1.7976931348623157e308",
    "9007199254740993",
    "18446744073709551615",
    "-9223372036854775808",
    "12345678901234567890.5",
    "123456789012345678901234567890e2",
    '"12345678901234567890"',
    '"a 12345678901234567890"',
    "true",
    "null",
    '"\\u00e9\\u2028"',
    '"caf\u00e9"',
]
ODD = [
    "123456789012345678901234567890",
    "NaN",
    "-Infinity",
    "1e400",
    '"\\ud800"',
    '"\\udc80x"',
    "18446744073709551616",
    "-9223372036854775809",
]
REFUSED = ["", "01", "+1", "[1,]", '{"a":1,}', "{'a':1}", "{a:1}", '"\x01"', "[1] x", "nul", "\ufeff{}", "[" * 200_000]


def same(left: Any, right: Any) -> bool:
    """Equal in value, type and order, at every depth; NaN equals itself."""
    return repr(left) == repr(right)


@pytest.mark.parametrize("text", [*SCALARS, *ODD])
@pytest.mark.parametrize("shape", ["%s", "[%s]", '{"a":%s,"b":[1,{"c": %s}]}', " \n[ -1,%s ]\r\n"])
def test_values_are_those_of_the_json_module(text: str, shape: str) -> None:
    document = shape.replace("%s", text)
    value, odd = parse(document.encode())
    assert same(value, json.loads(document))
    assert odd == (text in ODD)


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_json_is_refused(text: str) -> None:
    if not text:
        assert parse(b"") == (NOTHING, False)
        assert parse(b" \r\n\t") == (NOTHING, False)
        return
    with pytest.raises(ParseError):
        parse(text.encode())


@pytest.mark.parametrize("data", [b'{"a":"\xff"}', b'["\xed\xa0\x80"]', b'{"a":12345678901234567890123,"b":"\xe9"}'])
def test_text_must_be_utf_8(data: bytes) -> None:
    with pytest.raises(ParseError, match="UTF-8"):
        parse(data)


def test_a_repeated_key_has_its_last_value_at_its_first_place() -> None:
    value, _ = parse(b'{"a":1,"b":2,"a":3}')
    assert list(value.items()) == [("a", 3), ("b", 2)]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec=None), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(JSON, st.booleans(), st.sampled_from([None, 1]))
def test_any_value_comes_back(value: Any, escaped: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=escaped, indent=indent)
    try:
        data = text.encode()
    except UnicodeEncodeError:  # a lone surrogate, not escaped
        return
    assert same(parse(data)[0], json.loads(text))


RECORD = '{"eventID":"%d","list":[{"a":1},{"b":[{"c":2},{"d":"},{"}]}],"text":"}, {\\"x\\": [é\\u20ac]"}'


def document(records: list[str], before: str = "", after: str = "", join: str = ",") -> bytes:
    return ("{" + before + '"Records":[' + join.join(records) + "]" + after + "}").encode()


@pytest.mark.parametrize("step", [1, 5, 997, 10_000_000])
@pytest.mark.parametrize("window", [16, 200, 4096])
@pytest.mark.parametrize("join", [",", " ,\n"])
def test_elements_are_those_of_the_whole(step: int, window: int, join: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsontext, "_WINDOW", window)
    monkeypatch.setattr(jsontext, "_SLOW_STEPS", 3)
    records = [RECORD % number for number in range(60)] + ["[1,2]", "5", '"x"', "{}"] + [RECORD % 9]
    data = document(records, '"a":{"Records":[1]}, "n" : 12 ,', ',"z":[[]] ', join)
    pieces = [data[at : at + step] for at in range(0, len(data), step)]
    found = list(elements(pieces, "Records"))
    assert [value for value, _ in found] == json.loads(data)["Records"]
    assert not any(odd for _, odd in found)


def test_odd_elements_are_marked_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsontext, "_WINDOW", 64)
    monkeypatch.setattr(jsontext, "_SLOW_STEPS", 1)
    plain = [f'{{"n":{n}}}' for n in range(50)]
    data = document([*plain, '{"n":NaN}', *plain, '{"n":123456789012345678901}', *plain])
    found = list(elements([data], "Records"))
    assert [value for value, odd in found if odd][1:] == [{"n": 123456789012345678901}]
    assert [index for index, (_, odd) in enumerate(found) if odd] == [50, 101]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('{"Records":[{"a":1}', ParseError),
        ('{"Records":[{"a":1}]', ParseError),
        ('{"Records":[{"a":1}]} x', ParseError),
        ('{"Records":[{"a":1},]}', ParseError),
        ('{"Records":[{"a":1} {"b":1}]}', ParseError),
        ('{"Records":[{"a":nope}]}', ParseError),
        ('{"Records":[],"Records":[]}', ParseError),
        ('{"a":1,}', ParseError),
        ("{1:2}", ParseError),
        ("[1,2", ParseError),
        ("", ParseError),
        ("5", ShapeError),
        ('"text"', ShapeError),
        ('{"Records":{"a":1}}', ShapeError),
        ('{"Records":null}', ShapeError),
        ('{"Records":' + "[" * 100_000, ParseError),
    ],
)
def test_documents_that_are_wrong_in_the_end(text: str, error: type[ObjectError]) -> None:
    with pytest.raises(error):
        list(elements([text.encode()[:7], text.encode()[7:]], "Records"))


@pytest.mark.parametrize("text", ["[]", '[{"a":1}]', "{}", '{"a":[1]}', '{"Records":[]}', ' {"a" : 1 } '])
def test_documents_without_elements(text: str) -> None:
    assert list(elements([text.encode()], "Records")) == []


@given(st.text(alphabet='{}[]",:1 aé\\nu', max_size=60), st.integers(1, 7))
def test_any_text_gives_the_same_or_our_error(text: str, step: int) -> None:
    data = ('{"Records":[' + text).encode()
    pieces = [data[at : at + step] for at in range(0, len(data), step)]
    try:
        found: Any = [value for value, _ in elements(pieces, "Records")]
    except ObjectError:
        found = None
    try:
        expected = json.loads(data)
    except ValueError:
        expected = None
    if expected is None or list(expected) != ["Records"]:
        return
    assert found == expected["Records"] or text.count("Records")


# --- values one behind the other -------------------------------------------------------------------------------------

SEQUENCES = [
    [],
    ['{"a":1}'],
    ['{"a":1}', '{"b":[{"c":"}{"}]}', "{}", '{"text":"} {"}'],
    ["[1,{}]", "{}", '"text"', '{"a":"\\"}{"}', "5", "null", "1.5e3"],
    ['{"n":NaN}', '{"n":123456789012345678901}', '{"s":"\\ud800"}', '{"n":1}'],
    [json.dumps({"long": "é" * 3000, "more": [{}] * 2000}, ensure_ascii=False)] * 3,
]


@pytest.mark.parametrize("between", ["", " ", "\n", "\r\n", "\n\n\t"])
@pytest.mark.parametrize("values", SEQUENCES, ids=lambda values: f"{len(values)} values")
@pytest.mark.parametrize("step", [1, 7, 4096])
@pytest.mark.parametrize("window", [16, 256 * 1024])
def test_values_one_behind_the_other(
    values: list[str], between: str, step: int, window: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsontext, "_WINDOW", window)
    monkeypatch.setattr(jsontext, "_FIRST_LOOK", 8)
    monkeypatch.setattr(jsontext, "_SLOW_STEPS", 2)
    gap = between or (" " if "5" in values else "")  # two numbers without a gap would be one
    data = gap.join(["", *values, ""]).encode()
    found = list(concatenated(data[at : at + step] for at in range(0, len(data), step)))
    assert same([value for value, _ in found], [json.loads(text) for text in values])
    odd = ["NaN" in text or "12345678901" in text or "ud800" in text for text in values]
    assert [is_odd for _, is_odd in found] == odd


@given(st.lists(JSON.filter(lambda value: isinstance(value, (dict, list))), max_size=5), st.integers(1, 50))
def test_any_sequence_comes_back(values: list[Any], step: int) -> None:
    data = "".join(map(json.dumps, values)).encode()
    found = [value for value, _ in concatenated(data[at : at + step] for at in range(0, len(data), step))]
    assert same(found, [json.loads(json.dumps(value)) for value in values])


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ('{"a":1}{"b"', 1),
        ('{"a":1},{"b":2}', 1),
        ('{"a":1}{"b":2}]', 2),
        ('{"a":1}x{"b":2}', 1),
        ("{" * 100_000, 0),
        ("[" * 100_000, 0),
        ('{"a":' * 100_000, 0),
        ("{}" * 10 + '{"a":01}', 10),
        ('{"a":"\udcff"}', 0),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_sequence_that_is_broken(text: str, before: int) -> None:
    found = []
    with pytest.raises(ParseError):
        for value, _ in concatenated([text.encode("utf-8", "surrogateescape")]):
            found.append(value)
    assert len(found) == before


def test_a_value_that_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsontext, "MAX_VALUE", 10_000)
    long = json.dumps({"a": "x" * 30_000}).encode()
    with pytest.raises(ParseError):
        list(concatenated([b'{"b":1}', long]))


@pytest.mark.parametrize("unit", [b"{}5 ", b'{"a":"}{"}', b"[]"])
def test_many_small_values_that_no_guess_helps(unit: bytes) -> None:
    data = unit * 20_000
    expected = 40_000 if b"5" in unit else 20_000
    assert sum(1 for _ in concatenated([data])) == expected
