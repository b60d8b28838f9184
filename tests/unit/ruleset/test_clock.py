"""The `time` and `weekday` criteria."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone

import pytest

from alertmill.errors import PatternError
from alertmill.ruleset.clock import local_hour, local_time, parse_time_range, parse_weekdays
from unit.ruleset.helpers import NOON, event, first_id, rule, ruleset


def minutes(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("9:00 - 17:30", ["09:00", "12:00", "17:30"], ["08:59", "17:31"]),
        ("9-17", ["09:00", "17:00"], ["17:01"]),
        ("9 am - 5 pm", ["09:00", "17:00"], ["08:59", "17:01"]),
        ("12 am - 12 pm", ["00:00", "12:00"], ["12:01"]),
        ("!9:00 - 17:00", ["08:59", "17:01"], ["09:00", "17:00"]),
        # Over midnight neither end is inside, and a '!' changes nothing.
        ("6 pm - 8:30 am", ["18:01", "00:00", "08:29"], ["18:00", "08:30", "12:00"]),
        ("!22:00 - 6:00", ["22:01", "05:59"], ["22:00", "06:00", "12:00"]),
        ("  8:05PM-11:59pm ", ["20:05", "23:59"], ["20:04"]),
    ],
)
def test_time_ranges(text, inside, outside):
    found, _ = parse_time_range(text)
    assert all(found.holds(minutes(moment)) for moment in inside)
    assert not any(found.holds(minutes(moment)) for moment in outside)


def test_a_lost_negation_is_told():
    assert parse_time_range("!22:00 - 6:00")[1]
    assert not parse_time_range("22:00 - 6:00")[1]
    assert not parse_time_range("!6:00 - 22:00")[1]


@pytest.mark.parametrize(
    "text", ["", "9:00", "9:00 to 10:00", "9:0 - 10:00", "24:00 - 1:00", "9:60 - 10:00", "0 am - 1 pm"]
)
def test_what_is_no_time_range(text):
    with pytest.raises(PatternError):
        parse_time_range(text)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("monday", {0}),
        ("Mon, TUE sunday", {0, 1, 6}),
        ("weekdays", {0, 1, 2, 3, 4}),
        ("weekends,fri", {4, 5, 6}),
    ],
)
def test_weekdays(text, days):
    assert parse_weekdays(text) == days


@pytest.mark.parametrize("text", ["", " , ", "!monday", "mo", "monday;tuesday"])
def test_what_is_no_weekday(text):
    with pytest.raises(PatternError):
        parse_weekdays(text)


def test_times_are_those_of_the_zone():
    east = timezone(timedelta(hours=5, minutes=30))
    office = ruleset(rule(100100, "<time>17:00 - 18:00</time>"), zone=east)
    assert first_id(office, event(time=NOON)) == 100100  # 12:00 UTC is 17:30 there
    assert first_id(office, event(time=NOON + 3600)) is None


def test_weekdays_are_those_of_the_event():
    wednesdays = ruleset(rule(100100, "<weekday>wed</weekday>"))
    assert first_id(wednesdays, event(time=NOON)) == 100100
    assert first_id(wednesdays, event(time=NOON, own_time=NOON - 86400)) is None


def test_hours_differ_by_date_and_hour():
    assert local_hour(NOON, UTC) == local_hour(NOON + 3599, UTC)
    assert local_hour(NOON + 3600, UTC) == local_hour(NOON, UTC) + 1
    assert local_hour(NOON + 86400, UTC) == local_hour(NOON, UTC) + 24


@pytest.mark.parametrize("epoch", [-1e30, -1.0, 0.0, 1e12, 1e30])
def test_hostile_times_have_a_local_time(epoch):
    assert 1970 <= local_time(epoch, UTC).year <= 9999
