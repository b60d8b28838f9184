"""One event after another through the engine, watched."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from alertmill.decoders import Decoding, Rejected, predecode, trace_decoding
from alertmill.engine import Engine
from alertmill.errors import Problem
from alertmill.event import Event, Outcome, Record
from alertmill.explain.verdict import answer, why_alert
from alertmill.explain.why_not import WhyNot, lineage, why_not
from alertmill.ruleset import CompiledRule, Ruleset, Trace
from alertmill.ruleset.trace import Path

#: Queue id of Windows event channels, which no decoder file is asked about.
_EVENTCHANNEL_QUEUE = "f"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What became of one record, and why.

    Attributes:
        number: of the event in its session, from 1.
        outcome: the engine's.
        decoding: how it was taken apart; None where it was refused before that, or is of a Windows event channel.
        trace: the rules that were visited.
        added: fields that came from earlier events (`accumulate`).
        path: the place in the tree of the rule that held, before anything silenced it.
        answer: the verdict in one sentence; with `why_not`, the answer to that.
        alert: why an alert is written or not, in words.
        why_not: the answer about the rule that was asked for, if one was.
    """

    number: int
    record: Record
    outcome: Outcome
    decoding: Decoding | None
    trace: Trace
    rules: Ruleset
    added: tuple[tuple[str, str], ...]
    path: Path
    answer: str
    alert: str
    why_not: WhyNot | None = None

    @property
    def rule(self) -> CompiledRule | None:
        """The rule that the event ends with."""
        match = self.outcome.match
        return self.rules.rules_by_id[match.rule.id] if match is not None else None

    def left_out(self) -> list[tuple[Path, tuple[int, ...]]]:
        """What was never tried because an earlier sibling held: (place of that sibling, ids behind it), deepest first.

        Ids of siblings that stand there several times are told once.
        """
        found: list[tuple[Path, tuple[int, ...]]] = []
        tried = {step.path for step in self.trace.steps}
        category = self.trace.steps[0].rule.category if self.trace.steps else ""
        for length in range(len(self.path), 0, -1):
            above = self.path[: length - 1]
            ids = dict.fromkeys(node.rule.id for node in self.rules.children_at(category, above))
            rest = tuple(id for id in ids if (*above, id) not in tried)
            if rest:
                found.append((self.path[:length], rest))
        return found


class Explainer:
    """Explains events in order, with a memory of its own in which nothing was before.

    Args:
        problems: of loading the ruleset: they tell why a rule is not there.
        session: judge as a logtest session does, not as the daemon (spec/logtest.md 5.2, 5.3).
    """

    def __init__(self, engine: Engine, problems: Iterable[Problem] = (), *, session: bool = False) -> None:
        self._engine = engine
        self._problems = tuple(problems)
        self._session = session
        self._number = 0
        self.forget()

    def forget(self) -> None:
        """Begin anew: no history, no counters."""
        self._state = self._engine.new_state(session=self._session)

    def explain(self, record: Record, *, why_not: int | None = None) -> Explanation:
        """Process one record and tell why its verdict is what it is; `why_not` is the id of another rule."""
        self._number += 1
        rules = self._engine.rules
        trace = Trace(wanted=lineage(rules, why_not))
        decoding = self._decoding(record)
        outcome = self._engine.process(record, self._state, trace=trace)
        told = self._about(why_not, outcome, trace)
        return Explanation(
            number=self._number,
            record=record,
            outcome=outcome,
            decoding=decoding,
            trace=trace,
            rules=rules,
            added=_added(outcome.event, decoding),
            path=trace.deepest(),
            answer=told.answer if told is not None else answer(rules, outcome, trace, session=self._session),
            alert=why_alert(rules, outcome, trace, session=self._session),
            why_not=told,
        )

    def _about(self, rule_id: int | None, outcome: Outcome, trace: Trace) -> WhyNot | None:
        if rule_id is None:
            return None
        verdict = answer(self._engine.rules, outcome, trace, session=self._session)
        return why_not(self._engine.rules, rule_id, outcome, trace, self._problems, verdict)

    def _decoding(self, record: Record) -> Decoding | None:
        hostname = self._engine.options.hostname.partition(".")[0]
        if record.queue == _EVENTCHANNEL_QUEUE:
            return None
        text = Record(record.message, record.location, record.time, event_time=record.event_time)

        def fresh() -> Event:
            event = predecode(text, hostname)
            assert isinstance(event, Event)
            return event

        try:
            refused = isinstance(predecode(text, hostname), Rejected)
            return None if refused else trace_decoding(self._engine.decoders, fresh)
        except RecursionError:  # the engine refuses it in its own words
            return None


def _added(event: Event | None, decoding: Decoding | None) -> tuple[tuple[str, str], ...]:
    """The fields of an event that its decoder's `accumulate` gave it."""
    if event is None or decoding is None or event.decoder is None or not event.decoder.accumulate:
        return ()
    known = {pair for step in decoding.steps for pair in step.fields}
    fields = (*event.static.items(), *event.fields.items())
    return tuple(pair for pair in fields if pair not in known)
