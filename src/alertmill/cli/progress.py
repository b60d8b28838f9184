"""The line that moves while something takes long. Silent but on a terminal.

`ProgressLine` is for objects that are read: objects, events, MB, rate, remaining time. `Patience` is for everything
else that may take more than two seconds, `results` for calls that are under way.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from types import TracebackType
from typing import TextIO, TypeVar

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Column, Table
from rich.text import Text

from alertmill.cli.text import printable

#: Times a second that the line is drawn anew, and the width of its bar.
_DRAWN = 4
_BAR = 20
#: Seconds before a remaining time is told: a rate of less is a guess.
_FIRST_GUESS = 2.0
#: Seconds that a person waits without asking whether anything happens.
_PATIENCE = 2.0

T = TypeVar("T")


@dataclass(slots=True)
class Figures:
    """How far the work is. `found` and `found_size` are what is known of the whole, which may still grow."""

    objects: int = 0
    events: int = 0
    alerts: int = 0
    size: int = 0
    found: int = 0
    found_size: int = 0
    #: Objects that could not be read.
    failed: int = 0
    #: Whether all that is looked through right now was looked through, and whether nothing else comes behind it.
    listed: bool = False
    complete: bool = False

    def line(self, seconds: float) -> str:
        """The figures in one line, after `seconds` of work."""
        seconds = max(seconds, 0.001)
        of = f" of {self.found}{'' if self.complete else '+'}" if self.found else ""
        failed = f" ({self.failed} failed)" if self.failed else ""
        return (
            f"{self.objects}{of} objects{failed}, {self.events} events, {self.alerts} alerts, "
            f"{self.size / 1e6:.1f} MB in {seconds:.1f} s ({self.events / seconds:.0f} events/s)"
        )

    def remaining(self, seconds: float) -> float | None:
        """Seconds that what was found will still take at the rate so far; None while nobody can tell."""
        done, all_ = self.done()
        if not (self.complete or self.listed) or seconds < _FIRST_GUESS or not done or self.found < self.objects:
            return None
        return max(all_ - done, 0) / done * seconds

    def done(self) -> tuple[int, int]:
        """What is done and what there is to do, in bytes where these are known, else in objects."""
        if not self.found_size:
            return self.objects + self.failed, self.found
        of_failed = self.found_size * self.failed // max(self.found, 1)  # they are as large as the others
        return self.size + of_failed, self.found_size


class ProgressLine:
    """Draws the figures that `look` returns, while the block lasts, below the lines that are printed meanwhile.

    `look` is called from another thread, some times a second.
    """

    def __init__(
        self, stream: TextIO, look: Callable[[], Figures], clock: Callable[[], float] = time.monotonic
    ) -> None:
        #: Whether there is anybody to see it.
        self.is_shown = stream.isatty()
        self._stream = stream
        self._look = look
        self._clock = clock
        self._began = clock()
        self._console = _Console(file=stream)
        self._live = Live(
            console=self._console,
            get_renderable=self._drawn,
            transient=True,
            refresh_per_second=_DRAWN,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    @property
    def seconds(self) -> float:
        """How long the block has lasted."""
        return self._clock() - self._began

    def patience(self, what: str) -> Patience:
        """A line that says what takes so long, for before this one moves; `print` may be called meanwhile."""
        return Patience(self._stream, lambda: what, self._console)

    def print(self, line: str) -> None:
        """A line of text, whole, above the moving one if there is one."""
        if self.is_shown:
            self._console.print(printable(line), markup=False, highlight=False, emoji=False, soft_wrap=True)
        else:
            print(line, file=self._stream, flush=True)

    def _drawn(self) -> Table:
        """A bar, the time that is left, and as many of the figures as the terminal is wide."""
        figures = self._look()
        left = figures.remaining(self.seconds)
        told = "" if left is None else f"{_span(left)}{'' if figures.complete else '+'} left, "
        done, all_ = figures.done()
        bar = ProgressBar((all_ or None) if figures.complete else None, done, width=_BAR)
        line = Table.grid(Column(width=_BAR), Column(ratio=1, no_wrap=True, overflow="ellipsis"), padding=(0, 1))
        line.expand = True
        line.add_row(bar, told + figures.line(self.seconds))
        return line

    def __enter__(self) -> ProgressLine:
        self._began = self._clock()
        if self.is_shown:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()


class _Console(Console):
    """A console that never hides the cursor: whoever is killed could not show it again."""

    def show_cursor(self, show: bool = True) -> bool:
        return False


class Patience:
    """On a terminal, a line that says what takes so long, from two seconds on until the block ends.

    `look` is what it says; it is called from another thread, some times a second.
    """

    def __init__(self, stream: TextIO, look: Callable[[], str], console: Console | None = None) -> None:
        self._look = look
        self._spinner = Spinner("dots")
        self._live = Live(
            console=console or _Console(file=stream),
            get_renderable=self._drawn,
            transient=True,
            refresh_per_second=_DRAWN,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._timer = threading.Timer(_PATIENCE, self._begin) if stream.isatty() else None
        self._ended = False
        self._lock = threading.Lock()

    def _begin(self) -> None:
        with self._lock:
            if not self._ended:
                self._live.start()

    def _drawn(self) -> Spinner:
        self._spinner.update(text=Text(printable(self._look()), no_wrap=True, overflow="ellipsis"))
        return self._spinner

    def __enter__(self) -> Patience:
        if self._timer is not None:
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        with self._lock:
            self._ended = True
        self._live.stop()


def results(futures: Sequence[Future[T]], stream: TextIO, what: str) -> list[T]:
    """What the futures bring, in their order; on a terminal with a line that tells how many are done."""

    def done() -> str:
        return f"{what}: {sum(future.done() for future in futures)} of {len(futures)}"

    with Patience(stream, done):
        wait(futures)
    return [future.result() for future in futures]


class Steps:
    """A bar over work that is done step by step; appears on a terminal when the work takes longer than patience.

    No thread draws it: it moves when a step is done, and `close` takes it away.
    """

    def __init__(self, stream: TextIO, what: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._what = what
        self._clock = clock
        self._began = self._drawn = clock()
        self._live: Live | None = None

    def show(self, done: int, of: int) -> None:
        """So many steps are done."""
        now = self._clock()
        if not self._stream.isatty() or now - self._began < _PATIENCE or now - self._drawn < 1 / _DRAWN:
            return
        self._drawn = now
        if self._live is None:
            self._live = Live(console=_Console(file=self._stream), auto_refresh=False, transient=True)
            self._live.start()
        left = (of - done) / done * (now - self._began) if done else 0.0
        line = Table.grid(Column(width=_BAR), Column(no_wrap=True, overflow="ellipsis"), padding=(0, 1))
        line.add_row(ProgressBar(of, done, width=_BAR), f"{self._what}: {done} of {of}, {_span(left)} left")
        self._live.update(line, refresh=True)

    def close(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
