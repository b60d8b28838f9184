from __future__ import annotations

import json
from typing import Any

import pytest

from alertmill.sources.aws import documents
from alertmill.sources.aws.documents import checked_text, records_of, whole_if_held
from alertmill.sources.aws.faults import ObjectError, ParseError, ShapeError
from alertmill.sources.aws.jsontext import concatenated

RECORDS = [{"n": n, "text": "x" * 50} for n in range(100)]


def read(data: bytes, step: int = 64) -> list[tuple[dict[str, Any], bool]]:
    return list(records_of([data[at : at + step] for at in range(0, len(data), step)], "Records"))


@pytest.fixture(params=["held", "piece by piece"])
def _size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param != "held":
        monkeypatch.setattr(documents, "HELD_DOCUMENT", 1)


@pytest.mark.usefixtures("_size")
class TestBothWays:
    def test_records(self) -> None:
        assert read(json.dumps({"a": 1, "Records": RECORDS}).encode()) == [(record, False) for record in RECORDS]

    @pytest.mark.parametrize("text", ["[]", '[{"Records":[]}]', "{}", '{"a":1}', '{"Records":[]}'])
    def test_no_records(self, text: str) -> None:
        assert read(text.encode()) == []

    @pytest.mark.parametrize(
        ("text", "error"),
        [
            ("12", ShapeError),
            ('"text"', ShapeError),
            ("null", ShapeError),
            ('{"Records":null}', ShapeError),
            ('{"Records":"text"}', ShapeError),
            ('{"Records":{}}', ShapeError),
            ('{"Records":[{"a":1},5]}', ShapeError),
            ('{"Records":[["a"]]}', ShapeError),
            ("not json", ParseError),
            ('{"Records":[{"a":1}', ParseError),
        ],
    )
    def test_wrong_shapes(self, text: str, error: type[ObjectError]) -> None:
        with pytest.raises(error) as raised:
            read(text.encode())
        assert raised.value.exit_code == (8 if error is ShapeError else 9)


def test_blank_text_holds_no_records() -> None:
    assert read(b"") == read(b" \n") == []


def test_a_held_document_is_whole_before_its_first_record() -> None:
    with pytest.raises(ShapeError):
        next(records_of([b'{"Records":[{"a":1},5]}'], "Records"))


@pytest.mark.usefixtures("_size")
@pytest.mark.parametrize("between", [b"", b"\n"])
def test_values_one_behind_the_other(between: bytes) -> None:
    data = between.join(json.dumps(record).encode() for record in RECORDS)
    pieces = (data[at : at + 64] for at in range(0, len(data), 64))
    assert [value for value, _ in whole_if_held(pieces, concatenated)] == RECORDS


def test_a_held_sequence_is_whole_before_its_first_value() -> None:
    with pytest.raises(ParseError):
        next(whole_if_held([b'{"a":1}{"b"'], concatenated))


def test_a_long_sequence_is_read_as_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "HELD_DOCUMENT", 1)
    values = whole_if_held(iter([b'{"a":1}{"b"', b":2}", b"{"]), concatenated)
    assert next(values) == ({"a": 1}, False)


class TestText:
    def test_held_text_is_checked_at_once(self) -> None:
        assert list(checked_text([b"a", b"\xc3", b"\xa9"])) == [b"a", b"\xc3", b"\xa9"]
        with pytest.raises(ParseError, match="UTF-8"):
            checked_text([b"a", b"\xff"])

    def test_longer_text_is_checked_as_it_is_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(documents, "HELD_DOCUMENT", 1)
        pieces = iter(checked_text([b"aa", b"b", b"\xff"]))
        assert [next(pieces), next(pieces)] == [b"aa", b"b"]
        with pytest.raises(ParseError, match="UTF-8"):
            next(pieces)
