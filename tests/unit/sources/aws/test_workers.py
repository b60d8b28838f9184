from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from alertmill.sources.aws.workers import Ahead, Workers, result_of
from support import PATIENCE


def never() -> bool:
    return False


def test_jobs_give_results_and_errors() -> None:
    workers = Workers(2, "test")
    assert [workers.submit(lambda n=n: n * n).result(PATIENCE) for n in range(20)] == [n * n for n in range(20)]  # type: ignore[misc]
    with pytest.raises(ZeroDivisionError):
        workers.submit(lambda: 1 // 0).result(PATIENCE)


def test_no_more_threads_than_allowed_and_no_more_than_needed() -> None:
    names: set[str] = set()
    gate = threading.Barrier(3)

    def job() -> None:
        names.add(threading.current_thread().name)
        gate.wait(PATIENCE)

    workers = Workers(3, "test")
    for future in [workers.submit(job) for _ in range(6)]:
        future.result(PATIENCE)
    assert len(names) == 3
    assert all(thread.daemon for thread in threading.enumerate() if thread.name in names)


def test_an_iterator_runs_ahead_but_not_far() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            yield number

    ahead = Ahead(Workers(1, "test"), items, 3, never)
    reader = iter(ahead)
    assert next(reader) == 0
    assert list(reader) == list(range(1, 100))

    slow = Ahead(Workers(1, "test"), items, 3, never)
    next(iter(slow))
    slow.cancel()
    assert len(made) <= 100 + 6


def test_an_iterator_s_error_comes_behind_its_items() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    reader = iter(Ahead(Workers(1, "test"), items, 3, never))
    assert next(reader) == 1
    with pytest.raises(ValueError, match="broken"):
        next(reader)


def test_stopping_ends_the_waiting() -> None:
    gate, stop = threading.Event(), threading.Event()

    def items() -> Iterator[int]:
        gate.wait(PATIENCE)
        yield 1

    workers = Workers(2, "test")
    ahead = Ahead(workers, items, 1, stop.is_set)
    waiting = workers.submit(lambda: gate.wait(PATIENCE))
    stop.set()
    assert list(ahead) == []
    assert result_of(waiting, stop.is_set) is None
    gate.set()


def test_a_job_s_own_timeout_is_its_error() -> None:
    def job() -> None:
        raise TimeoutError("mine")

    with pytest.raises(TimeoutError, match="mine"):
        result_of(Workers(1, "test").submit(job), never)


def test_idle_threads_end_and_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alertmill.sources.aws.workers._IDLE", 0.01)
    workers = Workers(3, "idle")
    gate = threading.Barrier(3)
    for _ in range(3):
        for future in [workers.submit(lambda: gate.wait(PATIENCE)) for _ in range(3)]:
            future.result(PATIENCE)
        for thread in threading.enumerate():
            if thread.name.startswith("idle-"):
                thread.join(PATIENCE)
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("idle-")]
