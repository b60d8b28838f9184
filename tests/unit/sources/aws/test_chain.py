"""The SDK's own chain of credentials, as far as it can be acted out: found, refreshed, and told of when it fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from alertmill.config.models import AwsAccess
from alertmill.sources.aws.explain import SDK_ERRORS, Call, explain
from alertmill.sources.aws.faults import StoreError
from alertmill.sources.aws.session import AwsSession
from unit.sources.aws.wire import Asked, Reply, Wire, running_wire

POD_ROLE = "arn:aws:iam::123456789012:role/pod"
CALL = Call("s3:ListBucket", "s3://my-logs/", "arn:aws:s3:::my-logs")


@pytest.fixture
def chain(aws_env: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment in which the chain finds nothing at first."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        aws_env.delenv(name)
    return aws_env


def key_of(session: AwsSession) -> str:
    key: str = session.credentials().get_frozen_credentials().access_key
    return key


def said(session: AwsSession) -> str:
    """What is told of a call whose credentials cannot be had."""
    with pytest.raises(SDK_ERRORS) as raised:
        session.credentials().get_frozen_credentials()
    return str(explain(raised.value, CALL))


def moment(lasts: timedelta) -> str:
    return (datetime.now(UTC) + lasts).strftime("%Y-%m-%dT%H:%M:%SZ")


# --- web identity, as in Kubernetes -----------------------------------------------------------------------------------


def given(number: int, lasts: timedelta) -> Reply:
    """STS's answer to AssumeRoleWithWebIdentity."""
    return Reply(
        body=f"""<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
        <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIA{number}</AccessKeyId>
        <SecretAccessKey>x</SecretAccessKey><SessionToken>t{number}</SessionToken>
        <Expiration>{moment(lasts)}</Expiration></Credentials>
        </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>""".encode()
    )


