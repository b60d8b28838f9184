"""An explanation as lines for people: the answer first, then how it came about.

A line is a sequence of (text, style); what the styles look like is the business of whoever prints. Everything that came
from outside is shortened and harmless.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from alertmill.decoders import Decoding
from alertmill.decoders.trace import Extracted, Tried
from alertmill.explain.explainer import Explanation
from alertmill.explain.verdict import described
from alertmill.explain.why_not import Standing, WhyNot
from alertmill.explain.words import LONG, clause, place_of, plain, quoted, shown
from alertmill.ruleset import CompiledRule, Step
from alertmill.ruleset.findings import Counted, Finding
from alertmill.ruleset.history import PastEvent

#: (text, style): "" is ordinary, the others are "head", "good", "bad" and "dim".
Span = tuple[str, str]
Line = tuple[Span, ...]

#: Static fields that say most of an event in JSON, whose text begins alike in all.
_KNOWN = ("action", "srcip", "dstip", "dstport", "srcuser", "dstuser", "status")
#: Fields of an event, ids of siblings and counted events that are shown; JSON has all.
_FIELDS, _IDS, _EVENTS = 100, 20, 12


def as_lines(explanation: Explanation) -> Iterator[Line]:
    """The lines of one event."""
    yield ((explanation.answer, "head"),)
    yield ()
    yield from _event(explanation)
    if explanation.why_not is not None:
        yield from _decoder(explanation)
        yield from _way(explanation.why_not, explanation)
        return
    if explanation.decoding is not None:
        yield from _predecoding(explanation.decoding)
        yield from _decoding(explanation, explanation.decoding)
    else:
        yield from _decoder(explanation)
    yield from _rules(explanation)
    yield from _result(explanation)


def _head(text: str) -> Line:
    return ((text, "head"),)


def _pair(name: str, value: str) -> Line:
    return ((f"  {name:<13} ", "dim"), (value, ""))


def _mark(held: bool) -> Span:
    return ("+ ", "good") if held else ("- ", "bad")


def _at(place: str) -> tuple[Span, ...]:
    return ((f"  [{place}]", "dim"),) if place else ()


def _event(explanation: Explanation) -> Iterator[Line]:
    record = explanation.record
    yield _head(f"Event {explanation.number}")
    yield _pair("message", shown(record.message, LONG))
    yield _pair("location", shown(record.location, LONG))
    if record.queue != "1":
        yield _pair("queue", shown(record.queue))


def _predecoding(decoding: Decoding) -> Iterator[Line]:
    yield ()
    yield _head("Pre-decoding")
    yield _pair("header", decoding.header or "none of a known form: the whole message is the log")
    for name, value in (
        ("timestamp", decoding.timestamp),
        ("hostname", decoding.hostname),
        ("program_name", decoding.program_name),
        ("log", decoding.log),
    ):
        if value is not None:
            yield _pair(name, shown(value, LONG))


# --- decoders ---------------------------------------------------------------------------------------------------------


def _decoder(explanation: Explanation) -> Iterator[Line]:
    """The decoder in one line."""
    event = explanation.outcome.event
    if event is not None:
        name = shown(event.decoder.name) if event.decoder is not None else "none"
        count = len(event.static) + len(event.fields)
        yield _pair("decoder", f"{name}, category {event.category}, {count} fields")


def _decoding(explanation: Explanation, decoding: Decoding) -> Iterator[Line]:
    yield ()
    yield _head("Decoders, in the order in which they are tried")
    for tried in decoding.tried:
        yield _tried(tried, 2)
    for branch in decoding.branches:
        yield _tried(branch, 4)
    for step in decoding.steps:
        yield from _extracted(step)
    if explanation.added:
        yield (("    from earlier events (<accumulate/>)", ""),)
        yield from _fields(explanation.added)
    if decoding.not_asked:
        kind = "no program name and they ask for one" if decoding.program_name is None else "a program name"
        yield ((f"  not asked: {decoding.not_asked} more, because the log has {kind}", "dim"),)
    yield from _decoder(explanation)


def _tried(tried: Tried, indent: int) -> Line:
    pattern = f", {shown(tried.pattern, LONG)}" if tried.pattern else ""
    text = f"{shown(tried.name)}: {shown(tried.why, LONG)}{pattern}"
    return ((" " * indent, ""), _mark(tried.held), (text, ""), *_at(place_of(tried.origin)))


def _extracted(step: Extracted) -> Iterator[Line]:
    what = shown(step.what, LONG)
    if not step.matched:
        yield (("    ", ""), _mark(False), (f"{what}: extracted nothing", ""))
        return
    yield (("    ", ""), _mark(True), (what, ""))
    yield from _fields(step.fields)


def _fields(fields: Sequence[tuple[str, str]]) -> Iterator[Line]:
    for name, value in fields[:_FIELDS]:
        yield ((f"        {shown(name, LONG)} ", "dim"), (quoted(value), ""))
    if len(fields) > _FIELDS:
        yield ((f"        ... and {len(fields) - _FIELDS} more; --json has all", "dim"),)


# --- rules ------------------------------------------------------------------------------------------------------------


def _rules(explanation: Explanation) -> Iterator[Line]:
    yield ()
    steps = explanation.trace.steps
    if not steps:
        yield _head("Rules: none was tried")
        return
    yield _head(f"Rules, in the order in which they are tried ({len(steps)} visited)")
    for step in steps:
        yield from _step(step, explanation)
    for path, ids in explanation.left_out():
        many = f" and {len(ids) - _IDS} more" if len(ids) > _IDS else ""
        text = f"not tried, because {path[-1]} held: {', '.join(map(str, ids[:_IDS]))}{many}"
        yield ((f"{_indent(len(path) - 1)}{text}", "dim"),)


def _indent(depth: int) -> str:
    return "  " * (depth + 1)


def _step(step: Step, explanation: Explanation) -> Iterator[Line]:
    indent, rule = _indent(step.depth), step.rule
    if not step.matched and step.findings and not step.findings[0].held:
        finding = step.findings[0]
        text = f"{rule.id} level {rule.level}: {_told(finding, rule, explanation, hints=False)}"
        yield ((indent, ""), _mark(False), (text, ""), *_at(place_of(finding.origin or rule.spec.origin)))
        if finding.counted is not None:
            yield from _counted(finding.counted, indent, explanation)
        return
    yield ((indent, ""), _mark(step.matched), *_title(rule, explanation))
    for finding in step.findings:
        yield from _condition(finding, rule, indent, explanation, hints=False)
        if not finding.held:
            break


def _title(rule: CompiledRule, explanation: Explanation) -> tuple[Span, ...]:
    event = explanation.outcome.event
    description = described(rule, event) if event is not None else plain(rule.info.description)
    facts = "" if not rule.noalert else ", noalert: only its children count"
    facts += f", ignore {rule.ignore} s" if rule.ignore else ""
    overwritten = explanation.rules.overwritten(rule.id)
    place = place_of(rule.spec.origin) + (f", overwrites {place_of(overwritten)}" if overwritten else "")
    return ((f"{rule.id} level {rule.level}{facts}  {description}", ""), *_at(place))


def _condition(
    finding: Finding, rule: CompiledRule, indent: str, explanation: Explanation, *, hints: bool
) -> Iterator[Line]:
    place = place_of(finding.origin) if not finding.held else ""
    yield (
        (f"{indent}    ", ""),
        _mark(finding.held),
        (_told(finding, rule, explanation, hints=hints), ""),
        *_at(place),
    )
    if finding.counted is not None:
        yield from _counted(finding.counted, f"{indent}    ", explanation)


def _told(finding: Finding, rule: CompiledRule, explanation: Explanation, *, hints: bool) -> str:
    event = explanation.outcome.event
    assert event is not None  # rules were asked
    return clause(finding, event, rule, hints=hints)


def _counted(counted: Counted, indent: str, explanation: Explanation) -> Iterator[Line]:
    event = explanation.outcome.event
    now = int(event.time) if event is not None else 0
    for past in counted.events[:_EVENTS]:
        yield ((f"{indent}    counts: {now - past.time} s ago, rule {past.rule_id}, ", "dim"), (_told_apart(past), ""))
    if len(counted.events) > _EVENTS:
        yield ((f"{indent}    ... and {len(counted.events) - _EVENTS} more", "dim"),)
    for why, count in counted.passed_over:
        yield ((f"{indent}    does not count, {count} times: {shown(why)}", "dim"),)
    if counted.outside:
        yield ((f"{indent}    outside the {counted.timeframe} s: {counted.outside}", "dim"),)
    if counted.stopped_by is not None:
        level = counted.stopped_by.matched
        yield ((f"{indent}    the count ends at an event that was counted for a rule of level {level}", "dim"),)


def _told_apart(past: PastEvent) -> str:
    """What people tell an event by: fields that they know, else its log."""
    fields = [f"{name} {quoted(past.static[name])}" for name in _KNOWN if past.static.get(name)]
    return ", ".join(fields) if past.log.startswith("{") and fields else quoted(past.log)


def _result(explanation: Explanation) -> Iterator[Line]:
    yield ()
    yield _head("Result")
    rule, match = explanation.rule, explanation.outcome.match
    if rule is not None and match is not None:
        yield _pair("rule", f"{rule.id}, level {rule.level}, fired for the {_nth(match.firedtimes)} time this hour")
    yield _pair("alert", explanation.alert)
    for warning in explanation.outcome.warnings:
        yield _pair("warning", shown(warning))


def _nth(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


# --- why not ----------------------------------------------------------------------------------------------------------


def _way(told: WhyNot, explanation: Explanation) -> Iterator[Line]:
    if told.way:
        yield ()
        others = f" ({told.places} places in the tree; this one is the nearest)" if told.places > 1 else ""
        yield _head(f"The way to rule {told.rule_id}{others}")
    for step in told.way:
        indent = _indent(len(step.path) - 1)
        standing = "" if step.standing is Standing.HELD else f" ({step.standing.value})"
        title = _title(step.rule, explanation)
        yield ((indent, ""), _mark(step.standing is Standing.HELD), *title, (standing, "bad"))
        for finding in step.findings:
            yield from _condition(finding, step.rule, indent, explanation, hints=True)
    yield from _listed("All that stands in its way", told.obstacles if len(told.obstacles) > 1 else ())
    yield from _listed("What loading said", told.notes)
    if not told.fired:
        yield ()
        yield _head("Instead")
        yield from _instead(explanation)


def _listed(head: str, sentences: Iterable[str]) -> Iterator[Line]:
    for number, sentence in enumerate(sentences, 1):
        if number == 1:
            yield ()
            yield _head(head)
        yield ((f"  {number}. {sentence}", ""),)


def _instead(explanation: Explanation) -> Iterator[Line]:
    rule, event = explanation.rule, explanation.outcome.event
    if rule is not None and event is not None:
        yield _pair("rule", f"{rule.id}, level {rule.level}, {described(rule, event)}")
    yield _pair("alert", explanation.alert)
