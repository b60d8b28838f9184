"""Which alert files a home has, and their lines with the places where they stand.

A day's file keeps its `key` when it is compressed, so that what points at an alert goes on to hold. Files are opened to
be read, symbolic links below logs/ are not followed, and no line takes more memory than LINE_LIMIT.
"""

from __future__ import annotations

import hashlib
import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, cast

from isal import igzip

from alertmill.dashboard.rows import Line
from alertmill.sinks.folders import Found, day_files, entered
from alertmill.sinks.rotation import ALERTS_JSON, Kind

#: Bytes of the longest line that is taken for an alert.
LINE_LIMIT = 1 << 20
#: The key of an alerts.json that is no day's file: copied here, or written by something else.
LOOSE = "alerts"

_PIECE = 1 << 18
_TO_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class AlertFile:
    """A file of alerts. `key` names its content: `20261122.0` is part 0 of a day; it is good in addresses."""

    key: str
    path: Path
    packed: bool
    device: int
    inode: int
    size: int
    mtime: int

    @property
    def identity(self) -> tuple[bool, int, int, int, int]:
        """Changes when the content does."""
        return self.packed, self.device, self.inode, self.size, self.mtime


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that were read together; `end` is where they end, `sum` the CRC-32 of the content up to there."""

    lines: list[Line]
    end: int
    sum: int


def alert_files(home: Path) -> list[AlertFile]:
    """The home's alert files, the newest first. What cannot be looked into is left out."""
    days: dict[str, AlertFile] = {}
    for found in day_files(home, (ALERTS_JSON,), lambda _path, _error: None):
        if found.says.half or found.says.kind is Kind.SUM:
            continue
        file = _file_of_day(home, found)
        # While a file is compressed both are there, and the plain one is whole.
        if file is not None and (file.key not in days or not file.packed):
            days[file.key] = file
    files = [days[key] for key in sorted(days, reverse=True)]
    loose = _described(LOOSE, home / ALERTS_JSON.link_path, packed=False)
    if loose is None or any((loose.device, loose.inode) == (file.device, file.inode) for file in files):
        return files
    for number, file in enumerate(files):
        if _is_copy(home, loose, file):  # the home was copied by something that does not keep hard links
            if not file.packed and loose.size > file.size:
                files[number] = replace(loose, key=file.key)
            return files
    return [loose, *files]


def _is_copy(home: Path, loose: AlertFile, file: AlertFile) -> bool:
    """Whether one of two files is the other or its beginning, by their first lines and the end of the shorter one.

    Of a packed file the first line alone is looked at: an alert's time and id are there once.
    """
    try:
        first = _first_line(home, loose)
        if not first or first != _first_line(home, file):
            return False
        return file.packed or _end_of(home, loose, file.size) == _end_of(home, file, loose.size)
    except (OSError, EOFError):
        return False


@lru_cache(maxsize=4096)
def _first_line(home: Path, file: AlertFile) -> bytes:
    """What tells the file's first line from others, empty when there is none. Raises OSError or EOFError."""
    with opened(home, file) as content:
        line = content.readline(LINE_LIMIT)
    return hashlib.sha256(line).digest() if line else b""


def _end_of(home: Path, file: AlertFile, size: int) -> bytes:
    """The last bytes of the part that the file has in common with one of `size` bytes, if they are alike."""
    common = min(size, file.size)
    with opened(home, file) as content:
        content.seek(max(common - _PIECE, 0))
        return content.read(min(common, _PIECE))


def _file_of_day(home: Path, found: Found) -> AlertFile | None:
    says = found.says
    key = f"{says.day:%Y%m%d}.{says.part:03d}"
    return _described(key, home / found.path, packed=says.kind is Kind.PACKED)


def _described(key: str, path: Path, *, packed: bool) -> AlertFile | None:
    try:
        status = path.lstat()
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return AlertFile(key, path, packed, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


@contextmanager
def opened(home: Path, file: AlertFile) -> Iterator[BinaryIO]:
    """The file's content, unpacked. Raises OSError (igzip's own errors are OSErrors or EOFErrors)."""
    folder = file.path.parent.relative_to(home)
    with entered(home, str(folder)) as handle:
        descriptor = os.open(file.path.name, _TO_READ, dir_fd=handle)
    with os.fdopen(descriptor, "rb") as raw:
        if not stat.S_ISREG(os.fstat(raw.fileno()).st_mode):
            raise OSError(f"{file.path} is not a regular file")
        if file.packed:
            with igzip.GzipFile(fileobj=raw) as unpacked:  # type: ignore[no-untyped-call]
                yield cast(BinaryIO, unpacked)
        else:
            yield raw


def blocks(content: BinaryIO, offset: int, total: int, *, ended: bool) -> Iterator[Block]:
    """The lines from `offset` on, where `content` stands and up to where the CRC-32 is `total`.

    The last line counts without a line end only if `ended`.
    """
    begun, skipped, seen = b"", 0, total  # of the line that is not over: its bytes, those passed over, the sum of all
    while piece := content.read(_PIECE):
        cut = piece.rfind(b"\n") + 1
        whole = piece[:cut]
        if whole:
            total = zlib.crc32(whole, seen)
            first, *others = whole[:-1].split(b"\n")
            found = [_line(offset, skipped, begun + first)]
            for text in others:
                found.append(_line(found[-1].end, 0, text))
            offset, begun, skipped, seen = found[-1].end, b"", 0, total
            yield Block(found, offset, total)
        begun += piece[cut:]
        seen = zlib.crc32(piece[cut:], seen)
        if len(begun) > LINE_LIMIT:
            begun, skipped = b"", skipped + len(begun)
    if ended and (begun or skipped):
        length = skipped + len(begun)
        yield Block([Line(offset, length, None if skipped else begun)], offset + length, seen)


def _line(offset: int, skipped: int, text: bytes) -> Line:
    length = skipped + len(text) + 1
    return Line(offset, length, None if length > LINE_LIMIT else text)


def line_at(home: Path, file: AlertFile, offset: int, length: int) -> bytes:
    """The bytes of one line. Raises OSError or EOFError."""
    with opened(home, file) as content:
        content.seek(offset)
        return content.read(min(length, LINE_LIMIT)).rstrip(b"\n")
