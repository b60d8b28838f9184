"""Which events were analysed, by the ids that AWS gave them: so that one delivered twice is analysed once.

Ids become durable with the commit that holds what came of their events. A commit writes its ids as they came, one short
row; in memory they are sets. When many have gathered, they are put in order into the large table, in which a million
ids of an hour then lie side by side: random rows one by one would cost a page of the disk each.

An id lies in a *bucket*: events of the same minutes of their own time, which copies of an event share, as they came in
over at most one window of arrival. A bucket is forgotten when nothing came into it for a window. So an id is known for
one window at least, however old its event is, and the disk holds the ids of two windows at most.
"""

from __future__ import annotations

import sqlite3
import struct
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

#: Seconds of arrival for which ids are known: the look-back of 48 hours, and a day for late retries.
EVENT_WINDOW = 72 * 3600.0

#: Ids gathered in memory, some 10 MB, before they are put into the large table.
GATHERED = 100_000

#: Seconds of event time that share a bucket: few enough that the ids of a busy account find each other in the caches.
_SLOT = 600
#: Slots are counted modulo this number, so that events of whatever times make a bounded number of buckets.
_SLOTS = 8192
#: The slot of events that do not tell their time.
_UNTIMED = _SLOTS

#: The slot of records without an id.
NO_ID = -1

#: Ids in one statement: one by one they cost twice the CPU. SQLite's oldest default for the number of `?` is 999.
_AT_ONCE = 900

#: Bytes of the number that stands for an id.
_NUMBER = 8

#: When an event happened (epoch seconds, None where it does not tell), and its id.
Identity = tuple[float | None, str | None]

#: Events as the ids see them: the slot of each, NO_ID for one without an id, and the signed number of 64 bits
#: that stands for its id.
NumberedIds = tuple[Sequence[int], Sequence[int]]


@dataclass(slots=True)
class _Bucket:
    """Ids of one slot. `first` and `last` are the times of arrival at which ids came into it."""

    number: int
    slot: int
    first: float
    last: float


