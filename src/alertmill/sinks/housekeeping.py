"""What becomes of the files of days that are over: summed, compressed, in the end deleted (spec/alerts.md 7).

A pass works from what lies on the disk: days that went by while the daemon was down are caught up with, and after a
crash the next pass goes on where it was. Only files with names that the outputs give are touched, and only of days that
the outputs have left behind with all promised bytes synced. Not decided here: when a pass is made
(`daemon.housekeeper`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, timedelta, tzinfo
from pathlib import Path
from typing import Protocol

from alertmill.sinks import folders
from alertmill.sinks.dated_file import drop_link
from alertmill.sinks.folders import Found, Stop, entered
from alertmill.sinks.rotation import (
    REJECTED_JSON,
    SUMMED,
    DatedName,
    Digests,
    Kind,
    Upkeep,
    sum_text,
)

#: Seconds after which a full look is taken again although no day has ended: what failed is tried again then.
LOOK_EVERY = 3600.0

_BY_FOLDER: dict[str, list[DatedName]] = defaultdict(list)
for _name in (*SUMMED, REJECTED_JSON):
    _BY_FOLDER[_name.folder].append(_name)


class Log(Protocol):
    """Where an operator is told what he should know."""

    def __call__(self, level: str, text: str) -> None: ...


class Complaints:
    """Says each thing that does not work once, until `forget`."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._said: set[str] = set()

    def __call__(self, path: str, error: OSError) -> None:
        text = f"{path}: {error.strerror or error}; it stays as it is for now, and is tried again"
        if text not in self._said:
            self._said.add(text)
            self._log("WARNING", text)

    def forget(self) -> None:
        self._said.clear()


