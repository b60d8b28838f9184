"""Values of the AWS module."""

from __future__ import annotations

import re
from datetime import date

import pytest

from alertmill.config import aws_values as values
from alertmill.config.options import BadValueError

REGIONS_OF_EVERY_PARTITION = [
    "us-east-1",
    "us-gov-west-1",
    "cn-north-1",
    "us-iso-east-1",
    "us-isob-east-1",
    "eusc-de-east-1",
    "ap-southeast-9",
    "mx-south-12",
]


@pytest.mark.parametrize(
    ("parser", "text", "value"),
    [
        (values.accounts, "123456789012", ("123456789012",)),
        (values.accounts, "222222222222, 111111111111,", ("222222222222", "111111111111")),
        (values.regions, "us-east-1,eu-west-1, us-east-1 ,", ("eu-west-1", "us-east-1")),
        *((values.regions, region, (region,)) for region in REGIONS_OF_EVERY_PARTITION),
        (values.bucket_name, "abc", "abc"),
        (values.bucket_name, "my.bucket-1", "my.bucket-1"),
        (values.bucket_name, "a" * 63, "a" * 63),
        (values.prefix, "", ""),
        (values.prefix, "a/b", "a/b/"),
        (values.prefix, "a/b/", "a/b/"),
        (values.prefix, "/a", "/a/"),
        (values.prefix, '"a b"', "a b/"),
        (values.prefix, "größe", "größe/"),
        (values.log_groups, "/aws/lambda/a, b,", ("/aws/lambda/a", "b")),
        (values.day, "2026-JAN-01", date(2026, 1, 1)),
        (values.day, "2024-feb-29", date(2024, 2, 29)),
        (values.day, "2026-Dec-3", date(2026, 12, 3)),
        (values.role_arn, "arn:aws:iam::123456789012:role/r", "arn:aws:iam::123456789012:role/r"),
        (values.role_arn, "arn:aws-us-gov:iam::123456789012:role/p/r", "arn:aws-us-gov:iam::123456789012:role/p/r"),
        (values.role_duration, "900", 900),
        (values.role_duration, "3600", 3600),
        (values.queue_name, "main-queue_1", "main-queue_1"),
        (values.endpoint, "http://127.0.0.1:5000", "http://127.0.0.1:5000"),
        (
            values.endpoint,
            "https://vpce-1.sts.us-east-1.vpce.amazonaws.com",
            "https://vpce-1.sts.us-east-1.vpce.amazonaws.com",
        ),
        (values.endpoint, "vpce-1.sts.us-east-1.vpce.amazonaws.com", "https://vpce-1.sts.us-east-1.vpce.amazonaws.com"),
        (values.endpoint, '"http://h:1/p"', "http://h:1/p"),
        (values.unquoted, 'two "quoted" words', 'two "quoted" words'),
        (values.unquoted, '"cloud breach"', "cloud breach"),
        (values.unquoted, '"', '"'),
    ],
)
def test_value(parser, text, value):
    assert parser(text) == value


