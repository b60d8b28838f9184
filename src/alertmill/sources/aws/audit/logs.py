"""The log files that digest files name: in the bucket or gone, as they were delivered or altered, processed or not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import Enum
from functools import partial
from itertools import groupby, islice

from alertmill import codes
from alertmill.sources.aws.audit.base import REQUESTS, Outside, Span, in_order, listed_behind, never
from alertmill.sources.aws.audit.report import PlaceReport, ToRead
from alertmill.sources.aws.digests import Digest, LogFile
from alertmill.sources.aws.faults import ObjectError, ObjectGoneError, UnpackError
from alertmill.sources.aws.listing import Listed, key_date
from alertmill.sources.aws.unpack import unpack
from alertmill.sources.aws.walks import Place
from alertmill.sources.base import REMOVED

#: Log files that are looked up at once.
_SHEAF = 1000

#: Bytes of content up to which a log file is hashed; CloudTrail's own have some 50 MB at most.
_MOST_CONTENT = 2 * 1024**3

#: What is said of a file of which the version that was delivered is not there any more.
_PROCESSED = {
    True: "it had been processed before",
    False: "it had not been processed",
    None: "whether it had been processed cannot be told, for the bucket keeps no older versions, or does not list them",
}


class _Content(Enum):
    """How a log file compares with what was delivered."""

    SAME = "same"
    ALTERED = "altered"
    UNREADABLE = "unreadable"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class _File:
    """A log file as the listing and the checkpoint know it: `listed` None when it is not in the bucket.

    `done`: what lies there was processed.
    """

    log: LogFile
    listed: Listed | None
    done: bool


@dataclass(frozen=True, slots=True)
class _Seen:
    """What looking into a log file brought: how its content compares, and why.

    `done_before`: it was processed before it was altered or deleted; None when that cannot be told.
    """

    content: _Content
    why: str = ""
    done_before: bool | None = False


class LogFiles:
    """The log files of one account and region; arguments as for `PlaceAudit`."""

    def __init__(self, outside: Outside, place: Place, bound: date | None, span: Span, found: PlaceReport) -> None:
        self._outside = outside
        self._place = place
        self._bound = bound
        self._span = span
        self._found = found
        self._tally = found.tally
        self._bucket = outside.bucket
        self._failed = {pair: failure.reason for pair, failure in outside.memory.failed(place.scope).items()}
        self._imported = outside.memory.imported(place.scope)
        #: Insights and the like lie in folders of their own, and are no business of `<bucket type="cloudtrail">`.
        self._other_kinds = f"{place.prefixes[0].removesuffix(f'/{place.region}/')}-"
        self._seen: set[bytes] = set()

    def compare(self, digest: Digest) -> None:
        """Look up every log file that the digest file names and none before did. Raises StoreError."""
        new = (log for log in digest.logs if self._is_new(log))
        while sheaf := list(islice(new, _SHEAF)):
            here = [log for log in sheaf if self._lies_here(log)]
            for log in sheaf:
                if not self._lies_here(log):
                    self._lies_elsewhere(log)
            wanted = [file for file in self._files(here) if not self._is_outside(file, digest)]
            self._tally.outside += len(here) - len(wanted)
            jobs = [partial(self._look_into, file) for file in wanted]
            for file, seen in zip(wanted, in_order(self._outside.workers, jobs, REQUESTS), strict=True):
                self._settle(file, seen.result())

    # --- what is known -----------------------------------------------------------------------------------------------

    def _is_new(self, log: LogFile) -> bool:
        """Several trails may name the same file; the same file with another hash is another matter."""
        mark = hashlib.blake2b(f"{log.bucket}\0{log.key}\0{log.sha256}".encode(), digest_size=16).digest()
        if mark in self._seen:
            return False
        self._seen.add(mark)
        return True

    def _lies_here(self, log: LogFile) -> bool:
        return log.bucket == self._bucket.name and log.key.startswith(self._place.prefixes)

    def _files(self, logs: list[LogFile]) -> Iterator[_File]:
        listed = self._listed(log.key for log in logs)
        pairs = [(each.key, each.etag) for each in listed.values()]
        not_done = self._outside.memory.not_done(self._place.scope, pairs)
        for log in logs:
            there = listed.get(log.key)
            done = there is not None and ((there.key, there.etag) not in not_done or self._was_imported(there))
            yield _File(log, there, done)

    def _was_imported(self, listed: Listed) -> bool:
        """Whether Wazuh's module read it, as far as its own database tells."""
        return self._imported is not None and listed.key <= self._imported[0] and listed.modified < self._imported[1]

    def _listed(self, keys: Iterable[str]) -> dict[str, Listed]:
        """Those of the keys that are in the bucket. They are close together, so that listing them takes few calls."""
        found: dict[str, Listed] = {}
        for folder, group in groupby(sorted(keys, key=str.encode), key=lambda key: key[: key.rindex("/") + 1]):
            wanted = list(group)
            sought = frozenset(wanted)
            last = wanted[-1].encode()
            for listed in listed_behind(self._outside.store, folder, wanted[0][:-1]):
                if listed.key.encode() > last:
                    break
                if listed.key in sought:
                    found[listed.key] = listed
        return found

    def _is_outside(self, file: _File, digest: Digest) -> bool:
        """Whether a file that was not processed need not be: it was delivered before the first day that is read.

        What is dated before that day but was delivered later is late, and should have been read.
        """
        day = self._day(file.log)
        if file.done or day is None:
            return False
        if self._bucket.only_logs_after and day < self._bucket.only_logs_after:
            return True
        if self._bound is None or self._span.asked:
            return False
        return day < self._bound and digest.start < datetime.combine(self._bound, time(), UTC)

    def _day(self, log: LogFile) -> date | None:
        return key_date(log.key, self._place.prefixes[0])

    # --- looking into one, on a worker -------------------------------------------------------------------------------

    def _look_into(self, file: _File) -> _Seen:
        """Raises StoreError."""
        try:
            if file.listed is None:
                raise ObjectGoneError("")
            if self._outside.hashes and self._sha256(file.listed) != file.log.sha256:
                raise UnpackError("its content is not what CloudTrail delivered")
        except ObjectGoneError:
            return _Seen(_Content.GONE, done_before=file.done or self._was_done(file))
        except UnpackError as error:
            return _Seen(_Content.ALTERED, str(error), file.done or self._was_done(file))
        except ObjectError as error:
            return _Seen(_Content.UNREADABLE, str(error))
        return _Seen(_Content.SAME)

    def _sha256(self, listed: Listed) -> str:
        """Of the uncompressed content, as the reader of the file sees it. Raises ObjectError, ObjectGoneError."""
        found = hashlib.sha256()
        size = 0
        body = self._outside.store.fetch(listed.key, listed.etag, never)
        try:
            for piece in unpack(body.chunks(), listed.key):
                found.update(piece)
                size += len(piece)
                if size > _MOST_CONTENT:
                    raise UnpackError(f"it has more than {_MOST_CONTENT} bytes")
        finally:
            body.close()
        return found.hexdigest()

    def _was_done(self, file: _File) -> bool | None:
        """Whether a version that is not there any more was processed; None if no trace of it is left."""
        memory, scope, key = self._outside.memory, self._place.scope, file.log.key
        if not memory.not_done(scope, [(key, REMOVED)]):
            return True
        versions = {(key, etag) for etag in self._outside.trail.versions(key)}
        if file.listed is not None:
            versions.discard((key, file.listed.etag))
        return memory.not_done(scope, versions) != versions if versions else None

    # --- what that means ---------------------------------------------------------------------------------------------

    def _settle(self, file: _File, seen: _Seen) -> None:
        """Count a file, and tell what is wrong with it."""
        key = file.log.key
        self._tally.delivered += 1
        if seen.content is _Content.GONE:
            self._gone(key, seen.done_before)
            return
        if seen.content is _Content.UNREADABLE:
            self._tally.unreadable += 1
            self._found.find(codes.A_OBJECT_FAILED, f"{key} could not be compared: {seen.why}", key)
        if seen.content is _Content.ALTERED:
            self._tally.altered += 1
            text = "this is what was processed" if file.done else _PROCESSED[seen.done_before]
            self._found.find(codes.A_LOG_ALTERED, f"{key} was altered: {seen.why}; {text}", key)
        if file.done or seen.done_before:
            self._tally.processed += 1
        else:
            self._not_processed(file, repair=seen.content is not _Content.ALTERED)

    def _gone(self, key: str, done: bool | None) -> None:
        """Count a file that is not in the bucket: deleted by ourselves, or by somebody else."""
        self._tally.processed += bool(done)
        if done and self._bucket.remove_from_bucket:
            self._tally.removed += 1
            return
        self._tally.missing += 1
        self._tally.gone += 1
        self._found.find(codes.A_LOG_MISSING, f"{key} is gone from the bucket; {_PROCESSED[done]}", key)

    def _not_processed(self, file: _File, *, repair: bool) -> None:
        assert file.listed is not None
        key, etag = file.log.key, file.listed.etag
        failure = self._failed.get((key, etag))
        self._tally.missing += 1
        self._tally.not_processed += 1
        self._tally.failed += failure is not None
        why = self._why_not(file.log) if failure is None else f"it failed: {failure}"
        self._found.find(codes.A_LOG_UNPROCESSED, f"{key} was not processed: {why}", key)
        if repair:
            self._outside.to_read(ToRead(self._place.scope, file.log.bucket, key, etag, failure is not None))

    def _why_not(self, log: LogFile) -> str:
        day = self._day(log)
        if self._bound is None:
            return "nothing of this account and region was ever read"
        if day and day < self._bound:
            text = f"its day lies before {self._bound}, the first that is listed now"
            return f"{text}; what was processed long before that is not remembered"
        return "it has not been read"

    def _lies_elsewhere(self, log: LogFile) -> None:
        """Count a file that the definition does not see: of another kind, or where there should be none."""
        if log.bucket == self._bucket.name and log.key.startswith(self._other_kinds):
            self._tally.outside += 1
            return
        self._tally.delivered += 1
        self._tally.missing += 1
        self._tally.not_processed += 1
        text = f"s3://{log.bucket}/{log.key} lies outside of what this definition reads"
        self._found.find(codes.A_LOG_UNPROCESSED, text, log.key)
