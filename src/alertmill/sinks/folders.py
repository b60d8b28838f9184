"""What is done to files below `logs/`: found, read, replaced, compressed, without ever following a symbolic link.

A folder is entered name by name and then held by its descriptor, so that nobody who can write there sends us elsewhere;
only `logs` itself may be a symbolic link, which is the operator's way of moving it to another disk. A new file comes
into being under a name of its own, is synced, and is then renamed: a crash leaves the old state or the new one, and
perhaps a half-written file whose name says so (`rotation.NEW`). Which files are meant is decided by others.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import stat
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO

from alertmill.sinks.rotation import MONTHS, NEW, DatedName, DayFile, Digests, Kind, month_is_before

FOLDER_MODE = 0o750
FILE_MODE = 0o640

#: Asked between two pieces of work whether to stop.
Stop = Callable[[], bool]

#: Bytes read at a time: enough for the hashes and the compressor to leave the interpreter to the engine's thread.
_PIECE = 1 << 20
#: Slashes in the path of a month's folder, logs/alerts/2026/Nov.
_MONTH_DEPTH = 3
_TO_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_TO_ENTER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_TO_MAKE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class StoppedError(Exception):
    """The work was given up because its caller wants to stop; everything is as it was."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file of the output `name`, in the folder `year/month` below the output's own."""

    name: DatedName
    year: str
    month: str
    file: str
    says: DayFile

    @property
    def folder(self) -> str:
        return f"{self.name.folder}/{self.year}/{self.month}"

    @property
    def path(self) -> str:
        return f"{self.folder}/{self.file}"


@contextmanager
def entered(home: Path, path: str, *, make: bool = False) -> Iterator[int]:
    """A descriptor of the folder `path` (relative to `home`, beginning with `logs`), made if asked for.

    Raises OSError; a symbolic link on the way is "Not a directory".
    """
    first, *rest = path.split("/")
    folder = os.open(home / first, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in rest:
            if make:
                _make_folder(part, folder)
            inner = os.open(part, _TO_ENTER, dir_fd=folder)
            os.close(folder)
            folder = inner
        yield folder
    finally:
        os.close(folder)


def _make_folder(name: str, parent: int) -> None:
    with suppress(FileExistsError):
        os.mkdir(name, FOLDER_MODE, dir_fd=parent)
        os.fsync(parent)


def subfolders(home: Path, path: str) -> list[str]:
    """The names of the folders in `path`, none if there is no `path`. Raises OSError when it cannot be entered."""
    try:
        with entered(home, path) as folder, os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    except FileNotFoundError:
        return []


def day_files(home: Path, names: Sequence[DatedName], complain: Callable[[str, OSError], None]) -> list[Found]:
    """All regular files that bear a name of one of the outputs `names`, which share a folder.

    What cannot be looked into is told to `complain`, with its path, and passed over.
    """
    found: list[Found] = []
    waiting = [names[0].folder]
    while waiting:
        path = waiting.pop(0)
        try:
            if path.count("/") == _MONTH_DEPTH:
                found += month_files(home, names, path)
            else:
                waiting += [f"{path}/{inner}" for inner in subfolders(home, path)]
        except OSError as error:
            complain(path, error)
    return found


def month_files(home: Path, names: Sequence[DatedName], path: str) -> list[Found]:
    """As `day_files`, in one month's folder. Raises OSError."""
    year, month = path.split("/")[-2:]
    with entered(home, path) as folder, os.scandir(folder) as entries:
        files = [entry.name for entry in entries if entry.is_file(follow_symlinks=False)]
    return [found for file in files for found in _named(names, year, month, file)]


def _named(names: Sequence[DatedName], year: str, month: str, file: str) -> list[Found]:
    readings = ((name, name.read_name(year, month, file)) for name in names)
    return [Found(name, year, month, file, reading) for name, reading in readings if reading is not None]


def status(folder: int, name: str) -> os.stat_result:
    """What the file system says of a file (or of a link itself). Raises OSError."""
    return os.stat(name, dir_fd=folder, follow_symlinks=False)


def exists(folder: int, name: str) -> bool:
    """Whether there is anything of this name, be it a dangling link."""
    try:
        status(folder, name)
    except FileNotFoundError:
        return False
    return True


def remove(folder: int, name: str) -> None:
    """Remove a file if it is there."""
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)


