"""Ways to change a `<rule>` element so that it asks for something else: the mutants of a rule, as XML.

An edit changes one condition: it is dropped, negated, made to hold for any value or for none, or counts otherwise. What
links rules (`if_sid`, `if_group`, level, groups ...) is left alone, and so is what only alerts show.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from alertmill.errors import Origin
from alertmill.ruleset import vocabulary as words
from alertmill.ruleset.compile import CompiledRule
from alertmill.xmltext import Element

#: Criteria whose value every event has, so that one that holds for any value holds always.
_ALWAYS_THERE = frozenset(("hostname", "location", "match", "regex"))
_NEGATABLE = (*words.TEXT_CRITERIA, "dstip", "srcip")
#: Criteria of which a rule has one at most, all elements of the name together.
_DROPPED = (*_NEGATABLE, "check_diff", "compiled_rule", "decoded_as", "global_frequency", "if_fts", "time", "weekday")
_COMPARED = (*words.SAME, *words.DIFFERENT, words.SAME_FIELD, *words.DIFFERENT_FIELD)
_OPPOSITE_LOOKUPS = {
    "match_key": "not_match_key",
    "not_match_key": "match_key",
    "address_match_key": "not_address_match_key",
    "not_address_match_key": "address_match_key",
}
_ANY = ("pcre2", "^")
_NONE = ("pcre2", "(?!)")
#: What `<if_matched_regex>` finds in every log.
_ANY_LOG = r"\.*"

_LEAST_FREQUENCY, _MOST_FREQUENCY, _MOST_SECONDS = 2, 9999, 99_999


@dataclass(frozen=True, slots=True)
class Edit:
    """A changed rule: where, what was done in words, and what a case would have to show to tell the difference."""

    origin: Origin
    what: str
    suggestion: str
    element: Element


def edits_of(rule: CompiledRule, element: Element) -> Iterator[Edit]:
    """All edits of a loaded rule's element, in the order of the element."""
    yield from _never(element)
    yield from _attributes(rule, element)
    seen: set[str] = set()
    for number, child in enumerate(element.children):
        name = child.name.lower()
        if name in ("field", "list"):
            yield from _of_one(element, number)
        elif name not in seen:
            seen.add(name)
            yield from _of_name(element, name)


# --- conditions -------------------------------------------------------------------------------------------------------


def _of_one(element: Element, number: int) -> Iterator[Edit]:
    """Edits of an element that is a condition of its own: `<field>` or `<list>`."""
    child = element.children[number]
    origin = child.origin()
    label = f'<{child.name} {"name" if child.name.lower() == "field" else "field"}="{_named(child)}">'
    value = f"an event whose {_named(child)} does not fulfil it, and which must not be this rule's"
    yield Edit(origin, f"{label} dropped", value, _replaced(element, number, None))
    if child.name.lower() == "field":
        yield Edit(origin, f"{label} negated", value, _replaced(element, number, _negated(child)))
        other = f"an event with another {_named(child)}, which must not be this rule's"
        yield Edit(origin, f"{label} holds for any value", other, _any(element, number))
        return
    opposite = _OPPOSITE_LOOKUPS.get(child.attributes.get("lookup", "match_key").lower())
    if opposite is not None:
        turned = replace(child, attributes=child.attributes | {"lookup": opposite})
        yield Edit(origin, f"{label} looked up as {opposite}", value, _replaced(element, number, turned))


def _named(child: Element) -> str:
    return child.attributes.get("name" if child.name.lower() == "field" else "field", "")


def _of_name(element: Element, name: str) -> Iterator[Edit]:
    """Edits of all elements of a name at once: their texts are one condition."""
    last = max(number for number, child in enumerate(element.children) if child.name.lower() == name)
    origin = element.children[last].origin()
    label = f"<{name}>"
    event = f"an event that does not fulfil {label} alone, and which must not be this rule's"
    if name in _DROPPED or name in _COMPARED:
        if name in _COMPARED or name == "global_frequency":
            event = f"earlier events that {label} keeps from being counted, and the rule that holds then"
        yield Edit(origin, f"{label} dropped", event, _without(element, name))
    if name in _NEGATABLE:
        yield Edit(origin, f"{label} negated", event, _replaced(element, last, _negated(element.children[last])))
    if name in words.TEXT_CRITERIA and name not in _ALWAYS_THERE:
        other = f"an event with another value for {label}, which must not be this rule's"
        yield Edit(origin, f"{label} holds for any value", other, _any(element, last))
    if name == "if_matched_regex":
        other = f"earlier events that {label} keeps from being counted, and the rule that holds then"
        changed = replace(element.children[last], text=_ANY_LOG)
        yield Edit(origin, f"{label} counts any log", other, _alone(element, last, changed))


