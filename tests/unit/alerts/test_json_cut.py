"""JSON texts cut at their quotes, and put together again."""

from __future__ import annotations

import json

import pytest

from alertmill.alerts.json_cut import Cutter, has_escapes, read


@pytest.mark.parametrize(
    ("text", "between", "names", "texts", "numbers"),
    [
        (b'"x"', b'"', b"", (b"x",), []),
        (b"true", b"true", b"", (), []),
        (b"57", b"1", b"", (), [b"57"]),
        (b'{"a":"x","b":7}', b'{":",":1}', b'a"b', (b"x",), [b"7"]),
        (b'{"a" : ["x", 5, {"b":"y"}]}', b'{" : [", 1, {":"}]}', b'a"b', (b"x", b"y"), [b"5"]),
        (
            b'{"a":-5,"b":1.5,"c":0,"d":1e3,"e":1234567890}',
            b'{":-5,":1.5,":0,":1e3,":1234567890}',
            b'a"b"c"d"e',
            (),
            [],
        ),
        (b'{"a":"x\\"y\\\\"}', b'{":"}', b"a", (b"x\x02y\x01",), []),
    ],
)
def test_cut(text: bytes, between: bytes, names: bytes, texts: tuple[bytes, ...], numbers: list[bytes]) -> None:
    shape, *found = Cutter().cut(text)
    assert (shape.between, *found[:2], list(found[2])) == (between, names, texts, numbers)


@pytest.mark.parametrize("text", [b'{"a":"x","b":7}', b'["x",{"b":{"c":"y"}},12]', b'"x"', b"{}"])
def test_a_shape_filled_again(text: bytes) -> None:
    shape, names, texts, numbers = Cutter().cut(text)
    assert shape.filled(names.split(b'"'), texts, numbers) == text


def test_the_same_shape_is_one_object() -> None:
    cutter = Cutter()
    assert cutter.cut(b'{"a":"x","n":1}')[0] is cutter.cut(b'{"b":"y","n":23}')[0]
    assert cutter.cut(b'{"a":"x"}')[0] is not cutter.cut(b'{"a":1}')[0]


@pytest.mark.parametrize("texts", [[], ["x"], ["", 'say "no"', "\\", "\n\t", "/", 'a",\n  "b'], ["\\\\", '\\"']])
def test_texts_are_read(texts: list[str]) -> None:
    cut = Cutter().cut(json.dumps(texts).encode())
    assert read(cut[2]) == ([text.encode() for text in texts], [json.dumps(text)[1:-1].encode() for text in texts])


@pytest.mark.parametrize(("text", "expected"), [(b'{"a":1}', False), (b'{"a\\"":1}', True), (b'{"a\\n":"x"}', True)])
def test_names_with_escapes(text: bytes, expected: bool) -> None:
    assert has_escapes(Cutter().cut(text)[1]) is expected
