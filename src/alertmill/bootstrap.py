"""The composition root: the only place that knows which classes are real.

`build` reads a home and returns a `Program`, everything wired and nothing started. Each part is handed its own section
of the configuration and nothing more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from alertmill.alerts import AlertFacts, AlertWriter
from alertmill.checkpoints import EVENT_WINDOW, Checkpoints, Commit
from alertmill.clock import arrival_clock
from alertmill.config.models import AwsS3, Bucket, Config, EventFormat
from alertmill.engine import Engine
from alertmill.errors import Problems
from alertmill.installation import Installation
from alertmill.log import AWS_TAG, ENGINE_TAG, TaggedLog, held_log
from alertmill.parallel import Pool, Setup, worker_count
from alertmill.pipeline import Pipeline, redo_outputs
from alertmill.ruleset import State
from alertmill.sinks import AlertsJson, AlertsLog, ArchivesJson, ArchivesLog, FirewallLog
from alertmill.sinks.base import Sink
from alertmill.sinks.folders import Stop
from alertmill.sinks.housekeeping import DayFiles
from alertmill.sinks.journal import Journal
from alertmill.sinks.outputs import Outputs
from alertmill.sinks.own_logs import LogRotation, OwnLogs
from alertmill.sinks.rotation import Upkeep, WithinDay
from alertmill.sources.aws.buckets import BUCKET_TYPES
from alertmill.sources.aws.lanes import Shared
from alertmill.sources.aws.poller import BucketPoller
from alertmill.sources.aws.services.service_source import ServiceSource
from alertmill.sources.aws.subscribers.claims import Claims
from alertmill.sources.aws.subscribers.subscriber import QueueSubscriber
from alertmill.sources.base import Source
from alertmill.sources.monitored import Monitored
from alertmill.sources.outlook import Outlook
from alertmill.sources.queue_socket import QueueSocket
from alertmill.sources.rejected_records import RejectedRecords
from alertmill.sources.requests_folder import RequestsFolder
from alertmill.wazuh_import import take_over_from_wazuh


@dataclass(frozen=True, slots=True)
class Housekeeping:
    """What is to be done for files that are finished: passes that can be made at any time, and the seconds until the
    next day is over."""

    chores: Sequence[Callable[[Stop], None]]
    until_turn: Callable[[], float]


@dataclass(slots=True)
class Program:
    """A daemon ready to start.

    `load_engine` reads configuration and ruleset afresh for a reload; it puts problems into its argument, and raises
    LoadError when there is nothing to go on with. `close` gives up files, database and lock.
    """

    home: Path
    pipeline: Pipeline
    sources: Sequence[Source]
    checkpoints: Checkpoints
    config: Config
    alert_facts: AlertFacts
    analysis_socket: Path
    logtest_socket: Path
    #: The clock of arrival, epoch seconds.
    clock: Callable[[], float]
    housekeeping: Housekeeping
    #: What there is to read, as far as the sources know.
    outlook: Outlook
    load_engine: Callable[[Problems], Engine]
    close: Callable[[], None]
    #: Worker processes, if there may be any.
    workers: Pool | None = None


def build(installation: Installation) -> Program:
    """Load the home and wire a program.

    Raises LoadError with every problem found when configuration or ruleset cannot be used, CheckpointError or
    OutputError when the state on disk does not allow a start, ClockError, and SourceError for a source that can never
    work.
    """
    log = TaggedLog(ENGINE_TAG)
    clock = arrival_clock()
    problems = Problems()
    config = installation.load_config(problems)
    with suppress(OSError):  # the checkpoints, which need the folder, will say what is wrong with it
        installation.var.mkdir(mode=0o700, exist_ok=True)
    engine = installation.load_engine(config, problems)
    for problem in problems:
        log("WARNING", problem.one_line())
    log("INFO", f"Total rules enabled: '{engine.rules.node_count}'")

    with ExitStack() as opened:
        checkpoints = Checkpoints(installation.var, event_window=event_window(config))
        opened.callback(checkpoints.close)
        journal = Journal(installation.var / "output.journal")
        opened.callback(journal.close)
        redo_outputs(installation.home, checkpoints, journal, log)
        stored = checkpoints.stored_state()
        if stored.is_empty:
            # The first start in the home of a Wazuh manager goes on with what that one has learned.
            checkpoints.commit(Commit(facts=installation.learned_by_wazuh()))
            stored = checkpoints.stored_state()
        take_over_from_wazuh(checkpoints, installation.wazuh_aws, config.aws_s3, clock(), TaggedLog(AWS_TAG))
        state = State.restore(engine.rules, stored.pieces, stored.facts)
        facts = installation.alert_facts(config)
        outputs = _outputs(installation, config, facts)
        opened.callback(outputs.close)
        outputs.open_day(datetime.fromtimestamp(clock()).date())
        # What other files were promised is in them by now; they may be compressed or removed.
        checkpoints.forget_outputs({promise.path for promise in checkpoints.promises()[0]} - set(outputs.paths))
        pipeline = Pipeline(engine, state, outputs, checkpoints, journal, log, monotonic=time.monotonic)
        housekeeping = _housekeeping(installation.home, config, outputs, pipeline, clock, log)
        workers = _workers(installation, config, engine, facts)
        if workers is not None:
            opened.callback(workers.close)
        shared = Shared(examiner=workers)
        sources = _sources(config, installation, clock, opened, shared)
        close = opened.pop_all().close
    return Program(
        installation.home,
        pipeline,
        sources,
        checkpoints,
        config,
        facts,
        installation.analysis_socket,
        installation.logtest_socket,
        clock,
        housekeeping,
        shared.outlook,
        installation.load,
        close,
        workers,
    )


def _workers(installation: Installation, config: Config, engine: Engine, facts: AlertFacts) -> Pool | None:
    """Worker processes; None where they are not wanted or would not help: archives need every event as a whole."""
    chosen = config.global_
    count = worker_count(chosen.workers)
    archives = chosen.logall or chosen.logall_json
    buckets = any(not wodle.disabled and wodle.buckets for wodle in config.aws_s3)
    if not count or not buckets or archives or engine.rules.options.engine == "plain":
        return None
    home = str(installation.home.resolve())
    return Pool(count, Setup.of(home, facts), engine.options.made_of, TaggedLog(AWS_TAG))


def event_window(config: Config) -> float:
    """Seconds for which the ids of events are known: the longest look-back, and a day for what comes even later."""
    look_backs = (bucket.look_back for wodle in config.aws_s3 for bucket in wodle.buckets)
    return max([EVENT_WINDOW, *(look_back + 86_400.0 for look_back in look_backs)])


def _outputs(installation: Installation, config: Config, facts: AlertFacts) -> Outputs:
    """The outputs that `<global>` asks for (spec/alerts.md 6), alerts.log first: alert ids count its bytes."""
    chosen = config.global_
    writer = AlertWriter(facts)
    alert_sinks: list[Sink] = []
    if chosen.alerts_log or chosen.custom_alert_output:
        alert_sinks.append(AlertsLog(writer, chosen.custom_alert_output or ""))
    if chosen.jsonout_output:
        alert_sinks.append(AlertsJson(writer))
    event_sinks: list[Sink] = []
    if chosen.logall:
        event_sinks.append(ArchivesLog(writer))
    if chosen.logall_json:
        event_sinks.append(ArchivesJson(writer))
    category_sinks: dict[str, Sink] = {}
    if config.internal.analysisd.log_fw:
        category_sinks["firewall"] = FirewallLog(writer)
    within_day = WithinDay(
        chosen.rotate_interval, chosen.max_output_size, config.internal.analysisd.min_rotate_interval
    )
    return Outputs(installation.home, alert_sinks, event_sinks, category_sinks, within_day)


def _housekeeping(
    home: Path, config: Config, outputs: Outputs, pipeline: Pipeline, clock: Callable[[], float], log: TaggedLog
) -> Housekeeping:
    """What Wazuh's monitor daemon does for the files of an analysis daemon, by the same options."""
    options = config.internal.monitord
    upkeep = Upkeep(bool(options.compress), options.day_wait, config.global_.keep_day_files)
    day_files = DayFiles(home, upkeep, outputs.names, lambda: pipeline.settled, log)
    rotation = LogRotation(
        bool(options.rotate_log),
        bool(options.compress),
        options.day_wait,
        options.size_rotate,
        options.daily_rotations,
        options.keep_log_days,
    )
    own_logs = OwnLogs(home, rotation, held_log, log)
    return Housekeeping(
        [lambda stop: day_files.run(clock(), stop), lambda stop: own_logs.run(time.time(), stop)],
        lambda: upkeep.until_turn(clock()),
    )


