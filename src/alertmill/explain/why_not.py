"""Why an event did not come to a certain rule: up the rule's whole ancestry, the first obstacle in one sentence.

A rule may stand at several places of the tree, one per parent. The answer is about the place that the walk came nearest
to; all obstacles of that place are told, also those that the walk never got to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from alertmill.errors import Problem
from alertmill.event import Event, Outcome
from alertmill.explain.words import clause, place_of, shown
from alertmill.ruleset import CompiledRule, Ruleset, Step, Trace
from alertmill.ruleset.findings import Finding
from alertmill.ruleset.trace import Path

#: Places of a rule that are looked at; a rule below every rule of a group has many.
_MOST_PLACES = 200
#: Loaded ids that are named beside one that is not.
_NEAR_IDS = 3


class Standing(Enum):
    """What became of a rule at one place of the tree."""

    HELD = "held"
    FAILED = "failed"
    NOT_TRIED = "not tried"
    OTHER_CATEGORY = "other category"


@dataclass(frozen=True, slots=True)
class Ancestor:
    """One rule on the way to the one asked for: what became of it, its conditions, and the obstacle that it is."""

    path: Path
    rule: CompiledRule
    standing: Standing
    findings: tuple[Finding, ...]
    obstacle: str


@dataclass(frozen=True, slots=True)
class WhyNot:
    """The answer about one rule.

    `fired` is true when it is the event's rule after all. `way` leads from the top of the tree to the rule, at the
    place that the walk came nearest to, one of `places`; empty for a rule that is not loaded. `obstacles` are all
    there are on this way, in sentences, the first one first. `notes` are worth knowing besides.
    """

    rule_id: int
    answer: str
    fired: bool = False
    way: tuple[Ancestor, ...] = ()
    places: int = 0
    obstacles: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def lineage(rules: Ruleset, rule_id: int | None) -> set[int]:
    """The rule and all its ancestors, by id."""
    places = rules.places(rule_id)[:_MOST_PLACES] if rule_id is not None else []
    return {id for path in places for id in path}


def why_not(
    rules: Ruleset, rule_id: int, outcome: Outcome, trace: Trace, problems: Iterable[Problem], verdict: str
) -> WhyNot:
    """Answer for one rule; `trace` was asked for its `lineage`, `verdict` is what the event came to."""
    notes = _notes(rules, rule_id, problems)
    rule = rules.rules_by_id.get(rule_id)
    if rule is None:
        return WhyNot(rule_id, _absent(rules, rule_id, notes), notes=notes)
    if outcome.event is None or outcome.dropped or outcome.event.forced_rule is not None:
        return WhyNot(rule_id, f"rule {rule_id} did not fire: {_never_walked(outcome, verdict)}", notes=notes)
    places = rules.places(rule_id)
    ways = [_way(rules, path, outcome.event, trace) for path in places[:_MOST_PLACES]]
    way = max(ways, key=_progress)
    obstacles = [step.obstacle for step in way if step.obstacle]
    if all(step.standing is Standing.HELD for step in way):
        return _of_held(rule, way, len(places), trace, outcome, verdict, notes)
    text = f"rule {rule_id} did not fire: {obstacles[0]}"
    return WhyNot(rule_id, text, False, way, len(places), tuple(obstacles), notes)


def _never_walked(outcome: Outcome, verdict: str) -> str:
    if outcome.event is not None and outcome.event.forced_rule is not None:
        return f"the event names its rule itself, {outcome.event.forced_rule}, and no other is asked"
    return verdict


# --- a rule that is loaded --------------------------------------------------------------------------------------------


def _way(rules: Ruleset, path: Path, event: Event, trace: Trace) -> tuple[Ancestor, ...]:
    """What became of each rule on the way to a place."""
    visited = {step.path: step for step in trace.steps}
    way: list[Ancestor] = []
    for length, id in enumerate(path, 1):
        here, rule = path[:length], rules.rules_by_id[id]
        step = visited.get(here)
        findings = step.findings if step is not None else trace.asked.get(id, ())
        role = "it" if length == len(path) else f"its parent {id}" if length == len(path) - 1 else f"its ancestor {id}"
        way.append(_ancestor(here, rule, step, findings, role, event, trace))
    return tuple(way)


def _ancestor(
    path: Path,
    rule: CompiledRule,
    step: Step | None,
    findings: tuple[Finding, ...],
    role: str,
    event: Event,
    trace: Trace,
) -> Ancestor:
    failing = [finding for finding in findings if not finding.held]
    told = "; ".join(clause(finding, event, rule, hints=True) for finding in failing)
    if step is not None and step.matched:
        return Ancestor(path, rule, Standing.HELD, findings, "")
    if step is not None:
        return Ancestor(path, rule, Standing.FAILED, findings, f"{role} did not hold: {told}")
    if rule.category != event.category and len(path) == 1:
        what = f"{role} takes events of the category {rule.category}, and this one is of {event.category}"
        return Ancestor(path, rule, Standing.OTHER_CATEGORY, findings, what)
    also = f"; nor would {'it' if role == 'it' else role} have held: {told}" if told else ""
    before = _winner(path, trace)
    if before is not None:
        what = f"{role} was never tried: its sibling {before.id} held first ({_why_first(before, rule)}){also}"
        return Ancestor(path, rule, Standing.NOT_TRIED, findings, what)
    what = f"{role} would not have held: {told}" if told else ""
    return Ancestor(path, rule, Standing.NOT_TRIED, findings, what)


def _winner(path: Path, trace: Trace) -> CompiledRule | None:
    """The sibling that held and ended the walk among the siblings of a place; None when nobody went there."""
    held = [step.rule for step in trace.steps if step.matched and step.path[:-1] == path[:-1]]
    return held[-1] if held else None


def _why_first(winner: CompiledRule, rule: CompiledRule) -> str:
    """Why a sibling is tried earlier (spec/rules.md 6.2)."""
    if winner.spec.sibling_key > rule.spec.sibling_key:
        if not winner.level:
            return "level 0 is tried before all other levels"
        return f"its level {winner.level} is tried before level {rule.level}"
    return "it was loaded earlier"


def _progress(way: tuple[Ancestor, ...]) -> tuple[int, int, int]:
    """How near the walk came to the end of a way: rules that held, then fewest obstacles."""
    held = next((n for n, step in enumerate(way) if step.standing is not Standing.HELD), len(way))
    obstacles = sum(bool(step.obstacle) for step in way)
    return held - len(way), held, -obstacles


def _of_held(
    rule: CompiledRule,
    way: tuple[Ancestor, ...],
    places: int,
    trace: Trace,
    outcome: Outcome,
    verdict: str,
    notes: tuple[str, ...],
) -> WhyNot:
    """The answer for a rule that held."""
    final = outcome.match.rule.id if outcome.match is not None else None
    path = trace.deepest()
    if path and path[-1] == rule.id:
        if final == rule.id:
            return WhyNot(rule.id, f"rule {rule.id} did fire: {verdict}", True, way, places, (), notes)
        what = (
            f"it held, but its ignore time of {rule.ignore} s runs, so the event went on as one of its parent {final}"
        )
    elif rule.noalert:
        what = "it held, but it has noalert: only its children can be an event's rule"
    elif path[: len(way)] == way[-1].path:
        what = f"it held, but its child {path[len(way)]} held as well, and the deepest rule is the event's"
    else:
        what = f"it held, but so did rule {path[-1] if path else final} at another place"
    text = f"rule {rule.id} did not fire: {what}"
    return WhyNot(rule.id, text, False, way, places, (what,), notes)


# --- a rule that is not, and what is worth knowing --------------------------------------------------------------------


def _absent(rules: Ruleset, rule_id: int, notes: tuple[str, ...]) -> str:
    origin = rules.defined.get(rule_id)
    if origin is not None:
        why = f": {notes[0]}" if notes else ""
        return f"rule {rule_id} did not fire: it stands in {place_of(origin)}, but it is not loaded{why}"
    near = ", ".join(map(str, sorted(sorted(rules.rules_by_id, key=lambda id: abs(id - rule_id))[:_NEAR_IDS])))
    return (
        f"rule {rule_id} does not exist: none of the {len(rules.rules_by_id)} loaded rules has this id; near are {near}"
    )


def _notes(rules: Ruleset, rule_id: int, problems: Iterable[Problem]) -> tuple[str, ...]:
    """What loading had to say about the rule, and whether it was overwritten."""
    mine = re.compile(rf"\brule {rule_id}\b")
    notes = [
        f"{place_of(problem.origin)}: {shown(problem.message)}" + (f" ({shown(problem.hint)})" if problem.hint else "")
        for problem in problems
        if mine.search(problem.message)
    ]
    overwritten = rules.overwritten(rule_id)
    if overwritten is not None:
        place = place_of(rules.rules_by_id[rule_id].spec.origin)
        notes.append(f"{place} overwrites {place_of(overwritten)}; the rule's place in the tree is that of the latter")
    return tuple(notes)
