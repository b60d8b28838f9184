"""The source behind the `<service>` definitions of one `<wodle name="aws-s3">`, in their order (aws-wodle.md 3, 11).

It has a schedule and a thread of its own: a long first run through a bucket holds up no service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial

from alertmill import codes
from alertmill.config.models import AwsS3, EventFormat, Service
from alertmill.sources.aws.faults import StoreError
from alertmill.sources.aws.objects import discards
from alertmill.sources.aws.scheduled import scheduled_runs
from alertmill.sources.aws.services.accounts import Account, credentials_name, regions_of, scope_of
from alertmill.sources.aws.services.cloudwatchlogs_run import LogsMemory, LogsRun, discards_text
from alertmill.sources.aws.services.inspector_run import InspectorMemory, InspectorRun
from alertmill.sources.aws.services.log_group import STREAMS_AHEAD
from alertmill.sources.aws.services.regional import Definition, RegionalRun, Surroundings
from alertmill.sources.aws.session import AwsSession
from alertmill.sources.aws.turns import Turns
from alertmill.sources.aws.workers import Workers, result_of
from alertmill.sources.base import Batch, Progress, ScopeReport, Stop

_LISTERS = 2


@dataclass(slots=True)
class _Served:
    """A definition with everything that serves it as long as its credentials are good."""

    definition: Definition
    memory: LogsMemory | InspectorMemory


class ServiceSource:
    """Runs the services of a wodle.

    Args:
        config: the section of ossec.conf.
        event_format: how messages are spelled; `improved` adds where they come from.
        clock: arrival time, epoch seconds.
        log: called with a level (`INFO`, `WARNING`, `ERROR`, `DEBUG`) and one line.
        name: unique among the sources; also names the stored schedule.
        zone: the zone of `<time>`, `<day>` and `<wday>`, None for the machine's.
        turns: shared by the sources of a daemon, so that two of them never read the same account at a time.
        sessions: makes the session of a definition; raises StoreError when there are no credentials.
        announce: whether the start of the module is to be told here, because nothing else of it is read.

    Raises SourceError for a definition that can never work.
    """

    def __init__(
        self,
        config: AwsS3,
        event_format: EventFormat,
        clock: Callable[[], float],
        log: Callable[[str, str], None],
        *,
        name: str = "aws-s3 services",
        zone: tzinfo | None = None,
        turns: Turns | None = None,
        sessions: Callable[[Service], AwsSession] | None = None,
        announce: bool = False,
    ) -> None:
        self.name = name
        self._config = config
        self._improved = event_format == "improved"
        self._clock = clock
        self._log = log
        self._zone = zone
        self._turns = turns or Turns()
        self._sessions = sessions or (lambda service: AwsSession(service, service.regions))
        self._announce = announce
        self._listers = Workers(_LISTERS, f"{name}-list")
        self._readers = Workers(STREAMS_AHEAD, f"{name}-read")
        self._served: dict[int, _Served] = {}
        for service in config.services:  # a discard_regex that does not compile shows now
            discards_text(service) if service.type == "cloudwatchlogs" else discards(service.discard_regex, "service")

    def batches(self, progress: Progress, stop: Stop, *, once: bool) -> Iterator[Batch]:
        """The batches of all runs, see Source; with `once`, of one run that starts now."""
        if self._config.disabled or not self._config.services:
            return
        if self._announce:
            self._log("INFO", "Module AWS started")
        run = partial(self._run, progress, stop, once=once)
        try:
            if once:
                yield from run()
            else:
                yield from scheduled_runs(
                    self._config, self.name, run, progress, stop, clock=self._clock, log=self._log, zone=self._zone
                )
        finally:
            if stop.is_set():
                self.close()

    def close(self) -> None:
        """End all connections; to be called after the last `ack`."""
        for served in self._served.values():
            served.memory.close()

    def _run(self, progress: Progress, stop: Stop, *, once: bool) -> Iterator[Batch]:
        self._log("INFO", "Starting fetching of logs.")
        for number, service in enumerate(self._config.services):
            self._log("INFO", f"Executing Service Analysis: ({_described(service)})")
            yield from self._run_one(number, service, progress, stop, once=once)
            if stop.is_set():
                return
        self._log("INFO", "Fetching logs finished.")

    def _run_one(self, number: int, service: Service, progress: Progress, stop: Stop, *, once: bool) -> Iterator[Batch]:
        whole = scope_of(service.type, credentials_name(service), "*|*")
        try:
            served = result_of(self._listers.submit(partial(self._serve, number, service, progress)), stop.is_set)
        except StoreError as fault:
            error = f"{fault} (exit code {fault.exit_code})"
            self._log("ERROR", f"Service: {service.type} - {error}")
            yield Batch(marks=(ScopeReport(whole, self._clock(), 0, 0, "", error, error_code=fault.code.id),))
            return
        if served is None:
            return
        account = served.definition.account
        place = scope_of(service.type, account.id, "*")
        end_turn = self._turns.take(place, stop)
        if end_turn is None:
            return
        run = self._prepared(served, Surroundings(progress, stop, self._clock, self._log, self._improved, once))
        try:
            if marks := account.marks(progress):
                yield Batch(marks=marks)
            yield from run.batches()
        except GeneratorExit:  # nobody will commit what is left
            end_turn()
            raise
        report = ScopeReport(whole, self._clock(), 0, 0, "")
        yield Batch(marks=() if stop.is_set() else (report,), ack=end_turn)
        if once and service.remove_log_streams and self._turns.is_over(place, stop):
            served.memory.settle(stop)
        if run.credentials_failed:
            self._served.pop(number).memory.close()

    def _serve(self, number: int, service: Service, progress: Progress) -> _Served:
        """What serves a definition, made at its first run; tried again in the next run when that fails.

        Takes calls to STS, hence runs on a worker. Raises StoreError.
        """
        if number not in self._served:
            session = self._sessions(service)
            account = Account.found(service, session, progress)
            regions, guessed = regions_of(service, session, account.partition)
            if not regions:
                text = f"no region to read {service.type} in: set <regions>"
                raise StoreError(codes.A_DEFINITION, 22, text)
            memory = LogsMemory.fresh(self.name, self._log) if service.type == "cloudwatchlogs" else InspectorMemory()
            definition = Definition(service, session, account, tuple(regions), guessed, self._listers, self._readers)
            self._served[number] = _Served(definition, memory)
        return self._served[number]

    def _prepared(self, served: _Served, around: Surroundings) -> RegionalRun:
        if isinstance(served.memory, LogsMemory):
            return LogsRun(served.definition, around, served.memory)
        return InspectorRun(served.definition, around, served.memory)


def _described(service: Service) -> str:
    """The definition in the words of Wazuh's log, only the parts that are set."""
    parts = {
        "Service": service.type,
        "Account ID": ",".join(service.aws_account_id),
        "Account Alias": service.aws_account_alias,
        "Profile": service.aws_profile or "",
    }
    return ", ".join(f"{name}: {value}" for name, value in parts.items() if value)
