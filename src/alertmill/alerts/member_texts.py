"""What alerts show of events whose records are JSON objects, put together from the members of the record.

The document of such a record shows its members one by one (`sheet.MemberSheet`), so a print of it is

    head + print of a member ... + tail, which every record has + end

and the print of a member does not depend on its neighbours (`member_prints`). Most members are a text: what stands
between those of neighbours is joined to a `_Row`, once for records that have the same members, and filled with texts as
they stand in the record. The other members are printed by themselves, and fill a gap of the row as a whole.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from alertmill.alerts.gaps import Gaps, Table, with_gaps
from alertmill.alerts.member_prints import (
    NEW_PRINTS,
    NOTHING,
    RECORD_NUMBER,
    MemberPrints,
    Print,
    Template,
    TooNewError,
)
from alertmill.event import DecoderInfo, Event
from alertmill.sheet import Layout, MemberSheet, SheetFields, SheetRecord

#: Families of sheets, and layouts of each, that are remembered.
_MOST_FAMILIES, _MOST_LAYOUTS = 4, 1024
#: Longest record that is shown member by member, in bytes.
_LONGEST = 65_536
#: What a piece of a row takes besides its bytes.
_PER_PIECE = 48

_QUOTE, _OPENS_ARRAY = b'"['


class _Row:
    """The prints of neighbours: a gap for each member, of which some take texts and some whole prints."""

    __slots__ = ("_data", "_lines", "_message", "size")

    def __init__(self, templates: Sequence[Template | None]) -> None:
        forms = [
            _between([None if template is None else template.forms[form] for template in templates])
            for form in range(3)
        ]
        self._message, self._data, self._lines = map(with_gaps, forms)
        self.size = sum(_PER_PIECE + len(piece) for form in forms for piece in form)

    def fill(self, texts: list[bytes], places: Sequence[int], prints: Sequence[Print]) -> Print:
        """With a text for each member; in `places` stand `prints`."""
        message, data, lines = self._message.copy(), self._data.copy(), self._lines.copy()
        message[1::2] = data[1::2] = lines[1::2] = texts
        for place, found in zip(places, prints, strict=True):
            gap = 2 * place + 1
            message[gap], data[gap], lines[gap] = found
        return b"".join(message), b"".join(data), b"".join(lines)


def _between(members: Sequence[Gaps | None]) -> list[bytes]:
    """What stands before, between and behind the gaps of neighbours; None is for a gap that takes a whole print."""
    pieces = [b""]
    for member in members:
        before, behind = (b"", b"") if member is None else member.pieces
        pieces[-1] += before
        pieces.append(behind)
    return pieces


class _Names(NamedTuple):
    """Records with the same members: their names, and a template for each that can be filled in as a text.

    `special` are the places of those that cannot.
    """

    names: tuple[str, ...]
    templates: tuple[Template | None, ...]
    special: frozenset[int]


class _Frame:
    """What stands around the members of a sheet's records."""

    __slots__ = ("_data", "_lines", "_message", "sheet")

    def __init__(self, sheet: MemberSheet, heads: Sequence[list[bytes]], tail: Print, end: Print) -> None:
        self.sheet = sheet
        #: The head, cut where the number of the record stands, the tail, and the end.
        self._message, self._data, self._lines = zip(heads, tail, end, strict=True)

    def around(self, number: int, members: Print, behind: Print) -> Print:
        """The print of the record of this number, whose members are printed like this."""
        digits = b"%d" % number
        head, tail, end = self._message
        message = b"".join((digits.join(head), members[0], tail, behind[0], end))
        head, tail, end = self._data
        data = b"".join((digits.join(head), members[1], tail, behind[1], end))
        head, tail, end = self._lines
        return message, data, b"".join((digits.join(head), members[2], tail, behind[2], end))


