"""The policies of a configuration: enough for every call that is made, and nothing beyond it."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import pytest

from alertmill.config.models import AwsS3, Bucket, Service, Subscriber
from alertmill.sources.aws.buckets import BUCKET_TYPES
from alertmill.sources.aws.iam_policy import Wishes, policies
from unit.sources.aws.doubles import MemoryStore, bench

ROLE = "arn:aws:iam::123456789012:role/reader"


def only(module: AwsS3, **wishes: Any) -> dict[str, Any]:
    (policy,) = policies([module], Wishes(**wishes)).values()
    return policy


def allows(policy: dict[str, Any], action: str, resource: str, prefix: str | None = None) -> bool:
    """What IAM would say, for policies without Deny."""

    def listed(value: Any) -> list[str]:
        return value if isinstance(value, list) else [value]

    for statement in policy["Statement"]:
        prefixes = statement.get("Condition", {}).get("StringLike", {}).get("s3:prefix")
        if (
            action in listed(statement["Action"])
            and any(fnmatchcase(resource, pattern) for pattern in listed(statement["Resource"]))
            and (prefixes is None or (prefix is not None and any(fnmatchcase(prefix, p) for p in listed(prefixes))))
        ):
            return True
    return False


@pytest.mark.parametrize("path", ["", "some/path/"])
@pytest.mark.parametrize("kind", BUCKET_TYPES)
def test_every_request_of_a_run_is_allowed(kind: str, path: str) -> None:
    type_ = BUCKET_TYPES[kind]
    bucket = Bucket(type=kind, name="my-logs", path=path)  # type: ignore[arg-type]
    account, region = ("123456789012", "us-east-1") if type_.base(bucket) is not None else ("", "")
    keys = [f"{prefix}2026/01/15/object" for prefix in type_.prefixes(bucket, account, region)]
    for objects in ({}, dict.fromkeys(keys, b"")):
        store = MemoryStore(objects)
        bench(store, kind=kind, path=path).run()
        policy = only(AwsS3(buckets=(bucket,)))
        assert store.requests
        for request in store.requests:
            assert allows(policy, "s3:ListBucket", "arn:aws:s3:::my-logs", request.prefix), request
        for key in store.fetched:
            assert allows(policy, "s3:GetObject", f"arn:aws:s3:::my-logs/{key}"), key


def test_nothing_beyond_it() -> None:
    policy = only(AwsS3(buckets=(Bucket(type="cloudtrail", name="my-logs", path="p/"),)))
    assert not allows(policy, "s3:GetObject", "arn:aws:s3:::my-logs/other/x")
    assert not allows(policy, "s3:GetObject", "arn:aws:s3:::other/p/AWSLogs/x")
    assert not allows(policy, "s3:ListBucket", "arn:aws:s3:::my-logs", "other/")
    assert not allows(policy, "s3:DeleteObject", "arn:aws:s3:::my-logs/p/AWSLogs/x")
    assert {"s3:ListBucket", "s3:GetObject"} == {statement["Action"] for statement in policy["Statement"]}


def test_what_options_add() -> None:
    bucket = Bucket(type="vpcflow", name="my-logs", remove_from_bucket=True)
    policy = only(AwsS3(buckets=(bucket,)), keys=("arn:aws:kms:us-east-1:1:key/k",), partition="aws-cn")
    assert allows(policy, "s3:DeleteObject", "arn:aws-cn:s3:::my-logs/AWSLogs/x")
    assert allows(policy, "ec2:DescribeFlowLogs", "*")
    assert allows(policy, "kms:Decrypt", "arn:aws:kms:us-east-1:1:key/k")
    trail = AwsS3(buckets=(Bucket(type="cloudtrail", name="my-logs"),))
    assert allows(only(trail, audit=True), "cloudtrail:ListPublicKeys", "*")
    assert not allows(only(trail), "cloudtrail:ListPublicKeys", "*")


def test_each_identity_has_its_own() -> None:
    module = AwsS3(
        buckets=(
            Bucket(type="cloudtrail", name="one"),
            Bucket(type="cloudtrail", name="two", iam_role_arn=ROLE, aws_profile="base"),
        ),
        services=(Service(type="inspector", aws_profile="base"),),
    )
    found = policies([module, AwsS3(disabled=True, buckets=module.buckets)], Wishes())
    assert list(found) == ["default", ROLE, "profile base"]
    assert allows(found["profile base"], "sts:AssumeRole", ROLE)
    assert allows(found["profile base"], "inspector2:ListFindings", "*")
    assert not allows(found["profile base"], "s3:ListBucket", "arn:aws:s3:::two", "AWSLogs/")
    assert allows(found[ROLE], "s3:ListBucket", "arn:aws:s3:::two", "AWSLogs/")


def test_log_groups_and_queues() -> None:
    groups = Service(type="cloudwatchlogs", aws_log_groups=("/aws/a",), regions=("eu-west-1",), remove_log_streams=True)
    queue = Subscriber(type="buckets", sqs_name="q")
    policy = only(AwsS3(services=(groups,), subscribers=(queue,)), buckets=("told",))
    group = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/a:"
    assert allows(policy, "logs:DescribeLogStreams", f"{group}*")
    assert allows(policy, "logs:GetLogEvents", f"{group}log-stream:s")
    assert allows(policy, "logs:DeleteLogStream", f"{group}log-stream:s")
    assert not allows(policy, "logs:GetLogEvents", group.replace("eu-west-1", "us-east-1") + "log-stream:s")
    for action in ("ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "GetQueueUrl", "GetQueueAttributes"):
        assert allows(policy, f"sqs:{action}", "arn:aws:sqs:eu-west-1:123456789012:q")
    assert allows(policy, "s3:GetObject", "arn:aws:s3:::told/x")
    assert not allows(policy, "s3:GetObject", "arn:aws:s3:::other/x")
