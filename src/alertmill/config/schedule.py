"""When the AWS module runs: `<interval>`, `<day>`, `<wday>`, `<time>` (spec/aws-wodle.md 3).

Only what the options say and how they must fit together; the times of runs are worked out by whoever runs them.
"""

from __future__ import annotations

import re

from alertmill import codes
from alertmill.config.defaults import DAY, MAX_INTERVAL, MAX_INTERVAL_MONTHS, SECONDS, WEEK
from alertmill.config.models import Interval
from alertmill.config.options import BadValueError, Option, Values, printable
from alertmill.config.parse import number
from alertmill.errors import Problems, did_you_mean

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_INTERVAL = re.compile(r"(0[xX][0-9a-fA-F]{1,8}|[0-9]{1,10})([smhdwM]?)")
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")


def interval(value: str) -> Interval:
    """`10m`: a number with `s m h d w` or `M` for months. As in C, `010` is eight and `0x10` sixteen."""
    found = _INTERVAL.fullmatch(value)
    wazuh = "Invalid interval value at module 'aws-s3'"
    bad = BadValueError("a number with one of the units s m h d w, or M for months, for instance 10m", wazuh=wazuh)
    if not found:
        raise bad
    try:
        count = int(found[1], _base(found[1]))
    except ValueError:  # 08 is no octal number
        raise bad from None
    if found[2] == "M":
        if not 0 < count <= MAX_INTERVAL_MONTHS:
            raise BadValueError(f"1M to {MAX_INTERVAL_MONTHS}M", wazuh=wazuh)
        return Interval(seconds=0, months=count)
    seconds = count * SECONDS[found[2] or "s"]
    if seconds > MAX_INTERVAL:
        raise BadValueError("at most a hundred years", wazuh=wazuh)
    return Interval(seconds=seconds)


def _base(digits: str) -> int:
    if digits[:2] in ("0x", "0X"):
        return 16
    return 8 if digits.startswith("0") else 10


def weekday(value: str) -> int:
    """An English weekday, in full or its first three letters, in any case; Monday is 0."""
    for index, name in enumerate(_WEEKDAYS):
        if value.lower() in (name, name[:3]):
            return index
    raise BadValueError(
        "a weekday: monday to sunday, or mon to sun",
        hint=did_you_mean(value.lower(), _WEEKDAYS),
        wazuh=f"(1235): Invalid value for element 'wday': {printable(value)}.",
    )


def time_of_day(value: str) -> int:
    """`hh:mm` -> minutes since midnight."""
    found = _TIME.fullmatch(value)
    if not found:
        raise BadValueError("a time like 04:30", wazuh=f"(1235): Invalid value for element 'time': {printable(value)}.")
    return int(found[1]) * 60 + int(found[2])


def month_day(value: str) -> int:
    """A day of the month."""
    try:
        return number(1, 31)(value)
    except BadValueError as bad:
        raise BadValueError(
            bad.expected, wazuh=f"(1235): Invalid value for element 'day': {printable(value)}."
        ) from None


SCHEDULE_OPTIONS = {
    "day": Option(month_day),
    "interval": Option(interval),
    "time": Option(time_of_day),
    "wday": Option(weekday),
}


def fit_schedule(values: Values, problems: Problems) -> None:
    """Make the options of one module fit together, as Wazuh does, and say so."""
    day, wday = values.get("day"), values.get("wday")
    if day is not None and wday is not None:
        problems.error(
            codes.C_CONFLICT,
            "<day> and <wday> cannot both be set",
            values.elements["wday"].origin(),
            hint="keep one of them",
            wazuh="Options 'day' and 'wday' are not compatible.",
        )
        return
    _fit_interval(values, problems)
    if (values.get("day") or wday) is not None:
        values.found.setdefault("time", 0)


def _fit_interval(values: Values, problems: Problems) -> None:
    every: Interval = values.get("interval") or Interval()
    if values.get("day") is not None:
        if not every.months:
            _replace(values, Interval(seconds=0, months=1), "month", "1M", problems)
    elif values.get("wday") is not None:
        if not _multiple(every, WEEK):
            _replace(values, Interval(seconds=WEEK), "week", "1w", problems)
    elif every.months:
        wazuh = "Interval value is in months. Setting scan day to first day of the month."
        message = "<interval> counts months and there is no <day>; the first day of the month is used"
        problems.warn(codes.C_ADJUSTED, message, values.elements["interval"].text_origin(), wazuh=wazuh)
        values.found["day"] = 1
    elif values.get("time") is not None:
        if not _multiple(every, DAY):
            _replace(values, Interval(seconds=DAY), "day", "1d", problems)
    elif not every.seconds:
        values.adjust("interval", Interval(seconds=1), "which leaves no pause; 1s is used", problems)


def _multiple(every: Interval, seconds: int) -> bool:
    return every.seconds > 0 and every.seconds % seconds == 0


def _replace(values: Values, every: Interval, unit: str, spelled: str, problems: Problems) -> None:
    """Put an interval that fits; a word about it only if the file has another one."""
    if "interval" not in values.found:
        values.found["interval"] = every
        return
    wazuh = f"Interval must be a multiple of one {unit}. New interval value: {spelled}"
    values.adjust("interval", every, f"not a multiple of one {unit}; {spelled} is used", problems, wazuh=wazuh)
