"""`alertmill top`: which rules, sources, accounts, levels, groups and users alert how often.

Live on a terminal, anew every second; elsewhere, or with --once, one table. Alerts count by the time of their arrival;
of a file that is counted as a whole, by the time of their events.
"""

from __future__ import annotations

import argparse
import os
import re
import select
import signal
import termios
import time
import tty
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from types import FrameType
from typing import BinaryIO

from rich.console import Console
from rich.live import Live
from rich.text import Text

from alertmill.alert_feed import AlertFeed, Feed
from alertmill.checkpoints import Checkpoints
from alertmill.cli import EXIT_OK, EXIT_USAGE, Context
from alertmill.cli.alert_days import older_lines
from alertmill.cli.alert_input import add_input_arguments, open_feed, tell_what_was_left_out, wanted
from alertmill.cli.alert_view import Wanted, alert_time
from alertmill.cli.progress import Patience
from alertmill.cli.tallies import ORDERS, Tallies
from alertmill.cli.text import encodable, printable
from alertmill.cli.top_page import Page
from alertmill.errors import CheckpointError
from alertmill.installation import Installation

EXAMPLES = (
    "alertmill --home ./home top --window 5m            live: q quits, s sorts by count, newest or name",
    "alertmill --home ./home top --once --since 24h     one table of the last day, for a report",
)

#: Seconds between two pictures, and of them for reading at most.
_REFRESH = 1.0
_READING = 0.4
_WINDOW = "10m"
#: Terminals on which nothing can be drawn anew.
_PLAIN_TERMINALS = ("dumb", "unknown")

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d{1,6})([smhd])", re.ASCII)
#: Alerts may stand in the file a little out of order: seconds before the first one that is looked for.
_SLACK = 60.0
_TIMESTAMP = re.compile(rb'"timestamp": ?"([^"\\]{10,40})"')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_input_arguments(parser)
    add = parser.add_argument
    add("--window", metavar="TIME", type=_duration, help=f"what counts: the last 30s, 5m, 2h, 1d (default: {_WINDOW})")
    add("--since", metavar="TIME", type=_since, help="count from then on: 24h (ago), 2026-01-15, 2026-01-15T10:00")
    add("--sort", choices=ORDERS, default="count", help="what stands at the top (default: count)")
    add("--once", action="store_true", help="one table of what is there, then the end; all of it for FILE")


def run(options: argparse.Namespace, context: Context) -> int:
    if options.window is not None and options.since is not None:
        print("alertmill top: --window moves, --since stands; give one of them", file=context.stderr)
        return EXIT_USAGE
    once = options.once or not context.stdout.isatty() or os.environ.get("TERM") in _PLAIN_TERMINALS
    feed = open_feed(options, context, may_come=not once)
    with closing(feed):
        top = _Top(feed, options, context, whole=once and options.file is not None)
        with suppress(KeyboardInterrupt):  # a way to end it
            top.once() if once else top.live()
    tell_what_was_left_out("top", feed, top.wanted, context.stderr)
    return EXIT_OK


