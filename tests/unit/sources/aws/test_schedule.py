from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from alertmill.config.models import AwsS3, Interval
from alertmill.sources.aws.schedule import first_start, next_start

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str, zone: ZoneInfo | None = None) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone or UTC).timestamp()


def shown(time: float, zone: ZoneInfo | None = None) -> str:
    return datetime.fromtimestamp(time, zone or UTC).strftime("%Y-%m-%d %H:%M")


TEN_MINUTES = AwsS3(interval=Interval(seconds=600))
DAILY = AwsS3(interval=Interval(seconds=86_400), time=4 * 60 + 30, run_on_start=False)
EVERY_OTHER_DAY = AwsS3(interval=Interval(seconds=172_800), time=0, run_on_start=False)
MONDAYS = AwsS3(interval=Interval(seconds=7 * 86_400), wday=0, run_on_start=False)
FORTNIGHT = AwsS3(interval=Interval(seconds=14 * 86_400), wday=0, time=60, run_on_start=False)
MONTHLY = AwsS3(interval=Interval(seconds=0, months=1), day=31, time=120, run_on_start=False)
QUARTERLY = AwsS3(interval=Interval(seconds=0, months=3), day=1, run_on_start=False)

NOW = "2026-01-15 10:00"  # a Thursday


@pytest.mark.parametrize(
    ("config", "stored", "expected"),
    [
        (TEN_MINUTES, None, NOW),
        (TEN_MINUTES, "2026-01-15 10:07", NOW),
        (TEN_MINUTES.model_copy(update={"run_on_start": False}), None, "2026-01-15 10:10"),
        (TEN_MINUTES.model_copy(update={"run_on_start": False}), "2026-01-15 10:07", "2026-01-15 10:07"),
        (TEN_MINUTES.model_copy(update={"run_on_start": False}), "2026-01-15 09:55", "2026-01-15 10:10"),
        (DAILY, None, "2026-01-16 04:30"),
        (DAILY, "2026-01-15 10:07", "2026-01-16 04:30"),
        (DAILY.model_copy(update={"run_on_start": True}), None, NOW),
        (DAILY.model_copy(update={"time": 10 * 60 + 1}), None, "2026-01-15 10:01"),
        (DAILY.model_copy(update={"time": 10 * 60}), None, "2026-01-16 10:00"),
        (MONDAYS, None, "2026-01-19 00:00"),
        (MONDAYS.model_copy(update={"wday": 3, "time": 660}), None, "2026-01-15 11:00"),
        (MONTHLY, None, "2026-01-31 02:00"),
        (QUARTERLY, None, "2026-02-01 00:00"),
        (MONTHLY.model_copy(update={"day": 15}), None, "2026-02-15 02:00"),
    ],
)
def test_first_start(config: AwsS3, stored: str | None, expected: str) -> None:
    assert shown(first_start(config, at(NOW), at(stored) if stored else None, UTC)) == expected


@pytest.mark.parametrize(
    ("config", "planned", "now", "expected", "overtaken"),
    [
        (TEN_MINUTES, "2026-01-15 10:00", "2026-01-15 10:03", "2026-01-15 10:10", False),
        (TEN_MINUTES, "2026-01-15 10:00", "2026-01-15 10:10", "2026-01-15 10:10", True),
        (TEN_MINUTES, "2026-01-15 10:00", "2026-01-15 12:34", "2026-01-15 12:34", True),
        (DAILY, "2026-01-15 04:30", "2026-01-15 05:00", "2026-01-16 04:30", False),
        (DAILY, "2026-01-15 04:30", "2026-01-17 05:00", "2026-01-17 05:00", True),
        (DAILY, "2026-01-15 03:00", "2026-01-15 03:10", "2026-01-15 04:30", False),  # it ran on start
        (EVERY_OTHER_DAY, "2026-01-15 00:00", "2026-01-15 00:10", "2026-01-17 00:00", False),
        (MONDAYS, "2026-01-19 00:00", "2026-01-19 00:10", "2026-01-26 00:00", False),
        (FORTNIGHT, "2026-01-19 01:00", "2026-01-19 01:10", "2026-02-02 01:00", False),
        (FORTNIGHT, "2026-01-15 10:00", "2026-01-15 10:10", "2026-01-19 01:00", False),
        (MONTHLY, "2026-01-31 02:00", "2026-01-31 02:10", "2026-03-31 02:00", False),
        (MONTHLY, "2026-03-31 02:00", "2026-03-31 02:10", "2026-05-31 02:00", False),
        (QUARTERLY, "2026-11-01 00:00", "2026-11-01 00:10", "2027-02-01 00:00", False),
        (MONTHLY.model_copy(update={"day": 29}), "2027-01-29 02:00", "2027-01-29 03:00", "2027-03-29 02:00", False),
    ],
)
def test_next_start(config: AwsS3, planned: str, now: str, expected: str, overtaken: bool) -> None:
    start, late = next_start(config, at(planned), at(now), UTC)
    assert (shown(start), late) == (expected, overtaken)


@pytest.mark.parametrize(
    ("planned", "expected"),
    [
        ("2026-03-28 04:30", "2026-03-29 04:30"),  # the clock goes forward: 23 hours
        ("2026-10-24 04:30", "2026-10-25 04:30"),  # and back: 25 hours
    ],
)
def test_daylight_saving_does_not_move_the_hour(planned: str, expected: str) -> None:
    start, _ = next_start(DAILY, at(planned, BERLIN), at(planned, BERLIN) + 60, BERLIN)
    assert shown(start, BERLIN) == expected
    assert start - at(planned, BERLIN) != 86_400


def test_a_day_that_is_rare_is_found() -> None:
    leap = AwsS3(interval=Interval(seconds=0, months=1), day=29, run_on_start=False)
    assert shown(first_start(leap, at("2026-01-30 00:00"), None, UTC)) == "2026-03-29 00:00"
