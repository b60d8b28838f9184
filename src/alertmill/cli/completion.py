"""`alertmill completion`: shell code that asks Alertmill itself what may come next (decision 0012)."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence

import argcomplete
from argcomplete.shell_integration import shellcode

from alertmill.cli import EXIT_OK, Context

EXAMPLES = (
    "alertmill completion bash >> ~/.bashrc                                 for every shell from now on",
    "alertmill completion fish > ~/.config/fish/completions/alertmill.fish",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=("bash", "fish", "zsh"), help="your shell")


def run(options: argparse.Namespace, context: Context) -> int:
    code = shellcode(["alertmill"], shell=options.shell)
    print(code.strip("\n"), file=context.stdout)
    return EXIT_OK


def complete(parser_for: Callable[[Sequence[str]], argparse.ArgumentParser]) -> None:
    """Answer the shell that asks, and end the process. `parser_for` makes the parser for the words of a line."""
    line = os.environ.get("COMP_LINE", "")
    point = os.environ.get("COMP_POINT", "")
    before = line[: int(point)] if point.isdecimal() else line
    # The word that is being written is none yet.
    words = before.split()[1:] if before.endswith(" ") else before.split()[1:-1]
    argcomplete.autocomplete(parser_for(words))