class DayFiles:
    """The day files below the folder `home`.

    `written` names the outputs that are written every day: a day of theirs without a file is summed as `none`.
    `settled` gives the first day whose files are still written or promised, None while there is none. `zone` decides
    when a day begins (None: local time).
    """

    def __init__(
        self,
        home: Path,
        upkeep: Upkeep,
        written: Sequence[DatedName],
        settled: Callable[[], date | None],
        log: Log,
        *,
        zone: tzinfo | None = None,
    ) -> None:
        self._home = home
        self._upkeep = upkeep
        self._written = frozenset(written)
        self._settled = settled
        self._log = log
        self._complain = Complaints(log)
        self._zone = zone
        #: Days that were written by this process and are not closed yet, by output.
        self._ours: set[tuple[DatedName, date]] = set()
        self._looked: tuple[date, float] | None = None
        self._packed: list[tuple[date, int, int]] = []

    def run(self, now: float, stop: Stop) -> None:
        """One pass at `now` (epoch seconds), if one is due: delete what is too old, close the days that are over.

        What cannot be done is logged. Ends early when `stop` says so.
        """
        settled = self._settled()
        if settled is None:
            return
        self._ours |= {(name, settled) for name in self._written}
        over_before = self._upkeep.over_before(settled, now, self._zone)
        if not self._is_due(over_before, now):
            return
        with suppress(folders.StoppedError):
            files = [found for found in self._look() if found.says.day < over_before]
            kept_from = min(self._upkeep.kept_from(now, self._zone), over_before)
            self._ours = {(name, day) for name, day in self._ours if day >= kept_from}
            self._delete([found for found in files if found.says.day < kept_from], stop)
            for path in _BY_FOLDER:
                folders.remove_empty_months(self._home, path, kept_from)
            self._close_days([found for found in files if found.says.day >= kept_from], over_before, stop)
            self._looked = (over_before, now)
        self._tell_compressed()

    def _is_due(self, over_before: date, now: float) -> bool:
        if self._looked is None:
            return True
        day, at = self._looked
        if day != over_before:
            self._complain.forget()
        return day != over_before or not at <= now < at + LOOK_EVERY

    def _look(self) -> list[Found]:
        every = (folders.day_files(self._home, names, self._complain) for names in _BY_FOLDER.values())
        return [found for one in every for found in one]

    # --- deleting ----------------------------------------------------------------------------------------------------

    def _delete(self, files: Sequence[Found], stop: Stop) -> None:
        """Delete the files, and tell it in one line."""
        deleted, size = [], 0
        for found in files:
            if stop():
                break
            try:
                with entered(self._home, found.folder) as folder:
                    size += folders.status(folder, found.file).st_size
                    self._remove(folder, found)
            except OSError as error:
                self._complain(found.path, error)
            else:
                deleted.append(found.says.day)
        if deleted:
            text = f"Deleted {len(deleted)} day files of {_span(deleted)}, {size} bytes"
            self._log("INFO", f"{text}: <keep_day_files> is {self._upkeep.keep / 86400:g} days")

    def _remove(self, folder: int, found: Found) -> None:
        """Remove a file, under its undated name as well if that still leads to it. Raises OSError."""
        drop_link(self._home, found.name, folders.status(folder, found.file))
        folders.remove(folder, found.file)

    # --- closing a day -----------------------------------------------------------------------------------------------

    def _close_days(self, files: Sequence[Found], over_before: date, stop: Stop) -> None:
        days: dict[tuple[DatedName, date], list[Found]] = {key: [] for key in self._ours if key[1] < over_before}
        for found in sorted(files, key=lambda found: found.says.part):
            if not found.says.half:
                days.setdefault((found.name, found.says.day), []).append(found)
            elif found.name in SUMMED:
                self._clear_up(found)
        for name in SUMMED:
            for day in sorted(day for of, day in days if of == name):
                try:
                    self._close(name, day, days[name, day], stop)
                except OSError as error:
                    self._complain(name.day_path(day), error)
                    break  # the sum of the next day would be chained to nothing

    def _clear_up(self, found: Found) -> None:
        """Remove what a crash left half written."""
        try:
            with entered(self._home, found.folder) as folder:
                folders.remove(folder, found.file)
        except OSError as error:
            self._complain(found.path, error)

    def _close(self, name: DatedName, day: date, files: Sequence[Found], stop: Stop) -> None:
        """Sum and compress the files of a day, ordered by part, as far as that is not done. Raises OSError."""
        ours = (name, day) in self._ours
        plain = [found for found in files if found.says.kind is Kind.PLAIN]
        if not plain and not ours:
            return
        summed = any(found.says.kind is Kind.SUM for found in files)
        with entered(self._home, name.month_path(day), make=ours) as folder:
            plain = [found for found in plain if not self._is_empty(folder, found)]
            parts = {found.says.part: found.file for found in files if found.says.kind is Kind.PACKED}
            parts |= {found.says.part: found.file for found in plain}
            contents = [parts[part] for part in sorted(parts)]
            if ours or not summed:
                self._write_sum(folder, name, day, contents, stop)
            elif plain and self._upkeep.compress:
                self._check_sum(folder, name, day, contents, stop)
            if self._upkeep.compress:
                self._compress(folder, plain, stop)
        self._ours.discard((name, day))

    def _is_empty(self, folder: int, found: Found) -> bool:
        """Whether there was nothing in the file; it is removed then, as at the turn of a day."""
        if folders.status(folder, found.file).st_size:
            return False
        self._remove(folder, found)
        return True

    def _write_sum(self, folder: int, name: DatedName, day: date, contents: Sequence[str], stop: Stop) -> None:
        current = folders.digests(folder, contents, stop) if contents else Digests()
        text = sum_text(name, day, current, self._sum_before(name, day, stop))
        folders.write_whole(folder, name.file_name(day, kind=Kind.SUM), text.encode("ascii"))

    def _sum_before(self, name: DatedName, day: date, stop: Stop) -> Digests:
        """The checksums of the `.sum` file of the day before `day`."""
        yesterday = day - timedelta(days=1)
        try:
            with entered(self._home, name.month_path(yesterday)) as folder:
                return folders.digests(folder, [name.file_name(yesterday, kind=Kind.SUM)], stop)
        except FileNotFoundError:
            return Digests()

    def _check_sum(self, folder: int, name: DatedName, day: date, contents: Sequence[str], stop: Stop) -> None:
        """Say so if files that were summed before hold something else now; they are only compressed then."""
        file = name.file_name(day, kind=Kind.SUM)
        now = sum_text(name, day, folders.digests(folder, contents, stop), Digests())
        told, _, _ = folders.read_head(folder, file).partition(b"\n\n")
        if told != now.encode("ascii").partition(b"\n\n")[0]:
            path = f"{name.month_path(day)}/{file}"
            self._log("WARNING", f"{path} does not fit the files of its day: they were changed after it was written")

    def _compress(self, folder: int, plain: Sequence[Found], stop: Stop) -> None:
        for found in plain:
            try:
                before, after = folders.compress(folder, found.file, stop)
                self._remove(folder, found)
            except OSError as error:
                self._complain(found.path, error)
            else:
                self._packed.append((found.says.day, before, after))

    def _tell_compressed(self) -> None:
        if self._packed:
            days, before, after = zip(*self._packed, strict=True)
            self._log("INFO", f"Compressed {len(days)} day files of {_span(days)}: {sum(before)} bytes to {sum(after)}")
            self._packed.clear()


def _span(days: Sequence[date]) -> str:
    first, last = min(days), max(days)
    return f"{first}" if first == last else f"{first} to {last}"