class EventIds:
    """The ids of one database, over the connection of its writer. `window` is in seconds of arrival.

    `claim` may be called any number of times; then `write` within a transaction, and `committed` or `rolled_back` when
    it has ended.
    """

    def __init__(self, connection: sqlite3.Connection, window: float = EVENT_WINDOW, gathered: int = GATHERED) -> None:
        self._connection = connection
        self._window = window
        self._most_gathered = gathered
        self._now = 0.0
        self._recent: dict[int, set[int]] = {}
        self._buckets: dict[int, list[_Bucket]] = {}
        #: Ids claimed since the last commit; they are among the recent ones too.
        self._pending: dict[int, list[int]] = {}
        #: Whether the transaction under way has put the recent ids into the large table.
        self._in_order = False
        self._load()

    def claim(self, events: Iterable[Identity], now: float) -> list[bool]:
        """Of each event, whether it is the first with its id; one without an id always is.

        `now` is the time of arrival, epoch seconds.
        """
        return self.claim_numbered(numbered_ids(events), now)

    def claim_numbered(self, numbered: NumberedIds, now: float) -> list[bool]:
        """The same for events whose ids are numbers already."""
        self._now = now
        slots, numbers = numbered
        by_slot: dict[int, list[int]] = {}
        for slot, number in zip(slots, numbers, strict=True):
            by_slot.setdefault(slot, []).append(number)
        without = len(by_slot.pop(NO_ID, ()))
        firsts = {slot: self._first_ones(slot, claimed) for slot, claimed in by_slot.items()}
        if sum(map(len, firsts.values())) + without == len(slots):
            return [True] * len(slots)
        verdicts = []
        for slot, number in zip(slots, numbers, strict=True):
            verdicts.append(slot == NO_ID or number in firsts[slot])
            if slot != NO_ID:
                firsts[slot].discard(number)  # the next one with this id is not the first
        return verdicts

    def write(self) -> None:
        """Write what was claimed since the last commit."""
        for slot, claimed in self._pending.items():
            row = (slot, struct.pack(f"<{len(claimed)}q", *claimed))
            self._connection.execute("INSERT INTO event_id_recent (slot, ids) VALUES (?, ?)", row)
        # Only a claim tells the time, and a bucket opened without it would count as long over.
        if self._pending and sum(map(len, self._recent.values())) >= self._most_gathered:
            self._put_in_order()

    def committed(self) -> None:
        self._pending = {}
        if self._in_order:
            self._recent, self._in_order = {}, False

    def rolled_back(self) -> None:
        """Forget what was claimed since the last commit that was good."""
        self._load()

    def _load(self) -> None:
        self._recent, self._pending, self._in_order = {}, {}, False
        for slot, ids in self._connection.execute("SELECT slot, ids FROM event_id_recent"):
            self._recent.setdefault(slot, set()).update(struct.unpack(f"<{len(ids) // 8}q", ids))
        self._buckets = {}
        for row in self._connection.execute("SELECT id, slot, first, last FROM event_id_bucket"):
            self._buckets.setdefault(row[1], []).append(_Bucket(*row))

    def _first_ones(self, slot: int, claimed: list[int]) -> set[int]:
        """Those that are new, which are remembered from now on."""
        recent = self._recent.setdefault(slot, set())
        new = set(claimed) - recent
        for bucket in self._buckets_of(slot):
            new.difference_update(self._stored(bucket, new))
        recent |= new
        self._pending.setdefault(slot, []).extend(new)
        return new

    def _buckets_of(self, slot: int) -> list[_Bucket]:
        return [bucket for bucket in self._buckets.get(slot, ()) if not self._is_over(bucket)]

    def _is_over(self, bucket: _Bucket) -> bool:
        """Whether a bucket is too old, or from a future that the clock has been set back from."""
        return not bucket.first - self._window <= self._now <= bucket.last + self._window

    def _stored(self, bucket: _Bucket, numbers: set[int]) -> Iterator[int]:
        """Those of the numbers that lie in a bucket. Asked in order: neighbours lie on one page."""
        for part in _parts(sorted(numbers)):
            values = ",".join("?" * len(part))
            rows = self._connection.execute(
                f"SELECT id FROM event_id WHERE bucket = ? AND id IN ({values})", (bucket.number, *part)
            )
            yield from [row[0] for row in rows]

    def _put_in_order(self) -> None:
        """Move the recent ids into the large table, and forget up to twice as many that are too old."""
        moved = 0
        for slot in sorted(self._recent):
            bucket = self._open_bucket(slot)
            for part in _parts(sorted(self._recent[slot])):
                rows = ",".join(["(?1, ?)"] * len(part))
                self._connection.execute(f"INSERT OR IGNORE INTO event_id VALUES {rows}", (bucket.number, *part))
            moved += len(self._recent[slot])
        self._connection.execute("DELETE FROM event_id_recent")
        self._in_order = True
        self._forget(2 * moved)

    def _open_bucket(self, slot: int) -> _Bucket:
        """The bucket that ids of a slot go into now."""
        for bucket in self._buckets_of(slot):
            if self._now - bucket.first <= self._window:
                bucket.last = self._now
                self._connection.execute("UPDATE event_id_bucket SET last = ? WHERE id = ?", (self._now, bucket.number))
                return bucket
        made = self._connection.execute(
            "INSERT INTO event_id_bucket (slot, first, last) VALUES (?, ?, ?)", (slot, self._now, self._now)
        )
        bucket = _Bucket(made.lastrowid or 0, slot, self._now, self._now)
        self._buckets.setdefault(slot, []).append(bucket)
        return bucket

    def _forget(self, most: int) -> None:
        """Delete up to `most` ids of buckets that are over, lowest first, and the buckets that this empties."""
        for bucket in [b for buckets in self._buckets.values() for b in buckets if self._is_over(b)]:
            beyond = self._connection.execute(
                "SELECT id FROM event_id WHERE bucket = ? ORDER BY id LIMIT 1 OFFSET ?", (bucket.number, most)
            ).fetchone()
            if beyond is not None:
                self._connection.execute("DELETE FROM event_id WHERE bucket = ? AND id < ?", (bucket.number, beyond[0]))
                return
            deleted = self._connection.execute("DELETE FROM event_id WHERE bucket = ?", (bucket.number,))
            self._connection.execute("DELETE FROM event_id_bucket WHERE id = ?", (bucket.number,))
            self._buckets[bucket.slot].remove(bucket)
            most -= deleted.rowcount


def _parts(numbers: list[int]) -> Iterator[list[int]]:
    return (numbers[start : start + _AT_ONCE] for start in range(0, len(numbers), _AT_ONCE))


def numbered_ids(events: Iterable[Identity]) -> NumberedIds:
    """What `claim_numbered` takes. A pure function, which any process may apply."""
    slots, digests = array("h"), bytearray()
    for time, identity in events:
        if identity is None:
            slots.append(NO_ID)
            digests += bytes(_NUMBER)
            continue
        slots.append(_UNTIMED if time is None else int(time) // _SLOT % _SLOTS)
        digests += blake2b(identity.encode("utf-8", "surrogatepass"), digest_size=_NUMBER).digest()
    return slots, struct.unpack(f"<{len(slots)}q", digests)
