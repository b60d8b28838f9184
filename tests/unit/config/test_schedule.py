"""When the AWS module runs."""

from __future__ import annotations

import pytest

from alertmill.config import schedule
from alertmill.config.models import Interval
from alertmill.config.options import BadValueError


@pytest.mark.parametrize(
    ("text", "seconds", "months"),
    [
        ("600", 600, 0),
        ("600s", 600, 0),
        ("10m", 600, 0),
        ("2h", 7200, 0),
        ("1d", 86400, 0),
        ("1w", 604800, 0),
        ("1M", 0, 1),
        ("12M", 0, 12),
        ("010", 8, 0),
        ("010m", 480, 0),
        ("0x10", 16, 0),
        ("0X1fm", 1860, 0),
        ("0", 0, 0),
    ],
)
def test_interval(text, seconds, months):
    assert schedule.interval(text) == Interval(seconds=seconds, months=months)


@pytest.mark.parametrize("text", ["", "m", "10x", "-5", "08", "1.5h", "0x", "10 m", "0M", "9999M", "9999999999w", "٣m"])
def test_bad_interval(text):
    with pytest.raises(BadValueError) as caught:
        schedule.interval(text)
    assert caught.value.wazuh == "Invalid interval value at module 'aws-s3'"


@pytest.mark.parametrize(
    ("text", "day"),
    [("monday", 0), ("Mon", 0), ("TUE", 1), ("Wednesday", 2), ("thu", 3), ("fri", 4), ("Saturday", 5), ("sun", 6)],
)
def test_weekday(text, day):
    assert schedule.weekday(text) == day


@pytest.mark.parametrize(("text", "minutes"), [("00:00", 0), ("04:30", 270), ("4:30", 270), ("23:59", 1439)])
def test_time_of_day(text, minutes):
    assert schedule.time_of_day(text) == minutes


@pytest.mark.parametrize(
    ("parser", "text", "wazuh"),
    [
        (schedule.weekday, "mond", "(1235): Invalid value for element 'wday': mond."),
        (schedule.weekday, "1", "(1235): Invalid value for element 'wday': 1."),
        (schedule.time_of_day, "24:00", "(1235): Invalid value for element 'time': 24:00."),
        (schedule.time_of_day, "12:60", "(1235): Invalid value for element 'time': 12:60."),
        (schedule.time_of_day, "noon", "(1235): Invalid value for element 'time': noon."),
        (schedule.month_day, "0", "(1235): Invalid value for element 'day': 0."),
        (schedule.month_day, "32", "(1235): Invalid value for element 'day': 32."),
    ],
)
def test_bad_time(parser, text, wazuh):
    with pytest.raises(BadValueError) as caught:
        parser(text)
    assert caught.value.wazuh == wazuh


BUCKET = '<bucket type="custom"><name>abc</name></bucket>'
MINUTE, DAY, WEEK = 60, 86400, 604800


@pytest.mark.parametrize(
    ("options", "interval", "day", "wday", "time", "warning"),
    [
        ("", (600, 0), None, None, None, ""),
        ("<interval>10m</interval>", (600, 0), None, None, None, ""),
        ("<interval>0</interval>", (1, 0), None, None, None, "1s is used"),
        ("<day>3</day>", (0, 1), 3, None, 0, ""),
        ("<day>3</day><time>04:00</time>", (0, 1), 3, None, 240, ""),
        ("<day>3</day><interval>2M</interval>", (0, 2), 3, None, 0, ""),
        ("<day>3</day><interval>1w</interval>", (0, 1), 3, None, 0, "1M is used"),
        ("<wday>mon</wday>", (WEEK, 0), None, 0, 0, ""),
        ("<wday>sun</wday><interval>2w</interval>", (2 * WEEK, 0), None, 6, 0, ""),
        ("<wday>sun</wday><interval>14d</interval>", (2 * WEEK, 0), None, 6, 0, ""),
        ("<wday>sun</wday><interval>1M</interval>", (WEEK, 0), None, 6, 0, "1w is used"),
        ("<wday>sun</wday><interval>0</interval>", (WEEK, 0), None, 6, 0, "1w is used"),
        ("<time>01:00</time>", (DAY, 0), None, None, 60, ""),
        ("<time>01:00</time><interval>2d</interval>", (2 * DAY, 0), None, None, 60, ""),
        ("<time>01:00</time><interval>10m</interval>", (DAY, 0), None, None, 60, "1d is used"),
        ("<interval>1M</interval>", (0, 1), 1, None, 0, "first day of the month"),
        ("<interval>1M</interval><time>02:00</time>", (0, 1), 1, None, 120, "first day of the month"),
    ],
)
def test_options_are_made_to_fit(load, options, interval, day, wday, time, warning):
    config, problems = load(f'<wodle name="aws-s3">{options}{BUCKET}</wodle>')
    module = config.aws_s3[0]
    assert (module.interval.seconds, module.interval.months) == interval
    assert (module.day, module.wday, module.time) == (day, wday, time)
    assert not problems.errors
    assert [warning in p.message for p in problems] == ([True] if warning else [])


def test_day_and_weekday_do_not_go_together(load):
    _, problems = load(f'<wodle name="aws-s3"><day>1</day><wday>mon</wday>{BUCKET}</wodle>')
    assert [p.wazuh for p in problems.errors] == ["Options 'day' and 'wday' are not compatible."]
