"""Which marks are worth an event, and that each change is told once, whatever is restarted in between."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from alertmill.event import Record
from alertmill.sources import monitored
from alertmill.sources.base import Batch, Mark, ObjectDone, ObjectFailed, Progress, ScopeReport, ScopeSilent, Stop
from alertmill.sources.monitored import Monitored
from unit.sources.aws.doubles import NOON, MemoryProgress

SCOPE = "s3://my-logs/AWSLogs/|cloudtrail|123456789012|us-east-1"
WHOLE = "s3://my-logs/AWSLogs/|cloudtrail|*|*"


class Marks:
    """A source of nothing but marks, one batch each."""

    name = "marks"

    def __init__(self, *marks: Mark) -> None:
        self.marks = marks

    def batches(self, progress: Progress, stop: Stop, *, once: bool) -> Iterator[Batch]:
        for mark in self.marks:
            yield Batch([Record("x", "y", NOON)], (mark,))


def events(progress: MemoryProgress, *marks: Mark, commit: bool = True, now: float = NOON) -> list[dict[str, Any]]:
    """What a source that yields these marks tells of itself."""
    found = []
    for batch in Monitored(Marks(*marks), lambda: now).batches(progress, None, once=True):  # type: ignore[arg-type]
        found += [json.loads(record.message)["alertmill"] for record in batch.records if record.location == "alertmill"]
        if commit:
            progress.commit(batch)
    return found


def kinds(*arguments: Any, **options: Any) -> list[str]:
    return [event["event"] for event in events(*arguments, **options)]


def report(code: str = "", scope: str = SCOPE) -> ScopeReport:
    return ScopeReport(scope, NOON, 1, 0, "", f"what {code} says" if code else "", error_code=code)


def failed(key: str, attempts: int = 1, *, dead: bool = False) -> ObjectFailed:
    return ObjectFailed(SCOPE, key, "tag", "no gzip", attempts, NOON, NOON, NOON, dead=dead)


def test_an_error_is_told_when_it_begins_when_it_changes_and_when_it_ends() -> None:
    progress = MemoryProgress()
    marks = [report(), report("A001"), report("A001"), report("A005"), report(), report()]
    assert kinds(progress, *marks) == ["error", "error", "recovered"]


def test_what_an_error_event_says() -> None:
    progress = MemoryProgress()
    assert events(progress, report("A001")) == [
        {
            "event": "error",
            "source": "s3://my-logs/AWSLogs/",
            "bucket": "my-logs",
            "type": "cloudtrail",
            "account": "123456789012",
            "region": "us-east-1",
            "place": "s3://my-logs/AWSLogs/ (cloudtrail), account 123456789012, region us-east-1",
            "code": "A001",
            "detail": "what A001 says",
        }
    ]
    (over,) = events(progress, report())
    assert (over["event"], over["code"], over["detail"]) == ("recovered", "A001", "what A001 says")


def test_a_restart_repeats_nothing_and_a_lost_commit_is_told_again() -> None:
    progress = MemoryProgress()
    assert kinds(progress, report("A001"), commit=False) == ["error"]
    assert kinds(progress, report("A001")) == ["error"]
    assert kinds(progress, report("A001")) == []
    assert kinds(progress, report()) == ["recovered"]


def test_what_waits_for_its_commit_is_not_told_twice() -> None:
    assert kinds(MemoryProgress(), report("A001"), report("A001"), commit=False) == ["error"]


def test_the_definition_does_not_repeat_its_place() -> None:
    progress = MemoryProgress()
    assert kinds(progress, report("A002"), report("A002", WHOLE)) == ["error"]
    assert kinds(progress, report("A002"), report("A002", WHOLE)) == []
    assert kinds(progress, report(), report("", WHOLE)) == ["recovered"]
    assert kinds(progress, report("A002", WHOLE)) == ["error"]


def test_an_error_without_a_code_counts_as_a_failed_call() -> None:
    (event,) = events(MemoryProgress(), ScopeReport(SCOPE, NOON, 0, 0, "", "odd"))
    assert event["code"] == "A007"


def test_an_object_is_told_when_it_fails_first_and_when_it_is_given_up() -> None:
    progress = MemoryProgress()
    assert kinds(progress, failed("a"), failed("a", 2), failed("b")) == ["unreadable", "unreadable"]
    assert kinds(progress, failed("a", 3)) == []
    (event,) = events(progress, failed("a", 10, dead=True))
    assert (event["event"], event["code"], event["key"]) == ("given_up", "A010", "a")
    assert event["detail"] == "10 attempts, the last one: no gzip"


def test_an_object_that_failed_again_after_it_was_read_is_news() -> None:
    progress = MemoryProgress()
    done = ObjectDone(SCOPE, "a", "tag", "2026-01-15", 1)
    assert kinds(progress, failed("a"), done, failed("a")) == ["unreadable", "unreadable"]


def test_an_object_that_the_operator_asks_for_has_not_failed() -> None:
    assert kinds(MemoryProgress(), failed("a", 0)) == []


def test_silence_is_told_once() -> None:
    progress = MemoryProgress()
    progress.newest[SCOPE] = (NOON - 30 * 3600, NOON)
    marks = [ScopeSilent(SCOPE, True), ScopeSilent(SCOPE, True), ScopeSilent(SCOPE, False)]
    found = events(progress, *marks)
    assert [(event["event"], event.get("detail")) for event in found] == [
        ("silent", "no new object for 30 hours"),
        ("speaks_again", None),
    ]


def test_many_events_of_one_run_are_summed_up(monkeypatch) -> None:
    monkeypatch.setattr(monitored, "MOST_EVENTS", 3)
    progress = MemoryProgress()
    found = events(progress, *(failed(str(n)) for n in range(10)), report("", WHOLE), failed("again"))
    assert [event["event"] for event in found] == ["unreadable"] * 3 + ["more", "unreadable"]
    assert (found[3]["count"], found[3]["kind"], found[3]["source"]) == ("7", "unreadable", "s3://my-logs/AWSLogs/")


def test_what_is_untold_at_the_end_is_told_then(monkeypatch) -> None:
    monkeypatch.setattr(monitored, "MOST_EVENTS", 1)
    assert kinds(MemoryProgress(), failed("a"), failed("b")) == ["unreadable", "more"]


def test_batches_without_news_are_passed_on_as_they_are() -> None:
    class One:
        name = "one"
        batch = Batch([Record("x", "y", NOON)], (report(),))

        def batches(self, progress: Progress, stop: Stop, *, once: bool) -> Iterator[Batch]:
            yield self.batch

    source = Monitored(One(), lambda: NOON)
    (batch,) = source.batches(MemoryProgress(), None, once=True)  # type: ignore[arg-type]
    assert batch is One.batch
    assert source.name == "one"
