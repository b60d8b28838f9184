"""Which of many patterns a text may match, found by one look at the text instead of one per pattern.

Theory. Nearly every pattern has literals that each of its matches contains (`literals.requirement`). Of such a literal
one piece of four bytes (two or one, if it is shorter) is put into a table, that which the fewest patterns have. A text
is cut into all its pieces, at every offset; those that are in the table lead to the patterns whose piece occurs. These
are the candidates, mostly few, and the only ones that are worth trying.

    pattern  ^Create\\w*Image\\d$  needs "create" and "image"   rarest piece  "mage" ──┐
    text     DeleteDeliveryImage2  pieces  dele elet ... imag mage age2  ─────────────┴──> candidates

Nothing is decided here: a candidate may still not match. Pieces are numbers, so that cutting and looking up happens in
compiled code: a `memoryview` of a text reads as a row of integers.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

from alertmill.patterns.literals import Requirement
from alertmill.patterns.pcre2_literals import Need

#: Widths of pieces in bytes, with the code that reads them; and how much likelier a text has one by chance.
_WIDTHS: dict[int, Literal["I", "H", "B"]] = {4: "I", 2: "H", 1: "B"}
_CHANCE = {4: 1, 2: 8, 1: 32}

#: Width and value of a piece.
_Piece = tuple[int, int]


class LiteralIndex:
    """An index of patterns by number, made of what they require.

    Args:
        requirements: one per pattern.

    Attributes:
        unknown: numbers of the patterns of which nothing is known: they are candidates for every text.
    """

    __slots__ = ("_tables", "unknown")

    def __init__(self, requirements: Sequence[Requirement]) -> None:
        self.unknown: list[int] = []
        by_piece: dict[_Piece, list[int]] = {}
        spread = Counter(piece for one in requirements for piece in _all_pieces(one))
        for number, one in enumerate(requirements):
            pieces = _rarest_pieces(one, spread)
            if pieces is None:
                self.unknown.append(number)
            else:
                for piece in pieces:
                    by_piece.setdefault(piece, []).append(number)
        tables = {width: {p: numbers for (w, p), numbers in by_piece.items() if w == width} for width in _WIDTHS}
        self._tables = [(width, _WIDTHS[width], table, frozenset(table)) for width, table in tables.items() if table]

    def candidates(self, text: str) -> set[int]:
        """Numbers of the patterns that may match a text (any case), without those that are `unknown`."""
        data = text.encode("latin-1").lower()
        view, size = memoryview(data), len(data)
        found: set[int] = set()
        for width, code, table, pieces in self._tables:
            for offset in range(min(width, size - width + 1)):
                row = view[offset : size - (size - offset) % width].cast(code)
                for piece in pieces.intersection(row):
                    found.update(table[piece])
        return found


def _pieces(literal: str) -> list[_Piece]:
    """All pieces of a literal, which is not empty, of the widest kind that it has."""
    data = literal.encode("latin-1")
    width = next(width for width in _WIDTHS if width <= len(data))
    return [
        (width, int.from_bytes(data[start : start + width], sys.byteorder)) for start in range(len(data) - width + 1)
    ]


def _all_pieces(requirement: Requirement) -> Iterable[_Piece]:
    """Every piece that a pattern could be found by, once."""
    return {
        piece for needs in requirement for need in needs for literal in need if literal for piece in _pieces(literal)
    }


def _rarest_pieces(requirement: Requirement, spread: Counter[_Piece]) -> set[_Piece] | None:
    """Pieces of which every match has one, that few other patterns have; None when there are none."""

    def commonness(piece: _Piece) -> int:
        return spread[piece] * _CHANCE[piece[0]]

    found: set[_Piece] = set()
    for needs in requirement:
        usable: list[Need] = [need for need in needs if all(need)]
        if not usable:
            return None
        choices = ([min(_pieces(literal), key=commonness) for literal in need] for need in usable)
        found.update(min(choices, key=lambda pieces: sum(map(commonness, pieces))))
    return found
