"""`alertmill check`: load everything a start would load, and report every problem with its place and a hint."""

from __future__ import annotations

import argparse
import json
from typing import TextIO

from alertmill import codes
from alertmill.cli import EXIT_OK, EXIT_PROBLEMS, Context
from alertmill.config.models import Config
from alertmill.errors import Problems
from alertmill.installation import Installation, LoadedRuleset
from alertmill.sources.aws.buckets import BUCKET_TYPES

EXAMPLES = (
    "alertmill --home ./home check             every problem of a home, with its place and a hint",
    "alertmill --home ./home check --json      the same for a program",
)

#: Problems after which nothing of ossec.conf is known, so that its ruleset cannot be looked for.
_UNREAD = (codes.X_SYNTAX, codes.X_VARIABLE, codes.X_UNREADABLE)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")


def run(options: argparse.Namespace, context: Context) -> int:
    return check(Installation(context.home), context.stdout, as_json=options.json)


def check(installation: Installation, stdout: TextIO, *, as_json: bool) -> int:
    """Load the home and report. Returns EXIT_OK without errors (warnings are fine), else EXIT_PROBLEMS."""
    problems = Problems()
    config = installation.load_config(problems)
    _name_unread_buckets(config, problems)
    loaded = None
    if not any(problem.code in _UNREAD for problem in problems.errors):
        loaded = installation.load_ruleset(config, problems)
    report = _as_json(installation, problems, loaded) if as_json else _as_text(problems, loaded)
    stdout.write(_encodable(report, stdout))
    return EXIT_PROBLEMS if problems.errors else EXIT_OK


def _name_unread_buckets(config: Config, problems: Problems) -> None:
    """Bucket types that ossec.conf may name and no reader is there for; the daemon says the same when it starts."""
    for bucket in (bucket for module in config.aws_s3 if not module.disabled for bucket in module.buckets):
        if bucket.type not in BUCKET_TYPES:
            message = f"not acted on: bucket {bucket.name}; there is no reader for the type {bucket.type} so far"
            hint = f"types that are read: {', '.join(BUCKET_TYPES)}"
            problems.warn(codes.C_SECTION_IDLE, message, bucket.origin, hint=hint)


def _as_text(problems: Problems, loaded: LoadedRuleset | None) -> str:
    lines = [problems.draw(), ""] if problems else []
    complaints = f"{_many(len(problems.errors), 'error')}, {_many(len(problems.warnings), 'warning')}"
    if loaded is None:
        return "\n".join([*lines, f"{complaints}; decoders and rules were not looked at\n"])
    files = f"{_many(loaded.decoder_files, 'decoder file')}, {_many(loaded.rule_files, 'rule file')}"
    return "\n".join([*lines, f"{files}, {_many(loaded.rule_count, 'rule')}, {complaints}\n"])


def _as_json(installation: Installation, problems: Problems, loaded: LoadedRuleset | None) -> str:
    counts = {name: getattr(loaded, name, None) for name in ("decoder_files", "rule_files", "list_files")}
    report = {
        "home": str(installation.home),
        **counts,
        "rules": loaded.rule_count if loaded else None,
        "errors": len(problems.errors),
        "warnings": len(problems.warnings),
        "problems": [problem.as_dict() for problem in problems],
    }
    return json.dumps(report, indent=1) + "\n"


def _many(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _encodable(text: str, stream: TextIO) -> str:
    """The text with escapes for what the stream's encoding lacks."""
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
