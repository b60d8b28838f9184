"""`alertmill explain`: what happened to an event on its way through header, decoders and rules, and why.

The first line of an event's report is the answer; with `--why-not` the answer to that question.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import TextIO

from rich.console import Console
from rich.text import Text

from alertmill.cli import EXIT_OK, EXIT_PROBLEMS, EXIT_USAGE, Context
from alertmill.cli.loading import add_ruleset_arguments, load_engine
from alertmill.cli.text import encodable, many, printable
from alertmill.clock import arrival_clock
from alertmill.errors import AlertmillError, LoadError, Problems
from alertmill.event import to_byte_text
from alertmill.explain import Explainer, Explanation, Line, as_lines, as_values
from alertmill.sources.pasted import Paste, Pasted
from alertmill.sources.typed import lines_of

EXAMPLES = (
    "alertmill explain < events                            each event's rule and how it came to it",
    "alertmill explain --why-not 80306 < event.json        what keeps rule 80306 from this event",
)

#: What the styles of an explanation look like on a terminal.
_STYLES = {"": "", "head": "bold", "good": "green", "bad": "red", "dim": "dim"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--why-not", type=_rule_id, metavar="ID", help="what keeps this rule from the event")
    parser.add_argument("--json", action="store_true", help="one JSON object per event")
    parser.add_argument("--location", help="location of the events (default: stdin, for AWS events Wazuh-AWS)")
    parser.add_argument("--queue", default="1", help="Wazuh's queue id of the events (default: 1)")
    parser.add_argument("--fresh", action="store_true", help="every event as the first one: no history")
    parser.add_argument("--raw", action="store_true", help="take lines as they are, nothing is unwrapped or wrapped")
    add_ruleset_arguments(parser)


def _rule_id(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise argparse.ArgumentTypeError(f"'{printable(text)}' is no rule id: a whole number such as 80306")
    return int(text)


def run(options: argparse.Namespace, context: Context) -> int:
    problems = Problems()
    try:
        clock = arrival_clock()
        engine, event_format, _ = load_engine(options, context, problems)
    except LoadError as error:
        print(error, file=context.stderr)
        return EXIT_PROBLEMS
    except AlertmillError as error:
        print(f"alertmill explain: {error}", file=context.stderr)
        return EXIT_USAGE
    if context.stdin.isatty():
        print("type or paste events, one per line; Ctrl-D ends", file=context.stderr)
    location = None if options.location is None else to_byte_text(options.location)
    paste = Paste(event_format, clock, location=location, queue=to_byte_text(options.queue) or "1", raw=options.raw)
    explainer = Explainer(engine, problems)
    show = _JsonLines(context.stdout).show if options.json else _Report(context.stdout).show
    count = _explain(explainer, paste, options, context, show)
    if not count:
        print("alertmill explain: no event on standard input; pipe a log line or an AWS record in", file=context.stderr)
        return EXIT_USAGE
    if problems and not options.json:
        told = many(len(problems), "warning")
        print(f"{told} while decoders and rules were loaded; `alertmill check` shows them", file=context.stderr)
    return EXIT_OK


def _explain(
    explainer: Explainer,
    paste: Paste,
    options: argparse.Namespace,
    context: Context,
    show: Callable[[Explanation, Pasted], None],
) -> int:
    """Explain every event of standard input; returns how many there were."""
    count = 0
    for pasted in paste.records(lines_of(context.stdin)):
        if options.fresh:
            explainer.forget()
        show(explainer.explain(pasted.record, why_not=options.why_not), pasted)
        count += 1
    return count


class _JsonLines:
    """Prints explanations for programs."""

    def __init__(self, stdout: TextIO) -> None:
        self._stdout = stdout

    def show(self, explanation: Explanation, pasted: Pasted) -> None:
        values = as_values(explanation)
        values["event"]["made"] = pasted.made or None
        print(json.dumps(values, separators=(",", ":")), file=self._stdout, flush=True)


class _Report:
    """Prints explanations for people, with colours on a terminal unless $NO_COLOR forbids them."""

    def __init__(self, stdout: TextIO) -> None:
        self._stdout = stdout
        self._console = Console(file=stdout, highlight=False, markup=False, emoji=False, soft_wrap=True)
        self._is_first = True

    def show(self, explanation: Explanation, pasted: Pasted) -> None:
        # Captured, because a console that prints itself ends the process with 1 when its reader goes away.
        with self._console.capture() as report:
            if not self._is_first:
                self._print(())
            for number, line in enumerate(as_lines(explanation)):
                self._print(line)
                if number == 2 and pasted.made:  # below the head of the event
                    self._print(((f"  {pasted.made}", "dim"),))
        self._is_first = False
        self._stdout.write(report.get())
        self._stdout.flush()

    def _print(self, line: Line) -> None:
        text = Text()
        for words, style in line:
            text.append(encodable(words, self._stdout), _STYLES[style])
        self._console.print(text)
