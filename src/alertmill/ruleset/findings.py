"""What each condition of a rule says of an event, and why: for explanations.

Nothing here decides anything. Verdicts come from the conditions themselves and from the questions that the State
answers without changing; the words around them are ours. `match` and `correlation` stay the only ones that act.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from alertmill.errors import Origin
from alertmill.event import Event
from alertmill.ruleset.compile import CompiledRule, Search
from alertmill.ruleset.conditions import READERS, Condition
from alertmill.ruleset.correlation import State, may_count
from alertmill.ruleset.facts import TOO_LONG
from alertmill.ruleset.history import PastEvent, compared
from alertmill.ruleset.tree import SearchKind

#: Events of a list that are looked at; a memory of Wazuh's default size has fewer.
_MOST_LOOKED_AT = 20_000


@dataclass(frozen=True, slots=True)
class Counted:
    """What a composite finds among earlier events.

    Attributes:
        wanted: earlier events that it takes for the rule to hold.
        timeframe: seconds.
        events: those that count, newest first, no more than are wanted.
        outside: events of the same list that are too old (or, with times of their own, too young).
        passed_over: how many others do not count, by the reason.
        stopped_by: the event that ends the search: it was counted already for a rule of this level or above.
        searches: False for a composite that has no list to search.
    """

    wanted: int
    timeframe: int
    events: tuple[PastEvent, ...] = ()
    outside: int = 0
    passed_over: tuple[tuple[str, int], ...] = ()
    stopped_by: PastEvent | None = None
    searches: bool = True

    @property
    def missing(self) -> int:
        """How many more earlier events it would take."""
        return max(self.wanted - len(self.events), 0)


@dataclass(frozen=True, slots=True)
class Finding:
    """One condition and its verdict.

    Attributes:
        text: the condition in words (byte text).
        held: its verdict, also where another condition had failed already and nobody would have asked.
        value: what was found in the event (byte text); None when it is missing, and for patterns on the log.
        key: kind and name of what is looked at (`("field", "aws.source")`), None where that is not one value.
        note: why, where the value does not tell.
        origin: where the condition stands, if that is known better than its rule.
        counted: of a condition that counts earlier events.
    """

    text: str
    held: bool
    value: str | None = None
    key: tuple[str, str] | None = None
    note: str = ""
    origin: Origin | None = None
    counted: Counted | None = None


def findings_of(rule: CompiledRule, event: Event, state: State) -> tuple[Finding, ...]:
    """All conditions of a rule in their order, those behind a failing one too. Changes nothing.

    All of them hold exactly when the rule would hold now, whatever its parents say.
    """
    return tuple(_findings(rule, event, state))


def _findings(rule: CompiledRule, event: Event, state: State) -> Iterator[Finding]:
    for condition in rule.conditions:
        yield _of_condition(condition, event)
    if rule.check_diff:
        yield _of_check_diff(rule, event, state)
    if rule.if_fts:
        yield _of_if_fts(event, state)
    for condition in rule.lists:
        yield _of_condition(condition, event)
    if rule.search is not None:
        yield _of_search(rule, rule.search, event, state)


def _of_condition(condition: Condition, event: Event) -> Finding:
    key, origin = condition.key, condition.place() if condition.place is not None else None
    if key is not None:
        value, note = _value(key, event), ""
        if value is None:
            negated = any(word in condition.text for word in _NEGATED)
            note = f"the event has no {_named(key)}" + (_NOT_EVEN if negated else "")
        return Finding(condition.text, condition.holds(event), value, key, note, origin)
    value = condition.shows(event) if condition.shows is not None else None
    return Finding(condition.text, condition.holds(event), value, None, "", origin)


#: Words that tell a negated condition, and what few authors expect of one.
_NEGATED = (" does not match ", " is not in ", "<list> not_")
_NOT_EVEN = ", and what is missing fulfils no condition, not even a negated one"


def _value(key: tuple[str, str], event: Event) -> str | None:
    kind, name = key
    if kind == "field":
        return event.fields.get(name)
    if kind == "static":
        return event.static.get(name)
    if kind == "decoder":
        return event.decoder.name if event.decoder is not None else None
    return READERS[kind](event)


def _named(key: tuple[str, str]) -> str:
    kind, name = key
    if kind in ("field", "static"):
        return f"field {name}"
    return "user" if kind == "list user" else kind


def _of_check_diff(rule: CompiledRule, event: Event, state: State) -> Finding:
    former = state.former_logs.former(rule.id, event)
    if len(event.log) >= TOO_LONG:
        held, note = False, f"a log of {TOO_LONG} bytes or more is never compared"
    elif former is None:
        held, note = False, "it is the first log that is compared for this host; the next one can differ from it"
    else:
        held = former != event.log
        note = "it differs from the former log" if held else "it equals the former log"
    return Finding("<check_diff>: the log differs from the former one", held, former, note=note)


def _of_if_fts(event: Event, state: State) -> Finding:
    key = state.first_seen.key_of(event)
    if key is None:
        held, note = False, "the event's decoder has no <fts>, so there is nothing to remember it by"
    else:
        held = not state.first_seen.knows(event)
        note = "it is seen for the first time" if held else "it was seen before"
    return Finding("<if_fts>: seen for the first time", held, key, note=note)


# --- composites -------------------------------------------------------------------------------------------------------


def _of_search(rule: CompiledRule, search: Search, event: Event, state: State) -> Finding:
    counted = _count(search, event, state)
    compared_with = " and ".join(
        [f"the same {name}" for name in (*search.same, *search.same_fields)]
        + [f"another {name}" for name in (*search.different, *search.different_fields)]
    )
    text = (
        f"<{search.kind.value}> {_searched(rule, search)}: {counted.wanted} earlier events within {search.timeframe} s"
    )
    text += f" with {compared_with}" if compared_with else ""
    held = counted.searches and not counted.missing
    return Finding(text, held, note=_told(counted), counted=counted)


def _searched(rule: CompiledRule, search: Search) -> str:
    """The text of the element that says which events are counted."""
    spec = rule.spec
    if search.kind is SearchKind.REGEX:
        return f"'{spec.if_matched_regex.source.text}'" if spec.if_matched_regex else ""
    source = spec.if_matched_group if search.kind is SearchKind.GROUP else spec.if_matched_sid
    return source.text if source is not None else ""


def _told(counted: Counted) -> str:
    if not counted.searches:
        return "it has nothing to search: the rule that it counts was not loaded before it, or it is the rule itself"
    if not counted.missing:
        return f"{len(counted.events)} of {counted.wanted} found"
    text = f"{len(counted.events)} of {counted.wanted} found, it takes {counted.missing} more before this event"
    if counted.stopped_by is not None:
        text += "; older ones were counted already, and counting begins anew behind them"
    return text


def _count(search: Search, event: Event, state: State) -> Counted:
    """What the search of `State` finds, and what it passes over."""
    entries = state.searched(search)
    wanted = search.needed + 1
    if entries is None:
        return Counted(wanted, search.timeframe, searches=False)
    now, found, outside = int(event.time), list[PastEvent](), 0
    reasons: Counter[str] = Counter()
    stopped_by = None
    # As the State does: in order of arrival what lies behind the first event that is too old does not matter.
    both_sides = state.history.any_order or event.record.event_time is not None
    for past in islice(reversed(entries.entries), _MOST_LOOKED_AT):
        age = now - past.time
        ended = outside and not both_sides
        if ended or age > search.timeframe or (both_sides and age < -search.timeframe):
            outside += 1
        elif not may_count(search, event, past):
            reasons[_why_not(search, event, past)] += 1
        elif past.matched >= search.level:
            stopped_by = past
            break
        elif len(found) < wanted:
            found.append(past)
            if len(found) == wanted:
                break
    return Counted(wanted, search.timeframe, tuple(found), outside, tuple(reasons.most_common()), stopped_by)


def _why_not(search: Search, event: Event, past: PastEvent) -> str:
    """Why an event may not be counted, in words."""
    if not search.everywhere and past.agent_id != event.agent_id:
        return f"it is of agent {past.agent_id} (no <global_frequency/>)"
    if search.kind is SearchKind.REGEX and past.category != event.category:
        return f"it is of the category {past.category}"
    for name in search.same:
        value = compared(event, name)
        if value is None:
            return f"this event has no {name}"
        if compared(past, name) != value:
            return f"it has another {name}"
    for name in search.same_fields:
        value = event.fields.get(name)
        if value is None:
            return f"this event has no field {name}"
        if past.fields.get(name) != value:
            return f"it has another {name}"
    for name in search.different:
        value = compared(event, name)
        if value is not None and compared(past, name) == value:
            return f"it has the same {name}"
    for name in search.different_fields:
        value = event.fields.get(name)
        if value is not None and past.fields.get(name) == value:
            return f"it has the same {name}"
    if search.kind is SearchKind.REGEX:
        return "its log does not match <if_matched_regex>"
    return "neither event has fields that could differ"
