"""An explanation as JSON values. Members are only ever added (docs/explain.md tells them all).

Fields of the event are whole; they are ordinary text, and bytes that are not UTF-8 are lone surrogates.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from alertmill.decoders import Decoding
from alertmill.decoders.trace import Tried
from alertmill.errors import Origin
from alertmill.explain.explainer import Explanation
from alertmill.explain.verdict import described
from alertmill.explain.why_not import Ancestor, WhyNot
from alertmill.explain.words import plain, what_was_found
from alertmill.ruleset import CompiledRule
from alertmill.ruleset.findings import Counted, Finding

Json = dict[str, Any]

#: Bytes of a value that a condition found: a hundred rules may ask for the same large one.
_MOST_FOUND = 4096


def as_values(explanation: Explanation) -> Json:
    """The explanation of one event."""
    record = explanation.record
    values: Json = {
        "answer": explanation.answer,
        "event": {
            "number": explanation.number,
            "message": plain(record.message),
            "location": plain(record.location),
            "queue": plain(record.queue),
            "time": record.time,
            "event_time": record.event_time,
        },
        "predecoding": _predecoding(explanation.decoding),
        "decoding": _decoding(explanation),
        "rules": [_visited(explanation, step_number) for step_number in range(len(explanation.trace.steps))],
        "not_tried": [{"because": path[-1], "path": path, "rules": ids} for path, ids in explanation.left_out()],
        "result": _result(explanation),
    }
    if explanation.why_not is not None:
        values["why_not"] = _why_not(explanation.why_not, explanation)
    return values


def _predecoding(decoding: Decoding | None) -> Json | None:
    if decoding is None:
        return None
    return {
        "header": decoding.header or None,
        "timestamp": _text(decoding.timestamp),
        "hostname": plain(decoding.hostname),
        "program_name": _text(decoding.program_name),
        "log": plain(decoding.log),
    }


def _decoding(explanation: Explanation) -> Json | None:
    decoding = explanation.decoding
    if decoding is None:
        return None
    decoder = decoding.decoder
    return {
        "decoder": None
        if decoder is None
        else {"name": plain(decoder.name), "parent": plain(decoder.parent), "type": decoder.type},
        "not_asked": decoding.not_asked,
        "tried": _tried(decoding.tried),
        "children": _tried(decoding.branches),
        "steps": [
            {"what": plain(step.what), "matched": step.matched, "fields": _pairs(step.fields)}
            for step in decoding.steps
        ],
        "accumulated": _pairs(explanation.added),
    }


def _tried(tried: Iterable[Tried]) -> list[Json]:
    return [
        {
            "name": plain(one.name),
            "held": one.held,
            "why": plain(one.why),
            "pattern": plain(one.pattern) or None,
            **_place(one.origin),
        }
        for one in tried
    ]


def _pairs(fields: Iterable[tuple[str, str]]) -> list[list[str]]:
    return [[plain(name), plain(value)] for name, value in fields]


def _visited(explanation: Explanation, number: int) -> Json:
    step = explanation.trace.steps[number]
    return {
        **_rule(step.rule, explanation),
        "path": step.path,
        "held": step.matched,
        "conditions": [_condition(finding, step.rule, explanation, hints=False) for finding in step.findings],
    }


def _rule(rule: CompiledRule, explanation: Explanation) -> Json:
    overwritten = explanation.rules.overwritten(rule.id)
    return {
        "rule": rule.id,
        "level": rule.level,
        "description": plain(rule.info.description),
        "noalert": rule.noalert,
        "ignore": rule.ignore,
        **_place(rule.spec.origin),
        "overwrites": str(overwritten) if overwritten else None,
    }


def _condition(finding: Finding, rule: CompiledRule, explanation: Explanation, *, hints: bool) -> Json:
    event = explanation.outcome.event
    return {
        "condition": plain(finding.text),
        "held": finding.held,
        "found": _text(finding.value if finding.value is None else finding.value[:_MOST_FOUND]),
        "why": what_was_found(finding, event, rule, hints=hints) if event is not None else "",
        "counted": _counted(finding.counted, explanation) if finding.counted is not None else None,
        **_place(finding.origin or rule.spec.origin),
    }


def _counted(counted: Counted, explanation: Explanation) -> Json:
    event = explanation.outcome.event
    now = int(event.time) if event is not None else 0
    return {
        "wanted": counted.wanted,
        "missing": counted.missing,
        "timeframe": counted.timeframe,
        "events": [
            {"age": now - past.time, "rule": past.rule_id, "log": plain(past.full_log)} for past in counted.events
        ],
        "outside": counted.outside,
        "passed_over": [{"events": count, "why": plain(why)} for why, count in counted.passed_over],
        "ended_by_level": counted.stopped_by.matched if counted.stopped_by is not None else None,
    }


def _result(explanation: Explanation) -> Json:
    outcome, rule, silenced = explanation.outcome, explanation.rule, explanation.trace.silenced
    event, match = outcome.event, outcome.match
    return {
        "rule": rule.id if rule is not None else None,
        "level": rule.level if rule is not None else None,
        "description": described(rule, event) if rule is not None and event is not None else None,
        "path": explanation.path,
        "firedtimes": match.firedtimes if match is not None else None,
        "alert": outcome.alert,
        "why": explanation.alert,
        "silenced": None if silenced is None else {"rule": silenced.rule.id, "since": silenced.since},
        "rejected": outcome.rejected or None,
        "dropped": outcome.dropped,
        "warnings": [plain(warning) for warning in outcome.warnings],
    }


def _why_not(told: WhyNot, explanation: Explanation) -> Json:
    return {
        "rule": told.rule_id,
        "fired": told.fired,
        "answer": told.answer,
        "obstacles": list(told.obstacles),
        "way": [_ancestor(step, explanation) for step in told.way],
        "places": told.places,
        "notes": list(told.notes),
    }


def _ancestor(step: Ancestor, explanation: Explanation) -> Json:
    return {
        **_rule(step.rule, explanation),
        "path": step.path,
        "standing": step.standing.value,
        "obstacle": step.obstacle or None,
        "conditions": [_condition(finding, step.rule, explanation, hints=True) for finding in step.findings],
    }


def _place(origin: Origin | None) -> Json:
    return {"file": origin.path if origin else None, "line": origin.line if origin and origin.line else None}


def _text(value: str | None) -> str | None:
    return None if value is None else plain(value)
