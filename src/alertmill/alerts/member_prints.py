"""What alerts show of one member of a record that is a JSON object (`sheet.MemberSheet`).

Once per name, shape and names (`json_cut`), the plain way (`event_texts.PlainTexts`) prints a record that has this
member alone, with marks in the place of its texts. The print is cut at the marks and becomes a `Template`, which is
filled with texts from then on. So the plain way alone knows how anything is printed.

A member that decides more than what stands in the place of its texts (`MemberSheet.is_by_text`) is printed once per
text. Members come from logs: all tables are bounded, and few new prints are made for one event.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from alertmill.alerts.data_member import DataMember
from alertmill.alerts.event_texts import PlainTexts, find_mark, marked_event, marks_in
from alertmill.alerts.gaps import Gaps, Table
from alertmill.alerts.json_cut import Cut, Cutter, has_escapes, read
from alertmill.alerts.json_text import compact
from alertmill.event import FIRST_NUMBER_MARK, MARK, DecoderInfo, Event, Fields
from alertmill.sheet import MemberSheet

#: Longest member that a print is kept for, most texts of one that has a template, new prints for one event.
_LONGEST, _MOST_TEXTS = 16_384, 1000
NEW_PRINTS = 8
#: Members that are known to have come.
_MOST_SEEN = 8192

#: What stands for the number of a record.
RECORD_NUMBER = FIRST_NUMBER_MARK + 9999

#: What an alert shows of something: as message, in the `data` object, as lines of fields.
Print = tuple[bytes, bytes, bytes]
NOTHING: Final[Print] = (b"", b"", b"")
#: What a member adds to a print: in its place, and behind what every record has.
Added = tuple[Print, Print]


class Around(NamedTuple):
    """What stands before and behind the members in the prints of a sheet's records; their number is RECORD_NUMBER."""

    sheet: MemberSheet
    head: Print
    end: Print


class TooNewError(Exception):
    """More of an event is new than is worth to be printed member by member."""


class Template:
    """The print of a member with gaps, which take its texts and behind these its numbers.

    Attributes:
        forms: those of `Print`.
        in_arrays: the numbers of texts that lines show as JSON does.
        size: bytes between the gaps.
    """

    __slots__ = ("forms", "in_arrays", "size")

    def __init__(self, shown: Print, marks: list[str], in_arrays: list[int]) -> None:
        numbers = {mark: number for number, mark in enumerate(marks) if mark}
        self.forms = [Gaps(form, numbers) for form in shown]
        self.in_arrays = in_arrays
        self.size = sum(form.size for form in self.forms)

    def fill(self, text: bytes, cut: Cut) -> Print | None:
        """The print of a member. None if one of its texts is shown as an array."""
        message, data, lines = self.forms
        _, _, shown, numbers = cut
        if b"\\" not in text:
            if b"[" in text and any(map(_is_array, shown)):
                return None
            if numbers:
                shown = (*shown, *numbers)
            return message.fill(shown), data.fill(shown), lines.fill(shown)
        texts, quoted = read(shown)
        if any(map(_is_array, texts)):
            return None
        for number in self.in_arrays:
            texts[number] = quoted[number]
        quoted += numbers
        return message.fill(quoted), data.fill(quoted), lines.fill([*texts, *numbers])


def _is_array(text: bytes) -> bool:
    """Whether alerts show a text as an array."""
    return text[:1] == b"[" and compact(text.decode("ascii")) is not None


