"""`alertmill logtest`: the program wazuh-logtest (spec/logtest.md 1 to 3), in one process; with `--json` JSON lines.

The report goes to standard error as the original's does; standard output gets a newline per prompt. With `--json`
standard output gets one object per line of input instead.
"""

from __future__ import annotations

import argparse
import json
import secrets
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, BinaryIO, TextIO

from alertmill.alerts.logtest_format import report, unit_test_exit_code, verdict
from alertmill.cli import EXIT_OK, EXIT_PROBLEMS, EXIT_USAGE, Context
from alertmill.cli.home import home_of
from alertmill.cli.progress import Patience
from alertmill.clock import ClockError, arrival_clock
from alertmill.engine import Engine
from alertmill.errors import AlertmillError, Problems
from alertmill.event import Record, to_byte_text
from alertmill.explain import Explainer, as_values
from alertmill.installation import Installation
from alertmill.logtest import LogtestSession, Sessions
from alertmill.sources.typed import lines_of, record_of

EXAMPLES = (
    "alertmill --home ./home logtest                       type log lines, see how they are decoded and matched",
    "alertmill logtest --json --fresh < lines > answers    one JSON object per line, no history between lines",
)

_NAME = "wazuh-logtest"
#: The Wazuh version whose behaviour this is.
_VERSION = "4.14.7"
_LICENCE = f"{_NAME} of Alertmill, compatible with Wazuh v{_VERSION}. Apache License 2.0."

