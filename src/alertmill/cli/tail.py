"""`alertmill tail`: the last alerts, one readable line each, and then those that come."""

from __future__ import annotations

import argparse
import os
import re
import select
from collections import deque
from collections.abc import Callable
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.text import Text

from alertmill.alert_feed import AlertFeed, Feed
from alertmill.cli import EXIT_OK, Context
from alertmill.cli.alert_days import alerts_of, files_before, last_alerts
from alertmill.cli.alert_input import add_input_arguments, open_feed, tell_what_was_left_out, wanted
from alertmill.cli.alert_view import AlertView, Wanted
from alertmill.cli.progress import Patience
from alertmill.cli.text import encodable, printable

EXAMPLES = (
    "alertmill --home ./home tail --level 7                  the last ten that matter, then those that come",
    "alertmill --home ./home tail -n 100 --no-follow --json --group aws      whole alerts, for a program",
)

#: Alerts that are shown of what is there already.
_LAST = 10

#: Colours by level: the first whose level is reached.
_COLOURS = ((12, "bold white on red"), (10, "bold red"), (7, "yellow"), (4, "cyan"), (0, "dim"))

_NOT_PRINTABLE = re.compile(r"[^ -~]")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_input_arguments(parser)
    add = parser.add_argument
    add(
        "-n",
        metavar="N",
        dest="last",
        type=_count,
        help="show the last N alerts first (default: 10; of a stream, all); of a home, those of the days before too",
    )
    add("--no-follow", dest="follow", action="store_false", help="stop at the end of what is there")
    add("--json", action="store_true", help="the alerts as they stand in the file")


def run(options: argparse.Namespace, context: Context) -> int:
    feed = open_feed(options, context, may_come=options.follow)
    with closing(feed):
        tail = _Tail(feed, wanted(options), context, as_json=options.json, of_home=options.file is None)
        try:
            tail.show_last(options.last)
            while options.follow and not feed.ended and not _reader_is_gone(context.stdout):
                feed.wait()
                tail.show_new()
        except KeyboardInterrupt:
            pass  # the way to end it
    tell_what_was_left_out("tail", feed, tail.wanted, context.stderr)
    return EXIT_OK


class _Tail:
    """Shows the alerts of a feed that are wanted."""

    def __init__(self, feed: Feed, wanted: Wanted, context: Context, *, as_json: bool, of_home: bool = False) -> None:
        self._feed = feed
        self._of_home = of_home
        self.wanted = wanted
        self._context = context
        self._show = _as_json(context.stdout) if as_json else _as_line(context.stdout)

    def show_last(self, count: int | None) -> None:
        """The last `count` of what is there; of a stream everything, unless a count was asked for."""
        if isinstance(self._feed, AlertFeed):
            self._show_last_of_file(self._feed, _LAST if count is None else count)
        elif count is not None:
            self._show_last_of_stream(count)
        else:
            self.show_new()
            while not self._feed.ended:
                self._feed.wait()
                self.show_new()

    def _show_last_of_file(self, feed: AlertFeed, count: int) -> None:
        end = feed.go_to_end()
        found: list[tuple[bytes, AlertView]] = []
        with Patience(self._context.stderr, lambda: f"looking for the last {count}: {len(found)} found"):
            found.extend(islice(alerts_of(feed.backwards(end), self.wanted), count))
            for path in self._files_before(feed):
                if len(found) == count:
                    break
                found.extend(last_alerts(path, self.wanted, count - len(found)))
        if not found and not feed.is_there:
            print(f"alertmill tail: {feed.path} is not there yet: no alerts were written", file=self._context.stderr)
        for line, view in reversed(found):
            self._show(line, view)
        self._context.stdout.flush()

    def _files_before(self, feed: AlertFeed) -> list[Path]:
        return files_before(self._context.home, feed) if self._of_home else []

    def _show_last_of_stream(self, count: int) -> None:
        found: deque[tuple[bytes, AlertView]] = deque(maxlen=count)
        while not self._feed.ended:
            self._feed.wait()
            for line in self._feed.read():
                if view := self.wanted.view(line):
                    found.append((line, view))
        for line, view in found:
            self._show(line, view)

    def show_new(self) -> None:
        """All that has come since."""
        while lines := self._feed.read():
            for line in lines:
                if view := self.wanted.view(line):
                    self._show(line, view)
            self._context.stdout.flush()


def _as_json(stdout: TextIO) -> Callable[[bytes, AlertView], None]:
    """Lines as they stand there; on a terminal, characters that it might obey are spelled as JSON's escapes."""
    if not stdout.isatty():

        def pass_on(line: bytes, _: AlertView) -> None:
            stdout.buffer.write(line + b"\n")

        return pass_on

    def show(line: bytes, _: AlertView) -> None:
        print(_escaped(line.decode("utf-8", "replace")), file=stdout)

    return show


def _escaped(text: str) -> str:
    def escape(found: re.Match[str]) -> str:
        character = found[0]
        if character.isprintable():
            return character
        code = character.encode("utf-16-be", "surrogatepass").hex()
        return "".join(f"\\u{code[at : at + 4]}" for at in range(0, len(code), 4))

    return _NOT_PRINTABLE.sub(escape, text)


def _as_line(stdout: TextIO) -> Callable[[bytes, AlertView], None]:
    """One line an alert; coloured on a terminal, unless $NO_COLOR says otherwise (https://no-color.org)."""
    if not stdout.isatty() or os.environ.get("NO_COLOR"):
        return lambda _, view: print(encodable(alert_line(view).plain, stdout), file=stdout)
    console = Console(file=stdout, highlight=False, soft_wrap=True)
    return lambda _, view: console.print(alert_line(view))


def alert_line(view: AlertView) -> Text:
    """When it happened, level, rule, description, and who, from where, what, in which account and region."""
    colour = next(colour for level, colour in _COLOURS if view.level >= level)
    line = Text()
    line.append(f"{view.happened[:19].replace('T', ' ')}  ", "dim")
    line.append(f"{view.level:>2}", colour)
    line.append(f"  {view.rule:>6}  ")
    line.append(view.description, "bold" if view.level >= 10 else "")
    place = " ".join(part for part in (view.account, view.region) if part)
    told = [view.user, view.address, view.action, place]
    line.append("".join(f"  {part}" for part in told if part), "dim")
    return line


def _reader_is_gone(stdout: TextIO) -> bool:
    """Whether nobody reads our output any more (`| head`), which otherwise shows at the next alert only."""
    try:
        fd = stdout.fileno()
    except OSError:  # no file
        return False
    poll = select.poll()
    poll.register(fd, 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{printable(text)!r} is no number of alerts")
    return int(text)
