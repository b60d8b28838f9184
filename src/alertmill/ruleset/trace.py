"""What a walk through the rules tried, told aloud: for logtest's `-v` and for `alertmill explain`."""

from __future__ import annotations

from dataclasses import dataclass, field

from alertmill.event import Event
from alertmill.ruleset.compile import CompiledRule


@dataclass(frozen=True, slots=True)
class Step:
    """One rule that was tried: how deep in the tree, the conditions that held, and the one that did not (or "")."""

    depth: int
    rule_id: int
    level: int
    description: str
    held: tuple[str, ...]
    failed: str

    @property
    def matched(self) -> bool:
        return not self.failed


@dataclass(slots=True)
class Trace:
    """`lines` are logtest's rules_debug (spec/logtest.md 5.2); `steps` tell each rule's conditions.

    `notes` say what became of the resulting rule.
    """

    lines: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def tried(self, rule: CompiledRule, event: Event, depth: int, *, matched: bool, has_children: bool) -> None:
        """Note a rule and its verdict."""
        self.lines.append(f"Trying rule: {rule.id} - {rule.info.description}")
        if matched:
            self.lines.append(f"*Rule {rule.id} matched")
            if has_children:
                self.lines.append("*Trying child rules")
        held, failed = _verdicts(rule, event)
        if matched:
            held += _memory_conditions(rule)
        elif not failed:
            failed = " and ".join(_memory_conditions(rule))
        self.steps.append(Step(depth, rule.id, rule.level, rule.info.description, held, failed))


def _verdicts(rule: CompiledRule, event: Event) -> tuple[tuple[str, ...], str]:
    """The stateless conditions that hold, and the first that does not."""
    held: list[str] = []
    for condition in rule.conditions:
        if not condition.holds(event):
            return tuple(held), condition.text
        held.append(condition.text)
    return tuple(held), ""


def _memory_conditions(rule: CompiledRule) -> tuple[str, ...]:
    """The conditions with a memory, in words."""
    found = []
    if rule.check_diff:
        found.append("<check_diff>: the log differs from the former one")
    if rule.if_fts:
        found.append("<if_fts>: seen for the first time")
    found += [condition.text for condition in rule.lists]
    if rule.search is not None:
        search = rule.search
        found.append(
            f"<{search.kind.value}>: {search.needed + 1} earlier events within {search.timeframe} s that may be counted"
        )
    return tuple(found)
