"""The alerts of days that are over: the files that alerts.json led to before, compressed or not."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

from alertmill.alert_feed import LineCutter
from alertmill.sinks.rotation import ALERTS_JSON, MONTHS, Kind

#: Bytes that are read at a time.
_PIECE = 256 * 1024


def older_lines(home: Path, since: float) -> Iterator[bytes]:
    """The lines of the files of the day of `since` (epoch seconds) and of those behind it, in order; of all files but
    the one that alerts.json leads to. A damaged end of a compressed file is passed over. Raises OSError.
    """
    for path in _files(home, datetime.fromtimestamp(since).date()):
        cutter = LineCutter()
        try:
            with gzip.open(path) if path.suffix == Kind.PACKED else path.open("rb") as file:
                while piece := file.read(_PIECE):
                    yield from cutter.cut(piece)
        except (EOFError, gzip.BadGzipFile, zlib.error):
            continue


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
