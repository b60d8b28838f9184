"""The daemon's own log, moved away day by day into `logs/wazuh/YYYY/Mon` (spec/control.md 3), in both of its forms.

A log is moved away when its first line is of a day that is over, or when it is too large; what is moved belongs to the
day of its first line, so that nothing need be remembered over a restart. It is compressed by a later pass: another
program of the same home, which opens the file for each line, has written that line by then. Times are those that the
lines bear, the system's, whatever clock records are stamped with.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path

from alertmill.sinks import folders
from alertmill.sinks.folders import Stop, entered
from alertmill.sinks.housekeeping import Complaints, Log
from alertmill.sinks.rotation import OWN_JSON_LOG, OWN_LOG, DatedName, Kind, midnight

_MIB = 1 << 20
#: What a line of either form begins with.
_FIRST_LINE = re.compile(rb'(?:\{"timestamp":\s?")?([0-9]{4})/([0-9]{2})/([0-9]{2}) ')
_NAMES = {"ossec.log": OWN_LOG, "ossec.json": OWN_JSON_LOG}


@dataclass(frozen=True, slots=True)
class LogRotation:
    """When logs are rotated: the internal options `monitord.*` of Wazuh.

    `size` is in MiB (0: whatever the size); of one day at most `daily` files are kept, and files for `keep` days.
    """

    rotate: bool = True
    compress: bool = True
    wait: int = 10
    size: int = 512
    daily: int = 12
    keep: int = 31


class OwnLogs:
    """The logs in `home/logs`. `hold` keeps everyone from writing to one of them while it is moved."""

    def __init__(
        self,
        home: Path,
        rotation: LogRotation,
        hold: Callable[[Path], AbstractContextManager[None]],
        log: Log,
        *,
        zone: tzinfo | None = None,
    ) -> None:
        self._home = home
        self._rotation = rotation
        self._hold = hold
        self._complain = Complaints(log)
        self._zone = zone
        self._today: date | None = None

    def run(self, now: float, stop: Stop) -> None:
        """One pass at `now`, epoch seconds: compress what was moved before, drop what is too much, move what is due.

        What cannot be done is logged. Ends early when `stop` says so.
        """
        if not self._rotation.rotate:
            return
        today = datetime.fromtimestamp(now, self._zone).date()
        if today != self._today:
            self._complain.forget()
            self._today = today
        with suppress(folders.StoppedError):
            self._look_after_moved(today, stop)
        for file, name in _NAMES.items():
            try:
                self._move_if_due(file, name, now, today)
            except OSError as error:
                self._complain(f"logs/{file}", error)

    # --- moved files -------------------------------------------------------------------------------------------------

    def _look_after_moved(self, today: date, stop: Stop) -> None:
        oldest = today - timedelta(days=self._rotation.keep)
        for found in folders.day_files(self._home, list(_NAMES.values()), self._complain):
            try:
                with entered(self._home, found.folder) as folder:
                    if found.says.day < oldest or found.says.half:
                        folders.remove(folder, found.file)
                    elif found.says.kind is Kind.PLAIN and self._rotation.compress:
                        folders.compress(folder, found.file, stop)
                        folders.remove(folder, found.file)
            except OSError as error:
                self._complain(found.path, error)
        folders.remove_empty_months(self._home, OWN_LOG.folder, oldest)

    # --- moving ------------------------------------------------------------------------------------------------------

    def _move_if_due(self, file: str, name: DatedName, now: float, today: date) -> None:
        """Move a log away if it is of a day that is over, or too large. Raises OSError."""
        with entered(self._home, "logs") as logs:
            if not folders.exists(logs, file):
                return
            status = folders.status(logs, file)
            if not stat.S_ISREG(status.st_mode):
                raise OSError(0, "it is no regular file, and is not rotated")
            day = _first_day(folders.read_head(logs, file)) or today
            over = day < today and now >= midnight(today, self._zone) + self._rotation.wait
            if over or (self._rotation.size and status.st_size > self._rotation.size * _MIB):
                self._move(logs, file, name, day if over else today)

    def _move(self, logs: int, file: str, name: DatedName, day: date) -> None:
        with entered(self._home, name.month_path(day), make=True) as folder:
            month = folders.month_files(self._home, [name], name.month_path(day))
            moved = [found for found in month if found.says.day == day]
            parts = sorted({found.says.part for found in moved})
            number = parts[-1] + 1 if parts else 0
            while folders.exists(folder, name.file_name(day, number)):
                number += 1
            with self._hold(self._home / "logs" / file):
                os.rename(file, name.file_name(day, number), src_dir_fd=logs, dst_dir_fd=folder)
            too_many = parts[: max(len(parts) + 1 - self._rotation.daily, 0)]
            for found in moved:
                if found.says.part in too_many:
                    folders.remove(folder, found.file)


def _first_day(head: bytes) -> date | None:
    """The day of the first line of a log, None when it bears none."""
    line = _FIRST_LINE.match(head)
    with suppress(ValueError):
        return date(*map(int, line.groups())) if line else None
    return None
