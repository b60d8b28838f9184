"""Whatever writers, AWS and the machine do, each event of CloudWatch Logs is read once."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alertmill.sources.aws.services import cloudwatchlogs, recent
from support import LONG
from unit.sources.aws.services.fakes import FakeLogs, bench, client_error, messages

GROUP = "/app/g"
MINUTE = 60_000

#: A stream, how late its event comes in minutes, how often, and whether its text is one that others have as well.
PUT = st.tuples(st.just("put"), st.sampled_from(["a", "b"]), st.integers(0, 29), st.integers(1, 7), st.booleans())
ACTION = st.one_of(
    PUT,
    st.tuples(st.just("wait"), st.integers(1, 90)),
    st.tuples(st.just("run")),
    st.tuples(st.just("crash"), st.integers(0, 6)),
    st.tuples(st.just("expire")),
    st.tuples(st.just("fail"), st.sampled_from(["ServiceUnavailableException", "ThrottlingException"])),
)


@pytest.fixture(autouse=True)
def busy(monkeypatch):
    """Streams of this test are busy as soon as they have ten events."""
    monkeypatch.setattr(cloudwatchlogs, "_PIECE", 2)
    monkeypatch.setattr(cloudwatchlogs, "_PIECES", 5)


@settings(
    max_examples=3000 if LONG else 120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(actions=st.lists(ACTION, min_size=3, max_size=25), page=st.integers(1, 9), listing_tells=st.booleans())
def test_every_event_is_read_once(actions, page, listing_tells):
    logs = FakeLogs(page)
    logs.tells_ingestion = listing_tells
    logs.groups[GROUP] = {}
    daemon = bench(logs)
    put: Counter[str] = Counter()
    read: Counter[str] = Counter()
    for action, *rest in [*actions, *[("run",)] * (2 + sum(action == "fail" for action, *_ in actions))]:
        if action == "put":
            stream, late, count, common = rest
            for number in range(count):
                message = f"{stream} common" if common else f"{stream} {sum(put.values())} {number}"
                logs.put(GROUP, stream, (logs.now - late * MINUTE, message))
                put[message] += 1
        elif action == "wait":
            logs.now += rest[0] * MINUTE
            daemon.now = logs.now / 1000
        elif action == "expire":
            logs.expire_tokens()
        elif action == "fail":
            logs.faults.setdefault("GetLogEvents", []).append(client_error(rest[0]))
        elif action == "run":
            read.update(daemon.run())
        else:  # the daemon is killed after some commits
            batches = daemon.batches()
            for batch in islice(batches, rest[0]):
                daemon.progress.commit(batch)
                read.update(messages(batch.records))
            batches.close()
            daemon.restart()
    assert read == put


def test_more_events_than_are_remembered(monkeypatch):
    """What cannot be told from what was read counts as read: nothing comes twice."""
    monkeypatch.setattr(recent.Recent.trim, "__defaults__", (3,))
    logs = FakeLogs(4)
    daemon = bench(logs)
    put: list[str] = []
    read: list[str] = []
    for round_ in range(6):
        put += [f"{round_} {number}" for number in range(10)]
        logs.put(GROUP, "a", *put[-10:])
        logs.expire_tokens()
        if round_ % 2:
            logs.put(GROUP, "a", (logs.now - MINUTE, f"late {round_}"))
            put.append(f"late {round_}")
        if round_ == 3:  # killed in the middle of a stream
            batches = daemon.batches()
            read += [text for batch in islice(batches, 2) for text in _committed(daemon, batch)]
            batches.close()
        else:
            read += daemon.run()
        logs.now += 10 * MINUTE
        daemon.now = logs.now / 1000
    read += daemon.run()
    assert len(read) == len(set(read))
    assert {text for text in put if not text.startswith("late")} <= set(read)


def _committed(daemon, batch):
    daemon.progress.commit(batch)
    return messages(batch.records)
