"""What alerts show of the event itself: its message, its `data` object, the lines of its fields.

`PlainTexts` is the plain way: the message is asked for, the fields are gone through one by one. `FilledTexts` gives the
same for events whose fields know the outline of their document: between the texts of the document stands the same in
all events of an outline. The plain way prints a marked document once per outline, the print is cut at the marks, and
from then on the pieces are filled with the texts, escaped where they have to be. `EventTexts` chooses: the plain way
goes what is not ASCII, or holds a text that is an array.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Sequence
from operator import itemgetter
from typing import Any, Protocol

import orjson

from alertmill.alerts.columns import ColumnOutline, ColumnOutlines
from alertmill.alerts.data_member import DataMember
from alertmill.alerts.json_text import BLOCK_SEPARATOR, compact, quote_block
from alertmill.event import MARK, MARK_PATTERN, STATIC_FIELDS, Event, Fields, Outline, Record

_MARK = re.compile(f"({MARK_PATTERN})")
#: Finds the first mark in a text, all of them.
find_mark, marks_in = _MARK.search, _MARK.findall

#: Templates kept at most, in characters and in number.
_MAX_CHARACTERS = 8_000_000
_MAX_TEMPLATES = 4096

Spell = Callable[[dict[str, Any]], str]
Compliance = Sequence[tuple[str, str]]


class Texts(Protocol):
    """The texts of one event, as byte text."""

    def full_log(self) -> str:
        """The whole message."""

    def lines(self) -> str:
        """A line for each dynamic field that is not empty, as alerts.log shows them (spec/alerts.md 3)."""

    def data(self) -> tuple[str, Compliance]:
        """The `data` object, empty text for none, and the compliance members in it (spec/alerts.md 2.3, 2.7)."""


class PlainTexts:
    """The texts of any event."""

    __slots__ = ("_data", "_event")

    def __init__(self, event: Event, data: DataMember) -> None:
        self._event = event
        self._data = data

    def full_log(self) -> str:
        return self._event.full_log

    def lines(self) -> str:
        return "".join([f"{name}: {value}\n" for name, value in self._event.fields.items() if value])

    def data(self) -> tuple[str, Compliance]:
        return self._data.text(self._event)


class FilledTexts:
    """The texts of an event whose outline is known.

    `texts` are those of the document and of the static fields; `escaped` the same as they stand in JSON strings, the
    same list if none of them needs it.
    """

    __slots__ = ("_escaped", "_event", "template", "texts")

    def __init__(self, event: Event, template: EventTemplate, texts: list[str], escaped: list[str]) -> None:
        self._event = event
        self.template = template
        self.texts = texts
        self._escaped = escaped

    @property
    def are_all(self) -> bool:
        """Whether the event shows nothing but these texts, as they are."""
        return self.texts is self._escaped and self.template.message is not None

    def full_log(self) -> str:
        message = self.template.message
        return self._event.full_log if message is None else message.fill(self._escaped)

    def lines(self) -> str:
        texts = self.texts
        if texts is not self._escaped and self.template.in_arrays:
            texts = texts.copy()
            for number in self.template.in_arrays:
                texts[number] = self._escaped[number]
        return self.template.lines.fill(texts)

    def data(self) -> tuple[str, Compliance]:
        return self.template.data.fill(self._escaped), ()


class Template:
    """A text with gaps: `pieces`, and between these the texts of the numbers in `order`."""

    __slots__ = ("_gaps", "_order", "_pick", "size")

    def __init__(self, pieces: Sequence[str], order: Sequence[int]) -> None:
        #: Characters between the texts.
        self.size = sum(map(len, pieces))
        #: The pieces, with an empty text in each gap.
        self._gaps = [""] * (2 * len(pieces) - 1)
        self._gaps[::2] = pieces
        self._order = order
        #: Puts the texts into their order.
        self._pick = itemgetter(*order) if len(order) > 1 else lambda texts: [texts[number] for number in order]

    def fill(self, texts: Sequence[str]) -> str:
        filled = self._gaps.copy()
        filled[1::2] = self._pick(texts)
        return "".join(filled)

    def filled_in(self, texts: Sequence[str], numbers: Collection[int]) -> Template:
        """The same template with the texts of these numbers in their gaps, for many texts that have these alike."""
        pieces, order = [self._gaps[0]], []
        for number, piece in zip(self._order, self._gaps[2::2], strict=True):
            if number in numbers:
                pieces[-1] += texts[number] + piece
            else:
                order.append(number)
                pieces.append(piece)
        return Template(pieces, order)


def template_of(marked: str, numbers: dict[str, int]) -> Template:
    """The template made from a text that holds marks: `numbers` of texts by their marks."""
    pieces, order = cut_at_marks(marked, numbers)
    # The same pieces occur in many outlines: kept once, they stay in the processor's cache.
    return Template([*map(sys.intern, pieces)], order)


def cut_at_marks(marked: str, numbers: dict[str, int]) -> tuple[list[str], list[int]]:
    """What stands between the marks of a text, and the numbers of these."""
    cut = _MARK.split(marked)
    return cut[::2], [numbers[mark] for mark in cut[1::2]]


class EventTemplate:
    """The templates of all events of an outline with the same static fields, made from a marked event.

    `message` is None where the message is not spelled from the document. `in_arrays` are the numbers of texts that are
    escaped even in the lines of fields. `whole` is for templates of whole alerts (`whole_alerts.py`).
    """

    __slots__ = ("data", "in_arrays", "lines", "marks", "message", "size", "static", "whole")

    def __init__(self, event: Event, marks: list[str], plain: PlainTexts, data: str) -> None:
        self.marks = marks
        #: Names of the static fields, whose texts come last.
        self.static = tuple(event.static)
        self.whole: dict[Any, Any] = {}
        numbers = {mark: number for number, mark in enumerate(marks) if mark}
        self.message = None if event.record.spell is None else template_of(plain.full_log(), numbers)
        self.lines = template_of(plain.lines(), numbers)
        self.data = template_of(data, numbers)
        arrays = "".join([value for _, value in event.fields.items() if value not in numbers])
        self.in_arrays = [numbers[mark] for mark in marks_in(arrays)]
        self.size = self.lines.size + self.data.size + (self.message.size if self.message is not None else 0)


#: What decides about templates: the outline, names of static fields, and what spells the message if it is to be.
_Key = tuple[Outline, tuple[str, ...], Spell | None]


class EventTexts:
    """Gives the texts of events; remembers templates, and the last event: several outputs ask for it in turn."""

    def __init__(self) -> None:
        self._data = DataMember()
        self._columns = ColumnOutlines()
        #: None for what has to go the plain way.
        self._templates: dict[_Key, EventTemplate | None] = {}
        self._characters = 0
        self._last: Event | None = None
        self._texts: Texts | None = None

    def of(self, event: Event) -> Texts:
        """The texts of an event, which is not to change any more."""
        if event is not self._last or self._texts is None:
            self._texts = self._filled(event) or PlainTexts(event, self._data)
            self._last = event
        return self._texts

    def _filled(self, event: Event) -> FilledTexts | None:
        found = event.fields.outline() or self._columns.of(event)
        if found is None:
            return None
        outline, texts, together = found
        names: tuple[str, ...] = ()
        if event.static:
            names = tuple([name for name in STATIC_FIELDS if name in event.static])
            values = [event.static[name] for name in names]
            texts += values
            together += "".join(values)
        escaped = _escaped(texts, together)
        if escaped is None:
            return None
        spell = event.record.unspelled if event.log_is_message else None
        key = (outline, names, spell)
        try:
            template = self._templates[key]
        except KeyError:
            template = self._make(event, key)
        return None if template is None else FilledTexts(event, template, texts, escaped)

    def _make(self, event: Event, key: _Key) -> EventTemplate | None:
        outline, names, spell = key
        document, marks = outline.marked()
        static = {name: MARK.format(number) for number, name in enumerate(names, len(marks))}
        fields = outline.fields(marks) if isinstance(outline, ColumnOutline) else event.fields.like(document)
        marked = marked_event(event, document, fields, static, spell)
        plain = PlainTexts(marked, self._data)
        data, compliance = plain.data()
        template = None if compliance else EventTemplate(marked, [*marks, *static.values()], plain, data)
        self.account(0 if template is None else template.size)
        self._templates[key] = template
        return template

    def account(self, characters: int) -> None:
        """Make room for a template, forgetting all others if need be."""
        if self._characters + characters > _MAX_CHARACTERS or len(self._templates) >= _MAX_TEMPLATES:
            self._templates.clear()
            self._characters = 0
        self._characters += characters


def marked_event(
    event: Event, document: dict[str, Any], fields: Fields, static: dict[str, str], spell: Spell | None
) -> Event:
    """An event like `event`, of another document that `spell` writes."""
    record = Record(None if spell else "", "", event.record.time, document=document, spell=spell)
    marked = Event(record, location="", hostname="")
    marked.fields = fields
    marked.static = static
    return marked


def _escaped(texts: list[str], text: str) -> list[str] | None:
    """Texts, `text` when joined, as they stand in JSON strings; the same list if nothing has to be escaped.

    None when the ways of printing them differ: beyond ASCII, for the characters NUL and DEL, for arrays.
    """
    if not text.isascii() or "\0" in text or "\x7f" in text:
        return None
    if "[" in text and any(text.startswith("[") and compact(text) is not None for text in texts):
        return None
    # All that JSON has to escape makes its text longer.
    if len(orjson.dumps(text)) == len(text) + 2:
        return texts
    return [text[1:-1] for text in quote_block(texts).split(BLOCK_SEPARATOR)]
