"""When the next run starts: `<interval>`, `<day>`, `<wday>`, `<time>`, `<run_on_start>` (aws-wodle.md 3).

Pure: times come in as epoch seconds and go out as such. Calendar schedules count in local wall-clock time, so a change
of daylight saving between two runs does not move the hour.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo

from alertmill.config.models import AwsS3

_DAY = 86_400


def first_start(config: AwsS3, now: float, stored: float | None, zone: tzinfo | None = None) -> float:
    """The first run of this daemon. `stored` is the planned start that an earlier one left behind."""
    if config.run_on_start:
        return now
    if _is_calendar(config):
        return _next_slot(config, now, zone)
    return stored if stored is not None and stored > now else now + config.interval.seconds


def next_start(config: AwsS3, planned: float, now: float, zone: tzinfo | None = None) -> tuple[float, bool]:
    """The run after the one planned for `planned`, and whether its time has passed already (then it starts now)."""
    following = _following_slot(config, planned, zone) if _is_calendar(config) else planned + config.interval.seconds
    return (following, False) if following > now else (now, True)


def _is_calendar(config: AwsS3) -> bool:
    return config.day is not None or config.wday is not None or config.time is not None


def _next_slot(config: AwsS3, now: float, zone: tzinfo | None) -> float:
    """The first slot after `now`."""
    today = datetime.fromtimestamp(now, zone).date()
    for ahead in range(8 * 366):  # the 29th of February is at most eight years away
        day = today + timedelta(days=ahead)
        if _fits(config, day) and (slot := _at(config, day, zone)) > now:
            return slot
    raise ValueError(f"no month has a day {config.day}")


def _following_slot(config: AwsS3, planned: float, zone: tzinfo | None) -> float:
    """The slot one interval behind `planned`; the next one if that is no slot (a run on start, or after an overrun)."""
    day = datetime.fromtimestamp(planned, zone).date()
    if not _fits(config, day) or _at(config, day, zone) != planned:
        return _next_slot(config, planned, zone)
    if config.day is not None:
        return _at(config, _months_later(day, config.day, max(config.interval.months, 1)), zone)
    unit = 7 * _DAY if config.wday is not None else _DAY
    return _at(config, day + timedelta(seconds=max(config.interval.seconds // unit, 1) * unit), zone)


def _fits(config: AwsS3, day: date) -> bool:
    if config.day is not None:
        return day.day == config.day
    return config.wday is None or day.weekday() == config.wday


def _months_later(day: date, wanted: int, months: int) -> date:
    """Day `wanted` of the month `months` later, or of the next month behind it that has such a day."""
    month = day.year * 12 + day.month - 1 + months
    while True:
        try:
            return date(month // 12, month % 12 + 1, wanted)
        except ValueError:
            month += 1


def _at(config: AwsS3, day: date, zone: tzinfo | None) -> float:
    minutes = config.time or 0
    return datetime.combine(day, time(minutes // 60, minutes % 60), zone).timestamp()