def _sources(
    config: Config, installation: Installation, clock: Callable[[], float], opened: ExitStack, shared: Shared
) -> list[Source]:
    """The sources that ossec.conf names, in its order, behind the socket of Wazuh's own collectors and the requests of
    commands."""
    log = TaggedLog(AWS_TAG)
    sources: list[Source] = []
    pollers: list[BucketPoller] = []
    for number, wodle in enumerate(config.aws_s3, 1):
        name = "aws-s3" if number == 1 else f"aws-s3 {number}"
        for poller in _pollers(wodle, config.global_.event_format, clock, log, name, installation.var, shared):
            opened.callback(poller.close)
            pollers.append(poller)
            sources.append(poller)
            if not wodle.disabled:
                opened.callback(poller.back_fill().close)
                sources.append(poller.back_fill())
        if wodle.services:
            services = ServiceSource(
                wodle,
                config.global_.event_format,
                clock,
                log,
                name=f"{name} services",
                turns=shared.turns,
                announce=not wodle.buckets,
            )
            opened.callback(services.close)
            sources.append(services)
    subscribers = _subscribers(config, clock, log, installation.var, shared)
    for subscriber in subscribers:
        opened.callback(subscriber.close)
        sources.append(subscriber)
    queue_socket = QueueSocket(installation.queue_socket, clock, TaggedLog(ENGINE_TAG))
    requests = _requests(config, installation, clock, log, shared, [*pollers, *subscribers])
    return [queue_socket, requests, *(Monitored(source, clock) for source in sources)]


