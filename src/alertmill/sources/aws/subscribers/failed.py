"""What could not be read of a queue, as `status` shows it: objects, and messages that nobody understands.

The queue itself brings them again, so nothing here decides when; it only remembers, and not without limit. `alertmill
retry` has an object tried at once, and a message forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator

from alertmill.sources.aws.subscribers.sqs import Message
from alertmill.sources.base import ObjectDone, ObjectFailed, Progress

#: Failures that are remembered; more are only counted in the log.
_MOST = 1000

#: Begins the key of a message that is of an unexpected format; no bucket's name has a blank.
_MESSAGE = "message "

#: Days for which SQS keeps a message at most, and one more.
KEPT_DAYS = 15
_KEPT_SECONDS = KEPT_DAYS * 86_400.0

#: The day of what is done only so that it is no longer failed: the next report takes it away altogether.
_LONG_AGO = "1970-01-01"


class Failed:
    """The failures in the scope of one subscriber."""

    def __init__(self, scope: str) -> None:
        self._scope = scope
        self._known: dict[tuple[str, str], ObjectFailed] = {}
        self._new: dict[tuple[str, str], ObjectFailed] = {}

    def load(self, progress: Progress) -> None:
        """Take over what is committed; what was added since the last time may not be yet."""
        self._known = {**progress.failed(self._scope), **self._new}
        self._new = {}

    def get(self, key: str, etag: str) -> ObjectFailed | None:
        return self._known.get((key, etag))

    def read(self, key: str, etag: str) -> tuple[ObjectDone, ...]:
        """The object is read; marks for former ones of the same key, which it has replaced."""
        of_key = [pair for pair in self._known if pair[0] == key]
        for pair in of_key:
            self._forget(pair)
        return tuple(self._over(pair) for pair in of_key if pair[1] != etag)

    def add(
        self, key: str, etag: str, reason: str, received: int, now: float, visibility: float
    ) -> tuple[ObjectFailed, ...]:
        """The mark of one more failure, none where there are too many already.

        `received` is how often the message came; it comes again after `visibility` seconds.
        """
        before = self._known.get((key, etag))
        if before is None and len(self._known) >= _MOST:
            return ()
        attempts = max(received, before.attempts + 1 if before else 1)
        first = before.first_failed if before else now
        mark = ObjectFailed(self._scope, key, etag, reason, attempts, first, now, now + visibility)
        self._known[key, etag] = self._new[key, etag] = mark
        return (mark,)

    def add_message(self, message: Message, reason: str, now: float, visibility: float) -> tuple[ObjectFailed, ...]:
        """The mark of a message of unexpected format."""
        reason = f"unexpected format: {reason}"
        return self.add(_MESSAGE + message.id, "", reason, message.received, now, visibility)

    def to_forget(self, now: float) -> tuple[ObjectDone, ...]:
        """Marks for messages that the queue cannot hold any more, or that the operator wants to see no more."""
        over = [
            pair
            for pair, failed in self._known.items()
            if pair[0].startswith(_MESSAGE) and (not failed.attempts or failed.last_failed < now - _KEPT_SECONDS)
        ]
        for pair in over:
            self._forget(pair)
        return tuple(map(self._over, over))

    def to_retry(self) -> Iterator[tuple[str, str, str]]:
        """Bucket, key and ETag of the objects that the operator wants to be tried now."""
        for (name, etag), failed in self._known.items():
            if not failed.attempts and not name.startswith(_MESSAGE):
                bucket, _, key = name.partition("/")
                yield bucket, key, etag

    def _forget(self, pair: tuple[str, str]) -> None:
        self._known.pop(pair, None)
        self._new.pop(pair, None)

    def _over(self, pair: tuple[str, str]) -> ObjectDone:
        """The mark that takes a failure away."""
        return ObjectDone(self._scope, *pair, _LONG_AGO, 0)
