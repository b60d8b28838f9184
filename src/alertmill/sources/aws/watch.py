"""What a run tells of accounts and regions beside what it read: which fell silent, which are gone, which were refused.

Only marks come out of this; who makes alerts of them is `sources.monitored`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from alertmill.config.models import Bucket
from alertmill.sources.aws.faults import StoreError
from alertmill.sources.aws.walks import BACK_FILL, Purpose, Walk
from alertmill.sources.base import Mark, Progress, ScopeReport, ScopeSilent


class Watch:
    """Judges the scopes of one definition, whose names begin with `prefix` and end in `account|region`."""

    def __init__(self, bucket: Bucket, prefix: str, progress: Progress) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._progress = progress

    def of_walk(self, walk: Walk, now: float) -> tuple[Mark, ...]:
        """What is true of the place of a walk that came to its end: it has fallen silent, or speaks again."""
        if walk.error or not walk.listed_all:
            return ()
        over = self.over(walk.scope + BACK_FILL, now) if walk.purpose is Purpose.WHOLE else ()
        if not walk.has_news:
            return (*over, *self._silence(walk.scope, now))
        spoke = self._progress.state(walk.scope).silent
        return (*over, ScopeSilent(walk.scope, False)) if spoke else over

    def over(self, scope: str, now: float) -> tuple[Mark, ...]:
        """What was wrong with a back-fill is over when there is nothing left for it."""
        return (ScopeReport(scope, now, 0, 0, ""),) if self._progress.state(scope).error_code else ()

    def of_the_rest(self, walked: set[str], refused: Mapping[str, StoreError], now: float) -> Iterator[Mark]:
        """What is true of the scopes that a run did not walk; `refused` are accounts that could not be looked into."""
        for account, fault in refused.items():
            yield ScopeReport(self._scope(account), now, 0, 0, "", str(fault), error_code=fault.code.id)
        for scope in self._progress.scopes_of(self._prefix):
            account, _, region = scope[len(self._prefix) :].partition("|")
            if scope in walked or account == "*" or account in refused or "|" in region:
                continue
            if region != "*" and self._is_read(account, region):
                yield from self._silence(scope, now)
            if self._progress.state(scope).error_code:  # what was refused is there no more, or is no more refused
                yield ScopeReport(scope, now, 0, 0, "")

    def _silence(self, scope: str, now: float) -> tuple[Mark, ...]:
        state = self._progress.state(scope)
        since = now - state.last_read
        is_silent = bool(self._bucket.silence and state.last_read and since > self._bucket.silence)
        return (ScopeSilent(scope, is_silent),) if is_silent != state.silent else ()

    def _scope(self, account: str) -> str:
        return f"{self._prefix}{account}|*"

    def _is_read(self, account: str, region: str) -> bool:
        """Whether the definition is for this account and region."""
        bucket = self._bucket
        return account in (bucket.aws_account_id or (account,)) and region in (bucket.regions or (region,))