@pytest.mark.parametrize(
    ("parser", "text", "wazuh"),
    [
        (values.accounts, "12345678901", "Not valid AWS account ID (numeric digits only): '12345678901'."),
        (values.accounts, "123456789012,x", "Not valid AWS account ID (numeric digits only): 'x'."),
        (
            values.accounts,
            "１２３４５６７８９０１２",
            "Not valid AWS account ID (numeric digits only): '１２３４５６７８９０１２'.",
        ),
        (values.regions, "us-east1", "WARNING: The region 'us-east1' has not a valid format.'"),
        (values.regions, "us-east-1,US-EAST-2", "WARNING: The region 'US-EAST-2' has not a valid format.'"),
        (values.regions, "virginia", "WARNING: The region 'virginia' has not a valid format.'"),
        (values.bucket_name, "ab", "'ab' isn't a valid bucket name."),
        (values.bucket_name, "a" * 64, f"'{'a' * 57}...' isn't a valid bucket name."),
        (values.bucket_name, "My-Bucket", "'My-Bucket' isn't a valid bucket name."),
        (values.bucket_name, "-abc", "'-abc' isn't a valid bucket name."),
        (values.bucket_name, "abc.", "'abc.' isn't a valid bucket name."),
        (values.bucket_name, "xn--abc", "'xn--abc' isn't a valid bucket name."),
        (values.bucket_name, "abc-s3alias", "'abc-s3alias' isn't a valid bucket name."),
        (values.bucket_name, "abc--ol-s3", "'abc--ol-s3' isn't a valid bucket name."),
        (values.bucket_name, "abc\n", "'abc ' isn't a valid bucket name."),
        (values.prefix, "a^b", "'a^b' has an invalid character. Avoid to use '^'."),
        (values.prefix, "a b'", "'a b'' has an invalid character. Avoid to use '''."),
        (values.prefix, "a&amp;b", "'a&amp;b' has an invalid character. Avoid to use '&amp;'."),
        (values.prefix, "a&#38;b", "'a&#38;b' has an invalid character. Avoid to use '#'."),
        (values.log_groups, "a|b", "'a|b' has an invalid character. Avoid to use '|'."),
        (values.day, "2026-01-01", "Argument not a valid date in format YYYY-MMM-DD: '2026-01-01'."),
        (values.day, "2026-FEB-30", "Argument not a valid date in format YYYY-MMM-DD: '2026-FEB-30'."),
        (values.day, "2026-XXX-01", "Argument not a valid date in format YYYY-MMM-DD: '2026-XXX-01'."),
        (values.day, "0000-JAN-01", "Argument not a valid date in format YYYY-MMM-DD: '0000-JAN-01'."),
        (values.role_arn, "arn:aws:iam::12:role/r", "Invalid ARN Role specified. Value must be a valid ARN Role."),
        (
            values.role_arn,
            "arn:aws:iam::123456789012:user/u",
            "Invalid ARN Role specified. Value must be a valid ARN Role.",
        ),
        (values.role_duration, "899", "Invalid session duration specified. Value must be between 900 and 3600."),
        (values.role_duration, "1h", "Invalid session duration specified. Value must be between 900 and 3600."),
    ],
)
def test_bad_value(parser, text, wazuh):
    with pytest.raises(BadValueError) as caught:
        parser(text)
    assert caught.value.wazuh == wazuh


@pytest.mark.parametrize("text", ["", "a b", "https://", "https://sqs/q", "q" * 81])
def test_bad_queue_name(text):
    with pytest.raises(BadValueError):
        values.queue_name(text)


@pytest.mark.parametrize("text", ["https://", "ftp://h", "h h", "http://h:port", "https:/h"])
def test_bad_endpoint(text):
    with pytest.raises(BadValueError):
        values.endpoint(text)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("^Describe|List", "^Describe|List"),
        ("\\d+", "\\d+"),
        ("\\\\d+", "\\d+"),
        ("\\\\\\\\", "\\\\"),
        ("a\\\\\\\\b", "a\\\\b"),
        ("\\.", "\\."),
        ("\\\\\\.", "\\\\."),
        ('"two words"', "two words"),
        ('"\\\\d \\d"', "\\d \\d"),
        ('say "x"', 'say "x"'),
        ("(?\\<=a)b", "(?<=a)b"),
        ("(?P\\<n>a)", "(?P<n>a)"),
        ("a\\<b", "a\\<b"),
        ("größe", "größe"),
    ],
)
def test_discard_pattern(written, meant):
    assert values.discard_pattern(written) == meant
    re.compile(meant)


@pytest.mark.parametrize(
    "written", ["(", "a{99999999999999999999}", "[b-a]", "*", "(?P<x>a)(?P<x>b)", "\\", "(" * 9000]
)
def test_a_pattern_that_does_not_compile(written):
    with pytest.raises(BadValueError):
        values.discard_pattern(written)


def test_the_place_of_a_bad_element_is_told():
    with pytest.raises(BadValueError) as caught:
        values.regions("us-east-1, us_east-2")
    assert caught.value.position == 11
    assert caught.value.hint == "did you mean us-east-2?"


def test_the_place_is_that_of_the_element_not_of_its_text():
    with pytest.raises(BadValueError) as caught:
        values.accounts("123456789012, 1")
    assert (caught.value.position, caught.value.length) == (14, 1)


def test_known_regions_are_sorted_and_well_formed():
    assert list(values.KNOWN_REGIONS) == sorted(set(values.KNOWN_REGIONS))
    assert len(values.regions(",".join(values.KNOWN_REGIONS))) == len(values.KNOWN_REGIONS)
