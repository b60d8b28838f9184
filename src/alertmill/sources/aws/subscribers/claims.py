"""Which `<bucket>` definition an object belongs to that a notification tells of.

An object that the listing of a definition would find is read as that definition would read it, in the same scope: so it
is read once, whichever of the two comes first. Pure: keys in, scopes out; nothing is looked up in a bucket.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from alertmill.config.models import Bucket
from alertmill.sources.aws.buckets.base import BucketType
from alertmill.sources.aws.listing import account_of, key_date, region_of

#: The folder that AWS services write to. Of a type that knows both layouts, it holds the one with accounts.
_NATIVE = "AWSLogs/"


@dataclass(frozen=True, slots=True)
class Claim:
    """The definition (its number among those given), and the object's place in it; `day` is its key date if it has one.

    An object that is not `wanted` is older than the definition's `only_logs_after`.
    """

    definition: int
    scope: str
    account: str
    day: date | None
    wanted: bool


class Claims:
    """The `<bucket>` definitions of a daemon. `types` is the catalogue of bucket types."""

    def __init__(self, buckets: Sequence[Bucket], types: Mapping[str, BucketType]) -> None:
        self.buckets = tuple(bucket for bucket in buckets if bucket.type in types)
        self._types = types
        self._by_name: dict[str, list[int]] = {}
        for number, bucket in enumerate(self.buckets):
            self._by_name.setdefault(bucket.name, []).append(number)

    def of(self, bucket: str, key: str) -> Claim | None:
        """The claim of the first definition that the object belongs to."""
        for number in self._by_name.get(bucket, ()):
            if claim := self._claim(number, key):
                return claim
        return None

    def type_of(self, definition: int) -> BucketType:
        """The type of a definition, by its number."""
        return self._types[self.buckets[definition].type]

    def _claim(self, number: int, key: str) -> Claim | None:
        bucket = self.buckets[number]
        kind = self._types[bucket.type]
        base = kind.base(bucket)
        root, account, region = bucket.path, "", ""
        by_path = base is None or (kind.native_or_path and not key.startswith(f"{bucket.path}{_NATIVE}"))
        if base is not None and not by_path:
            root, account = base, account_of(_folder(base, key)) or ""
            region = _region(kind.region_folders(bucket, account), key) if account else ""
            if not region or not _reads(bucket, account, region):
                return None
        prefixes = (bucket.path,) if by_path else kind.prefixes(bucket, account, region)
        prefix = next((one for one in prefixes if key.startswith(one)), None)
        if prefix is None:
            return None
        day, since = key_date(key, prefix), bucket.only_logs_after
        wanted = day is None or since is None or day >= since
        return Claim(number, f"s3://{bucket.name}/{root}|{kind.type}|{account}|{region}", account, day, wanted)


def _reads(bucket: Bucket, account: str, region: str) -> bool:
    """Whether a definition reads this account and region."""
    return account in (bucket.aws_account_id or (account,)) and region in (bucket.regions or (region,))


def _region(parents: tuple[str, ...], key: str) -> str:
    """The region that the folder below one of `parents` stands for, empty when there is none."""
    return next((region for parent in parents if (region := region_of(_folder(parent, key)))), "")


def _folder(parent: str, key: str) -> str:
    """The name of the folder below `parent` that the key lies in, with its `/`."""
    name, slash, _ = key[len(parent) :].partition("/") if key.startswith(parent) else ("", "", "")
    return name + slash
