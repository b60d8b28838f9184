"""One run through one log group of one region: its streams, in the order of their names, each to its end.

Streams are read ahead in a few places at once; batches come in the order of stream and time. Each batch is one page:
its records, and the position behind it. What an earlier `only_logs_after` asks for is read when all that is new was.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from alertmill import codes
from alertmill.sources.aws.faults import StoreError
from alertmill.sources.aws.services.calls import StreamGoneError
from alertmill.sources.aws.services.cloudwatchlogs import (
    EventsPage,
    LogEvent,
    LogStream,
    StreamPosition,
    key_of,
)
from alertmill.sources.aws.services.log_messages import Messages
from alertmill.sources.aws.services.regional import Seen
from alertmill.sources.aws.services.streams import Question, StreamCalls, event_pages, listed_streams
from alertmill.sources.aws.workers import Ahead, Workers
from alertmill.sources.base import Batch, Position, Stop

#: Streams that are read at once, and pages that each of them may be ahead.
STREAMS_AHEAD = 8
_PAGES_AHEAD = 2
_LISTED_AHEAD = 2

#: Streams in a row that cannot be read after which the rest of the group is left to the next run.
_FAILURES_IN_A_ROW = 3

#: A stream that has had nothing for so long is asked again after so long, in milliseconds.
_ASLEEP_AFTER = 86_400_000
_ASLEEP_FOR = 3_600_000


@dataclass(slots=True)
class Looked:
    """When a stream was last asked and what its listing said then, in milliseconds."""

    at: int
    ingested: int


@dataclass(slots=True)
class GroupSettings:
    """What all runs through a group have in common.

    `first` is where a stream begins that was never read, `wanted` where `only_logs_after` wants every one to begin
    (None: nowhere), in milliseconds. `remove` takes a stream that is read and committed, None where streams stay.
    `looked` is what the daemon remembers of sleeping streams, None to ask every stream.
    """

    scope: str
    group: str
    first: int
    wanted: int | None
    messages: Messages
    remove: Callable[[StreamCalls, Question], None] | None = None
    looked: dict[str, Looked] | None = field(default_factory=dict)


class GroupRun:
    """One run. `positions` are those of the scope, by key; they are kept up to date."""

    def __init__(
        self,
        settings: GroupSettings,
        calls: StreamCalls,
        positions: dict[str, str],
        seen: Seen,
        *,
        listers: Workers,
        readers: Workers,
        clock: Callable[[], float],
        stop: Stop,
        log: Callable[[str, str], None],
    ) -> None:
        self._settings = settings
        self._calls = calls
        self._positions = positions
        self._seen = seen
        self._listers = listers
        self._readers = readers
        self._clock = clock
        self._stop = stop
        self._log = log
        self._ahead: deque[tuple[LogStream, StreamPosition, Ahead[EventsPage]]] = deque()
        self._behind: list[tuple[LogStream, StreamPosition]] = []
        self._listed: set[str] = set()
        self._failures = 0

    def batches(self) -> Iterator[Batch]:
        """Everything that is new. Raises StoreError for what spoils the group; ends early when told to stop."""
        try:
            for stream, position, pages in self._streams():
                yield from self._read(stream, position, pages)
                if self._stop.is_set():
                    return
            for stream, position, pages in self._parts_before():
                yield from self._read_before(stream, position, pages)
                if self._stop.is_set():
                    return
        finally:
            for _, _, pages in self._ahead:
                pages.cancel()
        if not self._stop.is_set() and (marks := self._vanished()):
            yield Batch(marks=marks)

    # --- which streams -----------------------------------------------------------------------------------------------

    def _streams(self) -> Iterator[tuple[LogStream, StreamPosition, Ahead[EventsPage]]]:
        """The streams that are to be read, some of them being read already."""
        group = self._settings.group
        listing = Ahead(self._listers, partial(listed_streams, self._calls, group), _LISTED_AHEAD, self._stop.is_set)
        try:
            for page in listing:
                for stream in page:
                    self._seen.listed += 1
                    self._listed.add(key_of(group, stream.name))
                    position = self._position(stream)
                    if self._sleeps(stream):
                        self._seen.done += 1
                        continue
                    yield from self._put_ahead(stream, position, self._question(stream, position))
        finally:
            listing.cancel()
        yield from self._take_ahead(0)

    def _parts_before(self) -> Iterator[tuple[LogStream, StreamPosition, Ahead[EventsPage]]]:
        for stream, position in self._behind:
            assert position.before is not None
            since, token = position.before.question()
            before = position.before
            question = Question(self._settings.group, stream.name, since, token, resume=before.end, upto=before.upto)
            yield from self._put_ahead(stream, position, question)
        yield from self._take_ahead(0)

    def _put_ahead(
        self, stream: LogStream, position: StreamPosition, question: Question
    ) -> Iterator[tuple[LogStream, StreamPosition, Ahead[EventsPage]]]:
        pages = Ahead(self._readers, partial(event_pages, self._calls, question), _PAGES_AHEAD, self._stop.is_set)
        self._ahead.append((stream, position, pages))
        yield from self._take_ahead(STREAMS_AHEAD - 1)

    def _take_ahead(self, left: int) -> Iterator[tuple[LogStream, StreamPosition, Ahead[EventsPage]]]:
        while len(self._ahead) > left:
            yield self._ahead[0]  # stays in the list while it is read, so that the end of the run cancels it
            self._ahead.popleft()

    def _position(self, stream: LogStream) -> StreamPosition:
        """How far the stream was read; from its beginning if it is not the one that was read under this name."""
        text = self._positions.get(key_of(self._settings.group, stream.name), "")
        position = StreamPosition.from_text(text) if text else None
        if text and position is None:
            place = f"log stream {key_of(self._settings.group, stream.name)}"
            self._log("WARNING", f"{place}: how far it was read cannot be told: {text[:80]}  [{codes.A_POSITION.id}]")
        if (
            position is not None
            and None not in (stream.created, position.created)
            and (stream.created != position.created)
        ):
            position = None
        if position is None:
            position = StreamPosition.fresh(self._settings.first)
        position.created = stream.created
        self._seen.newest = max(self._seen.newest, position.end or 0)
        return position

    def _question(self, stream: LogStream, position: StreamPosition) -> Question:
        late = position.late_window(self._now(), stream.ingested)
        since, token = position.question()
        return Question(self._settings.group, stream.name, since, token, resume=position.end, late=late)

    def _sleeps(self, stream: LogStream) -> bool:
        """Whether the stream has been silent for long and was asked lately."""
        looked = self._settings.looked.get(stream.name) if self._settings.looked is not None else None
        if looked is None or looked.ingested != stream.ingested:
            return False
        now = self._now()
        return now - looked.ingested > _ASLEEP_AFTER and now - looked.at < _ASLEEP_FOR

    def _vanished(self) -> tuple[Position, ...]:
        """The marks that forget streams that are gone."""
        beginning = key_of(self._settings.group, "")
        if looked := self._settings.looked:
            for name in [name for name in looked if beginning + name not in self._listed]:
                del looked[name]
        gone = [key for key in self._positions if key.startswith(beginning) and key not in self._listed]
        return tuple(self._mark(key, "") for key in gone)

    # --- one stream --------------------------------------------------------------------------------------------------

    def _read(self, stream: LogStream, position: StreamPosition, pages: Ahead[EventsPage]) -> Iterator[Batch]:
        try:
            yield from self._new_events(stream, position, pages)
        except StreamGoneError:
            yield from self._forget(stream)
            return
        except StoreError as fault:
            self._failed(fault)
            return
        if self._stop.is_set():
            return
        self._failures = 0
        if not position.settled and position.is_quiet(self._now(), stream.ingested):
            position.settle()
            yield from self._batch(stream, position, [])
        if stream.ingested is not None and self._settings.looked is not None:
            self._settings.looked[stream.name] = Looked(self._now(), stream.ingested)
        if self._settings.wanted is not None:
            position.want_from(self._settings.wanted)
        if position.before is not None:
            self._behind.append((stream, position))
        else:
            yield from self._done(stream, position)

    def _new_events(self, stream: LogStream, position: StreamPosition, pages: Ahead[EventsPage]) -> Iterator[Batch]:
        known, read_before = position.known(), None
        for page in pages:
            if page.look_back:
                assert known is not None  # who knows nothing does not look back
                fresh = position.take_late(page, known)
            else:
                if read_before is None:
                    read_before = position.begin()
                if page.restarted:
                    read_before = position.read_before()
                fresh = position.take(page, read_before)
            yield from self._batch(stream, position, fresh)

    def _read_before(self, stream: LogStream, position: StreamPosition, pages: Ahead[EventsPage]) -> Iterator[Batch]:
        try:
            assert position.before is not None
            read_before = position.before.begin()
            for page in pages:
                if page.restarted and position.before is not None:
                    read_before = position.before.read_before()
                yield from self._batch(stream, position, position.take_before(page, read_before))
        except StreamGoneError:
            yield from self._forget(stream)
        except StoreError as fault:
            self._failed(fault)
        else:
            if not self._stop.is_set():
                yield from self._done(stream, position)

    def _batch(self, stream: LogStream, position: StreamPosition, fresh: list[LogEvent]) -> Iterator[Batch]:
        records = self._settings.messages.records(stream.name, fresh, self._clock())
        self._seen.newest = max(self._seen.newest, position.end or 0)
        key, text = key_of(self._settings.group, stream.name), position.as_text()
        if records or text != self._positions.get(key):
            yield Batch(records, (self._mark(key, text),))

    def _done(self, stream: LogStream, position: StreamPosition) -> Iterator[Batch]:
        if position.unfinished or position.before is not None:
            return
        self._seen.done += 1
        if self._settings.remove is not None and position.end is not None:
            since, token = position.question()
            question = Question(self._settings.group, stream.name, since, token, resume=position.end)
            yield Batch(ack=partial(self._settings.remove, self._calls, question))

    def _forget(self, stream: LogStream) -> Iterator[Batch]:
        self._seen.done += 1
        key = key_of(self._settings.group, stream.name)
        if key in self._positions:
            yield Batch(marks=(self._mark(key, ""),))

    def _failed(self, fault: StoreError) -> None:
        """One stream may fail; what is about the caller, or happens again and again, ends the group."""
        self._failures += 1
        self._seen.fault = fault
        if fault.code is not codes.A_FAILED_CALL or self._failures >= _FAILURES_IN_A_ROW:
            raise fault

    def _mark(self, key: str, text: str) -> Position:
        if text:
            self._positions[key] = text
        else:
            self._positions.pop(key, None)
        return Position(self._settings.scope, key, text)

    def _now(self) -> int:
        return int(self._clock() * 1000)
