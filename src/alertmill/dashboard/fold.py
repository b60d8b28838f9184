"""Folding: the alert files are brought into the cache, file by file, the newest first, and then followed.

What a file is known by: while its size, its time and its place on disk are the same, it is left alone. If it grew, its
beginning is compared and only the new lines are read. A day's file that was compressed is known again by the checksum
in its trailer. Anything else that changed is read anew; what is gone is taken out. Lines that are no alerts are
counted.
"""

from __future__ import annotations

import os
import struct
import threading
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, BinaryIO

from alertmill.dashboard.alert_files import AlertFile, Block, alert_files, blocks, opened
from alertmill.dashboard.cache import Cache, FoldedFile
from alertmill.dashboard.rows import Line, Rows, make_rows

#: Lines, and bytes of them, that go into the cache in one transaction, about.
BATCH_LINES = 8000
BATCH_BYTES = 16 << 20
#: Bytes to fold from which on worker processes are worth their start.
LARGE = 16 << 20
#: Bytes of a file's beginning that are compared before more of it is folded.
HEAD = 4096
#: Rows after which the cache is tidied at the end of a turn.
MANY = 50_000
#: Turns after which files that could not be read are tried again.
TRY_AGAIN = 60

_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Standing:
    """How far folding is. `waiting` are bytes on disk that are not folded yet; `trouble` files that cannot be read."""

    files: int
    rows: int
    corrupt: int
    waiting: int
    turns: int
    trouble: tuple[str, ...]


class Folder:
    """Keeps a cache up to date with the alert files of a home."""

    def __init__(self, home: Path, cache: Cache, stopped: Callable[[], bool] = lambda: False, workers: int = 0) -> None:
        self.home = home
        self.cache = cache
        self._workers = workers
        self._stopped = stopped
        self._files: dict[str, FoldedFile] = cache.files()
        self._on_disk: list[AlertFile] = []
        #: Why a file could not be read to its end, and its identity then.
        self._trouble: dict[str, tuple[object, str]] = {}
        self._turns = 0
        self._next = max((file.number for file in self._files.values()), default=0) + 1

    @property
    def version(self) -> tuple[int, int]:
        """Changes whenever rows come or go."""
        files = list(self._files.values())
        return sum(file.rows for file in files), sum(file.number for file in files)

    def standing(self) -> Standing:
        known = dict(self._files)
        waiting = 0
        for file in self._on_disk:
            have = known.get(file.key)
            if have is None:
                waiting += file.size
            elif not file.packed:
                waiting += max(file.size - have.folded, 0)
            elif not have.whole:
                waiting += file.size
        rows, corrupt = sum(f.rows for f in known.values()), sum(f.corrupt for f in known.values())
        return Standing(
            len(known), rows, corrupt, waiting, self._turns, tuple(text for _, text in list(self._trouble.values()))
        )

    def file(self, key: str) -> AlertFile | None:
        """The file of a key as it was when last looked at."""
        return next((file for file in self._on_disk if file.key == key), None)

    def key(self, number: int) -> str:
        """The key of a file in the cache. Raises KeyError."""
        return next(file.key for file in list(self._files.values()) if file.number == number)

    def number(self, key: str) -> int | None:
        """The number of a key's file in the cache."""
        found = self._files.get(key)
        return found.number if found else None

    def turn(self) -> bool:
        """Bring the cache up to date. Returns whether anything changed."""
        before = self.version
        self._on_disk = alert_files(self.home)
        present = {file.key for file in self._on_disk}
        for key in [key for key in self._files if key not in present]:
            self._forget(key)
        if self._turns % TRY_AGAIN == 0:
            self._trouble.clear()
        self._trouble = {key: trouble for key, trouble in self._trouble.items() if key in present}
        for place, file in enumerate(self._on_disk):
            if self._stopped():
                break
            if place:  # what comes in while old files are read is not to wait for them
                for today in alert_files(self.home)[:1]:
                    self._look_at(today, newest=True)
            self._look_at(file, newest=place == 0)
        self._turns += 1
        if abs(self.version[0] - before[0]) >= MANY:
            self.cache.tidy()
        return self.version != before

    def _look_at(self, file: AlertFile, *, newest: bool) -> None:
        """Bring one file into the cache, unless nothing about it changed since it was, or since that failed."""
        known = self._files.get(file.key)
        if known is not None and known.identity == file.identity and known.whole:
            return
        if file.key in self._trouble and self._trouble[file.key][0] == file.identity:
            return
        try:
            try:
                self._bring_in(file, known, newest=newest)
            except BrokenProcessPool:  # a worker was killed, for want of memory perhaps: do it without them
                self._workers = 0
                self._bring_in(file, self._files.get(file.key), newest=newest)
            self._trouble.pop(file.key, None)
        except (OSError, EOFError, zlib.error) as error:
            self._trouble[file.key] = file.identity, f"{file.path.name}: {error}"

    def _bring_in(self, file: AlertFile, known: FoldedFile | None, *, newest: bool) -> None:
        if known is not None and not self._goes_on(known, file):
            if self._is_packed_form(known, file):
                self._store(replace(known, **_identity(file), whole=True))
                return
            self._forget(file.key)
            known = None
        if known is None:
            known = FoldedFile(self._next, file.key, *file.identity, 0, 0, 0, 0, 0, False)
            self._next += 1
        self._fold(file, known, ended=file.packed or not newest)

    def _goes_on(self, known: FoldedFile, file: AlertFile) -> bool:
        """Whether what was folded of a file is still its beginning."""
        if file.packed != known.packed:
            return False
        if not file.packed and file.size < known.folded:
            return False
        grown_in_place = (file.device, file.inode) == (known.device, known.inode) and file.size > known.size
        with opened(self.home, file) as content:
            if grown_in_place and not file.packed:
                return zlib.crc32(content.read(min(HEAD, known.folded))) == known.head
            return _sum(content, known.folded) == known.sum

    def _is_packed_form(self, known: FoldedFile, file: AlertFile) -> bool:
        """Whether a compressed file holds exactly the bytes that were folded: its trailer has their sum and number."""
        if known.packed or not file.packed or file.size < 18:
            return False
        with file.path.open("rb") as raw:
            raw.seek(-8, 2)
            total, size = struct.unpack("<II", raw.read(8))
        return (total, size) == (known.sum, known.folded & 0xFFFFFFFF)

    def _fold(self, file: AlertFile, known: FoldedFile, *, ended: bool) -> None:
        with opened(self.home, file) as content, self._maker(file, known) as maker:
            content.seek(known.folded)
            batches = _batches(blocks(content, known.folded, known.sum, ended=ended))
            for end, total, rows in maker.made(batches):
                known = self._store_rows(file, known, end, total, rows)
                if self._stopped():
                    return
        self._store(replace(known, **_identity(file), whole=True))

    def _maker(self, file: AlertFile, known: FoldedFile) -> Maker:
        size = file.size if file.packed else file.size - known.folded
        return Maker(self._workers if size >= LARGE else 0)

    def _store_rows(self, file: AlertFile, known: FoldedFile, end: int, total: int, rows: Rows) -> FoldedFile:
        head = known.head
        if known.folded < HEAD and not file.packed:
            with opened(self.home, file) as content:
                head = zlib.crc32(content.read(min(HEAD, end)))
        known = replace(
            known,
            folded=end,
            sum=total,
            head=head,
            rows=known.rows + rows.count,
            corrupt=known.corrupt + rows.corrupt,
            whole=False,
        )
        self._store(known, rows)
        return known

    def _store(self, file: FoldedFile, rows: Rows | None = None) -> None:
        self.cache.put(file, rows)
        self._files[file.key] = file

    def _forget(self, key: str) -> None:
        self.cache.forget(self._files[key].number)
        del self._files[key]


