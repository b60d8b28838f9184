"""CSV rows, also against the csv module of the standard library as an oracle."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertmill.sources.aws.csvtext import csv_rows
from alertmill.sources.aws.faults import ParseError
from alertmill.sources.aws.formats import BadLine
from alertmill.sources.aws.unpack import MAX_COLUMN, MAX_LINE


def read(text: str) -> list[list[str] | BadLine]:
    return list(csv_rows([text.encode()]))


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", []),
        ("a,b", [["a", "b"]]),
        ("a,,b,", [["a", "", "b", ""]]),
        (",", [["", ""]]),
        ("a\n\nb\r\n\rc", [["a"], ["b"], ["c"]]),
        ('"a,b","c""d",""', [["a,b", 'c"d', ""]]),
        ('"a"b,c', [["ab", "c"]]),
        ('"a"b"c"', [['ab"c"']]),
        ('a"b,c"d', [['a"b', 'c"d']]),
        (' "a","b"', [[' "a"', "b"]]),
        ('"a\\",b', [["a\\", "b"]]),
        ('"one\ntwo",b\nc', [["one\ntwo", "b"], ["c"]]),
        ('"one\r\ntwo\r\rthree",b', [["one\ntwo\n\nthree", "b"]]),
        ('a,"one\n"",two"" x\n",b\nc', [["a", 'one\n",two" x\n', "b"], ["c"]]),
        ('a,"one\nx","two\ny"\nc', [["a", "one\nx", "two\ny"], ["c"]]),
    ],
)
def test_rows(text: str, rows: list[list[str]]) -> None:
    assert read(text) == rows


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ('a\n"open\n\nb,c\n', [["a"], ["open"], ["b", "c"]]),
        ('a\n"open,x\n' + "b,c\n" * 60_000, [["a"], ["open,x"], *[["b", "c"]] * 60_000]),
        ('x",",""\n' * 3, [['x"', ',"']] * 3),
    ],
)
def test_a_quote_that_nothing_closes_costs_only_its_column(text: str, rows: list[list[str]]) -> None:
    assert read(text) == rows


def test_bad_lines_cost_only_themselves_and_are_told_by_their_number() -> None:
    long = "x" * (MAX_COLUMN + 1)
    found = read(f'a\n"open\n{long}\nb\n"{long}"\nc\n"open\n{"y" * (MAX_LINE + 1)}\nd')
    assert [row if isinstance(row, list) else row.line for row in found] == [
        ["a"],
        ["open"],
        3,
        ["b"],
        5,
        ["c"],
        ["open"],
        8,
        ["d"],
    ]


def test_what_is_not_utf_8_is_an_error_of_the_whole() -> None:
    with pytest.raises(ParseError):
        list(csv_rows([b'a\n"\xff"\n']))


def test_lines_that_never_close_their_quotes_are_not_gone_through_again_and_again() -> None:
    """Each of these lines closes the quote of the line before it and opens another; else this would take hours."""
    found = read('x",",""\n' * 100_000)
    assert len(found) == 100_000


TEXT = st.text(alphabet='a",\n ', max_size=60)


@given(TEXT, st.integers(1, 7))
def test_like_the_csv_module_however_the_bytes_are_cut(text: str, step: int) -> None:
    whole = text + '\n"END"'
    expected: list[Any] = [row for row in csv.reader(io.StringIO(whole, newline="")) if row]
    if expected[-1] != ["END"]:
        return  # a quote stayed open: the csv module takes all the rest for one column
    data = whole.encode()
    assert list(csv_rows(data[at : at + step] for at in range(0, len(data), step))) == expected


@given(st.lists(st.lists(st.text(alphabet='ab",\n é', max_size=8), min_size=1, max_size=4), max_size=5))
def test_what_was_written_is_read(rows: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    assert read(out.getvalue()) == rows
