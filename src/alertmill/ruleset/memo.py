"""The walk through the rules, remembered: what an event leaves of them, told by a few of its members.

Theory. `shortlist_of` asks an event for one value after another, and each answer decides what is asked next. So its
questions make a tree: here they are *steps*, and what follows an answer is another step or the shortlist. A walk whose
answers all came before needs no event: it reads the members that its questions depend on, and one look-up each leads to
the end. A walk that comes to a new place is made in full by `recorded`, which notes what it asks; the notes become
steps. Nothing is guessed, so the memo says what the walk says.

A step knows answers in two ways: by the member's text, and by the mask of siblings that the answer leaves. A value that
was never seen costs one look at its column, not a walk, as long as its mask is known.

Steps belong to a `Layout`: records that look alike have their answers in the same members. What depends on anything
else (the text of the log, the time of day) is not remembered: such records are walked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import compress
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from alertmill.event import Event
from alertmill.ruleset.columns import LONGEST_VALUE
from alertmill.ruleset.conditions import Key as ValueKey
from alertmill.ruleset.shortlist import Shortlist, shortlist_of
from alertmill.ruleset.siblings import Note
from alertmill.sheet import Key, Layout, Members

if TYPE_CHECKING:
    from alertmill.ruleset.ruleset import Ruleset

#: Texts, steps and layouts that are remembered, all together, before all is forgotten.
MOST_REMEMBERED = 50_000

#: The members that decide a value (`Layout.origin`).
Origin = Callable[[Layout, ValueKey], Collection[Key] | None]
#: The field that a static field of an event's layout is a copy of, "" where it is not known to be one.
Copied = Callable[[Layout, str, Event], str]


class Step:
    """One question: the member that decides its answer, the column that is asked, and the siblings still alive.

    `texts` leads from members to what comes next, `masks` from what an answer leaves of the siblings. `field` is the
    field whose text is the answer, "" where that is not known; with `is_copy` an empty text is no answer.
    """

    __slots__ = ("alive", "column", "field", "is_copy", "key", "masks", "texts")

    def __init__(self, key: Key, note: Note, field: str) -> None:
        self.key = key
        self.field = field
        self.is_copy = note.key[0] == "static"
        self.column = note.column
        self.alive = note.alive
        self.texts: dict[str | bytes, Next] = {}
        self.masks: dict[int, Next] = {}


class Walked:
    """What follows a place from which on records have to be walked."""


#: What follows an answer.
Next = Step | Shortlist | Walked

#: Rows, by their places, and what is known of them (`Memo.find`).
Group = tuple[Next | None, Sequence[int]]

WALKED: Final = Walked()


class Memo:
    """What was found out about the records of all layouts.

    `origin` tells the members that decide a value, `copied` what a static field that one member decides is a copy of.
    """

    def __init__(self, ruleset: Ruleset, origin: Origin, copied: Copied) -> None:
        self._ruleset = ruleset
        self._origin = origin
        self._copied = copied
        self._first: dict[Layout, Next] = {}
        self._size = 0

    def find(self, layout: Layout, members: Members) -> Shortlist | Walked | None:
        """The shortlist of a record; WALKED when it can only be walked, None when that may be worth remembering."""
        step = self._first.get(layout)
        while isinstance(step, Step):
            value = members[step.key]  # type: ignore[index]  # a layout's keys fit its members
            if value.__class__ is not str:
                value = bytes(value)
            step = step.texts.get(value) or self._by_mask(layout, step, value)
        return step

    def find_rows(self, layout: Layout, rows: Sequence[Sequence[str]], places: Sequence[int]) -> list[Group]:
        """`find` for many rows of columns, which have these places: those that stand at one step are asked together."""
        found: list[Group] = []
        waiting: list[tuple[Next | None, Sequence[int], Sequence[Sequence[str]]]] = []
        waiting.append((self._first.get(layout), places, rows))
        while waiting:
            step, places, rows = waiting.pop()
            if not isinstance(step, Step):
                found.append((step, places))
                continue
            texts = list(map(itemgetter(step.key), rows))
            answers = list(map(step.texts.get, texts))
            kinds = set(answers)
            if None in kinds:
                answers = [
                    self._by_mask(layout, step, text) if answer is None else answer
                    for text, answer in zip(texts, answers, strict=True)
                ]
                kinds = set(answers)
            if len(kinds) == 1:
                waiting.append((answers[0], places, rows))
                continue
            for kind in kinds:
                chosen = [answer is kind for answer in answers]
                waiting.append((kind, list(compress(places, chosen)), list(compress(rows, chosen))))
        return found

    def _by_mask(self, layout: Layout, step: Step, value: str | bytes) -> Next | None:
        """What follows a value that was not seen before, if what it leaves of the siblings was."""
        text = layout.text(step.field, value) if step.field else None
        following = (
            None
            if text is None or (step.is_copy and not text)
            else step.masks.get(step.column.mask(text, step.alive) & step.alive)
        )
        if following is not None and len(value) <= LONGEST_VALUE:
            self._count()
            step.texts[value] = following
        return following

    def learn(self, layout: Layout, members: Members, event: Event) -> Shortlist:
        """Walk an event that has all its fields, and remember the way."""
        notes: list[Note] = []
        found = shortlist_of(self._ruleset, event, notes)
        before: tuple[Step, str | bytes, int] | None = None
        for note in notes:
            origin = self._origin(layout, note.key)
            if origin is not None and not origin:
                continue
            if origin is None or len(origin) > 1:
                self._lead(layout, before, WALKED)
                return found
            (key,) = origin
            step = self._first.get(layout) if before is None else before[0].masks.get(before[2])
            if not isinstance(step, Step):
                step = Step(key, note, self._field(layout, note.key, event))
            self._lead(layout, before, step)
            value = members[key]  # type: ignore[index]  # a layout's keys fit its members
            value = value if value.__class__ is str else bytes(value)
            if len(value) > LONGEST_VALUE:
                return found
            before = step, value, note.mask & note.alive
        self._lead(layout, before, found)
        return found

    def _field(self, layout: Layout, key: ValueKey, event: Event) -> str:
        kind, name = key
        if kind == "static":
            return self._copied(layout, name, event)
        return name if kind == "field" else ""

    def _lead(self, layout: Layout, before: tuple[Step, str | bytes, int] | None, following: Next) -> None:
        """What follows the last answer, or comes first."""
        self._count()
        if before is None:
            self._first[layout] = following
        else:
            step, value, mask = before
            step.masks[mask] = following
            step.texts[value] = following

    def _count(self) -> None:
        self._size += 1
        if self._size > MOST_REMEMBERED:
            self._first.clear()
            self._size = 0
