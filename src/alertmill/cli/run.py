"""`alertmill run`: the daemon in the foreground."""

from __future__ import annotations

import argparse
import os

from alertmill.bootstrap import build
from alertmill.cli import EXIT_CANNOT_START, Context
from alertmill.daemon.service import Service
from alertmill.errors import AlertmillError, LoadError, Severity
from alertmill.installation import Installation
from alertmill.log import ENGINE_TAG, TaggedLog, close_log, set_up_log

EXAMPLES = (
    "alertmill --home ./home run               until it is stopped by Ctrl-C or SIGTERM; SIGHUP reloads the rules",
    "alertmill --home ./home run --once        read every input to its present end, then stop",
)

#: Files are the daemon's own and its group's, as under Wazuh.
_UMASK = 0o027


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--once",
        action="store_true",
        help="read every input once to its present end, as far as it can be read; `status` tells what failed",
    )


def run(options: argparse.Namespace, context: Context) -> int:
    os.umask(_UMASK)
    installation = Installation(context.home)
    log = TaggedLog(ENGINE_TAG)
    try:
        set_up_log(installation.logs, to_terminal=_by_hand())
    except OSError as error:
        print(f"alertmill run: {error.filename}: {error.strerror}; is {context.home} a home?", file=context.stderr)
        return EXIT_CANNOT_START
    try:
        program = build(installation)
        wanted = program.config.logging
        if wanted.json_ or not wanted.plain:
            set_up_log(installation.logs, plain=wanted.plain, as_json=wanted.json_, to_terminal=_by_hand())
    except LoadError as error:
        for problem in error.problems:
            log("ERROR" if problem.severity is Severity.ERROR else "WARNING", problem.one_line())
        log("CRITICAL", f"{error.what}: see the problems above, or run: alertmill check")
        return EXIT_CANNOT_START
    except AlertmillError as error:
        log("CRITICAL", str(error))
        return EXIT_CANNOT_START
    try:
        return Service(program, once=options.once).run()
    finally:
        close_log()


def _by_hand() -> bool:
    """Whether a person started the daemon, rather than systemd, which has a log of its own."""
    return "NOTIFY_SOCKET" not in os.environ
