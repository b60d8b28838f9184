"""From the options of a definition to clients: whose credentials, which endpoint, which retries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from pydantic import SecretStr

from alertmill.config.models import AwsAccess
from alertmill.sources.aws.faults import StoreError
from alertmill.sources.aws.session import AwsSession
from unit.sources.aws.wire import Reply, running_wire

ROLE = "arn:aws:iam::123456789012:role/reader"

pytestmark = pytest.mark.usefixtures("aws_env")


@pytest.fixture
def profiles(aws_env: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """A shared config file with two profiles."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        aws_env.delenv(name)
    (tmp_path / "config").write_text(
        "[default]\nregion = eu-west-1\n"
        "[profile other]\naws_access_key_id = AKIDOTHER\naws_secret_access_key = x\nregion = eu-north-1\n"
        "retry_mode = adaptive\nmax_attempts = 3\n"
    )
    aws_env.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    return aws_env


def key_of(session: AwsSession) -> str:
    key: str = session.credentials().get_frozen_credentials().access_key
    return key


def test_static_keys_come_first(aws_env: pytest.MonkeyPatch) -> None:
    access = AwsAccess(access_key=SecretStr("AKIDSTATIC"), secret_key=SecretStr("x"))
    assert key_of(AwsSession(access)) == "AKIDSTATIC"
    assert key_of(AwsSession(AwsAccess())) == "AKIDEXAMPLE"


def test_a_profile_with_its_region_and_retries(profiles: pytest.MonkeyPatch) -> None:
    session = AwsSession(AwsAccess(aws_profile="other"))
    assert key_of(session) == "AKIDOTHER"
    client = session.s3()
    assert client.meta.region_name == "eu-north-1"
    assert client.meta.config.retries == {"mode": "adaptive", "total_max_attempts": 3}
    assert session.who() == "profile other"


def test_without_settings_of_their_own_calls_are_tried_ten_times() -> None:
    assert AwsSession(AwsAccess()).s3().meta.config.retries == {"mode": "standard", "total_max_attempts": 10}


def test_a_profile_that_does_not_exist(profiles: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreError) as raised:
        AwsSession(AwsAccess(aws_profile="nope"))
    assert str(raised.value) == "The config profile (nope) could not be found  [A002]"
    assert raised.value.exit_code == 12


