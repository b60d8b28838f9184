"""Points in time as alerts print them: `2026-11-21T17:15:20.096+0000` and `2026 Nov 21 17:15:20`.

Asks no clock: every time is handed in. Months are English whatever the locale (spec/alerts.md 7).
"""

from __future__ import annotations

from datetime import datetime, tzinfo

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class TimeText:
    """Spells epoch seconds in one time zone (None: the local one).

    The last texts are kept: all records of a batch arrive at the same time.
    """

    def __init__(self, zone: tzinfo | None) -> None:
        self._zone = zone
        self._time: float | None = None
        self._timestamp = ""
        self._second: int | None = None
        self._before = self._behind = self._log_date = ""
        self._minute: int | None = None
        #: The beginning of the last minute, and whether its seconds count from 00 to 59 under one offset.
        self._begin = ("", "", "")
        self._is_even = False

    def timestamp(self, time: float) -> str:
        """`YYYY-MM-DDTHH:MM:SS.mmm+ZZZZ`. Raises ValueError, OverflowError or OSError beyond the calendar."""
        if time == self._time:
            return self._timestamp
        second = int(time // 1)
        if second != self._second:
            self._spell(second)
        # A float near 2e9 is exact to 0.24 us only: without the correction .096 would often print as .095.
        milliseconds = min(int((time - second) * 1000 + 0.001), 999)
        self._timestamp = f"{self._before}.{milliseconds:03d}{self._behind}"
        self._time = time
        return self._timestamp

    def log_date(self, time: float) -> str:
        """`YYYY Mon DD HH:MM:SS`, as in alerts.log, archives.log and firewall.log."""
        second = int(time // 1)
        if second != self._second:
            self._spell(second)
        return self._log_date

    def _spell(self, second: int) -> None:
        minute, seconds = divmod(second, 60)
        if minute != self._minute:
            self._turn(minute)
        if not self._is_even:  # an offset of odd seconds, or one that changes within the minute
            self._before, self._behind, self._log_date = self._spelled(second)
        else:
            before, self._behind, log_date = self._begin
            self._before, self._log_date = f"{before[:-2]}{seconds:02d}", f"{log_date[:-2]}{seconds:02d}"
        self._second = second

    def _turn(self, minute: int) -> None:
        """Spell the beginning of a minute: all its seconds have the same but for themselves."""
        self._minute, self._is_even = minute, False
        try:
            self._begin, end = self._spelled(minute * 60), self._spelled(minute * 60 + 59)
        except (ValueError, OverflowError, OSError):  # an end of the calendar
            return
        same = self._begin[0][:-2] == end[0][:-2] and self._begin[1] == end[1]
        self._is_even = same and self._begin[0].endswith(":00") and end[0].endswith(":59")

    def _spelled(self, second: int) -> tuple[str, str, str]:
        """A second up to its fraction, its offset, and as in alerts.log."""
        if self._zone is None:
            moment = datetime.fromtimestamp(second).astimezone()
        else:
            moment = datetime.fromtimestamp(second, self._zone)
        date, clock = moment.strftime("%d"), moment.strftime("%H:%M:%S")
        before = f"{moment.year:04d}-{moment.month:02d}-{date}T{clock}"
        return before, moment.strftime("%z")[:5], f"{moment.year:04d} {_MONTHS[moment.month - 1]} {date} {clock}"
