"""One run of `<service type="inspector">`: the findings of its regions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from alertmill.sources.aws.objects import discards
from alertmill.sources.aws.services.accounts import positions_of
from alertmill.sources.aws.services.calls import InspectorCalls
from alertmill.sources.aws.services.cloudwatchlogs import milliseconds
from alertmill.sources.aws.services.inspector import SCANNED, Finding, Findings, Scan, newest_of
from alertmill.sources.aws.services.regional import Definition, RegionalRun, Seen, Surroundings
from alertmill.sources.aws.workers import Ahead
from alertmill.sources.base import Batch, Stop

_PAGES_AHEAD = 2


@dataclass(slots=True)
class InspectorMemory:
    """What outlives a run: clients by region."""

    calls: dict[str, InspectorCalls] = field(default_factory=dict)

    def settle(self, stop: Stop) -> None:
        """Nothing is deleted here."""

    def close(self) -> None:
        """End the connections."""
        for calls in self.calls.values():
            calls.close()
        self.calls.clear()


class InspectorRun(RegionalRun):
    """One run."""

    def __init__(self, definition: Definition, around: Surroundings, memory: InspectorMemory) -> None:
        super().__init__(definition, around)
        self._memory = memory
        self._drops = discards(definition.service.discard_regex, f"service {definition.service.type}")

    def subjects(self) -> tuple[str, ...]:
        return ("",)

    def read(self, region: str, subject: str, seen: Seen) -> Iterator[Batch]:
        definition, around = self.definition, self.around
        kind = definition.service.type
        positions, moved = positions_of(
            kind, definition.account, region, around.progress, lambda key: key.startswith(SCANNED)
        )
        if moved:
            yield Batch(marks=moved)
        bound = yield from self.bound(self.scope(region))
        wanted = definition.service.only_logs_after
        at_least = milliseconds(wanted) if wanted else 0
        scan = Scan(self.scope(region), positions, milliseconds(bound), at_least, int(around.clock() * 1000))
        findings = Findings(
            region, improved=around.improved, alias=definition.service.aws_account_alias, drops=self._drops
        )
        job = partial(pages, self._calls(region), scan.start, scan.end)
        ahead = Ahead(definition.readers, job, _PAGES_AHEAD, around.stop.is_set)
        try:
            for page in ahead:
                yield from self._page(scan, findings, page, seen)
        finally:
            ahead.cancel()
        if not around.stop.is_set():
            seen.done = seen.listed
            yield Batch(marks=scan.over())
            around.log("DEBUG", f"+++ Total: {seen.listed} events collected and processed in {region}")

    def _page(self, scan: Scan, findings: Findings, page: list[Finding], seen: Seen) -> Iterator[Batch]:
        fresh, marks = scan.take(page)
        seen.listed += len(page)
        seen.newest = max(seen.newest, newest_of(page))
        records = findings.records(fresh, self.around.clock())
        if records or marks:
            yield Batch(records, marks)

    def _calls(self, region: str) -> InspectorCalls:
        calls = self._memory.calls.get(region)
        if calls is None:
            session = self.definition.session
            known = region in session.regions_of("inspector2", self.definition.account.partition)
            calls = InspectorCalls(session.inspector(region), session, region, known=known)
            self._memory.calls[region] = calls
        return calls


def pages(calls: InspectorCalls, start: int, end: int) -> Iterator[list[Finding]]:
    """The findings updated between two times (milliseconds), page by page. Raises StoreError."""
    token = ""
    while True:
        found, following = calls.findings(start, end, token)
        yield found
        if following in ("", token):
            return
        token = following
