"""Points in time, spelled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alertmill.alerts import times as module
from alertmill.alerts.times import TimeText


@pytest.mark.parametrize(
    ("time", "zone", "timestamp", "log_date"),
    [
        (0.0, UTC, "1970-01-01T00:00:00.000+0000", "1970 Jan 01 00:00:00"),
        (1795281647.092, UTC, "2026-11-21T17:20:47.092+0000", "2026 Nov 21 17:20:47"),
        (1795281647.999999, UTC, "2026-11-21T17:20:47.999+0000", "2026 Nov 21 17:20:47"),
        (
            1795281647.0,
            timezone(timedelta(hours=-9, minutes=-30)),
            "2026-11-21T07:50:47.000-0930",
            "2026 Nov 21 07:50:47",
        ),
        (-0.5, UTC, "1969-12-31T23:59:59.500+0000", "1969 Dec 31 23:59:59"),
    ],
)
def test_spelling(time: float, zone: tzinfo, timestamp: str, log_date: str) -> None:
    times = TimeText(zone)
    assert (times.timestamp(time), times.log_date(time)) == (timestamp, log_date)
    assert (TimeText(zone).log_date(time), times.timestamp(time)) == (log_date, timestamp)


def test_the_text_of_another_second_is_not_kept() -> None:
    times = TimeText(UTC)
    stamps = [times.timestamp(time) for time in (10.25, 11.5, 10.75)]
    assert [stamp[17:23] for stamp in stamps] == ["10.250", "11.500", "10.750"]


def test_no_zone_is_the_local_one() -> None:
    local = datetime.fromtimestamp(1795281647).astimezone()
    assert TimeText(None).timestamp(1795281647.0) == local.strftime("%Y-%m-%dT%H:%M:%S.000%z")


@pytest.mark.parametrize("thousandth", range(0, 1000, 37))
def test_milliseconds_survive_the_float(thousandth: int) -> None:
    assert TimeText(UTC).timestamp(1795281647 + thousandth / 1000)[20:23] == f"{thousandth:03d}"


#: The last three set their clocks in the middle of a minute, or run beside whole minutes.
ZONES = [
    UTC,
    ZoneInfo("Europe/Berlin"),
    ZoneInfo("America/New_York"),
    ZoneInfo("Africa/Monrovia"),
    timezone(timedelta(seconds=-75)),
]
#: Moments around which clocks are set: 2026 in Berlin, 1972 in Monrovia, 1883 in New York; and the first one.
TURNS = [1774746000, 1792890000, 63593070, -2717650800, -2717654962, 0]


def plainly(time: float, zone: tzinfo) -> tuple[str, str]:
    """Both texts, without a memory."""
    moment = datetime.fromtimestamp(time // 1, zone)
    milliseconds = min(int((time - time // 1) * 1000 + 0.001), 999)
    stamp = f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds:03d}{moment.strftime('%z')[:5]}"
    return stamp, f"{moment:%Y %b %d %H:%M:%S}"


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(ZONES),
    st.lists(st.tuples(st.sampled_from(TURNS), st.floats(-200, 200, allow_nan=False)), max_size=12),
)
def test_minutes_are_remembered_as_they_are(zone: tzinfo, moments: list[tuple[int, float]]) -> None:
    times = TimeText(zone)
    for turn, beside in moments:
        time = turn + beside
        assert (times.timestamp(time), times.log_date(time)) == plainly(time, zone)


def test_the_memory_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_MINUTES", 3)
    times = TimeText(UTC)
    assert [times.log_date(60.0 * n)[-5:] for n in range(10)] == [f"{n:02d}:00" for n in range(10)]
    assert len(times._minutes) <= 3


@pytest.mark.parametrize("time", [1e20, -1e20, float("inf")])
def test_beyond_the_calendar(time: float) -> None:
    for _ in range(2):
        with pytest.raises((ValueError, OverflowError, OSError)):
            TimeText(UTC).timestamp(time)


@pytest.mark.parametrize(
    ("zone", "second"),
    [
        (ZoneInfo("Africa/Monrovia"), 60),  # an offset of -00:44:30
        (ZoneInfo("America/New_York"), -2717650800),  # clocks were set to a whole hour
        (ZoneInfo("Europe/Berlin"), 1774746000),  # summer time begins
        (UTC, 253402300799),  # the last second of the calendar
        (UTC, -62135596800),  # and the first
        (timezone(timedelta(hours=9)), -62135596800),
    ],
)
def test_every_second_of_a_minute(zone: tzinfo, second: int) -> None:
    times, calendar = TimeText(zone), range(-62135596800, 253402300800)
    for one in range(second - 70, second + 70):
        if one not in calendar:
            with pytest.raises((ValueError, OverflowError)):
                times.timestamp(float(one))
            continue
        moment = datetime.fromtimestamp(one, zone)
        offset = moment.strftime("%z")[:5]
        assert times.timestamp(float(one)) == f"{moment.replace(tzinfo=None).isoformat()}.000{offset}"
        assert times.log_date(float(one))[-8:] == moment.strftime("%H:%M:%S")