def _requests(
    config: Config,
    installation: Installation,
    clock: Callable[[], float],
    log: TaggedLog,
    shared: Shared,
    readers: Sequence[BucketPoller | QueueSubscriber],
) -> RequestsFolder:
    """What `alertmill retry` and `alertmill audit` leave for the daemon."""

    def wake() -> None:
        for reader in readers:
            reader.wake()

    rejected = RejectedRecords(installation.logs / "rejected", log)
    return RequestsFolder(installation.var / "requests", rejected, _claims(config), shared.wishes, wake, clock, log)


def _claims(config: Config) -> Claims:
    """Which object belongs to which bucket of ossec.conf."""
    modules = [wodle for wodle in config.aws_s3 if not wodle.disabled]
    return Claims([bucket for wodle in modules for bucket in wodle.buckets], BUCKET_TYPES)


def _pollers(
    wodle: AwsS3,
    event_format: EventFormat,
    clock: Callable[[], float],
    log: TaggedLog,
    name: str,
    spool: Path,
    shared: Shared,
) -> list[BucketPoller]:
    """A poller for each bucket, so that none waits for the others; one for a module that reads nothing, to say so."""
    parts: list[tuple[Bucket, ...]] = [(bucket,) for bucket in wodle.buckets]
    if not parts and (wodle.disabled or not (wodle.services or wodle.subscribers)):
        parts = [()]
    return [
        BucketPoller(
            wodle.model_copy(update={"buckets": part}),
            event_format,
            clock,
            log,
            name=name if number == 1 else f"{name} bucket {number}",
            spool=spool,
            shared=shared,
            announce=number == 1,
        )
        for number, part in enumerate(parts, 1)
    ]


def _subscribers(
    config: Config, clock: Callable[[], float], log: TaggedLog, spool: Path, shared: Shared
) -> list[QueueSubscriber]:
    """A source for each subscriber, behind everything that is read by listing."""
    modules = [wodle for wodle in config.aws_s3 if not wodle.disabled]
    claims = _claims(config)
    return [
        QueueSubscriber(
            subscriber,
            claims,
            shared.in_flight,
            config.global_.event_format,
            clock,
            log,
            name=f"aws-s3 {number} subscriber {place} {subscriber.sqs_name}",
            spool=spool,
            announce=place == 1 and not (wodle.buckets or wodle.services),
            outlook=shared.outlook,
        )
        for number, wodle in enumerate(modules, 1)
        for place, subscriber in enumerate(wodle.subscribers, 1)
    ]
