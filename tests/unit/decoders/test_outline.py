"""Outlines: what documents share, their texts, marked documents, and the bounds."""

from __future__ import annotations

from typing import Any

import pytest

from alertmill.decoders import outline
from alertmill.decoders.outline import Outlines


def taken_apart(*documents: dict[str, Any]) -> list[Any]:
    outlines = Outlines()
    return [outlines.of(document) for document in documents]


def test_the_second_document_of_an_outline_has_it() -> None:
    first, second, third = taken_apart(*({"a": text, "b": {"c": text}} for text in "xyz"))
    assert first is None
    assert second[1:] == (["y", "y"], "yy")
    assert third == (second[0], ["z", "z"], "zz")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": "x"}, {"b": "x"}),
        ({"a": "x"}, {"a": ""}),
        ({"a": True}, {"a": False}),
        ({"a": 1}, {"a": "1"}),
        ({"a": ["x"]}, {"a": ["x", "y"]}),
        ({"a": {}}, {"a": []}),
        ({"a": "x", "b": "y"}, {"b": "y", "a": "x"}),
        ({"a": {"c": "1"}, "b": {"d": "1"}}, {"a": {"d": "1"}, "b": {"c": "1"}}),
    ],
)
def test_documents_that_differ_in_more_than_texts(one: dict[str, Any], other: dict[str, Any]) -> None:
    found = taken_apart(one, one, other, other)
    assert found[1][0] is not found[3][0]


def test_a_marked_document() -> None:
    document = {"a": "x", "n": 5, "b": {"c": ["y", -1, None, {}], "d": True}, "e": ""}
    _, (made, texts, _) = taken_apart(document, document)
    marked, marks = made.marked()
    assert texts == ["x", "", "5", "y", "-1"]
    assert marks == ["<@0@>", "", "1900000002", "<@3@>", "1900000004"]
    assert marked == {
        "a": "<@0@>",
        "n": 1900000002,
        "b": {"c": ["<@3@>", 1900000004, None, {}], "d": True},
        "e": "",
    }
    assert list(marked) == list(document)


def test_an_object_of_texts_may_have_other_values_the_next_time() -> None:
    outlines = Outlines()
    for value in ("x", "y", 5, None, "z", ["w"], {}, 1.5):
        found = [outlines.of({"a": {"b": value}}) for _ in range(3)][-1]
        assert (found is None) == (value == 1.5)
        fresh = Outlines()
        again = [fresh.of({"a": {"b": value}}) for _ in range(3)][-1]
        assert found is None or (again is not None and found[1:] == again[1:])
        assert found is None or (again is not None and found[0].marked() == again[0].marked())


@pytest.mark.parametrize(
    "document",
    [
        {"a": 1.5},
        {"a": 2**31},
        {"a": -(2**31) - 1},
        {"\u00e9": "x"},
        {"a\0": "x"},
        {"<@": "x"},
        {"1900001": "x"},
        {"x" * 3000: "x"},
        {"a": [["x"]] * 100},
        {"a": ["x"] * 1001},
        {"a": ["x"] * 3000},
    ],
)
def test_documents_without_an_outline(document: dict[str, Any]) -> None:
    assert taken_apart(document, document, document) == [None] * 3


def test_the_tables_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outline, "_MAX_NODES", 10)
    monkeypatch.setattr(outline, "_MAX_OUTLINES", 8)
    outlines = Outlines()
    for number in range(100):
        outlines.of({f"a{number}": "x"})
        outlines.of({f"a{number}": "x"})
        outlines.of({"a": ["x"] * (number % 7)})
    assert len(outlines._nodes) <= 10
    assert len(outlines._outlines) <= 8