def remove_empty_months(home: Path, path: str, before: date) -> None:
    """Remove the folders of months and years in `path` that lie before the day `before` and have nothing in them."""
    with suppress(OSError):
        for year in subfolders(home, path):
            for month in subfolders(home, f"{path}/{year}"):
                if month_is_before(year, month, before):
                    _remove_empty(home, f"{path}/{year}", month)
            if month_is_before(year, MONTHS[-1], before):
                _remove_empty(home, path, year)


def _remove_empty(home: Path, parent: str, name: str) -> None:
    with suppress(OSError), entered(home, parent) as folder:
        os.rmdir(name, dir_fd=folder)


def read_head(folder: int, name: str, size: int = 4096) -> bytes:
    """The first bytes of a regular file, all of a small one. Raises OSError."""
    with _opened(folder, name) as file:
        return file.read(size)


def write_whole(folder: int, name: str, data: bytes) -> None:
    """Put a small file in place, whole and synced. Raises OSError."""
    with _new_file(folder, name) as file:
        file.write(data)


def digests(folder: int, names: Sequence[str], stop: Stop) -> Digests:
    """The checksums of the files' contents one behind the other; packed ones count unpacked.

    Raises OSError (also for a packed file that is damaged) and StoppedError.
    """
    sums = [hashlib.new(kind, usedforsecurity=False) for kind in ("md5", "sha1", "sha256")]
    for name in names:
        for piece in _content(folder, name, stop):
            for each in sums:
                each.update(piece)
    return Digests(*(each.hexdigest() for each in sums))


def compress(folder: int, name: str, stop: Stop) -> tuple[int, int]:
    """Make `name.gz` of the file `name`, which must not change meanwhile. Returns the sizes of both.

    A `.gz` of the same content, left by a crash, is taken as it is. Raises OSError when there is one of other content,
    or when the file changed; StoppedError.
    """
    packed = name + Kind.PACKED
    with _opened(folder, name) as file:
        before = os.fstat(file.fileno())
        if not exists(folder, packed):
            with _new_file(folder, packed) as target:
                _pack(file, target, before, stop)
        elif not _same_content(folder, name, packed, stop):
            raise OSError(0, f"{packed} is there already and holds something else")
    os.fsync(folder)
    return before.st_size, status(folder, packed).st_size


def _pack(file: BinaryIO, target: BinaryIO, before: os.stat_result, stop: Stop) -> None:
    size = 0
    with gzip.GzipFile("", "wb", 6, target, mtime=0) as packer:
        for piece in _pieces(file, stop):
            packer.write(piece)
            size += len(piece)
    now = os.fstat(file.fileno())
    if (size, now.st_size, now.st_mtime_ns) != (before.st_size, before.st_size, before.st_mtime_ns):
        raise OSError(0, "it is still being written to")
    target.flush()
    os.fchmod(target.fileno(), stat.S_IMODE(before.st_mode) & 0o777)
    os.utime(target.fileno(), ns=(before.st_atime_ns, before.st_mtime_ns))


def _same_content(folder: int, name: str, packed: str, stop: Stop) -> bool:
    try:
        return digests(folder, [packed], stop) == digests(folder, [name], stop)
    except OSError:
        return False


@contextmanager
def _opened(folder: int, name: str) -> Iterator[BinaryIO]:
    fd = os.open(name, _TO_READ, dir_fd=folder)
    with os.fdopen(fd, "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(0, "it is no regular file")
        yield file


@contextmanager
def _new_file(folder: int, name: str) -> Iterator[BinaryIO]:
    """A file to write, put in the place `name` and synced when the block ends well."""
    half = name + NEW
    remove(folder, half)
    fd = os.open(half, _TO_MAKE, FILE_MODE, dir_fd=folder)
    try:
        with os.fdopen(fd, "wb") as file:
            yield file
            file.flush()
            os.fsync(fd)
        os.rename(half, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        remove(folder, half)
        raise
    os.fsync(folder)


def _content(folder: int, name: str, stop: Stop) -> Iterator[bytes]:
    with _opened(folder, name) as file:
        if not name.endswith(Kind.PACKED):
            yield from _pieces(file, stop)
            return
        try:
            with gzip.GzipFile(fileobj=file) as unpacked:
                yield from _pieces(unpacked, stop)
        except (EOFError, zlib.error) as error:
            raise OSError(0, f"{name} is damaged") from error


def _pieces(file: BinaryIO | gzip.GzipFile, stop: Stop) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        if stop():
            raise StoppedError
        yield piece
