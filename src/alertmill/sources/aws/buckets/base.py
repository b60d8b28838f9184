"""What a bucket type is: a format (`formats`) with a layout of keys, so that its objects can be found.

A type is one file with one class in this folder and one line in the catalogue. It is pure: bytes in, dicts out.
Listing, fetching, unpacking, the envelope and the bookkeeping are done for it; docs/adding-a-bucket-type.md walks
through an example.
"""

from __future__ import annotations

from typing import Protocol

from alertmill.config.models import Bucket
from alertmill.sources.aws.formats import Format, ObjectFormat


class BucketType(ObjectFormat, Protocol):
    """The port between the poller and one type of bucket."""

    #: EC2 knows flow logs that write here; they are named in the log.
    flow_logs: bool
    #: Where nothing lies below `path/AWSLogs/`, the objects lie anywhere below `path`, in one walk without accounts.
    native_or_path: bool

    def base(self, bucket: Bucket) -> str | None:
        """The prefix that holds the account folders; None when the type knows no accounts (one walk over `path`)."""

    def region_folders(self, bucket: Bucket, account: str) -> tuple[str, ...]:
        """The prefixes that hold the region folders of an account."""

    def prefixes(self, bucket: Bucket, account: str, region: str) -> tuple[str, ...]:
        """Where the objects of one account and region lie; both are empty for a type without accounts."""

    def lies_at(self, key: str) -> bool:
        """Whether a key, or a path of the file system, has the layout that AWS gives objects of this type."""

    def begins_like(self, head: str) -> bool:
        """Whether the first 64 KiB of an object's text, cut anywhere, look like this type."""


class AccountLayout(Format):
    """Objects below `path/AWSLogs/path_suffix/organisation/account/service/region/` (aws-wodle.md 7.2)."""

    flow_logs = False
    native_or_path = False
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

    def lies_at(self, key: str) -> bool:
        return f"/{self.service}/" in key


class PathLayout(Format):
    """Objects anywhere below `path`, in one walk without accounts and regions: the custom family (aws-wodle.md 7.2)."""

    flow_logs = False
    native_or_path = False

    def base(self, bucket: Bucket) -> str | None:
        return None

    def region_folders(self, bucket: Bucket, account: str) -> tuple[str, ...]:
        return ()

    def prefixes(self, bucket: Bucket, account: str, region: str) -> tuple[str, ...]:
        return (bucket.path,)

    def lies_at(self, key: str) -> bool:
        return False
