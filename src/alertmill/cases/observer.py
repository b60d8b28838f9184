"""What the rules of an event were found to be: every rule that was tried, and how far its conditions held.

An `Observer` is handed to the engine as its trace, so that the plain walk runs and nothing is left out by tables.
Conditions are numbered as they are asked: the stateless ones, then those with a memory.
"""

from __future__ import annotations

from dataclasses import dataclass

from alertmill.event import Event
from alertmill.ruleset import CompiledRule, State, Trace


@dataclass(frozen=True, slots=True)
class Visit:
    """One rule that was tried: its depth in the tree, and how many of its conditions held before one did not."""

    rule: CompiledRule
    depth: int
    held: int
    matched: bool
    has_children: bool

    @property
    def failed(self) -> str:
        """The condition that did not hold, in words; empty when all did."""
        return "" if self.matched else condition_texts(self.rule)[self.held]


class Observer(Trace):
    """Collects the visits of one event; a new one per event."""

    def __init__(self) -> None:
        super().__init__(detailed=False)
        self.visits: list[Visit] = []

    def ask(self, rule: CompiledRule, event: Event, state: State) -> None:
        """A rule is about to be tried."""
        self._event = event

    def tried(self, rule: CompiledRule, depth: int, *, matched: bool, has_children: bool) -> None:
        """Note the verdict on the rule last asked for."""
        held = condition_count(rule) if matched else _first_that_failed(rule, self._event)
        self.visits.append(Visit(rule, depth, held, matched, has_children))


def condition_texts(rule: CompiledRule) -> list[str]:
    """All conditions of a rule in words, in the order in which they are asked."""
    found = [condition.text for condition in rule.conditions]
    if rule.check_diff:
        found.append("<check_diff>: the log differs from the former one")
    if rule.if_fts:
        found.append("<if_fts>: seen for the first time")
    found += [condition.text for condition in rule.lists]
    if rule.search is not None:
        search = rule.search
        earlier = search.needed + 1
        found.append(
            f"<{search.kind.value}>: {earlier} earlier event{'s' if earlier != 1 else ''} within {search.timeframe} s"
        )
    return found


def condition_count(rule: CompiledRule) -> int:
    """How many conditions a rule has."""
    memory = int(rule.check_diff) + int(rule.if_fts) + int(rule.search is not None)
    return len(rule.conditions) + len(rule.lists) + memory


def _first_that_failed(rule: CompiledRule, event: Event) -> int:
    """The number of the condition that did not hold, of a rule that did not match.

    What has a memory cannot be asked again: with several of that kind it is the first, unless a list is known to fail.
    """
    for number, condition in enumerate(rule.conditions):
        if not condition.holds(event):
            return number
    first = len(rule.conditions)
    lists_begin = first + int(rule.check_diff) + int(rule.if_fts)
    for number, condition in enumerate(rule.lists, lists_begin):
        if not condition.holds(event):
            return number
    return first if lists_begin > first else condition_count(rule) - 1
