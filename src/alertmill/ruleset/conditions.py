"""The stateless conditions of a rule, bound as closures in the order in which they are asked (spec/rules.md 8.3).

A condition that depends on one value of the event says which (`key`) and how (`test`), so that `siblings` can decide it
once per value instead of once per event.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple

from alertmill.errors import Origin
from alertmill.event import Event
from alertmill.patterns import Matcher
from alertmill.ruleset.clock import DAYS, local_time
from alertmill.ruleset.lists import LOOKUPS
from alertmill.ruleset.options import RuleOptions
from alertmill.ruleset.predicates import PREDICATES
from alertmill.ruleset.spec import AddressCriterion, ListCriterion, RuleSpec, TextCriterion

#: What a condition looks at: a kind of value and, for fields, its name.
Key = tuple[str, str]

#: Where a value of each kind comes from. `fields` and `static` values are named.
READERS: dict[str, Callable[[Event], str | None]] = {
    "hostname": lambda event: event.hostname,
    "location": lambda event: event.location,
    "log start": lambda event: _log_start(event),
    "program_name": lambda event: event.program_name,
    "user": lambda event: _first(event.static.get("dstuser"), event.static.get("srcuser")),
    "list user": lambda event: _first(event.static.get("srcuser"), event.static.get("dstuser")),
}

#: Kind of the first character of the log, which narrows down conditions on the log but does not decide them.
LOG_START = "log start"

#: The order of spec/rules.md 8.3: criteria before and behind `match` and `regex`, `field`, addresses and the rest.
_ORDER = {
    name: place
    for place, name in enumerate(
        (
            "decoded_as",
            *("program_name", "id", "system_name", "protocol", "match", "regex", "action", "url", "location"),
            "fields",
            *("srcip", "dstip"),
            *("srcport", "dstport"),
            "compiled_rule",
            *("user", "srcgeoip", "dstgeoip"),
            *("maxsize", "time", "weekday"),
            *("data", "extra_data", "hostname", "status"),
        )
    )
}


class Clue(NamedTuple):
    """A pattern that decides a condition: the verdict is `otherwise` for every text that `pattern` does not match."""

    pattern: str
    dialect: str
    otherwise: bool


@dataclass(frozen=True, slots=True)
class Condition:
    """A stateless condition of a rule.

    Attributes:
        text: the condition in words, for explanations.
        holds: the verdict on an event.
        key: what is looked at, if the verdict depends on this one value alone; None otherwise.
        test: the verdict on that value, or without a `key` on the text of the log; None where neither decides. A
            missing value never fulfils a condition.
        starts: the first characters of all logs that can fulfil it, if they are few.
        clue: the pattern behind `test`, or behind a condition on the log, from which siblings tell without asking.
        shows: what is looked at where there is no `key`, as text for explanations; None for the log and what is none.
        matcher: the pattern that the log must match, where that is the condition; for skipping it.
        place: where the rule says it, if that is a place of its own; found when it is asked for.
    """

    text: str
    holds: Callable[[Event], bool]
    key: Key | None = None
    test: Callable[[str], bool] | None = None
    starts: frozenset[str] | None = None
    clue: Clue | None = None
    shows: Callable[[Event], str] | None = None
    place: Callable[[], Origin] | None = None
    matcher: Matcher | None = None


def conditions_of(spec: RuleSpec, options: RuleOptions) -> tuple[Condition, ...]:
    """What must hold before `check_diff`, in order."""
    found: list[tuple[int, Condition]] = []
    for name, criterion in spec.texts.items():
        if name in _ORDER:
            found.append((_ORDER[name], _text_condition(criterion)))
    for name, addresses in spec.addresses.items():
        found.append((_ORDER[name], _address_condition(addresses)))
    found += [(_ORDER["fields"], _field_condition(criterion)) for criterion in spec.fields]
    for name, make in _OTHERS.items():
        condition = make(spec, options)
        if condition is not None:
            found.append((_ORDER[name], condition))
    found.sort(key=itemgetter(0))
    return tuple([condition for _, condition in found])


def _text_condition(criterion: TextCriterion) -> Condition:
    name, test = criterion.name, _verdict(criterion.matcher.matches, criterion.negate)
    text, place = _words(f"<{name}>", criterion), criterion.source.origin
    if name in ("match", "regex"):
        return Condition(
            text,
            lambda event: test(event.log),
            test=test,
            starts=None if criterion.negate else _starts(criterion.source.text, criterion.dialect),
            clue=_clue(criterion),
            place=place,
            matcher=None if criterion.negate else criterion.matcher,
        )
    return _keyed(text, (name, "") if name in READERS else ("static", name), test, place, _clue(criterion))


def _clue(criterion: TextCriterion) -> Clue:
    matcher, negate = criterion.matcher, criterion.negate
    if matcher.dialect == "osmatch" and matcher.pattern.startswith("!"):
        return Clue(matcher.pattern[1:], "osmatch", not negate)
    return Clue(matcher.pattern, matcher.dialect, negate)


#: Alternatives of which each begins with `^` and an ordinary character. Escapes come later, if at all.
_ANCHORED = {
    "osmatch": re.compile(r"\^[^|$][^|]*(?:\|\^[^|$][^|]*)*", re.DOTALL),
    "osregex": re.compile(
        r"\^[^|$()\\][^|\\]*(?:\\[^|\\][^|\\]*)*(?:\|\^[^|$()\\][^|\\]*(?:\\[^|\\][^|\\]*)*)*", re.DOTALL
    ),
}


def _starts(pattern: str, dialect: str) -> frozenset[str] | None:
    """The characters that a matching text begins with, or None when they are not plain to see."""
    anchored = _ANCHORED.get(dialect)
    if anchored is None or anchored.fullmatch(pattern) is None:
        return None
    chars = {alternative[1] for alternative in pattern.split("|")}
    return frozenset(case for char in chars for case in ((char.lower(), char.upper()) if char.isascii() else (char,)))


def _log_start(event: Event) -> str:
    return "{" if is_unspelled(event) else event.log[:1]


def is_unspelled(event: Event) -> bool:
    """Whether the log is the text of a document, which begins with a brace: asking for it would spell all of it."""
    return event.log_is_message and event.record.document is not None


def _field_condition(criterion: TextCriterion) -> Condition:
    test = _verdict(criterion.matcher.matches, criterion.negate)
    text = _words(f'<field name="{criterion.name}">', criterion)
    return _keyed(text, ("field", criterion.name.lower()), test, criterion.source.origin, _clue(criterion))


def _words(what: str, criterion: TextCriterion) -> str:
    verb = "does not match" if criterion.negate else "matches"
    return f"{what} {verb} {criterion.dialect} '{criterion.source.text}'"


def _address_condition(criterion: AddressCriterion) -> Condition:
    test = _verdict(criterion.addresses.contains, criterion.negate)
    text = f"<{criterion.name}> is {'not ' if criterion.negate else ''}in {', '.join(criterion.entries)}"
    return _keyed(text, ("static", criterion.name), test)


def list_condition(criterion: ListCriterion, options: RuleOptions) -> Condition:
    """A look-up in a CDB list; asked behind `check_diff` and `if_fts`."""
    test = LOOKUPS[criterion.lookup](criterion.list, criterion.values, options)
    text = f"<list> {criterion.lookup} of {criterion.field} in {criterion.list.name}"
    if criterion.static and criterion.field in ("hostname", "program_name"):
        key = (criterion.field, "")
    elif criterion.static and criterion.field == "user":
        key = ("list user", "")
    else:
        key = ("static" if criterion.static else "field", criterion.field)
    return _keyed(text, key, test, lambda: criterion.origin)


def _verdict(matches: Callable[[str], bool], negate: bool) -> Callable[[str], bool]:
    return (lambda text: not matches(text)) if negate else matches


def _keyed(
    text: str,
    key: Key,
    test: Callable[[str], bool],
    place: Callable[[], Origin] | None = None,
    clue: Clue | None = None,
) -> Condition:
    kind, name = key

    def field_holds(event: Event) -> bool:
        value = event.fields.get(name)
        return value is not None and test(value)

    def static_holds(event: Event) -> bool:
        value = event.static.get(name)
        return value is not None and test(value)

    def other_holds(event: Event) -> bool:
        value = read(event)
        return value is not None and test(value)

    if kind == "field":
        return Condition(text, field_holds, key, test, clue=clue, place=place)
    if kind == "static":
        return Condition(text, static_holds, key, test, clue=clue, place=place)
    read = READERS[kind]
    return Condition(text, other_holds, key, test, clue=clue, place=place)


def _decoder_condition(spec: RuleSpec, _options: RuleOptions) -> Condition | None:
    if spec.decoded_as is None:
        return None
    identity = spec.decoder_identity
    return Condition(
        f"<decoded_as> is {spec.decoded_as}",
        lambda event: event.decoder is not None and event.decoder.identity == identity,
        ("decoder", ""),
    )


def _compiled_condition(spec: RuleSpec, _options: RuleOptions) -> Condition | None:
    if spec.compiled_rule is None:
        return None
    return Condition(f"<compiled_rule> {spec.compiled_rule}", PREDICATES[spec.compiled_rule])


def _size_condition(spec: RuleSpec, _options: RuleOptions) -> Condition | None:
    size = spec.maxsize
    if not size:
        return None
    text = f"the log has {size} bytes or more"
    return Condition(
        text,
        lambda event: len(event.log) >= size,
        test=lambda log: len(log) >= size,
        shows=lambda event: f"{len(event.log)} bytes",
    )


def _time_condition(spec: RuleSpec, options: RuleOptions) -> Condition | None:
    if spec.time is None:
        return None
    span, zone = spec.time, options.zone
    text = f"<time> is {'outside' if span.outside else 'within'} {_hour(span.start)} - {_hour(span.end)}"

    def in_range(event: Event) -> bool:
        moment = local_time(event.time, zone)
        return span.holds(moment.hour * 60 + moment.minute)

    return Condition(text, in_range, shows=lambda event: f"{local_time(event.time, zone):%H:%M}")


def _hour(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _weekday_condition(spec: RuleSpec, options: RuleOptions) -> Condition | None:
    if spec.weekdays is None:
        return None
    days, zone = spec.weekdays, options.zone
    return Condition(
        f"<weekday> is one of {', '.join(DAYS[day] for day in sorted(days))}",
        lambda event: local_time(event.time, zone).weekday() in days,
        shows=lambda event: DAYS[local_time(event.time, zone).weekday()],
    )


def _first(first: str | None, second: str | None) -> str | None:
    return first if first is not None else second


_OTHERS: dict[str, Callable[[RuleSpec, RuleOptions], Condition | None]] = {
    "compiled_rule": _compiled_condition,
    "decoded_as": _decoder_condition,
    "maxsize": _size_condition,
    "time": _time_condition,
    "weekday": _weekday_condition,
}
