"""`alertmill tail`: which alerts are shown, in which form, from where."""

from __future__ import annotations

import gzip
import io
import json
import os
import threading
from datetime import date
from pathlib import Path

import pytest

from alertmill.alert_feed import AlertFeed, StreamFeed
from alertmill.cli import Context, main
from alertmill.cli.alert_days import files_before
from alertmill.cli.alert_view import Wanted, read_alert
from alertmill.cli.tail import _escaped, _Tail, alert_line
from alertmill.sinks.rotation import ALERTS_JSON
from unit.cli.alerts import TEN, alert, home_with


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture
def home(tmp_path: Path) -> Path:
    lines = [
        alert(str(100_000 + number), number, at=TEN + number, groups=("aws", f"g{number}")) for number in range(15)
    ]
    return home_with(tmp_path / "home", *lines)


def tail(home: Path, *words: str) -> int:
    try:
        return main(["--home", str(home), "tail", "--no-follow", *words])
    except SystemExit as end:
        assert isinstance(end.code, int)
        return end.code


def rules(text: str) -> list[str]:
    return [line.split()[3] for line in text.splitlines()]


def test_a_line() -> None:
    found = read_alert(alert("80301", 12, groups=("aws",)))
    assert found is not None
    assert alert_line(found).plain == (
        "2026-01-15 10:00:00  12   80301  something happened  ann  198.51.100.7  RunInstances  123456789012 us-east-1"
    )


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ((), range(5, 15)),
        (("-n", "2"), range(13, 15)),
        (("-n", "0"), range(0)),
        (("-n", "100"), range(15)),
        (("-n", "2", "--level", "3"), range(13, 15)),
        (("--rule", "100003", "--rule", "100004"), range(3, 5)),
        (("--group", "g1"), range(1, 2)),
        (("--account", "210987654321"), range(0)),
        (("--match", "G7"), range(7, 8)),
    ],
)
def test_which(home: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], numbers: range) -> None:
    assert tail(home, *words) == 0
    assert rules(capsys.readouterr().out) == [str(100_000 + number) for number in numbers]


def day_file(home: Path, day: int, *rules: str, part: int = 0, packed: bool = False) -> Path:
    """The alerts of a day of January 2026."""
    path = home / ALERTS_JSON.day_path(date(2026, 1, day), part)
    path.parent.mkdir(parents=True, exist_ok=True)
    data = b"".join(alert(rule) for rule in rules)
    path = path.with_name(path.name + (".gz" if packed else ""))
    path.write_bytes(gzip.compress(data) if packed else data)
    return path


@pytest.fixture
def days(tmp_path: Path) -> Path:
    """A home with alerts 1 to 9, over some days; alerts.json leads to the last."""
    home = home_with(tmp_path / "home")
    day_file(home, 11, "1", "2", packed=True)
    day_file(home, 12)
    day_file(home, 13, "3", "4", packed=True)
    day_file(home, 13, "5", part=1)
    day_file(home, 14, "6", "7")
    (home / ALERTS_JSON.link_path).hardlink_to(day_file(home, 15, "8", "9"))
    return home


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), "123456789"),
        (("-n", "0"), ""),
        (("-n", "2"), "89"),
        (("-n", "3"), "789"),
        (("-n", "5"), "56789"),
        (("-n", "6"), "456789"),
        (("-n", "8"), "23456789"),
        (("-n", "2", "--rule", "1", "--rule", "4", "--rule", "7"), "47"),
    ],
)
def test_of_a_home_the_days_before_are_looked_at(
    days: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], expected: str
) -> None:
    assert tail(days, *words) == 0
    assert rules(capsys.readouterr().out) == list(expected)


