"""Objects of columns, and what their rows show without becoming documents."""

from __future__ import annotations

import pytest

from alertmill.sheet import SheetRecord
from alertmill.sources.aws.envelope import Envelope
from alertmill.sources.aws.row_sheets import Columnwise, RowSheet, split


def names_of(row: list[str]) -> tuple[str, ...]:
    return tuple(row) if "when" in row else ()


KIND = Columnwise(names_of, ("when", "what"), "rows", {"when": str.upper}, ("when", float))


def sheet(names: tuple[str, ...] = ("when", "what"), *, improved: bool = False, alias: str = "al") -> RowSheet:
    return RowSheet(KIND, b"some Text", names, Envelope("b", "k", alias, "1"), "s3://b/k#", improved=improved)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("when color\n1 red\n\n2 blue x\n", (("when", "color"), [["1", "red"], ["2", "blue", "x"]])),
        ("1 red", (("when", "what"), [["1", "red"]])),
        ("when color", (("when", "color"), [])),
        ("1  red", (("when", "what"), [["1", "", "red"]])),
        ("", None),
        ('1 "red"', None),
        ("1 red\r\n", None),
        ("when when\n1 red", None),
        ("when source\n1 red", None),
        ("when tags\n1 red", None),
        ("x" * 200_000, None),
    ],
)
def test_an_object_is_taken_apart_or_left_alone(text, expected):
    assert split(text.encode(), KIND) == expected


def test_rows_of_the_same_columns_have_the_same_layout():
    first, second = sheet().look(["1", "red"]), sheet().look(["2", "blue"])
    assert first is not None
    assert second is not None
    assert first[0] is second[0]
    assert first[1] == ["1", "red"]
    assert sheet().look(["1", "red", "more"]) is None
    shorter = sheet().look(["1"])
    assert shorter is not None
    assert shorter[0] is not first[0]


@pytest.mark.parametrize(
    "name, expected",
    [
        ("integration", ()),
        ("aws.what", (1,)),
        ("aws.what.below", ()),
        ("aws.other", ()),
        ("aws.source", ()),
        ("aws.aws_account_id", ()),
        ("aws.log_info.log_file", None),
    ],
)
def test_the_column_that_decides_a_field(name, expected):
    found = sheet().look(["1", "red"])
    assert found is not None
    assert found[0].origin(name) == expected


@pytest.mark.parametrize(
    "name, value, expected",
    [("aws.what", "red", "red"), ("aws.what", "\u00e9", None), ("aws.when", "1", None), ("aws.x", "red", None)],
)
def test_texts_that_are_the_field_itself(name, value, expected):
    found = sheet().look(["1", "red"])
    assert found is not None
    assert found[0].text(name, value) == expected


@pytest.mark.parametrize("improved", [False, True])
def test_columns_are_the_fields_of_the_document(improved):
    one = sheet(improved=improved)
    for number, row in ((3, ["a", "red"]), (4, ["b"]), (5, ["c", "blue"])):
        record = SheetRecord(one, row, number, 5.0)
        columns = one.columns(row, number)
        assert columns is not None
        document = record.document
        assert document is not None
        aws = document["aws"]
        flat = {f"aws.log_info.{name}": str(value) for name, value in aws.pop("log_info").items()}
        flat |= {f"aws.{name}": value for name, value in aws.items()}
        assert list(columns.items()) == [("integration", "aws"), *flat.items()]
        assert columns.get("aws.when") == row[0].upper()


def test_rows_that_become_documents():
    one = sheet()
    assert one.columns(["1", "r\u00e9d"], 1) is None
    assert one.columns(["1", "red", "more"], 1) is None
    assert sheet(alias="\u00e9").columns(["1", "red"], 1) is None
    document, text = one.read(["1", "red", "more", "yet"], 1)
    assert document is not None
    assert document["aws"]["extra_columns"] == ["more", "yet"]
    assert text is None


@pytest.mark.parametrize("word, expected", [(b"text", True), (b"rows", True), (b"s3bucket", True), (b"absent", False)])
def test_words_that_an_object_may_contain(word, expected):
    assert sheet().contains((word, b"integration")) is expected
