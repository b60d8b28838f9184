"""`alertmill top`: what is counted, the plain table, and a picture that fits its terminal."""

from __future__ import annotations

import gzip
import time
from datetime import datetime
from pathlib import Path

import pytest

from alertmill.cli import main
from alertmill.cli.alert_days import older_lines
from alertmill.cli.alert_view import read_alert
from alertmill.cli.tallies import Tallies
from alertmill.cli.top_page import Page, _width
from alertmill.sinks.rotation import ALERTS_JSON
from unit.cli.alerts import TEN, alert, home_with


def top(*words: str) -> int:
    try:
        return main(["top", *words])
    except SystemExit as end:
        assert isinstance(end.code, int)
        return end.code


def sections(text: str) -> dict[str, dict[str, list[str]]]:
    """The tables: kind -> name -> the columns behind it."""
    found = {}
    for block in text.split("\n\n")[1:]:
        heading, *rows = block.splitlines()
        found[heading.split()[0]] = {row.split()[0]: row.split()[1:] for row in rows}
    return found


def test_a_file_is_counted_as_a_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "alerts.json"
    lines = [alert("80301", 3, at=TEN), alert("80301", 3, at=TEN + 60), alert("7", 12, at=TEN + 120, user="bob")]
    path.write_bytes(b"".join(lines) + b"no alert\n")
    assert top("--once", str(path)) == 0
    text, told = capsys.readouterr()
    assert told == "alertmill top: 1 line passed over: no alerts in them\n"
    assert text.startswith("3 alerts from ")
    assert text.splitlines()[0].endswith(", 1.5/min")
    found = sections(text)
    assert list(found) == ["rule", "source", "account", "level", "group", "user"]
    assert found["rule"] == {
        "80301": ["2", "1.0", "3", "something", "happened"],
        "7": ["1", "0.50", "12", "something", "happened"],
    }
    assert found["source"] == {"cloudtrail": ["3", "1.5"]}
    assert found["account"] == {"123456789012": ["3", "1.5"]}
    assert found["level"] == {"3": ["2", "1.0"], "12": ["1", "0.50"]}
    assert found["group"] == {"aws": ["3", "1.5"]}
    assert found["user"] == {"ann": ["2", "1.0"], "bob": ["1", "0.50"]}


def test_standard_input_and_filters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "alerts.json"
    path.write_bytes(alert("1", 3) + alert("2", 12))
    with path.open() as file:
        monkeypatch.setattr("sys.stdin", file)
        assert top("-", "--level", "7") == 0
    assert list(sections(capsys.readouterr().out)["rule"]) == ["2"]


def test_a_home_is_counted_within_the_window(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    now = time.time()
    home_with(tmp_path, alert("1", at=now - 4000), alert("2", at=now - 30), alert("3", at=now - 5))
    assert top("--home", str(tmp_path)) == 0
    text = capsys.readouterr().out
    assert text.startswith("2 alerts in 10 min, 0.20/min")
    assert set(sections(text)["rule"]) == {"2", "3"}
    assert top("--home", str(tmp_path), "--window", "2h") == 0
    assert set(sections(capsys.readouterr().out)["rule"]) == {"1", "2", "3"}


def test_days_that_are_over_count_as_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    now = time.time()
    home_with(tmp_path)

    def write(days_ago: int, rule: str, packed: bool = False) -> Path:
        at = now - days_ago * 86400
        path = tmp_path / ALERTS_JSON.day_path(datetime.fromtimestamp(at).date())
        path = path.with_name(path.name + (".gz" if packed else ""))
        path.parent.mkdir(parents=True, exist_ok=True)
        data = alert(rule, at=at)
        path.write_bytes(gzip.compress(data) if packed else data)
        return path

    (tmp_path / ALERTS_JSON.link_path).hardlink_to(write(0, "1"))
    write(1, "2")
    write(2, "3", packed=True)
    write(2, "3")  # a crash left both: the compressed one may be half
    write(30, "4")
    damaged = write(3, "5", packed=True)
    damaged.write_bytes(damaged.read_bytes()[:40])
    damaged.with_name("ossec-alerts-99.json").write_bytes(alert("6"))
    assert top("--home", str(tmp_path), "--once", "--since", "5d") == 0
    found = sections(capsys.readouterr().out)["rule"]
    assert {rule: columns[0] for rule, columns in found.items()} == {"1": "1", "2": "1", "3": "1"}
    assert len(list(older_lines(tmp_path, now - 40 * 86400))) == 3


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--window", "5m", "--since", "1h"), 2, "--window moves, --since stands"),
        (("--window", "soon"), 2, "'soon' is no span of time; write 30s, 5m, 2h or 1d"),
        (("--window", "0m"), 2, "no span of time"),
        (("--since", "yesterday"), 2, "'yesterday' is no time; write 24h, 2026-01-15"),
        (("--home", "nowhere"), 1, "nowhere is missing; `alertmill init` makes a home"),
        (("missing.json",), 1, "missing.json does not exist"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, told: str
) -> None:
    assert top(*words) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line
    assert line.startswith("alertmill top: ")


def test_nothing_to_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert top("--home", str(home_with(tmp_path)), "--once") == 0
    assert capsys.readouterr().out == "0 alerts in 10 min, 0.00/min\n"
    (tmp_path / "empty").touch()
    assert top("--once", str(tmp_path / "empty")) == 0
    assert capsys.readouterr().out == "0 alerts\n"


@pytest.fixture
def page() -> Page:
    counted = Tallies(600.0)
    for number in range(60):
        line = alert(str(100_000 + number % 25), number % 16, user=f"us\N{CJK UNIFIED IDEOGRAPH-6F22}er{number}" * 3)
        view = read_alert(line)
        assert view is not None
        counted.add(view, TEN)
    return Page(counted, None, "count")


@pytest.mark.parametrize(("width", "height"), [(200, 60), (140, 40), (80, 24), (40, 20), (20, 10), (10, 4), (5, 2)])
def test_the_picture_fits(page: Page, width: int, height: int) -> None:
    lines = page.screen(TEN, width, height, 12.0)
    assert len(lines) == height
    assert all(_width(line) <= width for line, _ in lines)
    assert lines[0][1] == "reverse"
    assert lines[-1][0].startswith("q")


def test_the_picture_shows_every_kind(page: Page) -> None:
    lines = [line for line, _ in page.screen(TEN, 160, 50, 12.0)]
    assert "60 alerts in 10 min, 6.0/min   12 events/s   by count" in lines[0]
    headings = [line for line in lines if "alerts    /min" in line]
    assert [word for line in headings for word in line.split() if word not in ("alerts", "/min", "description")] == [
        "rule",
        "level",
        "source",
        "account",
        "level",
        "group",
        "user",
    ]


def test_keys(page: Page) -> None:
    def order() -> str:
        return page.screen(TEN, 200, 40, None)[0][0].partition("   by ")[2].partition("   ")[0]

    seen = [order()]
    for key in "sssrx":
        page.press(key)
        seen.append(order())
    assert seen == ["count", "newest", "name", "count", "count, reversed", "count, reversed"]


def test_a_plain_table_says_what_it_leaves_out(page: Page) -> None:
    text = list(page.plain(TEN))
    assert "... and 10 more" in text
