"""The audit's own questions to AWS, over HTTP: digest files with metadata, versions, public keys."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from alertmill.config.models import AwsAccess
from alertmill.sources.aws.audit.client import AuditClient
from alertmill.sources.aws.faults import FetchError, ObjectGoneError, StoreError
from unit.sources.aws.trail import fingerprint, key_answer, private_key
from unit.sources.aws.wire import Asked, Reply, Wire, error, running_wire

SINCE, UNTIL = datetime(2026, 1, 13, tzinfo=UTC), datetime(2026, 1, 15, tzinfo=UTC)
SIGNED = {"x-amz-meta-signature": "abcd", "x-amz-meta-signature-algorithm": "SHA256withRSA"}


@contextmanager
def asking(
    *replies: Reply, route: Callable[[Asked], Reply] | None = None, access: AwsAccess | None = None
) -> Iterator[tuple[AuditClient, Wire]]:
    with running_wire(*replies, route=route) as wire:
        client = AuditClient("my-logs", access or AwsAccess(service_endpoint=wire.url))
        try:
            yield client, wire
        finally:
            client.close()


@pytest.fixture(autouse=True)
def environment(aws_env: pytest.MonkeyPatch) -> None:
    aws_env.setenv("AWS_MAX_ATTEMPTS", "1")


def test_an_object_with_its_metadata() -> None:
    with asking(Reply(body=b"content", headers=SIGNED)) as (client, wire):
        body, metadata = client.read("a/b c", 7)
    assert (body, dict(metadata)) == (b"content", {"signature": "abcd", "signature-algorithm": "SHA256withRSA"})
    assert wire.asked[0].path == "/my-logs/a/b%20c"


def test_a_body_that_is_too_large() -> None:
    with asking(Reply(body=b"content")) as (client, _), pytest.raises(FetchError, match="larger than 6 bytes"):
        client.read("a", 6)


def test_a_connection_that_breaks_within_the_body() -> None:
    cut = Reply(body=b"content", cut=3)
    with asking(cut, cut, Reply(body=b"content")) as (client, wire):
        assert client.read("a", 100)[0] == b"content"
        assert len(wire.asked) == 3
    with asking(cut) as (client, wire), pytest.raises(StoreError, match="s3:GetObject on s3://my-logs/a"):
        client.read("a", 100)
    assert len(wire.asked) == 3


@pytest.mark.parametrize(
    ("reply", "fault", "said"),
    [
        (error(404, "NoSuchKey"), ObjectGoneError, "a was removed since it was listed"),
        (error(403, "AccessDenied"), FetchError, "allow s3:GetObject on arn:aws:s3:::my-logs/*"),
        (error(403, "InvalidAccessKeyId"), StoreError, "Invalid credentials"),
        (error(404, "NoSuchBucket"), StoreError, "NoSuchBucket"),
        (error(500, "InternalError"), FetchError, "InternalError"),
    ],
)
def test_what_s3_answers_instead(reply: Reply, fault: type[Exception], said: str) -> None:
    with asking(reply) as (client, _), pytest.raises(fault) as raised:
        client.read("a", 100)
    assert said in str(raised.value)


def test_nobody_is_there() -> None:
    with running_wire() as wire:
        url = wire.url
    client = AuditClient("my-logs", AwsAccess(service_endpoint=url))
    with pytest.raises(StoreError, match="A005"):
        client.read("a", 100)
    client.close()


def _version(key: str, etag: str) -> str:
    return f"<Version><Key>{key}</Key><ETag>&quot;{etag}&quot;</ETag><VersionId>1</VersionId></Version>"


def test_versions() -> None:
    versions = _version("a", "one") + _version("a", "two") + _version("ab", "three")
    answer = f"<ListVersionsResult>{versions}</ListVersionsResult>".encode()
    with asking(Reply(body=answer)) as (client, wire):
        assert client.versions("a") == ["one", "two"]
    asked = urlsplit(wire.asked[0].path)
    assert (asked.path, parse_qs(asked.query)["prefix"]) == ("/my-logs", ["a"])


def test_who_may_not_list_versions_is_not_asked_again() -> None:
    with asking(error(403, "AccessDenied")) as (client, wire):
        assert [client.versions("a"), client.versions("b")] == [[], []]
    assert len(wire.asked) == 1


def test_public_keys(aws_env: pytest.MonkeyPatch) -> None:
    first, second = key_answer("one")["PublicKeyList"], key_answer("two")["PublicKeyList"]
    for key in [*first, *second]:  # the protocol has epoch seconds
        key.update(ValidityStartTime=1768262400, ValidityEndTime=1768435200)
    pages = [{"PublicKeyList": first, "NextToken": "more"}, {"PublicKeyList": second}]

    def route(asked: Asked) -> Reply:
        page = pages["NextToken" in json.loads(asked.body)]
        return Reply(body=json.dumps(page).encode(), headers={"Content-Type": "application/x-amz-json-1.1"})

    with running_wire(route=route) as wire:
        aws_env.setenv("AWS_ENDPOINT_URL", wire.url)
        client = AuditClient("my-logs", AwsAccess())
        keys = client.public_keys("eu-west-1", SINCE, UNTIL)
        client.close()
    for name in ("one", "two"):
        assert keys.find(fingerprint(name)) == [private_key(name).public_key()]
    request = json.loads(wire.asked[0].body)
    assert (request["StartTime"], request["EndTime"]) == (SINCE.timestamp(), UNTIL.timestamp())
    assert wire.asked[0].headers["x-amz-target"].endswith("ListPublicKeys")
    assert "/eu-west-1/cloudtrail/" in wire.asked[0].headers["authorization"]


def _refused(asked: Asked) -> Reply:
    if "X-Amz-Target" in asked.headers or "x-amz-target" in asked.headers:
        body = json.dumps({"__type": "AccessDeniedException", "Message": "no"}).encode()
        return Reply(400, body, {"Content-Type": "application/x-amz-json-1.1"})
    return Reply(
        body=b"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::1:role/r</Arn>"
        b"</GetCallerIdentityResult></GetCallerIdentityResponse>",
        headers={"Content-Type": "text/xml"},
    )


def test_public_keys_that_are_refused(aws_env: pytest.MonkeyPatch) -> None:
    with running_wire(route=_refused) as wire:
        aws_env.setenv("AWS_ENDPOINT_URL", wire.url)
        client = AuditClient("my-logs", AwsAccess())
        with pytest.raises(StoreError) as raised:
            client.public_keys("eu-west-1", SINCE, UNTIL)
        client.close()
    said = str(raised.value)
    assert "cloudtrail:ListPublicKeys on region eu-west-1 was refused for arn:aws:iam::1:role/r" in said
    assert "allow cloudtrail:ListPublicKeys on *" in said
    assert "\n" not in said


def test_public_keys_that_cannot_be_read(aws_env: pytest.MonkeyPatch) -> None:
    answer = json.dumps({"PublicKeyList": [{"Fingerprint": "f", "Value": "AAAA"}]}).encode()
    with running_wire(Reply(body=answer, headers={"Content-Type": "application/x-amz-json-1.1"})) as wire:
        aws_env.setenv("AWS_ENDPOINT_URL", wire.url)
        client = AuditClient("my-logs", AwsAccess())
        with pytest.raises(StoreError, match="key 1 of PublicKeyList has a Value that is no RSA key"):
            client.public_keys("eu-west-1", SINCE, UNTIL)
        client.close()


def test_an_s3_of_ones_own_has_no_cloudtrail() -> None:
    with asking() as (client, wire), pytest.raises(StoreError, match="no CloudTrail beside it"):
        client.public_keys("eu-west-1", SINCE, UNTIL)
    assert wire.asked == []
