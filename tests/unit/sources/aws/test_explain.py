from __future__ import annotations

import pytest
from botocore import exceptions as sdk

from alertmill.sources.aws.explain import Call, explain

CALL = Call("s3:ListBucket", "s3://my-logs/AWSLogs/", "arn:aws:s3:::my-logs", "arn:aws:iam::1:role/r")
PLACE = "s3:ListBucket on s3://my-logs/AWSLogs/"
BY = "for arn:aws:iam::1:role/r"


def client_error(code: str, message: str = "as told", status: int = 400) -> sdk.ClientError:
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return sdk.ClientError(answer, "ListObjectsV2")  # type: ignore[arg-type]


KMS = "AccessDenied: User: x is not authorized to perform: kms:Decrypt on resource: y"
SKEWED = "The server datetime and datetime of the AWS environment differ"
ALLOW = "allow s3:ListBucket on arn:aws:s3:::my-logs"

CASES = [
    (
        client_error("AccessDenied"),
        f"{PLACE} was refused {BY}: AccessDenied: as told; allow s3:ListBucket on arn:aws:s3:::my-logs  [A001]",
        1,
        False,
    ),
    (
        client_error("AccessDenied", "User: x is not authorized to perform: kms:Decrypt on resource: y"),
        f"{PLACE} was refused {BY}: {KMS}; allow kms:Decrypt as well  [A001]",
        1,
        False,
    ),
    (
        client_error("UnauthorizedOperation"),
        f"{PLACE} was refused {BY}: UnauthorizedOperation: as told; {ALLOW}  [A001]",
        1,
        False,
    ),
    (
        client_error("ExpiredToken"),
        f"Invalid credentials to access S3 Bucket: {PLACE} {BY}: ExpiredToken: as told  [A002]",
        3,
        True,
    ),
    (
        client_error("SignatureDoesNotMatch"),
        f"Invalid credentials to access S3 Bucket: {PLACE} {BY}: SignatureDoesNotMatch: as told  [A002]",
        3,
        True,
    ),
    (client_error("NoSuchBucket", "gone"), f"{PLACE}: NoSuchBucket: gone  [A003]", 1, True),
    (
        client_error("RequestTimeTooSkewed"),
        f"{SKEWED}: {PLACE}: RequestTimeTooSkewed: as told; set this machine's clock  [A004]",
        19,
        True,
    ),
    (
        client_error("SlowDown"),
        f"{PLACE} was denied due to request throttling: SlowDown: as told  [A006]",
        16,
        False,
    ),
    (client_error("Strange", "two\nlines"), f"{PLACE} failed: Strange: two lines  [A007]", 1, True),
    (client_error("", "", 418), f"{PLACE} failed: HTTP 418  [A007]", 1, True),
    (
        sdk.EndpointConnectionError(endpoint_url="http://x"),
        f'{PLACE}: Could not connect to the endpoint URL: "http://x"  [A005]',
        15,
        True,
    ),
    (
        sdk.ConnectTimeoutError(endpoint_url="http://x"),
        f'{PLACE}: Connect timeout on endpoint URL: "http://x"  [A005]',
        15,
        True,
    ),
    (
        sdk.NoCredentialsError(),
        "no usable AWS credentials for s3:ListBucket: Unable to locate credentials  [A002]",
        3,
        True,
    ),
    (sdk.ProfileNotFound(profile="nope"), "The config profile (nope) could not be found  [A002]", 12, True),
    (sdk.NoRegionError(), "s3:ListBucket needs a region: set one in the profile  [A013]", 22, True),
    (
        sdk.ParamValidationError(report="bad\nname"),
        f"{PLACE} failed: Parameter validation failed: bad name  [A007]",
        1,
        True,
    ),
]


@pytest.mark.parametrize(("error", "text", "exit_code", "ends_run"), CASES)
def test_every_error_is_one_line(error: Exception, text: str, exit_code: int, ends_run: bool) -> None:
    found = explain(error, CALL)
    assert str(found) == text
    assert found.exit_code == exit_code
    assert found.ends_run is ends_run


def test_long_answers_are_cut() -> None:
    assert len(str(explain(client_error("Strange", "x" * 10_000), CALL))) < 700


def test_who_asked_is_left_out_when_unknown() -> None:
    call = Call("s3:ListBucket", "s3://b/", "arn:aws:s3:::b")
    assert str(explain(client_error("AccessDenied"), call)).startswith("s3:ListBucket on s3://b/ was refused: Access")
