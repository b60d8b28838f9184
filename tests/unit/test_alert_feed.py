"""Following a file: complete lines only, each once, through rotation and cutting, in bounded memory."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertmill import alert_feed
from alertmill.alert_feed import AlertFeed, LineCutter, StreamFeed, is_stream


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def rest(feed: AlertFeed | StreamFeed) -> list[bytes]:
    """All lines that are there."""
    lines: list[bytes] = []
    while part := feed.read():
        lines += part
    return lines


@given(st.binary(max_size=60), st.lists(st.integers(0, 60)))
def test_lines_do_not_depend_on_how_they_come(data: bytes, cuts: list[int]) -> None:
    ends = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    cutter = LineCutter()
    found = [line for start, end in pairwise(ends) for line in cutter.cut(data[start:end])]
    assert found == [line for line in data.split(b"\n")[:-1] if line]


@given(st.lists(st.integers(0, 30), max_size=8), st.integers(1, 30))
def test_a_line_that_is_too_long_is_passed_over_and_counted(lengths: list[int], step: int) -> None:
    data = b"".join(b"x" * length + b"\n" for length in lengths)
    cutter = LineCutter(most=20)
    found = []
    for at in range(0, len(data), step):
        found += cutter.cut(data[at : at + step])
        assert sum(map(len, cutter._rest)) <= 20
    short = [length for length in lengths if length]
    # One that is a little too long may still come whole, in a piece that has cost its memory already.
    assert [len(line) for line in found if len(line) <= 20] == [length for length in short if length <= 20]
    assert len(found) + cutter.overlong == len(short)


@pytest.mark.parametrize("piece", [1, 3, 7, 1000])
def test_backwards_is_forwards_turned_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int) -> None:
    monkeypatch.setattr(alert_feed, "_PIECE", piece)
    path = tmp_path / "alerts.json"
    path.write_bytes(b"one\n\ntwo\nthree and more\n4\nbegun")
    with AlertFeed(path) as feed:
        end = feed.go_to_end()
        assert end == path.stat().st_size - len("begun")
        assert list(feed.backwards(end)) == [b"4", b"three and more", b"two", b"one"]
        append(path, b" and ended\n")
        assert rest(feed) == [b"begun and ended"]


@given(data=st.text("ab\n", max_size=40), piece=st.integers(1, 9), most=st.integers(1, 6))
def test_backwards_leaves_out_what_forwards_does(
    data: str, piece: int, most: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("feed") / "alerts.json"
    path.write_bytes(data.encode())
    with pytest.MonkeyPatch.context() as patch, AlertFeed(path) as feed:
        patch.setattr(alert_feed, "_PIECE", piece)
        patch.setattr(alert_feed, "MOST_LINE", most)
        expected = [line for line in data.encode().split(b"\n")[:-1] if 0 < len(line) <= most]
        assert list(feed.backwards(feed.go_to_end()))[::-1] == expected


class Home:
    """A folder in which a daemon writes alerts by the day's name, with alerts.json as another name of the file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "logs" / "alerts"
        self.month = self.folder / "2026" / "Jan"
        self.month.mkdir(parents=True)
        self.link = self.folder / "alerts.json"

    def write(self, day: int, data: bytes) -> None:
        append(self.month / f"ossec-alerts-{day:02}.json", data)

    def turn(self, day: int) -> None:
        self.write(day, b"")
        self.link.unlink(missing_ok=True)
        self.link.hardlink_to(self.month / f"ossec-alerts-{day:02}.json")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_midnight(home: Home) -> None:
    with AlertFeed(home.link, linked=True) as feed:
        assert not feed.is_there
        assert feed.go_to_end() == 0
        assert rest(feed) == []
        home.turn(1)
        home.write(1, b"a\nb\nhal")
        assert rest(feed) == [b"a", b"b"]
        home.write(1, b"f\n")
        home.turn(2)
        home.write(2, b"new\n")
        assert rest(feed) == [b"half", b"new"]
        home.link.unlink()
        home.write(2, b"still\n")
        assert rest(feed) == [b"still"]
        assert (feed.replaced, feed.cut, feed.overlong) == (1, 0, 0)