#: Members of an answer in `--json`, null where there is nothing.
_ANSWER = ("decoder", "predecoder", "data", "rule", "full_log", "location")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-V", dest="version", action="store_true", help="print version and licence, and exit")
    parser.add_argument("-d", dest="debug", action="store_true", help="show requests and replies as well")
    parser.add_argument("-U", dest="unit_test", metavar="rule:alert:decoder", help="compare the last event with this")
    parser.add_argument("-l", dest="location", metavar="location", default="stdin", help="location of the events")
    parser.add_argument("-q", dest="quiet", action="store_true", help="print errors only")
    parser.add_argument(
        "-v",
        dest="verbose",
        action="store_true",
        help="show every rule that is tried; with --json, a member `explain` as `alertmill explain --json` prints it",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output per line of input")
    parser.add_argument("--fresh", action="store_true", help="every line as in a session of its own: no history")


def run(options: argparse.Namespace, context: Context) -> int:
    for stream in (context.stdout, context.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="surrogateescape")
    try:
        clock = arrival_clock()
    except ClockError as error:
        print(f"alertmill logtest: {error}", file=context.stderr)
        return EXIT_USAGE
    program = JsonLines if options.json else Logtest
    return program(Installation(context.home), options, context, clock).run()


class Logtest:
    """The interactive program: prompts, reports, and the verdict of `-U`."""

    def __init__(
        self, installation: Installation, options: argparse.Namespace, context: Context, clock: Callable[[], float]
    ) -> None:
        self._clock = clock
        self._options = options
        self._stdin, self._stdout = context.stdin, context.stdout
        self._say = _Printer(context.stderr, quiet=options.quiet, debug=options.debug)
        facts = installation.alert_facts(installation.load_config(Problems()))

        def load(problems: Problems) -> Engine:
            with Patience(context.stderr, _loading):
                return installation.load(problems)

        self._sessions = Sessions(_loaded_once(load) if options.fresh else load, facts, lambda: secrets.token_hex(4))
        self._token: str | None = None

    def run(self) -> int:
        """The program from its first line to its exit code."""
        if self._options.version:
            self._say.info(_LICENCE)
            return EXIT_OK
        expected = None
        if self._options.unit_test is not None:
            expected = self._options.unit_test.split(":")
            if len(expected) != 3:
                self._say.error(f"Unit test configuration wrong syntax: {self._options.unit_test}")
                return EXIT_PROBLEMS
        self._say.info(f"Starting {_NAME} v{_VERSION}")
        self._say.info("Type one log per line")
        last: list[str] | None = None
        try:
            for event in _prompted(self._stdin, self._stdout):
                last = self._try(event, expected) or last
        except KeyboardInterrupt:
            pass
        self._end_session()
        return EXIT_OK if expected is None else unit_test_exit_code(expected, last)

    def _try(self, event: str, expected: list[str] | None) -> list[str] | None:
        """Report one event; returns what `-U` compares, None when the event was not analysed."""
        if self._options.fresh:
            self._end_session()
        parameters: dict[str, Any] = {"location": self._options.location, "log_format": "syslog", "event": event}
        if self._token is not None:
            parameters["token"] = self._token
        if self._options.verbose:
            parameters["options"] = {"rules_debug": True}
        reply = self._ask({"version": 1, "command": "log_processing", "parameters": parameters})
        data = reply["data"]
        if reply["error"]:
            self._say.error(f"** Wazuh-logtest error {reply['error']}: {reply['message']}")
            return None
        if data["codemsg"] < 0:
            text = "".join(f"\n\t{message}" for message in data["messages"])
            self._say.error(f"** Wazuh-logtest error {data['codemsg']}: {text}")
            return None
        self._take_token(data["token"])
        for line in report(data):
            self._say.info(line)
        found = verdict(data["output"])
        if expected is not None:
            failed = f"Unit test FAIL. Expected {expected} , Result {found}"
            self._say.info("")
            self._say.info("Unit test OK" if found == expected else failed)
        return found

    def _end_session(self) -> None:
        if self._token is not None:
            self._ask({"command": "remove_session", "parameters": {"token": self._token}})
            self._token = None

    def _take_token(self, token: str) -> None:
        if self._token is not None and token != self._token:
            self._say.info(f'New session was created with token "{token}"')
        self._token = token

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        if self._options.debug:
            self._say.debug(f"Request: {json.dumps(request)}")
        reply = self._sessions.answer(request, self._clock())
        if self._options.debug:
            self._say.debug(f"Reply: {json.dumps(reply)}")
            self._say.debug(json.dumps(reply, indent=4))
        return reply


def _loading() -> str:
    return "loading decoders and rules"


def _loaded_once(load: Callable[[Problems], Engine]) -> Callable[[Problems], Engine]:
    """The same engine for every session: loading takes a second, and `--fresh` begins a session per line."""
    loaded: list[Engine] = []

    def load_once(problems: Problems) -> Engine:
        if not loaded:
            loaded.append(load(problems))
        return loaded[0]

    return load_once


class _Printer:
    """Lines to standard error: with `quiet` errors only, with `debug` dated and named."""

    def __init__(self, stream: TextIO, *, quiet: bool, debug: bool) -> None:
        self._stream = stream
        self._quiet = quiet
        self._debug = debug

    def info(self, text: str) -> None:
        if not self._quiet:
            self._print("INFO", text)

    def error(self, text: str) -> None:
        self._print("ERROR", text)

    def debug(self, text: str) -> None:
        if not self._quiet:
            self._print("DEBUG", text)

    def _print(self, level: str, text: str) -> None:
        if self._debug:
            now = datetime.now()
            text = f"{now:%Y-%m-%d %H:%M:%S},{now.microsecond // 1000:03d} {_NAME}[{level}] {text}"
        print(text, file=self._stream, flush=True)


class JsonLines:
    """`--json`: one line in, one object out."""

    def __init__(
        self, installation: Installation, options: argparse.Namespace, context: Context, clock: Callable[[], float]
    ) -> None:
        self._clock = clock
        self._installation = installation
        self._location = to_byte_text(options.location)
        self._fresh = options.fresh
        self._verbose = options.verbose
        self._context = context

    def run(self) -> int:
        """Answer every line that is not empty. Returns the exit code."""
        problems = Problems()
        try:
            home_of(self._context)
            with Patience(self._context.stderr, _loading):
                config = self._installation.load_config(problems)
                engine = self._installation.load_engine(config, problems)
        except AlertmillError as error:
            print(f"alertmill logtest: {error}", file=self._context.stderr)
            return EXIT_PROBLEMS
        if problems:
            print(problems.draw(), file=self._context.stderr)
        session = LogtestSession(engine, self._installation.alert_facts(config))
        explainer = Explainer(engine, problems, session=True)
        for line in lines_of(self._context.stdin):
            if self._fresh:
                session.forget()
                explainer.forget()
            record = record_of(line, self._location, self._clock())
            answer = _answer(session, record)
            if self._verbose:
                answer["explain"] = as_values(explainer.explain(record))
            print(json.dumps(answer, separators=(",", ":")), file=self._context.stdout, flush=True)
        return EXIT_OK


def _answer(session: LogtestSession, record: Record) -> dict[str, Any]:
    reply = session.process(record)
    output = reply.get("output", {})
    answer: dict[str, Any] = {name: output.get(name) for name in _ANSWER}
    answer["alert"] = reply.get("alert", False)
    if "error" in reply:
        answer["error"] = reply["error"]
    return answer


def _prompted(stream: BinaryIO, prompts: TextIO) -> Iterator[str]:
    """The lines of input, as ordinary text; a newline is written before each is read."""
    while True:
        prompts.write("\n")
        prompts.flush()
        line = stream.readline()
        if not line:
            return
        text = line.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8", "surrogateescape")
        if text:
            yield text
