"""Deleting log streams that were read: `<remove_log_streams>` (aws-wodle.md 11.3, step 5).

Only what is committed gets here, by way of a batch's `ack`. A stream that got another event meanwhile is kept: the next
run reads it first. Nothing here raises.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from alertmill import codes
from alertmill.errors import AlertmillError
from alertmill.sources.aws.services.calls import StreamGoneError, TokenRefusedError
from alertmill.sources.aws.services.streams import Question, StreamCalls
from alertmill.sources.aws.workers import Workers
from alertmill.sources.base import Stop

#: Seconds without a single deletion coming to an end after which the rest is left to the next run.
_PATIENCE = 30.0
_PAUSE = 0.05


class StreamRemover:
    """Deletes the streams of one definition."""

    def __init__(self, workers: Workers, log: Callable[[str, str], None]) -> None:
        self._workers = workers
        self._log = log
        self._lock = threading.Lock()
        self._pending = 0
        self._refused = False

    def start(self) -> None:
        """A run begins: refusals are told again."""
        self._refused = False

    def remove(self, calls: StreamCalls, question: Question) -> None:
        """Delete the stream, soon, unless `question` (for what lies behind its last event) brings something."""
        with self._lock:
            self._pending += 1
        self._workers.submit(lambda: self._delete(calls, question))

    def settle(self, stop: Stop) -> None:
        """Wait for the deletions that were begun, as long as some of them come to an end and nobody says stop."""
        left, patience = self._pending, _PATIENCE
        while left and patience > 0 and not stop.wait(_PAUSE):
            patience = _PATIENCE if self._pending < left else patience - _PAUSE
            left = self._pending

    def _delete(self, calls: StreamCalls, question: Question) -> None:
        try:
            if _has_more(calls, question):
                self._log("DEBUG", f"log stream {question.group}:{question.stream} has new events and is kept for now")
            else:
                calls.delete(question.group, question.stream)
        except StreamGoneError:
            pass
        except AlertmillError as error:
            self._failed(question, str(error))
        except Exception as error:  # a worker must not die of whatever the SDK does
            self._failed(question, f"{type(error).__name__}: {error}")
        finally:
            with self._lock:
                self._pending -= 1

    def _failed(self, question: Question, reason: str) -> None:
        with self._lock:
            first, self._refused = not self._refused, True
        if first:  # thousands of refusals have one reason
            place = f"log stream {question.group}:{question.stream}"
            text = f"{place} was read but not deleted: {reason}; tried again in the next runs"
            self._log("WARNING", f"{text}  [{codes.A_STREAM_NOT_REMOVED.id}]")


def _has_more(calls: StreamCalls, question: Question) -> bool:
    since, token = question.since, question.token
    while True:
        try:
            events, following, _ = calls.events(question.group, question.stream, since, token, 1)
        except TokenRefusedError:
            since, token = (question.resume or 0) + 1, ""
            continue
        if events:
            return True
        if following in ("", token):
            return False
        token = following
