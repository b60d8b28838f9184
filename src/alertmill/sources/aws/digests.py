"""CloudTrail's digest files: what one says, whether CloudTrail signed it, and whether a chain of them is whole.

Every hour CloudTrail writes, for each trail, account and region, a digest file: the log files it delivered since the
digest before, each with the SHA-256 of its uncompressed content, and place, hash and signature of the digest before.
Its own signature lies in the metadata of the object. Log files that were left out come with digests of a second kind
(`_backfill`), which form chains of their own.

Pure: bytes and metadata in, values and problems out. Fetching, and comparing with what was processed, is `audit`'s.
Source: AWS CloudTrail user guide, "CloudTrail digest file structure" and "Custom implementations of CloudTrail log
file integrity validation".
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from alertmill.errors import AlertmillError
from alertmill.sources.aws.public_keys import PublicKeys

_HASH = "SHA-256"
_SIGNATURE = "SHA256withRSA"

_NAME = re.compile(
    r"(?:.*/)?(?P<trail>\d{12}_CloudTrail-Digest_[^/]+)_(?P<end>\d{8}T\d{6}Z)(?P<backfill>_backfill)?\.json\.gz",
    re.ASCII,
)
_HEX_HASH = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+", re.ASCII)


class DigestError(AlertmillError):
    """A digest file that says nothing: not of the documented form, or not to be trusted. `str()` is the reason."""


class UnknownKeyError(DigestError):
    """No public key with the fingerprint that a digest file names is at hand: its signature may be right or wrong."""


@dataclass(frozen=True, slots=True)
class DigestName:
    """What the key of a digest file says: its chain (trail, account and region, backfill or not), and its end."""

    chain: str
    end: datetime


@dataclass(frozen=True, slots=True)
class LogFile:
    """A log file that was delivered. `sha256` is that of its uncompressed content, in lower-case hexadecimal."""

    bucket: str
    key: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Previous:
    """The digest file before, as the next one remembers it. `sha256` is that of its uncompressed content."""

    bucket: str
    key: str
    sha256: str
    signature: str


@dataclass(frozen=True, slots=True)
class Digest:
    """One digest file. `signed` is the text that its signature is of; `previous` is None where a chain begins.

    It names every log file that was delivered between `start` and `end`.
    """

    bucket: str
    key: str
    start: datetime
    end: datetime
    fingerprint: str
    sha256: str
    signed: bytes
    previous: Previous | None
    logs: tuple[LogFile, ...]


def digest_name(key: str) -> DigestName | None:
    """What the key of a digest file says, None for any other key."""
    found = _NAME.fullmatch(key)
    if found is None:
        return None
    try:
        end = datetime.strptime(found["end"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    return DigestName(found["trail"] + (found["backfill"] or ""), end)


def written(moment: datetime) -> str:
    """A time as CloudTrail writes it."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def parse_digest(content: bytes) -> Digest:
    """The digest file with this uncompressed content. Raises DigestError."""
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise DigestError(f"it is not JSON: {error}") from None
    members = _Members(value, "it")
    members.must_be("digestSignatureAlgorithm", _SIGNATURE)
    end, bucket, key = (members.text(name) for name in ("digestEndTime", "digestS3Bucket", "digestS3Object"))
    signature = members.optional("previousDigestSignature")
    sha256 = hashlib.sha256(content).hexdigest()
    return Digest(
        bucket,
        key,
        members.time("digestStartTime"),
        members.time("digestEndTime"),
        members.text("digestPublicKeyFingerprint"),
        sha256,
        # `null` is what Java makes of a missing text, and what CloudTrail therefore signs
        f"{end}\n{bucket}/{key}\n{sha256}\n{'null' if signature is None else signature}".encode(),
        _previous(members),
        tuple(_log_file(entry, number) for number, entry in enumerate(members.entries("logFiles"), 1)),
    )