def _identity(file: AlertFile) -> dict[str, Any]:
    return {name: getattr(file, name) for name in ("packed", "device", "inode", "size", "mtime")}


@dataclass(frozen=True, slots=True)
class _Batch:
    """Lines for one transaction, where they end, and the CRC-32 of the content up to there."""

    lines: list[Line]
    end: int
    sum: int


def _batches(found: Iterator[Block]) -> Iterator[_Batch]:
    lines: list[Line] = []
    size = 0
    damage: Exception | None = None
    while True:
        try:
            block = next(found, None)
        except (OSError, EOFError, zlib.error) as error:  # what was read before the damage counts
            block, damage = None, error
        if block is not None:
            last = block
            lines += block.lines
            size += sum(line.length for line in block.lines)
        if lines and (block is None or len(lines) >= BATCH_LINES or size >= BATCH_BYTES):
            yield _Batch(lines, last.end, last.sum)
            lines, size = [], 0
        if block is None:
            break
    if damage is not None:
        raise damage


def _end_with_parent() -> None:
    """Begin to watch, in a worker, that the process it works for is there: kill -9 leaves nobody to end it."""

    def watch(parent: BaseProcess) -> None:
        parent.join()
        os._exit(1)

    if parent := parent_process():
        threading.Thread(target=watch, args=(parent,), daemon=True).start()


class Maker:
    """Makes rows of batches, in their order: in worker processes, a few batches ahead, or with 0 workers right here."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Maker:
        if self._workers:
            self._pool = ProcessPoolExecutor(self._workers, get_context("spawn"), _end_with_parent)
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def made(self, batches: Iterable[_Batch]) -> Iterator[tuple[int, int, Rows]]:
        """Of each batch: where it ends, the sum up to there, and its rows."""
        if self._pool is None:
            for batch in batches:
                yield batch.end, batch.sum, make_rows(batch.lines)
            return
        waiting: deque[tuple[int, int, Future[Rows]]] = deque()
        for batch in batches:
            waiting.append((batch.end, batch.sum, self._pool.submit(make_rows, batch.lines)))
            if len(waiting) > self._workers + 1:
                end, total, rows = waiting.popleft()
                yield end, total, rows.result()
        for end, total, rows in waiting:
            yield end, total, rows.result()


def _sum(content: BinaryIO, length: int) -> int:
    """The CRC-32 of the first bytes; of fewer when there are fewer."""
    total = 0
    while length > 0 and (piece := content.read(min(_PIECE, length))):
        total, length = zlib.crc32(piece, total), length - len(piece)
    return total
