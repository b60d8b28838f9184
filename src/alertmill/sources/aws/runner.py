"""Running one definition for one errand: its turn, what serves it, its run, and what comes behind."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

from alertmill.config.models import AwsS3, Bucket
from alertmill.sources.aws.definitions import Definition, Definitions
from alertmill.sources.aws.errands import Errand
from alertmill.sources.aws.faults import StoreError
from alertmill.sources.aws.lanes import Shared
from alertmill.sources.aws.run import BucketRun
from alertmill.sources.base import Batch, Progress, ScopeReport, Stop
from alertmill.sources.outlook import Listing

#: Seconds of a month, for the pauses between attempts of a schedule that counts months.
_MONTH = 30 * 86_400


class Runner:
    """Runs the definitions of one source. Runs of a definition with the same errand never overlap."""

    def __init__(
        self,
        definitions: Definitions,
        config: AwsS3,
        shared: Shared,
        clock: Callable[[], float],
        log: Callable[[str, str], None],
    ) -> None:
        self.definitions = definitions
        self.shared = shared
        self.clock = clock
        self.log = log
        #: The interval of the schedule, in seconds.
        self.interval = config.interval.seconds or config.interval.months * _MONTH
        self._skip_on_error = config.skip_on_error

    def run(
        self, number: int, errand: Errand, progress: Progress, stop: Stop, *, once: bool = False
    ) -> Generator[Batch, None, bool]:
        """The batches of one run; returns whether nothing of it is to be tried again.

        With `once`, what the run begins is finished before it ends.
        """
        listing = self.shared.outlook.begin(expected=errand.is_live)
        try:
            return (yield from self._in_turn(number, errand, progress, stop, listing, once=once))
        finally:
            listing.over()

    def _in_turn(
        self, number: int, errand: Errand, progress: Progress, stop: Stop, listing: Listing, *, once: bool
    ) -> Generator[Batch, None, bool]:
        bucket = self.definitions.buckets[number]
        scope = self.definitions.whole_scope(bucket) + errand.suffix
        end_turn = self.shared.turns.take(scope, stop)
        if end_turn is None:
            return False
        self.log("INFO", f"Executing Bucket Analysis: ({_described(bucket, errand)})")
        try:
            definition = self.definitions.get(number, stop)
        except StoreError as fault:
            error = f"{fault} (exit code {fault.exit_code})"
            self.log("ERROR", f"Bucket: {bucket.name} - {error}")
            report = ScopeReport(scope, self.clock(), 0, 0, "", error, error_code=fault.code.id)
            yield Batch(marks=(report,), ack=end_turn)
            return False
        if definition is None:
            end_turn()
            return False
        run = self._bucket_run(definition, errand, progress, stop, listing)
        try:
            yield from run.batches()
        except GeneratorExit:  # nobody will commit what is left
            end_turn()
            raise
        yield Batch(ack=end_turn)
        if once:
            yield from self._settled(definition, scope, stop)
        if run.credentials_failed:
            self.definitions.drop(number)
        return run.is_fulfilled

    def _bucket_run(
        self, definition: Definition, errand: Errand, progress: Progress, stop: Stop, listing: Listing
    ) -> BucketRun:
        return BucketRun(
            definition,
            errand,
            progress,
            stop,
            self.clock,
            self.log,
            interval=self.interval,
            skip_on_error=self._skip_on_error,
            in_flight=self.shared.in_flight,
            room=self.shared.room,
            listing=listing,
            examiner=self.shared.examiner,
        )

    def _settled(self, definition: Definition, scope: str, stop: Stop) -> Iterator[Batch]:
        """Behind the last run of a definition: what was read is committed, and what is to be deleted is deleted."""
        if definition.bucket.remove_from_bucket and self.shared.turns.is_over(scope, stop):
            definition.remover.settle(stop)
            if removed := definition.remover.removed():
                yield Batch(marks=removed)


def _described(bucket: Bucket, errand: Errand) -> str:
    """The definition in the words of Wazuh's log, only the parts that are set."""
    parts = {
        "Bucket": bucket.name,
        "Path": bucket.path.rstrip("/"),
        "Type": bucket.type,
        "Account ID": ",".join(bucket.aws_account_id),
        "Account Alias": bucket.aws_account_alias,
        "Profile": bucket.aws_profile,
        "Errand": errand.suffix.lstrip("|"),
    }
    return ", ".join(f"{name}: {value}" for name, value in parts.items() if value)