class _Top:
    """Counts the alerts of a feed and shows the counts. With `whole`, all of them are counted, of whatever time."""

    def __init__(self, feed: Feed, options: argparse.Namespace, context: Context, *, whole: bool) -> None:
        self._feed = feed
        self._context = context
        self.wanted: Wanted = wanted(options)
        self._since: float | None = options.since
        whole = whole and options.window is None
        window = None if whole or options.since is not None else (options.window or _duration(_WINDOW))
        self._tallies = Tallies(window, happened=whole and options.since is None)
        self._page = Page(self._tallies, self._since, options.sort)
        self._of_home = options.file is None
        self._read_lines = 0

    # -- counting ------------------------------------------------------------------------------------------------------

    def _count(self, line: bytes, now: float) -> None:
        self._read_lines += 1
        view = self.wanted.view(line)
        if view is not None and (self._since is None or view.arrival is None or view.arrival >= self._since):
            self._tallies.add(view, now)

    def _count_what_is_there(self) -> None:
        """What the file, and those of the days before, hold of the time that counts."""
        now = time.time()
        if self._tallies.window is not None:
            first = now - self._tallies.window
        elif self._since is not None:
            first = self._since
        else:
            first = 0.0
        with Patience(self._context.stderr, lambda: f"reading alerts: {self._read_lines} read"):
            if isinstance(self._feed, AlertFeed):
                self._count_file(self._feed, first, now)

    def _count_file(self, feed: AlertFeed, first: float, now: float) -> None:
        end = feed.go_to_end()
        for line in feed.backwards(end):
            if _is_before(line, first - _SLACK):
                return
            self._count(line, now)
        if self._of_home and first:
            for line in older_lines(Installation(self._context.home).home, first):
                self._count(line, now)

    def _count_new(self, seconds: float) -> None:
        """What has come since; for `seconds` at most, so that the picture and the keys get their turn."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and (lines := self._feed.read()):
            now = time.time()
            for line in lines:
                self._count(line, now)

    # -- showing -------------------------------------------------------------------------------------------------------

    def once(self) -> None:
        self._count_what_is_there()
        with Patience(self._context.stderr, lambda: f"reading alerts: {self._read_lines} read"):
            while not isinstance(self._feed, AlertFeed) and not self._feed.ended:
                self._feed.wait()
                self._count_new(_READING)
        now = time.time()
        self._tallies.forget(now)
        for line in self._page.plain(now):
            print(encodable(line, self._context.stdout), file=self._context.stdout)

    def live(self) -> None:
        self._count_what_is_there()
        console = Console(file=self._context.stdout, highlight=False)
        events = _EventRate(Installation(self._context.home)) if self._of_home else None
        keys = _Keys(self._context.stdin)
        with (
            _ends_as_by_hand(),
            keys.each_at_once(),
            Live(
                console=console, screen=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False
            ) as live,
        ):
            while True:
                self._count_new(_READING)
                now = time.time()
                self._tallies.forget(now)
                rate = events.now() if events else None
                live.update(_picture(self._page, console, now, rate), refresh=True)
                for key in keys.pressed(_REFRESH):
                    if key == "q":
                        return
                    self._page.press(key)


def _picture(page: Page, console: Console, now: float, rate: float | None) -> Text:
    lines = page.screen(now, console.width, console.height, rate)
    text = Text(no_wrap=True, overflow="crop", end="")
    for number, (line, style) in enumerate(lines):
        text.append("\n" if number else "")
        text.append(line, "" if os.environ.get("NO_COLOR") and "reverse" not in style else style)
    return text


class _EventRate:
    """Events a second that the daemon of a home takes in, from its checkpoint."""

    def __init__(self, installation: Installation) -> None:
        self._var = installation.var
        self._before: tuple[float, int] | None = None
        self._rate: float | None = None

    def now(self) -> float | None:
        """The rate since the last change that was seen; None as long as nobody knows."""
        if not (self._var / "checkpoints.db").exists():
            return None
        try:
            checkpoints = Checkpoints(self._var, read_only=True)
        except CheckpointError:
            return None
        try:
            received = checkpoints.counters().get("received", 0)
        finally:
            checkpoints.close()
        at = time.monotonic()
        if self._before is not None:
            self._rate = max(received - self._before[1], 0) / max(at - self._before[0], 0.001)
        self._before = (at, received)
        return self._rate


class _Keys:
    """The keys that are pressed, one by one, if a keyboard is there."""

    def __init__(self, stdin: BinaryIO) -> None:
        self._fd = stdin.fileno() if stdin.isatty() else _terminal()

    @contextmanager
    def each_at_once(self) -> Iterator[None]:
        """Let the terminal hand out keys as they are pressed, and put it back as it was."""
        if self._fd is None:
            yield
            return
        before = termios.tcgetattr(self._fd)
        try:
            tty.setcbreak(self._fd)
            yield
        finally:
            termios.tcsetattr(self._fd, termios.TCSADRAIN, before)

    def pressed(self, seconds: float) -> str:
        """The keys of the next `seconds`; comes back at the first."""
        if self._fd is None:
            time.sleep(seconds)
            return ""
        if not select.select([self._fd], [], [], seconds)[0]:
            return ""
        return os.read(self._fd, 64).decode("latin-1")


def _is_before(line: bytes, first: float) -> bool:
    """Whether an alert came before `first`; of one without a time nobody knows."""
    found = _TIMESTAMP.search(line[:100])
    at = alert_time(found[1].decode("latin-1")) if found else None
    return at is not None and at < first


def _duration(text: str) -> float:
    found = _DURATION.fullmatch(text)
    if not found or not int(found[1]):
        raise argparse.ArgumentTypeError(f"{printable(text)!r} is no span of time; write 30s, 5m, 2h or 1d")
    return int(found[1]) * _UNITS[found[2]]


def _since(text: str) -> float:
    if _DURATION.fullmatch(text):
        return time.time() - _duration(text)
    at = alert_time(text)
    if at is None:
        raise argparse.ArgumentTypeError(f"{printable(text)!r} is no time; write 24h, 2026-01-15 or 2026-01-15T10:00")
    return at


def _terminal() -> int | None:
    """The terminal, when standard input is something else."""
    try:
        return os.open("/dev/tty", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None


@contextmanager
def _ends_as_by_hand() -> Iterator[None]:
    """SIGTERM ends it as Ctrl-C does: with the terminal as it was."""

    def end(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
