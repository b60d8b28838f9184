"""Records that are not read before somebody asks: the sheet that the records of one object share, and its layouts.

Most events of a log end without an alert after a look at two or three of their members. A source that can show these
without making the whole document hands out a `SheetRecord`; what it does not say is read as from any other record.

Only data and ports here: sources make sheets, `ruleset.memo` asks them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import compress
from typing import Any, Final, Protocol, TypeGuard, overload

from alertmill.event import ColumnFields, Draft, Fields, Record

#: Leads to a member of a record: a name, or the number of a column.
Key = str | int
#: The members of a record as they stand in its object: by name the JSON text of each, or texts of columns.
Members = Mapping[Any, Any] | Sequence[Any]


class Unknown:
    """Stands for a field's text where finding that takes another look."""


UNKNOWN: Final = Unknown()

#: The text of a field, None where there is no such field.
FieldText = str | Unknown | None
#: Tells a field by the one member that decides it.
Reader = Callable[[str | bytes], FieldText]


class Layout(Protocol):
    """How records that look alike become documents; the same object for all of them, whichever object they lie in.

    They have the same members and the same location. Their documents set no static field at the top, and no header can
    be seen in their text (`decoders.predecode`).
    """

    def origin(self, name: str) -> Collection[Key] | None:
        """The members that alone decide what the document's field `name` (in lower case) is.

        None for none of them: it is there in no such record, or is the same in all. None when that is not known.
        """

    def text(self, name: str, value: str | bytes) -> str | None:
        """The field `name` where `value` is the one member that decides it; None where that takes a closer look."""

    def reader(self, name: str) -> Reader:
        """Tells the field `name`, which one member decides: as `text`, and what lies inside of that member as well."""


class Sheet(Protocol):
    """What the records of one object share.

    Attributes:
        location: of all of them.
        spell: writes a document as the message.
    """

    location: str
    spell: Callable[[dict[str, Any]], str]

    def look(self, raw: Any) -> tuple[Layout, Members] | None:
        """Layout and members of a record that has at most MOST_FIELDS fields; None for one that has to be read."""

    def read(self, raw: Any, number: int) -> tuple[dict[str, Any] | None, str | None]:
        """The document of a record, or its text where it must travel as that: JSON readers see it differently."""

    def columns(self, raw: Any, number: int) -> ColumnFields | None:
        """The fields of a record's document, where it is made of columns whose texts are plain; for records that have a
        layout."""

    def is_plain(self, raw: Any) -> bool:
        """Whether all texts of a record's document are sure to be ASCII without NUL."""

    def contains(self, words: Sequence[bytes]) -> bool:
        """Whether all words (lower case) may occur, in any case, in the text of some record. May err towards True."""

    def may_say(self, raw: Any, words: Sequence[bytes]) -> bool:
        """`contains` for the text of one record."""

    def place(self, number: int) -> str:
        """Where a record lies, for error messages."""


class MemberSheet(Sheet, Protocol):
    """A sheet whose records are JSON objects: their documents show their members one by one.

    `look` gives a mapping for such records: JSON texts that can be made bytes, in the order of the document. What is
    text (`str`) already is not the record's own.

    Attributes:
        family: sheets of one family show a member alike; they differ in what stands around the members.
        numbered: whether documents show the number of the record in its object.
    """

    family: object
    numbered: bool

    def is_memberwise(self, raw: Any) -> bool:
        """Whether each member of a record stands for itself: all is plain text without DEL, and nothing lies deep."""

    def is_by_text(self, name: str, value: bytes) -> bool:
        """Whether the text of a member decides more than what stands in the place of that text."""

    def record(self, members: Mapping[str, bytes]) -> Any:
        """A record with these members, as the sheet knows records."""

    def shown(self, raw: Any) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]] | None:
        """What a document shows of a record: in the place of its members, of every record, and behind that.

        None for a record that travels as text.
        """

    def document(self, members: dict[str, Any], number: int) -> dict[str, Any]:
        """The document of a record that shows nothing but these, behind where it lies."""


def has_members(sheet: Sheet, members: Members) -> TypeGuard[MemberSheet]:
    """Whether the members that a sheet shows are texts of JSON by their names."""
    return members.__class__ is dict


class SheetFields(Fields):
    """The fields of a record that was looked at and not read, with what it showed."""

    __slots__ = ("layout", "members", "sheet")

    def __init__(self, sheet: MemberSheet, layout: Layout, members: Mapping[str, Any]) -> None:
        self.sheet = sheet
        self.layout = layout
        self.members = members


#: Fields of a record that has a layout: fewer than decoders have room for.
MOST_FIELDS = 240


