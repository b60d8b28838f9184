"""An output file of one day, under the link that always names today's: append, sync, complete after a crash.

A file is only ever appended to. Nothing is taken out of a file that someone may be following, and nothing is made up:
a file shorter than its checkpoint says, or with other bytes at its end, is an error for the operator.
"""

from __future__ import annotations

import os
import threading
import zlib
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path

from alertmill.errors import OutputError
from alertmill.sinks.base import Appended
from alertmill.sinks.rotation import DatedName, Kind

#: Folders are entered by the owner and read by the group, as Wazuh makes them under its umask 0027.
_FOLDER_MODE = 0o750
_FILE_MODE = 0o640

#: Held while an undated name is changed: housekeeping, in a thread of its own, takes those away that are left over.
_links = threading.Lock()
_CONTENT = (Kind.PLAIN, Kind.PACKED)


class DatedFile:
    """One output of the home folder `home`. `open_day` first, then `append` and `sync`."""

    def __init__(self, home: Path, name: DatedName) -> None:
        self.home = home
        self.name = name
        self.path = ""
        self.size = 0
        self._fd = -1
        self._day: date | None = None
        self._part = 0

    def open_day(self, day: date) -> None:
        """Open (or make) the newest file of `day` and point the link at it. A file of another day is closed before,
        and removed if nothing was ever written to it.

        Raises OutputError when the file or its link cannot be made.
        """
        part = self._newest_part(day)
        if self.path and not self.size and self.path != self.name.day_path(day, part):
            (self.home / self.path).unlink(missing_ok=True)
        self._open(day, part)

    def _newest_part(self, day: date) -> int:
        """The part of `day` to go on with; one behind those that are compressed already, if the clock was set back."""
        part = 0
        while any((self.home / (self.name.day_path(day, part + 1) + kind)).exists() for kind in _CONTENT):
            part += 1
        return part + (self.home / (self.name.day_path(day, part) + Kind.PACKED)).exists()

    def open_next_part(self) -> None:
        """Leave the file for the next one of the same day. Raises OutputError."""
        assert self._day is not None
        self._open(self._day, self._part + 1)

    def _open(self, day: date, part: int) -> None:
        path = self.name.day_path(day, part)
        if path == self.path:
            return
        try:
            target = self.home / path
            target.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
            fd = os.open(target, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, _FILE_MODE)
            self._link(target)
            _sync_folder(target.parent)
        except OSError as error:
            raise OutputError(
                f"{path}: {error.strerror}; the daemon's user must be able to write below "
                f"{self.home / self.name.folder}"
            ) from error
        self.close()
        self._fd, self.path, self.size = fd, path, os.fstat(fd).st_size
        self._day, self._part = day, part

    def _link(self, target: Path) -> None:
        """Make the undated name a hard link of today's file, as Wazuh does (spec/alerts.md 7)."""
        link = self.home / self.name.link_path
        with _links:
            if link.exists() and link.samefile(target):
                return
            link.unlink(missing_ok=True)
            link.hardlink_to(target)
        _sync_folder(link.parent)

    def append(self, data: bytes) -> None:
        """Write all of `data` at the end of the file. Raises OutputError when the disk does not take it."""
        try:
            _write_all(self._fd, data)
        except OSError as error:
            raise OutputError(f"{self.path}: {error.strerror}; {len(data)} bytes wait in the journal") from error
        self.size += len(data)

    def sync(self) -> None:
        os.fdatasync(self._fd)

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd, self.path, self.size = -1, "", 0


def drop_link(home: Path, name: DatedName, target: os.stat_result) -> None:
    """Take away the undated name if it still leads to the file `target`, which is to be removed. Raises OSError."""
    link = home / name.link_path
    with _links, suppress(FileNotFoundError):
        if os.path.samestat(link.lstat(), target):
            link.unlink()


def redo(home: Path, promise: Appended, read_journal: Callable[[], bytes]) -> str:
    """Complete a file from what its checkpoint vouches for. Idempotent; never shrinks the file.

    `read_journal` gives the promised bytes, verified; it is asked only when some are missing. Returns a warning (a
    sentence), or an empty string. Raises OutputError when the file is not as it was left.
    """
    path = home / promise.path
    if not path.exists():
        if not promise.end:
            return ""
        return f"{promise.path} is gone ({promise.end} bytes were in it); alerts go on in a new file"
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        if size < promise.offset:
            raise OutputError(
                f"{promise.path} has {size} bytes, its checkpoint says {promise.end}: it was cut or edited. "
                "Put the whole file back, or move it away to begin a new one"
            )
        file.seek(promise.offset)
        present = file.read(promise.length)
        if len(present) == promise.length:
            if zlib.crc32(present) != promise.checksum:
                raise OutputError(_edited(promise))
            if size > promise.end:
                return (
                    f"{promise.path} has {size - promise.end} bytes that Alertmill did not write; they were left there"
                )
            return ""
        data = read_journal()
        if not data.startswith(present):
            raise OutputError(_edited(promise))
        file.write(data[len(present) :])
        file.flush()
        os.fsync(file.fileno())
    return ""


def _edited(promise: Appended) -> str:
    return (
        f"{promise.path}: its last {promise.length} bytes are not the ones that were written: it was edited. "
        "Put the file back as it was, or move it away to begin a new one"
    )


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _sync_folder(folder: Path) -> None:
    """Make a new name durable: an fsync of the file alone does not."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