def test_without_a_file_of_today_there_are_those_of_before(days: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (days / ALERTS_JSON.link_path).unlink()
    day_file(days, 15).unlink()
    assert tail(days, "-n", "3") == 0
    shown, told = capsys.readouterr()
    assert (rules(shown), told) == (["5", "6", "7"], "")


def test_what_comes_after_midnight_is_not_from_the_days_before(days: Path) -> None:
    """The feed still reads the file of yesterday: neither that one nor the new one is a file of before."""
    with AlertFeed(days / ALERTS_JSON.link_path) as feed:
        feed.go_to_end()
        (days / ALERTS_JSON.link_path).unlink()
        (days / ALERTS_JSON.link_path).hardlink_to(day_file(days, 16, "10"))
        assert [path.name for path in files_before(days, feed)][:2] == [
            "ossec-alerts-14.json",
            "ossec-alerts-13-001.json",
        ]


def test_no_more_than_a_month_of_files_is_looked_through(
    days: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("alertmill.cli.alert_days.MOST_FILES", 2)
    assert tail(days) == 0
    assert rules(capsys.readouterr().out) == list("56789")


def test_a_named_file_is_all(days: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tail(days, str(days / ALERTS_JSON.link_path)) == 0
    assert rules(capsys.readouterr().out) == ["8", "9"]


def test_json_is_the_line_as_it_stands_there(home: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    odd = alert(description="\u202e\x7f").replace(b"something", b"\xff")
    path = home / "logs" / "alerts" / "alerts.json"
    path.write_bytes(path.read_bytes() + odd)
    assert tail(home, "-n", "1", "--json") == 0
    assert capfdbinary.readouterr().out == odd


@pytest.mark.parametrize("text", ['"\x7f\x9b"', '"\u202e"', '"\U000e0041"', '"plain \N{SNOWMAN}"'])
def test_json_for_a_terminal_means_the_same(text: str) -> None:
    assert _escaped(text).isprintable()
    assert json.loads(_escaped(text)) == json.loads(text)


@pytest.mark.parametrize("no_color", [False, True])
def test_colours_are_for_terminals(monkeypatch: pytest.MonkeyPatch, no_color: bool) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1" if no_color else "")
    reading, writing = os.pipe()
    os.write(writing, alert(level=12, description="\x1b]0;title\x07 [red]not markup[/red]"))
    os.close(writing)
    terminal = Terminal()
    context = Context(Path(), False, io.BytesIO(), terminal, io.StringIO())
    _Tail(StreamFeed(reading), Wanted(), context, as_json=False).show_last(None)
    os.close(reading)
    text = terminal.getvalue()
    assert ("\x1b[" in text) is not no_color
    assert "\x1b]" not in text
    assert "?]0;title? [red]not markup[/red]" in text


def test_a_file_and_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "some.json"
    path.write_bytes(alert("1") + alert("2"))
    assert tail(tmp_path, str(path)) == 0
    assert rules(capsys.readouterr().out) == ["1", "2"]
    for words, expected in (((), ["1", "2"]), (("-n", "1"), ["2"])):
        with path.open() as file:
            monkeypatch.setattr("sys.stdin", file)
            assert tail(tmp_path, "-", *words) == 0
        assert rules(capsys.readouterr().out) == expected
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes(alert("3")))
    writer.start()
    assert tail(tmp_path, str(tmp_path / "pipe")) == 0
    writer.join()
    assert rules(capsys.readouterr().out) == ["3"]


def test_lines_that_are_too_long_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch) -> None:
    path = tmp_path / "some.json"
    path.write_bytes(b"x" * 5_000_000 + b"\n" + alert("1"))
    with path.open() as file:
        monkeypatch.setattr("sys.stdin", file)
        assert tail(tmp_path, "-") == 0
    captured = capsys.readouterr()
    assert rules(captured.out) == ["1"]
    assert captured.err == "alertmill tail: 1 line passed over: longer than any alert\n"


def test_a_file_of_something_else_is_no_riddle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "ossec.log"
    path.write_text("2026/01/15 10:00:00 wazuh-analysisd: INFO: Started\n{}\n")
    assert tail(tmp_path, str(path)) == 0
    assert capsys.readouterr() == ("", "alertmill tail: 2 lines passed over: no alerts in them\n")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--home", "nowhere"), 1, "nowhere is missing; `alertmill init` makes a home"),
        (("missing.json",), 1, "missing.json does not exist"),
        ((".",), 1, ". is a folder; name a file of alerts"),
        (("-n", "many"), 2, "'many' is no number of alerts"),
        (("--level", "high"), 2, "--level"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    code: int,
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert tail(tmp_path, *words) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line
    assert line.startswith("alertmill tail: ")


def test_a_home_without_alerts_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home_with(tmp_path)
    assert tail(tmp_path) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.endswith("alerts.json is not there yet: no alerts were written\n")
