"""From an event to the deepest rule that holds, and what follows from it (spec/rules.md 8.2 to 8.5).

Two ways give the same verdict: `match_plain` tries every sibling in order, as the specification says it; `shortlist`
asks first what the event alone can answer, then the memory. The first explains, the second runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from alertmill.event import Event, Match
from alertmill.ruleset.compile import CompiledRule
from alertmill.ruleset.correlation import State, Walk
from alertmill.ruleset.ruleset import Ruleset
from alertmill.ruleset.shortlist import Found, Shortlist, find, shortlist_of
from alertmill.ruleset.siblings import Node
from alertmill.ruleset.trace import Trace


@dataclass(slots=True)
class MatchResult:
    """The verdict on an event.

    Attributes:
        match: the rule and what it collected, its description not yet substituted; None when no rule holds.
        alert: whether an alert is to be written (in a logtest session: whether one is reported).
        stored: whether the event is in the history now.
    """

    match: Match | None = None
    alert: bool = False
    stored: bool = False

    @property
    def level_zero(self) -> bool:
        """Whether the final rule is one of level 0, which silences the event."""
        return self.match is not None and self.match.rule.level == 0


def match(
    ruleset: Ruleset, event: Event, state: State, *, shortlist: Shortlist | None = None, trace: Trace | None = None
) -> MatchResult:
    """Find the event's rule and do what follows from it. `state` is changed; nothing else is.

    `shortlist` is `shortlist_of(ruleset, event)` where that is known already. `trace` collects what was tried. Raises
    ValueError when the state belongs to another ruleset.
    """
    if state.ruleset is not ruleset:
        raise ValueError("the state belongs to another ruleset: rebind it first")
    state.counters.at(event.record.time)
    if trace is not None:
        trace.begin(event, state)
    walk = Walk()
    if event.forced_rule is not None:
        forced = ruleset.rules_by_id.get(event.forced_rule)
        found: Found | None = (forced, None) if forced is not None else None
    elif trace is not None or ruleset.options.engine == "plain":
        found = match_plain(ruleset, event, state, walk, trace)
    else:
        found = find(shortlist or shortlist_of(ruleset, event), event, state, walk)
    if found is None:
        return MatchResult()
    return _conclude(*found, event, state, walk, trace)


def count_silent(ruleset: Ruleset, silent: Mapping[Shortlist, int], time: float, state: State) -> None:
    """What `match` does about events that arrive at `time` and have such shortlists, which are silent, so many of each.

    Raises ValueError as that does.
    """
    if state.ruleset is not ruleset:
        raise ValueError("the state belongs to another ruleset: rebind it first")
    if silent:
        state.counters.at(time)
    for shortlist, events in silent.items():
        if shortlist.found is not None:
            state.counters.count(shortlist.found[0].id, events)


def match_plain(ruleset: Ruleset, event: Event, state: State, walk: Walk, trace: Trace | None = None) -> Found | None:
    """The deepest rule that holds and its parent, every rule tried in order."""
    path: list[Node] = []
    levels: list[Iterator[Node]] = [iter(ruleset.roots_of(event.category))]
    while True:
        for node in levels[-1]:
            rule = node.rule
            if trace is not None:
                trace.ask(rule, event, state)  # before the memory changes by being asked
            holds = all(condition.holds(event) for condition in rule.conditions)
            holds = holds and state.remembers(rule, event, walk)
            if trace is not None:
                trace.tried(rule, len(path), matched=holds, has_children=bool(node.children))
            if holds:
                path.append(node)
                levels.append(iter(node.children))
                break
        else:
            # Nothing below the last node of the path holds, so it is the result, unless it is transparent.
            if not path:
                return None
            levels.pop()
            node = path.pop()
            if not node.rule.noalert:
                return node.rule, path[-1].rule if path else None


def _conclude(
    rule: CompiledRule, parent: CompiledRule | None, event: Event, state: State, walk: Walk, trace: Trace | None
) -> MatchResult:
    """Count, silence, and store (spec/rules.md 8.4)."""
    fired = state.counters.count(rule.id)
    if rule.level and rule.ignore and _is_silenced(rule, event, state):
        if trace is not None:
            trace.silence(rule, state.timers.begun(rule.id))
        if state.session or parent is None:
            return MatchResult(_match(rule, fired, walk, ignored=True))
        # The alert goes to the parent, with the count of the rule itself and without its collected lines.
        rule, walk.lines, walk.previous_log = parent, [], None
    result = MatchResult(_match(rule, fired, walk))
    if not rule.level:
        return result
    if state.ignored.silences(rule, event):
        if trace is not None:
            trace.notes.append(f"rule {rule.id} finds its values among the ignored ones")
        return MatchResult(_match(rule, fired, walk, ignored=True))
    state.ignored.put(rule, event)
    state.store(rule, event, walk)
    result.stored = True
    # A session reports by level alone (spec/logtest.md 5.2).
    result.alert = rule.level >= state.ruleset.options.log_alert_level if state.session else rule.info.log_alert
    return result


def _match(rule: CompiledRule, fired: int, walk: Walk, *, ignored: bool = False) -> Match:
    return Match(rule.info, fired, tuple(walk.lines) if walk.lines else (), walk.previous_log, ignored)


def _is_silenced(rule: CompiledRule, event: Event, state: State) -> bool:
    """Whether the rule's `ignore` time runs; starts it when it does not.

    A session only stops a timer that has run out, and starts it again with the next event (spec/logtest.md 5.3).
    """
    now, begun = int(event.time), state.timers.begun(rule.id)
    if begun is not None:
        age = now - begun
        if (abs(age) if event.record.event_time is not None else age) < rule.ignore:
            return True
        if state.session:
            state.timers.stop(rule.id)
            return False
    state.timers.begin(rule.id, now)
    return False
