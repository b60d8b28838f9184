"""The S3 poller: runs the `<bucket>` definitions of one `<wodle name="aws-s3">` on their schedule (aws-wodle.md 3).

Everything about one run of one definition is in `run`; this module decides when, keeps what lives longer than a run,
and says what the reference says in its log. What lies far back is left to a source of its own (`back_fill`), so that it
never delays what is new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import tzinfo
from pathlib import Path

from alertmill.config.models import AwsS3, Bucket, EventFormat
from alertmill.sources.aws.alarm import Alarm
from alertmill.sources.aws.back_fill import BackFill
from alertmill.sources.aws.buckets import BUCKET_TYPES
from alertmill.sources.aws.buckets.base import BucketType
from alertmill.sources.aws.definitions import Definitions
from alertmill.sources.aws.errands import ReadNow
from alertmill.sources.aws.lanes import Shared
from alertmill.sources.aws.runner import Runner
from alertmill.sources.aws.s3 import S3Store
from alertmill.sources.aws.scheduled import scheduled_runs
from alertmill.sources.aws.store import Store
from alertmill.sources.base import Batch, Progress, Stop


class BucketPoller:
    """The source behind the buckets of one `<wodle name="aws-s3">`.

    Args:
        config: the section of ossec.conf.
        event_format: how messages are spelled; `improved` also carries event times.
        clock: arrival time, epoch seconds.
        log: called with a level (`INFO`, `WARNING`, `ERROR`, `DEBUG`) and one line.
        stores: makes the store of a definition; raises StoreError when there are no credentials.
        name: unique among the sources; also names the stored schedule.
        spool: folder for large bodies (a file without a name), None for the system's temporary folder.
        zone: the zone of `<time>`, `<day>` and `<wday>`, None for the machine's.
        bucket_types: the catalogue.
        shared: what the pollers of a daemon share.
        announce: whether the start of the module is told here, once for all of its definitions.

    Raises SourceError for a definition that can never work.
    """

    def __init__(
        self,
        config: AwsS3,
        event_format: EventFormat,
        clock: Callable[[], float],
        log: Callable[[str, str], None],
        *,
        stores: Callable[[Bucket], Store] | None = None,
        name: str = "aws-s3",
        spool: Path | None = None,
        zone: tzinfo | None = None,
        bucket_types: Mapping[str, BucketType] = BUCKET_TYPES,
        shared: Shared | None = None,
        announce: bool = True,
    ) -> None:
        self.name = name
        self._config = config
        self._clock = clock
        self._log = log
        self._zone = zone
        self._announce = announce
        self._shared = shared or Shared()
        self._alarm = Alarm()
        self._back_fill: BackFill | None = None
        make_store = stores or (lambda bucket: S3Store(bucket.name, bucket, bucket.regions, spool))

        def runner(name: str) -> Runner:
            definitions = Definitions(config.buckets, bucket_types, event_format, clock, log, make_store, name)
            return Runner(definitions, config, self._shared, clock, log)

        self._make_runner = runner
        self._runner = runner(name)
        self._definitions = self._runner.definitions
        prefixes = [self._definitions.prefixes(bucket) for bucket in config.buckets if not config.disabled]
        self._members = [self._shared.wishes.join(of_definition) for of_definition in prefixes]
        for _ in prefixes:
            self._shared.outlook.expect()

    def back_fill(self) -> BackFill:
        """The source that reads what lies far back, and ranges that are to be read again.

        Once it is there, runs on the schedule leave that to it.
        """
        if self._back_fill is None:
            name = f"{self.name} back-fill"
            self._back_fill = BackFill(name, self._make_runner(name), self._members)
        return self._back_fill

    def batches(self, progress: Progress, stop: Stop, *, once: bool) -> Iterator[Batch]:
        """The batches of all runs, see Source; with `once`, of one run that starts now."""
        if not self._is_worth_starting():
            return
        try:
            if once:
                yield from self.run(progress, stop, once=True)
            else:
                yield from scheduled_runs(
                    self._config,
                    self.name,
                    lambda: self.run(progress, stop),
                    progress,
                    stop,
                    clock=self._clock,
                    log=self._log,
                    zone=self._zone,
                    alarm=self._alarm,
                )
        finally:
            if stop.is_set():
                self.close()

    def run(self, progress: Progress, stop: Stop, *, once: bool = False) -> Iterator[Batch]:
        """One run of every definition; with `once` all of it is read here, and what is begun is finished."""
        self._log("INFO", "Starting fetching of logs.")
        lanes = None if once else self._shared.lanes
        for number, bucket in enumerate(self._definitions.buckets):
            if stop.is_set():
                return
            errand = ReadNow(self._definitions.whole_scope(bucket), bucket, progress, lanes)
            yield from self._runner.run(number, errand, progress, stop, once=once)
        if not stop.is_set():
            self._log("INFO", "Fetching logs finished.")

    def wake(self) -> None:
        """Look at once for what is to be tried or read again. From any thread."""
        self._alarm.ring()
        if self._back_fill is not None:
            self._back_fill.wake()

    def close(self) -> None:
        """End all connections; to be called after the last `ack`."""
        self._definitions.close()

    def _is_worth_starting(self) -> bool:
        if self._config.disabled:
            self._say("INFO", "Module AWS is disabled. Exiting...")
            return False
        if not self._config.buckets:
            self._say("WARNING", "No AWS buckets, services or subscribers defined. Exiting...")
            return False
        self._say("INFO", "Module AWS started")
        return True

    def _say(self, level: str, text: str) -> None:
        if self._announce:
            self._log(level, text)
