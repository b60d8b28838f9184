"""Objects that another process looks at first: the port to whoever does it, what he is told, and what he answers.

An answer is about the records of one object in their order. It says which rules each leaves, and holds the alerts that
follow from a record alone, but not the records: those are read from the body, which stays, when somebody asks. Whatever
is out of the ordinary has no answer, and the object is read as if nobody had been asked.

Only data and ports here; `alertmill.parallel` has the processes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from alertmill.config.models import EventFormat
from alertmill.event import Draft
from alertmill.sheet import ExaminedRecord, Sheet
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


class ExaminedObject(msgspec.Struct, array_like=True, frozen=True):
    """What was found out about the records of an object.

    `made_of` and `table` are those of `sheet.Examination`. For each record: `answers` has the place of its shortlist in
    the table, None where it has to be examined; `drafts` its alert; `event_times` and `event_ids` what the record is to
    carry.
    """

    made_of: bytes
    table: list[tuple[tuple[int, int], ...]]
    answers: list[int | None]
    drafts: list[Draft | None]
    event_times: list[float | None]
    event_ids: list[str | None]


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


class ObjectExamination:
    """What the records of one object share (`sheet.Examination`). `open` reads the object: its sheet and records."""

    location = LOCATION

    def __init__(self, found: ExaminedObject, open: Callable[[], tuple[Sheet, Sequence[bytes]]]) -> None:
        self.made_of = found.made_of
        self.table: Sequence[tuple[tuple[int, int], ...]] = found.table
        self._open = open
        self._opened: tuple[Sheet, Sequence[bytes]] | None = None

    def sheet(self) -> Sheet:
        return self._contents()[0]

    def raw(self, number: int) -> bytes:
        return self._contents()[1][number - 1]

    def _contents(self) -> tuple[Sheet, Sequence[bytes]]:
        if self._opened is None:
            self._opened = self._open()
        return self._opened


def examined_record(examination: ObjectExamination, found: ExaminedObject, number: int, now: float) -> ExaminedRecord:
    """A record of an object by its number."""
    place = number - 1
    return ExaminedRecord(
        examination,
        found.answers[place],
        found.drafts[place],
        number,
        now,
        found.event_times[place],
        found.event_ids[place],
    )