def test_no_credentials_at_all(aws_env: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        aws_env.delenv(name)
    assert AwsSession(AwsAccess()).credentials() is None


@pytest.mark.parametrize(
    ("options", "environment", "url", "path_style"),
    [
        ({}, {}, "https://s3.amazonaws.com", False),
        ({"service_endpoint": "http://127.0.0.1:9000"}, {}, "http://127.0.0.1:9000", True),
        ({"service_endpoint": "http://minio.local:9000"}, {}, "http://minio.local:9000", True),
        ({}, {"AWS_ENDPOINT_URL": "http://localhost:5000"}, "http://localhost:5000", True),
        ({}, {"AWS_ENDPOINT_URL_S3": "http://localhost:5001"}, "http://localhost:5001", True),
        (
            {"service_endpoint": "https://bucket.vpce-1.s3.us-east-1.vpce.amazonaws.com"},
            {},
            "https://bucket.vpce-1.s3.us-east-1.vpce.amazonaws.com",
            False,
        ),
    ],
)
def test_endpoints(
    options: dict[str, Any], environment: dict[str, str], url: str, path_style: bool, aws_env: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        aws_env.setenv(name, value)
    client = AwsSession(AwsAccess(**options)).s3()
    assert client.meta.endpoint_url == url
    assert ((client.meta.config.s3 or {}).get("addressing_style") == "path") is path_style


def test_an_endpoint_that_is_none() -> None:
    with pytest.raises(StoreError, match=r"endpoint.*\[A013\]"):
        AwsSession(AwsAccess(service_endpoint="not a url")).s3()


@pytest.mark.parametrize(
    ("regions", "expected"),
    [(("us-gov-west-1",), "us-gov-west-1"), (("cn-north-1",), "cn-north-1"), (("eu-west-1",), "us-east-1")],
)
def test_other_partitions_are_met_in_their_region(regions: tuple[str, ...], expected: str) -> None:
    assert AwsSession(AwsAccess(), regions).s3().meta.region_name == expected


def test_ec2_never_uses_the_endpoint_of_s3(aws_env: pytest.MonkeyPatch) -> None:
    own = AwsSession(AwsAccess(service_endpoint="http://127.0.0.1:9000"))
    assert own.ec2("us-east-1") is None
    aws_env.setenv("AWS_ENDPOINT_URL_EC2", "http://127.0.0.1:9001")
    client = own.ec2("us-east-1")
    assert client is not None
    assert client.meta.endpoint_url == "http://127.0.0.1:9001"
    aws_env.delenv("AWS_ENDPOINT_URL_EC2")
    client = AwsSession(AwsAccess()).ec2("eu-west-1")
    assert client is not None
    assert client.meta.endpoint_url == "https://ec2.eu-west-1.amazonaws.com"


def assumed(number: int, lasts: timedelta) -> Reply:
    """STS's answer to AssumeRole."""
    until = (datetime.now(UTC) + lasts).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Reply(
        body=f"""<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
        <AccessKeyId>ASIA{number}</AccessKeyId><SecretAccessKey>x</SecretAccessKey><SessionToken>t{number}</SessionToken>
        <Expiration>{until}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>""".encode()
    )


def test_a_role_is_assumed_and_assumed_again_before_it_expires() -> None:
    replies = [assumed(1, timedelta(seconds=30)), assumed(2, timedelta(hours=1))]
    with running_wire(*replies) as sts:
        access = AwsAccess(
            iam_role_arn=ROLE, external_id="ext", iam_role_duration=900, sts_endpoint=sts.url, aws_profile=None
        )
        session = AwsSession(access)
        assert [key_of(session) for _ in range(3)] == ["ASIA2"] * 3
        assert session.credentials().get_frozen_credentials().token == "t2"
        asked = [parse_qs(request.body.decode()) for request in sts.asked]
        assert len(asked) == 2
        assert asked[0] == asked[1]
        assert asked[0] == {
            "Action": ["AssumeRole"],
            "Version": ["2011-06-15"],
            "RoleArn": [ROLE],
            "RoleSessionName": ["WazuhLogParsing"],
            "ExternalId": ["ext"],
            "DurationSeconds": ["900"],
        }
        assert session.who() == ROLE


REFUSED = Reply(403, b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>")


def test_a_role_that_may_not_be_assumed() -> None:
    with running_wire(REFUSED) as sts, pytest.raises(StoreError) as raised:
        AwsSession(
            AwsAccess(
                iam_role_arn=ROLE, sts_endpoint=sts.url, access_key=SecretStr("AKIDSTATIC"), secret_key=SecretStr("x")
            )
        )
    assert str(raised.value) == (
        f"sts:AssumeRole on {ROLE} was refused for access key ...ATIC: AccessDenied: no; "
        f"allow sts:AssumeRole on {ROLE}, also in the role's trust policy  [A001]"
    )


def test_the_identity_is_asked_once() -> None:
    answer = Reply(
        body=b"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
        <Arn>arn:aws:iam::1:user/u</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>"""
    )
    with running_wire(answer) as sts:
        session = AwsSession(AwsAccess(sts_endpoint=sts.url))
        assert session.identity() == session.identity() == "arn:aws:iam::1:user/u"
        assert len(sts.asked) == 1


def test_an_own_s3_asks_nobody_who_it_is() -> None:
    session = AwsSession(AwsAccess(service_endpoint="http://127.0.0.1:9"))
    assert session.caller() == ""
    assert session.identity() == "access key ...MPLE of the environment"


@pytest.mark.parametrize(("duration", "asked"), [(900, 1), (3600, 1)])
def test_a_short_session_is_used_as_long_as_a_long_one(duration: int, asked: int) -> None:
    with running_wire(assumed(1, timedelta(seconds=duration)), assumed(2, timedelta(hours=1))) as sts:
        session = AwsSession(AwsAccess(iam_role_arn=ROLE, iam_role_duration=duration, sts_endpoint=sts.url))
        assert [key_of(session) for _ in range(3)] == ["ASIA1"] * 3
        assert len(sts.asked) == asked


def test_a_role_of_another_partition_is_assumed_there() -> None:
    session = AwsSession(AwsAccess(service_endpoint="http://127.0.0.1:9"), ("cn-north-1",))
    assert session.partition == "aws-cn"
    assert session._sts(session._base, session._config).meta.endpoint_url == "https://sts.cn-north-1.amazonaws.com.cn"


@pytest.mark.parametrize(
    ("region", "endpoint"),
    [
        ("ap-southeast-99", "https://logs.ap-southeast-99.amazonaws.com"),
        ("us-gov-north-7", "https://logs.us-gov-north-7.amazonaws.com"),
        ("cn-south-3", "https://logs.cn-south-3.amazonaws.com.cn"),
    ],
)
def test_regions_that_nobody_has_heard_of_yet(region: str, endpoint: str) -> None:
    assert AwsSession(AwsAccess(), (region,)).logs(region).meta.endpoint_url == endpoint


def test_a_caller_that_cannot_be_told() -> None:
    with running_wire(REFUSED) as sts:
        session = AwsSession(AwsAccess(sts_endpoint=sts.url))
        with pytest.raises(StoreError, match=r"sts:GetCallerIdentity on STS was refused for access key \.\.\.MPLE of"):
            session.caller()
        assert session.identity() == "access key ...MPLE of the environment"
