"""Where `tail` and `top` read alerts from: the home's alerts.json, a file, or a stream; and the options for it."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TextIO

from alertmill.alert_feed import AlertFeed, Feed, StreamFeed, is_stream
from alertmill.cli import Context
from alertmill.cli.alert_view import Wanted
from alertmill.cli.home import home_of
from alertmill.cli.text import many
from alertmill.errors import AlertmillError


class InputError(AlertmillError):
    """Alerts cannot be read from where they were to be read from."""


def add_input_arguments(parser: argparse.ArgumentParser) -> None:
    """FILE, and the options that narrow what is shown."""
    add = parser.add_argument
    add("file", metavar="FILE", nargs="?", help="a file of alerts, - for standard input (default: the home's)")
    add("--level", metavar="N", type=int, default=0, help="alerts of this level or above")
    add("--group", metavar="GROUP", action="append", default=[], help="of rules in this group (repeatable: of any)")
    add("--rule", metavar="ID", action="append", default=[], help="of this rule (repeatable: of any)")
    add("--account", metavar="ID", action="append", default=[], help="of this AWS account (repeatable: of any)")
    add("--match", metavar="TEXT", default="", help="with this text anywhere in the alert, in any case")


def wanted(options: argparse.Namespace) -> Wanted:
    """What the options ask for."""
    return Wanted(
        options.level,
        frozenset(options.rule),
        frozenset(options.group),
        frozenset(options.account),
        options.match,
    )


def open_feed(options: argparse.Namespace, context: Context, *, may_come: bool) -> Feed:
    """What FILE names, else the home's alerts.json. With `may_come`, a file may be missing yet.

    Raises InputError, HomeError.
    """
    if options.file == "-":
        return StreamFeed(context.stdin.fileno())
    path = Path(options.file) if options.file else home_of(context).alerts_json
    try:
        if is_stream(path):
            return StreamFeed(os.open(path, os.O_RDONLY | os.O_CLOEXEC))  # open for as long as the process lives
        feed = AlertFeed(path, linked=options.file is None)
        if path.is_dir():
            raise InputError(f"{path} is a folder; name a file of alerts, or the home with --home")
        if options.file and not feed.is_there and (not may_come or not path.parent.is_dir()):
            raise InputError(f"{path} does not exist")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    return feed


def tell_what_was_left_out(command: str, feed: Feed, wanted: Wanted, stderr: TextIO) -> None:
    """What stood in the file and could not be shown, so that an empty answer is no riddle."""
    for count, why in ((feed.overlong, "longer than any alert"), (wanted.strange, "no alerts in them")):
        if count:
            print(f"alertmill {command}: {many(count, 'line')} passed over: {why}", file=stderr)
