"""What an event came to, in sentences: its rule, and whether an alert is written."""

from __future__ import annotations

from alertmill.alerts.description import compile_description
from alertmill.event import Event, Outcome
from alertmill.explain.words import named, shown
from alertmill.ruleset import CompiledRule, Ruleset, Trace


def answer(rules: Ruleset, outcome: Outcome, trace: Trace, *, session: bool) -> str:
    """The verdict in one sentence."""
    why = why_alert(rules, outcome, trace, session=session)
    if outcome.match is None or outcome.event is None:
        return why
    rule = rules.rules_by_id[outcome.match.rule.id]
    return f"{named(rule)} {described(rule, outcome.event)!r}: {why}"


def described(rule: CompiledRule, event: Event) -> str:
    """A rule's description, filled in."""
    describe = compile_description(rule.info.description)
    return shown(describe if isinstance(describe, str) else describe(event))


def why_alert(rules: Ruleset, outcome: Outcome, trace: Trace, *, session: bool) -> str:
    """Whether an alert is written, and why not."""
    if outcome.rejected:
        return f"the event is rejected before any rule is asked: {shown(outcome.rejected)}"
    if outcome.dropped:
        return (
            "the event ends before the rules: a firewall event needs action, srcip, dstip, srcport, dstport and "
            "protocol (analysisd.log_fw), and a forwarded alert a rule that is loaded"
        )
    if outcome.match is None:
        return "no rule holds, so there is no alert"
    if outcome.alert:
        return "an alert is written" + _instead(trace, outcome)
    return "no alert: " + _why_none(rules.rules_by_id[outcome.match.rule.id], rules, outcome, trace, session=session)


def _instead(trace: Trace, outcome: Outcome) -> str:
    if trace.silenced is None or outcome.match is None:
        return ""
    silent = trace.silenced.rule
    return f", in place of rule {silent.id}, which held while its ignore time of {silent.ignore} s ran"


def _why_none(rule: CompiledRule, rules: Ruleset, outcome: Outcome, trace: Trace, *, session: bool) -> str:
    assert outcome.match is not None
    if outcome.match.ignored:
        if trace.silenced is not None:
            return f"its ignore time of {trace.silenced.rule.ignore} s runs since an earlier alert of the rule"
        return "its values are among those that an <ignore> rule put aside"
    if not rule.level:
        return "level 0 silences the event" + _instead(trace, outcome)
    lowest = rules.options.log_alert_level
    if not session and "no_log" in rule.spec.options:
        return "the rule has <options>no_log</options>"
    return f"level {rule.level} is below <log_alert_level>{lowest}</log_alert_level>" + _instead(trace, outcome)
