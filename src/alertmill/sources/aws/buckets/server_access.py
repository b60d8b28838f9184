"""S3 server access logs: columns in quotes and brackets (aws-wodle.md 10.10, D20 and D32).

An object is one of these logs by its name, which holds the time of its delivery. In an object without such a name only
the lines that look like a request are records: other files may lie beside the logs, and renamed logs are still read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from alertmill.sources.aws.buckets.base import PathLayout
from alertmill.sources.aws.envelope import Envelope
from alertmill.sources.aws.formats import BadLine, epoch, named
from alertmill.sources.aws.unpack import MAX_COLUMN, lines

_COLUMNS = (
    "bucket_owner",
    "bucket",
    "time",
    "remote_ip",
    "requester",
    "request_id",
    "operation",
    "key",
    "request_uri",
    "http_status",
    "error_code",
    "bytes_sent",
    "object_sent",
    "total_time",
    "turn_around_time",
    "referer",
    "user_agent",
    "version_id",
    "host_id",
    "signature_version",
    "cipher_suite",
    "authentication_type",
    "host_header",
    "tls_version",
    "access_point_arn",
    "acl_required",
)
_DELIVERED = re.compile(r"\d{4}(?:-\d\d){5}", re.ASCII)
_FILE = re.compile(r"\d{4}(?:-\d\d){5}-[0-9A-F]{16}(?:\.gz)?$", re.ASCII)
_TIME = re.compile(r"\d\d/[A-Z][a-z]{2}/\d{4}(?::\d\d){3} [+-]\d{4}", re.ASCII)
_LINE = re.compile(rf"\S+ \S+ \[{_TIME.pattern}\] \S+ \S+ \S+ [A-Z0-9]+\.[A-Z]", re.ASCII)
_BLANKS = re.compile(" *")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class ServerAccess(PathLayout):
    type = "server_access"

    def records(self, pieces: Iterable[bytes], key: str) -> Iterator[dict[str, Any] | BadLine]:
        is_log = _DELIVERED.search(key) is not None
        for number, line in enumerate(lines(pieces), 1):
            if line is None:
                yield BadLine(number, "the line is too long")
            elif is_log or _LINE.match(line):
                row = _columns(line)
                if len(line) > MAX_COLUMN and max(map(len, row), default=0) > MAX_COLUMN:
                    yield BadLine(number, f"a column is longer than {MAX_COLUMN} characters")
                elif row:
                    yield {**named(_COLUMNS, row), "source": "s3_server_access"}

    def wrap(self, envelope: Envelope, record: dict[str, Any]) -> dict[str, Any]:
        return envelope.wrap_columns(record)

    def event_time(self, record: dict[str, Any]) -> float | None:
        text: str = record.get("time", "")
        return _epoch(text) if _TIME.fullmatch(text) else None

    def lies_at(self, key: str) -> bool:
        return _FILE.search(key) is not None

    def begins_like(self, head: str) -> bool:
        return _LINE.match(head) is not None


def _columns(line: str) -> list[str]:
    """The columns of a line; any number of blanks separates two of them."""
    found = []
    at = 0
    while (at := _BLANKS.match(line, at).end()) < len(line):  # type: ignore[union-attr]  # it matches everywhere
        end = line.find(" ", at)
        if end < 0:
            end = len(line)
        if line[at] == '"':
            column, at = _closed(line, at, '"')
        elif line[at] == "[" and line[end - 1] != "]":  # brackets around a single word stay
            column, at = _closed(line, at, "]")
        else:
            column, at = line[at:end], end
        found.append(column)
    return found


def _closed(line: str, at: int, mark: str) -> tuple[str, int]:
    """The text up to the first `mark` before a blank or the line's end, and the place behind; else all of the rest."""
    end = line.find(f"{mark} ", at + 1)
    if end < 0:
        end = len(line) - 1
        if end == at or line[end] != mark:
            return line[at + 1 :], len(line)
    return line[at + 1 : end], end + 1


@lru_cache(maxsize=4096)
def _epoch(text: str) -> float | None:
    """Epoch seconds of `15/Jan/2026:10:00:38 +0000`."""
    day, month, rest = text.split("/")
    if month not in _MONTHS:
        return None
    year, clock = rest.split(":", 1)
    moment = f"{year}-{_MONTHS.index(month) + 1:02}-{day}T{clock.replace(' ', '')}"
    return epoch(moment)
