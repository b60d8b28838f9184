"""Deleting objects that were read: `<remove_from_bucket>` (aws-wodle.md 14.1).

Only what is committed gets here, by way of a batch's `ack`. The deletions run beside the reading; what is gone is told
with a later batch, and what could not be deleted is tried again in the next run. Nothing here raises.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from alertmill import codes
from alertmill.errors import AlertmillError
from alertmill.sources.aws.store import Store
from alertmill.sources.aws.workers import Workers
from alertmill.sources.base import ObjectRemoved, Stop

Log = Callable[[str, str], None]

#: Seconds without a single deletion coming to an end after which the rest is left to the next run.
_PATIENCE = 30.0
#: Seconds between two looks at what is left.
_PAUSE = 0.05


class Remover:
    """Deletes the objects of one definition."""

    def __init__(self, bucket: str, store: Store, workers: Workers, log: Log) -> None:
        self._bucket = bucket
        self._store = store
        self._workers = workers
        self._log = log
        self._lock = threading.Lock()
        self._under_way: set[ObjectRemoved] = set()
        self._removed: deque[ObjectRemoved] = deque()
        self._refused = 0
        #: Deletions begun and not ended.
        self._pending = 0

    def remove(self, scope: str, key: str, etag: str) -> None:
        """Delete the object, soon."""
        gone = ObjectRemoved(scope, key, etag)
        with self._lock:
            if gone in self._under_way:
                return
            self._under_way.add(gone)
            self._pending += 1
        self._workers.submit(lambda: self._delete(gone))

    def settle(self, stop: Stop) -> None:
        """Wait for the deletions that were begun, as long as some of them come to an end and nobody says stop."""
        left, patience = self._pending, _PATIENCE
        while left and patience > 0 and not stop.wait(_PAUSE):
            patience = _PATIENCE if self._pending < left else patience - _PAUSE
            left = self._pending

    def removed(self) -> tuple[ObjectRemoved, ...]:
        """What has been deleted since the last question."""
        with self._lock:
            gone = tuple(self._removed)
            self._removed.clear()
            self._under_way.difference_update(gone)
        return gone

    def start(self) -> None:
        """A run begins: refusals are told again."""
        with self._lock:
            self._refused = 0

    def _delete(self, gone: ObjectRemoved) -> None:
        try:
            self._store.delete(gone.key, gone.etag)
        except AlertmillError as error:
            self._failed(gone, str(error))
        except Exception as error:  # an ack must not raise, whatever the SDK does
            self._failed(gone, f"{type(error).__name__}: {error}")
        else:
            with self._lock:
                self._removed.append(gone)
        finally:
            with self._lock:
                self._pending -= 1

    def _failed(self, gone: ObjectRemoved, reason: str) -> None:
        with self._lock:
            self._under_way.discard(gone)
            self._refused += 1
            first = self._refused == 1
        if first:  # thousands of refusals have one reason
            text = f"s3://{self._bucket}/{gone.key} was read but not deleted: {reason}; tried again in the next runs"
            self._log("WARNING", f"{text}  [{codes.A_NOT_REMOVED.id}]")
