"""The loop: take a batch, process its records, commit, append, sync, acknowledge.

Why nothing is lost or doubled: one transaction makes true, together, what the batches complete, what the engine
remembers, and which bytes belong where in the alert files. Only then are the bytes appended and synced, and only then
do the sources hear of it. A crash before the transaction leaves everything as it was; a crash behind it is repaired at
the next start by appending what the files lack, from the output journal.

The pipeline owns no thread, no file and no clock: all of that is handed in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, tzinfo
from functools import partial
from pathlib import Path
from typing import Protocol

from alertmill.checkpoints import Checkpoints, Commit
from alertmill.engine import Engine
from alertmill.event import Outcome, Record
from alertmill.metrics import OVERRUNS, Counters, EventCounts, RunCounts
from alertmill.rows import RowRun, Rows
from alertmill.ruleset import State
from alertmill.sheet import ExaminedRecords
from alertmill.sinks.dated_file import redo
from alertmill.sinks.journal import Journal
from alertmill.sinks.outputs import Outputs
from alertmill.sinks.rotation import midnight
from alertmill.sources.base import Batch, ObjectDone, ObjectFailed

#: Seconds between two looks for patterns that gave up.
OVERRUNS_EVERY = 30.0
#: Seconds between two log lines of one warning about events, and warnings that are told apart for that.
WARN_EVERY = 60.0
_MOST_WARNINGS = 1000
#: Batches are committed together when the oldest of them has waited this long, in seconds ...
COMMIT_AFTER = 0.2
#: ... or when this many bytes of output wait.
COMMIT_BYTES = 4 * 1024 * 1024


class Log(Protocol):
    """Where the pipeline says what an operator should know."""

    def __call__(self, level: str, text: str) -> None: ...


class Pipeline:
    """Batches -> engine -> checkpoint -> files -> acknowledgement, on one thread.

    `monotonic` is a clock for the age of a commit group, in seconds; `zone` decides when a day begins (None: local).
    """

    def __init__(
        self,
        engine: Engine,
        state: State,
        outputs: Outputs,
        checkpoints: Checkpoints,
        journal: Journal,
        log: Log,
        *,
        monotonic: Callable[[], float],
        zone: tzinfo | None = None,
    ) -> None:
        self.engine = engine
        self.state = state
        #: Events since the start, by what sent them.
        self.events = EventCounts()
        self.counters = Counters()
        stored = checkpoints.counters()
        self.counters.add(stored)
        outputs.last_alert_position = self.counters.last_alert_position
        #: Overruns of patterns by name: before this engine came, and told so far.
        self._overruns_before = Counter({name: n for name, n in stored.items() if name.startswith(OVERRUNS)})
        self._overruns_told = Counter(self._overruns_before)
        self._overruns_seen_at = monotonic()
        self._outputs = outputs
        self._checkpoints = checkpoints
        self._journal = journal
        self._log = log
        self._monotonic = monotonic
        self._zone = zone
        #: All files of days before this one are whole, synced and promised no more; None before any are open.
        self.settled: date | None = outputs.day
        #: When each warning was logged last.
        self._warned_at: dict[str, float] = {}
        self._commit = Commit()
        self._acks: list[Callable[[], None]] = []
        self._due_at: float | None = None
        self._day_until = 0.0

    def process(self, batch: Batch) -> None:
        """Analyse a batch and put what comes of it into the current commit group; commit when the group is due."""
        if self._due_at is None:
            self._due_at = self._monotonic() + COMMIT_AFTER
        if batch.records:
            self.turn_files(batch.records[0].time)
            self._analyse(self._first_ones(batch.records))
            self.counters.received += len(batch.records)
        self._commit.marks.extend(batch.marks)
        self._acks.append(batch.ack)
        if self._outputs.waiting >= COMMIT_BYTES or self._monotonic() >= self._due_at:
            self.flush()

    def _first_ones(self, records: Sequence[Record]) -> Sequence[Record]:
        """The records without those of events that were analysed before, or stand before them, by the ids they carry.

        The ids become durable with the commit that holds what comes of their events.
        """
        if isinstance(records, Rows):  # rows carry no ids
            return records
        if isinstance(records, ExaminedRecords):
            return self._first_examined_ones(records)
        events = [(record.event_time, record.event_id) for record in records if record.event_id is not None]
        if not events:
            return records
        verdicts = self._checkpoints.claim_event_ids(events, records[0].time)
        self.counters.duplicates += verdicts.count(False)
        verdict = iter(verdicts)
        return [record for record in records if record.event_id is None or next(verdict)]

    def _first_examined_ones(self, records: ExaminedRecords) -> ExaminedRecords:
        """The same for records that another process has looked at, without making any."""
        numbered = records.numbered_ids()
        verdicts = None if numbered is None else self._checkpoints.claim_numbered_ids(numbered, records.time)
        if verdicts is None or all(verdicts):
            return records
        self.counters.duplicates += verdicts.count(False)
        return records.chosen(verdicts)

    def _analyse(self, records: Sequence[Record]) -> None:
        """Records through the engine and into the outputs."""
        is_written = self._outputs.wants
        runs = RunCounts(self.events)
        count = runs.count
        alerts = undecoded = told = 0
        for record, outcome in self._outcomes(records):
            told += 1
            event = outcome.event
            if outcome.alert or is_written(outcome):
                outcome = self._write(record, outcome)
            count(record.queue, record.location, bool(outcome.rejected), outcome.alert)
            if outcome.alert:
                alerts += 1
            elif outcome.rejected or outcome.dropped:
                self._set_aside(record, outcome)
                continue
            elif event is not None and event.decoder is None:
                undecoded += 1
            if event is not None and event.category == "firewall":
                self.events.firewall += 1
            if outcome.warnings:
                self._warn(outcome.warnings, record)
        runs.close()
        if told < len(records):
            # Silent ones, and runs, come from sheets, whose records have one location.
            self.events.count(records[0].queue, records[0].location, False, len(records) - told)
        self.counters.alerts += alerts
        self.counters.undecoded += undecoded

    def _outcomes(self, records: Sequence[Record]) -> Iterable[tuple[Record, Outcome]]:
        """Records and what the engine makes of them; without the silent ones where nobody wants to see these."""
        if isinstance(records, Rows) and self._outputs.take_runs:
            return self._row_outcomes(records)
        if self._outputs.alerts_only:
            return self.engine.alerts(records, self.state)
        process, state = self.engine.process, self.state
        return ((record, process(record, state)) for record in records)

    def _row_outcomes(self, rows: Rows) -> Iterator[tuple[Record, Outcome]]:
        """`_outcomes` of rows, but for the alerts that come in runs: these are written and counted here."""
        for told in self.engine.row_alerts(rows, self.state):
            if not isinstance(told, RowRun):
                yield told
                continue
            alerts = len(told.alerts)
            for number in self._outputs.add_run(told):
                alerts -= 1
                yield told.outcome(number)
            if alerts:
                record = told.rows[0]
                self.events.count_alert(record.queue, record.location, alerts)
                self.counters.alerts += alerts

    def _write(self, record: Record, outcome: Outcome) -> Outcome:
        """Put an outcome into the outputs; what fails on the way is kept aside, and the outcome says so."""
        try:
            self._outputs.add(record, outcome)
        except Exception as error:  # hostile text must not end the daemon, nor be lost
            reason = f"its alert cannot be written, please report it: {type(error).__name__}: {error}"
            outcome = Outcome(rejected=reason)
            self._outputs.add(record, outcome)
        return outcome

    def _set_aside(self, record: Record, outcome: Outcome) -> None:
        """Count and tell what ended before the rules."""
        if outcome.rejected:
            self.counters.rejected += 1
            self._log("ERROR", f"{record.place or record.location}: record kept aside: {outcome.rejected}")
        elif outcome.dropped:
            self.counters.dropped += 1
        self._warn(outcome.warnings, record)

    def _warn(self, warnings: Sequence[str], record: Record) -> None:
        """Log warnings about an event, each text once a minute: a thousand events may have the same to say."""
        for warning in warnings:
            now = self._monotonic()
            if now - self._warned_at.get(warning, -WARN_EVERY) >= WARN_EVERY:
                if len(self._warned_at) >= _MOST_WARNINGS:
                    self._warned_at.clear()
                self._warned_at[warning] = now
                self._log("WARNING", f"{record.place or record.location}: {warning}")

    @property
    def waiting(self) -> float | None:
        """Seconds until the current commit group is due (0 or less: now), None when nothing waits."""
        return None if self._due_at is None else self._due_at - self._monotonic()

    def flush(self) -> None:
        """Commit everything processed so far, append its bytes, sync them, tell the sources.

        Raises CheckpointError or OutputError when the disk does not take it; nothing is acknowledged then, and the
        next start goes on where the last good commit ended.
        """
        if self._due_at is None:
            return
        if self._monotonic() - self._overruns_seen_at > OVERRUNS_EVERY:
            self._tell_overruns()
        self._collect_state()
        taken = self._outputs.take()
        self._commit.outputs = taken.promises
        self._count()
        if taken.parts:
            self._journal.write(taken.parts)
        self._checkpoints.commit(self._commit)
        if taken.parts:
            self._outputs.append(taken)
        acks, self._acks = self._acks, []
        self._commit, self._due_at = Commit(), None
        for ack in acks:
            ack()

    def finish(self) -> None:
        """`flush`, with all that is told only now and then."""
        self._tell_overruns()
        self.flush()

    def _tell_overruns(self) -> None:
        """Count the patterns that gave up on a text since the last look, and name them in the log."""
        self._overruns_seen_at = self._monotonic()
        for name, count in self.engine.overruns().items():
            now = self._overruns_before[OVERRUNS + name] + count
            more = now - self._overruns_told[OVERRUNS + name]
            if more:
                self._overruns_told[OVERRUNS + name] = now
                self.counters.overruns += more
                self._log("WARNING", f"{name} took too much work {more} times; these texts counted as not matching")

    def _collect_state(self) -> None:
        changes = self.state.take_changes()
        if changes is None:
            return
        self._commit.facts.extend(changes.facts)
        self.events.fts += sum(kind == "fts" for kind, _, _ in changes.facts)
        if self._checkpoints.wants_snapshot(changes.journal):
            self._commit.snapshot = self.state.snapshot()
        else:
            self._commit.journal = changes.journal

    def _count(self) -> None:
        self.counters.commits += 1
        self.counters.last_alert_position = self._outputs.last_alert_position
        for mark in self._commit.marks:
            if isinstance(mark, ObjectDone):
                self.counters.objects += 1
                self.counters.bytes += mark.size
            elif isinstance(mark, ObjectFailed):
                self.counters.failures += 1
        self._commit.counters = self.counters.as_dict() | self._overruns_told

    def turn_files(self, time: float) -> None:
        """Switch the outputs to the day of `time`, or to their next part within it; what came before is committed.

        Raises CheckpointError or OutputError.
        """
        new_day, full = self._new_day(time), self._outputs.full_files(time)
        if new_day is None and not full:
            return
        self._flush_before_turn()
        finished = set(self._outputs.paths)
        if new_day is not None:
            self._outputs.open_day(new_day)
        else:
            self._outputs.open_next_parts(time)
        # Everything promised of them is appended and synced: from here on they may be compressed or removed.
        self._checkpoints.forget_outputs(finished - set(self._outputs.paths))
        self.settled = self._outputs.day

    def _new_day(self, time: float) -> date | None:
        """The day of `time` if it lies behind the one that the outputs are open for."""
        open_for = self._outputs.day
        if open_for is not None and time < self._day_until:
            return None
        day = datetime.fromtimestamp(time, self._zone).date()
        self._day_until = midnight(date.fromordinal(day.toordinal() + 1), self._zone)
        return day if open_for is None or day > open_for else None

    def _flush_before_turn(self) -> None:
        """Commit the group under way, if any, without ending the group that the caller is filling."""
        if self._due_at is not None and (self._outputs.waiting or self._commit.marks):
            due_at = self._due_at
            self.flush()
            self._due_at = due_at

    def replace_engine(self, engine: Engine) -> None:
        """Go on with another ruleset: what was analysed so far is committed, history moves over by rule id."""
        self.finish()
        self._overruns_before = Counter(self._overruns_told)
        self.engine = engine
        self.state.rebind(engine.rules)
        self._commit.snapshot = self.state.snapshot()
        self._due_at = self._monotonic()
        self.flush()


def redo_outputs(home: Path, checkpoints: Checkpoints, journal: Journal, log: Log) -> None:
    """At start: append what a crash kept from the files, and check that they are as they were left.

    Raises OutputError when a file was cut or edited while the daemon was down.
    """
    promises, last = checkpoints.promises()
    for promise in promises:
        warning = redo(home, promise, partial(journal.read, last, promise))
        if warning:
            log("WARNING", warning)
            checkpoints.forget_outputs([promise.path])
