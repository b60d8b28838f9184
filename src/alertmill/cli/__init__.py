"""The command line: one module per command, this file the table of contents and what all commands share.

A command is a few lines over a function that others can call. Each module has `EXAMPLES` (two that work),
`add_arguments(parser)` and `run(options, context) -> exit code`; only the module that is asked for is imported.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import BinaryIO, NoReturn, TextIO

from alertmill import __version__

#: Exit code: done, nothing to complain about.
EXIT_OK = 0
#: Exit code: problems were found, or something failed while running.
EXIT_PROBLEMS = 1
#: Exit code: the command was called in a way it does not understand.
EXIT_USAGE = 2
#: Exit code: the daemon cannot start.
EXIT_CANNOT_START = 3

#: Commands by name: what `alertmill --help` says of each. The module of the same name in this folder does it.
COMMANDS = {
    "audit": "prove by CloudTrail's signed digest files that everything delivered was processed",
    "check": "load configuration, decoders, lists and rules, and report every problem",
    "completion": "what bash, zsh or fish need to complete commands and options",
    "dashboard": "the alerts as a read-only web page: charts, filters, one alert in full, live tail",
    "demo": "see the whole job on this machine: S3 objects in, alerts out; no account needed",
    "explain": "why an event came to its rule, and why not to another",
    "iam-policy": "the least that AWS must allow for what this home reads, as IAM policies",
    "init": "make a new home folder with the shipped ruleset and a commented ossec.conf",
    "lint": "rules and decoders that load but cannot work or will surprise",
    "logtest": "try log lines against decoders and rules, as wazuh-logtest does",
    "retry": "what failed: list it, try it again, or read a range of days again",
    "run": "the daemon in the foreground; with --once, read every input to its end and stop",
    "scan": "analyse files, folders or s3:// prefixes at rest; alerts on standard output",
    "status": "what has been read, how far behind it is, what failed",
    "tail": "the last alerts, one readable line each, and then those that come",
    "test": "run cases against the rules: YAML or Wazuh's .ini, with coverage and mutants on request",
    "top": "which sources, rules, accounts and users alert how often, live",
}

#: Set by a shell that asks for the completions of a line (argcomplete).
_COMPLETION_VARIABLE = "_ARGCOMPLETE"

_EXAMPLES = """
examples:
  alertmill demo                                    the whole job in a minute, no account needed
  alertmill scan ./AWSLogs > alerts.json            what the shipped rules say of logs you have
"""


@dataclass(frozen=True, slots=True)
class Context:
    """What a command may touch: the home folder's path and the three standard streams."""

    home: Path
    #: Whether the user named the home, by --home or $ALERTMILL_HOME.
    home_given: bool
    stdin: BinaryIO
    stdout: TextIO
    stderr: TextIO


class _Parser(argparse.ArgumentParser):
    """Bad usage is one line on standard error that says what to do, and exit code 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_USAGE, f"{self.prog}: {message}; see {self.prog} --help\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command named in `arguments` (default: the process's own). Returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if _COMPLETION_VARIABLE in os.environ:
        from alertmill.cli.completion import complete

        complete(lambda words: _parser(_command_of(words)))
    command = _command_of(words)
    parser = _parser(command)
    options = parser.parse_args(words)
    if command is None:
        parser.print_help(sys.stderr)
        return EXIT_USAGE
    # Every command needs them, --help and --version do not, and they take a tenth of a second.
    from alertmill.cli.text import os_error
    from alertmill.errors import AlertmillError
    from alertmill.installation import find_home, home_is_named

    home, named = find_home(options.home), home_is_named(options.home)
    context = Context(home, named, sys.stdin.buffer, sys.stdout, sys.stderr)
    try:
        code: int = _module(command).run(options, context)
        context.stdout.flush()
    except BrokenPipeError:
        # The reader of our output went away (`| head`): not an error of ours, and nobody left to tell.
        _leave_output()
        return EXIT_OK
    except (AlertmillError, OSError) as error:
        # Whatever a command says better is caught there; this one is about its input, its output or the disk.
        print(f"alertmill {command}: {os_error(error) if isinstance(error, OSError) else error}", file=sys.stderr)
        try:
            context.stdout.flush()
        except OSError:
            _leave_output()
        return EXIT_PROBLEMS
    except KeyboardInterrupt:
        return 130
    return code


def _leave_output() -> None:
    """Let the interpreter's own flush at the end be quiet."""
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123


def _command_of(words: Sequence[str]) -> str | None:
    """The first word that is neither an option nor the value of --home."""
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word == "--home":
            skip = True
        elif not word.startswith("-"):
            return word
    return None


def _parser(command: str | None) -> argparse.ArgumentParser:
    """A parser of the whole command line in which only `command` knows its own options."""
    parser = _Parser(
        prog="alertmill",
        description="Wazuh-4-compatible log analysis daemon, built for AWS logs first.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"alertmill {__version__}")
    _add_home(parser, None)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands", parser_class=_Parser)
    for name, summary in COMMANDS.items():
        chosen = commands.add_parser(
            name,
            help=summary,
            description=summary[0].upper() + summary[1:] + ".",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        # A default here would undo a --home that stands before the command.
        _add_home(chosen, argparse.SUPPRESS)
        if name == command:
            module = _module(name)
            module.add_arguments(chosen)
            chosen.epilog = "\nexamples:\n" + "".join(f"  {example}\n" for example in module.EXAMPLES)
    return parser


def _module(command: str) -> ModuleType:
    return import_module(f"alertmill.cli.{command.replace('-', '_')}")


def _add_home(parser: argparse.ArgumentParser, default: str | None) -> None:
    parser.add_argument(
        "--home",
        metavar="DIR",
        default=default,
        help="the home folder (default: $ALERTMILL_HOME, else /var/lib/alertmill)",
    )
