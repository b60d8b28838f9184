"""The S3 poller: runs the `<bucket>` definitions of one `<wodle name="aws-s3">` on their schedule (aws-wodle.md 3).

Everything about one run of one definition is in `run`; this module decides when, keeps what lives longer than a run,
and says what the reference says in its log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, tzinfo
from functools import partial
from pathlib import Path

from alertmill import codes
from alertmill.config.models import AwsS3, Bucket, EventFormat
from alertmill.sources.aws.buckets import BUCKET_TYPES
from alertmill.sources.aws.buckets.base import BucketType
from alertmill.sources.aws.faults import StoreError
from alertmill.sources.aws.fetching import AHEAD_OBJECTS
from alertmill.sources.aws.flow_logs import FlowLogs
from alertmill.sources.aws.objects import ObjectReader
from alertmill.sources.aws.removal import Remover
from alertmill.sources.aws.run import WALKS_AHEAD, BucketRun, Definition
from alertmill.sources.aws.s3 import S3Store
from alertmill.sources.aws.schedule import first_start, next_start
from alertmill.sources.aws.store import Store
from alertmill.sources.aws.turns import Turns
from alertmill.sources.aws.workers import Workers, result_of
from alertmill.sources.base import Batch, NextRun, Progress, ScopeReport, Stop

#: Threads that list: one for each walk ahead, and as many again for questions that must not wait for those.
_LISTERS = 2 * WALKS_AHEAD + 4
_REMOVERS = 4

#: Seconds of a month, for the pauses between attempts of a schedule that counts months.
_MONTH = 30 * 86_400


class BucketPoller:
    """The source behind one `<wodle name="aws-s3">`.

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
        turns: shared by the pollers of a daemon, so that two of them never read the same place at a time.

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
        turns: Turns | None = None,
    ) -> None:
        self.name = name
        self._config = config
        self._event_format: EventFormat = event_format
        self._clock = clock
        self._log = log
        self._stores = stores or (lambda bucket: S3Store(bucket, spool))
        self._zone = zone
        self._types = bucket_types
        self._listers = Workers(_LISTERS, f"{name}-list")
        self._getters = Workers(AHEAD_OBJECTS, f"{name}-get")
        self._removers = Workers(_REMOVERS, f"{name}-delete")
        self._definitions: dict[int, Definition] = {}
        self._turns = turns or Turns()
        self._buckets = [bucket for bucket in config.buckets if bucket.type in bucket_types]
        for bucket in self._buckets:  # a discard_regex that does not compile shows now
            self._reader(bucket, _ignore)

    def batches(self, progress: Progress, stop: Stop, *, once: bool) -> Iterator[Batch]:
        """The batches of all runs, see Source; with `once`, of one run that starts now."""
        if not self._worth_starting():
            return
        try:
            if once:
                yield from self._run(progress, stop, once=True)
            else:
                yield from self._scheduled(progress, stop)
        finally:
            if stop.is_set():
                self.close()

    def close(self) -> None:
        """End all connections; to be called after the last `ack`."""
        for definition in self._definitions.values():
            definition.store.close()

    def _worth_starting(self) -> bool:
        if self._config.disabled:
            self._log("INFO", "Module AWS is disabled. Exiting...")
            return False
        for bucket in self._config.buckets:
            if bucket.type not in self._types:
                place = f"{bucket.origin}: " if bucket.origin else ""
                known = ", ".join(self._types)
                text = (
                    f"{place}bucket {bucket.name} is left out: type {bucket.type} is none of those read here ({known})"
                )
                self._log("WARNING", f"{text}  [{codes.A_DEFINITION.id}]")
        others = len(self._config.services) + len(self._config.subscribers)
        if others:
            text = f"{others} services and subscribers of the module are left out: only buckets are read here"
            self._log("WARNING", f"{text}  [{codes.A_DEFINITION.id}]")
        if not self._buckets:
            self._log("WARNING", "No AWS buckets, services or subscribers defined. Exiting...")
            return False
        self._log("INFO", "Module AWS started")
        return True

    def _scheduled(self, progress: Progress, stop: Stop) -> Iterator[Batch]:
        start = first_start(self._config, self._clock(), progress.next_run(self.name), self._zone)
        while True:
            wait = start - self._clock()
            if wait > 0:
                yield Batch(marks=(NextRun(self.name, start),))
                self._log("DEBUG", f"Sleeping until: {datetime.fromtimestamp(start, self._zone):%Y/%m/%d %H:%M:%S}")
            if stop.wait(max(wait, 0.0)):
                return
            yield from self._run(progress, stop)
            if stop.is_set():
                return
            start, overtaken = next_start(self._config, start, self._clock(), self._zone)
            if overtaken:
                self._log("WARNING", "Interval overtaken.")

    def _run(self, progress: Progress, stop: Stop, *, once: bool = False) -> Iterator[Batch]:
        """One run of every definition; with `once`, what it begins is finished before it ends."""
        self._log("INFO", "Starting fetching of logs.")
        for number, bucket in enumerate(self._buckets):
            if stop.is_set():
                return
            whole = self._whole_scope(bucket)
            end_turn = self._turns.take(whole, stop)
            if end_turn is None:
                return
            self._log("INFO", f"Executing Bucket Analysis: ({_described(bucket)})")
            try:
                definition = self._definition(number, bucket, stop)
            except StoreError as fault:
                error = f"{fault} (exit code {fault.exit_code})"
                self._log("ERROR", f"Bucket: {bucket.name} - {error}")
                yield Batch(marks=(ScopeReport(whole, self._clock(), 0, 0, "", error),), ack=end_turn)
                continue
            if definition is None:
                return
            run = BucketRun(
                definition,
                progress,
                stop,
                self._clock,
                self._log,
                interval=self._config.interval.seconds or self._config.interval.months * _MONTH,
                skip_on_error=self._config.skip_on_error,
            )
            try:
                yield from run.batches()
            except GeneratorExit:  # nobody will commit what is left
                end_turn()
                raise
            yield Batch(ack=end_turn)
            if once:
                yield from self._settled(definition, whole, stop)
            if run.credentials_failed:
                self._definitions.pop(number).store.close()
        self._log("INFO", "Fetching logs finished.")

    def _settled(self, definition: Definition, whole: str, stop: Stop) -> Iterator[Batch]:
        """Behind the last run of a definition: what was read is committed, and what is to be deleted is deleted."""
        if definition.bucket.remove_from_bucket and self._turns.is_over(whole, stop):
            definition.remover.settle(stop)
            if removed := definition.remover.removed():
                yield Batch(marks=removed)

    def _definition(self, number: int, bucket: Bucket, stop: Stop) -> Definition | None:
        """What serves a definition, made at its first run; tried again in the next run when that fails.

        Making a store may take a call to STS; None when told to stop meanwhile. Raises StoreError.
        """
        if number not in self._definitions:
            kind = self._types[bucket.type]
            store = result_of(self._listers.submit(partial(self._stores, bucket)), stop.is_set)
            if store is None:
                return None
            remover = Remover(bucket.name, store, self._removers, self._log)
            reader = self._reader(bucket, remover.remove)
            flow_logs = FlowLogs(bucket.name, store, self._listers, self._log, asks=kind.flow_logs)
            self._definitions[number] = Definition(
                bucket, kind, store, reader, remover, flow_logs, self._listers, self._getters
            )
        return self._definitions[number]

    def _reader(self, bucket: Bucket, remove: Callable[[str, str, str], None]) -> ObjectReader:
        return ObjectReader(bucket, self._types[bucket.type], self._event_format, self._clock, remove)

    def _whole_scope(self, bucket: Bucket) -> str:
        base = self._types[bucket.type].base(bucket)
        return f"s3://{bucket.name}/{bucket.path if base is None else base}|{bucket.type}|*|*"


def _described(bucket: Bucket) -> str:
    """The definition in the words of Wazuh's log, only the parts that are set."""
    parts = {
        "Bucket": bucket.name,
        "Path": bucket.path.rstrip("/"),
        "Type": bucket.type,
        "Account ID": ",".join(bucket.aws_account_id),
        "Account Alias": bucket.aws_account_alias,
        "Profile": bucket.aws_profile,
    }
    return ", ".join(f"{name}: {value}" for name, value in parts.items() if value)


def _ignore(*_: str) -> None:
    """Nothing to remove."""
