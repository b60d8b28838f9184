"""The events that composites count: one list of all, and the lists of rules and groups within it (spec/rules.md 8.5).

An event that no list can ever read is kept as its time alone, because it only takes up room until the oldest are
dropped. Every change is noted in order, so that a journal of notes rebuilds the same history.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import chain, pairwise
from sys import intern
from typing import Any

from alertmill.event import Event
from alertmill.ruleset.compile import Search

#: Events that leave a full history at least.
_LEAVING = 10

#: Notes of a piece of all notes, and characters of logs in them.
_PIECE = 4096
_PIECE_CHARACTERS = 1024 * 1024


#: Events of a key that are kept in one row, without windows.
_FEW = 8

#: Stands for fields that nobody compares: a name that is not in lower case, which nobody can ask for.
_OTHER_FIELDS = ("OTHER", "")
_NOTHING: dict[str, str] = {}


class PastEvent:
    """What is kept of an event: all that a composite of its lists may compare.

    `seq` numbers the events of a history; `time` is in whole seconds; `matched` is the level of the composite that this
    event was last counted for. A history may hold a million of them: fields are kept as a row of names and values.
    """

    __slots__ = (
        "_fields",
        "agent_id",
        "category",
        "full_log",
        "lists",
        "location",
        "log",
        "matched",
        "rule_id",
        "seq",
        "static",
        "time",
    )

    def __init__(self, seq: int, rule_id: int, time: int, agent_id: str, matched: int) -> None:
        self.seq = seq
        self.rule_id = rule_id
        self.time = time
        self.agent_id = agent_id
        self.matched = matched
        self.category = self.location = self.full_log = self.log = ""
        self.static: Mapping[str, str] = {}
        self._fields: tuple[str, ...] = ()
        self.lists: Sequence[HistoryList] = ()

    @classmethod
    def of(cls, event: Event, seq: int, rule_id: int, matched: int, names: Collection[str]) -> PastEvent:
        """The part of an event that is kept; of its fields those called `names`, in lower case."""
        past = cls(seq, rule_id, int(event.time), event.agent_id, matched)
        past.category = event.category
        past.location = event.location
        past.full_log = event.full_log
        past.log = event.log
        past.static = event.static or _NOTHING
        get = event.fields.get
        fields = [text for name in names if (value := get(name)) is not None for text in (name, value)]
        # Whether there are fields at all is compared as well, where fields are.
        past._fields = tuple(fields) or (_OTHER_FIELDS if names and len(event.fields) else ())
        return past

    def as_note(self) -> list[Any]:
        """The event as JSON values; a log that ends the full log is kept as the place where it begins."""
        start = len(self.full_log) - len(self.log)
        log: int | str = start if self.full_log.endswith(self.log) else self.log
        texts = (self.agent_id, self.category, self.location, self.full_log, log)
        return ["event", self.rule_id, self.time, self.matched, *texts, self.static, self.fields]

    @classmethod
    def from_note(cls, seq: int, note: Sequence[Any]) -> PastEvent:
        """The event of `as_note`."""
        _, rule_id, time, matched, agent_id, category, location, full_log, log, static, fields = note
        past = cls(seq, rule_id, time, intern(agent_id), matched)
        past.category, past.location, past.full_log = intern(category), intern(location), full_log
        past.log = full_log[log:] if isinstance(log, int) else log
        past.static = static or _NOTHING
        past._fields = tuple([text for name, value in fields.items() for text in (intern(name), value)])
        return past

    @property
    def fields(self) -> dict[str, str]:
        """Fields by name in lower case, the first of a name; made anew each time."""
        row = iter(self._fields)
        return dict(zip(row, row, strict=True))


def compared(subject: Event | PastEvent, name: str) -> str | None:
    """The value that `same_X` and `different_X` compare under the name X."""
    return subject.location if name == "location" else subject.static.get(name)


class Index:
    """The events of a list by what a composite wants to be the same, and by time.

    Looking only at events with an equal key finds what a walk over all of them would: those that it passes over have
    no effect. Within a key, many events lie in windows as wide as the timeframe, so that a walk touches at most three.
    """

    __slots__ = ("_buckets", "_everywhere", "_same", "_same_fields", "_width")

    def __init__(self, everywhere: bool, same: tuple[str, ...], same_fields: tuple[str, ...], timeframe: int) -> None:
        self._everywhere = everywhere
        self._same = same
        self._same_fields = same_fields
        self._width = max(timeframe, 1)
        #: The events of a key: the event itself where there is but one, for most keys have no other; a few; or many.
        self._buckets: dict[_Key, PastEvent | list[PastEvent] | _Windows] = {}

    def key(self, subject: Event | PastEvent, field: Callable[[str], str | None]) -> _Key | None:
        """What must be equal, or None when something that must be is missing; `field` gives a field of the subject."""
        parts = tuple(map(field, self._same_fields))
        if self._same:
            parts += tuple([compared(subject, name) for name in self._same])
        if None in parts:
            return None
        return parts if self._everywhere else (subject.agent_id, *parts)

    def add(self, past: PastEvent, field: Callable[[str], str | None]) -> None:
        """Take in an event; `field` gives a field of it."""
        key = self.key(past, field)
        if key is None:
            return
        found = self._buckets.get(key)
        if found is None:
            self._buckets[key] = past
        elif isinstance(found, PastEvent):
            self._buckets[key] = [found, past]
        elif isinstance(found, dict):
            self._add_to(found, past)
        else:
            found.append(past)
            if len(found) > _FEW:
                windows = self._buckets[key] = {}
                for one in found:
                    self._add_to(windows, one)

    def _add_to(self, windows: _Windows, past: PastEvent) -> None:
        window = past.time // self._width
        if window not in windows:
            windows[window] = deque()
        windows[window].append(past)

    def drop(self, past: PastEvent, field: Callable[[str], str | None]) -> None:
        """Forget an event, which is the oldest of its list; `field` gives a field of it."""
        key = self.key(past, field)
        if key is None:
            return
        found = self._buckets[key]
        if isinstance(found, dict):
            number = past.time // self._width
            window = found[number]
            window.popleft()
            if not window:
                del found[number]
        elif isinstance(found, list):
            del found[0]
        if isinstance(found, PastEvent) or not found:
            del self._buckets[key]

    def newest_first(
        self, event: Event, field: Callable[[str], str | None], now: int, *, both_sides: bool, wanted: int
    ) -> Iterator[PastEvent]:
        """The events that may lie within the timeframe of `event`, in order of arrival, the last one first.

        None at all where there are fewer than `wanted`; `field` gives a field of the event.
        """
        key = self.key(event, field)
        found = self._buckets.get(key) if key is not None else None
        if isinstance(found, dict):
            return self._near(found, now, both_sides=both_sides)
        if isinstance(found, list) and len(found) >= wanted:
            return reversed(found)
        return iter((found,)) if isinstance(found, PastEvent) and wanted <= 1 else iter(())

    def _near(self, windows: _Windows, now: int, *, both_sides: bool) -> Iterator[PastEvent]:
        window = now // self._width
        if both_sides:
            near = [windows[w] for w in (window + 1, window, window - 1) if w in windows]
        else:
            near = list(_not_older(windows, window - 1))
        if len(near) == 1:
            return reversed(near[0])
        if all(older[-1].seq < newer[0].seq for newer, older in pairwise(near)):
            return chain.from_iterable(map(reversed, near))
        return merge(*map(reversed, near), key=_arrival, reverse=True)


#: Values of an event that have to be the same.
_Key = tuple[str | None, ...]
#: Events in order of arrival, by the number of their window.
_Windows = dict[int, deque[PastEvent]]


def _not_older(windows: dict[int, deque[PastEvent]], oldest: int) -> Iterator[deque[PastEvent]]:
    for window in reversed(windows):
        if window < oldest:
            return
        yield windows[window]


def _arrival(past: PastEvent) -> int:
    return past.seq


class HistoryList:
    """The events of one rule or group, oldest first, with an index for each kind of composite that reads them."""

    __slots__ = ("entries", "indexes")

    def __init__(self) -> None:
        self.entries: deque[PastEvent] = deque()
        self.indexes: dict[tuple[Any, ...], Index] = {}

    def index_for(self, search: Search) -> Index:
        """The index that serves a composite; made before the first event comes."""
        wanted = (search.everywhere, search.same, search.same_fields, search.timeframe)
        if wanted not in self.indexes:
            self.indexes[wanted] = Index(*wanted)
        return self.indexes[wanted]

    def add(self, past: PastEvent) -> None:
        self.entries.append(past)
        field = past.fields.get
        for index in self.indexes.values():
            index.add(past, field)

    def drop(self, past: PastEvent) -> None:
        """Forget an event, which is the oldest of the list."""
        self.entries.popleft()
        field = past.fields.get
        for index in self.indexes.values():
            index.drop(past, field)


#: A stored event, or the time of one that nobody can ask for.
Kept = PastEvent | int


class History:
    """All stored events, oldest first, and what changed since `changes` was last called.

    Args:
        size: events that are kept.
        age: seconds after which events leave together with the oldest ones of a full history (spec/rules.md 8.5).
    """

    def __init__(self, size: int, age: int) -> None:
        self.size = size
        self.age = age
        self.events: deque[Kept] = deque()
        #: The number of the next event.
        self.next = 0
        #: Whether events with their own time are here, so that times are in no order.
        self.any_order = False
        self._notes: list[Any] = []

    def __len__(self) -> int:
        return len(self.events)

    def keep_time(self, now: int) -> None:
        """Store an event that no list can read."""
        self.events.append(now)
        self.next += 1
        notes = self._notes
        if notes and notes[-1][0] == "times" and notes[-1][1] == now:
            notes[-1][2] += 1
        else:
            notes.append(["times", now, 1])

    def keep_times(self, now: int, events: int) -> None:
        """Store so many events that no list can read, and make room for each."""
        left = events
        while left > 0:
            some = min(left, max(self.size - len(self.events), 0) + 1)
            self.keep_time(now)
            self.events.extend([now] * (some - 1))
            self.next += some - 1
            self._notes[-1][2] += some - 1
            self.make_room(now)
            left -= some

    def keep(self, past: PastEvent, lists: Sequence[HistoryList]) -> None:
        """Store an event, and put it into these lists, as often as they are named."""
        self._append(past, lists)
        # Spelled when the notes are taken; a mark that is set until then is noted as well, which does no harm.
        self._notes.append(("event", past))

    def _append(self, past: PastEvent, lists: Sequence[HistoryList]) -> None:
        past.lists = lists
        self.events.append(past)
        self.next += 1
        for entries in lists:
            entries.add(past)

    def begin_any_order(self) -> None:
        """From here on, times may come in any order."""
        self.any_order = True
        self._notes.append(["any order"])

    def make_room(self, now: int) -> None:
        """Drop the oldest events if there are too many, and with them those that are old in seconds.

        Where times are in no order an age says nothing about its event's use: then the number alone decides.
        """
        if len(self.events) > self.size:
            events, gone = self.events, 0
            while events and (gone < _LEAVING or (not self.any_order and now - _time_of(events[0]) > self.age)):
                self._drop_oldest()
                gone += 1
            self._notes.append(["gone", gone])

    def _drop_oldest(self) -> None:
        oldest = self.events.popleft()
        if not isinstance(oldest, int):
            for entries in oldest.lists:
                entries.drop(oldest)

    def mark(self, past: PastEvent, level: int) -> None:
        """Note that a composite of this level counted up to the event."""
        past.matched = level
        self._notes.append(["mark", past.seq, level])

    def relist(self, lists_of: Callable[[int], Sequence[HistoryList]]) -> None:
        """Put every event into the lists that now take events of its rule."""
        for past in self.events:
            if not isinstance(past, int):
                past.lists = lists_of(past.rule_id)
                for entries in past.lists:
                    entries.add(past)

    # --- notes ---------------------------------------------------------------------------------------------------

    def changes(self) -> list[Any] | None:
        """What happened since the last call, as JSON values in order; None for nothing."""
        if not self._notes:
            return None
        notes, self._notes = self._notes, []
        return [note[1].as_note() if note[0] == "event" else note for note in notes]

    def everything(self) -> Iterator[list[Any]]:
        """Notes that make the same history from an empty one, in pieces of some size."""
        notes: list[Any] = [["first", self.next - len(self.events)]]
        if self.any_order:
            notes.append(["any order"])
        characters = 0
        for kept in self.events:
            if not isinstance(kept, int):
                notes.append(kept.as_note())
                characters += len(kept.full_log)
            elif notes and notes[-1][0] == "times" and notes[-1][1] == kept:
                notes[-1][2] += 1
            else:
                notes.append(["times", kept, 1])
            if len(notes) >= _PIECE or characters >= _PIECE_CHARACTERS:
                yield notes
                notes, characters = [], 0
        yield notes

    def apply(self, notes: Iterable[Any]) -> None:
        """Do what the notes say. Events are in no list until `relist`."""
        for note in notes:
            kind = note[0]
            if kind == "times":
                self.events.extend([note[1]] * note[2])
                self.next += note[2]
            elif kind == "event":
                self._append(PastEvent.from_note(self.next, note), ())
            elif kind == "gone":
                for _ in range(note[1]):
                    self._drop_oldest()
            elif kind == "mark":
                self._mark_number(note[1], note[2])
            elif kind == "first":
                self.next = note[1]
            elif kind == "any order":
                self.any_order = True

    def _mark_number(self, seq: int, level: int) -> None:
        place = seq - (self.next - len(self.events))
        past = self.events[place] if 0 <= place < len(self.events) else 0
        if not isinstance(past, int):
            past.matched = level


def _time_of(kept: Kept) -> int:
    return kept if isinstance(kept, int) else kept.time
