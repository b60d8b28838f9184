"""Mutants of all rules under test, in this process or in several, within a bounded time."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from alertmill.cases import Case, MutantRun, MutantVerdict, Visits
from alertmill.cli.case_report import MutationResult
from alertmill.cli.case_ruleset import RulesetChoice, RulesetUnderTest
from alertmill.errors import Problems

#: Told after every rule: how many are done, and how many there are.
Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many processes (0: one per core), and until when (as `time.monotonic` tells it)."""

    processes: int
    until: float

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.until

    @property
    def workers(self) -> int:
        return self.processes or os.cpu_count() or 1


def try_mutants(
    choice: RulesetChoice, tested: RulesetUnderTest, cases: Sequence[Case], visits: Visits, bounds: Bounds, told: Told
) -> MutationResult:
    """Run the mutants of every rule under test against the cases that try the rule."""
    ids = [source.id for sources in tested.sources().values() for source in sources]
    if bounds.workers == 1 or len(ids) < 2:
        return _here(_run_of(tested, cases), ids, visits, bounds, told)
    try:
        return _elsewhere(choice, cases, ids, visits, bounds, told)
    except BrokenProcessPool:  # a process could not load what this one did, or was ended
        return _here(_run_of(tested, cases), ids, visits, bounds, told)


def _run_of(tested: RulesetUnderTest, cases: Sequence[Case]) -> MutantRun:
    by_id = {source.id: source for sources in tested.sources().values() for source in sources}
    return MutantRun(tested.engine, tested.lists, by_id, cases)


def _here(run: MutantRun, ids: Sequence[int], visits: Visits, bounds: Bounds, told: Told) -> MutationResult:
    verdicts: list[MutantVerdict] = []
    for done, id in enumerate(ids):
        if bounds.is_over:
            return MutationResult(tuple(verdicts), len(ids) - done)
        told(done, len(ids))
        verdicts += run.rule(id, visits.cases_of(id))
    return MutationResult(tuple(verdicts))


# --- several processes ------------------------------------------------------------------------------------------------


def _elsewhere(
    choice: RulesetChoice, cases: Sequence[Case], ids: Sequence[int], visits: Visits, bounds: Bounds, told: Told
) -> MutationResult:
    """The same in processes of their own, each of which loads the ruleset once."""
    context = multiprocessing.get_context("spawn")
    workers = min(bounds.workers, len(ids))
    with ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(choice, tuple(cases))) as pool:
        futures = [pool.submit(_try_rule, id, visits.cases_of(id)) for id in ids]
        waiting: set[Future[list[MutantVerdict]]] = set(futures)
        try:
            while waiting and not bounds.is_over:
                told(len(futures) - len(waiting), len(futures))
                left = max(bounds.until - time.monotonic(), 0)
                waiting = wait(waiting, timeout=min(left, 0.25), return_when=FIRST_COMPLETED).not_done
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    ready = [future for future in futures if future.done() and not future.cancelled()]
    verdicts = tuple(verdict for future in ready for verdict in future.result())
    return MutationResult(verdicts, len(ids) - len(ready))


#: The work of this process, when it is one of several.
_run: MutantRun | None = None


def _begin(choice: RulesetChoice, cases: tuple[Case, ...]) -> None:
    global _run
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends this process
    _run = _run_of(choice.load(Problems()), cases)


def _try_rule(rule_id: int, numbers: list[int]) -> list[MutantVerdict]:
    assert _run is not None
    return list(_run.rule(rule_id, numbers))
