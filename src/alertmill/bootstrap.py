"""The composition root: the only place that knows which classes are real.

`build` reads a home and returns a `Program`, everything wired and nothing started. Each part is handed its own section
of the configuration and nothing more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from alertmill.alerts import AlertFacts, AlertWriter
from alertmill.checkpoints import Checkpoints, Commit
from alertmill.clock import arrival_clock
from alertmill.config.models import Config
from alertmill.engine import Engine
from alertmill.errors import Problems
from alertmill.installation import Installation
from alertmill.log import AWS_TAG, ENGINE_TAG, TaggedLog
from alertmill.pipeline import Pipeline, redo_outputs
from alertmill.ruleset import State
from alertmill.sinks import AlertsJson, AlertsLog, ArchivesJson, ArchivesLog, FirewallLog
from alertmill.sinks.base import Sink
from alertmill.sinks.journal import Journal
from alertmill.sinks.outputs import Outputs
from alertmill.sinks.rotation import WithinDay
from alertmill.sources.aws.poller import BucketPoller
from alertmill.sources.aws.turns import Turns
from alertmill.sources.base import Source
from alertmill.sources.queue_socket import QueueSocket


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
    load_engine: Callable[[Problems], Engine]
    close: Callable[[], None]


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
    engine = installation.load_engine(config, problems)
    for problem in problems:
        log("WARNING", problem.one_line())
    log("INFO", f"Total rules enabled: '{engine.rules.node_count}'")

    with ExitStack() as opened:
        checkpoints = Checkpoints(installation.var)
        opened.callback(checkpoints.close)
        journal = Journal(installation.var / "output.journal")
        opened.callback(journal.close)
        redo_outputs(installation.home, checkpoints, journal, log)
        stored = checkpoints.stored_state()
        if stored.is_empty:
            # The first start in the home of a Wazuh manager goes on with what that one has learned.
            checkpoints.commit(Commit(facts=installation.learned_by_wazuh()))
            stored = checkpoints.stored_state()
        state = State.restore(engine.rules, stored.snapshot, stored.journals, stored.facts)
        facts = alert_facts(installation, config)
        outputs = _outputs(installation, config, facts)
        opened.callback(outputs.close)
        outputs.open_day(datetime.fromtimestamp(clock()).date())
        pipeline = Pipeline(engine, state, outputs, checkpoints, journal, log, monotonic=time.monotonic)
        sources = _sources(config, installation, clock, opened)
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
        installation.load,
        close,
    )


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


def alert_facts(installation: Installation, config: Config) -> AlertFacts:
    """What every alert of this home says of its manager."""
    cluster = config.cluster
    return AlertFacts(
        manager_name=installation.hostname,
        cluster=(cluster.name, cluster.node_name) if cluster is not None and cluster.shown else None,
        labels=tuple((label.key, label.value, label.hidden) for label in config.labels),
        show_hidden_labels=bool(config.internal.analysisd.show_hidden_labels),
        improved=config.global_.event_format == "improved",
    )


def _sources(config: Config, installation: Installation, clock: Callable[[], float], opened: ExitStack) -> list[Source]:
    """The sources that ossec.conf names, in its order, behind the socket of Wazuh's own collectors."""
    log, turns = TaggedLog(AWS_TAG), Turns()
    sources: list[Source] = [QueueSocket(installation.queue_socket, clock, TaggedLog(ENGINE_TAG))]
    for number, wodle in enumerate(config.aws_s3, 1):
        name = "aws-s3" if number == 1 else f"aws-s3 {number}"
        poller = BucketPoller(
            wodle, config.global_.event_format, clock, log, name=name, spool=installation.var, turns=turns
        )
        opened.callback(poller.close)
        sources.append(poller)
    return sources
