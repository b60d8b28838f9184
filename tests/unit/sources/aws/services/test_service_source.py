"""What the source does around its runs."""

from __future__ import annotations

import threading
from datetime import UTC

import pytest

from alertmill import codes
from alertmill.config.models import AwsS3, DiscardRegex, Interval, Service
from alertmill.errors import SourceError
from alertmill.sources.aws.faults import StoreError
from alertmill.sources.aws.services.service_source import ServiceSource
from alertmill.sources.aws.turns import Turns
from alertmill.sources.base import NextRun
from support import PATIENCE
from unit.sources.aws.doubles import NOON, MemoryProgress
from unit.sources.aws.services.fakes import FakeInspector, FakeLogs, FakeSession, bench, messages


def logs(*texts: str) -> FakeLogs:
    made = FakeLogs()
    made.put("/app/g", "s", *texts)
    return made


@pytest.mark.parametrize("kind", ["cloudwatchlogs", "inspector"])
def test_a_pattern_that_does_not_compile_shows_at_the_start(kind):
    service = Service(type=kind, discard_regex=DiscardRegex(field="a", pattern="("))
    with pytest.raises(SourceError, match=r"discard_regex .*does not compile: .*\[A013\]"):
        ServiceSource(AwsS3(services=(service,)), "compatible", lambda: NOON, print)


def test_services_run_in_their_order():
    findings = FakeInspector()
    findings.put("arn:1", int(NOON * 1000))
    daemon = bench({"us-east-1": logs("a"), "us-west-2": findings}, regions=("us-east-1",))
    other = Service(type="inspector", regions=("us-west-2",))
    daemon.config = daemon.config.model_copy(update={"services": (other, *daemon.config.services)})
    found = daemon.run()
    assert ["arn:1" in found[0], found[1]] == [True, "a"]


def test_missing_credentials_are_told_and_tried_again():
    daemon = bench(logs("a"), aws_profile="reader")
    daemon.run()
    session, tried = daemon.session, []

    def sessions(service: Service) -> FakeSession:
        tried.append(service)
        if len(tried) == 1:
            raise StoreError(codes.A_CREDENTIALS, 12, "The config profile (reader) could not be found")
        return session

    daemon.source._sessions = sessions
    daemon.restart()
    assert daemon.run() == []
    (said,) = daemon.said()
    assert said == ("Service: cloudwatchlogs - The config profile (reader) could not be found  [A002] (exit code 12)")
    assert daemon.report("cloudwatchlogs|profile reader|*|*").error_code == "A002"
    session.clients["us-east-1"].put("/app/g", "s", "b")
    assert daemon.run() == ["b"]
    assert daemon.report("cloudwatchlogs|profile reader|*|*").error == ""


def test_runs_on_a_schedule():
    client = logs("a")
    daemon = bench(client, interval=Interval(seconds=600))
    found, planned = [], []
    for batch in daemon.committed(once=False):
        found += messages(batch.records)
        planned += [mark for mark in batch.marks if isinstance(mark, NextRun)]
        if planned:
            daemon.stop.set()
    assert (found, planned) == (["a"], [NextRun("aws-s3 services", NOON + 600)])
    assert client.closed


def test_nothing_is_read_before_its_time():
    daemon = bench(logs("a"), run_on_start=False)
    found = []
    for batch in daemon.committed(once=False):
        found += messages(batch.records)
        daemon.stop.set()
    assert (found, daemon.progress.runs) == ([], {"aws-s3 services": NOON + 600})


def test_a_run_waits_until_what_was_read_before_is_committed():
    """Otherwise it would read again what two definitions have in common."""
    client, turns, stop = logs("a"), Turns(), threading.Event()
    progress, found = MemoryProgress(), []
    config = AwsS3(services=(Service(type="cloudwatchlogs", regions=("us-east-1",), aws_log_groups=("/app/g",)),))

    def source(name: str) -> ServiceSource:
        session = FakeSession({"us-east-1": client})
        return ServiceSource(
            config,
            "compatible",
            lambda: NOON,
            lambda *_: None,
            name=name,
            zone=UTC,
            turns=turns,
            sessions=lambda _: session,  # type: ignore[arg-type,return-value]
        )

    waiting = list(source("first").batches(progress, stop, once=True))

    def second() -> None:
        for batch in source("second").batches(progress, stop, once=True):
            found.extend(messages(batch.records))
            progress.commit(batch)

    thread = threading.Thread(target=second)
    thread.start()
    for batch in waiting:
        found.extend(messages(batch.records))
        progress.commit(batch)
    thread.join(PATIENCE)
    assert found == ["a"]


def test_the_start_of_the_module_is_told_where_nothing_else_tells_it():
    lines = []
    config = AwsS3(services=(Service(type="inspector", regions=("us-east-1",)),))
    source = ServiceSource(
        config,
        "compatible",
        lambda: NOON,
        lambda *line: lines.append(line),
        sessions=lambda _: FakeSession({"us-east-1": FakeInspector()}),  # type: ignore[arg-type,return-value]
        announce=True,
    )
    assert list(source.batches(MemoryProgress(), threading.Event(), once=True))
    assert lines[0] == ("INFO", "Module AWS started")
