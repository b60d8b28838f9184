"""The moving line: what it says, and that it says nothing where nobody watches."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from concurrent.futures import Future
from threading import Timer

import pytest

from alertmill.cli import progress
from alertmill.cli.progress import Figures, Patience, ProgressLine, Steps, results


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("figures", "seconds", "expected"),
    [
        (Figures(objects=5, size=50, found=10, found_size=200, complete=True), 10.0, 30.0),
        (Figures(objects=5, found=10, complete=True), 10.0, 10.0),
        (Figures(objects=5, size=50, found=10, found_size=200), 10.0, None),
        (Figures(found=10, complete=True), 10.0, None),
        (Figures(objects=5, found=10, complete=True), 1.0, None),
        (Figures(objects=10, size=200, found=10, found_size=200, complete=True), 10.0, 0.0),
        (Figures(objects=5, size=50, found=10, found_size=200, listed=True), 10.0, 30.0),
        (Figures(objects=5, size=50, found=10, found_size=200, failed=5, complete=True), 10.0, 10 / 3),
        (Figures(objects=5, found=10, failed=5, complete=True), 10.0, 0.0),
        (Figures(objects=5, size=50, complete=True), 10.0, None),
    ],
)
def test_the_rest_takes_as_long_as_the_beginning_did(figures: Figures, seconds: float, expected: float | None) -> None:
    assert figures.remaining(seconds) == (expected if expected is None else pytest.approx(expected))


def test_the_line() -> None:
    figures = Figures(objects=2, events=300, alerts=4, size=1_500_000, found=7)
    assert figures.line(3.0) == "2 of 7+ objects, 300 events, 4 alerts, 1.5 MB in 3.0 s (100 events/s)"
    failed = Figures(objects=2, failed=1, found=3, complete=True)
    assert failed.line(3.0) == "2 of 3 objects (1 failed), 0 events, 0 alerts, 0.0 MB in 3.0 s (0 events/s)"


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that can do everything, wide enough for the line."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.mark.usefixtures("wide")
def test_it_moves_on_a_terminal() -> None:
    stream, now = Terminal(), [0.0]
    figures = Figures(found=4, listed=True, complete=True)
    with ProgressLine(stream, lambda: figures, lambda: now[0]) as line:
        now[0], figures.objects = 90.0, 1
        line._live.refresh()
        assert line.seconds == 90
    assert "1 of 4 objects" in stream.getvalue()
    assert "4:30 left" in stream.getvalue()


@pytest.mark.usefixtures("wide")
def test_a_rest_that_may_grow_is_told_as_such() -> None:
    stream, now = Terminal(), [0.0]
    figures = Figures(objects=1, found=4, listed=True)
    with ProgressLine(stream, lambda: figures, lambda: now[0]) as line:
        now[0] = 90.0
        line._live.refresh()
    assert "1 of 4+ objects" in stream.getvalue()
    assert "4:30+ left" in stream.getvalue()


@pytest.mark.usefixtures("wide")
def test_lines_that_are_printed_meanwhile_stay_whole() -> None:
    stream = Terminal()
    text = "x" * 500 + " [bold]not a style[/bold] :smile: \x1b[31m"
    with ProgressLine(stream, Figures) as line:
        line.print(text)
        line._live.refresh()
        line.print("short")
    said = stream.getvalue()
    assert "x" * 500 + " [bold]not a style[/bold] :smile: ?[31m\n" in said
    assert "\r\x1b[2Kshort\n" in said
    assert "?25l" not in said  # the cursor stays


@pytest.mark.usefixtures("wide")
def test_without_colours_where_nobody_wants_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    with ProgressLine(stream, lambda: Figures(objects=1, found=4)) as line:
        line._live.refresh()
    assert "1 of 4+ objects" in stream.getvalue()
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", stream.getvalue())


def test_it_is_silent_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    stream = io.StringIO()
    with ProgressLine(stream, Figures) as line:
        assert not line.is_shown
    assert stream.getvalue() == ""
    line.print("a line \x1b of the log")
    assert stream.getvalue() == "a line \x1b of the log\n"


class Watched(Terminal):
    """A terminal that does something as soon as it shows a text."""

    def __init__(self, text: str, then: Callable[[], object]) -> None:
        super().__init__()
        self._text, self._then = text, then

    def write(self, text: str) -> int:
        written = super().write(text)
        if self._text in self.getvalue():
            self._text = "\0"
            self._then()
        return written


def test_calls_that_take_long_are_counted_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(progress, "_PATIENCE", 0.01)
    done, slow = Future[str](), Future[str]()
    done.set_result("a")
    stream = Watched("trying AWS: 1 of 2", lambda: slow.set_result("b"))
    assert results([done, slow], stream, "trying AWS") == ["a", "b"]
    assert "\x1b[" in stream.getvalue()


def test_calls_that_are_quick_are_not_worth_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    done = Future[str]()
    done.set_result("a")
    stream = Terminal()
    assert results([done], stream, "trying AWS") == ["a"]
    assert stream.getvalue() == ""


def test_nobody_is_told_of_calls_elsewhere() -> None:
    slow, stream = Future[str](), io.StringIO()
    Timer(0.05, slow.set_result, ["b"]).start()
    assert results([slow], stream, "trying AWS") == ["b"]
    assert stream.getvalue() == ""


class Clock:
    """Moves on by a second with every look."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def shown(stream: io.StringIO, count: int, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("TERM", "xterm")
    steps = Steps(stream, "cases", Clock())
    for done in range(count):
        steps.show(done, 10)
    steps.close()
    return stream.getvalue()


def test_steps_are_counted_on_a_terminal_when_they_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(Terminal(), 6, monkeypatch)
    assert "cases: 1 of 10" in text
    assert "cases: 5 of 10, 0:06 left" in text
    assert "cases: 0 of 10" not in text


def test_quick_steps_and_other_streams_show_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(Terminal(), 1, monkeypatch) == ""
    assert shown(io.StringIO(), 6, monkeypatch) == ""


@pytest.mark.usefixtures("wide")
def test_patience_says_what_takes_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_PATIENCE", 0.0)
    stream, said = Terminal(), ["one\x1b[2J"]
    with Patience(stream, lambda: said[0]) as patience:
        assert patience._timer is not None
        patience._timer.join()
        patience._live.refresh()
        said[0] = "two"
        patience._live.refresh()
    text = stream.getvalue()
    assert "one?[2J" in text
    assert "two" in text
    assert "\x1b[2J" not in text


@pytest.mark.parametrize("kind", [Terminal, io.StringIO])
def test_patience_is_silent_for_what_is_quick_and_where_nobody_watches(
    kind: type[io.StringIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_PATIENCE", 3600.0 if kind is Terminal else 0.0)
    stream = kind()
    with Patience(stream, lambda: "waiting"):
        pass
    assert stream.getvalue() == ""


@pytest.mark.usefixtures("wide")
def test_lines_that_are_printed_during_patience_stay_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_PATIENCE", 0.0)
    stream = Terminal()
    line = ProgressLine(stream, Figures)
    with line.patience("loading") as patience:
        assert patience._timer is not None
        patience._timer.join()
        line.print("a line of the log")
    assert "a line of the log\r\n" in stream.getvalue().replace("\n", "\r\n")
    assert "loading" in stream.getvalue()
