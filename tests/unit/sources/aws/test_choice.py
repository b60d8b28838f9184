"""Which scopes an operator means, and what is said when there are none."""

from __future__ import annotations

from typing import Any

import pytest

from alertmill.config.models import Bucket
from alertmill.sources.aws.buckets import BUCKET_TYPES
from alertmill.sources.aws.choice import Choice, ChoiceError, chosen

TRAIL = "s3://my-trail/AWSLogs/|cloudtrail|"
OTHER_TRAIL = "s3://my-trail/far/AWSLogs/|cloudtrail|"
FLOW = "s3://my-trail/AWSLogs/|vpcflow|"
FLAT = "s3://my-custom/in/|custom|"
DUTY = ("s3://my-duty/AWSLogs/|guardduty|", "s3://my-duty/|guardduty|")

BUCKETS = (
    Bucket(type="cloudtrail", name="my-trail"),
    Bucket(type="cloudtrail", name="my-trail"),
    Bucket(type="cloudtrail", name="my-trail", path="far/"),
    Bucket(type="vpcflow", name="my-trail", aws_account_id=("111111111111",)),
    Bucket(type="custom", name="my-custom", path="in/"),
    Bucket(type="guardduty", name="my-duty"),
)
KNOWN = (
    f"{TRAIL}*|*",
    f"{TRAIL}111111111111|eu-west-1",
    f"{TRAIL}111111111111|us-east-1",
    f"{TRAIL}222222222222|us-east-1",
    f"{TRAIL}333333333333|us-west-2|again 1",
    f"{TRAIL}444444444444|us-west-2|back-fill",
    f"{FLOW}111111111111|us-east-1",
    f"{FLAT}|",
    f"{DUTY[1]}|",
    "s3://elsewhere/AWSLogs/|cloudtrail|555555555555|us-east-1",
)


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({}, [TRAIL, FLOW, FLAT, DUTY[1]]),
        ({"bucket": "my-trail"}, [TRAIL, FLOW]),
        ({"type": "cloudtrail"}, [TRAIL]),
        ({"bucket": "my-custom"}, [FLAT]),
        ({"bucket": "my-duty", "type": "guardduty"}, [DUTY[1]]),
        ({"account": "222222222222"}, [f"{TRAIL}222222222222|"]),
        ({"account": "111111111111"}, [f"{TRAIL}111111111111|", f"{FLOW}111111111111|"]),
        ({"region": "eu-west-1"}, [f"{TRAIL}111111111111|eu-west-1"]),
        (
            {"type": "cloudtrail", "region": "us-east-1"},
            [f"{TRAIL}111111111111|us-east-1", f"{TRAIL}222222222222|us-east-1"],
        ),
        ({"account": "111111111111", "region": "us-east-1", "type": "vpcflow"}, [f"{FLOW}111111111111|us-east-1"]),
    ],
)
def test_what_is_meant(choice: dict[str, Any], expected: list[str]) -> None:
    assert chosen(Choice(**choice), BUCKETS, BUCKET_TYPES, KNOWN) == expected


@pytest.mark.parametrize(
    ("choice", "complaint"),
    [
        ({"bucket": "x"}, "there is no <bucket> named x; there are: my-trail, my-custom, my-duty"),
        (
            {"type": "waf"},
            'there is no <bucket type="waf">; there are the types: cloudtrail, vpcflow, custom, guardduty',
        ),
        (
            {"bucket": "my-trail", "type": "waf"},
            'there is no <bucket type="waf"> named my-trail; there are the types: cloudtrail, vpcflow',
        ),
        ({"account": "9"}, "account 9 has not been read there; there are: 111111111111, 222222222222"),
        ({"account": "333333333333"}, "account 333333333333 has not been read there; there are: 111111111111, 2222"),
        ({"region": "x-y-1"}, "region x-y-1 has not been read there; there are: eu-west-1, us-east-1"),
        (
            {"account": "222222222222", "region": "eu-west-1"},
            "region eu-west-1 has not been read there; there are: us-east-1",
        ),
        ({"bucket": "my-custom", "region": "us-east-1"}, "there is nothing to tell apart by account or region in what"),
    ],
)
def test_what_is_not_there(choice: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ChoiceError) as raised:
        chosen(Choice(**choice), BUCKETS, BUCKET_TYPES, KNOWN)
    assert str(raised.value).startswith(complaint)


def test_nothing_is_configured() -> None:
    with pytest.raises(ChoiceError, match="has no <bucket> in an enabled"):
        chosen(Choice(), (), BUCKET_TYPES, KNOWN)


def test_many_names_are_cut() -> None:
    buckets = tuple(Bucket(type="waf", name=f"bucket-{number}") for number in range(30))
    with pytest.raises(ChoiceError, match=r"bucket-19 and 10 more$"):
        chosen(Choice(bucket="x"), buckets, BUCKET_TYPES, KNOWN)


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"bucket": "my-duty"}, [*DUTY]),
        ({"type": "vpcflow", "region": "us-east-1"}, [f"{FLOW}111111111111|us-east-1"]),
        ({"type": "vpcflow", "account": "999999999999"}, [f"{FLOW}999999999999|"]),
    ],
)
def test_before_anything_was_read_the_words_are_taken_as_they_are(choice: dict[str, Any], expected: list[str]) -> None:
    assert chosen(Choice(**choice), BUCKETS, BUCKET_TYPES, None) == expected


def test_before_anything_was_read_a_region_alone_means_nothing() -> None:
    with pytest.raises(ChoiceError, match="nothing is known of region us-east-1 so far; name the account as well"):
        chosen(Choice(bucket="my-duty", region="us-east-1"), BUCKETS, BUCKET_TYPES, None)


def test_a_scope_that_was_never_walked_is_still_meant_where_nothing_else_is() -> None:
    assert chosen(Choice(bucket="my-duty"), BUCKETS, BUCKET_TYPES, ()) == [*DUTY]
