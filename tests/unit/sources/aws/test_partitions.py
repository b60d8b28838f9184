"""Which partition is meant, and in which region S3 and STS are asked."""

from __future__ import annotations

import pytest

from alertmill.config.models import AwsAccess
from alertmill.sources.aws import partitions


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("us-east-1", "aws"),
        ("ap-southeast-99", "aws"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-gov-north-7", "aws-us-gov"),
        ("cn-northwest-1", "aws-cn"),
        ("us-iso-east-1", "aws-iso"),
        ("atlantis-north-1", None),
        ("", None),
        (None, None),
    ],
)
def test_a_region_is_told_by_its_form(region: str | None, partition: str | None) -> None:
    assert partitions.of_region(region) == partition


@pytest.mark.parametrize(
    ("url", "partition"),
    [
        ("https://s3.eu-west-1.amazonaws.com", "aws"),
        ("https://s3.us-gov-west-1.amazonaws.com", "aws-us-gov"),
        ("https://bucket.vpce-1a2b.s3.us-gov-east-1.vpce.amazonaws.com", "aws-us-gov"),
        ("https://sts.cn-north-1.amazonaws.com.cn", "aws-cn"),
        ("https://s3.amazonaws.com.cn", "aws-cn"),
        ("https://s3.amazonaws.com", "aws"),
        ("https://notamazonaws.com", None),
        ("http://127.0.0.1:9000", None),
        ("https://[broken", None),
        (None, None),
    ],
)
def test_an_endpoint_tells_its_partition(url: str | None, partition: str | None) -> None:
    assert partitions.of_url(url) == partition
    assert partitions.is_amazon(url) is (partition is not None)


@pytest.mark.parametrize(
    ("access", "regions", "own", "partition", "asked_in"),
    [
        ({}, (), None, "aws", None),
        ({}, (), "eu-west-1", "aws", None),
        ({}, ("eu-west-1",), "us-east-2", "aws", None),
        ({}, (), "cn-north-1", "aws-cn", None),
        ({}, ("us-gov-east-1",), None, "aws-us-gov", "us-gov-east-1"),
        ({}, ("us-gov-east-1",), "us-gov-west-1", "aws-us-gov", "us-gov-east-1"),
        ({}, ("eu-west-1",), "cn-north-1", "aws", "eu-west-1"),
        ({}, ("atlantis-north-1",), "atlantis-north-1", "aws", None),
        ({"iam_role_arn": "arn:aws-cn:iam::123456789012:role/r"}, (), None, "aws-cn", "cn-northwest-1"),
        ({"iam_role_arn": "arn:aws-cn:iam::123456789012:role/r"}, (), "cn-north-1", "aws-cn", None),
        ({"iam_role_arn": "arn:aws-us-gov:iam::123456789012:role/r"}, (), "eu-west-1", "aws-us-gov", "us-gov-west-1"),
        ({"service_endpoint": "https://s3.us-gov-west-1.amazonaws.com"}, (), None, "aws-us-gov", "us-gov-west-1"),
        ({"sts_endpoint": "https://sts.cn-north-1.amazonaws.com.cn"}, (), None, "aws-cn", "cn-northwest-1"),
        ({"service_endpoint": "http://127.0.0.1:9000"}, (), "garage", "aws", None),
    ],
)
def test_what_a_definition_means(
    access: dict[str, str], regions: tuple[str, ...], own: str | None, partition: str, asked_in: str | None
) -> None:
    assert partitions.meant(AwsAccess(**access), regions, own) == partition  # type: ignore[arg-type]
    assert partitions.region_to_ask(partition, regions, own) == asked_in


def test_an_unknown_partition_is_asked_where_the_common_one_is() -> None:
    assert partitions.region_in("aws-mars") == "us-east-1"
    assert partitions.of_arn("arn:aws-mars:iam::123456789012:role/r") == "aws-mars"
