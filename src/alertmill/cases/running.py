"""Running a case: its events one after another on an engine with an empty memory, under the clock of the case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from alertmill.cases.model import Case, Step
from alertmill.cases.observer import Observer
from alertmill.cases.outcome import Found, Mismatch
from alertmill.cases.why import why_not
from alertmill.engine import Engine
from alertmill.errors import Origin, Problem, Severity
from alertmill.event import Outcome, Record

#: Sees the visits of each event, and what came of it.
Watch = Callable[[Observer, Outcome], None]


@dataclass(frozen=True, slots=True)
class Failure:
    """An event of which not everything came as expected.

    `number` counts the case's events from 1, `at` is its time in seconds; `came` is the rule in words, `why` one line
    on why the expected rule did not hold, or nothing; `fields` are those of the event.
    """

    origin: Origin
    number: int
    at: float
    mismatches: tuple[Mismatch, ...]
    came: str
    why: str
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class CaseResult:
    """A case that was run."""

    case: Case
    failures: tuple[Failure, ...]

    @property
    def passed(self) -> bool:
        return not self.failures


@dataclass(frozen=True, slots=True)
class FileResult:
    """A file of cases: what was wrong with it, what became of its cases, and how many seconds these took."""

    path: str
    problems: tuple[Problem, ...]
    results: tuple[CaseResult, ...]
    seconds: float

    @property
    def failed(self) -> int:
        return sum(not result.passed for result in self.results)

    @property
    def is_good(self) -> bool:
        return not self.failed and not self.unreadable

    @property
    def unreadable(self) -> int:
        """How many errors the file itself has."""
        return sum(problem.severity is Severity.ERROR for problem in self.problems)


def run_case(engine: Engine, case: Case, watch: Watch | None = None) -> CaseResult:
    """Run a case. With `watch` every event goes the plain walk and is shown to it."""
    state = engine.new_state(session=case.session)
    failures = []
    for number, step in enumerate(case.steps, 1):
        observer = Observer() if watch is not None else None
        outcome = engine.process(_record(case, step), state, trace=observer)
        if watch is not None and observer is not None:
            watch(observer, outcome)
        if step.expect is None:
            continue
        found = Found(outcome)
        mismatches = step.expect.mismatches(found)
        if mismatches:
            why = _why(engine, case, number) if watch is None else _reason(engine, step, found, observer)
            origin = step.expect.origin
            failures.append(Failure(origin, number, step.at, tuple(mismatches), found.in_words(), why, found.fields()))
    return CaseResult(case, tuple(failures))


def passes(engine: Engine, case: Case) -> bool:
    """Whether everything comes as expected; stops at the first event of which it does not."""
    state = engine.new_state(session=case.session)
    for step in case.steps:
        outcome = engine.process(_record(case, step), state)
        if step.expect is not None and step.expect.mismatches(Found(outcome)):
            return False
    return True


def _record(case: Case, step: Step) -> Record:
    now = case.begin + step.at
    event_time = now if step.has_time else None
    return Record(step.message, step.location, now, queue=step.queue, event_time=event_time)


def _why(engine: Engine, case: Case, failed: int) -> str:
    """Run the case once more up to the event that failed, and look why."""
    if not case.rules:
        return ""
    state = engine.new_state(session=case.session)
    for step in case.steps[: failed - 1]:
        engine.process(_record(case, step), state)
    observer, step = Observer(), case.steps[failed - 1]
    return _reason(engine, step, Found(engine.process(_record(case, step), state, trace=observer)), observer)


def _reason(engine: Engine, step: Step, found: Found, observer: Observer | None) -> str:
    wanted = [id for id in step.expect.rules if id != found.rule] if step.expect is not None else []
    return why_not(wanted[0], observer.visits, engine.rules) if wanted and observer is not None else ""
