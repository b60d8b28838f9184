"""Fields of several events with one id, put together (`<accumulate>`, spec/decoders.md 8b)."""

from __future__ import annotations

from typing import Any

from alertmill.event import Event

#: Seconds that an event's fields wait for the next one.
_LIFETIME = 120
#: Fields that are carried over.
_FIELDS = ("dstuser", "srcuser", "dstip", "srcip", "dstport", "srcport", "data")
#: Longest value that is carried over, and longest key, in bytes.
_VALUE_LIMIT, _KEY_LIMIT = 80, 255
#: Calls after which records that nothing can complete any more are dropped.
_PURGE_EVERY = 200
#: Records that are kept; beyond them the oldest go.
_MAX_RECORDS = 16_384


class Accumulator:
    """The waiting records: key -> (second of the last event, its fields)."""

    def __init__(self) -> None:
        self._records: dict[str, tuple[int, dict[str, str]]] = {}
        self._changed: set[str] = set()
        self._calls = 0

    def complete(self, event: Event) -> None:
        """Fill the event's missing fields from its predecessors, and keep its own for its successors."""
        decoder = event.decoder
        if decoder is None or not decoder.accumulate or (id := event.static.get("id")) is None:
            return
        key = f"{event.hostname} {decoder.name} {id}"
        if len(key) > _KEY_LIMIT:
            return
        now = int(event.time)
        self._purge(now)
        began, fields = self._records.pop(key, (now, {}))
        if abs(now - began) > _LIFETIME:
            fields = {}
        _fill(event.static, fields)
        kept = dict(fields)
        _fill(kept, {name: event.static[name] for name in _FIELDS if name in event.static})
        self._records[key] = (now, kept)
        self._changed.add(key)
        if len(self._records) > _MAX_RECORDS:
            self._forget(next(iter(self._records)))

    def _purge(self, now: int) -> None:
        self._calls += 1
        if self._calls % _PURGE_EVERY == 0:
            for key in [key for key, (began, _) in self._records.items() if abs(now - began) > _LIFETIME]:
                self._forget(key)

    def _forget(self, key: str) -> None:
        del self._records[key]
        self._changed.add(key)

    def changes(self) -> dict[str, Any] | None:
        """Records that changed since the last call, None for one that is gone; None for nothing."""
        if not self._changed:
            return None
        found = {key: self._records.get(key) for key in sorted(self._changed)}
        self._changed.clear()
        return found

    def everything(self) -> dict[str, Any]:
        """All records."""
        return dict(self._records)

    def apply(self, notes: dict[str, Any]) -> None:
        """Take over what `changes` or `everything` said."""
        for key, record in notes.items():
            self._records.pop(key, None)
            if record is not None:
                self._records[key] = (record[0], record[1])


def _fill(target: dict[str, str], source: dict[str, str]) -> None:
    for name, value in source.items():
        if value and len(value) <= _VALUE_LIMIT and not target.get(name):
            target[name] = value
