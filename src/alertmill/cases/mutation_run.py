"""Running the cases against mutants: each is killed by the first case that fails, or survives them all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from alertmill.cases.model import Case
from alertmill.cases.mutation import mutants_of
from alertmill.cases.observer import Observer
from alertmill.cases.running import passes
from alertmill.cases.sources import RuleSource
from alertmill.engine import Engine
from alertmill.errors import Origin
from alertmill.event import Outcome
from alertmill.ruleset import CdbList


@dataclass(frozen=True, slots=True)
class MutantVerdict:
    """What became of a mutant. `killed_by` is the name of the case that noticed it, empty for a survivor."""

    rule_id: int
    origin: Origin
    what: str
    suggestion: str
    killed_by: str


class Visits:
    """Which rules each case makes the engine try, so that a mutant meets only the cases that can notice it."""

    def __init__(self) -> None:
        self._cases: dict[int, set[int]] = {}
        self._now = 0

    def begin(self, number: int) -> None:
        """The events from here on are those of this case."""
        self._now = number

    def see(self, observer: Observer, _outcome: Outcome) -> None:
        """Note the rules of one event."""
        for visit in observer.visits:
            self._cases.setdefault(visit.rule.id, set()).add(self._now)

    def cases_of(self, rule_id: int) -> list[int]:
        """The numbers of the cases that try a rule."""
        return sorted(self._cases.get(rule_id, ()))


class MutantRun:
    """Runs the mutants of one rule after another. `engine` is the unchanged one, on which all cases pass."""

    def __init__(
        self, engine: Engine, lists: Mapping[str, CdbList], sources: Mapping[int, RuleSource], cases: Sequence[Case]
    ) -> None:
        self._engine = engine
        self._lists = lists
        self._sources = sources
        self._cases = cases

    def rule(self, rule_id: int, numbers: Sequence[int]) -> Iterator[MutantVerdict]:
        """The verdicts on a rule's mutants, with the cases of these numbers."""
        # What is about the rule itself notices most of its mutants: it comes first.
        order = sorted((self._cases[number] for number in numbers), key=lambda case: rule_id not in case.rules)
        for mutant in mutants_of(self._sources[rule_id], self._engine, self._lists):
            changed = mutant.engine(self._engine)
            killer = next((case.name for case in order if not passes(changed, case)), "")
            edit = mutant.edit
            yield MutantVerdict(rule_id, edit.origin, edit.what, edit.suggestion, killer)