def _never(element: Element) -> Iterator[Edit]:
    """The rule never holds; for a rule with a pattern that can be made to fail."""
    for number, child in enumerate(element.children):
        if child.name.lower() == "field" or child.name.lower() in words.TEXT_CRITERIA:
            changed = _with_pattern(child, *_NONE)
            suggestion = "an event for which this rule must hold"
            yield Edit(element.origin(), "the rule never holds", suggestion, _alone(element, number, changed))
            return


# --- attributes -------------------------------------------------------------------------------------------------------


def _attributes(rule: CompiledRule, element: Element) -> Iterator[Edit]:
    if rule.search is not None:
        frequency = rule.search.needed + 2
        for other, told in ((frequency - 1, "one event fewer"), (frequency + 1, "one event more")):
            if _LEAST_FREQUENCY <= other <= _MOST_FREQUENCY:
                case = "as many events as make the rule hold, and one fewer that do not"
                yield _set(element, "frequency", str(other), f"frequency {other}: {told}", case)
        for seconds, told in ((rule.search.timeframe // 2, "half"), (rule.search.timeframe * 2, "twice")):
            if 0 < seconds <= _MOST_SECONDS:
                case = "events just inside of the timeframe that make the rule hold, and just outside that do not"
                yield _set(element, "timeframe", str(seconds), f"timeframe {seconds}: {told} as long", case)
    for name, suggestion in (
        ("ignore", "the event twice within the time, the second without this alert"),
        ("maxsize", "a shorter event that must not be this rule's"),
    ):
        known = _attribute(element, name)
        if known is not None and element.attributes[known].strip("0"):
            attributes = {key: value for key, value in element.attributes.items() if key != known}
            changed = replace(element, attributes=attributes)
            yield Edit(element.attribute_origin(known), f"{name} dropped", suggestion, changed)


def _attribute(element: Element, name: str) -> str | None:
    return next((known for known in element.attributes if known.lower() == name), None)


def _set(element: Element, name: str, value: str, what: str, suggestion: str) -> Edit:
    known = _attribute(element, name)
    changed = replace(element, attributes=element.attributes | {known or name: value})
    return Edit(element.attribute_origin(known or name), what, suggestion, changed)


# --- changed elements -------------------------------------------------------------------------------------------------


def _replaced(element: Element, number: int, child: Element | None) -> Element:
    """The rule with another child in this place, or with none."""
    children = [*element.children[:number], *([child] if child is not None else []), *element.children[number + 1 :]]
    return replace(element, children=children)


def _without(element: Element, name: str) -> Element:
    return replace(element, children=[child for child in element.children if child.name.lower() != name])


def _alone(element: Element, number: int, child: Element) -> Element:
    """The rule with another child in this place, whose text no other element adds to."""
    name = child.name.lower()
    children = [
        child if place == number else other
        for place, other in enumerate(element.children)
        if place == number or name == "field" or other.name.lower() != name
    ]
    return replace(element, children=children)


def _negated(child: Element) -> Element:
    is_negated = child.attributes.get("negate", "no").lower() == "yes"
    return replace(child, attributes=child.attributes | {"negate": "no" if is_negated else "yes"})


def _any(element: Element, number: int) -> Element:
    return _alone(element, number, _with_pattern(element.children[number], *_ANY))


def _with_pattern(child: Element, dialect: str, pattern: str) -> Element:
    kept = {key: value for key, value in child.attributes.items() if key not in ("negate", "type")}
    return replace(child, attributes=kept | {"type": dialect}, text=pattern)
