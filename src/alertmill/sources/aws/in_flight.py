"""Objects that somebody of this daemon is reading: two ways to the same object never read it at the same time.

`Progress` knows an object only once it is committed. Until then a walk would list what a notification has brought, and
the other way round. Whoever wants to read an object claims it first, and releases it when it is committed or given up.
"""

from __future__ import annotations

import threading


class InFlight:
    """The claims of all sources of a daemon. An empty ETag stands for any. Safe to call from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._claims: dict[tuple[str, str], set[str]] = {}

    def claim(self, scope: str, key: str, etag: str) -> bool:
        """Whether the caller may read the object; True must be followed by one `release`.

        Ask `Progress.not_done` after the claim, not before: what was committed meanwhile must not be read again.
        """
        with self._lock:
            if self._is_claimed(scope, key, etag):
                return False
            self._claims.setdefault((scope, key), set()).add(etag)
            return True

    def release(self, scope: str, key: str, etag: str) -> None:
        """The claim is over: the object is committed, has failed, or was given up. Never raises, never waits."""
        with self._lock:
            claimed = self._claims.get((scope, key))
            if claimed is None:
                return
            claimed.discard(etag)
            if not claimed:
                del self._claims[scope, key]

    def _is_claimed(self, scope: str, key: str, etag: str) -> bool:
        claimed = self._claims.get((scope, key))
        if not claimed:
            return False
        return not etag or etag in claimed or "" in claimed
