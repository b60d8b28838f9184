"""One run of `<service type="cloudwatchlogs">`: its log groups, region by region."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial

from alertmill import codes
from alertmill.config.models import Service
from alertmill.errors import SourceError
from alertmill.sources.aws.services.accounts import positions_of
from alertmill.sources.aws.services.calls import LogsCalls
from alertmill.sources.aws.services.cloudwatchlogs import StreamPosition, milliseconds
from alertmill.sources.aws.services.log_group import GroupRun, GroupSettings, Looked
from alertmill.sources.aws.services.log_messages import Messages, TextDiscard
from alertmill.sources.aws.services.regional import Definition, RegionalRun, Seen, Surroundings
from alertmill.sources.aws.services.stream_removal import StreamRemover
from alertmill.sources.aws.services.streams import StreamCalls
from alertmill.sources.aws.workers import Workers
from alertmill.sources.base import Batch, Stop

_REMOVERS = 2


@dataclass(slots=True)
class LogsMemory:
    """What outlives a run: clients by region, and what is known of sleeping streams by region and group."""

    remover: StreamRemover
    calls: dict[str, StreamCalls] = field(default_factory=dict)
    looked: dict[tuple[str, str], dict[str, Looked]] = field(default_factory=dict)

    @classmethod
    def fresh(cls, name: str, log: Callable[[str, str], None]) -> LogsMemory:
        return cls(StreamRemover(Workers(_REMOVERS, f"{name}-delete"), log))

    def settle(self, stop: Stop) -> None:
        """Wait for the deletions that were begun."""
        self.remover.settle(stop)

    def close(self) -> None:
        """End the connections."""
        for calls in self.calls.values():
            calls.close()
        self.calls.clear()


class LogsRun(RegionalRun):
    """One run."""

    def __init__(self, definition: Definition, around: Surroundings, memory: LogsMemory) -> None:
        super().__init__(definition, around)
        self._memory = memory
        self._drops = discards_text(definition.service)
        self._positions: tuple[str, dict[str, str]] = ("", {})
        memory.remover.start()

    def subjects(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.definition.service.aws_log_groups))

    def read(self, region: str, subject: str, seen: Seen) -> Iterator[Batch]:
        around, service = self.around, self.definition.service
        positions = yield from self._positions_in(region)
        bound = yield from self.bound(self.scope(region, subject), partial(_first_day, subject, positions))
        messages = Messages(
            region, subject, improved=around.improved, alias=service.aws_account_alias, drops=self._drops
        )
        wanted = service.only_logs_after
        settings = GroupSettings(
            self.scope(region),
            subject,
            milliseconds(bound),
            None if wanted is None else milliseconds(wanted),
            messages,
            self._memory.remover.remove if service.remove_log_streams else None,
            None if around.once else self._memory.looked.setdefault((region, subject), {}),
        )
        run = GroupRun(
            settings,
            self._calls(region),
            positions,
            seen,
            listers=self.definition.listers,
            readers=self.definition.readers,
            clock=around.clock,
            stop=around.stop,
            log=around.log,
        )
        yield from run.batches()

    def _calls(self, region: str) -> StreamCalls:
        calls = self._memory.calls.get(region)
        if calls is None:
            session = self.definition.session
            calls = self._memory.calls[region] = LogsCalls(session.logs(region), session, region)
        return calls

    def _positions_in(self, region: str) -> Generator[Batch, None, dict[str, str]]:
        """The positions of a region, read once; they are kept up to date while the run goes through its groups."""
        if self._positions[0] != region:
            groups = set(self.subjects())
            positions, marks = positions_of(
                self.definition.service.type,
                self.definition.account,
                region,
                self.around.progress,
                lambda key: key.partition(":")[0] in groups,
            )
            self._positions = (region, positions)
            if marks:
                yield Batch(marks=marks)
        return self._positions[1]


def _first_day(group: str, positions: dict[str, str], today: date) -> date:
    """Today, or when Wazuh had read last if it has read the group before us."""
    known = [StreamPosition.from_text(text) for key, text in positions.items() if key.startswith(f"{group}:")]
    ends = [position.end for position in known if position is not None and position.end is not None]
    if not ends:
        return today
    return min(today, datetime.fromtimestamp(max(ends) / 1000, UTC).date())


def discards_text(service: Service) -> Callable[[str], bool] | None:
    """The test of `<discard_regex>`, None without one. Raises SourceError when the pattern does not compile."""
    wanted = service.discard_regex
    if wanted is None or not wanted.pattern:
        return None
    try:
        return TextDiscard(wanted).drops
    except re.error as error:
        place = f"{wanted.origin}: " if wanted.origin else ""
        text = f"{place}the discard_regex of service {service.type} does not compile: {error}"
        raise SourceError(f"{text}  [{codes.A_DEFINITION.id}]") from None
