"""The alerts of days that are over: the files that alerts.json led to before, compressed or not."""

from __future__ import annotations

import gzip
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import islice, takewhile
from pathlib import Path

from alertmill.alert_feed import AlertFeed, LineCutter
from alertmill.cli.alert_view import AlertView, Wanted
from alertmill.sinks.rotation import ALERTS_JSON, MONTHS, Kind

#: Files that are looked through for the last alerts: a month of days.
MOST_FILES = 31

#: Bytes that are read at a time.
_PIECE = 256 * 1024


def older_lines(home: Path, since: float) -> Iterator[bytes]:
    """The lines of the files of the day of `since` (epoch seconds) and of those behind it, in order; of all files but
    the one that alerts.json leads to. A damaged end of a compressed file is passed over. Raises OSError.
    """
    for path in _files(home, datetime.fromtimestamp(since).date()):
        yield from _lines(path)


def files_before(home: Path, feed: AlertFeed) -> list[Path]:
    """The files before the one that `feed` reads, the last one first; `MOST_FILES` at most. Raises OSError."""
    return list(takewhile(lambda path: not feed.is_at(path), _files(home, date.min)))[: -MOST_FILES - 1 : -1]


def last_alerts(path: Path, wanted: Wanted, count: int) -> Iterator[tuple[bytes, AlertView]]:
    """The last `count` wanted alerts of a file, with their lines, the last one first. Raises OSError."""
    if path.suffix == Kind.PACKED:  # has to be read from its beginning
        yield from reversed(deque(alerts_of(_lines(path), wanted), maxlen=count))
        return
    with AlertFeed(path) as feed:
        yield from islice(alerts_of(feed.backwards(feed.go_to_end()), wanted), count)


def alerts_of(lines: Iterable[bytes], wanted: Wanted) -> Iterator[tuple[bytes, AlertView]]:
    """The wanted alerts of these lines, with the lines."""
    for line in lines:
        if view := wanted.view(line):
            yield line, view


def _lines(path: Path) -> Iterator[bytes]:
    cutter = LineCutter()
    try:
        with gzip.open(path) if path.suffix == Kind.PACKED else path.open("rb") as file:
            while piece := file.read(_PIECE):
                yield from cutter.cut(piece)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        return


def _files(home: Path, first: date) -> list[Path]:
    """The files in the order of their days and parts; of a file that is being compressed, the one that is whole."""
    present = home / ALERTS_JSON.link_path
    found: dict[tuple[date, int], Path] = {}
    for day, part, path in sorted(_dated(home / ALERTS_JSON.folder), key=lambda one: (one[:2], -len(one[2].name))):
        if day >= first and not (present.exists() and path.samefile(present)):
            found[day, part] = path
    return list(found.values())


def _dated(folder: Path) -> Iterator[tuple[date, int, Path]]:
    for path in folder.glob("[0-9]*/[A-Z]*/*"):
        year, month = path.parts[-3:-1]
        name = ALERTS_JSON.read_name(year, month, path.name) if month in MONTHS else None
        if name is not None and name.kind is not Kind.SUM and not name.half:
            yield name.day, name.part, path
