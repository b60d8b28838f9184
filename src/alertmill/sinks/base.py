"""What the outputs inside the loop share: bytes that a commit vouches for, appended and synced, redone after a crash.

A `Sink` says which bytes an outcome adds to its file; `Appended` is what a checkpoint promises of one file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from alertmill.alerts import AlertWriter, Fill, RowTemplate
from alertmill.event import Outcome, Record
from alertmill.sinks.rotation import DatedName

#: Bytes that are to be joined with others.
Pieces = tuple[bytes | memoryview, ...]


@dataclass(frozen=True, slots=True)
class Appended:
    """`length` bytes with the CRC-32 `checksum` belong at `offset` of the file `path` (relative to the home folder)."""

    path: str
    offset: int
    length: int
    checksum: int

    @property
    def end(self) -> int:
        return self.offset + self.length


class Sink(Protocol):
    """An output that must agree with the checkpoint. `name` says where its file of a day lies."""

    name: DatedName

    def render(self, record: Record, outcome: Outcome, alert_id: str) -> bytes | Pieces:
        """The bytes that `outcome`, which came of `record`, adds, whole or in pieces; empty when it is of no concern
        here."""


@runtime_checkable
class RowSink(Sink, Protocol):
    """A sink that can do without outcomes where alerts are those of rows (`alertmill.rows`)."""

    def for_rows(self) -> tuple[AlertWriter, Callable[[RowTemplate], Fill]] | None:
        """Whose templates it takes, and which form of an alert it writes; None where it wants outcomes."""
