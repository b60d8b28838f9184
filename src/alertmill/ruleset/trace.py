"""What a walk through the rules tried, told aloud: for logtest's `-v` and for `alertmill explain`.

A trace watches `match_plain`: it is asked before a rule's memory is, because that changes by being asked, and told the
verdict afterwards. It decides nothing, and costs nothing where there is none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from alertmill.event import Event
from alertmill.ruleset.compile import CompiledRule
from alertmill.ruleset.correlation import State
from alertmill.ruleset.findings import Finding, findings_of

#: Ids of rules from the top of the tree to one of them: a place in it.
Path = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One rule that was tried: where in the tree, the verdict, and all its conditions."""

    path: Path
    rule: CompiledRule
    matched: bool
    findings: tuple[Finding, ...]

    @property
    def depth(self) -> int:
        return len(self.path) - 1

    @property
    def rule_id(self) -> int:
        return self.rule.id

    @property
    def failed(self) -> Finding | None:
        """The condition that decided against the rule."""
        return next((finding for finding in self.findings if not finding.held), None)


@dataclass(frozen=True, slots=True)
class Silenced:
    """A rule that held while its `ignore` time ran, and since when (epoch seconds)."""

    rule: CompiledRule
    since: int | None


@dataclass(slots=True)
class Trace:
    """`lines` are logtest's rules_debug (spec/logtest.md 5.2); `steps` tell each rule's conditions.

    Args:
        wanted: rules whose conditions are looked at whether the walk gets to them or not.
        detailed: False for the lines alone.

    `asked` are the findings of the `wanted` rules as the walk began; `notes` say what became of the resulting rule.
    """

    wanted: Iterable[int] = ()
    detailed: bool = True
    lines: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    asked: dict[int, tuple[Finding, ...]] = field(default_factory=dict)
    silenced: Silenced | None = None
    _path: list[int] = field(default_factory=list)
    _findings: tuple[Finding, ...] = ()

    def begin(self, event: Event, state: State) -> None:
        """An event comes to the rules."""
        rules = state.ruleset.rules_by_id
        self.asked = {id: findings_of(rules[id], event, state) for id in self.wanted if id in rules}

    def ask(self, rule: CompiledRule, event: Event, state: State) -> None:
        """Look at the conditions of a rule that is about to be tried."""
        if self.detailed:
            self._findings = findings_of(rule, event, state)

    def tried(self, rule: CompiledRule, depth: int, *, matched: bool, has_children: bool) -> None:
        """Note the verdict on the rule last asked for."""
        self.lines.append(f"Trying rule: {rule.id} - {rule.info.description}")
        if matched:
            self.lines.append(f"*Rule {rule.id} matched")
            if has_children:
                self.lines.append("*Trying child rules")
        if self.detailed:
            self._path[depth:] = [rule.id]
            self.steps.append(Step(tuple(self._path), rule, matched, self._findings))

    def silence(self, rule: CompiledRule, since: int | None) -> None:
        """Note that the rule's `ignore` time keeps it from alerting."""
        self.notes.append(f"rule {rule.id} is silenced by its ignore time of {rule.ignore} s")
        self.silenced = Silenced(rule, since)

    def deepest(self) -> Path:
        """The place of the resulting rule before anything silenced it; empty when no rule held.

        What held last is at the end of the walk; rules with `noalert` above it hand the result on to their parent.
        """
        for last in reversed(self.steps):
            if last.matched:
                above = {step.path: step.rule for step in self.steps if step.matched}
                path = last.path
                while path and above[path].noalert:
                    path = path[:-1]
                return path
        return ()
