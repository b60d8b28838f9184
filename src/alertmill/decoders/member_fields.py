"""Fields of records that were looked at but not read: each is found in the one member that decides it.

Whoever knows what a record comes to without reading it (`ruleset.memo`) still wants a few of its fields: those that a
description names, static fields, what composites compare. `MemberReader` makes the event of such a record. Its
`MemberFields` answer from the text of a member where that is enough, read that member alone where it is not, and read
the whole record for whoever wants to see all fields. The answers are those of the record read whole.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NamedTuple

from alertmill.decoders.document import DocumentFields, listed
from alertmill.decoders.plugins.json import set_static_fields
from alertmill.decoders.route import JsonRoute
from alertmill.event import Event, Fields, Outlined
from alertmill.sheet import (
    UNKNOWN,
    FieldText,
    Layout,
    Members,
    MemberSheet,
    Reader,
    SheetFields,
    SheetRecord,
    Unknown,
    has_members,
)

#: Layouts, and fields of each, whose ways are remembered.
_MOST_LAYOUTS, _MOST_FIELDS = 1024, 256


def _unknown(_value: str | bytes) -> FieldText:
    return UNKNOWN


class _Way(NamedTuple):
    """Where a field is found: by `read` in the member `key`, in none (it is `value`), or only in the whole record."""

    key: str | None = None
    value: str | None = None
    is_whole: bool = False
    read: Reader = _unknown


class MemberFields(SheetFields):
    """The dynamic fields of a record; `read` are the same where it was read already."""

    __slots__ = ("_all", "_reader", "_record", "_single", "_ways")

    def __init__(
        self,
        reader: MemberReader,
        record: SheetRecord,
        sheet: MemberSheet,
        layout: Layout,
        members: Mapping[str, Any],
        read: Fields | None = None,
    ) -> None:
        super().__init__(sheet, layout, members)
        self._reader = reader
        self._record = record
        self._ways = reader.ways(layout)
        self._all = read
        #: The fields of records that have but the member of this name.
        self._single: dict[str, Fields] | None = None

    def get(self, lowered_name: str) -> str | None:
        if self._all is not None:
            return self._all.get(lowered_name)
        way = self._ways.get(lowered_name) or self._find(lowered_name)
        key = way.key
        if key is None:
            return self._whole().get(lowered_name) if way.is_whole else way.value
        value = self.members[key]
        if value.__class__ is not str:
            value = bytes(value)
        text = way.read(value)
        return self._of_member(key, value).get(lowered_name) if isinstance(text, Unknown) else text

    def _find(self, lowered_name: str) -> _Way:
        origin = self.layout.origin(lowered_name)
        if origin is None or len(origin) > 1:
            way = _Way(is_whole=True)
        elif origin:
            way = _Way(str(*origin), read=self.layout.reader(lowered_name))
        else:
            way = _Way(value=self._of_record({}).get(lowered_name))
        if len(self._ways) < _MOST_FIELDS:
            self._ways[lowered_name] = way
        return way

    def _of_member(self, name: str, value: bytes) -> Fields:
        if self._single is None:
            self._single = {}
        found = self._single.get(name)
        if found is None:
            found = self._single[name] = self._of_record({name: value})
        return found

    def _of_record(self, members: Mapping[str, bytes]) -> Fields:
        """The fields of a record with these members; those of the whole record if it travels as text."""
        shown = self.sheet.shown(self.sheet.record(members))
        if shown is None:
            return self._whole()
        document = self.sheet.document({name: value for part in shown for name, value in part.items()}, 0)
        style = self._reader.route.settings.style
        shape = style.shape(document)
        return self._whole() if shape is None else DocumentFields(document, style, shape, {}, None)

    def _whole(self) -> Fields:
        if self._all is None:
            self._all = self._reader.read(self._record).fields
        return self._all

    def add(self, name: str, value: str) -> None:
        self._whole().add(name, value)

    def items(self) -> Iterator[tuple[str, str]]:
        return self._whole().items()

    def __len__(self) -> int:
        return len(self._whole())

    def like(self, document: dict[str, Any]) -> Fields:
        return listed(document, self._reader.route.settings.style)

    def outline(self) -> Outlined | None:
        return self._whole().outline()

    def roots(self) -> Collection[str] | None:
        return None if self._all is None else self._all.roots()


class MemberReader:
    """Makes the events of records that go one route; `read` is the other way, which reads them whole."""

    def __init__(self, route: JsonRoute, hostname: str, read: Callable[[SheetRecord], Event]) -> None:
        self.route = route
        self.read = read
        self._hostname = hostname
        self._ways: dict[Layout, dict[str, _Way]] = {}

    def event(self, record: SheetRecord, layout: Layout, members: Members) -> Event | None:
        """The event of a record that shows this; None for one that has to be read."""
        sheet = self._sheet(record, members)
        if sheet is None or not isinstance(members, dict):
            return None
        event = Event(record, location=record.location, hostname=self._hostname)
        event.decoder = self.route.info
        event.fields = MemberFields(self, record, sheet, layout, members)
        set_static_fields(event, self.route.settings.static_fields)
        return event

    def show(self, event: Event, record: SheetRecord, layout: Layout, members: Members) -> None:
        """Let an event whose record was read show its members all the same, where it can."""
        sheet = self._sheet(record, members)
        if sheet is not None and isinstance(members, dict) and not record.is_odd:
            event.fields = MemberFields(self, record, sheet, layout, members, event.fields)

    def _sheet(self, record: SheetRecord, members: Members) -> MemberSheet | None:
        """The sheet of a record whose members tell all; None for one that has to be read."""
        sheet = record.sheet
        if not has_members(sheet, members) or self.route.settings.style.csv_arrays:
            return None
        return sheet if sheet.is_memberwise(record.raw) else None

    def ways(self, layout: Layout) -> dict[str, _Way]:
        """Where the fields of records with this layout are found, as far as they were asked for."""
        ways = self._ways.get(layout)
        if ways is None:
            if len(self._ways) >= _MOST_LAYOUTS:
                self._ways.clear()
            ways = self._ways[layout] = {}
        return ways
