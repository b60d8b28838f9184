"""What siblings think of one value: all that look at it, asked at once, and remembered by value.

The few patterns worth trying among many are found by the literals that they need (`patterns.literal_index`), however
many siblings there are. Which column is asked when is the business of `siblings`.

Values come from hostile logs: long ones are not remembered, and a full table starts anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from alertmill.patterns import LiteralIndex, OneOf, Requirement, lowered, requirement
from alertmill.ruleset.conditions import Clue

#: Longest value whose mask is remembered, in bytes.
LONGEST_VALUE = 512
#: Values that a table remembers.
TABLE_SIZE = 4096

#: Tests of a value from which on an index may be worth its making.
FEW_TESTS = 12
#: A look at the index costs what the text is long, trying what the patterns are many: one of them is as dear as this
#: many bytes. Very many patterns cost more than any look.
_BYTES_PER_TEST = 8
_MANY_TESTS = 150

Test = Callable[[str], bool]


class Question(NamedTuple):
    """What one sibling, by its number, asks of a value; `clue` is the pattern behind it, if that is all there is."""

    number: int
    test: Test
    clue: Clue | None


class Column:
    """What some of the siblings think of one value: `testers` are the bits of those that look at it.

    `count` is the number of their conditions. Those that want one of some whole texts are answered together, by one
    look-up in `_wanted` (in `_exact` where case matters), however many they are; of the others an index tells which to
    try.
    """

    __slots__ = ("_exact", "_index", "_questions", "_wanted", "count", "others", "table", "testers")

    def __init__(self, questions: Sequence[Question], everyone: int) -> None:
        self.count = len(questions)
        by_number: dict[int, list[Question]] = {}
        for question in questions:
            by_number.setdefault(question.number, []).append(question)
        self.testers = mask_of(by_number)
        self.others = everyone & ~self.testers
        self._wanted: dict[str, list[int]] = {}
        self._exact: dict[str, list[int]] = {}
        self._questions: list[Question] = []
        for number, of_sibling in by_number.items():
            test = of_sibling[0].test
            if len(of_sibling) == 1 and isinstance(test, OneOf):
                wanted = self._exact if test.exact else self._wanted
                for text in test.literals:
                    wanted.setdefault(text, []).append(number)
            else:
                self._questions.append(of_sibling[0] if len(of_sibling) == 1 else _all_of(of_sibling))
        self._index: _Index | None = None
        self.table: dict[str, int] = {}

    def decide(self, value: str, alive: int) -> int:
        """The mask of a value that is not in the table; exact for the bits of `alive`."""
        if len(value) > LONGEST_VALUE:
            return self._ask(value, alive)
        if len(self.table) >= TABLE_SIZE:
            self.table.clear()
        mask = self.table[value] = self._ask(value, -1)
        return mask

    def mask(self, value: str | None, alive: int) -> int:
        """What a value leaves of the siblings; exact for the bits of `alive`."""
        if value is None:
            return self.others
        known = self.table.get(value)
        return self.decide(value, alive) if known is None else known

    def _ask(self, value: str, alive: int) -> int:
        left, questions = self.others, self._questions
        if self._wanted:
            for number in self._wanted.get(lowered(value), ()):
                left |= 1 << number
        if self._exact:
            for number in self._exact.get(value, ()):
                left |= 1 << number
        if len(questions) >= FEW_TESTS and is_worth_a_look(len(questions), len(value)):
            index = self._index = self._index or _Index(questions)
            left, questions = left | index.otherwise, index.worth_asking(value)
        for number, test, _ in questions:
            bit = 1 << number
            if alive < 0 or bit & alive:
                left = left | bit if test(value) else left & ~bit
        return left


def is_worth_a_look(tests: int, length: int) -> bool:
    """Whether looking up the pieces of a text of this length is cheaper than trying so many patterns."""
    return length <= tests * _BYTES_PER_TEST or tests > _MANY_TESTS


def mask_of(numbers: Iterable[int]) -> int:
    """The bits of some numbers, none of them twice."""
    bits = bytearray(max(numbers := list(numbers), default=0) // 8 + 1)
    for number in numbers:
        bits[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(bits, "little")


def _all_of(questions: Sequence[Question]) -> Question:
    """Several questions of one sibling as one. It is answered with no wherever one of them is."""
    tests = [question.test for question in questions]
    clues = (question.clue for question in questions)
    clue = next((clue for clue in clues if clue is not None and not clue.otherwise), None)
    return Question(questions[0].number, lambda value: all(test(value) for test in tests), clue)


class _Index:
    """Which questions a value may answer differently from `otherwise`, the mask of all other texts."""

    __slots__ = ("_literals", "_questions", "_unknown", "otherwise")

    def __init__(self, questions: Sequence[Question]) -> None:
        self._questions = questions
        self._literals = LiteralIndex([_required(question.clue) for question in questions])
        self._unknown = [questions[place] for place in self._literals.unknown]
        self.otherwise = mask_of(one.number for one in questions if one.clue is not None and one.clue.otherwise)

    def worth_asking(self, value: str) -> list[Question]:
        """The questions that have to be asked."""
        return [self._questions[place] for place in self._literals.candidates(value)] + self._unknown


def _required(clue: Clue | None) -> Requirement:
    return [[]] if clue is None else requirement(clue.pattern, clue.dialect)
