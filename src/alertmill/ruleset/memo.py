"""The walk through the rules, remembered: what an event leaves of them, told by a few of its members.

Theory. `shortlist_of` asks an event for one value after another, and each answer decides what is asked next. So its
questions make a tree: here they are *steps*, and what follows an answer is another step or the shortlist. A walk whose
answers all came before needs no event: it reads the members that its questions depend on, and one look-up each leads to
the end. A walk that comes to a new place is made in full by `learn`, which notes what it asks; the notes become
steps. Nothing is guessed, so the memo says what the walk says.

A step knows answers in two ways: by a text, and by the mask of siblings that the answer leaves. The text is that of the
member; where this is an object, it is the field inside of it that was asked for. A value that was never seen costs one
look at its column, not a walk, as long as its mask is known.

What rules ask of the text of the log is a step of its own, with two answers. The record has to say that text, unless
words that a pattern needs are nowhere in the record (`patterns.json_words`).

Steps belong to a `Layout`: records that look alike have their answers in the same members. What depends on anything
else (the time of day) is not remembered: such records are walked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import compress
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from alertmill.event import Event
from alertmill.patterns import json_words
from alertmill.ruleset.columns import LONGEST_VALUE
from alertmill.ruleset.conditions import Condition
from alertmill.ruleset.conditions import Key as ValueKey
from alertmill.ruleset.shortlist import Shortlist, shortlist_of
from alertmill.ruleset.siblings import Note, Notes, Verdict
from alertmill.sheet import FieldText, Key, Layout, Members, Reader, SheetRecord, Unknown

if TYPE_CHECKING:
    from alertmill.ruleset.ruleset import Ruleset

#: Texts, steps and layouts that are remembered, all together, before all is forgotten.
MOST_REMEMBERED = 50_000

#: The members that decide a value (`Layout.origin`).
Origin = Callable[[Layout, ValueKey], Collection[Key] | None]
#: Reads a value that one member decides, in records of an event's layout.
Readers = Callable[[Layout, ValueKey, Event], Reader]


class Step:
    """One question: the member that decides its answer, the column that is asked, and the siblings still alive.

    `texts` leads from answers to what comes next: texts of members, or what `read` finds inside of an object; `masks`
    from what an answer leaves of the siblings.
    """

    __slots__ = ("alive", "column", "key", "masks", "read", "texts")

    def __init__(self, key: Key, note: Note, read: Reader) -> None:
        self.key = key
        self.column = note.column
        self.alive = note.alive
        self.read = read
        self.texts: dict[str | bytes | None, Next] = {}
        self.masks: dict[int, Next] = {}


class LogStep:
    """A question to the text of the log: whether the conditions of a rule hold; `following` leads on."""

    __slots__ = ("_conditions", "following")

    def __init__(self, conditions: Sequence[Condition]) -> None:
        self._conditions = [_LogCondition(condition) for condition in conditions]
        self.following: dict[bool, Next] = {}

    def next(self, record: SheetRecord, text_of: Callable[[SheetRecord], str | None]) -> Next | None:
        """What follows for a record; `text_of` gives the text of the log, None where a record has to be walked."""
        for condition in self._conditions:
            verdict = condition.without_text(record)
            if verdict is None:
                text = text_of(record)
                if text is None:
                    return WALKED
                verdict = condition.test(text)
            if not verdict:
                return self.following.get(False)
        return self.following.get(True)


class _LogCondition:
    """One condition on the text of the log, which is `otherwise` unless all words of one of `clues` occur in it."""

    __slots__ = ("_clues", "_otherwise", "test")

    def __init__(self, condition: Condition) -> None:
        assert condition.test is not None
        clue = condition.clue
        self.test = condition.test
        self._otherwise = clue is not None and clue.otherwise
        self._clues = None if clue is None else json_words(clue.pattern, clue.dialect)

    def without_text(self, record: SheetRecord) -> bool | None:
        """The verdict, if what the record is made of tells it."""
        if self._clues is None or any(record.sheet.may_say(record.raw, words) for words in self._clues):
            return None
        return self._otherwise


class Walked:
    """What follows a place from which on records have to be walked."""


#: What follows an answer.
Next = Step | LogStep | Shortlist | Walked

#: Rows, by their places, and what is known of them (`Memo.find`).
Group = tuple[Next | None, Sequence[int]]

WALKED: Final = Walked()

#: The first byte of an object.
_BRACE = 0x7B

#: An answer: the step, and what is remembered of it.
_Place = tuple[Step, str | bytes | None, int] | tuple[LogStep, bool]


class Memo:
    """What was found out about the records of all layouts.

    `origin` tells the members that decide a value, `readers` how to read one that a single member decides.
    """

    def __init__(self, ruleset: Ruleset, origin: Origin, readers: Readers) -> None:
        self._ruleset = ruleset
        self._origin = origin
        self._readers = readers
        self._first: dict[Layout, Next] = {}
        self._size = 0
        #: The last record whose text was asked for, and the same one, opened.
        self._opened: tuple[SheetRecord, SheetRecord] | None = None

    def find(self, layout: Layout, members: Members, record: SheetRecord) -> Shortlist | Walked | None:
        """The shortlist of a record; WALKED when it can only be walked, None when that may be worth remembering."""
        step = self._first.get(layout)
        while True:
            if isinstance(step, Step):
                value = members[step.key]  # type: ignore[index]  # a layout's keys fit its members
                if value.__class__ is str:
                    step = step.texts.get(value) or self._by_mask(step, value, step.read(value))
                    continue
                if value.__class__ is not bytes:
                    # Kept as bytes: members are asked for more than once, and bytes remember their hash.
                    value = members[step.key] = bytes(value)  # type: ignore[index]
                if value[0] != _BRACE:
                    step = step.texts.get(value) or self._by_mask(step, value, step.read(value))
                    continue
                text = step.read(value)
                answer = value if isinstance(text, Unknown) else text  # nothing else in the object matters
                step = step.texts.get(answer) or self._by_mask(step, answer, text)
            elif isinstance(step, LogStep):
                step = step.next(record, self._text_of)
            else:
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
                    self._by_mask(step, text, step.read(text)) if answer is None else answer
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

    def opened(self, record: SheetRecord) -> SheetRecord:
        """`record.opened()`, or what was opened to find its shortlist. That is handed out once."""
        last, self._opened = self._opened, None
        return last[1] if last is not None and last[0] is record else record.opened()

    def _text_of(self, record: SheetRecord) -> str | None:
        """The text of the log; None for a record that travels as text, or cannot be read."""
        opened = self.opened(record)
        self._opened = record, opened
        try:
            return None if opened.document is None else opened.message
        except Exception:  # whoever walks it says why
            return None

    def _by_mask(self, step: Step, answer: str | bytes | None, text: FieldText) -> Next | None:
        """What follows an answer that was not seen before, if what its text leaves of the siblings was."""
        if isinstance(text, Unknown):
            return None
        following = step.masks.get(step.column.mask(text, step.alive) & step.alive)
        if following is not None:
            self._remember(step, answer, following)
        return following

    def learn(self, layout: Layout, members: Members, event: Event) -> Shortlist:
        """Walk an event that has all its fields, and remember the way."""
        notes: Notes = []
        found = shortlist_of(self._ruleset, event, notes)
        place: _Place | None = None
        for note in notes:
            origin = None if isinstance(note, Verdict) else self._origin(layout, note.key)
            if origin is not None and not origin:
                continue
            step = self._step(layout, place, note, origin, event)
            if step is None:
                self._lead(layout, place, WALKED)
                return found
            self._lead(layout, place, step)
            place = _place(step, note, members)
        self._lead(layout, place, found)
        return found

    def _step(
        self, layout: Layout, place: _Place | None, note: Note | Verdict, origin: Collection[Key] | None, event: Event
    ) -> Step | LogStep | None:
        """The step behind a place that asks what was noted; None for what no step can ask."""
        known = self._after(layout, place)
        if isinstance(note, Verdict):
            on_log = note.node.on_log
            return None if on_log is None else known if isinstance(known, LogStep) else LogStep(on_log)
        if origin is None or len(origin) > 1:
            return None
        (key,) = origin
        return known if isinstance(known, Step) else Step(key, note, self._readers(layout, note.key, event))

    def _after(self, layout: Layout, place: _Place | None) -> Next | None:
        """What follows a place as far as that is known; None stands for the beginning."""
        if place is None:
            return self._first.get(layout)
        return place[0].following.get(place[1]) if len(place) == 2 else place[0].masks.get(place[2])

    def _lead(self, layout: Layout, place: _Place | None, following: Next) -> None:
        """What follows the last answer, or comes first."""
        if self._after(layout, place) is not following:
            self._count()
        if place is None:
            self._first[layout] = following
        elif len(place) == 2:
            place[0].following[place[1]] = following
        else:
            step, answer, mask = place
            step.masks[mask] = following
            self._remember(step, answer, following)

    def _remember(self, step: Step, answer: str | bytes | None, following: Next) -> None:
        if answer is None or len(answer) <= LONGEST_VALUE:
            if answer not in step.texts:
                self._count()
            step.texts[answer] = following

    def _count(self) -> None:
        self._size += 1
        if self._size > MOST_REMEMBERED:
            self._first.clear()
            self._size = 0


def _place(step: Step | LogStep, note: Note | Verdict, members: Members) -> _Place:
    """Where the answer leads."""
    if isinstance(step, LogStep):
        assert isinstance(note, Verdict)
        return step, note.holds
    assert isinstance(note, Note)
    return step, _answer(step, members[step.key]), note.mask & note.alive  # type: ignore[index]


def _answer(step: Step, value: Any) -> str | bytes | None:
    """What is remembered of a member."""
    if isinstance(value, str):
        return value
    value = bytes(value)
    text = step.read(value) if value[0] == _BRACE else value
    return value if isinstance(text, Unknown) else text
