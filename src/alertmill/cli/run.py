"""`alertmill run`: the daemon in the foreground."""

from __future__ import annotations

import argparse
import os
from contextlib import nullcontext
from dataclasses import replace

from alertmill.bootstrap import Program, build
from alertmill.cli import EXIT_CANNOT_START, Context
from alertmill.cli.home import HomeError, home_of
from alertmill.cli.progress import Figures, ProgressLine
from alertmill.cli.text import os_error
from alertmill.daemon.service import Service
from alertmill.errors import AlertmillError, LoadError, Severity
from alertmill.log import ENGINE_TAG, TaggedLog, close_log, set_up_log
from alertmill.metrics import Counters

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
    try:
        installation = home_of(context)
    except HomeError as error:
        print(f"alertmill run: {error}", file=context.stderr)
        return EXIT_CANNOT_START
    log = TaggedLog(ENGINE_TAG)
    work = _Work()
    line = ProgressLine(context.stderr, work.figures)
    say = line.print if _by_hand() else None
    try:
        set_up_log(installation.logs, to_terminal=say)
    except OSError as error:
        print(f"alertmill run: {os_error(error)}; may the daemon's user write there?", file=context.stderr)
        return EXIT_CANNOT_START
    try:
        with line.patience("loading decoders and rules") if say else nullcontext():
            program = build(installation)
        wanted = program.config.logging
        if wanted.json_ or not wanted.plain:
            set_up_log(installation.logs, plain=wanted.plain, as_json=wanted.json_, to_terminal=say)
    except LoadError as error:
        for problem in error.problems:
            log("ERROR" if problem.severity is Severity.ERROR else "WARNING", problem.one_line())
        log("CRITICAL", f"{error.what}: see the problems above, or run: alertmill check")
        return EXIT_CANNOT_START
    except AlertmillError as error:
        log("CRITICAL", str(error))
        return EXIT_CANNOT_START
    service = Service(program, once=options.once)
    try:
        return _watched(service, program, work, line) if options.once and say else service.run()
    finally:
        close_log()


class _Work:
    """How far a run is."""

    def __init__(self) -> None:
        self._program: Program | None = None
        self._before = Counters()

    def begin(self, program: Program) -> None:
        """Count from here on."""
        self._before = replace(program.pipeline.counters)
        self._program = program

    def figures(self) -> Figures:
        if self._program is None:
            return Figures()
        now, before, sight = self._program.pipeline.counters, self._before, self._program.outlook.sight()
        return Figures(
            now.objects - before.objects,
            now.received - before.received,
            now.alerts - before.alerts,
            now.bytes - before.bytes,
            sight.objects,
            sight.size,
            now.failures - before.failures,
            sight.listed,
            sight.complete,
        )


def _watched(service: Service, program: Program, work: _Work, line: ProgressLine) -> int:
    """Run to the end; on a terminal with a moving line, and what was done in the end."""
    work.begin(program)
    with line:
        code = service.run()
    if line.is_shown:
        line.print(replace(work.figures(), found=0).line(line.seconds))
    return code


def _by_hand() -> bool:
    """Whether a person started the daemon, rather than systemd, which has a log of its own."""
    return "NOTIFY_SOCKET" not in os.environ