def verify(digest: Digest, signature: str, keys: PublicKeys) -> None:
    """Nothing if CloudTrail signed the digest. Raises UnknownKeyError, or DigestError for a signature that is wrong."""
    if not _HEX.fullmatch(signature):
        raise DigestError("its signature is not a hexadecimal number")
    candidates = keys.find(digest.fingerprint)
    if not candidates:
        raise UnknownKeyError(f"there is no public key with the fingerprint {digest.fingerprint}")
    for key in candidates:
        try:
            key.verify(bytes.fromhex(signature), digest.signed, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            continue
        return
    raise DigestError("its signature is not that of CloudTrail: it was changed, or made by somebody else")


# --- a chain of digest files ------------------------------------------------------------------------------------------


class Break(Enum):
    """What can be wrong between two digest files."""

    MISSING = "missing"
    ALTERED = "altered"
    FOREIGN = "foreign"
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class ChainProblem:
    """A place where a chain is not whole: what kind of break, at which digest file, in a sentence."""

    kind: Break
    key: str
    text: str


class Chain:
    """The digest files of one chain in `bucket`, met from the newest to the oldest.

    Each one vouches for the one before. For every digest file: `meet` its key, then `accept` it or `skip` it; `finish`
    when none is left whose end lies behind `since`.
    """

    def __init__(self, bucket: str, since: datetime) -> None:
        self._bucket = bucket
        self._since = since
        self._newer: Digest | None = None
        self._foreign = False

    def signature_of(self, key: str) -> str | None:
        """The signature of this digest file, as the next one remembers it."""
        previous = self._newer.previous if self._newer else None
        return previous.signature if previous and (previous.bucket, previous.key) == (self._bucket, key) else None

    def meet(self, key: str) -> list[ChainProblem]:
        """The next older digest file of the listing is this one: what is missing between it and the one met before."""
        newer, self._foreign = self._newer, False
        if newer is None:
            return []
        name = digest_name(key)
        older_end = written(name.end) if name else "an unknown time"
        between = f"nothing proves what was delivered between {older_end} and {written(newer.start)}"
        if newer.previous is None:
            return [ChainProblem(Break.GAP, newer.key, f"the chain begins anew with {newer.key}: {between}")]
        previous = newer.previous
        if previous.bucket != self._bucket:
            text = f"the chain goes on in another bucket, with s3://{previous.bucket}/{previous.key}: {between}"
            return [ChainProblem(Break.GAP, newer.key, text)]
        if previous.key == key:
            return []
        expected = digest_name(previous.key)
        if expected and name and expected.end < name.end:
            self._foreign = True
            text = f"{key} is not the digest file before {newer.key}, and no other remembers it"
            return [ChainProblem(Break.FOREIGN, key, text)]
        return [ChainProblem(Break.MISSING, previous.key, f"{previous.key} is missing: {between}")]

    def accept(self, digest: Digest, signature: str | None) -> list[ChainProblem]:
        """The digest file that was met. `signature` is what its metadata say; whether it is right is another matter."""
        if self._foreign:
            return []
        newer, self._newer = self._newer, digest
        previous = newer.previous if newer else None
        if previous is None or newer is None or (previous.bucket, previous.key) != (digest.bucket, digest.key):
            return []
        wrong = "content" if previous.sha256 != digest.sha256 else ""
        if signature is not None and signature.lower() != previous.signature.lower():
            wrong = f"{wrong} and signature" if wrong else "signature"
        if not wrong:
            return []
        text = f"{digest.key} has another {wrong} than {newer.key} remembers"
        return [ChainProblem(Break.ALTERED, digest.key, text)]

    def skip(self) -> None:
        """The digest file that was met cannot be used: nothing is known of the one before."""
        if not self._foreign:
            self._newer = None

    def finish(self) -> list[ChainProblem]:
        """No older digest file is there: what is missing behind the last one."""
        newer = self._newer
        previous = newer.previous if newer else None
        if newer is None or previous is None or previous.bucket != self._bucket:
            return []
        name = digest_name(previous.key)
        if name and name.end <= self._since:
            return []
        text = f"{previous.key} is missing: nothing proves what was delivered before {written(newer.start)}"
        return [ChainProblem(Break.MISSING, previous.key, text)]


# --- reading ----------------------------------------------------------------------------------------------------------


class _Members:
    """The members of a JSON object, each of the type that it must have. Raises DigestError."""

    def __init__(self, value: object, place: str) -> None:
        if type(value) is not dict:
            raise DigestError(f"{place} is not a JSON object")
        self._members: dict[str, Any] = value
        self._place = place

    def text(self, name: str) -> str:
        found = self._members.get(name)
        if type(found) is not str or not found:
            raise DigestError(f"{self._place} has no text {name}")
        return found

    def optional(self, name: str) -> str | None:
        return None if self._members.get(name) is None else self.text(name)

    def time(self, name: str) -> datetime:
        try:
            found = datetime.fromisoformat(self.text(name))
            if found.tzinfo is None:
                raise ValueError("no zone")
            return found.astimezone(UTC)
        except (ValueError, OverflowError):
            raise DigestError(f"{self._place} has no time {name} in UTC") from None

    def sha256(self, name: str, algorithm: str) -> str:
        self.must_be(algorithm, _HASH)
        found = self.text(name)
        if not _HEX_HASH.fullmatch(found):
            raise DigestError(f"{self._place} has a {name} that is no SHA-256")
        return found.lower()

    def must_be(self, name: str, value: str) -> None:
        found = self.optional(name)
        if found not in (None, value):
            raise DigestError(f"{self._place} has an unknown {name}, not {value}")

    def entries(self, name: str) -> list[Any]:
        found = self._members.get(name)
        if type(found) is not list:
            raise DigestError(f"{self._place} has no list {name}")
        return found


def _previous(members: _Members) -> Previous | None:
    bucket, key = (members.optional(f"previousDigestS3{name}") for name in ("Bucket", "Object"))
    if bucket is None or key is None:
        return None
    sha256 = members.sha256("previousDigestHashValue", "previousDigestHashAlgorithm")
    return Previous(bucket, key, sha256, members.text("previousDigestSignature"))


def _log_file(value: object, number: int) -> LogFile:
    members = _Members(value, f"entry {number} of logFiles")
    return LogFile(members.text("s3Bucket"), members.text("s3Object"), members.sha256("hashValue", "hashAlgorithm"))
