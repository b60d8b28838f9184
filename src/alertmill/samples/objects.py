"""What all sample generators share: the object itself, its time of delivery, and the dice.

No log format is known here.
"""

from __future__ import annotations

import string
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random
from typing import TypeVar

#: AWS delivers logs about every five minutes; the minute in a key is a multiple of it.
DELIVERY = timedelta(minutes=5)

#: zlib's level; the objects of AWS are about as dense.
_LEVEL = 6
#: Tells zlib to write a gzip header, whose time is then zero.
_GZIP = 31

_ALPHANUMERIC = string.ascii_letters + string.digits

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SampleObject:
    """One object of a bucket: its key, and its gzipped bytes (the same for the same zlib)."""

    key: str
    body: bytes


def packed(data: bytes) -> bytes:
    """`data` gzipped, with no time in the header."""
    return zlib.compress(data, _LEVEL, wbits=_GZIP)


def first_delivery(start: datetime) -> datetime:
    """The last full five minutes up to `start`, in UTC. Raises ValueError when `start` has no time zone."""
    if start.tzinfo is None:
        raise ValueError("start needs a time zone, for instance datetime(2026, 1, 15, tzinfo=UTC)")
    utc = start.astimezone(UTC)
    return utc.replace(minute=utc.minute - utc.minute % 5, second=0, microsecond=0)


@lru_cache(maxsize=4096)
def utc_text(second: int) -> str:
    """Epoch seconds as AWS writes a time: `2026-01-15T10:00:00Z`."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Dice:
    """A seeded source of chance with the few throws that samples need, quick ones first."""

    def __init__(self, seed: str) -> None:
        source = Random(seed)  # noqa: S311 - sample data, not secrets
        #: A number from 0 up to 1, exclusive.
        self.random = source.random
        self._bits = source.getrandbits
        self.shuffle = source.shuffle

    def pick(self, pool: Sequence[T]) -> T:
        return pool[int(self.random() * len(pool))]

    def number(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self.random() * (high - low + 1))

    def hex(self, digits: int) -> str:
        return f"{self._bits(4 * digits):0{digits}x}"

    def uuid(self) -> str:
        text = f"{self._bits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def word(self, length: int) -> str:
        """Letters and digits."""
        return "".join(self.pick(_ALPHANUMERIC) for _ in range(length))

    def capitals(self, length: int) -> str:
        """Capital letters and digits, as in the ids of IAM."""
        return self.word(length).upper()
