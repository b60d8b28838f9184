"""How far a log stream was read, and what to ask next; pure (aws-wodle.md 11.3).

How far a stream was read is a `Position` mark, committed together with the records that it speaks of: scope
`aws-service|cloudwatchlogs|<account>|<region>`, key `<group>:<stream>`, value one JSON object. What Wazuh's database
remembers is enough of it, under the scope with an empty account: {"token": next_token, "start": start_time, "end":
end_time} (milliseconds). Everything up to "end" then counts as read.

A stream is read on from a token. CloudWatch orders a stream by the times of its events, so one that comes in with an
older time than the newest read lies behind the token: each run therefore looks back over the last part of the stream
as well, and takes what it does not know (`Recent`). The same knowledge serves when a token is refused, as it is after a
day, and reading goes on from a time.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from alertmill.sources.aws.services.recent import Known, Recent, digest

#: How far back a run looks for late events, in milliseconds: in a busy stream, and at most.
LOOK_BACK = 30 * 60_000
_FARTHEST_LOOK_BACK = 48 * 3_600_000
#: A stream is busy where so many pieces of so many events lie within the farthest look back.
_PIECES = 10
_PIECE = 1000
#: Nothing comes late into a stream that got nothing for so long, in milliseconds.
_QUIET = 3_600_000
#: An event is visible at most so long after others that were taken in later, in milliseconds.
_VISIBLE_AFTER = 5 * 60_000


@dataclass(frozen=True, slots=True)
class LogStream:
    """A stream as it is listed. Times are in milliseconds, None where the listing says nothing."""

    name: str
    created: int | None = None
    #: When it got its latest event, as far as the listing knows, which can be an hour behind.
    ingested: int | None = None


@dataclass(frozen=True, slots=True)
class LogEvent:
    """An event: its own time, when CloudWatch took it in (milliseconds), and its message."""

    time: int
    ingested: int
    message: str

    def digest(self) -> bytes:
        return digest(self.time, self.ingested, self.message)


@dataclass(frozen=True, slots=True)
class EventsPage:
    """One answer. `since` is the start of the question that began its chain of tokens; `last` ends the chain.

    `restarted` says that the chain begins here, because a token was refused; `look_back` that the page belongs to a
    look back over what was read before.
    """

    events: list[LogEvent]
    token: str
    since: int
    last: bool
    restarted: bool = False
    look_back: bool = False


@dataclass(slots=True)
class StreamPosition:
    """How far a stream was read. Times are in milliseconds.

    Everything from `start` up to the newest event read, of time `end`, was read; with `upto` nothing from there on is
    to be. `token` continues the questions that began with `since`. `recent` is None for a position taken over from
    Wazuh: then everything up to `end` counts as read.
    """

    start: int
    since: int
    token: str = ""
    upto: int | None = None
    end: int | None = None
    #: When CloudWatch took in the newest of the events read.
    ingested: int = 0
    created: int | None = None
    #: Whether all behind the token is new, because the end of the stream was not reached yet.
    unfinished: bool = False
    recent: Recent | None = field(default_factory=Recent)
    #: Whether there was a look back since the stream became quiet.
    settled: bool = False
    #: Times of the stream, `_PIECE` events apart, and how many events were read since the last of them.
    pieces: list[int] = field(default_factory=list)
    counted: int = 0
    #: Up to when what comes is compared with what was read; not stored, because it is found out again.
    compared: int = -1
    #: The part before `start` that an earlier `only_logs_after` asks for, while it is read.
    before: StreamPosition | None = None

    @classmethod
    def fresh(cls, start: int, *, created: int | None = None, upto: int | None = None) -> StreamPosition:
        """The position before the first question."""
        return cls(start, start, created=created, upto=upto)

    # --- as text -----------------------------------------------------------------------------------------------------

    @classmethod
    def from_text(cls, text: str) -> StreamPosition | None:
        """The position that `text` tells, None when it tells none."""
        try:
            return cls._from_json(json.loads(text))
        except (ValueError, TypeError, KeyError, AttributeError):
            return None

    @classmethod
    def _from_json(cls, value: dict[str, Any]) -> StreamPosition:
        start = int(value["start"])
        return cls(
            start,
            int(value.get("since", start)),
            token=str(value.get("token") or ""),
            upto=_number(value.get("upto")),
            end=_number(value.get("end")),
            ingested=int(value.get("ingested", 0)),
            created=_number(value.get("created")),
            unfinished=bool(value.get("unfinished", False)),
            settled=bool(value.get("settled", False)),
            recent=Recent.from_text(value["floor"], value.get("recent", "")) if "floor" in value else None,
            pieces=[int(time) for time in value.get("pieces", [])],
            counted=int(value.get("counted", 0)),
            before=cls._from_json(value["before"]) if "before" in value else None,
        )

    def as_text(self) -> str:
        """The position as the text that is stored."""
        return json.dumps(self._as_json(), separators=(",", ":"))

    def _as_json(self) -> dict[str, Any]:
        told = {
            "token": self.token,
            "since": self.since,
            "upto": self.upto,
            "end": self.end,
            "ingested": self.ingested,
            "created": self.created,
            "unfinished": self.unfinished,
            "settled": self.settled,
            "pieces": self.pieces,
            "counted": self.counted,
            "before": self.before and self.before._as_json(),
        }
        value = {"start": self.start} | {name: one for name, one in told.items() if one or (name == "end" and one == 0)}
        if self.recent is not None:
            value["floor"] = self.recent.floor
            if len(self.recent):
                value["recent"] = self.recent.as_text()
        return value

    # --- looking back ------------------------------------------------------------------------------------------------

    def late_window(self, now: int, listed: int | None) -> tuple[int, int] | None:
        """From when to when (both included) to look for late events; None where there can be none.

        `listed` is when the stream got its latest event, as far as the listing knows.
        """
        if self.end is None or self.recent is None or (self.settled and self.is_quiet(now, listed)):
            return None
        newest = min(self.end, self.ingested)  # a writer's clock may run ahead
        busy = self.pieces[0] if len(self.pieces) == _PIECES else 0
        first = max(min(newest - LOOK_BACK, busy), newest - _FARTHEST_LOOK_BACK, self.start)
        return (first, self._last_behind) if first <= self._last_behind else None

    @property
    def _last_behind(self) -> int:
        """The last time of which nothing more is found with the token."""
        return (self.end or 0) - self.unfinished

    def is_quiet(self, now: int, listed: int | None) -> bool:
        """Whether the stream has been silent for long."""
        return listed is not None and listed <= self.ingested and now - self.ingested > _QUIET

    def settle(self) -> None:
        """A quiet stream was looked back over for the last time: what is known of older events can go."""
        self.settled = True
        if self.recent is not None:
            self.recent.raise_floor(self.ingested - 1)

    def take_late(self, page: EventsPage, known: Known) -> list[LogEvent]:
        """The events of a look back that were not read before; they count as read from here on."""
        fresh = [event for event in page.events if self._is_late(event, known)]
        for event in fresh:
            self._remember(event)
        return fresh

    def _is_late(self, event: LogEvent, known: Known) -> bool:
        in_window = self.start <= event.time <= self._last_behind
        return in_window and not known.has(event.ingested, event.digest())

    # --- reading on --------------------------------------------------------------------------------------------------

    def question(self) -> tuple[int, str]:
        """The time from which, and the token with which to go on."""
        return (self.since, self.token) if self.token or self.end is None else (self.end, "")

    def known(self) -> Known | None:
        """What was read up to now; None when everything up to `end` was."""
        return None if self.recent is None else self.recent.known()

    def begin(self) -> Callable[[LogEvent], bool]:
        """Reading on begins: the test for events that were read already. To be called after looking back."""
        if self.unfinished or self.end is None:
            return _nothing_read
        if self.recent is not None:
            self.recent.raise_floor(self.ingested - _VISIBLE_AFTER)
        return self.read_before()

    def read_before(self) -> Callable[[LogEvent], bool]:
        """The test for events that were read up to now, for whoever reads from a time on."""
        if self.end is None:
            return _nothing_read
        end, known = self.end, self.known()
        self.compared = end
        return lambda event: event.time <= end and (known is None or known.has(event.ingested, event.digest()))

    def take(self, page: EventsPage, read_before: Callable[[LogEvent], bool]) -> list[LogEvent]:
        """The events of a page that were not read before; the position then stands behind the page."""
        fresh = [event for event in page.events if self._is_wanted(event) and not read_before(event)]
        for event in fresh:
            self._remember(event)
            self._count(event.time)
        if fresh:
            self.end = max(self.end or 0, max(event.time for event in fresh))
        if self.recent is not None:
            self.recent.trim()
        self.token, self.since = page.token, page.since
        self.unfinished = not page.last and all(event.time > self.compared for event in page.events[-1:])
        return fresh

    def _is_wanted(self, event: LogEvent) -> bool:
        return self.upto is None or event.time < self.upto

    def _remember(self, event: LogEvent) -> None:
        if self.recent is None:  # taken over from Wazuh, which had read everything taken in before this event
            self.recent = Recent(event.ingested - 1)
        self.recent.add(event.ingested, event.digest())
        self.ingested = max(self.ingested, event.ingested)
        self.settled = False

    def _count(self, time: int) -> None:
        self.counted += 1
        if self.counted >= _PIECE:
            self.pieces = [*self.pieces[1 - _PIECES :], time]
            self.counted = 0

    # --- reading what lies before ------------------------------------------------------------------------------------

    def want_from(self, start: int) -> None:
        """Everything from `start` on is wanted: plan for the part that lies before what was read, if any does."""
        if self.before is None and start < self.start:
            self.before = StreamPosition.fresh(start, upto=self.start)

    def take_before(self, page: EventsPage, read_before: Callable[[LogEvent], bool]) -> list[LogEvent]:
        """Like `take`, for a page of the part before `start`."""
        assert self.before is not None
        fresh = self.before.take(page, read_before)
        for event in fresh:  # a look back may come upon them
            if self.recent is not None:
                self.recent.add(event.ingested, event.digest())
        if page.last:
            self.start, self.before = self.before.start, None
        return fresh


def _number(value: Any) -> int | None:
    return None if value is None else int(value)


def _nothing_read(_: LogEvent) -> bool:
    return False


def key_of(group: str, stream: str) -> str:
    """The key of a position. Neither name can hold a colon."""
    return f"{group}:{stream}"


def milliseconds(day: date) -> int:
    """The beginning of a day in UTC."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000


def moment(time: int) -> str:
    """A time as people and sorting read it; empty where no calendar has it."""
    try:
        return datetime.fromtimestamp(time / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (OverflowError, OSError, ValueError):
        return ""
