"""What a run says in the log: each kind of trouble a few times, progress now and then, a sum at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from alertmill import codes
from alertmill.config.models import Bucket
from alertmill.sources.aws.faults import StoreError
from alertmill.sources.aws.fetching import Throttle
from alertmill.sources.aws.walks import Walk

Log = Callable[[str, str], None]

#: Failed objects that are named, per run; the others are counted.
_FAILURES_NAMED = 10

#: Seconds between two progress lines.
_PROGRESS_PAUSE = 15.0


class RunWords:
    """The words of one run. With `names_failures`, failed objects are told of; otherwise the first one ends the run."""

    def __init__(self, bucket: Bucket, log: Log, *, names_failures: bool) -> None:
        self._bucket = bucket
        self._log = log
        self._names_failures = names_failures
        self._failures = 0
        self._refusals: set[str] = set()
        self._last_line = time.monotonic()

    @property
    def any_refused(self) -> bool:
        return bool(self._refusals)

    def error(self, text: str) -> None:
        self._log("ERROR", f"Bucket: {self._bucket.name} - {text}")

    def refused(self, place: str, fault: StoreError) -> None:
        """Tell of each kind of refusal once; the reports of the walks hold them all."""
        if fault.code.id not in self._refusals:
            self.error(f"{place}: {fault} (exit code {fault.exit_code})")
        self._refusals.add(fault.code.id)

    def failure(self, reason: str) -> None:
        self._failures += 1
        if self._failures <= _FAILURES_NAMED and self._names_failures:
            self._log("WARNING", f"s3://{self._bucket.name}: {reason}; skipping  [{codes.A_OBJECT_FAILED.id}]")

    def progress(self, walk: Walk, throttle: Throttle) -> bool:
        """Tell of a long walk now and then; whether that was now."""
        now = time.monotonic()
        if now - self._last_line < _PROGRESS_PAUSE:
            return False
        self._last_line = now
        place = f"s3://{self._bucket.name}/{walk.place.prefixes[0]}"
        held_back = f", throttled to {throttle.limit} GETs at once" if throttle.is_held_back else ""
        self._log("INFO", f"{place} : {walk.finished} of {walk.found} objects, {walk.records} records{held_back}")
        return True

    def nothing_found(self, text: str) -> None:
        self._log("WARNING", f"{text}  [{codes.A_NOTHING_FOUND.id}]")

    def sum_up(self, walks: Sequence[Walk], root: str) -> None:
        """The last words."""
        bucket = f"s3://{self._bucket.name}"
        if self._failures > _FAILURES_NAMED and self._names_failures:
            self._log("WARNING", f"{bucket}: {self._failures} objects failed in this run")
        if dead := sum(walk.dead for walk in walks):
            text = f"{bucket}: {dead} objects were given up after ten attempts; see alertmill status"
            self._log("WARNING", f"{text}  [{codes.A_OBJECT_DEAD.id}]")
        finished, records = sum(walk.finished for walk in walks), sum(walk.records for walk in walks)
        if finished:
            self._log("INFO", f"{bucket}/{root} : {finished} objects, {records} records")
