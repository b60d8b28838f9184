"""Requests of the operator's commands (`var/requests/`), as marks: what is to be tried or read again.

A request is carried out when its marks are committed; then its file is deleted and the pollers are woken. A request
that cannot be read is put aside under another name, never a reason to stop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from alertmill import codes
from alertmill.requests import DayRange, FailedObject, ObjectToRead, Request, RequestError, read_request
from alertmill.sources.aws.subscribers.claims import Claims
from alertmill.sources.aws.wishes import Wishes
from alertmill.sources.base import (
    Batch,
    Mark,
    ObjectFailed,
    Progress,
    ReadAgain,
    ReadAgainOver,
    RetryFailed,
    Stop,
)
from alertmill.sources.rejected_records import RejectedRecords

#: Seconds between two looks at the folder.
_PAUSE = 1.0
#: Seconds between two looks at what is committed.
_PATIENCE = 0.05
#: Marks of one batch.
_MARKS = 1000
#: Why an object is on the list of failed ones that never failed.
ASKED_FOR = "asked for by the operator"


class RequestsFolder:
    """The source behind `folder`.

    Args:
        rejected: the records that `records` is about.
        claims: the `<bucket>` definitions; says which of them an object belongs to.
        wishes: what the definitions read again; knows which of them a range is for.
        wake: called after a commit, from the engine's thread: there is something to do.
        clock: epoch seconds.
        log: takes a level and a line.
    """

    name = "requests"

    def __init__(
        self,
        folder: Path,
        rejected: RejectedRecords,
        claims: Claims,
        wishes: Wishes,
        wake: Callable[[], None],
        clock: Callable[[], float],
        log: Callable[[str, str], None],
    ) -> None:
        self._folder = folder
        self._rejected = rejected
        self._claims = claims
        self._wishes = wishes
        self._wake = wake
        self._clock = clock
        self._log = log
        #: Files whose marks wait for their commit, and those that nothing can be done about.
        self._under_way: set[Path] = set()
        self._hopeless: set[Path] = set()

    def batches(self, progress: Progress, stop: Stop, *, once: bool) -> Iterator[Batch]:
        """The marks of all requests as they come, see Source; with `once` it ends when they are committed, so that
        those who come behind it see them."""
        yield from self._orphans(progress)
        while not stop.is_set():
            for path in sorted(self._folder.glob("*.json")):
                if path not in self._under_way | self._hopeless and not stop.is_set():
                    yield from self._carry_out(path, progress, stop)
            if once or stop.wait(_PAUSE):
                break
        while self._under_way and not stop.wait(_PATIENCE):
            pass

    def _orphans(self, progress: Progress) -> Iterator[Batch]:
        """Wishes for a definition that ossec.conf has no more: nobody would ever fulfil them."""
        for wish in progress.read_again():
            if self._wishes.is_for_nobody(wish):
                self._complain(f"nothing of {wish.definition} is read again: no <bucket> is for it")
                yield Batch(marks=(ReadAgainOver(wish.number),))

    def _carry_out(self, path: Path, progress: Progress, stop: Stop) -> Iterator[Batch]:
        try:
            request = read_request(path)
        except RequestError as error:
            self._put_aside(path, error)
            return
        self._under_way.add(path)
        self._log("INFO", f"request {path.name}: {_described(request)}")
        if request.records:
            yield from self._rejected.batches(progress, stop)
            if stop.is_set():
                return
        marks = list(self._marks(request, path.stem, progress))
        for start in range(0, len(marks), _MARKS):
            yield Batch(marks=tuple(marks[start : start + _MARKS]))
        yield Batch(ack=partial(self._done, path))

    def _marks(self, request: Request, number: str, progress: Progress) -> Iterator[Mark]:
        if request.retry_all:
            for scope in progress.scopes_of(""):
                yield from (RetryFailed(scope, key, etag) for key, etag in progress.failed(scope))
        yield from (self._retry(failed) for failed in request.retry)
        for wanted in request.read:
            yield from self._read(wanted, progress)
        for count, days in enumerate(request.again, 1):
            yield from self._again(days, number if len(request.again) == 1 else f"{number}.{count}")

    def _retry(self, failed: FailedObject) -> Mark:
        return RetryFailed(failed.scope, failed.key, failed.etag)

    def _read(self, wanted: ObjectToRead, progress: Progress) -> Iterator[Mark]:
        """An object that is to be read is put on the list of failed ones, due at once."""
        name = f"s3://{wanted.bucket}/{wanted.key}"
        claim = self._claims.of(wanted.bucket, wanted.key)
        if claim is None:
            self._complain(f"{name} is not read: it belongs to no <bucket>")
        elif not wanted.etag:
            self._complain(f"{name} is not read: the request does not name its ETag")
        elif (wanted.key, wanted.etag) in progress.failed(claim.scope):
            yield RetryFailed(claim.scope, wanted.key, wanted.etag)
        elif not progress.not_done(claim.scope, [(wanted.key, wanted.etag)]):
            self._complain(f"{name} is not read: it was read before; ask for its day to read it again")
        else:
            now = self._clock()
            yield ObjectFailed(claim.scope, wanted.key, wanted.etag, ASKED_FOR, 0, now, now, 0.0)

    def _again(self, days: DayRange, number: str) -> Iterator[Mark]:
        wish = ReadAgain(number, days.definition, days.first, days.last)
        if self._wishes.is_for_nobody(wish):
            self._complain(f"nothing of {days.definition} is read again: no <bucket> is for it")
        else:
            yield wish

    def _done(self, path: Path) -> None:
        """All marks of the request are committed."""
        try:
            path.unlink(missing_ok=True)
        except OSError as error:  # it is carried out again at the next start, which changes nothing
            self._complain(f"{path} cannot be deleted: {error.strerror}")
            self._hopeless.add(path)
        self._under_way.discard(path)
        self._wake()

    def _put_aside(self, path: Path, error: RequestError) -> None:
        self._complain(str(error))
        try:
            path.rename(path.with_suffix(".bad"))
        except OSError as problem:
            self._complain(f"{path} cannot be renamed: {problem.strerror}")
            self._hopeless.add(path)

    def _complain(self, text: str) -> None:
        self._log("WARNING", f"{text}  [{codes.A_REQUEST.id}]")


def _described(request: Request) -> str:
    """What is asked for, in one line."""
    counts = {
        "failed objects": len(request.retry),
        "objects to read": len(request.read),
        "ranges to read again": len(request.again),
    }
    said = ["all failed objects"] if request.retry_all else []
    said += [f"{count} {name}" for name, count in counts.items() if count]
    said += ["the rejected records"] if request.records else []
    return ", ".join(said) or "nothing"
