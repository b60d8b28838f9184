from __future__ import annotations

import pytest
from botocore import exceptions as sdk

from alertmill.sources.aws.explain import Call, explain

CALL = Call("s3:ListBucket", "s3://my-logs/AWSLogs/", "arn:aws:s3:::my-logs", "arn:aws:iam::1:role/r")
PLACE = "s3:ListBucket on s3://my-logs/AWSLogs/"
BY = "for arn:aws:iam::1:role/r"


def client_error(
    code: str, message: str = "as told", status: int = 400, operation: str = "ListObjectsV2"
) -> sdk.ClientError:
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return sdk.ClientError(answer, operation)  # type: ignore[arg-type]


KMS = "User: x is not authorized to perform: kms:Decrypt on resource"
KEY = "arn:aws:kms:eu-west-1:1:key/k"
SCP = "User: x is not authorized to perform: s3:ListBucket with an explicit deny in a service control policy"
IDENTITY = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
ASSUME = "User: arn:aws:iam::1:user/u is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::2:role/r"
TRUST = "also in the role's trust policy"
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
        client_error("AccessDenied", f"{KMS}: {KEY} because no policy allows it"),
        (
            f"{PLACE} was refused {BY}: AccessDenied: {KMS}: {KEY} because no policy allows it; "
            f"allow kms:Decrypt on {KEY}  [A001]"
        ),
        1,
        False,
    ),
    (
        client_error("AccessDenied", f"{KMS} y"),
        f"{PLACE} was refused {BY}: AccessDenied: {KMS} y; allow kms:Decrypt as well  [A001]",
        1,
        False,
    ),
    (
        client_error("AccessDenied", SCP),
        (
            f"{PLACE} was refused {BY}: AccessDenied: {SCP}; "
            "take back the explicit deny of s3:ListBucket in a service control policy  [A001]"
        ),
        1,
        False,
    ),
    (
        client_error("AccessDenied", IDENTITY, operation="AssumeRoleWithWebIdentity"),
        (
            f"no usable AWS credentials for {PLACE} from arn:aws:iam::1:role/r: sts:AssumeRoleWithWebIdentity failed: "
            f"AccessDenied: {IDENTITY}; allow sts:AssumeRoleWithWebIdentity, {TRUST}  [A002]"
        ),
        3,
        True,
    ),
    (
        client_error("AccessDenied", ASSUME, operation="AssumeRole"),
        (
            f"no usable AWS credentials for {PLACE} from arn:aws:iam::1:role/r: sts:AssumeRole failed: "
            f"AccessDenied: {ASSUME}; allow sts:AssumeRole on arn:aws:iam::2:role/r, {TRUST}  [A002]"
        ),
        3,
        True,
    ),
    (
        client_error("ExpiredTokenException", operation="AssumeRoleWithWebIdentity"),
        (
            f"no usable AWS credentials for {PLACE} from arn:aws:iam::1:role/r: sts:AssumeRoleWithWebIdentity failed: "
            "ExpiredTokenException: as told  [A002]"
        ),
        3,
        True,
    ),
    (
        client_error("Throttling", operation="GetRoleCredentials"),
        (
            f"no usable AWS credentials for {PLACE} from arn:aws:iam::1:role/r: sso:GetRoleCredentials was throttled: "
            "Throttling: as told  [A006]"
        ),
        16,
        True,
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
    (client_error("NoSuchBucket", "gone"), f"{PLACE} {BY}: NoSuchBucket: gone  [A003]", 1, True),
    (
        client_error("RequestTimeTooSkewed"),
        f"{SKEWED}: {PLACE} {BY}: RequestTimeTooSkewed: as told; set this machine's clock  [A004]",
        19,
        True,
    ),
    (
        client_error("SlowDown"),
        f"{PLACE} {BY} was denied due to request throttling: SlowDown: as told  [A006]",
        16,
        False,
    ),
    (client_error("Strange", "two\nlines"), f"{PLACE} {BY} failed: Strange: two lines  [A007]", 1, True),
    (client_error("", "", 418), f"{PLACE} {BY} failed: HTTP 418  [A007]", 1, True),
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
        f"no usable AWS credentials for {PLACE} from arn:aws:iam::1:role/r: Unable to locate credentials  [A002]",
        3,
        True,
    ),
    (
        sdk.UnauthorizedSSOTokenError(),
        (
            f"no usable AWS credentials for {PLACE} from arn:aws:iam::1:role/r: The SSO session associated with this "
            "profile has expired or is otherwise invalid. To refresh this SSO session run aws sso login with the "
            "corresponding profile.  [A002]"
        ),
        3,
        True,
    ),
    (sdk.ProfileNotFound(profile="nope"), "The config profile (nope) could not be found  [A002]", 12, True),
    (
        sdk.NoRegionError(),
        f"{PLACE} needs a region: set AWS_DEFAULT_REGION, or region in the profile  [A013]",
        22,
        True,
    ),
    (
        sdk.ParamValidationError(report="bad\nname"),
        f"{PLACE} {BY} failed: Parameter validation failed: bad name  [A007]",
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


def test_credentials_of_other_services_are_not_said_to_be_for_a_bucket() -> None:
    call = Call("sqs:GetQueueUrl", "queue q", "*", "profile x")
    said = "Invalid credentials: sqs:GetQueueUrl on queue q for profile x: InvalidClientTokenId: as told  [A002]"
    assert str(explain(client_error("InvalidClientTokenId"), call)) == said


def test_a_role_is_to_be_allowed_on_both_sides() -> None:
    call = Call("sts:AssumeRole", "arn:aws-cn:iam::1:role/r", "arn:aws-cn:iam::1:role/r", "profile x")
    said = str(explain(client_error("AccessDenied", operation="AssumeRole"), call))
    assert said.startswith("sts:AssumeRole on arn:aws-cn:iam::1:role/r was refused for profile x: AccessDenied: ")
    assert said.endswith(f"; allow sts:AssumeRole on arn:aws-cn:iam::1:role/r, {TRUST}  [A001]")
