"""Rows through the rules: all rows of a batch are asked together, and alerts come in runs where they can.

What `Engine.alerts` does record by record, for records that are rows of columns (`alertmill.rows`). Rows with more to
ask than rule, count and time go back to the engine, one by one and in their order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from operator import itemgetter
from typing import Protocol

from alertmill.event import Event, Outcome, Record
from alertmill.rows import RowEvent, RowRecord, RowRun, Rows
from alertmill.ruleset import WALKED, CompiledRule, Group, Memo, Next, Ruleset, Shortlist, State, count_silent

#: Rows that are not worth being asked in two parts.
_FEW = 16


class OneByOne(Protocol):
    """The engine, for a row with more to ask."""

    def process(self, record: Record, state: State) -> Outcome:
        """Analyse one record."""

    def row_event(self, record: RowRecord) -> RowEvent:
        """The event of a row whose shortlist is known."""

    def conclude_event(self, event: Event, shortlist: Shortlist, state: State) -> Outcome:
        """What follows from an event whose shortlist is known."""

    def failed(self, error: Exception) -> Outcome:
        """What follows from a record that could not be digested."""


class RowEngine:
    """Asks for the rows of sheets that show all that rules ask for."""

    def __init__(self, engine: OneByOne, rules: Ruleset, memo: Memo) -> None:
        self._engine = engine
        self._rules = rules
        self._memo = memo

    def alerts(self, rows: Rows, state: State) -> Iterator[RowRun | tuple[Record, Outcome]]:
        """The alerts of rows in their order, in runs where they can be, and whatever else is to be told of them."""
        groups = self._find(rows)
        if len(rows) > _FEW and any(known is None for known, _ in groups):
            # What is learnt from the first rows spares the others the long way.
            half = len(rows) // 2
            yield from self.alerts(rows.part(0, half), state)
            yield from self.alerts(rows.part(half, len(rows)), state)
            return
        silent: dict[Shortlist, int] = {}
        told: list[tuple[int, Next | None]] = []
        counting: dict[Next | None, CompiledRule] = {}
        for known, places in groups:
            if isinstance(known, Shortlist) and known.silent:
                silent[known] = silent.get(known, 0) + len(places)
                continue
            told += zip(places, repeat(known))
            if (rule := _only_counts(known, state)) is not None:
                counting[known] = rule
        told.sort(key=itemgetter(0))
        yield from self._told(rows, told, counting, state)
        count_silent(self._rules, silent, rows.time, state)

    def _find(self, rows: Rows) -> list[Group]:
        """What `Memo.find` says of the rows; those without a layout are WALKED."""
        found: list[Group] = []
        widths = [*map(len, rows.raws)]
        kinds = set(widths)
        for width in kinds:
            places: Sequence[int] = range(len(rows))
            raws = rows.raws
            if len(kinds) > 1:
                places = [place for place in places if widths[place] == width]
                raws = [raws[place] for place in places]
            look = rows.sheet.look(raws[0])
            found += [(WALKED, places)] if look is None else self._memo.find_rows(look[0], raws, places)
        return found

    def _told(
        self,
        rows: Rows,
        told: Sequence[tuple[int, Next | None]],
        counting: Mapping[Next | None, CompiledRule],
        state: State,
    ) -> Iterator[RowRun | tuple[Record, Outcome]]:
        """What follows from rows in their order; `counting` are the rules of those that are only counted."""
        run, kept = RowRun(rows, self._engine.row_event), _Kept(rows, state)
        for place, known in told:
            rule = counting.get(known)
            if rule is not None:
                fired = kept.count(place, rule)
                if rule.info.log_alert:
                    run.alerts.append((place, rule.info, fired))
                continue
            kept.close()
            if run.alerts:
                yield run
                run = RowRun(rows, self._engine.row_event)
            yield self._one(rows[place], known, state)
        kept.close()
        if run.alerts:
            yield run

    def _one(self, record: RowRecord, known: Next | None, state: State) -> tuple[Record, Outcome]:
        """What follows from a row with more to ask."""
        engine = self._engine
        if not isinstance(known, Shortlist):
            return record, engine.process(record, state)
        try:
            event = engine.row_event(record)
            # The memory asks for static fields again and again: it is quicker with them at hand.
            outcome = engine.conclude_event(event if known.settled else event.decoded(), known, state)
            outcome.event = event
            return record, outcome
        except Exception as error:
            return record, engine.failed(error)


class _Kept:
    """Counts rows of which only the times are kept, and keeps these: those of neighbours together."""

    def __init__(self, rows: Rows, state: State) -> None:
        self._rows = rows
        self._state = state
        self._began = False
        self._time = int(rows.time)
        self._events = 0

    def count(self, place: int, rule: CompiledRule) -> int:
        """Another row, of which this is the rule; how often that has fired."""
        if not self._began:
            self._state.counters.at(self._rows.time)
            self._began = True
        sheet = self._rows.sheet
        happened = sheet.event_time(self._rows.raws[place]) if sheet.tells_time else None
        if happened is not None and not self._state.history.any_order:
            self.close()
            self._state.history.begin_any_order()
        time = int(self._rows.time if happened is None else happened)
        if time != self._time:
            self.close()
            self._time = time
        self._events += 1
        return self._state.counters.count(rule.id)

    def close(self) -> None:
        """Keep the times of all rows so far."""
        if self._events:
            self._state.history.keep_times(self._time, self._events)
            self._events = 0


def _only_counts(known: Next | None, state: State) -> CompiledRule | None:
    """The rule of rows of which there is nothing to be done but to count, to keep the time, and to write."""
    if not isinstance(known, Shortlist) or known.found is None or state.session:
        return None
    rule = known.found[0]
    return rule if state.only_counts(rule) and not rule.mitre_warnings else None
