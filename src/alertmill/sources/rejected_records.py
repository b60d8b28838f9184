"""Records that the engine refused, analysed once more: `logs/rejected/` as a source.

The files stay as they are, because the pipeline may be appending to one of them. How far each was taken is a position
in the checkpoint, committed with the records: whatever is killed, each record is analysed again once. One that is
refused again is appended as a new record, which waits for the next request.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from alertmill import codes
from alertmill.event import Record, to_byte_text
from alertmill.sources.base import Batch, Position, Progress, Stop

#: The scope of the positions.
SCOPE = "retry|rejected"
#: Begins the key of a position that says where the request under way ends; the file's name follows.
_UNTIL = "until "

_BATCH_RECORDS = 500
_BATCH_BYTES = 4 * 1024 * 1024
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A refused record: the file that keeps it, when it arrived (epoch seconds), where from, why it was refused."""

    file: str
    time: float
    location: str
    place: str
    reason: str


class RejectedRecords:
    """The files below `folder`, oldest first. `log` takes a level and a line."""

    def __init__(self, folder: Path, log: Callable[[str, str], None]) -> None:
        self._folder = folder
        self._log = log

    def batches(self, progress: Progress, stop: Stop) -> Iterator[Batch]:
        """What was refused until now and not analysed again since. Ends early when `stop` is set."""
        stored = progress.positions(SCOPE)
        files = self._files()
        ends = {name: stored.get(_UNTIL + name) for name in files}
        if not any(key.startswith(_UNTIL) for key in stored):
            ends = {name: str(self._size(name)) for name in files}
            yield Batch(marks=tuple(Position(SCOPE, _UNTIL + name, end or "") for name, end in ends.items()))
        count = 0
        for name, end in ends.items():
            try:
                for batch in self._of_file(name, int(stored.get(name) or 0), int(end or 0)):
                    count += len(batch.records)
                    yield batch
                    if stop.is_set():
                        return
            except OSError as error:
                self._log("WARNING", f"logs/rejected/{name}: {error.strerror}  [{codes.A_REQUEST.id}]")
        self._log("INFO", f"{count} rejected records were analysed again.")
        over = [Position(SCOPE, _UNTIL + name, "") for name in ends]
        over += [Position(SCOPE, key, "") for key in stored if key.removeprefix(_UNTIL) not in ends]
        yield Batch(marks=tuple(over))

    def waiting(self, stored: Mapping[str, str]) -> Iterator[Waiting]:
        """What was refused and not analysed again since, oldest first; `stored` are the positions of SCOPE.

        Raises OSError.
        """
        for name in self._files():
            with (self._folder / name).open("rb") as file:
                file.seek(int(stored.get(name) or 0))
                for line in file:
                    with suppress(ValueError, KeyError, TypeError, RecursionError):  # not a record: `batches` says so
                        entry = json.loads(line)
                        texts = (str(entry.get(member, "")) for member in ("location", "place", "reason"))
                        yield Waiting(name, float(entry["time"]), *texts)

    def _size(self, name: str) -> int:
        try:
            return (self._folder / name).stat().st_size
        except OSError:  # removed since it was seen
            return 0

    def _files(self) -> list[str]:
        """The day files by their names below the folder."""
        found = [path.relative_to(self._folder) for path in self._folder.glob("*/*/*.json")]
        return [str(path) for path in sorted(found, key=_age)]

    def _of_file(self, name: str, position: int, end: int) -> Iterator[Batch]:
        records: list[Record] = []
        size = 0
        with (self._folder / name).open("rb") as file:
            file.seek(position)
            while position < end and (line := file.readline()).endswith(b"\n"):
                position += len(line)
                size += len(line)
                if record := self._record(line, name):
                    records.append(record)
                if len(records) >= _BATCH_RECORDS or size >= _BATCH_BYTES:
                    yield Batch(records, (Position(SCOPE, name, str(position)),))
                    records, size = [], 0
        if size:
            yield Batch(records, (Position(SCOPE, name, str(position)),))

    def _record(self, line: bytes, name: str) -> Record | None:
        """The record that a line keeps, None for a line that keeps none."""
        try:
            entry = json.loads(line)
            message, location, queue = (str(entry[member]) for member in ("message", "location", "queue"))
            place, time = str(entry.get("place", "")), float(entry["time"])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            text = f"logs/rejected/{name}: a line is no rejected record and is passed over: {error}"
            self._log("WARNING", f"{text}  [{codes.A_REQUEST.id}]")
            return None
        return Record(to_byte_text(message), to_byte_text(location), time, queue=queue, place=to_byte_text(place))


def _age(path: Path) -> tuple[str, int, str]:
    year, month, name = path.parts
    return year, _MONTHS.index(month) if month in _MONTHS else 0, name
