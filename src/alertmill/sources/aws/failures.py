"""When a failed object is tried again, and when it is given up (aws-wodle.md 14.1). Pure."""

from __future__ import annotations

from alertmill.sources.aws.faults import ObjectError
from alertmill.sources.aws.objects import Target
from alertmill.sources.base import ObjectFailed

#: Attempts after which an object is given up, and the longest pause between two of them in seconds.
MAX_ATTEMPTS = 10
MAX_PAUSE = 86_400.0


def failed(target: Target, fault: ObjectError, before: ObjectFailed | None, now: float, interval: int) -> ObjectFailed:
    """The mark of one more failure: tried again after 1, 2, 4, 8 ... intervals (seconds)."""
    attempts = before.attempts + 1 if before else 1
    pause = min(interval * 2.0 ** (attempts - 1), MAX_PAUSE)
    return ObjectFailed(
        target.scope,
        target.key,
        target.etag,
        fault.text(target.key),
        attempts,
        before.first_failed if before else now,
        now,
        now + pause,
        dead=attempts >= MAX_ATTEMPTS,
    )
