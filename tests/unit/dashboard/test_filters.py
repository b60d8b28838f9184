"""Addresses become conditions; what they may ask for is bounded."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl, quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alertmill.dashboard.filters import FIELDS, MOST_VALUES, FilterError, read_filters, read_span
from alertmill.dashboard.timeline import MOST_BARS, bar_width
from unit.dashboard.homes import ZERO, alert, desk, flow

NOW = ZERO + 1_000_000


def filters(query: str):
    return read_filters(parse_qsl(query, keep_blank_values=True), NOW)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory):
    alerts = [
        alert(0),
        alert(60, data__dstuser="bo", rule__level=7, rule__id="80306"),
        alert(120, data__dstuser="bo", rule__level=12, rule__groups=["aws", "grave"], rule__mitre={"id": ["T1110"]}),
        alert(
            180, data__srcip="203.0.113.9", data__aws__awsRegion="eu-west-1", data__note="Needle in a (50%) hay_stack"
        ),
        flow(240, "10.0.0.1", "203.0.113.9", 100),
    ]
    with desk(tmp_path_factory.mktemp("home"), alerts) as made:
        yield made


@pytest.mark.parametrize(
    ("query", "seconds"),
    [
        ("", [0, 60, 120, 180, 240]),
        ("user=bo", [60, 120]),
        ("user!=bo", [0, 180, 240]),
        ("user=bo&user=ana", [0, 60, 120, 180]),
        ("user=bo&level=12", [120]),
        ("level=7-", [60, 120]),
        ("level=1-6", [0, 180, 240]),
        ("level=7&level=12", [60, 120]),
        ("rule=80306", [60]),
        ("rule!=80202", [60, 240]),
        ("group=grave", [120]),
        ("group=grav", []),
        ("mitre=T1110", [120]),
        ("region=eu-west-1", [180]),
        ("address=203.0.113.9", [180, 240]),
        ("address=203.0.113.0/24", [180, 240]),
        ("address=203.0.0.0/16", [180, 240]),
        ("address=10.0.0.0/8", [240]),
        ("address=3.0.0.0/8", []),
        ("address!=10.0.0.0/8", [0, 60, 120, 180]),
        ("address=2001:DB8::1", []),
        ("src=203.0.113.9", [180]),
        ("dst=203.0.113.9", [240]),
        ("q=needle", [180]),
        ("q=NEEDLE+hay_stack", [180]),
        ("q=hay_stack+needle", [180]),
        ("q=%22hay_stack+needle%22", []),
        ("q=(50%25)", [180]),
        ("q=%25", [180]),
        ("q=_stack", [180]),
        ("from=2026-01-15T10:02:00Z", [120, 180, 240]),
        ("to=2026-01-15T10:02:00Z", [0, 60]),
        (f"from={ZERO + 60_000}&to={ZERO + 120_000}", [60]),
        ("from=2026-01-16", []),
        ("user='+OR+1=1+--", []),
        ("q=');DROP+TABLE+alerts;--", []),
    ],
)
def test_what_a_filter_finds(home, query: str, seconds: list[int]) -> None:
    found = home.ask(f"/api/alerts?{query}")["alerts"]
    assert [(one["time"] - ZERO) // 1000 for one in found] == seconds[::-1]
    assert home.ask(f"/api/overview?{query}")["count"] == len(seconds)


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("rule=abc", "whole number"),
        ("rule=%D9%A1", "whole number"),
        ("level=high", "level"),
        ("level=12345", "level"),
        ("level=7-3", "begins with the lower one: 3-7"),
        ("address=999.1.1.1", "an IP address was expected"),
        ("address=10.0.0", "an IP address was expected"),
        ("address=", "an IP address was expected"),
        ("address!=web1", "an IP address was expected"),
        ("address=10.0.0.0/12", "/8, /16 or /24"),
        ("address=2001:db8::/32", "an IP address was expected"),
        ("from=yesterday", "time"),
        ("from=now-5y", "time"),
        ("colour=red", "no filter"),
        ("user=" + "x" * 600, "longer"),
        ("&".join(["user=a"] * (MOST_VALUES + 1)), "more than"),
        ("q=" + "+".join("abcdefghij"), "at most"),
    ],
)
def test_what_cannot_be_asked_is_said(home, query: str, word: str) -> None:
    with pytest.raises(FilterError, match=word):
        filters(query)
    reply = home.get(f"/api/overview?{query}")
    assert reply.status == 400
    assert word in reply.value()["error"]


def test_times_that_are_relative_to_now() -> None:
    assert filters("from=now-1h&to=now").first == NOW - 3_600_000
    assert filters("from=now-1h&to=now").to == NOW


def test_values_are_parameters() -> None:
    condition, values = filters("user=x'y&q=z%25&rule=5&group=g").condition()
    assert "x'y" not in condition
    assert condition.count("?") == len(values) == 4
    assert 5 in values


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(st.sampled_from([*FIELDS, *(f"{n}!" for n in FIELDS), "q", "from", "level"]), st.text(max_size=20)),
        max_size=5,
    )
)
def test_any_address_has_an_answer_or_a_reason(home, pairs: list[tuple[str, str]]) -> None:
    query = "&".join(f"{quote(name)}={quote(value.encode('utf-8', 'replace'))}" for name, value in pairs)
    assert home.get(f"/api/alerts?{query}").status in (200, 400)


@pytest.mark.parametrize("text", ["", "5", "9-3", "a-b", "1-2-3"])
def test_a_peak_is_two_times(text: str) -> None:
    with pytest.raises(FilterError):
        read_span(text)


@given(st.integers(0, 2**45), st.integers(0, 2**45))
def test_charts_have_some_bars_but_not_too_many(a: int, b: int) -> None:
    first, last = sorted((a, b))
    width = bar_width(first, last)
    assert 1 <= last // width - first // width + 1 <= MOST_BARS + 1


def test_the_page_knows_every_filter() -> None:
    from alertmill.dashboard.assets import STATIC

    names = (STATIC / "format.js").read_text().partition("fieldNames = {")[2].partition("};")[0]
    assert [name for name in FIELDS if f"{name}:" not in names] == []


def test_the_documentation_names_every_filter() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "dashboard.md").read_text(encoding="utf-8")
    named = text.partition("Filters: `")[2].partition("`")[0].split()
    assert sorted(named) == sorted([*FIELDS, "level", "from", "to", "q"])
