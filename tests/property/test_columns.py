"""The short way through a line of quoted columns gives what the long way gives, wherever it gives anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertmill.sources.aws.unpack import _quoted_columns, _wholly_quoted_columns, columns

LINES = st.text(alphabet='a" ', max_size=24)


@given(LINES.filter(lambda line: '"' in line))
def test_the_short_way_is_right_or_gives_nothing(line: str) -> None:
    expected = _quoted_columns(line, " ")
    assert _wholly_quoted_columns(line, " ") in ([], expected)
    assert columns(line) == expected


@given(st.lists(st.tuples(st.booleans(), st.text(alphabet="ab ", max_size=4)), min_size=1, max_size=6))
def test_the_short_way_is_taken_by_usual_lines(cells: list[tuple[bool, str]]) -> None:
    texts = [text if quoted else text.replace(" ", "") for quoted, text in cells]
    line = " ".join(f'"{text}"' if quoted else text for (quoted, _), text in zip(cells, texts, strict=True))
    if '"' in line:
        assert _wholly_quoted_columns(line, " ") == texts


@pytest.mark.parametrize("line", ['a"b c" d', '"a""b" c', '"a"b c', '"open', 'a "b" c"d"', '"a" b"c" "d"'])
def test_other_lines_go_the_long_way(line: str) -> None:
    assert _wholly_quoted_columns(line, " ") == []
