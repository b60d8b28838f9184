"""An audit on the desk: a bucket in memory, what was processed of it, and what AWS would answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from alertmill.config.models import Bucket
from alertmill.sources.aws.audit.base import Wanted
from alertmill.sources.aws.audit.bucket import Audit
from alertmill.sources.aws.audit.report import BucketReport, PlaceReport, ToRead
from alertmill.sources.aws.faults import ObjectGoneError, StoreError
from alertmill.sources.aws.public_keys import PublicKeys
from alertmill.sources.base import Batch, ObjectDone, ScopeBound
from unit.sources.aws.doubles import MemoryProgress, MemoryStore
from unit.sources.aws.trail import ACCOUNT, REGION, Trail, public_keys

SCOPE = f"s3://my-logs/AWSLogs/|cloudtrail|{ACCOUNT}|{REGION}"
NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
DAY = "2026-01-15"


def day(number: int, hour: int = 0) -> datetime:
    return datetime(2026, 1, number, hour, tzinfo=UTC)


@dataclass
class Desk:
    """Audits the bucket `my-logs`; it is the port `Trail` itself. `broken` objects raise when they are asked for."""

    store: MemoryStore
    metadata: dict[str, dict[str, str]]
    progress: MemoryProgress = field(default_factory=MemoryProgress)
    keys: PublicKeys | StoreError = field(default_factory=public_keys)
    given: PublicKeys | None = None
    broken: dict[str, Exception] = field(default_factory=dict)
    old_versions: dict[str, list[str]] = field(default_factory=dict)
    questions: list[tuple[str, datetime, datetime]] = field(default_factory=list)
    to_read: list[ToRead] = field(default_factory=list)

    # --- what AWS answers

    def read(self, key: str, limit: int) -> tuple[bytes, Mapping[str, str]]:
        if key in self.broken:
            raise self.broken[key]
        if key not in self.store.objects:
            raise ObjectGoneError(key)
        return self.store.objects[key], self.metadata.get(key, {})

    def versions(self, key: str) -> list[str]:
        return self.old_versions.get(key, [])

    def public_keys(self, region: str, since: datetime, until: datetime) -> PublicKeys:
        self.questions.append((region, since, until))
        if isinstance(self.keys, StoreError):
            raise self.keys
        return self.keys

    def close(self) -> None:
        """Nothing to end."""

    # --- what a test does

    def process(self, *keys: str, scope: str = SCOPE) -> None:
        marks = tuple(ObjectDone(scope, key, self.store.etag(key), DAY, 1) for key in keys)
        self.progress.commit(Batch(marks=(*marks, ScopeBound(scope, DAY))))

    def audit(self, wanted: Wanted | None = None, now: datetime = NOW, **options: Any) -> BucketReport:
        bucket = Bucket(type="cloudtrail", name="my-logs", **options)
        self.to_read.clear()
        found = Audit(
            bucket,
            wanted or Wanted(),
            self.progress,
            self.store,
            self,
            self.given,
            now.timestamp(),
            self.to_read.append,
        )
        return found.run()

    def place(self, wanted: Wanted | None = None, now: datetime = NOW, **options: Any) -> PlaceReport:
        report = self.audit(wanted, now, **options)
        assert report.faults == []
        (place,) = report.places
        return place


def desk(*trails: Trail, processed: bool = True) -> Desk:
    """What these trails wrote lies in the bucket, and all their log files are processed."""
    objects = {key: body for trail in trails for key, body in trail.objects.items()}
    found = Desk(MemoryStore(objects), {key: each for trail in trails for key, each in trail.metadata.items()})
    for trail in trails if processed else ():
        found.process(*(key for key in trail.logs if key in objects), scope=SCOPE.replace(REGION, trail.region))
    return found
