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
        if self._zone is None:
            moment = datetime.fromtimestamp(second).astimezone()
        else:
            moment = datetime.fromtimestamp(second, self._zone)
        date, clock = moment.strftime("%d"), moment.strftime("%H:%M:%S")
        self._before = f"{moment.year:04d}-{moment.month:02d}-{date}T{clock}"
        self._behind = moment.strftime("%z")[:5]
        self._log_date = f"{moment.year:04d} {_MONTHS[moment.month - 1]} {date} {clock}"
        self._second = second
