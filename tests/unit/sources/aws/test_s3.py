"""The S3 store against a server that misbehaves: GETs over both ways, retries, errors in words."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr

from alertmill.config.models import AwsAccess
from alertmill.sources.aws import s3, store
from alertmill.sources.aws.faults import FetchError, ObjectGoneError, StoreError
from alertmill.sources.aws.get_client import Place, UnreachableError
from alertmill.sources.aws.listing import Listed, ListRequest
from alertmill.sources.aws.s3 import ATTEMPTS, S3Store
from support import PATIENCE
from unit.sources.aws.wire import Reply, Wire, error, running_wire

KEY = "AWSLogs/1/CloudTrail/a b+c=é~.json.gz"
BODY = b"0123456789" * 1000

pytestmark = pytest.mark.usefixtures("aws_env")


class Reading:
    """A store on a wire."""

    def __init__(self, wire: Wire, spool: Path | None = None, **options: Any) -> None:
        options.setdefault("service_endpoint", wire.url)
        self.wire = wire
        self.pauses: list[float] = []
        self.store = S3Store("my-logs", AwsAccess(**options), spool=spool, pause=self.pauses.append)
        self.stopped = False

    def get(self, key: str = KEY) -> bytes:
        body = self.store.fetch(key, "tag", lambda: self.stopped)
        try:
            return b"".join(body.chunks())
        finally:
            body.close()

    def learn(self) -> None:
        """The first GET goes through boto3; forget it."""
        kept, self.wire.replies = self.wire.replies, [Reply(body=b"x")]
        assert self.get() == b"x"
        self.wire.replies = kept
        self.wire.asked.clear()


@contextmanager
def on_wire(*replies: Reply, spool: Path | None = None, **options: Any) -> Iterator[Reading]:
    """A store on a wire that gives these answers."""
    with running_wire(*replies) as wire:
        reading = Reading(wire, spool, **options)
        try:
            yield reading
        finally:
            reading.store.close()


@pytest.fixture
def reading() -> Iterator[Reading]:
    with on_wire() as reading:
        reading.learn()
        yield reading


def test_both_ways_ask_the_same(aws_env: pytest.MonkeyPatch) -> None:
    aws_env.setenv("AWS_SESSION_TOKEN", "token")
    with on_wire(Reply(body=BODY)) as reading:
        assert reading.get() == reading.get() == BODY
        by_sdk, ours = reading.wire.asked
        assert ours.path == by_sdk.path == "/my-logs/AWSLogs/1/CloudTrail/a%20b%2Bc%3D%C3%A9~.json.gz"
        assert by_sdk.headers["user-agent"].startswith("Boto3")
        assert ours.headers["user-agent"].startswith("alertmill/")
        for name in ("if-match", "x-amz-security-token", "host", "x-amz-content-sha256"):
            assert ours.headers[name] == by_sdk.headers[name], name
        scopes = [asked.headers["authorization"].split(",")[0] for asked in reading.wire.asked]
        assert scopes[0] == scopes[1]


def test_our_signature_is_the_sdk_s(aws_env: pytest.MonkeyPatch) -> None:
    """The same request at the same second has the same signature as far as the signed headers are the same."""
    import botocore.auth
    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    with on_wire(Reply(body=BODY)) as reading:
        reading.get()
        reading.get()
        ours = reading.wire.asked[1]
        signed = ours.headers["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
        request = AWSRequest(
            "GET", reading.wire.url + ours.path, headers={n: ours.headers[n] for n in signed if n != "host"}
        )
        auth = S3SigV4Auth(Credentials("AKIDEXAMPLE", "secret-of-the-test"), "s3", "us-east-1")
        request.context["timestamp"] = ours.headers["x-amz-date"]
        text = auth.string_to_sign(request, auth.canonical_request(request))
        assert ours.headers["authorization"].endswith("Signature=" + auth.signature(text, request))
        assert ours.headers["x-amz-content-sha256"] == botocore.auth.EMPTY_SHA256_HASH


def test_a_connection_is_kept(reading: Reading) -> None:
    reading.wire.replies = [Reply(body=BODY)]
    before = reading.wire.connections
    assert [reading.get() for _ in range(5)] == [BODY] * 5
    assert reading.wire.connections == before + 1


def test_a_kept_connection_that_was_closed_costs_nothing(reading: Reading) -> None:
    reading.wire.replies = [Reply(body=BODY), Reply(drop=True), Reply(body=BODY)]
    assert reading.get() == reading.get() == BODY
    assert reading.pauses == []


TRANSIENT = {
    "slow down": error(503, "SlowDown"),
    "internal error": error(500, "InternalError"),
    "request timeout": error(400, "RequestTimeout"),
    "bad gateway": Reply(502, b"<html>"),
    "cut short": Reply(body=BODY, cut=5000),
    "cut at once": Reply(body=BODY, cut=0),
}


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("name", TRANSIENT)
def test_what_may_pass_is_tried_again(reading: Reading, name: str, times: int) -> None:
    reading.wire.replies = [TRANSIENT[name]] * times + [Reply(206 if "cut short" in name else 200, BODY)]
    if name == "cut short":
        reading.wire.replies = [Reply(body=BODY, cut=5000), Reply(206, BODY[5000:])]
        times = 1
    assert reading.get() == BODY
    assert len(reading.pauses) == times
    assert all(0 <= pause <= s3.LONGEST_PAUSE for pause in reading.pauses)


def test_a_broken_body_goes_on_where_it_was(reading: Reading) -> None:
    reading.wire.replies = [
        Reply(body=BODY, cut=3000),
        Reply(206, BODY[3000:], cut=2000),
        Reply(body=BODY),  # a server that knows no ranges
    ]
    assert reading.get() == BODY
    assert [asked.headers.get("range") for asked in reading.wire.asked] == [None, "bytes=3000-", "bytes=5000-"]
    assert {asked.headers["if-match"] for asked in reading.wire.asked} == {'"tag"'}


@pytest.mark.parametrize("name", ["slow down", "cut at once"])
def test_what_does_not_pass_fails_in_the_end(reading: Reading, name: str) -> None:
    reading.wire.replies = [TRANSIENT[name]]
    with pytest.raises(FetchError) as raised:
        reading.get()
    assert raised.value.unreachable
    assert len(reading.pauses) == ATTEMPTS - 1


def test_nobody_there(reading: Reading) -> None:
    reading.wire.close()
    with pytest.raises(FetchError, match=r"s3:GetObject on s3:.*: .*(refused|reset|closed)") as raised:
        reading.get()
    assert raised.value.unreachable


@pytest.mark.parametrize(
    "reply", [error(404, "NoSuchKey"), error(412, "PreconditionFailed"), Reply(412), Reply(404, b"")]
)
def test_an_object_that_is_gone_or_changed(reading: Reading, reply: Reply) -> None:
    reading.wire.replies = [reply]
    with pytest.raises(ObjectGoneError):
        reading.get()
    assert reading.pauses == []


WHO = "access key ...MPLE of the environment"
REFUSED = (
    f"s3:GetObject on s3://my-logs/AWSLogs/1/CloudTrail/a b+c=é~.json.gz was refused for {WHO}: AccessDenied: "
    "told you so; allow s3:GetObject on arn:aws:s3:::my-logs/*"
)
KMS = "User: arn:aws:iam::1:user/u is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:x"
ANSWERS = [
    (error(403, "AccessDenied"), FetchError, REFUSED + "  [A001]"),
    (error(403, "AccessDenied", KMS), FetchError, "allow kms:Decrypt on arn:aws:kms:x"),
    (error(403, "InvalidObjectState", "archived"), FetchError, "failed: InvalidObjectState: archived"),
    (error(400, "ExpiredToken"), StoreError, "Invalid credentials to access S3 Bucket: s3:GetObject"),
    (error(403, "InvalidAccessKeyId"), StoreError, "Invalid credentials to access S3 Bucket: s3:GetObject"),
    (error(403, "RequestTimeTooSkewed"), StoreError, "datetime of the AWS environment differ"),
    (error(404, "NoSuchBucket"), StoreError, "NoSuchBucket: told you so"),
]


@pytest.mark.parametrize(("reply", "kind", "words"), ANSWERS)
def test_answers_in_words(reading: Reading, reply: Reply, kind: type[Exception], words: str) -> None:
    reading.wire.replies = [reply]
    with pytest.raises(kind) as raised:
        reading.get()
    assert words in str(raised.value)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(("reply", "kind", "words"), [*ANSWERS, (error(404, "NoSuchKey"), ObjectGoneError, "removed")])
def test_the_first_get_says_the_same(reply: Reply, kind: type[Exception], words: str) -> None:
    with on_wire(reply) as reading, pytest.raises(kind) as raised:
        reading.get()
    assert words in str(raised.value)


@pytest.mark.parametrize("code", ["PermanentRedirect", "AuthorizationHeaderMalformed", "SignatureDoesNotMatch"])
def test_what_only_boto3_understands_is_left_to_it(reading: Reading, code: str) -> None:
    status = 301 if code == "PermanentRedirect" else 400
    reading.wire.replies = [error(status, code), Reply(body=BODY)]
    assert reading.get() == reading.get() == BODY
    agents = [asked.headers["user-agent"].split("/")[0] for asked in reading.wire.asked]
    assert agents == ["alertmill", "Boto3", "Boto3"]


def test_a_proxy_is_left_to_boto3(aws_env: pytest.MonkeyPatch) -> None:
    with running_wire(Reply(body=BODY)) as wire:
        aws_env.setenv("http_proxy", wire.url)
        reading = Reading(wire, service_endpoint="http://s3.example.test:9000")
        assert reading.get() == reading.get() == BODY
        reading.store.close()
        assert [asked.headers["user-agent"].split("/")[0] for asked in wire.asked] == ["Boto3", "Boto3"]
        assert all(asked.path.startswith("http://s3.example.test:9000/my-logs/") for asked in wire.asked)


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for this machine that nobody else trusts, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(1), now + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    of_certificate, of_key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    of_certificate.write_bytes(made.public_bytes(Encoding.PEM))
    of_key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return of_certificate, of_key


def test_tls_with_the_user_s_certificates(certificate: tuple[Path, Path], aws_env: pytest.MonkeyPatch) -> None:
    aws_env.setenv("AWS_CA_BUNDLE", str(certificate[0]))
    with running_wire(Reply(body=BODY), certificate=certificate) as wire:
        reading = Reading(wire)
        assert reading.get() == reading.get() == BODY
        assert [asked.headers["user-agent"].split("/")[0] for asked in wire.asked] == ["Boto3", "alertmill"]
        reading.store.close()


def test_a_server_that_nobody_vouches_for_gets_no_request(certificate: tuple[Path, Path]) -> None:
    with running_wire(Reply(body=BODY), certificate=certificate) as wire:
        reading = Reading(wire)
        reading.store._get._place = Place(True, wire.url.partition("//")[2], "/my-logs/", "us-east-1")
        with pytest.raises(FetchError, match="certificate verify failed"):
            reading.get()
        assert wire.asked == []
        reading.store.close()


def test_a_large_body_lies_on_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(s3, "HELD_BODY", 4000)
    with on_wire(spool=tmp_path) as spooling:
        spooling.learn()
        spooling.wire.replies = [Reply(body=BODY, cut=3500), Reply(206, BODY[3500:])]
        body = spooling.store.fetch(KEY, "tag", lambda: False)
        assert body._file is not None
        assert list(tmp_path.iterdir()) == []  # nobody can open it, nothing is left behind
        assert b"".join(body.chunks()) == b"".join(body.chunks()) == BODY
        body.close()
        assert list(body.chunks()) == []


def test_a_full_disk_is_an_object_s_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def writelines(self, _: Any) -> None: ...

        def write(self, _: bytes) -> int:
            raise OSError(28, "No space left on device")

        def close(self) -> None: ...

    monkeypatch.setattr(s3, "HELD_BODY", 10)
    monkeypatch.setattr(s3, "spool_file", lambda _: Full())
    with on_wire(Reply(body=BODY)) as reading, pytest.raises(FetchError, match="No space left on device"):
        reading.get()


def test_stopping_ends_the_tries(reading: Reading) -> None:
    reading.wire.replies = [error(503, "SlowDown")]
    reading.stopped = True
    with pytest.raises(FetchError):
        reading.get()
    assert len(reading.wire.asked) == 1


def test_closing_cuts_a_read_that_hangs(reading: Reading) -> None:
    reading.wire.replies = [Reply(body=BODY), Reply(hang=True)]
    reading.get()
    failed: list[BaseException] = []

    def hang() -> None:
        try:
            reading.stopped = True
            reading.get()
        except BaseException as problem:
            failed.append(problem)

    thread = threading.Thread(target=hang)
    thread.start()
    deadline = time.monotonic() + PATIENCE
    while len(reading.wire.asked) < 2 and time.monotonic() < deadline:
        time.sleep(0.005)
    reading.store.close()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert isinstance(failed[0], FetchError)
    with pytest.raises(UnreachableError, match="closed"):
        reading.store._get.open(KEY, "tag")


_PAGE = """<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><NextContinuationToken>to/k=en</NextContinuationToken>
<Contents><Key>a/b%2Bc+d%C3%A9</Key><LastModified>2026-01-15T12:00:00.000Z</LastModified><ETag>&quot;e1&quot;</ETag>
<Size>7</Size></Contents><CommonPrefixes><Prefix>a/x%20y/</Prefix></CommonPrefixes></ListBucketResult>"""


def test_both_ways_list_the_same(aws_env: pytest.MonkeyPatch) -> None:
    with on_wire(Reply(body=_PAGE.encode(), headers={"Content-Type": "application/xml"})) as reading:
        pages = [reading.store.list_page(ListRequest("a/ +é", delimiter=True, token="to/k=en")) for _ in range(2)]
        by_sdk, ours = reading.wire.asked
        assert pages[0] == pages[1]
        assert pages[1].objects == (Listed("a/b+c dé", "e1", 7, datetime(2026, 1, 15, 12, tzinfo=UTC).timestamp()),)
        assert (pages[1].folders, pages[1].token) == (("a/x y/",), "to/k=en")
        assert by_sdk.headers["user-agent"].startswith("Boto3")
        assert ours.headers["user-agent"].startswith("alertmill/")
        assert [parse_qs(urlsplit(a.path).query) for a in reading.wire.asked] == [
            {
                "list-type": ["2"],
                "prefix": ["a/ +é"],
                "delimiter": ["/"],
                "max-keys": ["1000"],
                "continuation-token": ["to/k=en"],
                "encoding-type": ["url"],
            }
        ] * 2


def test_a_listing_that_may_pass_is_tried_again(reading: Reading) -> None:
    reading.wire.replies = [error(503, "SlowDown"), Reply(drop=True), Reply(body=_PAGE.encode())]
    assert len(reading.store.list_page(ListRequest("a/")).objects) == 1
    assert len(reading.pauses) == 1  # a kept connection that was closed is no failure


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (error(403, "AccessDenied"), r"s3:ListBucket on s3://my-logs/a/ was refused.*\[A001\]"),
        (error(503, "SlowDown"), r"denied due to request throttling: SlowDown.*\[A006\]"),
        (error(403, "ExpiredToken"), r"Invalid credentials to access S3 Bucket.*\[A002\]"),
        (Reply(drop=True), r"s3:ListBucket on s3://my-logs/a/: .*\[A005\]"),
        (Reply(body=b"<html>"), r"the answer is no XML: .*\[A007\]"),
        (Reply(body=b"<a/>"), r"the answer is a a, no ListBucketResult  \[A007\]"),
    ],
)
def test_a_listing_that_fails_in_words(reading: Reading, reply: Reply, words: str) -> None:
    reading.wire.replies = [reply]
    with pytest.raises(StoreError, match=words):
        reading.store.list_page(ListRequest("a/"))


def test_listing_and_deleting_in_words() -> None:
    with on_wire(error(403, "AccessDenied")) as reading:
        with pytest.raises(StoreError) as raised:
            reading.store.list_page(ListRequest("AWSLogs/"))
        assert str(raised.value) == (
            f"s3:ListBucket on s3://my-logs/AWSLogs/ was refused for {WHO}: AccessDenied: told you so; "
            "allow s3:ListBucket on arn:aws:s3:::my-logs  [A001]"
        )
        assert not raised.value.ends_run
        with pytest.raises(FetchError, match=r"allow s3:DeleteObject on arn:aws:s3:::my-logs/\*"):
            reading.store.delete(KEY, "tag")
        reading.wire.replies = [error(404, "NoSuchBucket")]
        with pytest.raises(StoreError, match=r"NoSuchBucket: told you so  \[A003\]"):
            reading.store.list_page(ListRequest("AWSLogs/"))


@pytest.mark.parametrize("status", [204, 404, 412])
def test_deleting_spares_what_was_replaced(status: int) -> None:
    with on_wire(Reply(status)) as reading:
        reading.store.delete(KEY, "tag")
        assert reading.wire.asked[0].headers["if-match"] == '"tag"'


def test_who_is_named_without_secrets() -> None:
    keys = {"access_key": SecretStr("AKIAIOSFODNN7EXAMPLE"), "secret_key": SecretStr("wJalr-secret")}
    with on_wire(error(403, "InvalidAccessKeyId"), **keys) as reading, pytest.raises(StoreError) as raised:
        reading.get()
    assert "for access key ...MPLE:" in str(raised.value)
    assert "wJalr" not in str(raised.value)
    assert "AKIAIOS" not in str(raised.value)


def test_the_body_s_limit_is_the_store_s() -> None:
    assert s3.HELD_BODY == store.HELD_BODY == 8 * 1024 * 1024


def test_a_peek_leaves_the_rest_where_it_is(reading: Reading) -> None:
    reading.wire.replies = [Reply(body=BODY * 1000)]
    assert BODY.startswith(reading.store.peek(KEY, "tag")[: len(BODY)])
    reading.wire.replies = [Reply(body=BODY)]
    assert reading.get() == BODY


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (error(403, "AccessDenied"), FetchError, REFUSED),
        (error(404, "NoSuchKey"), ObjectGoneError, "was removed or replaced"),
        (error(403, "ExpiredToken"), StoreError, "Invalid credentials"),
        (Reply(drop=True), FetchError, "s3:GetObject on s3:"),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_a_peek_that_fails_is_not_tried_again(
    reply: Reply, kind: type[Exception], words: str, first: bool, aws_env: pytest.MonkeyPatch
) -> None:
    aws_env.setenv("AWS_MAX_ATTEMPTS", "1")
    with on_wire() as reading:
        if not first:
            reading.learn()
        reading.wire.replies = [reply]
        with pytest.raises(kind, match=re.escape(words)):
            reading.store.peek(KEY, "tag")
        assert reading.pauses == []


def test_hints_name_the_partition() -> None:
    with on_wire(error(403, "AccessDenied")) as reading:
        china = S3Store("my-logs", AwsAccess(service_endpoint=reading.wire.url), ("cn-north-1",))
        with pytest.raises(StoreError, match=r"allow s3:ListBucket on arn:aws-cn:s3:::my-logs  \[A001\]"):
            china.list_page(ListRequest("a/"))
        with pytest.raises(FetchError, match=r"allow s3:GetObject on arn:aws-cn:s3:::my-logs/\*"):
            china.fetch(KEY, "tag", lambda: False)
        china.close()


def test_credentials_that_cannot_be_had_are_no_object_s_fault(aws_env: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        aws_env.delenv(name)
    (tmp_path / "token").write_text("token")
    aws_env.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    aws_env.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/pod")
    with running_wire(error(403, "AccessDenied")) as sts, on_wire(Reply(body=BODY)) as reading:
        aws_env.setenv("AWS_ENDPOINT_URL_STS", sts.url)
        with pytest.raises(StoreError, match=r"^no usable AWS credentials for s3:GetObject .*\[A002\]$"):
            Reading(reading.wire).get()
        assert reading.wire.asked == []