class MemberPrints:
    """The prints of the members of all records of a family of sheets that one decoder reads.

    For each event, `left` is set to the number of new prints that may be made for it.
    """

    def __init__(self, decoder: DecoderInfo | None) -> None:
        #: Keeps the decoder, so that no other one has its identity.
        self.decoder = decoder
        self.left = 0
        self._data = DataMember()
        self._cutter = Cutter()
        self._templates: Table[Template | None] = Table()
        self._added: Table[Added] = Table()
        #: What members add, by name and text, as far as that is remembered.
        self.known = self._added.known
        #: Hashes of members that came.
        self._seen: set[int] = set()
        #: That of the last sheet.
        self._around: Around | None = None

    def text_template(self, event: Event, sheet: MemberSheet, name: str) -> Template | None:
        """The template of a member that is a text; None where texts of that name are not shown once in each form."""
        template = self._template(event, sheet, name, b'"x"', self._cutter.cut(b'"x"'))
        return template if template is not None and all(len(form.pieces) == 2 for form in template.forms) else None

    def added(self, event: Event, sheet: MemberSheet, name: str, text: bytes) -> Added | None:
        """What a member that is not `known` adds; None when its record travels as text. Raises TooNewError."""
        key = name, text
        cut = self._cutter.cut(text)
        template = self._template(event, sheet, name, text, cut)
        filled = None if template is None else template.fill(text, cut)
        if filled is not None:
            found = filled, NOTHING
            if self._is_new(key):
                return found
        else:
            shown = sheet.shown(sheet.record({name: text}))
            if shown is None:
                return None
            found = self.of(event, sheet, shown[0]), self.of(event, sheet, shown[2])
        if len(text) <= _LONGEST:
            self._added.put(key, found, len(text) + sum(map(len, found[0] + found[1])))
        return found

    def _is_new(self, key: tuple[str, bytes]) -> bool:
        """Whether a member did not come before, as far as that is remembered."""
        found = hash(key)
        if found in self._seen:
            return False
        if len(self._seen) >= _MOST_SEEN:
            self._seen.clear()
        self._seen.add(found)
        return True

    def _template(self, event: Event, sheet: MemberSheet, name: str, text: bytes, cut: Cut) -> Template | None:
        """The template of a member; None for one that is printed by its text. Raises TooNewError."""
        shape, names, texts, _ = cut
        empty = () if all(texts) else tuple([number for number, found in enumerate(texts) if not found])
        key = name, shape, names, empty
        try:
            return self._templates.known[key]
        except KeyError:
            template = None if sheet.is_by_text(name, text) else self._make(event, sheet, name, cut)
        size = len(shape.between) + len(names) + (template.size if template else 0)
        return self._templates.put(key, template, size)

    def _make(self, event: Event, sheet: MemberSheet, name: str, cut: Cut) -> Template | None:
        """Print a record with this member, marked, and cut it. None for what cannot be marked."""
        self._spend()
        shape, names, texts, _ = cut
        count = len(texts)
        if count + shape.numbers > _MOST_TEXTS or has_escapes(names):
            return None
        if find_mark(b" ".join((name.encode(), shape.between, names)).decode()):
            return None
        marks = [MARK.format(number) if text else "" for number, text in enumerate(texts)]
        digits = [str(FIRST_NUMBER_MARK + number) for number in range(count, count + shape.numbers)]
        text = shape.filled(names.split(b'"'), map(str.encode, marks), map(str.encode, digits))
        shown = sheet.shown(sheet.record({name: text}))
        if shown is None or shown[2]:
            return None
        found, fields = self._print(event, sheet, shown[0])
        arrays = marks_in("".join([value for _, value in fields.items() if value not in marks]))
        in_arrays = [number for number, mark in enumerate(marks) if mark and mark in arrays]
        return Template(found, [*marks, *digits], in_arrays)

    def of(self, event: Event, sheet: MemberSheet, members: dict[str, Any]) -> Print:
        """The print of members as documents show them. Raises TooNewError."""
        if not members:
            return NOTHING
        self._spend()
        return self._print(event, sheet, members)[0]

    def around(self, event: Event, sheet: MemberSheet) -> Around:
        """What stands around the members in all documents of a sheet."""
        if self._around is None or self._around.sheet is not sheet:
            bare = _printed(event, sheet, {}, self._data)[0]
            end = self._end(event, sheet, bare) if self._around is None else self._around.end
            self._around = Around(sheet, _without(bare, NOTHING, end), end)
        return self._around

    def _end(self, event: Event, sheet: MemberSheet, bare: Print) -> Print:
        """What stands behind the members: where the print of nothing and of a member part."""
        message, data, lines = map(_behind, bare, _printed(event, sheet, {"x": "x"}, self._data)[0])
        return message, data, lines

    def _print(self, event: Event, sheet: MemberSheet, members: dict[str, Any]) -> tuple[Print, Fields]:
        """The print of members without what stands around them, and their fields."""
        found, fields = _printed(event, sheet, members, self._data)
        around = self.around(event, sheet)
        return _without(found, around.head, around.end), fields

    def _spend(self) -> None:
        if not self.left:
            raise TooNewError
        self.left -= 1


def _printed(event: Event, sheet: MemberSheet, members: dict[str, Any], data: DataMember) -> tuple[Print, Fields]:
    """The plain way: a record whose document shows these members, and its fields."""
    document = sheet.document(members, RECORD_NUMBER)
    shown = marked_event(event, document, event.fields.like(document), {}, sheet.spell)
    texts = PlainTexts(shown, data)
    message, fields, lines = texts.full_log(), texts.data()[0], texts.lines()
    return (message.encode("latin-1"), fields.encode("latin-1"), lines.encode("latin-1")), shown.fields


def _without(found: Print, head: Print, end: Print) -> Print:
    forms = zip(found, head, end, strict=True)
    message, data, lines = [text.removeprefix(before).removesuffix(behind) for text, before, behind in forms]
    return message, data, lines


def _behind(text: bytes, other: bytes) -> bytes:
    """What comes behind that with which two texts begin alike."""
    pairs = enumerate(zip(text, other, strict=False))
    return text[next((place for place, (one, two) in pairs if one != two), min(len(text), len(other))) :]