@pytest.fixture
def token(chain: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The file in which the cluster leaves its token."""
    path = tmp_path / "token"
    path.write_text("first")
    chain.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(path))
    chain.setenv("AWS_ROLE_ARN", POD_ROLE)
    chain.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    return path


def test_a_web_identity_is_refreshed_with_the_token_of_that_time(token: Path, chain: pytest.MonkeyPatch) -> None:
    with running_wire(given(1, timedelta(seconds=30)), given(2, timedelta(hours=1))) as sts:
        chain.setenv("AWS_ENDPOINT_URL_STS", sts.url)
        session = AwsSession(AwsAccess())
        assert sts.asked == []
        assert key_of(session) == "ASIA1"
        token.write_text("second")
        assert [key_of(session) for _ in range(3)] == ["ASIA2"] * 3
        asked = [parse_qs(request.body.decode()) for request in sts.asked]
        assert [request["WebIdentityToken"] for request in asked] == [["first"], ["second"]]
        assert [request["RoleArn"] for request in asked] == [[POD_ROLE]] * 2
        assert session.who() == "the web identity's role"


def test_a_web_identity_may_assume_the_role_of_a_definition(token: Path, chain: pytest.MonkeyPatch) -> None:
    reader = "arn:aws:iam::210987654321:role/reader"

    def route(asked: Asked) -> Reply:
        action = parse_qs(asked.body.decode())["Action"][0]
        answer = given(1 if action == "AssumeRoleWithWebIdentity" else 2, timedelta(hours=1))
        return Reply(body=answer.body.replace(b"AssumeRoleWithWebIdentity", action.encode()))

    with running_wire(route=route) as sts:
        chain.setenv("AWS_ENDPOINT_URL_STS", sts.url)
        session = AwsSession(AwsAccess(iam_role_arn=reader))
        assert key_of(session) == "ASIA2"
        assert session.who() == reader
        assert [parse_qs(asked.body.decode())["Action"][0] for asked in sts.asked] == [
            "AssumeRoleWithWebIdentity",
            "AssumeRole",
        ]


def refused(code: str, message: str) -> Reply:
    text = f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    return Reply(403, text.encode())


def test_a_role_that_does_not_trust_the_cluster(token: Path, chain: pytest.MonkeyPatch) -> None:
    answer = refused("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
    with running_wire(answer) as sts:
        chain.setenv("AWS_ENDPOINT_URL_STS", sts.url)
        assert said(AwsSession(AwsAccess())) == (
            "no usable AWS credentials for s3:ListBucket on s3://my-logs/: sts:AssumeRoleWithWebIdentity failed: "
            "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity; "
            "allow sts:AssumeRoleWithWebIdentity, also in the role's trust policy  [A002]"
        )
        with pytest.raises(
            StoreError, match=r"for sts:AssumeRole on arn:aws:iam::1\d*:role/r from the web ident.*A002"
        ):
            AwsSession(AwsAccess(iam_role_arn="arn:aws:iam::123456789012:role/r"))


def test_a_token_file_that_is_gone(token: Path) -> None:
    token.unlink()
    found = said(AwsSession(AwsAccess()))
    assert found.startswith("no usable AWS credentials for s3:ListBucket on s3://my-logs/: Error when retrieving")
    assert f"No such file or directory: '{token}'" in found
    assert found.endswith("[A002]")


def test_new_credentials_that_have_expired_already(token: Path, chain: pytest.MonkeyPatch) -> None:
    with running_wire(given(1, timedelta(hours=-1))) as sts:
        chain.setenv("AWS_ENDPOINT_URL_STS", sts.url)
        assert "the refreshed credentials are still expired" in said(AwsSession(AwsAccess()))


# --- instance and container -------------------------------------------------------------------------------------------


def role_document(number: int, lasts: timedelta) -> bytes:
    return json.dumps(
        {
            "Code": "Success",
            "AccessKeyId": f"ASIA{number}",
            "SecretAccessKey": "x",
            "Token": f"t{number}",
            "Expiration": moment(lasts),
        }
    ).encode()


@pytest.fixture
def metadata(chain: pytest.MonkeyPatch) -> Iterator[Wire]:
    """The metadata service of an instance with the role `reader`."""
    handed_out: list[int] = []

    def route(asked: Asked) -> Reply:
        if asked.path == "/latest/api/token":
            return Reply(body=b"session")
        if not asked.path.endswith("/reader"):
            return Reply(body=b"reader")
        handed_out.append(1)
        return Reply(body=role_document(len(handed_out), timedelta(hours=6 * len(handed_out))))

    with running_wire(route=route) as wire:
        chain.setenv("AWS_EC2_METADATA_DISABLED", "false")
        chain.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", wire.url)
        yield wire


def test_the_role_of_an_instance_is_refreshed(metadata: Wire) -> None:
    session = AwsSession(AwsAccess())
    assert session.who() == "the instance's role"
    assert key_of(session) == "ASIA1"
    session.credentials()._time_fetcher = lambda: datetime.now(UTC) + timedelta(hours=6)
    assert [key_of(session) for _ in range(2)] == ["ASIA2"] * 2


def test_the_role_of_a_container(chain: pytest.MonkeyPatch) -> None:
    with running_wire(Reply(body=role_document(1, timedelta(hours=1)))) as wire:
        chain.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{wire.url}/creds")
        session = AwsSession(AwsAccess())
        assert key_of(session) == "ASIA1"
        assert session.who() == "the container's role"


# --- profiles ---------------------------------------------------------------------------------------------------------


def profile(chain: pytest.MonkeyPatch, tmp_path: Path, text: str) -> AwsAccess:
    (tmp_path / "config").write_text(f"[profile p]\nregion = eu-west-1\n{text}\n")
    chain.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    return AwsAccess(aws_profile="p")


SSO = "sso_account_id = 1\nsso_role_name = r\nsso_region = eu-west-1\nsso_start_url = https://x.awsapps.com/start"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SSO, "SSO"),
        ("credential_process = /does/not/exist", "/does/not/exist"),
        ("credential_process = echo nonsense", "Expecting value"),
        ("role_arn = arn:aws:iam::123456789012:role/r", "source_profile or credential_source"),
        ("max_attempts = many\naws_access_key_id = x\naws_secret_access_key = y", "max_attempts must be a number"),
    ],
)
def test_a_profile_that_does_not_work_is_told_in_one_line(
    text: str, words: str, chain: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    chain.setenv("HOME", str(tmp_path))
    with pytest.raises((StoreError, *SDK_ERRORS)) as raised:
        AwsSession(profile(chain, tmp_path, text)).credentials().get_frozen_credentials()
    fault = raised.value
    fault = fault if isinstance(fault, StoreError) else explain(fault, Call("", "", "", "profile p"))
    assert str(fault).startswith("no usable AWS credentials from profile p: ")
    assert words in str(fault)
    assert fault.exit_code == 3
    assert capfd.readouterr().err == ""


def test_no_credentials_belong_to_nobody(chain: pytest.MonkeyPatch) -> None:
    assert AwsSession(AwsAccess()).who() == ""
