"""The audit of one `<bucket type="cloudtrail">`: which accounts and regions, and which time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta

from alertmill import codes
from alertmill.config.models import Bucket
from alertmill.sources.aws.audit.base import REQUESTS, Outside, Span, Trail, Wanted, never
from alertmill.sources.aws.audit.place import DIGEST_FOLDER, PlaceAudit
from alertmill.sources.aws.audit.report import BucketReport, Finding, PlaceReport, ToRead
from alertmill.sources.aws.buckets.cloudtrail import CloudTrail
from alertmill.sources.aws.digests import written
from alertmill.sources.aws.faults import StoreError
from alertmill.sources.aws.places import Places
from alertmill.sources.aws.public_keys import PublicKeys
from alertmill.sources.aws.store import Store
from alertmill.sources.aws.walks import Place
from alertmill.sources.aws.workers import Workers
from alertmill.sources.base import Progress

#: How much earlier and later than the audited time public keys are asked for: CloudTrail may change them any moment.
_KEY_MARGIN = timedelta(hours=2)


class _DigestLayout(CloudTrail):
    """Where digest files lie: as log files do, in a folder of their own."""

    service = DIGEST_FOLDER


class Audit:
    """The audit of one bucket.

    `keys` are public keys that were given, None to ask CloudTrail for them; `now` is the present, epoch seconds;
    `to_read` is told of each log file that is there and was not processed.
    """

    def __init__(
        self,
        bucket: Bucket,
        wanted: Wanted,
        memory: Progress,
        store: Store,
        trail: Trail,
        keys: PublicKeys | None,
        now: float,
        to_read: Callable[[ToRead], None],
    ) -> None:
        accounts, regions = _narrowed(bucket.aws_account_id, wanted.accounts), _narrowed(bucket.regions, wanted.regions)
        self._bucket = bucket.model_copy(update={"aws_account_id": accounts, "regions": regions})
        self._wanted = wanted
        self._given_keys = keys
        self._asked_keys: dict[str, PublicKeys | StoreError] = {}
        self._now = datetime.fromtimestamp(now, UTC)
        workers = Workers(REQUESTS, f"audit-{bucket.name}")
        self._outside = Outside(self._bucket, memory, store, trail, self._keys, workers, to_read, wanted.hashes)
        self._log_files = self._places_of(CloudTrail())
        self._report = BucketReport(bucket.name, self._log_files.root, self._now, self._now)

    @property
    def report(self) -> BucketReport:
        """What has been found so far."""
        return self._report

    def run(self) -> BucketReport:
        """Everything that was found. Does not raise: what goes wrong is a fault or a finding of the report."""
        try:
            places = self._places()
            span = self._span(places)
            self._report.since, self._report.until = span.since, span.until or span.now
            if not places and not self._report.faults:
                self._report.faults.append(Finding(codes.A_NOTHING_FOUND, self._log_files.nothing_found()))
            for place in places:
                self._audit(place, span)
            if places and not any(place.covered or place.findings for place in self._report.places):
                text = f"no digest file speaks of the time from {written(span.since)} on"
                self._report.faults.append(Finding(codes.A_DIGEST_ABSENT, text))
        except StoreError as fault:
            self._report.faults.append(Finding(fault.code, str(fault)))
        return self._report

    def _audit(self, place: Place, span: Span) -> None:
        found = PlaceReport(place.account, place.region, place.scope)
        self._report.places.append(found)
        memory = self._outside.memory
        stored = memory.lower_bound(place.scope) or memory.lower_bound(self._log_files.scope("*", "*"))
        bound = date.fromisoformat(stored) if stored else None
        try:
            PlaceAudit(self._outside, place, bound, span, found).run()
        except StoreError as fault:
            found.find(fault.code, str(fault))
            if fault.ends_run:
                raise

    def _places(self) -> list[Place]:
        """Where log files or digest files lie, or may lie, in order."""
        places = {(place.account, place.region): place for place in self._log_files}
        for place in self._places_of(_DigestLayout()):
            where = place.account, place.region
            if where not in places:
                prefixes = CloudTrail().prefixes(self._bucket, *where)
                places[where] = Place(self._log_files.scope(*where), *where, prefixes, self._bucket.name)
        return [places[where] for where in sorted(places)]

    def _places_of(self, kind: CloudTrail) -> Places:
        return Places(
            self._bucket, kind, self._outside.store, self._outside.workers, never, self._refused, _say_nothing
        )

    def _refused(self, account: str, fault: StoreError) -> None:
        finding = Finding(fault.code, f"account {account}: {fault}")
        if finding not in self._report.faults:
            self._report.faults.append(finding)

    def _span(self, places: Iterable[Place]) -> Span:
        """The time asked for; otherwise the look-back window: up to the present, and back from it.

        Where nothing has been read for long, back from the end of the last day of which something was read.
        """
        until = self._wanted.until
        if self._wanted.since:
            return Span(self._wanted.since, until, self._now, asked=True)
        days = (self._outside.memory.newest_day(place.scope) for place in places)
        newest = max((day for day in days if day), default="")
        anchors = [until or self._now, self._now, *([_end_of(date.fromisoformat(newest))] if newest else ())]
        return Span(min(anchors) - timedelta(seconds=self._bucket.look_back), until, self._now, asked=False)

    def _keys(self, region: str) -> PublicKeys:
        if self._given_keys is not None:
            return self._given_keys
        if region not in self._asked_keys:
            self._asked_keys[region] = self._ask_keys(region)
        keys = self._asked_keys[region]
        if isinstance(keys, StoreError):
            raise keys
        return keys

    def _ask_keys(self, region: str) -> PublicKeys | StoreError:
        since, until = self._report.since - _KEY_MARGIN, datetime.now(UTC) + _KEY_MARGIN
        try:
            return self._outside.trail.public_keys(region, since, until)
        except StoreError as fault:
            return fault


def _narrowed(configured: tuple[str, ...], wanted: tuple[str, ...]) -> tuple[str, ...]:
    """What is both configured and wanted; an empty list stands for everything."""
    return tuple(each for each in configured if each in wanted) if configured and wanted else configured or wanted


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC) + timedelta(days=1)


def _say_nothing(level: str, text: str) -> None:
    """What a daemon would log while it looks for accounts and regions."""
