"""A reload keeps or swaps; a dialogue of what was built and what is then done."""

from __future__ import annotations

import threading
from typing import Any, cast

import pytest

from alertmill import codes
from alertmill.daemon.reload import Built, Reloader, decide
from alertmill.engine import Engine
from alertmill.errors import AlertmillError, LoadError, Problems
from support import PATIENCE

ENGINE = cast(Engine, object())


def problems(*, errors: int = 0, warnings: int = 0) -> Problems:
    found = Problems()
    for number in range(errors):
        found.error(codes.X_SYNTAX, f"error {number}")
    for number in range(warnings):
        found.warn(codes.X_SYNTAX, f"warning {number}")
    return found


@pytest.mark.parametrize(
    ("built", "swaps", "levels"),
    [
        (Built(ENGINE, problems()), True, ["INFO"]),
        (Built(ENGINE, problems(warnings=2)), True, ["WARNING", "WARNING", "INFO"]),
        (Built(ENGINE, problems(errors=2)), False, ["ERROR", "ERROR", "ERROR"]),
        (Built(None, problems(errors=1, warnings=1)), False, ["ERROR", "WARNING", "ERROR"]),
    ],
)
def test_only_a_ruleset_without_errors_is_swapped_in(built: Built, swaps: bool, levels: list[str]) -> None:
    verdict = decide(built)
    assert (verdict.engine is not None) is swaps
    assert [level for level, _ in verdict.lines] == levels


def wait(reloader: Reloader) -> Built:
    thread = cast(Any, reloader)._thread
    thread.join(PATIENCE)
    built = reloader.take()
    assert built is not None
    return built


@pytest.mark.parametrize(
    ("error", "count"), [(LoadError("no", problems(errors=3)), 3), (AlertmillError("rules/ is missing"), 1)]
)
def test_an_error_becomes_problems(error: AlertmillError, count: int) -> None:
    def load(_: Problems) -> Engine:
        raise error

    reloader = Reloader(load)
    reloader.begin()
    built = wait(reloader)
    assert built.engine is None
    assert len(built.problems.errors) == count


def test_a_build_takes_its_time_and_its_result_is_taken_once() -> None:
    go = threading.Event()

    def load(_: Problems) -> Engine:
        assert go.wait(PATIENCE)
        return ENGINE

    reloader = Reloader(load)
    assert not reloader.busy
    reloader.begin()
    assert reloader.busy
    assert reloader.take() is None
    go.set()
    assert wait(reloader).engine is ENGINE
    assert not reloader.busy
    assert reloader.take() is None
