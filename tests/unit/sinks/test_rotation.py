"""Names of day files are given and read back; days end, are summed and grow old by the rules."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from hashlib import md5, sha1, sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertmill.sinks.rotation import (
    ALERTS_JSON,
    ARCHIVES_LOG,
    FIREWALL_LOG,
    NEW,
    OWN_LOG,
    REJECTED_JSON,
    SUMMED,
    DatedName,
    DayFile,
    Digests,
    Kind,
    Upkeep,
    midnight,
    month_is_before,
    sum_text,
)
from support import need_shared

DAY = date(2026, 11, 21)
MIDNIGHT = midnight(DAY, UTC)


def digests_of(data: bytes) -> Digests:
    return Digests(*(each(data, usedforsecurity=False).hexdigest() for each in (md5, sha1, sha256)))


@given(
    st.sampled_from([*SUMMED, REJECTED_JSON, OWN_LOG]),
    st.dates(date(1000, 1, 1)),
    st.integers(0, 10**6),
    st.sampled_from(Kind),
)
def test_every_name_that_is_given_is_read_back(name: DatedName, day: date, part: int, kind: Kind) -> None:
    part = 0 if kind is Kind.SUM else part
    year, month = name.month_path(day).split("/")[-2:]
    file = name.file_name(day, part, kind)
    assert name.read_name(year, month, file) == DayFile(day, part, kind)
    half = name.read_name(year, month, file + NEW)
    assert half == (DayFile(day, part, kind, half=True) if kind is not Kind.PLAIN else None)


@pytest.mark.parametrize(
    ("year", "month", "file"),
    [
        ("2026", "Nov", "ossec-alerts-31.json"),  # no such day
        ("2026", "Nov", "ossec-alerts-00.json"),
        ("2026", "nov", "ossec-alerts-21.json"),
        ("2026", "11", "ossec-alerts-21.json"),
        ("26", "Nov", "ossec-alerts-21.json"),
        ("0026", "Nov", "ossec-alerts-21.json"),
        ("２０２６", "Nov", "ossec-alerts-21.json"),
        ("2026", "Nov", "ossec-alerts-２１.json"),
        ("2026", "Nov", "ossec-alerts-21-000.json"),
        ("2026", "Nov", "ossec-alerts-21-01.json"),
        ("2026", "Nov", "ossec-alerts-21-0001.json"),
        ("2026", "Nov", "ossec-alerts-21-001.json.sum"),
        ("2026", "Nov", "ossec-alerts-21.json.new"),
        ("2026", "Nov", "ossec-alerts-21.json.gz.gz"),
        ("2026", "Nov", "ossec-alerts-21.json\n"),
        ("2026", "Nov", "ossec-alerts-21.log"),
        ("2026", "Nov", "ossec-alerts-21xjson"),
        ("2026", "Nov", "ossec-archive-21.json"),
        ("2026", "Nov", "old-ossec-alerts-21.json"),
        ("2026", "Nov", "ossec-alerts-21.json~"),
        ("2026", "Nov", "../ossec-alerts-21.json"),
        ("..", "Nov", "ossec-alerts-21.json"),
        ("2026", "Nov", ""),
    ],
)
def test_other_names_are_nobodys(year: str, month: str, file: str) -> None:
    assert ALERTS_JSON.read_name(year, month, file) is None


def test_the_sum_of_a_day_is_chained_to_the_day_before() -> None:
    assert sum_text(FIREWALL_LOG, date(2026, 3, 1), digests_of(b"lines"), Digests()) == (
        "Current checksum:\n"
        f"MD5  (logs/firewall/2026/Mar/ossec-firewall-01) = {md5(b'lines').hexdigest()}\n"
        f"SHA1 (logs/firewall/2026/Mar/ossec-firewall-01) = {sha1(b'lines').hexdigest()}\n"
        f"SHA256 (logs/firewall/2026/Mar/ossec-firewall-01) = {sha256(b'lines').hexdigest()}\n"
        "\n"
        "Chained checksum:\n"
        "MD5  (logs/firewall/2026/Feb/ossec-firewall-28.log.sum) = none\n"
        "SHA1 (logs/firewall/2026/Feb/ossec-firewall-28.log.sum) = none\n"
        "SHA256 (logs/firewall/2026/Feb/ossec-firewall-28.log.sum) = none\n"
        "\n"
    )


def test_the_sum_is_spelled_as_the_specification_shows_it() -> None:
    text = need_shared("spec", "alerts.md").read_text(encoding="utf-8")
    block = re.search(r"```\n(Current checksum:\n.*?)```", text, re.DOTALL)
    assert block is not None
    shown = re.sub(r"<[^>]*>", "none", block[1])
    written = sum_text(ALERTS_JSON, DAY, Digests(), Digests())
    assert len(shown.splitlines()) == len(written.splitlines()) == 10
    for example, line in zip(shown.splitlines(), written.splitlines(), strict=True):
        # The example leaves out what repeats.
        assert re.fullmatch(re.escape(example).replace("…", ".+"), line)


@pytest.mark.parametrize(
    ("after_midnight", "wait", "over_before"),
    [
        (-1, 10, DAY - timedelta(days=1)),
        (0, 10, DAY - timedelta(days=1)),
        (9.9, 10, DAY - timedelta(days=1)),
        (10, 10, DAY),
        (0, 0, DAY),
        (86399, 600, DAY),
    ],
)
def test_a_day_is_over_some_seconds_after_midnight(after_midnight: float, wait: int, over_before: date) -> None:
    assert Upkeep(wait=wait).over_before(DAY, MIDNIGHT + after_midnight, UTC) == over_before


@pytest.mark.parametrize(
    ("after_midnight", "seconds"), [(-5, 15), (0, 10), (10, 86400), (11, 86399), (86399, 11), (43210, 43200)]
)
def test_seconds_until_the_next_day_is_over(after_midnight: float, seconds: float) -> None:
    assert Upkeep(wait=10).until_turn(MIDNIGHT + after_midnight, UTC) == seconds


@pytest.mark.parametrize(
    ("keep", "now", "kept_from"),
    [
        (0, MIDNIGHT, date.min),
        (86400, MIDNIGHT, DAY - timedelta(days=1)),
        (86400, MIDNIGHT - 1, DAY - timedelta(days=2)),
        (90 * 86400, MIDNIGHT + 43200, DAY - timedelta(days=90)),
        (36500 * 86400, MIDNIGHT, date.min),
    ],
)
def test_how_long_a_day_is_kept(keep: int, now: float, kept_from: date) -> None:
    assert Upkeep(keep=keep).kept_from(now, UTC) == kept_from


def test_days_are_those_of_the_zone() -> None:
    zone = timezone(timedelta(hours=-5))
    assert midnight(DAY, zone) == datetime(2026, 11, 21, 5, tzinfo=UTC).timestamp()
    assert Upkeep(keep=86400).kept_from(MIDNIGHT, zone) == DAY - timedelta(days=2)


@pytest.mark.parametrize(
    ("year", "month", "before"),
    [
        ("2026", "Oct", True),
        ("2026", "Nov", False),
        ("2026", "Dec", False),
        ("2025", "Dec", True),
        ("2027", "Jan", False),
        ("2025", "Foo", False),
        ("old", "Jan", False),
    ],
)
def test_which_months_lie_behind(year: str, month: str, before: bool) -> None:
    assert month_is_before(year, month, DAY) is before


def test_names_of_the_outputs_do_not_mix() -> None:
    assert ARCHIVES_LOG.read_name("2026", "Nov", ALERTS_JSON.file_name(DAY)) is None
