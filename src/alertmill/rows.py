"""Records that are rows of text columns: nothing is made of a row before somebody asks.

An object of a thousand rows is a thousand lists of texts. `Rows` hands these out as records, one by one where somebody
takes one; the engine asks the rules about all of them together (`ruleset.memo.Memo.find_rows`), and most end there. Of
a row that alerts there is a `RowRecord` and a `RowEvent`, which knows its texts; its fields are made where a rule, a
list or the plain way wants them.

Only data and ports here: `sources.aws.row_sheets` makes the sheets.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Protocol, overload

from alertmill.event import DecoderInfo, Event, LateEvent, Match, Outcome, Record, RuleInfo
from alertmill.sheet import Sheet, SheetRecord

Row = list[str]


class RowShape:
    """What the documents of rows have in common but for their texts; the same object for all of them.

    `names` are those of all fields, `places` tells where each lowered name stands. Documents of one shape have the
    same members in the same order, spelled the same way, and the same texts around the columns are empty.
    """

    __slots__ = ("names", "places")

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.places: Mapping[str, int] = {name.lower(): place for place, name in enumerate(names)}


class RowSheet(Sheet, Protocol):
    """A sheet whose records are rows.

    Attributes:
        tells_time: whether any of them tells when its event happened.
    """

    tells_time: bool

    def plain(self, raw: Row, number: int) -> tuple[RowShape, list[str]] | None:
        """The shape of a row and the texts of its fields, where these stand in alerts as they are.

        That is where all are printable ASCII without `"`, `\\` and `[`, and none is empty; None for any other row.
        """

    def alike(self, raw: Row) -> Collection[int]:
        """The numbers of the texts that `plain` gives of all rows of as many columns alike."""

    def event_time(self, raw: Row) -> float | None:
        """When the event of a row happened (`Record.event_time`)."""


class RowRecord(SheetRecord):
    """A row as a record."""

    __slots__ = ()
    sheet: RowSheet
    raw: Row

    def __init__(self, sheet: RowSheet, raw: Row, number: int, time: float) -> None:
        # Everything that `SheetRecord.__init__` sets.
        self._message = None
        self._is_read = False
        self.sheet = sheet
        self.raw = raw
        self.number = number
        self.time = time
        self.event_time = sheet.event_time(raw) if sheet.tells_time else None
        self.event_id = None
        self.queue = "1"
        self.location = sheet.location

    def opened(self) -> RowRecord:
        return RowRecord(self.sheet, self.raw, self.number, self.time)


class Rows(Sequence[RowRecord]):
    """Neighbouring rows of one sheet, as records that arrived at `time`; `first` is the number of the first of them."""

    __slots__ = ("first", "raws", "sheet", "time")

    def __init__(self, sheet: RowSheet, raws: Sequence[Row], first: int, time: float) -> None:
        self.sheet = sheet
        self.raws = raws
        self.first = first
        self.time = time

    def __len__(self) -> int:
        return len(self.raws)

    def part(self, begin: int, end: int) -> Rows:
        """Some of the rows, by their places."""
        return Rows(self.sheet, self.raws[begin:end], self.first + begin, self.time)

    @overload
    def __getitem__(self, place: int) -> RowRecord: ...
    @overload
    def __getitem__(self, place: slice) -> list[RowRecord]: ...
    def __getitem__(self, place: int | slice) -> RowRecord | list[RowRecord]:
        if isinstance(place, slice):
            return [self[number] for number in range(*place.indices(len(self)))]
        raw = self.raws[place]
        return RowRecord(self.sheet, raw, self.first + place % len(self), self.time)

    def __iter__(self) -> Iterator[RowRecord]:
        for number, raw in enumerate(self.raws, self.first):
            yield RowRecord(self.sheet, raw, number, self.time)


AddStatic = Callable[[RowShape, list[str]], tuple[str, ...]]


class RowEvent(LateEvent):
    """The event of a row.

    `add_static` appends to the texts of a row of a shape those of its static fields, and gives their names. Nothing
    about it can be changed: what rules and alerts ask for beside the fields is the same for all rows.
    """

    __slots__ = ("add_static",)
    record: RowRecord

    agent_id = "000"
    category_override = None
    draft = None
    forced_rule = None
    program_name = None
    timestamp = None
    warnings = ()
    _full_log = None
    _log = None

    def __init__(
        self,
        record: RowRecord,
        hostname: str,
        decoder: DecoderInfo,
        read: Callable[[Record], Event],
        add_static: AddStatic,
    ) -> None:
        self.record = record
        self.location = record.location
        self.hostname = hostname
        self.decoder = decoder
        self._read = read
        self.add_static = add_static
        self.time = record.time if record.event_time is None else record.event_time
        self._found = None


class RowRun:
    """Neighbouring alerts of one sheet's rows of which nothing has to be known but row, rule and count.

    Attributes:
        rows: the rows that they are among.
        alerts: for each the place of its row, its rule, and how often that fired (`Match.firedtimes`).
    """

    __slots__ = ("_event", "alerts", "rows")

    def __init__(self, rows: Rows, event: Callable[[RowRecord], RowEvent]) -> None:
        self.rows = rows
        self.alerts: list[tuple[int, RuleInfo, int]] = []
        self._event = event

    def event(self, number: int) -> RowEvent:
        """The event of an alert."""
        return self._event(self.rows[self.alerts[number][0]])

    def outcome(self, number: int) -> tuple[RowRecord, Outcome]:
        """An alert by itself, with its record."""
        event = self.event(number)
        _, rule, fired = self.alerts[number]
        return event.record, Outcome(event, Match(rule, fired), True)
