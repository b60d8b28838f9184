"""All memory of the engine: what rules count, compare and have seen, and how it outlives a crash.

A `State` belongs to one `Ruleset` at a time and is handed to `match`. It notes every change as it happens:
`take_changes` gives what is new, `snapshot` everything but the facts, and `restore` makes an equal State of a snapshot,
the changes since, and the facts. Why a journal and not only snapshots: docs/decisions/0003-engine-memory-journal.md.

There is no clock here: time is that of the event (`Event.time`) or of its arrival (`Record.time`), in epoch seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from alertmill.event import Event
from alertmill.ruleset.accumulator import Accumulator
from alertmill.ruleset.compile import CompiledRule, Search
from alertmill.ruleset.counters import Counters, Timers
from alertmill.ruleset.facts import Fact, Facts, FirstSeen, FormerLogs, Ignored, remember_all
from alertmill.ruleset.history import History, HistoryList, Index, PastEvent, compared
from alertmill.ruleset.options import MIN_MEMORY_SIZE
from alertmill.ruleset.tree import SearchKind

if TYPE_CHECKING:
    from alertmill.ruleset.ruleset import Ruleset

#: Lines of `previous_output` that are collected (spec/rules.md 8.8).
MAX_LINES = 11


@dataclass(frozen=True, slots=True)
class StateChanges:
    """What changed: a piece of journal (empty if only facts are new) and new rows of facts."""

    journal: bytes
    facts: tuple[Fact, ...]


class _Values(dict[str, str | None]):
    """The fields of an event that were asked for, by name: several composites ask for the same ones."""

    __slots__ = ("_get",)

    def __init__(self, event: Event) -> None:
        self._get = event.fields.get

    def __missing__(self, name: str) -> str | None:
        value = self[name] = self._get(name)
        return value


class Walk:
    """What one event collects on its way through the tree.

    `lines` are full logs of counted events, newest first; `matched` is the level of the last composite that held;
    `values` are fields of the event, once a composite has asked for some.
    """

    __slots__ = ("lines", "matched", "previous_log", "values")

    def __init__(self) -> None:
        self.values: _Values | None = None
        self.lines: list[str] = []
        self.matched = 0
        self.previous_log: str | None = None


class _Part(Protocol):
    """A part of the memory that notes its changes as JSON values."""

    def changes(self) -> Any: ...

    def apply(self, notes: Any, /) -> None: ...


class State:
    """The memory of an engine; made by `Ruleset.new_state()` or `State.restore`.

    A `session` is a logtest session's: its `ignore` timers work differently (spec/logtest.md 5.3).
    """

    def __init__(self, ruleset: Ruleset, *, session: bool = False) -> None:
        options = ruleset.options
        self.session = session
        self._facts = Facts()
        self.counters = Counters(options.zone)
        self.timers = Timers()
        self.history = History(max(options.memory_size, MIN_MEMORY_SIZE), ruleset.longest_count)
        self.first_seen = FirstSeen(self._facts, options.fts_list_size, options.fts_min_size_for_str)
        self.former_logs = FormerLogs(self._facts)
        self.ignored = Ignored(self._facts, suppress=options.suppress_ignored)
        self._accumulator = Accumulator()
        self._parts: dict[str, _Part] = {
            "counters": self.counters,
            "timers": self.timers,
            "history": self.history,
            "recent": self.first_seen,
            "accumulator": self._accumulator,
        }
        self._bind(ruleset)

    @classmethod
    def restore(
        cls, ruleset: Ruleset, pieces: Iterable[bytes], facts: Iterable[Fact], *, session: bool = False
    ) -> State:
        """The State that wrote these, bound to `ruleset`, which need not be the one that it had.

        `pieces` are those of a snapshot, if there was one, and of the journal since.
        """
        state = cls(ruleset, session=session)
        for piece in pieces:
            for name, notes in orjson.loads(piece).items() if piece else ():
                state._parts[name].apply(notes)
        remember_all(facts, state.first_seen, state.former_logs, state.ignored)
        state.rebind(ruleset)
        return state

    def rebind(self, ruleset: Ruleset) -> None:
        """Go on with another ruleset: stored events enter the lists that now take events of their rule."""
        self.history.size = max(ruleset.options.memory_size, MIN_MEMORY_SIZE)
        self.history.age = ruleset.longest_count
        self.counters.zone = ruleset.options.zone
        self._bind(ruleset)
        self.history.relist(self.lists_of)

    def _bind(self, ruleset: Ruleset) -> None:
        self.ruleset = ruleset
        self._indexed = ruleset.options.engine == "fast"
        self._lists = [HistoryList() for _ in range(ruleset.list_count)]
        searches = ruleset.searches
        #: The list of all events, if a composite searches all.
        self._all = HistoryList() if any(search.kind is SearchKind.REGEX for search in searches) else None
        self._unlisted: Sequence[HistoryList] = () if self._all is None else (self._all,)
        self._fed: dict[int, Sequence[HistoryList]] = {
            id: (*[self._lists[number] for number in numbers], *self._unlisted) for id, numbers in ruleset.feeding
        }
        #: What each composite looks into, by its rule; nothing for the slow twin.
        self._indexes: dict[int, Index] = {}
        compared: dict[int, set[str]] = {}
        for search in searches:
            entries = self.searched(search)
            if entries is not None:
                compared.setdefault(id(entries), set()).update(search.same_fields, search.different_fields)
                if self._indexed:
                    self._indexes[search.rule_id] = entries.index_for(search)
        #: The fields that composites compare, by the rules whose events they search; of all other rules.
        self._compared: dict[int, Collection[str]] = {id: _union(compared, lists) for id, lists in self._fed.items()}
        self._compared_of_all: Collection[str] = _union(compared, self._unlisted)

    def searched(self, search: Search) -> HistoryList | None:
        """The list that a composite walks; None for one that has nothing to search."""
        if search.kind is SearchKind.REGEX:
            return self._all
        return self._lists[search.list_number] if search.list_number is not None else None

    def lists_of(self, rule_id: int) -> Sequence[HistoryList]:
        """The history lists that take events of a rule, each as often as it takes one event."""
        return self._fed.get(rule_id, self._unlisted)

    # --- saving --------------------------------------------------------------------------------------------------

    def take_changes(self) -> StateChanges | None:
        """What changed since the last call; None for nothing."""
        noted = {name: notes for name, part in self._parts.items() if (notes := part.changes()) is not None}
        facts = self._facts.take()
        if not noted and not facts:
            return None
        return StateChanges(orjson.dumps(noted) if noted else b"", facts)

    def snapshot(self) -> Iterator[bytes]:
        """All memory but the facts: what `restore` needs instead of every journal so far, in pieces of some megabytes.

        Changes that were not taken yet are in it and will not be given again; facts will. All pieces are to be taken
        before the memory changes.
        """
        for part in self._parts.values():
            part.changes()  # noted from here on is what the snapshot does not hold
        return self._pieces()

    def _pieces(self) -> Iterator[bytes]:
        yield orjson.dumps(
            {
                "counters": self.counters.everything(),
                "timers": self.timers.everything(),
                "recent": self.first_seen.everything(),
                "accumulator": self._accumulator.everything(),
            }
        )
        for notes in self.history.everything():
            yield orjson.dumps({"history": notes})

    # --- what rules ask ------------------------------------------------------------------------------------------

    def accumulate(self, event: Event) -> None:
        """Complete the event from its predecessors, if its decoder asks for it. Comes before the rules."""
        self._accumulator.complete(event)

    def remembers(self, rule: CompiledRule, event: Event, walk: Walk) -> bool:
        """Whether a rule's conditions with a memory hold, asked in their order; asking changes the memory."""
        if rule.check_diff and not self._differs(rule.id, event, walk):
            return False
        if rule.if_fts and not self.first_seen.learn(event):
            return False
        for condition in rule.lists:
            if not condition.holds(event):
                return False
        return rule.search is None or self._search(rule.search, event, walk)

    def _differs(self, rule_id: int, event: Event, walk: Walk) -> bool:
        former = self.former_logs.replace(rule_id, event)
        if former is None:
            return False
        walk.lines[:] = ["Previous output:", former]
        walk.previous_log = former
        return True

    def store(self, rule: CompiledRule, event: Event, walk: Walk) -> None:
        """Put an event into the history under its final rule."""
        now, history = int(event.time), self.history
        if event.record.event_time is not None and not history.any_order:
            history.begin_any_order()
        lists = self._fed.get(rule.id, self._unlisted)
        if lists:
            names = self._compared.get(rule.id, self._compared_of_all)
            history.keep(PastEvent.of(event, history.next, rule.id, walk.matched, names), lists)
        else:
            history.keep_time(now)
        if len(history.events) > history.size:
            history.make_room(now)

    def only_counts(self, rule: CompiledRule) -> bool:
        """Whether nothing is kept of the rule's events but their times, and nothing can silence them."""
        asks = rule.ignore or rule.ignored is not None or rule.check_if_ignored is not None
        return bool(rule.level) and not asks and not self._fed.get(rule.id, self._unlisted)

    # --- composites ----------------------------------------------------------------------------------------------

    def _search(self, search: Search, event: Event, walk: Walk) -> bool:
        """Walk back through the events that a composite counts (spec/rules.md 8.6)."""
        candidates = self._candidates(search, event, walk)
        if candidates is None:
            return False
        counts = self._counts(search)
        counts_last = search.kind is not SearchKind.REGEX
        counted, first = 0, None
        for past in candidates:
            if counts is not None and not counts(search, event, past):
                continue
            if past.matched >= search.level:
                break
            if counted == len(walk.lines) < MAX_LINES and (counts_last or counted < search.needed):
                walk.lines.append(past.full_log)
            if counted == search.needed:
                walk.matched = search.level
                if first is not None:
                    self.history.mark(first, search.level)
                return True
            counted += 1
            first = first or past
        walk.lines.clear()
        return False

    def _counts(self, search: Search) -> _Counts | None:
        """What is left to be asked of a candidate, if anything is."""
        if not self._indexed:
            return may_count
        return _may_count_with_equal_key if search.compares_more else None

    def _candidates(self, search: Search, event: Event, walk: Walk) -> Iterator[PastEvent] | None:
        """Events within the timeframe, newest first; None for a composite that has nothing to search.

        From an index come only those with an equal key, and none where there are not enough.
        """
        now = int(event.time)
        both_sides = self.history.any_order or event.record.event_time is not None
        index = self._indexes.get(search.rule_id)
        if index is not None:
            values = walk.values
            if values is None:
                values = walk.values = _Values(event)
            wanted = search.needed + 1
            near = index.newest_first(event, values.__getitem__, now, both_sides=both_sides, wanted=wanted)
        else:
            entries = self.searched(search)
            if entries is None:
                return None
            near = reversed(entries.entries)
        return _within(near, now, search.timeframe, both_sides=both_sides)


