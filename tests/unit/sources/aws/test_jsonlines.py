from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertmill.sources.aws import jsonlines
from alertmill.sources.aws.formats import BadLine
from alertmill.sources.aws.jsonlines import values_of_lines

BAD = "bad"


def read(data: bytes, step: int = 1 << 20) -> list[tuple[int, Any]]:
    """Line number and value, BAD for what could not be read."""
    rows = values_of_lines(data[at : at + step] for at in range(0, len(data), step))
    return [(row.line, BAD) if isinstance(row, BadLine) else (row.line, row.value) for row in rows]


@pytest.fixture(params=["held", "value by value"])
def _length(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param != "held":
        monkeypatch.setattr(jsonlines, "_HELD_LINE", 0)


TABLE = [
    (b"", []),
    (b"\n\n \n\t\r\n", []),
    (b'{"a":1}', [(1, {"a": 1})]),
    (b'{"a":1}\n', [(1, {"a": 1})]),
    (b'{"a":1}\r\n\r\n{"b":2}\r\n', [(1, {"a": 1}), (3, {"b": 2})]),
    (b' {"a":1} \n\t{"b":2}', [(1, {"a": 1}), (2, {"b": 2})]),
    (b'{"a":1}{"b":2}\n{"c":3}', [(1, {"a": 1}), (1, {"b": 2}), (2, {"c": 3})]),
    (b'{"a":1} {"b":2}', [(1, {"a": 1}), (1, {"b": 2})]),
    (b'{"a":1}{"b\n{"c":3}', [(1, {"a": 1}), (1, BAD), (2, {"c": 3})]),
    (b'{"broken\n{"c":3}\nnonsense\n5', [(1, BAD), (2, {"c": 3}), (3, BAD), (4, 5)]),
    (b'{"a":\n1}', [(1, BAD), (2, 1), (2, BAD)]),
    (b'\xef\xbb\xbf{"a":1}\n{"b":2}', [(1, BAD), (2, {"b": 2})]),
    (b'{"a":"\xff"}\n{"b":2}', [(1, BAD), (2, {"b": 2})]),
    ('{"a":"\u2028\u0085"}\n{"b":2}'.encode(), [(1, {"a": "\u2028\u0085"}), (2, {"b": 2})]),
    (b"[" * 5000 + b"\n{}", [(1, BAD), (2, {})]),
]


@pytest.mark.usefixtures("_length")
@pytest.mark.parametrize("step", [1, 5, 1 << 20])
@pytest.mark.parametrize(("data", "expected"), TABLE)
def test_lines(data: bytes, expected: list[tuple[int, Any]], step: int) -> None:
    assert read(data, step) == expected


@pytest.mark.usefixtures("_length")
def test_odd_values_are_marked() -> None:
    rows = list(values_of_lines([b'{"a":1}\n{"a":NaN}{"a":2}\n{"a":1e400}']))
    assert [not isinstance(row, BadLine) and row.odd for row in rows] == [False, True, False, True]


def test_a_line_of_any_length() -> None:
    line = b'{"a":"%s"}' % (b"x" * 1000)
    found = read(line * 2000 + b"\n" + line)
    assert [number for number, _ in found] == [1] * 2000 + [2]


def test_the_rest_of_a_long_bad_line_is_dropped() -> None:
    data = b'{"a":1}oops' + b'{"b":2}' * 100_000 + b'\n{"c":3}\n'
    assert read(data, 4096) == [(1, {"a": 1}), (1, BAD), (2, {"c": 3})]


@given(st.lists(st.lists(st.dictionaries(st.text(), st.text() | st.integers()), max_size=3), max_size=4), st.booleans())
def test_any_lines_come_back(lines: list[list[dict[str, Any]]], ascii_only: bool) -> None:
    text = "\n".join("".join(json.dumps(value, ensure_ascii=ascii_only) for value in line) for line in lines)
    assert read(text.encode(), 7) == [(number, value) for number, line in enumerate(lines, 1) for value in line]
