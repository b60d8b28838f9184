"""Which definition an object belongs to, and that its scope is the one that the listing uses."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from alertmill.config.models import Bucket
from alertmill.sources.aws.buckets import BUCKET_TYPES
from alertmill.sources.aws.buckets.base import BucketType
from alertmill.sources.aws.places import Places
from alertmill.sources.aws.subscribers.claims import Claims
from alertmill.sources.aws.workers import Workers
from unit.sources.aws.doubles import ACCOUNT, MemoryStore, flow_key, trail_key

REGION = "us-east-1"
OPTIONS: list[dict[str, Any]] = [
    {},
    {"path": "p/q/"},
    {"path": "p/", "path_suffix": "s/", "aws_organization_id": "o-1"},
    {"aws_account_id": (ACCOUNT,), "regions": (REGION,)},
]


def bucket(kind: Any = "cloudtrail", name: str = "logs", **options: Any) -> Bucket:
    return Bucket(type=kind, name=name, **options)


def claims(*buckets: Bucket) -> Claims:
    return Claims(buckets, BUCKET_TYPES)


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("kind", list(BUCKET_TYPES.values()), ids=lambda kind: kind.type)
def test_the_scope_is_that_of_the_listing(kind: BucketType, options: dict[str, Any]) -> None:
    definition = bucket(kind.type, **options)
    has_accounts = kind.base(definition) is not None
    account, region = (ACCOUNT, REGION) if has_accounts else ("", "")
    for prefix in kind.prefixes(definition, account, region):
        key = f"{prefix}2026/01/15/x.log"
        places = Places(
            definition,
            kind,
            MemoryStore({key: b""}),
            Workers(1, "test"),
            lambda: False,
            lambda account, fault: None,
            lambda level, text: None,
        )
        listed = [place.scope for place in places if key.startswith(place.prefixes)]
        found = claims(definition).of("logs", key)
        assert found is not None
        assert [found.scope] == listed
        assert (found.account, found.day, found.wanted) == (account, date(2026, 1, 15), True)


def test_findings_through_firehose_have_no_account() -> None:
    places = claims(bucket("guardduty", path="p/"))
    found = places.of("logs", "p/2026/01/15/10/stream-1")
    assert found is not None
    assert (found.scope, found.account) == ("s3://logs/p/|guardduty||", "")
    assert places.of("logs", f"p/AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2026/01/15/x") is None


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({}, flow_key("2026/01/15", "x")),
        ({}, f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/us-east-1/2026/01/15/x.json.gz"),
        ({}, f"AWSLogs/{ACCOUNT}/CloudTrail/x.json.gz"),
        ({}, "AWSLogs/12345/CloudTrail/us-east-1/2026/01/15/x.json.gz"),
        ({}, "AWSLogs/"),
        ({}, ""),
        ({"path": "p/"}, trail_key("2026/01/15", "x")),
        ({"aws_organization_id": "o-1"}, trail_key("2026/01/15", "x")),
        ({"aws_account_id": ("999999999999",)}, trail_key("2026/01/15", "x")),
        ({"regions": ("eu-west-1",)}, trail_key("2026/01/15", "x")),
    ],
)
def test_what_the_listing_would_not_find_is_nobody_s(options: dict[str, Any], key: str) -> None:
    assert claims(bucket(**options)).of("logs", key) is None


def test_another_bucket_is_nobody_s() -> None:
    assert claims(bucket()).of("other", trail_key("2026/01/15", "x")) is None


def test_the_first_definition_that_fits_has_it() -> None:
    found = claims(bucket("vpcflow"), bucket(aws_account_alias="one"), bucket(aws_account_alias="two"))
    claim = found.of("logs", trail_key("2026/01/15", "x"))
    assert claim is not None
    assert claim.definition == 1
    assert found.type_of(1).type == "cloudtrail"


@pytest.mark.parametrize(("day", "wanted"), [("2026/01/14", False), ("2026/01/15", True), ("today", True)])
def test_only_logs_after(day: str, wanted: bool) -> None:
    claim = claims(bucket(only_logs_after=date(2026, 1, 15))).of("logs", trail_key(day, "x"))
    assert claim is not None
    assert claim.wanted is wanted
