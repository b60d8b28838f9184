"""The engine: one record in, one outcome out.

`process` is `conclude(examine(record), state)`: first what the record alone can answer, which any process may find out
in any order, then what the memory has to answer, in the order of arrival. Neither reads a clock, keeps anything but the
`State` it is handed, or raises for a record: what it cannot digest becomes an outcome that says so. Writing alerts,
counting and committing are the business of the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

from alertmill.decoders import (
    OSSEC_ALERT,
    DecoderTree,
    JsonRoute,
    MemberReader,
    Rejected,
    StaticTexts,
    decode_eventchannel,
    predecode,
)
from alertmill.event import Event, Outcome, Record, UnreadEvent
from alertmill.row_engine import RowEngine
from alertmill.rows import RowEvent, RowRecord, RowRun, Rows
from alertmill.ruleset import MatchResult, Memo, Ruleset, Shortlist, State, Trace, count_silent, match, shortlist_of
from alertmill.sheet import (
    Examination,
    ExaminedRecord,
    ExaminedRecords,
    Key,
    Layout,
    Members,
    Reader,
    Sheet,
    SheetRecord,
)

#: Queue id of Windows event channels, whose messages have a decoder of their own (spec/predecoding.md 1).
_EVENTCHANNEL_QUEUE = "f"

#: Fields without which a firewall event goes no further (spec/rules.md 8.1).
_FIREWALL_FIELDS = frozenset(("action", "srcip", "dstip", "srcport", "dstport", "protocol"))


#: The static fields behind users that rules look at (`ruleset.conditions.READERS`).
_USERS = {"user": ("dstuser", "srcuser"), "list user": ("srcuser", "dstuser")}
#: Kinds of values that are made of static fields, or are the same for all records of a layout.
_ANSWERED = frozenset(("static", *_USERS, "hostname", "location", "log start", "program_name"))


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """What the engine needs to know beyond decoders and rules.

    `hostname` is the server's full name, byte text; local events show it up to its first dot. `log_fw` drops firewall
    events that lack a field (`analysisd.log_fw`). `made_of` names everything that the engine was made from: engines of
    one name give the same answers. It is empty where nobody asks.
    """

    hostname: str
    log_fw: bool = True
    made_of: bytes = b""


@dataclass(slots=True)
class Examined:
    """What `Engine.examine` made of a record.

    `event` is None when the record was refused, `rejected` then says why, or while nobody had to make it; `record` is
    that of such an event. `shortlist` holds the rules that the event leaves for the memory to choose from; None when
    the memory must be asked before any rule, or the plain walk runs.
    """

    event: Event | None = None
    shortlist: Shortlist | None = None
    rejected: str = ""
    record: SheetRecord | None = None


class Engine:
    """Decoders and rules that never change; a reload makes another engine."""

    def __init__(self, decoders: DecoderTree, rules: Ruleset, options: EngineOptions) -> None:
        self.decoders = decoders
        self.rules = rules
        self.options = options
        self._hostname = options.hostname.partition(".")[0]
        #: The way of records that show what rules ask for; None where not all of them can go it.
        self._route = decoders.route if rules.options.engine == "fast" and _is_ordinary(decoders.route) else None
        self._add_static = StaticTexts(() if self._route is None else self._route.settings.static_fields).add
        self._memo = Memo(rules, self._origin, self._reader_of)
        self._row_engine = None if self._route is None else RowEngine(self, rules, self._memo)
        self._reader = None if self._route is None else MemberReader(self._route, self._hostname, self._known_event)
        #: The last sheet, and whether its records go this way.
        self._sheet: tuple[Sheet | None, bool] = None, False

    def new_state(self, *, session: bool = False) -> State:
        """An empty memory; a `session` is one of logtest (spec/logtest.md 5.3)."""
        return self.rules.new_state(session=session)

    def overruns(self) -> dict[str, int]:
        """Patterns that ever gave up on a text because it took too much work, named, and how often.

        Such a text counts as not matching. Looking costs a millisecond: not for every event.
        """
        found: dict[str, int] = {}
        for name, count in (*self.decoders.overrun_patterns(), *self.rules.overrun_patterns()):
            found[name] = found.get(name, 0) + count
        return found

    def process(self, record: Record, state: State, *, trace: Trace | None = None) -> Outcome:
        """Analyse one record; `state` remembers it, `trace` collects the rules that were tried."""
        return self.conclude(self.examine(record), state, trace=trace)

    def alerts(self, records: Iterable[Record], state: State) -> Iterator[tuple[Record, Outcome]]:
        """Analyse records in their order, and leave out those of which nothing is to be told but that there was one.

        These are decoded, raise no alert, and are in the memory, when all is taken, as after `process`.
        """
        if isinstance(records, Rows):
            return self._one_by_one(self.row_alerts(records, state))
        if isinstance(records, ExaminedRecords) and (answers := self._answers(records.examination)):
            return self._examined_alerts(records, answers, state)
        return self._alerts(records, state)

    def _alerts(self, records: Iterable[Record], state: State) -> Iterator[tuple[Record, Outcome]]:
        silent: dict[Shortlist, int] = {}
        time = 0.0
        # All that silent records cost, which are most: hence the local names.
        look_at, find = self._look, self._memo.find
        for record in records:
            if not isinstance(record, SheetRecord) or (look := look_at(record)) is None:
                yield record, self.conclude(self.examine(record), state)
                continue
            known = find(*look, record)
            if not isinstance(known, Shortlist):
                yield record, self.conclude(self._safely(self._shown, record, *look), state)
            elif known.silent:
                if record.time != time:
                    count_silent(self.rules, silent, time, state)
                    silent, time = {}, record.time
                silent[known] = silent.get(known, 0) + 1
            else:
                yield record, self.conclude(self._safely(self._found, record, known, *look), state)
        count_silent(self.rules, silent, time, state)

    @staticmethod
    def _one_by_one(told: Iterable[RowRun | tuple[Record, Outcome]]) -> Iterator[tuple[Record, Outcome]]:
        for one in told:
            if isinstance(one, RowRun):
                yield from map(one.outcome, range(len(one.alerts)))
            else:
                yield one

    def row_alerts(self, rows: Rows, state: State) -> Iterator[RowRun | tuple[Record, Outcome]]:
        """`alerts` for rows: the rules are asked about all of them together, and alerts come in runs where they can."""
        if self._row_engine is None or not self._takes(rows.sheet) or state.ruleset is not self.rules:
            return self._alerts(rows, state)
        return self._row_engine.alerts(rows, state)

    def row_event(self, record: RowRecord) -> RowEvent:
        """The event of a row whose shortlist is known."""
        assert self._route is not None
        return RowEvent(record, self._hostname, self._route.info, self._known_event, self._add_static)

    def conclude_event(self, event: Event, shortlist: Shortlist, state: State) -> Outcome:
        """`conclude` for an event whose shortlist is known. Raises what goes wrong."""
        return self._conclude(event, shortlist, state, None)

    def failed(self, error: Exception) -> Outcome:
        """What follows from a record that could not be digested."""
        return Outcome(rejected=_why(error))

    def _examined_alerts(
        self, records: ExaminedRecords, answers: Sequence[Shortlist], state: State
    ) -> Iterator[tuple[Record, Outcome]]:
        """`alerts` for records of which another process has found the shortlists. Silent ones are never made."""
        places = records.answers()
        silent = {place for place, shortlist in enumerate(answers) if shortlist.silent}.intersection(places)
        count_silent(self.rules, {answers[place]: places.count(place) for place in silent}, records.time, state)
        is_told = places.translate(bytes(place not in silent for place in range(256)))
        for record, place in zip(records.chosen(is_told), compress(places, is_told), strict=True):
            if place < len(answers):
                yield record, self._conclude_answered(record, answers[place], state)
            else:
                yield from self._alerts((record,), state)

    def _conclude_answered(self, record: ExaminedRecord, shortlist: Shortlist, state: State) -> Outcome:
        """`conclude` for a record with an answer: its decoder is the route's, so nothing ends it before the rules."""
        draft = record.draft
        if draft is None or self._route is None:
            return self.conclude(Examined(None, shortlist, "", record), state)
        try:
            event = UnreadEvent(record, self._hostname, self._route.info, draft, self._known_event)
            return self._outcome(event, match(self.rules, event, state, shortlist=shortlist), state)
        except Exception as error:
            return Outcome(rejected=_why(error))

    def examine(self, record: Record) -> Examined:
        """All that the record alone can answer: its event, and the rules that are left for the memory to choose from.

        A pure function of the record: records may be examined in any order, elsewhere, and more than once.
        """
        return self._safely(self._examine, record)

    @staticmethod
    def _safely(examine: Callable[..., Examined], *arguments: Any) -> Examined:
        try:
            return examine(*arguments)
        except Exception as error:
            return Examined(rejected=_why(error))

    def conclude(self, examined: Examined, state: State, *, trace: Trace | None = None) -> Outcome:
        """What follows from an examined record, in the order of arrival; `state` and `trace` as above.

        The event is taken over: nothing is concluded from one twice.
        """
        try:
            record, shortlist = examined.record, examined.shortlist
            event = examined.event if record is None else self._shown_event(self._memo.opened(record))
            if event is None or isinstance(event, Rejected):
                return Outcome(rejected=examined.rejected if event is None else event.reason)
            return self._conclude(event, shortlist, state, trace)
        except Exception as error:
            return Outcome(rejected=_why(error))

    def _examine(self, record: Record) -> Examined:
        if isinstance(record, SheetRecord):
            look = self._look(record)
            if look is not None:
                return self._shown(record, *look)
            record = record.opened()
        event = self._event(record)
        if isinstance(event, Rejected):
            return Examined(rejected=event.reason)
        return Examined(event, shortlist_of(self.rules, event) if self._is_settled(event) else None)

    def _shown(self, record: SheetRecord, layout: Layout, members: Members) -> Examined:
        """What a record shows: the shortlist, if the walk of such records is remembered."""
        known = self._memo.find(layout, members, record)
        if isinstance(known, Shortlist):
            return self._found(record, known, layout, members)
        record = record.opened()
        event = self._shown_event(record)
        if isinstance(event, Rejected):
            return Examined(rejected=event.reason)
        if self._reader is not None:
            self._reader.show(event, record, layout, members)
        if known is None and not record.is_odd:
            return Examined(event, self._memo.learn(layout, members, event))
        return Examined(event, shortlist_of(self.rules, event))

    def remembered(self, record: SheetRecord) -> Shortlist | None:
        """The shortlist of a record that has the same one wherever and whenever it is examined; None for any other."""
        look = self._look(record)
        if look is None:
            return None
        known = self._memo.find(*look, record)
        if known is None:
            self._safely(self._shown, record, *look)
            known = self._memo.find(*look, record)
        return known if isinstance(known, Shortlist) else None

    def ordinary_event(self, record: SheetRecord) -> Event | None:
        """The event of a remembered record; None if it has more to tell than its fields."""
        look = self._look(record)
        event = None if look is None or self._reader is None else self._reader.event(record.opened(), *look)
        found = self._shown_event(record.opened()) if event is None else event
        if isinstance(found, Rejected) or self._route is None or found.decoder is not self._route.info:
            return None
        is_odd = found.warnings or found.forced_rule is not None or found.category_override is not None
        return None if is_odd or not found.log_is_message else found

    def _answers(self, examination: Examination) -> Sequence[Shortlist]:
        """The shortlists of an examination's table; none if it was made by another engine."""
        made_of = self.options.made_of
        if examination.made_of != made_of or not made_of or self._route is None:
            return ()
        return [self.rules.shortlists.of_ids(ids) for ids in examination.table]

    def _found(self, record: SheetRecord, shortlist: Shortlist, layout: Layout, members: Members) -> Examined:
        """A record whose shortlist is remembered: it is read as far as somebody asks."""
        assert self._reader is not None
        event = self._reader.event(self._memo.opened(record), layout, members)
        return Examined(None, shortlist, "", record) if event is None else Examined(event, shortlist)

    def _known_event(self, record: Record) -> Event:
        """The event of a record that another process has decoded."""
        assert isinstance(record, SheetRecord)
        event = self._shown_event(record)
        assert isinstance(event, Event)
        return event

    def _look(self, record: SheetRecord) -> tuple[Layout, Members] | None:
        """What a record shows without being read, where that is all that the rules ask for."""
        try:
            return record.sheet.look(record.raw) if self._takes(record.sheet) else None
        except RecursionError:  # nested almost too deeply: whoever reads it will say so
            return None

    def _takes(self, sheet: Sheet) -> bool:
        """Whether the records of a sheet show all that rules ask for."""
        known, fits = self._sheet
        if known is not sheet:
            fits = self._route is not None and self._route.takes_all(sheet)
            self._sheet = sheet, fits
        return fits

    def _origin(self, layout: Layout, key: tuple[str, str]) -> Collection[Key] | None:
        """The members that decide what a rule looks at (`ruleset.conditions.Key`)."""
        kind, name = key
        if kind == "field":
            return layout.origin(name)
        assert self._route is not None
        found: set[Key] = set()
        for static in (name,) if kind == "static" else _USERS.get(kind, ()):
            members = self._route.static_origin(layout, static)
            if members is None:
                return None
            found.update(members)
        return found if kind in _ANSWERED else None

    def _reader_of(self, layout: Layout, key: tuple[str, str], event: Event) -> Reader:
        """Reads what a rule looks at, where one member decides it (`ruleset.memo.Readers`)."""
        kind, name = key
        if kind == "field":
            return layout.reader(name)
        assert self._route is not None
        return self._route.static_reader(layout, (name,) if kind == "static" else _USERS[kind], event)

    def _shown_event(self, record: SheetRecord) -> Event | Rejected:
        """The event of a record that has a layout, and is therefore known to go the way of all."""
        assert self._route is not None
        event = Event(record, location=record.location, hostname=self._hostname)
        return event if self._route.decode(event, record) else self._event(record)

    def _event(self, record: Record) -> Event | Rejected:
        event = predecode(record, self._hostname)
        if isinstance(event, Rejected):
            return event
        if record.queue == _EVENTCHANNEL_QUEUE:
            return decode_eventchannel(event) or event
        self.decoders.decode(event)
        return event

    def _is_settled(self, event: Event) -> bool:
        """Whether the rules would see the event as it is now, and be asked by their tables."""
        decoder = event.decoder
        waits = decoder is not None and decoder.accumulate
        return not waits and event.forced_rule is None and self.rules.options.engine == "fast"

    def _conclude(self, event: Event, shortlist: Shortlist | None, state: State, trace: Trace | None) -> Outcome:
        state.accumulate(event)
        if self._is_dropped(event, state):
            return Outcome(event, dropped=True, warnings=event.warnings)
        return self._outcome(event, match(self.rules, event, state, shortlist=shortlist, trace=trace), state)

    def _outcome(self, event: Event, result: MatchResult, state: State) -> Outcome:
        warnings = event.warnings
        if result.match is not None and (result.alert or state.session):
            warnings += self.rules.rules_by_id[result.match.rule.id].mitre_warnings
        return Outcome(event, result.match, alert=result.alert, warnings=warnings)

    def _is_dropped(self, event: Event, state: State) -> bool:
        """Whether the event ends before the rules: an incomplete firewall event, a forwarded alert of no known rule."""
        category = event.category
        if category == "firewall":
            return self.options.log_fw and not state.session and not event.static.keys() >= _FIREWALL_FIELDS
        if category == OSSEC_ALERT:
            return event.forced_rule not in self.rules.rules_by_id
        return False


def _is_ordinary(route: JsonRoute | None) -> bool:
    """Whether the events of a route go straight to the rules."""
    return route is not None and not route.info.accumulate and route.info.type not in ("firewall", OSSEC_ALERT)


def _why(error: Exception) -> str:
    """Why a record could not be digested: hostile input must not end the daemon, nor be lost: the caller keeps it."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return f"internal error, please report it: {type(error).__name__}: {error}"
