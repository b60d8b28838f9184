"""Waiting until a file changes: watchdog tells that something happened, sizes and times of files whether it counts.

Reading a file is an event too, and editors write in several strokes; what is compared is the state of the files.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

#: Seconds without a change before a change is told, and seconds between two looks when nothing was heard.
_QUIET, _PATIENCE = 0.15, 2.0

#: What editors leave beside a file while they write.
_PASSING = ("~", ".swp", ".swx", ".tmp", ".part")

State = frozenset[tuple[str, int, int]]


class Watching(FileSystemEventHandler):
    """Watches folders, with everything below them, and single files, for as long as the block lasts.

    `ignored` are files that are written because of a change: they are none.
    """

    def __init__(self, paths: Sequence[Path], ignored: Sequence[Path] = ()) -> None:
        self._paths = [path.resolve() for path in paths]
        self._ignored = frozenset(path.resolve() for path in ignored)
        self._heard = threading.Event()
        self._observer = Observer()
        self._seen = self._state()

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Called by watchdog's thread."""
        if event.event_type not in ("opened", "closed_no_write"):
            self._heard.set()

    def wait(self) -> None:
        """Return when some file is other than at the last return, or than at the beginning."""
        while True:
            # Without any event the files are looked at all the same: some file systems tell nothing.
            self._heard.wait(_PATIENCE)
            self._heard.clear()
            now = self._state()
            while now != self._seen:
                time.sleep(_QUIET)
                self._seen, now = now, self._state()
                if now == self._seen:
                    return

    def _state(self) -> State:
        files = {file for path in self._paths for file in (path.rglob("*") if path.is_dir() else [path])}
        return frozenset(found for file in files - self._ignored if (found := _stamp(file)) is not None)

    def __enter__(self) -> Watching:
        folders = {path if path.is_dir() else path.parent for path in self._paths}
        for folder in sorted(folders):
            if folder.is_dir() and not any(other in folder.parents for other in folders):
                self._observer.schedule(self, str(folder), recursive=folder in self._paths)
        self._observer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._observer.stop()
        self._observer.join()


def _stamp(file: Path) -> tuple[str, int, int] | None:
    """Name, size and time of a regular file; None for anything else."""
    try:
        if file.name.endswith(_PASSING) or not file.is_file():
            return None
        found = file.stat()
    except OSError:
        return None
    return str(file), found.st_size, found.st_mtime_ns