class SheetRecord(Record):
    """A record of a sheet. Its document is made on first use.

    Args:
        sheet: the sheet.
        raw: the record as the sheet knows it.
        number: its number in the object, from 1.
        time: when it arrived, epoch seconds.
        event_time, event_id: as for every record.
    """

    __slots__ = ("_document", "_is_read", "number", "raw", "sheet")

    def __init__(
        self,
        sheet: Sheet,
        raw: Any,
        number: int,
        time: float,
        event_time: float | None = None,
        event_id: str | None = None,
    ) -> None:
        # Everything that `Record.__init__` sets; calling it would cost as much again.
        self._message = None
        self._is_read = False
        self.sheet = sheet
        self.raw = raw
        self.number = number
        self.time = time
        self.event_time = event_time
        self.event_id = event_id
        self.queue = "1"
        self.location = sheet.location

    def opened(self) -> SheetRecord:
        """The same record, for what is made of it to be kept with: it goes when its event goes, not with the batch.

        That keeps the documents of a batch from piling up: memory that is used again at once is still in the caches.
        """
        return SheetRecord(self.sheet, self.raw, self.number, self.time, self.event_time, self.event_id)

    def _read(self) -> None:
        self._is_read = True
        self._document, self._message = self.sheet.read(self.raw, self.number)

    @property
    def is_odd(self) -> bool:
        """Whether it was found out that it travels as text."""
        return self._is_read and self._document is None

    @property
    def document(self) -> dict[str, Any] | None:  # type: ignore[override]
        """The document, None for a record that travels as text."""
        if not self._is_read:
            self._read()
        return self._document

    @property
    def message(self) -> str:
        if not self._is_read:
            self._read()
        if self._message is None:
            assert self._document is not None
            self._message = self.sheet.spell(self._document)
        return self._message

    @property
    def unspelled(self) -> Callable[[dict[str, Any]], str] | None:
        return None if self._message is not None or self.is_odd else self.sheet.spell

    @property
    def place(self) -> str:  # type: ignore[override]
        return self.sheet.place(self.number)


class Examination(Protocol):
    """What another process found out about the records of one object, and the way to the records themselves.

    Attributes:
        made_of: names the engine that looked (`engine.EngineOptions`).
        table: shortlists, each in numbers (`ruleset.shortlist.Ids`).
        answers: for each record the place of its shortlist in the table, in a byte; one behind the table's end for a
            record that has to be examined.
        location: of all records.
    """

    made_of: bytes
    table: Sequence[tuple[tuple[int, int], ...]]
    answers: bytes
    location: str

    def sheet(self) -> Sheet:
        """The sheet of the records."""

    def raw(self, number: int) -> Any:
        """A record as the sheet knows it, by its number in the object, from 1."""

    def draft(self, number: int) -> Draft | None:
        """A record's alert, where that follows from the record alone."""

    def event_time(self, number: int) -> float | None:
        """When what a record tells of happened, epoch seconds, as for every record."""

    def numbered_ids(self, numbers: range) -> tuple[Sequence[int], Sequence[int]] | None:
        """The ids of some records as `checkpoints` counts them, None where no record has one."""


class ExaminedRecord(SheetRecord):
    """A record that another process has looked at. Itself, it is looked at only when somebody asks.

    Args:
        examination: what all records of its object share.
        number: its number in the object, from 1.
        time: when it arrived, epoch seconds.
    """

    __slots__ = ("examination",)

    def __init__(self, examination: Examination, number: int, time: float) -> None:
        # Everything that `SheetRecord.__init__` sets but sheet and text.
        self._message = None
        self._is_read = False
        self.examination = examination
        self.number = number
        self.time = time
        self.event_time = examination.event_time(number)
        self.event_id = None
        self.queue = "1"
        self.location = examination.location

    @property
    def draft(self) -> Draft | None:
        """Its alert, where that follows from the record alone."""
        return self.examination.draft(self.number)

    @property
    def sheet(self) -> Sheet:  # type: ignore[override]
        return self.examination.sheet()

    @property
    def raw(self) -> Any:
        return self.examination.raw(self.number)


class ExaminedRecords(Sequence[ExaminedRecord]):
    """Records of one object that another process has looked at. One is made when somebody wants it.

    Args:
        examination: what they share.
        numbers: of the records in their object, ascending.
        time: when they arrived, epoch seconds.
    """

    __slots__ = ("examination", "numbers", "time")

    def __init__(self, examination: Examination, numbers: Sequence[int], time: float) -> None:
        self.examination = examination
        self.numbers = numbers
        self.time = time

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, place: int) -> ExaminedRecord: ...

    @overload
    def __getitem__(self, place: slice) -> ExaminedRecords: ...

    def __getitem__(self, place: int | slice) -> ExaminedRecord | ExaminedRecords:
        if isinstance(place, slice):
            return ExaminedRecords(self.examination, self.numbers[place], self.time)
        return ExaminedRecord(self.examination, self.numbers[place], self.time)

    def __iter__(self) -> Iterator[ExaminedRecord]:
        examination, time = self.examination, self.time
        return (ExaminedRecord(examination, number, time) for number in self.numbers)

    def chosen(self, is_chosen: Iterable[Any]) -> ExaminedRecords:
        """Those of the records for which a true value stands in the place of the record."""
        return ExaminedRecords(self.examination, [*compress(self.numbers, is_chosen)], self.time)

    def answers(self) -> bytes:
        """The place of each record's shortlist (`Examination.answers`)."""
        numbers, answers = self.numbers, self.examination.answers
        if isinstance(numbers, range):
            return answers[numbers.start - 1 : numbers.stop - 1]
        return bytes([answers[number - 1] for number in numbers])

    def numbered_ids(self) -> tuple[Sequence[int], Sequence[int]] | None:
        """The ids of the records (`Examination.numbered_ids`), for neighbours."""
        assert isinstance(self.numbers, range)
        return self.examination.numbered_ids(self.numbers)
