"""What an audit found, as values: numbers and findings for each account and region, each bucket, and in all.

Pure: the audit fills it in, the command prints it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime

from alertmill.codes import Code
from alertmill.sources.aws.digests import written

#: Findings of one account and region that are kept; the others are counted.
MOST_FINDINGS = 10_000


@dataclass(slots=True)
class Tally:
    """Numbers of digest files and log files.

    `missing` are the delivered log files that were not processed, or that are gone from the bucket; `not_processed` of
    them are there (and `failed` of those were tried), `gone` of them are not. `removed` were processed and then deleted
    by Alertmill itself: not missing, but nothing is left to compare. `unreadable` are there but could not be compared.
    `outside` is what the definition does not want to read; such log files are in no other number.
    """

    digests: int = 0
    verified: int = 0
    delivered: int = 0
    processed: int = 0
    missing: int = 0
    altered: int = 0
    not_processed: int = 0
    failed: int = 0
    gone: int = 0
    removed: int = 0
    unreadable: int = 0
    outside: int = 0
    findings: int = 0

    def add(self, other: Tally) -> None:
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that keeps an audit from being complete. `key` is the object that it is about, if it is about one."""

    code: Code
    text: str
    key: str = ""

    def as_values(self) -> dict[str, object]:
        return {"code": self.code.id, "title": self.code.title, "text": self.text, "key": self.key}


@dataclass(frozen=True, slots=True)
class ToRead:
    """A log file that is there and was not processed; `failed` when it is on the list of failed objects."""

    scope: str
    bucket: str
    key: str
    etag: str
    failed: bool


@dataclass(slots=True)
class PlaceReport:
    """One account and region. `covered` is the time that its digest files span, None without any.

    `note` says why there is nothing to compare although nothing is wrong.
    """

    account: str
    region: str
    scope: str
    tally: Tally = field(default_factory=Tally)
    findings: list[Finding] = field(default_factory=list)
    covered: tuple[datetime, datetime] | None = None
    note: str = ""

    @property
    def is_complete(self) -> bool:
        return not self.tally.findings

    def find(self, code: Code, text: str, key: str = "") -> None:
        self.tally.findings += 1
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(code, text, key))

    def cover(self, start: datetime, end: datetime) -> None:
        """A digest file speaks of this time."""
        first, last = self.covered or (start, end)
        self.covered = (min(first, start), max(last, end))

    def as_values(self) -> dict[str, object]:
        return {
            "account": self.account,
            "region": self.region,
            "scope": self.scope,
            "complete": self.is_complete,
            **asdict(self.tally),
            "covered": [written(moment) for moment in self.covered] if self.covered else None,
            "note": self.note,
            "list": [finding.as_values() for finding in self.findings],
        }


@dataclass(slots=True)
class BucketReport:
    """One `<bucket>`: the prefix that its accounts lie below, the time that was asked about, its places and faults."""

    bucket: str
    prefix: str
    since: datetime
    until: datetime
    places: list[PlaceReport] = field(default_factory=list)
    faults: list[Finding] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        return bool(self.places) and not self.faults and all(place.is_complete for place in self.places)

    def tally(self) -> Tally:
        return in_all(place.tally for place in self.places)

    def as_values(self) -> dict[str, object]:
        tally = self.tally()
        tally.findings += len(self.faults)
        return {
            "bucket": self.bucket,
            "prefix": self.prefix,
            "since": written(self.since),
            "until": written(self.until),
            "complete": self.is_complete,
            **asdict(tally),
            "faults": [fault.as_values() for fault in self.faults],
            "places": [place.as_values() for place in self.places],
        }


def in_all(tallies: Iterable[Tally]) -> Tally:
    """The sum."""
    total = Tally()
    for tally in tallies:
        total.add(tally)
    return total
