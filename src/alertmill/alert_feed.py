"""Following a file of lines that another process appends to: alerts.json as tail and top see it.

Only complete lines are handed out, each once. The file may not be there yet, may be replaced at midnight (the daemon
points the name at the new day's file, see sinks/dated_file.py) and may be cut. What the lines mean is not known here.

A file is looked at about once a second, and at once where the system tells of changes (watchdog). What came and went
between two looks is not seen: of two replacements within a second, the file in the middle.
"""

from __future__ import annotations

import logging
import os
import select
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from watchdog.events import (
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

#: Bytes of a line; a longer one is passed over up to its end and counted, so that memory stays bounded.
MOST_LINE = 4 * 1024 * 1024
#: Bytes that are read at a time.
_PIECE = 256 * 1024
#: Seconds between two looks at a file whose changes the system tells, and at one where it does not.
_LOOK_WATCHED = 1.0
_LOOK = 0.25

_CHANGES = (FileCreatedEvent, FileModifiedEvent, FileMovedEvent, FileDeletedEvent)

# What the library says of its own threads is nothing that a user could act on.
logging.getLogger("watchdog").addHandler(logging.NullHandler())


class Feed(Protocol):
    """Lines that come by and by."""

    @property
    def overlong(self) -> int:
        """Lines that were passed over because they were too long."""

    @property
    def ended(self) -> bool:
        """Whether no more can come."""

    def read(self) -> list[bytes]:
        """The complete lines of the next piece, without their ends; empty when there are none right now.

        Raises OSError.
        """

    def wait(self, timeout: float | None = None) -> None:
        """Come back when there may be more, after `timeout` seconds at the latest."""

    def close(self) -> None: ...


class LineCutter:
    """Cuts what comes in pieces into complete lines."""

    def __init__(self, most: int = MOST_LINE) -> None:
        self._most = most
        self._rest: list[bytes] = []
        self._held = 0
        self._passing_over = False
        self.overlong = 0

    def cut(self, piece: bytes) -> list[bytes]:
        """The lines that `piece` completes, without their ends; empty lines are left out."""
        first, *others = piece.split(b"\n")
        self._keep(first)
        if not others:
            return []
        lines = [self._take(), *others[:-1]]
        self._keep(others[-1])
        return [line for line in lines if line]

    def _keep(self, part: bytes) -> None:
        self._held += len(part)
        if self._held > self._most:
            self._rest.clear()
            self._passing_over = True
        elif part:
            self._rest.append(part)

    def _take(self) -> bytes:
        line = b"" if self._passing_over else b"".join(self._rest)
        self.overlong += self._passing_over
        self.forget()
        return line

    def forget(self) -> None:
        """Leave the line that was begun: its end will not come."""
        self._rest.clear()
        self._held, self._passing_over = 0, False


class StreamFeed:
    """The lines of a pipe, a terminal, standard input: read once, to their end."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._cutter = LineCutter()
        self.ended = False

    @property
    def overlong(self) -> int:
        return self._cutter.overlong

    def read(self) -> list[bytes]:
        lines: list[bytes] = []
        while not lines and not self.ended and self._is_ready(0):
            piece = os.read(self._fd, _PIECE)
            self.ended = not piece
            # A last line without its end is whole: nothing more comes.
            lines = self._cutter.cut(piece or b"\n")
        return lines

    def wait(self, timeout: float | None = None) -> None:
        if not self.ended:
            self._is_ready(timeout)

    def _is_ready(self, timeout: float | None) -> bool:
        return bool(select.select([self._fd], [], [], timeout)[0])

    def close(self) -> None:
        """Nothing to do: whoever opened the stream closes it."""


class AlertFeed:
    """The lines of the file `path`, from its beginning, or from `go_to_end` on.

    `linked` says that it is appended to by another name, in a folder below its own, as the alerts.json of a home is.
    """

    ended = False

    def __init__(self, path: Path, *, linked: bool = False) -> None:
        self.path = path
        self._linked = linked
        self._fd = -1
        self._offset = 0
        self._cutter = LineCutter()
        self._watch: _Watch | None = None
        #: How often the name led to another file, and how often the file was cut.
        self.replaced = 0
        self.cut = 0

    @property
    def overlong(self) -> int:
        return self._cutter.overlong

    @property
    def is_there(self) -> bool:
        """Whether the file has been found. Raises OSError for one that cannot be opened."""
        return self._fd >= 0 or self._open()

    def go_to_end(self) -> int:
        """Let `read` begin behind the last complete line. Returns where that is; 0 without a file. Raises OSError."""
        if not self.is_there:
            return 0
        self._offset = _end_of_lines(self._fd, os.fstat(self._fd).st_size)
        self._cutter.forget()
        return self._offset

    def backwards(self, end: int) -> Iterator[bytes]:
        """The complete lines before the position `end` (of `go_to_end`), the last one first. Raises OSError."""
        if self.is_there and end:
            yield from _backwards(self._fd, end)

    def is_at(self, path: Path) -> bool:
        """Whether `path` names the file that is being read. Raises OSError."""
        return self._fd >= 0 and os.path.samestat(path.stat(), os.fstat(self._fd))

    def read(self) -> list[bytes]:
        while self.is_there:
            if lines := self._lines():
                return lines
            if not self._is_replaced():
                return []
            # The writer leaves a file whole before its name leads elsewhere; that may have been since the look above.
            if lines := self._lines():
                return lines
            self._leave()
            self.replaced += 1
        return []

    def _lines(self) -> list[bytes]:
        if os.fstat(self._fd).st_size < self._offset:
            self._offset = 0
            self._cutter.forget()
            self.cut += 1
        while piece := os.pread(self._fd, _PIECE, self._offset):
            self._offset += len(piece)
            if lines := self._cutter.cut(piece):
                return lines
        return []

    def _open(self) -> bool:
        try:
            # A pipe in the file's place must not hold us up.
            self._fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def _is_replaced(self) -> bool:
        try:
            present = self.path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return False  # between two files, or moved away: what is open may still grow
        return not os.path.samestat(present, os.fstat(self._fd))

    def _leave(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
        self._fd, self._offset = -1, 0
        self._cutter.forget()

    def wait(self, timeout: float | None = None) -> None:
        if self._watch is None:
            self._watch = _Watch(self.path, linked=self._linked)
        self._watch.wait(timeout)

    def close(self) -> None:
        self._leave()
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def is_stream(path: Path) -> bool:
    """Whether what is there can be read only once, from front to back: a pipe, a socket, a terminal."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


# --- backwards --------------------------------------------------------------------------------------------------------


def _end_of_lines(fd: int, size: int) -> int:
    """Where the last complete line of the first `size` bytes ends."""
    at = size
    while at:
        start = max(at - _PIECE, 0)
        found = os.pread(fd, at - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        at = start
    return 0


def _backwards(fd: int, end: int) -> Iterator[bytes]:
    """The lines before `end`, which stands behind a line's end; empty and overlong ones are left out."""
    at, rest, held = end, list[bytes](), 0  # `rest`: parts of the line that the pieces so far begin within, last first
    while at:
        start = max(at - _PIECE, 0)
        parts = os.pread(fd, at - start, start).split(b"\n")
        at = start
        for number, part in enumerate(reversed(parts)):
            if number:  # this part ends where a line begins, which is whole now
                if rest and held <= MOST_LINE:
                    yield b"".join(reversed(rest))
                rest, held = [], 0
            held += len(part)
            if held > MOST_LINE:
                rest.clear()
            elif part:
                rest.append(part)
    if rest and held <= MOST_LINE:
        yield b"".join(reversed(rest))


# --- being told -------------------------------------------------------------------------------------------------------


class _Watch(FileSystemEventHandler):
    """Tells when something happened to a file. Where the system cannot tell, time has to do.

    The folder tells of new files under the name, and of what is appended by that name. The daemon appends by the other
    name of the file, in the folder of the month: for `linked` files the folders below are watched as well.
    """

    def __init__(self, path: Path, *, linked: bool) -> None:
        # Without links, as events name it.
        self._path = str(path.parent.resolve() / path.name)
        self._linked = linked
        self._happened = threading.Event()
        self._observer: BaseObserver | None = None
        observer = Observer()
        try:
            observer.schedule(self, str(path.parent.resolve()), recursive=linked, event_filter=list(_CHANGES))
            observer.start()
        except OSError:  # no folder yet, or no more watches to be had
            return
        self._observer = observer

    def on_any_event(self, event: FileSystemEvent) -> None:
        if self._linked or self._path in (os.fsdecode(event.src_path), os.fsdecode(event.dest_path)):
            self._happened.set()

    def wait(self, timeout: float | None) -> None:
        look = _LOOK_WATCHED if self._observer else _LOOK
        self._happened.wait(look if timeout is None else min(look, timeout))
        self._happened.clear()

    def close(self) -> None:
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
