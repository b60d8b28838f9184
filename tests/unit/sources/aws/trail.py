"""A CloudTrail for tests: log files and signed digest files, made as AWS documents them, with a key of our own."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from copy import copy
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from alertmill.sources.aws.public_keys import PublicKeys, from_answer

ACCOUNT = "123456789012"
REGION = "us-east-1"


@cache
def private_key(name: str) -> rsa.RSAPrivateKey:
    """A key, always the same for the same name within a run."""
    return rsa.generate_private_key(65537, 2048)


def public_der(name: str = "CloudTrail") -> bytes:
    return private_key(name).public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)


def fingerprint(name: str = "CloudTrail") -> str:
    return hashlib.md5(public_der(name)).hexdigest()


def key_answer(*names: str) -> dict[str, Any]:
    """What ListPublicKeys answers, as JSON."""
    keys = [
        {
            "Value": base64.b64encode(public_der(name)).decode(),
            "ValidityStartTime": "2026-01-01T00:00:00Z",
            "ValidityEndTime": "2026-02-01T00:00:00Z",
            "Fingerprint": fingerprint(name),
        }
        for name in names or ("CloudTrail",)
    ]
    return {"PublicKeyList": keys}


def public_keys(*names: str) -> PublicKeys:
    return from_answer(key_answer(*names)["PublicKeyList"])


def sign(text: bytes, name: str = "CloudTrail") -> str:
    return private_key(name).sign(text, padding.PKCS1v15(), hashes.SHA256()).hex()


def log_content(*events: str) -> bytes:
    return json.dumps(
        {"Records": [{"eventID": event, "eventTime": "2026-01-15T10:00:00Z"} for event in events]}
    ).encode()


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class Trail:
    """One trail of an account and region: `objects` and `metadata` are what lies in the bucket, by key.

    `deliver` writes a log file, `close_hour` the digest file of those delivered since the last one.
    """

    def __init__(
        self,
        start: datetime = datetime(2026, 1, 15, 7, 1, 31, tzinfo=UTC),
        *,
        bucket: str = "my-logs",
        account: str = ACCOUNT,
        region: str = REGION,
        name: str = "watch",
        prefix: str = "AWSLogs/",
        signer: str = "CloudTrail",
    ) -> None:
        self.bucket = bucket
        self.account = account
        self.region = region
        self.name = name
        self.prefix = f"{prefix}{account}/"
        self.signer = signer
        self.time = start
        self.objects: dict[str, bytes] = {}
        self.metadata: dict[str, dict[str, str]] = {}
        self.digests: list[str] = []
        self.logs: list[str] = []
        self._delivered: list[dict[str, Any]] = []
        self._previous: dict[str, Any] = {}

    def deliver(self, name: str, *events: str, at: datetime | None = None, key: str = "", bucket: str = "") -> str:
        """A log file, half an hour into the running hour; returns its key."""
        time = at or self.time + timedelta(minutes=30)
        folder = f"{self.prefix}CloudTrail/{self.region}/{time:%Y/%m/%d}/"
        key = key or f"{folder}{self.account}_CloudTrail_{self.region}_{time:%Y%m%dT%H%M}Z_{name}.json.gz"
        content = log_content(*(events or (name,)))
        self.objects[key] = gzip.compress(content)
        self.logs.append(key)
        self.mention(key, content, bucket)
        return key

    def mention(self, key: str, content: bytes, bucket: str = "") -> None:
        """Name a log file in the next digest file."""
        entry = {
            "s3Bucket": bucket or self.bucket,
            "s3Object": key,
            "hashValue": hashlib.sha256(content).hexdigest(),
            "hashAlgorithm": "SHA-256",
            "newestEventTime": iso(self.time),
            "oldestEventTime": iso(self.time),
        }
        self._delivered.append(entry)

    def sequel(self) -> Trail:
        """What this trail will write next, apart from what it wrote."""
        sequel = copy(self)
        sequel.objects, sequel.metadata, sequel.digests, sequel.logs = {}, {}, [], []
        return sequel

    def restart(self) -> None:
        """The next digest file begins a new chain."""
        self._previous = {}

    def close_hour(self, *, backfill: bool = False, **changed: Any) -> str:
        """The digest file of the running hour; `changed` members are signed like the others. Returns its key."""
        start, self.time = self.time, self.time + timedelta(hours=1)
        key = (
            f"{self.prefix}CloudTrail-Digest/{self.region}/{self.time:%Y/%m/%d}/{self.account}_CloudTrail-Digest_"
            f"{self.region}_{self.name}_us-west-2_{self.time:%Y%m%dT%H%M%S}Z{'_backfill' * backfill}.json.gz"
        )
        before = ("S3Bucket", "S3Object", "HashValue", "HashAlgorithm", "Signature")
        document = {
            "awsAccountId": self.account,
            "digestStartTime": iso(start),
            "digestEndTime": iso(self.time),
            "digestS3Bucket": self.bucket,
            "digestS3Object": key,
            "digestPublicKeyFingerprint": fingerprint(self.signer),
            "digestSignatureAlgorithm": "SHA256withRSA",
            "newestEventTime": None,
            "oldestEventTime": None,
            **{f"previousDigest{name}": self._previous.get(name) for name in before},
            "logFiles": self._delivered,
            **changed,
        }
        self._delivered = []
        self.put_digest(key, document)
        return key

    def put_digest(self, key: str, document: dict[str, Any]) -> None:
        """Sign a digest file as it stands, and put it at a key; the next one follows it."""
        content = json.dumps(document).encode()
        sha256 = hashlib.sha256(content).hexdigest()
        place = f"{document['digestS3Bucket']}/{document['digestS3Object']}"
        text = f"{document['digestEndTime']}\n{place}\n{sha256}\n{document['previousDigestSignature'] or 'null'}"
        signature = sign(text.encode(), self.signer)
        self._previous = {
            "S3Bucket": document["digestS3Bucket"],
            "S3Object": document["digestS3Object"],
            "HashValue": sha256,
            "HashAlgorithm": "SHA-256",
            "Signature": signature,
        }
        self.objects[key] = gzip.compress(content)
        self.metadata[key] = {"signature": signature, "signature-algorithm": "SHA256withRSA"}
        self.digests.append(key)

    def content(self, key: str) -> bytes:
        return gzip.decompress(self.objects[key])

    def document(self, key: str) -> dict[str, Any]:
        """What a digest file says."""
        found: dict[str, Any] = json.loads(self.content(key))
        return found

    def tamper(self, key: str, **changed: Any) -> None:
        """Change members of a digest file, and nothing of its signature."""
        self.objects[key] = gzip.compress(json.dumps({**self.document(key), **changed}).encode())

    def remove(self, key: str) -> None:
        del self.objects[key]
        self.metadata.pop(key, None)


def quiet_trail(hours: int = 3, **options: Any) -> Trail:
    """A trail of some hours, one log file in each."""
    trail = Trail(**options)
    for hour in range(hours):
        trail.deliver(f"log{hour}")
        trail.close_hour()
    return trail