class _Family:
    """The records of a family of sheets that one decoder reads."""

    def __init__(self, decoder: DecoderInfo | None) -> None:
        self.prints = MemberPrints(decoder)
        self._names: dict[Layout, _Names] = {}
        #: By the layout, and the places of members that are no texts.
        self._rows: Table[_Row] = Table()
        #: That of the last sheet; what every record of it has, and the print of that.
        self._frame: _Frame | None = None
        self._tail: tuple[dict[str, Any], Print] | None = None

    def print(self, event: Event, fields: SheetFields) -> Print | None:
        """None for an event that is not shown member by member. Raises TooNewError."""
        record, sheet, frame = event.record, fields.sheet, self._frame
        assert isinstance(record, SheetRecord)
        if frame is None or frame.sheet is not sheet:
            frame = self._frame = self._make_frame(event, sheet)
        if frame is None or len(record.raw) > _LONGEST:
            return None
        names, templates, special = self._names.get(fields.layout) or self._find_names(event, fields)
        # What is `str` stands in the documents of all records.
        texts = [bytes(text) for text in fields.members.values() if text.__class__ is not str]
        places = _places(texts, special, escaped=b"\\" in record.raw)
        prints, behind, known = [], NOTHING, self.prints.known
        for place in places:
            name, text = names[place], texts[place]
            added = known.get((name, text)) or self.prints.added(event, sheet, name, text)
            if added is None:
                return None
            prints.append(added[0])
            if added[1] is not NOTHING:
                if behind is not NOTHING:
                    return None
                behind = added[1]
        row = self._rows.known.get((fields.layout, places))
        if row is None:
            row = _Row([None if place in places else template for place, template in enumerate(templates)])
            self._rows.put((fields.layout, places), row, row.size)
        return frame.around(record.number, row.fill([text[1:-1] for text in texts], places, prints), behind)

    def _find_names(self, event: Event, fields: SheetFields) -> _Names:
        names = tuple([name for name, text in fields.members.items() if not isinstance(text, str)])
        templates = tuple([self.prints.text_template(event, fields.sheet, name) for name in names])
        special = frozenset(place for place, template in enumerate(templates) if template is None)
        if len(self._names) >= _MOST_LAYOUTS:
            self._names.clear()
        found = self._names[fields.layout] = _Names(names, templates, special)
        return found

    def _make_frame(self, event: Event, sheet: MemberSheet) -> _Frame | None:
        """None where what looks like the number of a record stands elsewhere as well."""
        around = self.prints.around(event, sheet)
        shown = sheet.shown(sheet.record({}))
        tail = {} if shown is None else shown[1]
        if self._tail is None or self._tail[0] != tail:
            self._tail = tail, self.prints.of(event, sheet, tail)
        mark = b"%d" % RECORD_NUMBER
        heads = [head.split(mark) if sheet.numbered else [head] for head in around.head]
        if any(len(pieces) != 1 + sheet.numbered for pieces in heads):
            return None
        return _Frame(sheet, heads, self._tail[1], around.end)


def _places(texts: Sequence[bytes], special: Collection[int], *, escaped: bool) -> tuple[int, ...]:
    """Where members stand that are not filled in as they are; with `escaped` there may be escapes."""
    found = [
        place
        for place, text in enumerate(texts)
        if text[0] != _QUOTE or text[1] == _QUOTE or text[1] == _OPENS_ARRAY or place in special
    ]
    if escaped:
        found = sorted({*found, *[place for place, text in enumerate(texts) if b"\\" in text]})
    return tuple(found)


class MemberTexts:
    """The prints of events, remembered by the decoder and the family of the sheet."""

    def __init__(self) -> None:
        self._families: dict[tuple[int, object], _Family] = {}

    def of(self, event: Event) -> Print | None:
        """What an alert shows of an event; None where it has to be printed as a whole."""
        fields = event.fields
        if not isinstance(fields, SheetFields):
            return None
        key = (id(event.decoder), fields.sheet.family)
        family = self._families.get(key)
        if family is None:
            if len(self._families) >= _MOST_FAMILIES:
                self._families.clear()
            family = self._families[key] = _Family(event.decoder)
        family.prints.left = NEW_PRINTS
        try:
            return family.print(event, fields)
        except TooNewError:
            return None
