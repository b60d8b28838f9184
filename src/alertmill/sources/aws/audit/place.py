"""The digest files of one account and region: found, verified, and followed along their chains.

A digest file whose signature is wrong says nothing: its log files are not compared. One that cannot be verified for
want of a public key is a finding, but what it says is compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial

from alertmill import codes
from alertmill.sources.aws.audit.base import Outside, Span, in_order, listed_behind
from alertmill.sources.aws.audit.logs import LogFiles
from alertmill.sources.aws.audit.report import PlaceReport
from alertmill.sources.aws.digests import (
    Break,
    Chain,
    ChainProblem,
    Digest,
    DigestError,
    UnknownKeyError,
    digest_name,
    parse_digest,
    verify,
    written,
)
from alertmill.sources.aws.faults import ObjectError, ObjectGoneError, StoreError
from alertmill.sources.aws.listing import ListRequest, key_date
from alertmill.sources.aws.public_keys import PublicKeys
from alertmill.sources.aws.unpack import unpack
from alertmill.sources.aws.walks import Place

#: The folder of digest files, beside `CloudTrail`.
DIGEST_FOLDER = "CloudTrail-Digest"

#: Digest files that are fetched ahead.
_AHEAD = 4

#: Bytes of a digest file, compressed and not; each log file takes some 360 bytes of it.
_MOST_COMPRESSED = 8 * 1024 * 1024
_MOST_CONTENT = 32 * 1024 * 1024

#: How long after an event its digest file can be expected: an hour until it ends, the rest until it is there.
_DUE = timedelta(hours=3)

_SIGNED_WITH = "SHA256withRSA"
_LOG_TIME = re.compile(r"_(\d{8}T\d{4})Z_", re.ASCII)


class PlaceAudit:
    """The audit of one account and region. `bound` is the day below which nothing is read there, None if it never was.

    Everything found goes into `found`. Raises StoreError.
    """

    def __init__(self, outside: Outside, place: Place, bound: date | None, span: Span, found: PlaceReport) -> None:
        self._outside = outside
        self._place = place
        self._span = span
        self._found = found
        self._logs = LogFiles(outside, place, bound, span, found)
        self._bucket = outside.bucket.name
        account_folder, _, _ = place.prefixes[0].rpartition(f"CloudTrail/{place.region}/")
        self._prefix = f"{account_folder}{DIGEST_FOLDER}/{place.region}/"
        self._unverified: list[str] = []

    def run(self) -> None:
        chains = self._chains()
        for keys in chains.values():
            self._follow(Chain(self._bucket, self._span.since), keys)
        if self._unverified:
            why = self._unverified[0]
            text = f"the signatures of {len(self._unverified)} digest files could not be verified: {why}"
            text += "; --public-keys takes the keys from a file"
            self._found.find(codes.A_DIGEST, text)
        self._look_behind()

    # --- which -------------------------------------------------------------------------------------------------------

    def _chains(self) -> dict[str, list[str]]:
        """The keys of the digest files that speak of the time, by chain, the newest first."""
        chains: dict[str, list[tuple[datetime, str]]] = {}
        for key in self._keys():
            name = digest_name(key)
            if name and name.end > self._span.since:
                chains.setdefault(name.chain, []).append((name.end, key))
        return {chain: self._up_to_the_end(files) for chain, files in chains.items()}

    def _keys(self) -> Iterator[str]:
        last_day = (self._span.until + timedelta(days=1)).date() if self._span.until else date.max
        for listed in listed_behind(self._outside.store, self._prefix, f"{self._prefix}{self._span.since:%Y/%m/%d}/"):
            day = key_date(listed.key, self._prefix)
            if day and day > last_day:
                return
            yield listed.key

    def _up_to_the_end(self, files: list[tuple[datetime, str]]) -> list[str]:
        """The last one needed is the first that ends behind the time asked for."""
        files.sort()
        until = self._span.until
        behind = [number for number, (end, _) in enumerate(files, 1) if until and end >= until]
        return [key for _, key in reversed(files[: behind[0] if behind else None])]

    # --- one chain ---------------------------------------------------------------------------------------------------

    def _follow(self, chain: Chain, keys: list[str]) -> None:
        jobs = (partial(self._fetch, key) for key in keys)
        for key, answer in zip(keys, in_order(self._outside.workers, jobs, _AHEAD), strict=True):
            self._tell(chain.meet(key))
            self._found.tally.digests += 1
            try:
                digest = self._usable(key, *answer.result(), chain)
            except ObjectGoneError:
                self._found.find(codes.A_DIGEST_CHAIN, f"{key} was removed while the audit ran", key)
                digest = None
            except (ObjectError, DigestError) as error:
                self._found.find(codes.A_DIGEST, f"digest file {key} says nothing: {error}", key)
                digest = None
            if digest is None:
                chain.skip()
                continue
            self._found.cover(digest.start, digest.end)
            self._logs.compare(digest)
        self._tell(chain.finish())

    def _fetch(self, key: str) -> tuple[bytes, Mapping[str, str]]:
        """The uncompressed content and the metadata of a digest file."""
        body, metadata = self._outside.trail.read(key, _MOST_COMPRESSED)
        content = bytearray()
        for piece in unpack([body], key):
            content += piece
            if len(content) > _MOST_CONTENT:
                raise DigestError(f"it has more than {_MOST_CONTENT} bytes")
        return bytes(content), metadata

    def _usable(self, key: str, content: bytes, metadata: Mapping[str, str], chain: Chain) -> Digest:
        """The digest file, verified as far as that can be. Raises DigestError."""
        digest = parse_digest(content)
        if (digest.bucket, digest.key) != (self._bucket, key):
            raise DigestError(f"it was moved: CloudTrail put it at s3://{digest.bucket}/{digest.key}")
        signature = metadata.get("signature")
        if metadata.get("signature-algorithm", _SIGNED_WITH) != _SIGNED_WITH:
            raise DigestError(f"it is signed in another way than {_SIGNED_WITH}")
        self._verify(digest, [each for each in (signature, chain.signature_of(key)) if each])
        self._tell(chain.accept(digest, signature))
        return digest

    def _verify(self, digest: Digest, signatures: list[str]) -> None:
        """One of the signatures must be right: its own, or what the next digest file remembers of it."""
        if not signatures:
            raise DigestError("its metadata hold no signature, and no digest file behind it vouches for it")
        try:
            keys = self._outside.keys(self._place.region)
            for signature in signatures[:-1]:
                if _is_right(digest, signature, keys):
                    break
            else:
                verify(digest, signatures[-1], keys)
            self._found.tally.verified += 1
        except (UnknownKeyError, StoreError) as error:
            self._unverified.append(str(error))

    def _tell(self, problems: list[ChainProblem]) -> None:
        for problem in problems:
            code = codes.A_DIGEST_ABSENT if problem.kind is Break.GAP else codes.A_DIGEST_CHAIN
            self._found.find(code, problem.text, problem.key)

    # --- what no digest file speaks of -------------------------------------------------------------------------------

    def _look_behind(self) -> None:
        """Digest files that should be there are not missed by any chain when the newest ones are gone."""
        covered = self._found.covered
        if covered is None and self._found.tally.digests:
            return  # they are there, and what is wrong with them has been told
        if covered is None and not self._outside.store.list_page(ListRequest(self._prefix, limit=1)).objects:
            text = f"there are no digest files below s3://{self._bucket}/{self._prefix}, so nothing can be proved"
            self._found.find(codes.A_DIGEST_ABSENT, text)
            return
        last = covered[1] if covered else self._span.since
        key = self._first_log_behind(last)
        if key:
            text = (
                f"no digest file speaks of the time behind {written(last)}, of which there are log files such as {key}"
            )
            self._found.find(codes.A_DIGEST_ABSENT, text, key)
        elif covered is None:
            self._found.note = f"neither digest files nor log files since {written(last)}"

    def _first_log_behind(self, moment: datetime) -> str:
        """The key of a log file of which a digest file should be there by now, if there is one."""
        prefix = self._place.prefixes[0]
        name = f"{self._place.account}_CloudTrail_{self._place.region}_{moment:%Y%m%dT%H%M}Z~"
        request = ListRequest(prefix, start_after=f"{prefix}{moment:%Y/%m/%d}/{name}", limit=1)
        due = self._span.now - _DUE
        if self._span.until:
            due = min(due, self._span.until)
        for listed in self._outside.store.list_page(request).objects[:1]:
            time = _LOG_TIME.search(listed.key.rpartition("/")[2])
            if time and datetime.strptime(time[1], "%Y%m%dT%H%M").replace(tzinfo=UTC) < due:
                return listed.key
        return ""


def _is_right(digest: Digest, signature: str, keys: PublicKeys) -> bool:
    try:
        verify(digest, signature, keys)
    except UnknownKeyError:
        raise
    except DigestError:
        return False
    return True
