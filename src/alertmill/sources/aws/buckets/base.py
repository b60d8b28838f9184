"""What a bucket type is: where its objects lie, how they become records, how these are reshaped.

A type is one file with one class in this folder and one line in the catalogue. It is pure: bytes in, dicts out.
Listing, fetching, unpacking, the envelope and the bookkeeping are done for it; docs/adding-a-bucket-type.md walks
through an example.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol

from alertmill.config.models import Bucket
from alertmill.sources.aws.unpack import columns, lines


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that could not be read; it costs only itself. `line` counts from 1."""

    line: int
    reason: str


class OddRecord(dict[str, Any]):
    """A record with values that JSON readers see differently (jsontext.parse); it travels as text."""


class BucketType(Protocol):
    """The port between the poller and one type of bucket."""

    #: The word in `<bucket type="...">`.
    type: str
    #: The object is one JSON document: it is checked to its end before the first record goes out.
    document: bool
    #: Records are columns of text: nothing in them is null, a list of one, or nested.
    columns: bool
    #: Messages carry `aws_account_id`, the account whose folder was walked.
    names_account: bool
    #: EC2 knows flow logs that write here; they are named in the log.
    flow_logs: bool

    def base(self, bucket: Bucket) -> str | None:
        """The prefix that holds the account folders; None when the type knows no accounts (one walk over `path`)."""

    def region_folders(self, bucket: Bucket, account: str) -> tuple[str, ...]:
        """The prefixes that hold the region folders of an account."""

    def prefixes(self, bucket: Bucket, account: str, region: str) -> tuple[str, ...]:
        """Where the objects of one account and region lie; both are empty for a type without accounts."""

    def records(self, pieces: Iterable[bytes]) -> Iterator[dict[str, Any] | BadLine]:
        """The records of one object, each with its `source` set, from its decompressed content cut anywhere.

        Raises ObjectError for content that is not of this type.
        """

    def reshape(self, aws: dict[str, Any]) -> None:
        """The type's own changes of the `aws` object, made last, in place."""

    def event_time(self, record: dict[str, Any]) -> float | None:
        """When the record's event happened, epoch seconds."""

    def lies_at(self, key: str) -> bool:
        """Whether a key, or a path of the file system, has the layout that AWS gives objects of this type."""

    def begins_like(self, head: str) -> bool:
        """Whether the first 64 KiB of an object's text, cut anywhere, look like this type."""


class AccountLayout:
    """Objects below `path/AWSLogs/path_suffix/organisation/account/service/region/` (aws-wodle.md 7.2)."""

    document = False
    columns = False
    names_account = False
    flow_logs = False
    #: The service's folder.
    service = ""
    #: `aws_organization_id` is part of the prefix.
    in_organisation = True
    #: AWS also writes this type below `aws-account-id=.../aws-service=.../aws-region=.../`.
    hive = False

    def base(self, bucket: Bucket) -> str | None:
        organisation = bucket.aws_organization_id if self.in_organisation else None
        return f"{bucket.path}AWSLogs/{bucket.path_suffix}" + (f"{organisation}/" if organisation else "")

    def region_folders(self, bucket: Bucket, account: str) -> tuple[str, ...]:
        base = self.base(bucket)
        plain = f"{base}{account}/{self.service}/"
        return (plain, f"{base}aws-account-id={account}/aws-service={self.service}/") if self.hive else (plain,)

    def prefixes(self, bucket: Bucket, account: str, region: str) -> tuple[str, ...]:
        plain, *hive = self.region_folders(bucket, account)
        return (f"{plain}{region}/", *(f"{folder}aws-region={region}/" for folder in hive))

    def reshape(self, aws: dict[str, Any]) -> None:
        pass

    def lies_at(self, key: str) -> bool:
        return f"/{self.service}/" in key

    def event_time(self, record: dict[str, Any]) -> float | None:
        return None


def rows(pieces: Iterable[bytes], separator: str = " ") -> Iterator[list[str] | BadLine]:
    """The columns of each line of a text object; empty lines are skipped. Raises ParseError for what is not UTF-8."""
    for number, line in enumerate(lines(pieces), 1):
        if line:
            try:
                yield columns(line, separator)
            except ValueError as error:
                yield BadLine(number, str(error))
        elif line is None:
            yield BadLine(number, "the line is too long")


def named(names: Sequence[str], row: list[str]) -> dict[str, Any]:
    """The columns of a row by their names; missing ones are absent, further ones are the list `extra_columns` (D20)."""
    record: dict[str, Any] = dict(zip(names, row, strict=False))
    if len(row) > len(names):
        record["extra_columns"] = row[len(names) :]
    return record


@lru_cache(maxsize=4096)
def epoch(text: str) -> float | None:
    """Epoch seconds of an ISO 8601 time with its zone, None for any other text."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo else None
