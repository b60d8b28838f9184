"""The loop's order of things: commit, append, ack; what a failure leaves; when a group is due; how days turn."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from alertmill.checkpoints import Checkpoints, Commit
from alertmill.errors import CheckpointError, OutputError
from alertmill.event import Event, Outcome, Record
from alertmill.pipeline import COMMIT_AFTER, COMMIT_BYTES, WARN_EVERY, Pipeline, redo_outputs
from alertmill.sinks.dated_file import DatedFile
from alertmill.sinks.journal import Journal
from alertmill.sinks.outputs import Outputs
from alertmill.sinks.rotation import ALERTS_JSON, ARCHIVES_LOG, WithinDay
from alertmill.sources.base import Batch, ObjectDone

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC).timestamp()
SCOPE = "s3://b/|cloudtrail|1|r"


class LineSink:
    """An output that writes the message of every alert, and the id the alert would have."""

    name = ALERTS_JSON

    def render(self, record: Record, outcome: Outcome, alert_id: str) -> bytes:
        assert outcome.event is not None
        return f"{alert_id} {outcome.event.record.message}\n".encode()


class EventSink:
    """An output that writes every event, and cannot spell one of them."""

    name = ARCHIVES_LOG

    def render(self, record: Record, outcome: Outcome, alert_id: str) -> bytes:
        assert outcome.event is not None
        if outcome.event.record.message == "unspeakable":
            raise UnicodeError("no words for it")
        return f"{alert_id} {outcome.event.record.message}\n".encode()


class EchoEngine:
    """Every record is an alert, but for those that say what else to do with them."""

    def __init__(self) -> None:
        self.found: dict[str, int] = {}

    def overruns(self) -> dict[str, int]:
        return self.found

    def alerts(self, records: Iterable[Record], state: Any) -> Iterator[tuple[Record, Outcome]]:
        return ((record, self.process(record, state)) for record in records if record.message != "silent")

    def process(self, record: Record, state: Any) -> Outcome:
        event = Event(record, location=record.location, hostname="h")
        if record.message == "bad":
            return Outcome(rejected="it is bad")
        warnings = ("odd",) if record.message == "odd" else ()
        return Outcome(event, alert=record.message != "quiet", warnings=warnings)


@dataclass
class NoState:
    def take_changes(self) -> None:
        return None


@dataclass
class Desk:
    """A pipeline with a clock that only moves when told, and a list of what it said."""

    home: Path
    within_day: WithinDay = field(default_factory=WithinDay)
    now: float = 0.0
    archives: bool = False
    said: list[str] = field(default_factory=list)
    acked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.checkpoints = Checkpoints(self.home / "var")
        self.journal = Journal(self.home / "var" / "output.journal")
        self.outputs = Outputs(
            self.home, [LineSink()], [EventSink()] if self.archives else [], within_day=self.within_day
        )
        self.engine = EchoEngine()
        self.pipeline = Pipeline(
            cast(Any, self.engine),
            cast(Any, NoState()),
            self.outputs,
            self.checkpoints,
            self.journal,
            lambda level, text: self.said.append(f"{level} {text}"),
            monotonic=lambda: self.now,
            zone=UTC,
        )

    def batch(self, *messages: str, time: float = NOON, key: str = "k") -> Batch:
        records = [Record(message, "loc", time) for message in messages]
        return Batch(records, (ObjectDone(SCOPE, key, "e", "2026-01-15", len(records)),), self.acknowledge(key))

    def acknowledge(self, key: str) -> Callable[[], None]:
        return lambda: self.acked.append(f"{key} {self.alerts()!r}")

    def alerts(self) -> str:
        path = self.home / "logs/alerts/alerts.json"
        return path.read_text() if path.exists() else ""

    def is_done(self, key: str) -> bool:
        return not self.checkpoints.not_done(SCOPE, [(key, "e")])

    def close(self) -> None:
        self.outputs.close()
        self.journal.close()
        self.checkpoints.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.close()


def test_the_source_hears_of_a_batch_when_its_alerts_are_in_the_file(desk: Desk) -> None:
    desk.pipeline.process(desk.batch("one", "quiet", "two"))
    assert (desk.acked, desk.alerts(), desk.is_done("k")) == ([], "", False)
    desk.pipeline.flush()
    text = f"{NOON:.0f}.0 one\n{NOON:.0f}.17 two\n"
    assert desk.acked == [f"k {text!r}"]
    assert desk.is_done("k")


def test_objects_and_their_bytes_are_counted_and_remembered(desk: Desk) -> None:
    marks = tuple(ObjectDone(SCOPE, f"k{size}", "e", "2026-01-15", 0, size=size) for size in (100, 20))
    desk.pipeline.process(Batch(marks=marks))
    desk.pipeline.flush()
    counters = desk.pipeline.counters
    assert (counters.objects, counters.bytes) == (2, 120)
    assert desk.checkpoints.counters()["bytes"] == 120


def test_a_group_is_committed_when_its_oldest_batch_is_old_enough(desk: Desk) -> None:
    desk.pipeline.process(desk.batch("one"))
    assert desk.pipeline.waiting == pytest.approx(COMMIT_AFTER)
    desk.now = COMMIT_AFTER
    assert desk.pipeline.waiting == pytest.approx(0)
    desk.pipeline.process(desk.batch("two", key="k2"))
    assert len(desk.acked) == 2
    assert desk.pipeline.waiting is None


def test_a_group_is_committed_when_it_is_large(desk: Desk) -> None:
    desk.pipeline.process(desk.batch("x" * COMMIT_BYTES))
    assert len(desk.acked) == 1


def test_a_commit_that_fails_acknowledges_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Checkpoints, commit: Commit) -> None:
        raise CheckpointError("disk full")

    desk.pipeline.process(desk.batch("one"))
    monkeypatch.setattr(Checkpoints, "commit", refuse)
    with pytest.raises(CheckpointError):
        desk.pipeline.flush()
    assert (desk.acked, desk.alerts()) == ([], "")


def test_an_append_that_fails_is_redone_at_the_next_start(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: DatedFile, data: bytes) -> None:
        raise OutputError("disk full")

    desk.pipeline.process(desk.batch("one"))
    monkeypatch.setattr(DatedFile, "append", refuse)
    with pytest.raises(OutputError):
        desk.pipeline.flush()
    assert (desk.acked, desk.alerts(), desk.is_done("k")) == ([], "", True)
    for _ in range(2):
        redo_outputs(desk.home, desk.checkpoints, desk.journal, lambda level, text: desk.said.append(text))
        assert desk.alerts() == f"{NOON:.0f}.0 one\n"
    assert desk.said == []


def test_what_the_engine_cannot_digest_is_kept_and_counted(desk: Desk) -> None:
    desk.pipeline.process(desk.batch("one", "bad", "two"))
    desk.pipeline.flush()
    assert (desk.pipeline.counters.rejected, desk.pipeline.counters.alerts, desk.pipeline.counters.received) == (
        1,
        2,
        3,
    )
    assert desk.checkpoints.counters()["rejected"] == 1
    kept = (desk.home / "logs/rejected/rejected.json").read_text()
    assert '"reason":"it is bad"' in kept
    assert '"message":"bad"' in kept
    assert desk.said == ["ERROR loc: record kept aside: it is bad"]


def test_a_new_day_has_new_files_and_the_old_ones_are_no_longer_watched(desk: Desk) -> None:
    desk.pipeline.process(desk.batch("one"))
    desk.pipeline.process(desk.batch("two", time=NOON + 86_400, key="k2"))
    desk.pipeline.flush()
    folder = desk.home / "logs/alerts/2026/Jan"
    assert (folder / "ossec-alerts-15.json").read_text() == f"{NOON:.0f}.0 one\n"
    assert (folder / "ossec-alerts-16.json").read_text() == f"{NOON + 86_400:.0f}.0 two\n"
    assert [promise.path for promise in desk.checkpoints.promises()[0]] == [ALERTS_JSON.day_path(datetime(2026, 1, 16))]


def test_a_day_turns_without_an_event_and_is_settled_when_nothing_is_promised_of_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert desk.pipeline.settled is None
    desk.pipeline.process(desk.batch("one"))
    assert desk.pipeline.settled == date(2026, 1, 15)
    desk.pipeline.turn_files(NOON + 43_199)
    assert desk.pipeline.settled == date(2026, 1, 15)
    forget, seen = desk.checkpoints.forget_outputs, []

    def look(paths: Iterable[str]) -> None:
        seen.append((sorted(paths), desk.pipeline.settled, desk.acked))
        forget(paths)

    monkeypatch.setattr(desk.checkpoints, "forget_outputs", look)
    desk.pipeline.turn_files(NOON + 43_200)
    assert desk.pipeline.settled == date(2026, 1, 16)
    # What was under way is committed before, and the day is settled only after.
    acked = [f"k '{NOON:.0f}.0 one\\n'"]
    assert seen == [([ALERTS_JSON.day_path(date(2026, 1, 15))], date(2026, 1, 15), acked)]
    assert desk.checkpoints.promises()[0] == []


def test_a_late_record_of_yesterday_goes_into_todays_file(desk: Desk) -> None:
    desk.pipeline.process(desk.batch("one", time=NOON + 86_400))
    desk.pipeline.process(desk.batch("late", time=NOON, key="k2"))
    desk.pipeline.flush()
    assert desk.alerts().count("\n") == 2


def test_files_are_left_for_their_next_part_when_they_are_large(tmp_path: Path) -> None:
    desk = Desk(tmp_path, WithinDay(size=10, least=60))
    for minute in range(4):
        desk.pipeline.process(desk.batch("a line of text", time=NOON + 61 * minute, key=f"k{minute}"))
        desk.pipeline.flush()
    names = sorted(path.name for path in (tmp_path / "logs/alerts/2026/Jan").iterdir())
    assert names == [
        "ossec-alerts-15-001.json",
        "ossec-alerts-15-002.json",
        "ossec-alerts-15-003.json",
        "ossec-alerts-15.json",
    ]
    desk.close()


def test_patterns_that_give_up_are_named_counted_and_remembered(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.engine.found = {"rule 7 <regex> (a*)*": 2}
    desk.pipeline.process(desk.batch("one"))
    desk.pipeline.finish()
    desk.engine.found = {"rule 7 <regex> (a*)*": 3}
    desk.pipeline.process(desk.batch("two", key="k2"))
    desk.pipeline.finish()
    assert [text.split(" took")[0] for text in desk.said] == ["WARNING rule 7 <regex> (a*)*"] * 2
    desk.close()

    again = Desk(tmp_path)
    again.engine.found = {"rule 7 <regex> (a*)*": 1}
    again.pipeline.process(again.batch("three", key="k3"))
    again.pipeline.finish()
    counters = again.checkpoints.counters()
    assert counters["overruns"] == 4
    assert counters["overruns of rule 7 <regex> (a*)*"] == 4
    again.close()


def test_an_event_that_cannot_be_written_is_kept_aside_whole(tmp_path: Path) -> None:
    """No output has half of it: neither the one that failed nor those before it."""
    desk = Desk(tmp_path, archives=True)
    desk.pipeline.process(desk.batch("one", "unspeakable", "two"))
    desk.pipeline.finish()
    assert desk.alerts() == f"{NOON:.0f}.0 one\n{NOON:.0f}.17 two\n"
    assert (tmp_path / "logs/archives/archives.log").read_text().count("\n") == 2
    assert "no words for it" in (tmp_path / "logs/rejected/rejected.json").read_text()
    assert desk.pipeline.counters.rejected == 1
    desk.close()


def test_archived_events_name_the_last_alert_also_after_a_restart(tmp_path: Path) -> None:
    desk = Desk(tmp_path, archives=True)
    desk.pipeline.process(desk.batch("one", "two", "quiet"))
    desk.pipeline.finish()
    desk.close()
    again = Desk(tmp_path, archives=True)
    again.pipeline.process(again.batch("quiet", key="k2"))
    again.pipeline.finish()
    lines = (tmp_path / "logs/archives/archives.log").read_text().splitlines()
    assert [line.split()[0].split(".")[1] for line in lines] == ["0", "17", "17", "17"]
    again.close()


def test_a_warning_that_every_event_gives_is_logged_once_a_minute(desk: Desk) -> None:
    desk.pipeline.process(desk.batch("odd", "odd", "odd"))
    desk.now = WARN_EVERY
    desk.pipeline.process(desk.batch("odd", "odd", key="k2"))
    assert desk.said == ["WARNING loc: odd"] * 2


# --- events that come twice -------------------------------------------------------------------------------------------


def identified(desk: Desk, *events: tuple[str, str | None], key: str = "k", time: float = NOON) -> Batch:
    """A batch of events with their ids; copies of an event share its time."""
    records = [
        Record(message, "loc", time, event_time=NOON - 60 if identity else None, event_id=identity)
        for message, identity in events
    ]
    return Batch(records, (ObjectDone(SCOPE, key, "e", "2026-01-15", len(records)),), desk.acknowledge(key))


def messages(desk: Desk) -> list[str]:
    return [line.split()[1] for line in desk.alerts().splitlines()]


def test_an_event_that_comes_twice_is_analysed_once_and_its_first_record_counts(desk: Desk) -> None:
    desk.pipeline.process(identified(desk, ("one", "1"), ("two", "2"), ("one-again", "1"), ("without", None)))
    desk.pipeline.process(identified(desk, ("two-again", "2"), ("three", "3"), ("without", None), key="k2"))
    desk.pipeline.flush()
    desk.pipeline.process(identified(desk, ("three-again", "3"), ("two-again", "2"), key="k3", time=NOON + 3600))
    desk.pipeline.flush()
    assert messages(desk) == ["one", "two", "without", "three", "without"]
    counters = desk.checkpoints.counters()
    assert (counters["received"], counters["duplicates"], counters["alerts"]) == (9, 4, 5)
    assert [desk.is_done(key) for key in ("k", "k2", "k3")] == [True, True, True]


def test_an_event_that_came_before_is_in_no_archive(tmp_path: Path) -> None:
    desk = Desk(tmp_path, archives=True)
    desk.pipeline.process(identified(desk, ("quiet", "1"), ("quiet", "1"), ("quiet", "2")))
    desk.pipeline.finish()
    assert (tmp_path / "logs/archives/archives.log").read_text().count("\n") == 2
    assert desk.pipeline.events.tallies().total.decoded == {"others": 2}
    desk.close()


def test_an_event_that_cannot_be_digested_is_kept_aside_once(desk: Desk) -> None:
    desk.pipeline.process(identified(desk, ("bad", "1"), ("bad", "1")))
    desk.pipeline.flush()
    assert desk.pipeline.counters.rejected == 1
    assert (desk.home / "logs/rejected/rejected.json").read_text().count("\n") == 1


def test_events_are_known_after_a_restart_if_what_came_of_them_was_committed(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.pipeline.process(identified(desk, ("one", "1")))
    desk.pipeline.flush()
    desk.pipeline.process(identified(desk, ("two", "2"), key="k2"))
    desk.close()  # as a kill does: what was not committed is gone
    again = Desk(tmp_path)
    again.pipeline.process(identified(again, ("one", "1"), ("two", "2"), key="k2"))
    again.pipeline.finish()
    assert messages(again) == ["one", "two"]
    again.close()


def test_events_of_a_commit_that_failed_are_new_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Checkpoints, outputs: object) -> None:
        raise sqlite3.OperationalError("disk full")

    desk.pipeline.process(identified(desk, ("one", "1")))
    with monkeypatch.context() as patch:
        patch.setattr(Checkpoints, "_store_outputs", refuse)
        with pytest.raises(CheckpointError):
            desk.pipeline.flush()
    assert desk.checkpoints.claim_event_ids([(NOON - 60, "1")], NOON) == [True]


def test_records_without_ids_cost_no_question(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(Checkpoints, "claim_event_ids")
    desk.pipeline.process(desk.batch("one", "one"))
    desk.pipeline.flush()
    assert messages(desk) == ["one", "one"]


def test_events_of_which_nothing_is_told_are_counted(desk: Desk) -> None:
    desk.pipeline.process(desk.batch("silent", "one", "silent"))
    assert desk.pipeline.counters.received == 3
    assert desk.pipeline.counters.alerts == 1
    assert desk.pipeline.events.tallies().total.decoded == {"others": 3}
