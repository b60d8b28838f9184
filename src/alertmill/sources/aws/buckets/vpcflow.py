"""VPC and transit gateway flow logs: text columns, named by the header line (aws-wodle.md 10.2 and 14.2).

The header is never a record. Without one, the fourteen columns of version 2 stand in their usual order. The names are
AWS's own with `-` replaced by `_`, so a version or column that is new to this file needs no change here. A record's
event time is its `start`, the arrival of the first packet. Parquet files name and hold the same columns; their records
are those that the text log would have.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from alertmill.sources.aws.buckets.base import AccountLayout
from alertmill.sources.aws.envelope import Envelope
from alertmill.sources.aws.faults import ShapeError
from alertmill.sources.aws.formats import BadLine, epoch, named, text_rows
from alertmill.sources.aws.row_sheets import Columnwise

#: The columns of version 2, which is what a file without a header holds.
VERSION_2 = (
    "version",
    "account_id",
    "interface_id",
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "protocol",
    "packets",
    "bytes",
    "start",
    "end",
    "action",
    "log_status",
)
_NAME = re.compile(r"[a-z][a-z0-9-]*")
#: One of these must be among the columns of a header.
_IN_EVERY_HEADER = frozenset({"version", "account-id", "interface-id", "srcaddr", "resource-type"})
_IN_EVERY_TABLE = frozenset(name.replace("-", "_") for name in _IN_EVERY_HEADER)
#: A line of version 2 without a header: version, account, interface, ... start, end, action, status.
_LINE = re.compile(r"2 (?:\d{12}|unknown) eni-\w+ .* \d+ \d+ (?:ACCEPT|REJECT|-) (?:OK|NODATA|SKIPDATA)")
_TIMES = frozenset({"start", "end"})
#: Digits of a time that can be a year of four digits, and some zeros: longer texts are not worth remembering.
_LONGEST = 20
#: Times that are remembered.
_MOST_TIMES = 4096
_YEAR_10000 = 253_402_300_800


def header_names(row: list[str]) -> tuple[str, ...]:
    """The member names that a header line stands for, empty when the row is no header."""
    if all(map(_NAME.fullmatch, row)) and not _IN_EVERY_HEADER.isdisjoint(row):
        return tuple(name.replace("-", "_") for name in row)
    return ()


def _time(text: str) -> str:
    """Epoch seconds as `YYYY-MM-DDTHH:MM:SSZ`; anything else, also a year beyond 9999, as it is."""
    return _seconds(text) if len(text) <= _LONGEST else text


class _Spelled(dict[str, str]):
    """What `_time` makes of texts, remembered: a look-up, for most records of an object have the same few times."""

    def __missing__(self, text: str) -> str:
        spelled = _time(text)
        if len(text) <= _LONGEST:
            if len(self) >= _MOST_TIMES:
                self.clear()
            self[text] = spelled
        return spelled


def _moment(text: str) -> float | None:
    """The time that `_time` spells, epoch seconds."""
    if len(text) <= _LONGEST and text.isascii() and text.isdigit():
        seconds = int(text)
        if seconds < _YEAR_10000:
            return float(seconds)
    return epoch(text)


class VpcFlow(AccountLayout):
    type = "vpcflow"
    service = "vpcflowlogs"
    columnwise: Columnwise | None = Columnwise(
        header_names, VERSION_2, "vpc", dict.fromkeys(sorted(_TIMES), _Spelled().__getitem__), ("start", _moment)
    )
    names_account = True
    flow_logs = True
    hive = True

    def records(self, pieces: Iterable[bytes], key: str) -> Iterator[dict[str, Any] | BadLine]:
        names: tuple[str, ...] = ()
        times: tuple[str, ...] = ()
        for row in text_rows(pieces):
            if isinstance(row, BadLine):
                yield row
                continue
            if not names:
                header = header_names(row)
                names = header or VERSION_2
                times = tuple(_TIMES.intersection(names))
                if header:
                    continue
            record = named(names, row)
            for name in times:
                if name in record:
                    record[name] = _time(record[name])
            record["source"] = "vpc"
            yield record

    def rows(self, rows: Iterable[dict[str, Any]], key: str) -> Iterator[dict[str, Any]]:
        for number, row in enumerate(rows):
            record: dict[str, Any] = {name.replace("-", "_"): _text(value) for name, value in row.items()}
            if not number and _IN_EVERY_TABLE.isdisjoint(record):
                raise ShapeError("it is a Parquet file without the columns of a flow log")
            for name in _TIMES.intersection(record):
                record[name] = _time(record[name])
            record["source"] = "vpc"
            yield record

    def wrap(self, envelope: Envelope, record: dict[str, Any]) -> dict[str, Any]:
        return envelope.wrap_columns(record)

    def event_time(self, record: dict[str, Any]) -> float | None:
        start = record.get("start")
        return epoch(start) if start else None

    def lies_at(self, key: str) -> bool:
        return super().lies_at(key) or f"/aws-service={self.service}/" in key

    def begins_like(self, head: str) -> bool:
        first = head.lstrip().split("\n", 1)[0].rstrip("\r")
        row = first.split(" ")
        return bool(header_names(row)) or _LINE.fullmatch(first) is not None


def _text(value: Any) -> str:
    """A value of a Parquet file as the text logs show it: numbers in digits, `-` for what does not apply."""
    if type(value) is str:
        return value
    return "-" if value is None else json.dumps(value)


def _seconds(text: str) -> str:
    if not (text.isascii() and text.isdigit()):
        return text
    minutes, seconds = divmod(int(text), 60)
    begin = _minute(minutes)
    return f"{begin}{seconds:02d}Z" if begin else text


@lru_cache(maxsize=1024)
def _minute(minutes: int) -> str:
    """`YYYY-MM-DDTHH:MM:` of a minute since the epoch, empty for one that no calendar has."""
    try:
        return datetime.fromtimestamp(minutes * 60, UTC).strftime("%Y-%m-%dT%H:%M:")
    except (ValueError, OverflowError, OSError):
        return ""
