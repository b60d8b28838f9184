"""Digest files: what they say, their signatures, and their chains."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertmill.sources.aws.digests import (
    Break,
    Chain,
    Digest,
    DigestError,
    LogFile,
    Previous,
    UnknownKeyError,
    digest_name,
    parse_digest,
    verify,
    written,
)
from unit.sources.aws.trail import Trail, fingerprint, public_keys, quiet_trail, sign

FOLDER = "AWSLogs/123456789012/CloudTrail-Digest/us-east-1/2026/01/15/"
NAME = "123456789012_CloudTrail-Digest_us-east-1_my_trail_us-west-2"
SINCE = datetime(2026, 1, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("key", "chain"),
    [
        (f"{FOLDER}{NAME}_20260115T080131Z.json.gz", NAME),
        (f"{NAME}_20260115T080131Z.json.gz", NAME),
        (f"{FOLDER}{NAME}_20260115T080131Z_backfill.json.gz", f"{NAME}_backfill"),
        (f"{FOLDER}{NAME}_20260115T080131Z.json", None),
        (f"{FOLDER}{NAME}_20261315T080131Z.json.gz", None),
        (f"{FOLDER}{NAME}_20260115T080131Z_other.json.gz", None),
        (f"{FOLDER}123456789012_CloudTrail_us-east-1_20260115T0801Z_x.json.gz", None),
        ("", None),
    ],
)
def test_names(key: str, chain: str | None) -> None:
    name = digest_name(key)
    assert (name and name.chain) == chain
    if name:
        assert written(name.end) == "2026-01-15T08:01:31Z"


def test_what_a_digest_file_says() -> None:
    trail = quiet_trail(2)
    first, second = (trail.content(key) for key in trail.digests)
    digest = parse_digest(second)
    assert (written(digest.start), written(digest.end)) == ("2026-01-15T08:01:31Z", "2026-01-15T09:01:31Z")
    assert (digest.bucket, digest.key, digest.fingerprint) == ("my-logs", trail.digests[1], fingerprint())
    assert digest.sha256 == hashlib.sha256(second).hexdigest()
    assert digest.logs == (LogFile("my-logs", trail.logs[1], hashlib.sha256(trail.content(trail.logs[1])).hexdigest()),)
    signature = trail.metadata[trail.digests[0]]["signature"]
    assert digest.previous == Previous("my-logs", trail.digests[0], hashlib.sha256(first).hexdigest(), signature)
    assert digest.signed == f"2026-01-15T09:01:31Z\nmy-logs/{trail.digests[1]}\n{digest.sha256}\n{signature}".encode()


def test_the_first_of_a_chain_has_none_before_it() -> None:
    trail = Trail()
    digest = parse_digest(trail.content(trail.close_hour()))
    assert (digest.previous, digest.logs) == (None, ())
    assert digest.signed.endswith(b"\nnull")


def document(**changed: Any) -> dict[str, Any]:
    trail = quiet_trail(2)
    found = {**trail.document(trail.digests[1]), **changed}
    return {name: value for name, value in found.items() if value is not ...}


LOG = document()["logFiles"][0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is not JSON: "),
        (b"\xff", "it is not JSON: "),
        (b"[" * 100_000, "it is not JSON: "),
        (b"[]", "it is not a JSON object"),
        (document(digestS3Bucket=...), "it has no text digestS3Bucket"),
        (document(digestS3Object=7), "it has no text digestS3Object"),
        (document(digestEndTime=""), "it has no text digestEndTime"),
        (document(digestEndTime="yesterday"), "it has no time digestEndTime in UTC"),
        (document(digestStartTime="2026-01-15T08:01:31"), "it has no time digestStartTime in UTC"),
        (document(digestStartTime="0001-01-01T00:00:00+23:59"), "it has no time digestStartTime in UTC"),
        (document(digestPublicKeyFingerprint=None), "it has no text digestPublicKeyFingerprint"),
        (document(digestSignatureAlgorithm="MD5withRSA"), "it has an unknown digestSignatureAlgorithm, not SHA256"),
        (document(previousDigestHashValue="12"), "it has a previousDigestHashValue that is no SHA-256"),
        (document(previousDigestHashAlgorithm="MD5"), "it has an unknown previousDigestHashAlgorithm, not SHA-256"),
        (document(previousDigestSignature=None), "it has no text previousDigestSignature"),
        (document(previousDigestSignature=[]), "it has no text previousDigestSignature"),
        (document(logFiles=None), "it has no list logFiles"),
        (document(logFiles=[7]), "entry 1 of logFiles is not a JSON object"),
        (document(logFiles=[LOG, {**LOG, "s3Object": 7}]), "entry 2 of logFiles has no text s3Object"),
        (document(logFiles=[{**LOG, "hashValue": "z" * 64}]), "entry 1 of logFiles has a hashValue that is no SHA-256"),
        (document(logFiles=[{**LOG, "hashAlgorithm": "MD5"}]), "entry 1 of logFiles has an unknown hashAlgorithm"),
    ],
)
def test_what_says_nothing(content: bytes | dict[str, Any], said: str) -> None:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    with pytest.raises(DigestError) as refused:
        parse_digest(raw)
    assert said in str(refused.value)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.datetimes().map(str),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*document(), *LOG]), inner, max_size=5)
    ),
    max_leaves=10,
)


@given(st.sampled_from(list(document())), _VALUES)
def test_any_member_is_read_or_refused(name: str, value: object) -> None:
    with suppress(DigestError):
        assert isinstance(parse_digest(json.dumps(document(**{name: value})).encode()), Digest)


# --- signatures -------------------------------------------------------------------------------------------------------


def signed(**options: Any) -> tuple[Digest, str]:
    trail = quiet_trail(2, **options)
    key = trail.digests[1]
    return parse_digest(trail.content(key)), trail.metadata[key]["signature"]


def test_a_right_signature() -> None:
    digest, signature = signed()
    verify(digest, signature, public_keys())
    verify(digest, signature.upper(), public_keys("other", "CloudTrail"))


def test_another_key() -> None:
    digest, signature = signed()
    with pytest.raises(UnknownKeyError, match=f"no public key with the fingerprint {fingerprint()}"):
        verify(digest, signature, public_keys("other"))


def test_a_key_that_only_has_the_name() -> None:
    digest, _ = signed()
    with pytest.raises(DigestError, match="not that of CloudTrail"):
        verify(digest, sign(digest.signed, "other"), public_keys())


@pytest.mark.parametrize("signature", ["", "0", "zz", "00" * 256, "12 34", "0" * 513, "٣٣"])
def test_what_is_no_signature(signature: str) -> None:
    digest, _ = signed()
    with pytest.raises(DigestError, match="signature is not"):
        verify(digest, signature, public_keys())


@pytest.mark.parametrize("name", [name for name in document() if name != "digestPublicKeyFingerprint"])
def test_every_member_is_signed(name: str) -> None:
    trail = quiet_trail(2)
    key = trail.digests[1]
    value = str(trail.document(key)[name])
    other: Any = value[:-1] + ("1" if value.endswith("0") else "0")
    if name == "logFiles":
        other = [LOG, LOG]
    elif "Time" in name:
        other = "2026-01-15T03:00:00Z"
    if name.endswith("Algorithm"):
        other = None
    trail.tamper(key, **{name: other})
    with pytest.raises(DigestError, match=r"not that of CloudTrail|no SHA-256"):
        verify(parse_digest(trail.content(key)), trail.metadata[key]["signature"], public_keys())


# --- chains -----------------------------------------------------------------------------------------------------------


def follow(trail: Trail, keys: list[str], *, since: datetime = SINCE, bad: str = "") -> list[tuple[Break, str]]:
    """What is wrong with a chain of which these digest files are there; `bad` is one that cannot be used."""
    chain = Chain("my-logs", since)
    problems = []
    for key in reversed(keys):
        problems += chain.meet(key)
        if key == bad:
            chain.skip()
            continue
        digest = parse_digest(trail.content(key))
        problems += chain.accept(digest, trail.metadata[key].get("signature"))
    return [(problem.kind, problem.key) for problem in [*problems, *chain.finish()]]


def test_a_whole_chain() -> None:
    trail = quiet_trail(4)
    assert follow(trail, trail.digests) == []
    assert follow(trail, []) == []


def test_a_chain_that_begins_before_the_time_asked_for() -> None:
    trail = quiet_trail(4)
    since = datetime(2026, 1, 15, 8, 1, 31, tzinfo=UTC)  # the end of the first
    assert follow(trail, trail.digests[1:], since=since) == []
    assert follow(trail, trail.digests[1:]) == [(Break.MISSING, trail.digests[0])]


@pytest.mark.parametrize("gone", [[1], [1, 2], [2, 4], [1, 2, 3, 4]])
def test_missing_digest_files(gone: list[int]) -> None:
    trail = quiet_trail(6)
    there = [key for number, key in enumerate(trail.digests) if number not in gone]
    # of several missing in a row, the newest is known by name
    named = [number for number in sorted(gone, reverse=True) if number + 1 not in gone]
    assert follow(trail, there) == [(Break.MISSING, trail.digests[number]) for number in named]


def test_a_chain_that_begins_anew() -> None:
    trail = quiet_trail(2)
    trail.restart()
    second = trail.close_hour()
    assert follow(trail, trail.digests) == [(Break.GAP, second)]


def test_a_chain_that_comes_from_another_bucket() -> None:
    trail = quiet_trail(1, bucket="old-logs")
    trail.bucket = "my-logs"
    newer = trail.close_hour()
    assert follow(trail, [newer]) == []
    older = quiet_trail(1, start=datetime(2026, 1, 15, 5, 1, 31, tzinfo=UTC))
    trail.objects |= older.objects
    trail.metadata |= older.metadata
    assert follow(trail, [*older.digests, newer]) == [(Break.GAP, newer)]


def test_a_digest_file_that_no_other_remembers() -> None:
    trail = quiet_trail(3)
    stranger = quiet_trail(1, start=datetime(2026, 1, 15, 8, 11, 31, tzinfo=UTC))
    trail.objects |= stranger.objects
    trail.metadata |= stranger.metadata
    keys = sorted([*trail.digests, *stranger.digests])
    assert follow(trail, keys) == [(Break.FOREIGN, stranger.digests[0])]


@pytest.mark.parametrize("what", ["content", "signature", "content and signature"])
def test_a_digest_file_that_was_exchanged(what: str) -> None:
    trail = quiet_trail(3)
    key = trail.digests[1]
    if "content" in what:
        trail.tamper(key, awsAccountId="999999999999")
    if "signature" in what:
        trail.metadata[key]["signature"] = "00" * 256
    assert follow(trail, trail.digests) == [(Break.ALTERED, key)]
    chain = Chain("my-logs", SINCE)
    chain.accept(parse_digest(trail.content(trail.digests[2])), None)
    chain.meet(key)
    (problem,) = chain.accept(parse_digest(trail.content(key)), trail.metadata[key]["signature"])
    assert f"another {what} than {trail.digests[2]} remembers" in problem.text


def test_nothing_is_known_behind_one_that_cannot_be_used() -> None:
    trail = quiet_trail(4)
    assert follow(trail, trail.digests, bad=trail.digests[2]) == []
    assert follow(trail, [trail.digests[0], *trail.digests[2:]], bad=trail.digests[2]) == []


def test_the_signature_that_the_next_one_remembers() -> None:
    trail = quiet_trail(2)
    chain = Chain("my-logs", SINCE)
    assert chain.signature_of(trail.digests[0]) is None
    chain.accept(parse_digest(trail.content(trail.digests[1])), None)
    assert chain.signature_of(trail.digests[0]) == trail.metadata[trail.digests[0]]["signature"]
    assert chain.signature_of(trail.digests[1]) is None