def test_a_line_of_the_day_before_does_not_go_on_in_the_new_file(home: Home) -> None:
    home.turn(1)
    home.write(1, b"never ended")
    with AlertFeed(home.link) as feed:
        assert rest(feed) == []
        home.turn(2)
        home.write(2, b"new\n")
        assert rest(feed) == [b"new"]


def test_a_file_that_is_cut_is_read_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "alerts.json"
    path.write_bytes(b"one\ntwo\nthr")
    with AlertFeed(path) as feed:
        assert rest(feed) == [b"one", b"two"]
        path.write_bytes(b"new\n")
        assert rest(feed) == [b"new"]
        assert feed.cut == 1


def test_an_endless_line_costs_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alert_feed, "_PIECE", 1000)
    path = tmp_path / "alerts.json"
    path.write_bytes(b"x" * 200_000 + b"\nafter\n")
    with AlertFeed(path) as feed:
        feed._cutter = LineCutter(most=5000)
        assert rest(feed) == [b"after"]
        assert feed.overlong == 1


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with AlertFeed(tmp_path) as feed, pytest.raises(IsADirectoryError):
        feed.read()


@pytest.mark.parametrize("watched", [True, False])
def test_waiting_ends_when_there_is_more(home: Home, monkeypatch: pytest.MonkeyPatch, watched: bool) -> None:
    """Each step is written by another thread while the feed waits; without watching, time does it."""
    if not watched:

        def no_watches(*_: object, **__: object) -> None:
            raise OSError(28, "no space left on device")  # what Linux says when all inotify watches are in use

        monkeypatch.setattr("alertmill.alert_feed.Observer.schedule", no_watches)
    steps: list[Callable[[], None]] = [
        lambda: home.turn(1),
        lambda: home.write(1, b"one\n"),
        lambda: home.write(1, b"two\n"),
        lambda: home.turn(2),
        lambda: home.write(2, b"three\n"),
    ]
    with AlertFeed(home.link, linked=True) as feed:
        feed.wait(0.01)
        found: list[bytes] = []
        for step in steps:
            writer = threading.Timer(0.02, step)
            writer.start()
            feed.wait()
            writer.join()
            feed.wait(0.3)
            found += rest(feed)
        assert found == [b"one", b"two", b"three"]


def test_changes_are_told_at_once(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is appended by the day's name ends the wait for alerts.json, long before the next look."""
    monkeypatch.setattr(alert_feed, "_LOOK_WATCHED", 60.0)
    home.turn(1)
    with AlertFeed(home.link, linked=True) as feed:
        feed.wait(0.01)
        writer = threading.Timer(0.05, lambda: home.write(1, b"one\n"))
        writer.start()
        while not (found := rest(feed)):
            feed.wait()
        assert found == [b"one"]


def test_without_a_folder_it_is_looked_for(tmp_path: Path) -> None:
    path = tmp_path / "later" / "alerts.json"
    with AlertFeed(path) as feed:
        feed.wait(0.01)
        path.parent.mkdir()
        path.write_bytes(b"one\n")
        feed.wait()
        assert rest(feed) == [b"one"]


def test_a_stream_is_read_to_its_end() -> None:
    reading, writing = os.pipe()
    feed = StreamFeed(reading)
    try:
        assert feed.read() == []
        os.write(writing, b"one\ntwo\nhal")
        feed.wait()
        assert feed.read() == [b"one", b"two"]
        assert feed.read() == []
        assert not feed.ended
        os.write(writing, b"f")
        os.close(writing)
        feed.wait()
        assert rest(feed) == [b"half"]
        assert feed.ended
        feed.wait()
        assert feed.read() == []
    finally:
        os.close(reading)


def test_what_is_a_stream(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    names = {name: is_stream(tmp_path / name) for name in ("pipe", "file", "", "missing")}
    assert names == {"pipe": True, "file": False, "": False, "missing": False}
