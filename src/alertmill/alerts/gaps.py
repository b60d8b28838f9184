"""Texts with gaps, as bytes, and tables of what was made once: the common tools of alerts by members."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, Generic, TypeVar

from alertmill.alerts.event_texts import cut_at_marks

#: Entries of a table, and bytes of them.
_MOST_ENTRIES, _MOST_BYTES = 4096, 8_000_000

_Value = TypeVar("_Value")


class Gaps:
    """A text with gaps, made from one that holds marks; `numbers` of what fills them by the marks."""

    __slots__ = ("_form", "_in_turn", "_pick", "order", "pieces")

    def __init__(self, marked: bytes, numbers: dict[str, int]) -> None:
        pieces, self.order = cut_at_marks(marked.decode("latin-1"), numbers)
        #: What stands between the gaps, which take what has the numbers in `order`.
        self.pieces = [piece.encode("latin-1") for piece in pieces]
        self._form = b"%b".join([piece.replace(b"%", b"%%") for piece in self.pieces])
        self._pick = picker(self.order)
        #: How many texts fill the gaps as they come.
        self._in_turn = len(self.order) if self.order == [*range(len(self.order))] else -1

    def fill(self, texts: Sequence[bytes]) -> bytes:
        # For the few gaps of a member this takes half the time of a join.
        as_they_come = texts.__class__ is tuple and len(texts) == self._in_turn
        return self._form % (texts if as_they_come else self._pick(texts))

    @property
    def size(self) -> int:
        """Bytes between the gaps."""
        return sum(map(len, self.pieces))


def with_gaps(pieces: Sequence[bytes]) -> list[bytes]:
    """The pieces with an empty text between any two."""
    gaps = [b""] * (2 * len(pieces) - 1)
    gaps[::2] = pieces
    return gaps


def picker(places: Sequence[int]) -> Callable[[Sequence[bytes]], tuple[bytes, ...]]:
    """What picks the items in some places."""
    if len(places) > 1:
        return itemgetter(*places)
    if places:
        (place,) = places
        return lambda items: (items[place],)
    return lambda items: ()


class Table(Generic[_Value]):
    """Remembers values by keys; forgets all of them when it is full."""

    __slots__ = ("_bytes", "known")

    def __init__(self) -> None:
        #: To be read only; always the same object.
        self.known: dict[Any, _Value] = {}
        self._bytes = 0

    def put(self, key: Any, value: _Value, size: int) -> _Value:
        """Remember a value of `size` bytes, its key included. Returns it."""
        self._bytes += size
        if len(self.known) >= _MOST_ENTRIES or self._bytes > _MOST_BYTES:
            self.known.clear()
            self._bytes = size
        self.known[key] = value
        return value
