"""The `time` and `weekday` criteria: what their texts mean, and whether a moment fulfils them (spec/rules.md 4.4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, tzinfo

from alertmill.errors import PatternError

_TIME = r"(\d{1,2})(?::(\d{2}))?\s*(am|pm)?"
_RANGE = re.compile(rf"\s*(!)?\s*{_TIME}\s*-\s*{_TIME}\s*", re.IGNORECASE | re.ASCII)

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAYS = {
    **{name: frozenset({number}) for number, name in enumerate(DAYS)},
    **{name[:3]: frozenset({number}) for number, name in enumerate(DAYS)},
    "weekdays": frozenset(range(5)),
    "weekends": frozenset({5, 6}),
}


@dataclass(frozen=True, slots=True)
class TimeRange:
    """A part of the day in minutes since midnight, both ends inclusive; with `outside`, all the rest of the day."""

    start: int
    end: int
    outside: bool

    def holds(self, minute: int) -> bool:
        return (self.start <= minute <= self.end) is not self.outside


def parse_time_range(text: str) -> tuple[TimeRange, bool]:
    """Read `hh:mm - hh:mm`, with `am`/`pm` and a leading `!`; also whether a `!` was lost.

    A range that passes midnight becomes the opposite of the range between its ends, so neither end is inside it, and
    a `!` before it changes nothing. Raises PatternError.
    """
    found = _RANGE.fullmatch(text)
    if found is None:
        raise PatternError("not a time range", hint='write it like "18:00 - 08:30" or "6 pm - 8:30 am"')
    negated, *parts = found.groups()
    start, end = _minute(*parts[:3]), _minute(*parts[3:])
    if start > end:
        return TimeRange(end, start, outside=True), negated is not None
    return TimeRange(start, end, outside=negated is not None), False


def _minute(hour_text: str, minute_text: str | None, half: str | None) -> int:
    hour, minute = int(hour_text), int(minute_text or 0)
    if half is not None:
        if not 1 <= hour <= 12:
            raise PatternError(
                f"{hour} is not an hour of the {half} half", hint="write hours from 1 to 12 before am or pm"
            )
        hour = hour % 12 + (12 if half.lower() == "pm" else 0)
    if hour > 23 or minute > 59:
        raise PatternError(f"{hour:02}:{minute:02} is not a time of day", hint="a day lasts from 00:00 to 23:59")
    return hour * 60 + minute


def parse_weekdays(text: str) -> frozenset[int]:
    """Read names of days, Monday being 0, separated by commas or blanks. Raises PatternError."""
    words = text.replace(",", " ").split()
    if not words:
        raise PatternError("no day is named", hint="write days like monday, tue, weekdays or weekends")
    unknown = [word for word in words if word.lower() not in _WEEKDAYS]
    if unknown:
        raise PatternError(f"'{unknown[0]}' is not a day", hint="write days like monday, tue, weekdays or weekends")
    return frozenset().union(*(_WEEKDAYS[word.lower()] for word in words))


#: Epoch seconds between which local times are made; dates outside (of hostile logs) count as the nearer end.
_FIRST_MOMENT, _LAST_MOMENT = 86_400.0, 253_402_128_000.0


def local_time(epoch: float, zone: tzinfo | None) -> datetime:
    """The local time at `epoch` seconds; None is the zone of the machine."""
    return datetime.fromtimestamp(min(max(epoch, _FIRST_MOMENT), _LAST_MOMENT), zone)


def local_hour(epoch: float, zone: tzinfo | None) -> int:
    """The number of the local clock hour at `epoch` seconds: the same for all moments of that hour of that day."""
    moment = local_time(epoch, zone)
    return moment.toordinal() * 24 + moment.hour
