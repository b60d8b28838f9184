"""Points in time as alerts print them: `2026-11-21T17:15:20.096+0000` and `2026 Nov 21 17:15:20`.

Asks no clock: every time is handed in. Months are English whatever the locale (spec/alerts.md 7).
"""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import NamedTuple

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: Minutes that are remembered.
_MOST_MINUTES = 256


class _Span(NamedTuple):
    """A minute, or a second of one in which the clock is set: what stands around a second in both texts.

    `second` is that of the clock; None where the second does not count from the minute's first one.
    """

    before: str
    behind: str
    log_before: str
    second: int | None = None


class TimeText:
    """Spells epoch seconds in one time zone (None: the local one).

    Records of a batch arrive at the same time, and what they tell of happened within few minutes: the last text is
    kept, and what the texts of a minute have in common.
    """

    def __init__(self, zone: tzinfo | None) -> None:
        self._zone = zone
        self._time: float | None = None
        self._timestamp = ""
        self._logged: float | None = None
        self._log_date = ""
        self._minutes: dict[int, _Span | None] = {}

    def timestamp(self, time: float) -> str:
        """`YYYY-MM-DDTHH:MM:SS.mmm+ZZZZ`. Raises ValueError, OverflowError or OSError beyond the calendar."""
        if time == self._time:
            return self._timestamp
        second = int(time // 1)
        before, behind, _, at = self._span(second)
        # A float near 2e9 is exact to 0.24 us only: without the correction .096 would often print as .095.
        milliseconds = min(int((time - second) * 1000 + 0.001), 999)
        self._timestamp = f"{before}:{second % 60 if at is None else at:02d}.{milliseconds:03d}{behind}"
        self._time = time
        return self._timestamp

    def log_date(self, time: float) -> str:
        """`YYYY Mon DD HH:MM:SS`, as in alerts.log, archives.log and firewall.log."""
        if time == self._logged:
            return self._log_date
        second = int(time // 1)
        _, _, before, at = self._span(second)
        self._log_date = f"{before}:{second % 60 if at is None else at:02d}"
        self._logged = time
        return self._log_date

    def _span(self, second: int) -> _Span:
        minute = second // 60
        if minute not in self._minutes:
            if len(self._minutes) >= _MOST_MINUTES:
                self._minutes.clear()
            self._minutes[minute] = self._whole_minute(minute * 60)
        return self._minutes[minute] or self._one_second(second)

    def _whole_minute(self, first: int) -> _Span | None:
        """A minute of the clock; None where no minute begins then, or the clock is set before it ends."""
        begin, end = self._moment(first), self._moment(first + 59)
        return _span(begin) if (begin.second, end.second, end.utcoffset()) == (0, 59, begin.utcoffset()) else None

    def _one_second(self, second: int) -> _Span:
        moment = self._moment(second)
        return _span(moment)._replace(second=moment.second)

    def _moment(self, second: int) -> datetime:
        if self._zone is None:
            return datetime.fromtimestamp(second).astimezone()
        return datetime.fromtimestamp(second, self._zone)


def _span(moment: datetime) -> _Span:
    date, clock = moment.strftime("%d"), moment.strftime("%H:%M")
    return _Span(
        f"{moment.year:04d}-{moment.month:02d}-{date}T{clock}",
        moment.strftime("%z")[:5],
        f"{moment.year:04d} {_MONTHS[moment.month - 1]} {date} {clock}",
    )
