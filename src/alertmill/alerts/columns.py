"""Outlines of records made of columns: their texts are there as a row, and nothing has to be taken apart.

The fields say the names and the row (`Fields.columns`); the document is looked at once per sequence of names, to see
where its leaves stand and which of them are numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from alertmill.event import FIRST_NUMBER_MARK, MARK, Event, Fields, Outlined

#: Sequences of names, and kinds of rows of each, that are remembered.
_MOST_NAMES, _MOST_KINDS = 64, 64

_Names = tuple[str, ...]


class ColumnOutline:
    """The outline of a document whose leaves, in its order, are the columns `names`; see `alertmill.event.Outline`.

    `empty` are the numbers of the columns that are empty.
    """

    __slots__ = ("_document", "_empty", "_names")

    def __init__(self, document: dict[str, Any], names: _Names, empty: tuple[int, ...]) -> None:
        self._document = document
        self._names = names
        self._empty = empty

    def marked(self) -> tuple[dict[str, Any], list[str]]:
        marks = [
            str(FIRST_NUMBER_MARK + number) if isinstance(leaf, int) else MARK.format(number)
            for number, leaf in enumerate(_leaves(self._document))
        ]
        for number in self._empty:
            marks[number] = ""
        return _with_leaves(self._document, iter(marks)), marks

    def fields(self, marks: list[str]) -> Fields:
        """The fields of a document with these leaves."""
        fields = Fields()
        for name, mark in zip(self._names, marks, strict=True):
            fields.add(name, mark)
        return fields


class ColumnOutlines:
    """The outlines of records made of columns."""

    def __init__(self) -> None:
        #: By names, and by the numbers of empty columns; None where the document is not what its columns are.
        self._known: dict[_Names, dict[tuple[int, ...], ColumnOutline | None]] = {}
        #: The names of the last record: neighbours share the object.
        self._names: _Names = ()
        self._of_names: dict[tuple[int, ...], ColumnOutline | None] = {}

    def of(self, event: Event) -> Outlined | None:
        """The outline of an event with columns, its texts, and these joined; None for other events."""
        columns = event.fields.columns()
        if columns is None:
            return None
        names, values = columns
        if names is not self._names:
            if len(self._known) >= _MOST_NAMES:
                self._known.clear()
            self._of_names = self._known.setdefault(names, {})
            self._names = names
        texts = [*values]
        empty = tuple([number for number, text in enumerate(texts) if not text]) if "" in texts else ()
        try:
            outline = self._of_names[empty]
        except KeyError:
            outline = self._make(event, names, texts, empty)
        return None if outline is None else (outline, texts, "".join(texts))

    def _make(self, event: Event, names: _Names, texts: list[str], empty: tuple[int, ...]) -> ColumnOutline | None:
        document, outline = event.record.document, None
        if document is not None and all(map(_is_plain, names)) and [*map(_text, _leaves(document))] == texts:
            outline = ColumnOutline(document, names, empty)
        if len(self._of_names) >= _MOST_KINDS:
            self._of_names.clear()
        self._of_names[empty] = outline
        return outline


def _is_plain(name: str) -> bool:
    """Whether no mark can be found in a name."""
    return name.isascii() and "<@" not in name and "190000" not in name


def _text(leaf: Any) -> str | None:
    """The column of a leaf, None for what columns do not hold."""
    return leaf if isinstance(leaf, str) else str(leaf) if type(leaf) is int and 0 <= leaf < 2**31 else None


def _leaves(document: dict[str, Any]) -> Iterator[Any]:
    for value in document.values():
        if isinstance(value, dict):
            yield from _leaves(value)
        else:
            yield value


def _with_leaves(document: dict[str, Any], leaves: Iterator[str]) -> dict[str, Any]:
    """The document with other leaves, numbers where it has numbers."""
    return {
        name: _with_leaves(value, leaves) if isinstance(value, dict) else type(value)(next(leaves))
        for name, value in document.items()
    }
