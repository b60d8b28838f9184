"""Which rules, conditions and branches the cases reach.

Three kinds of things are counted, each worth one point: that a rule *fired* (it was the one that decided); that a
condition was seen true, and that it was seen false; of a rule with rules below it, that one of these won, and that none
did. A condition that was not asked, because an earlier one failed, was not seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from alertmill.cases.observer import Observer, Visit
from alertmill.cases.sources import ConditionPlace, RuleSource
from alertmill.event import Outcome


@dataclass(slots=True)
class _Counts:
    """What was seen of one rule, as numbers of events."""

    tried: int = 0
    held: int = 0
    fired: int = 0
    child_won: int = 0
    fell_through: int = 0
    #: By condition: how often it was asked and held, or did not.
    true: dict[int, int] = field(default_factory=dict)
    false: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConditionCoverage:
    """A condition, its place, and how often it was seen true and false."""

    place: ConditionPlace
    true: int
    false: int

    @property
    def points(self) -> int:
        return (self.true > 0) + (self.false > 0)


@dataclass(frozen=True, slots=True)
class RuleCoverage:
    """What was seen of a rule: how often it was tried, held and decided; of its branches, if it has any."""

    source: RuleSource
    tried: int
    held: int
    fired: int
    conditions: tuple[ConditionCoverage, ...]
    has_children: bool
    child_won: int
    fell_through: int

    @property
    def decided(self) -> bool:
        """Whether it fired; a transparent rule (noalert) never can, so that it held is enough."""
        return bool(self.fired or (self.held and self.source.rule.noalert))

    @property
    def branch_points(self) -> tuple[int, int]:
        """Branches seen, and those there are."""
        return ((self.child_won > 0) + (self.fell_through > 0), 2) if self.has_children else (0, 0)

    @property
    def condition_points(self) -> tuple[int, int]:
        return sum(condition.points for condition in self.conditions), 2 * len(self.conditions)


@dataclass(frozen=True, slots=True)
class FileCoverage:
    """The rules of one file, or of all together."""

    path: str
    rules: tuple[RuleCoverage, ...]

    @property
    def rule_points(self) -> tuple[int, int]:
        return sum(rule.decided for rule in self.rules), len(self.rules)

    @property
    def condition_points(self) -> tuple[int, int]:
        return _sum(rule.condition_points for rule in self.rules)

    @property
    def branch_points(self) -> tuple[int, int]:
        return _sum(rule.branch_points for rule in self.rules)

    @property
    def percent(self) -> float:
        """Of all points; 100 for a file without any."""
        seen, all_ = _sum((self.rule_points, self.condition_points, self.branch_points))
        return 100.0 * seen / all_ if all_ else 100.0

    @property
    def missing(self) -> tuple[int, ...]:
        """The ids of rules that never fired."""
        return tuple(rule.source.id for rule in self.rules if not rule.decided)


class Coverage:
    """Adds up what the events of all cases show. `see` is what `run_case` watches with."""

    def __init__(self) -> None:
        self._counts: dict[int, _Counts] = {}

    def see(self, observer: Observer, outcome: Outcome) -> None:
        """Count one event."""
        if outcome.match is not None:
            self._of(outcome.match.rule.id).fired += 1
        path: list[tuple[Visit, bool]] = []
        for visit in observer.visits:
            self._visit(visit)
            self._settle(path, visit.depth)
            if visit.matched:
                if path:
                    path[-1] = (path[-1][0], True)
                path.append((visit, False))
        self._settle(path, 0)

    def _of(self, rule_id: int) -> _Counts:
        return self._counts.setdefault(rule_id, _Counts())

    def _visit(self, visit: Visit) -> None:
        counts = self._of(visit.rule.id)
        counts.tried += 1
        counts.held += visit.matched
        for number in range(visit.held):
            counts.true[number] = counts.true.get(number, 0) + 1
        if not visit.matched:
            counts.false[visit.held] = counts.false.get(visit.held, 0) + 1

    def _settle(self, path: list[tuple[Visit, bool]], depth: int) -> None:
        """Rules that the walk has left, down to `depth`: whether one below them won."""
        while len(path) > depth:
            visit, won = path.pop()
            if visit.has_children:
                counts = self._of(visit.rule.id)
                counts.child_won += won
                counts.fell_through += not won

    def files(self, sources: Mapping[str, Sequence[RuleSource]], parents: frozenset[int]) -> list[FileCoverage]:
        """What was seen of these rules; `parents` are the ids of rules with rules below them."""
        return [
            FileCoverage(path, tuple(self._rule(source, source.id in parents) for source in rules))
            for path, rules in sources.items()
            if rules
        ]

    def _rule(self, source: RuleSource, has_children: bool) -> RuleCoverage:
        counts = self._counts.get(source.id, _Counts())
        conditions = tuple(
            ConditionCoverage(place, counts.true.get(number, 0), counts.false.get(number, 0))
            for number, place in enumerate(source.conditions())
        )
        branches = (has_children, counts.child_won, counts.fell_through)
        return RuleCoverage(source, counts.tried, counts.held, counts.fired, conditions, *branches)


def total(files: Iterable[FileCoverage]) -> FileCoverage:
    """All files as one."""
    return FileCoverage("", tuple(rule for file in files for rule in file.rules))


def _sum(pairs: Iterable[tuple[int, int]]) -> tuple[int, int]:
    found = list(pairs)
    return sum(seen for seen, _ in found), sum(all_ for _, all_ in found)
