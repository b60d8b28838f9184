"""`alertmill check`: load everything a start would load, and report every problem with its place and a hint."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, TextIO

from alertmill import codes
from alertmill.cli import EXIT_OK, EXIT_PROBLEMS, Context
from alertmill.cli.progress import Patience, results
from alertmill.cli.text import encodable, many, printable
from alertmill.clock import ClockError, arrival_clock
from alertmill.config.models import Config
from alertmill.errors import Problems
from alertmill.installation import Installation, LoadedRuleset

if TYPE_CHECKING:
    from alertmill.sources.aws.trial import Trial

EXAMPLES = (
    "alertmill --home ./home check             every problem of a home, with its place and a hint",
    "alertmill --home ./home check --aws       and whether AWS lets everything be read that ossec.conf names",
)

#: Problems after which nothing of ossec.conf is known, so that its ruleset cannot be looked for.
_UNREAD = (codes.X_SYNTAX, codes.X_VARIABLE, codes.X_UNREADABLE)

#: What is said of a trial.
_VERDICTS = {True: "ok", False: "FAILED", None: "-"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    parser.add_argument(
        "--aws", action="store_true", help="try every source of ossec.conf in AWS as well, without changing anything"
    )


def run(options: argparse.Namespace, context: Context) -> int:
    def try_aws(config: Config) -> list[Trial]:
        return _tried(config, context.stderr)

    installation = Installation(context.home)
    wait = Patience(context.stderr, lambda: "loading decoders and rules")
    return check(installation, context.stdout, wait, as_json=options.json, try_aws=try_aws if options.aws else None)


def check(
    installation: Installation,
    stdout: TextIO,
    wait: AbstractContextManager[object] | None = None,
    *,
    as_json: bool,
    try_aws: Callable[[Config], list[Trial]] | None = None,
) -> int:
    """Load the home and report. Returns EXIT_OK without errors (warnings are fine), else EXIT_PROBLEMS.

    `try_aws` is asked for trials of the sources, unless ossec.conf has errors. Files are loaded within `wait`.
    """
    problems = Problems()
    loaded = None
    with wait or nullcontext():
        config = installation.load_config(problems)
        can_be_tried = not problems.errors
        if not any(problem.code in _UNREAD for problem in problems.errors):
            loaded = installation.load_ruleset(config, problems)
    aws = _Aws(try_aws(config) if can_be_tried else None) if try_aws is not None else None
    if as_json:
        report = json.dumps(_as_values(installation, problems, loaded, aws), indent=1) + "\n"
    else:
        report = _as_text(problems, loaded) + (aws.as_text() if aws else "")
    stdout.write(encodable(report, stdout))
    return EXIT_PROBLEMS if problems.errors or (aws and not aws.is_good) else EXIT_OK


def _as_text(problems: Problems, loaded: LoadedRuleset | None) -> str:
    lines = [problems.draw(), ""] if problems else []
    complaints = f"{many(len(problems.errors), 'error')}, {many(len(problems.warnings), 'warning')}"
    if loaded is None:
        return "\n".join([*lines, f"{complaints}; decoders and rules were not looked at\n"])
    files = f"{many(loaded.decoder_files, 'decoder file')}, {many(loaded.rule_files, 'rule file')}"
    return "\n".join([*lines, f"{files}, {many(loaded.rule_count, 'rule')}, {complaints}\n"])


def _as_values(
    installation: Installation, problems: Problems, loaded: LoadedRuleset | None, aws: _Aws | None
) -> dict[str, object]:
    counts = {name: getattr(loaded, name, None) for name in ("decoder_files", "rule_files", "list_files")}
    return {
        "home": str(installation.home),
        **counts,
        "rules": loaded.rule_count if loaded else None,
        "errors": len(problems.errors),
        "warnings": len(problems.warnings),
        "problems": [problem.as_dict() for problem in problems],
        **({"aws": aws.as_values()} if aws else {}),
    }


# --- AWS --------------------------------------------------------------------------------------------------------------


class _Aws:
    """What the trials say; None when ossec.conf did not allow any."""

    def __init__(self, trials: list[Trial] | None) -> None:
        self._trials = trials
        self._failed = sum(trial.ok is False for trial in trials or ())

    @property
    def is_good(self) -> bool:
        return self._trials is not None and not self._failed

    def as_values(self) -> dict[str, object]:
        return {
            "tried": self._trials is not None,
            "failed": self._failed,
            "trials": [asdict(trial) for trial in self._trials or ()],
        }

    def as_text(self) -> str:
        if self._trials is None:
            return "\nAWS was not tried: ossec.conf has errors\n"
        if not self._trials:
            return '\nthere is nothing of AWS to try: ossec.conf has no enabled <wodle name="aws-s3">\n'
        worked = sum(trial.ok is True for trial in self._trials)
        untried = len(self._trials) - worked - self._failed
        return "\n".join([*self._lines(), "", f"AWS: {worked} ok, {self._failed} failed, {untried} not tried\n"])

    def _lines(self) -> Iterator[str]:
        for definition, trials in groupby(self._trials or (), lambda trial: trial.definition):
            yield f"\n{definition}"
            yield from (printable(f"  {_VERDICTS[trial.ok]:7} {trial.what}: {trial.detail}") for trial in trials)


def _tried(config: Config, stderr: TextIO) -> list[Trial]:
    """Trials of every source, with a moving line on a terminal while they take long."""
    from alertmill.sources.aws.trial import try_sources  # the SDK takes half a second, and is seldom needed here

    try:
        now = arrival_clock()()
    except ClockError:
        now = time.time()
    found = results(try_sources(config.aws_s3, now), stderr, "trying AWS")
    return [trial for trials in found for trial in trials]