_Counts = Callable[[Search, Event, PastEvent], bool]


def _union(names: Mapping[int, set[str]], lists: Iterable[HistoryList]) -> Collection[str]:
    """The names of some lists, sorted; `names` are by the identity of a list."""
    return sorted(set[str]().union(*(names.get(id(entries), ()) for entries in lists)))


def _within(events: Iterator[PastEvent], now: int, timeframe: int, *, both_sides: bool) -> Iterator[PastEvent]:
    """The events that are at most `timeframe` seconds old.

    In order of arrival the first one that is older ends the walk. Where events that carry their own time may have come
    in any order, `both_sides`, those outside the timeframe on either side are passed over.
    """
    for past in events:
        age = now - past.time
        if age > timeframe:
            if not both_sides:
                return
        elif not both_sides or age >= -timeframe:
            yield past


def may_count(search: Search, event: Event, past: PastEvent) -> bool:
    """Whether a past event fulfils what the composite asks of it in comparison with the current one (8.7)."""
    if not search.everywhere and past.agent_id != event.agent_id:
        return False
    if search.kind is SearchKind.REGEX and not _is_wanted(search, event, past):
        return False
    for name in search.same:
        value = compared(event, name)
        if value is None or compared(past, name) != value:
            return False
    fields = past.fields if search.same_fields else {}
    for name in search.same_fields:
        value = event.fields.get(name)
        if value is None or fields.get(name) != value:
            return False
    return _differs(search, event, past)


def _may_count_with_equal_key(search: Search, event: Event, past: PastEvent) -> bool:
    """`may_count` of an event whose agent, and all that has to be the same, is."""
    return (search.kind is not SearchKind.REGEX or _is_wanted(search, event, past)) and _differs(search, event, past)


def _differs(search: Search, event: Event, past: PastEvent) -> bool:
    """Whether all that has to differ does."""
    for name in search.different:
        value = compared(event, name)
        if value is not None and compared(past, name) == value:
            return False
    return not search.different_fields or _fields_differ(search.different_fields, event, past)


def _is_wanted(search: Search, event: Event, past: PastEvent) -> bool:
    if past.category != event.category:
        return False
    return search.pattern is None or search.pattern.matches(past.log)


def _fields_differ(names: tuple[str, ...], event: Event, past: PastEvent) -> bool:
    fields = past.fields
    if not fields and not len(event.fields):
        return False
    for name in names:
        value = event.fields.get(name)
        if value is not None and fields.get(name) == value:
            return False
    return True
