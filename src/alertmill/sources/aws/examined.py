"""Objects that another process looks at first: the port to whoever does it, what he is told, and what he answers.

An answer is about the records of one object in their order. It says which rules each leaves, and holds the alerts that
follow from a record alone, but not the records: those are read from the body, which stays, when somebody asks. Whatever
is out of the ordinary has no answer, and the object is read as if nobody had been asked.

Only data and ports here; `alertmill.parallel` has the processes.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

import msgspec

from alertmill.config.models import EventFormat
from alertmill.event import Draft
from alertmill.sheet import Sheet
from alertmill.sources.aws.envelope import LOCATION
from alertmill.sources.aws.store import Body


class ObjectTask(msgspec.Struct, array_like=True, frozen=True):
    """An object to look at: its bytes, and what its messages say of where it lies (`objects.Target`).

    `alias` is None for a subscriber's object; with `again` the ids of its events do not matter.
    """

    type: str
    event_format: EventFormat
    alias: str | None
    account: str
    bucket: str
    key: str
    again: bool
    body: bytes


#: Most shortlists of an object's table; records that leave yet another one are examined where they are wanted.
MOST_SHORTLISTS = 255
#: The answer for a record that has to be examined.
EXAMINE = 255
#: A draft: the record's number, the rule, and the places in `pieces` where its first piece begins and where each piece
#: ends: four of JSON, the second of which is 0 where the rule shows no count and there are three, and three of text.
_DRAFT = struct.Struct("<10Q")
#: Pieces of a line of JSON.
_PIECES = 4
#: Bytes of a time, a slot and an id; what stands for no time.
_TIME, _SLOT, _ID = 8, 2, 8
_NO_TIME = float("nan")


class ExaminedObject(msgspec.Struct, array_like=True, frozen=True):
    """What was found out about the records of an object, packed: a few values for all of its records.

    `made_of`, `table` and `answers` are those of `sheet.Examination`. `drafts` are alerts (`_DRAFT`), whose pieces are
    `pieces`. `event_times` are epoch seconds, empty where no record carries one; `slots` and `ids` are those of
    `checkpoints.numbered_ids`, empty where no record has an id. Raises ValueError where these do not fit together.
    """

    made_of: bytes
    table: list[tuple[tuple[int, int], ...]]
    answers: bytes
    drafts: bytes
    pieces: memoryview
    event_times: bytes
    slots: bytes
    ids: bytes

    def __post_init__(self) -> None:
        count = len(self.answers)
        fits = len(self.event_times) in (0, _TIME * count) and len(self.slots) in (0, _SLOT * count)
        if not fits or len(self.ids) * _SLOT != len(self.slots) * _ID or len(self.drafts) % _DRAFT.size:
            raise ValueError("parts of an answer do not fit together")

    @classmethod
    def of(
        cls,
        made_of: bytes,
        table: list[tuple[tuple[int, int], ...]],
        answers: bytes,
        drafts: Mapping[int, Draft],
        event_times: Sequence[float | None],
        numbered: tuple[Sequence[int], Sequence[int]] | None,
    ) -> ExaminedObject:
        """Packed. `drafts` go by the numbers of their records."""
        pieces = [piece for draft in drafts.values() for piece in (*draft.json, *draft.text)]
        times = array("d", [_NO_TIME if time is None else time for time in event_times])
        slots, ids = numbered or ((), ())
        return cls(
            made_of,
            table,
            answers,
            b"".join(_packed(drafts)),
            memoryview(b"".join(pieces)),
            times.tobytes(),
            array("h", slots).tobytes(),
            array("q", ids).tobytes(),
        )


def _packed(drafts: Mapping[int, Draft]) -> Iterator[bytes]:
    end = 0
    for number, draft in drafts.items():
        begin = end
        ends = [end := end + len(piece) for piece in (*draft.json, *draft.text)]
        if len(draft.json) == _PIECES - 1:
            ends.insert(1, 0)
        yield _DRAFT.pack(number, draft.rule, begin, *ends)


class Examiner(Protocol):
    """Whoever looks at objects ahead. Safe to call from any thread."""

    def is_wanted(self, behind: int, size: int) -> bool:
        """Whether an object of `size` bytes is worth a task while `behind` bytes of objects wait for their turn."""

    def examine(self, task: ObjectTask) -> ExaminedObject | None:
        """Look at an object and wait for the answer; None when there is none."""


class ExaminedBody(Body):
    """The bytes of an object together with what was found out about its records."""

    def __init__(self, data: bytes, found: ExaminedObject) -> None:
        super().__init__(data)
        self.found = found
        self.beside = len(found.pieces)


class ObjectExamination:
    """What the records of one object share (`sheet.Examination`). `open` reads the object: its sheet and records."""

    location = LOCATION

    def __init__(self, found: ExaminedObject, open: Callable[[], tuple[Sheet, Sequence[bytes]]]) -> None:
        self.made_of = found.made_of
        self.table: Sequence[tuple[tuple[int, int], ...]] = found.table
        self.answers = found.answers
        self._pieces = found.pieces
        self._drafts = {row[0]: row for row in _DRAFT.iter_unpack(found.drafts)}
        self._times = memoryview(found.event_times).cast("d")
        self._slots, self._ids = memoryview(found.slots).cast("h"), memoryview(found.ids).cast("q")
        self._open = open
        self._opened: tuple[Sheet, Sequence[bytes]] | None = None

    def draft(self, number: int) -> Draft | None:
        row = self._drafts.get(number)
        if row is None:
            return None
        pieces = self._pieces
        _, rule, begin, first, second, third, fourth, fifth, sixth, end = row
        text = pieces[fourth:fifth], pieces[fifth:sixth], pieces[sixth:end]
        if not second:
            return Draft(rule, (pieces[begin:first], pieces[first:third], pieces[third:fourth]), text)
        json = pieces[begin:first], pieces[first:second], pieces[second:third], pieces[third:fourth]
        return Draft(rule, json, text)

    def event_time(self, number: int) -> float | None:
        if not self._times:
            return None
        time = self._times[number - 1]
        return time if time == time else None

    def numbered_ids(self, numbers: range) -> tuple[Sequence[int], Sequence[int]] | None:
        if not self._slots:
            return None
        begin, end = numbers.start - 1, numbers.stop - 1
        return self._slots[begin:end].tolist(), self._ids[begin:end].tolist()

    def sheet(self) -> Sheet:
        return self._contents()[0]

    def raw(self, number: int) -> bytes:
        return self._contents()[1][number - 1]

    def _contents(self) -> tuple[Sheet, Sequence[bytes]]:
        if self._opened is None:
            self._opened = self._open()
        return self._opened
