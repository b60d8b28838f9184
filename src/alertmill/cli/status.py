"""`alertmill status`: what has been read, how far behind it is, what failed; from the checkpoint database."""

from __future__ import annotations

import argparse
import json
import time
from datetime import UTC, datetime

from alertmill.checkpoints import Checkpoints, ScopeStatus
from alertmill.cli import EXIT_OK, EXIT_PROBLEMS, Context
from alertmill.clock import ClockError, arrival_clock
from alertmill.errors import CheckpointError
from alertmill.installation import Installation
from alertmill.metrics import OVERRUNS
from alertmill.sources.base import ObjectFailed

EXAMPLES = (
    "alertmill --home ./home status            for a person",
    "alertmill --home ./home status --json     for a program; exit code 1 when something is wrong",
)

#: Ends the name of the scope that stands for a definition as a whole; it has no objects of its own.
_WHOLE_DEFINITION = "|*|*"

#: Failed objects shown to a person; --json shows all of them.
_SHOWN_FAILURES = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")


def run(options: argparse.Namespace, context: Context) -> int:
    installation = Installation(context.home)
    try:
        checkpoints = Checkpoints(installation.var, read_only=True)
    except CheckpointError as error:
        print(f"alertmill status: {error}", file=context.stderr)
        return EXIT_PROBLEMS
    try:
        scopes, failures, counters = checkpoints.scopes(), checkpoints.failures(), checkpoints.counters()
        daemon_runs = checkpoints.daemon_runs()
    finally:
        checkpoints.close()
    # Rejected records are history, kept in logs/rejected/; what is unhealthy is what is not read now.
    healthy = not failures and not any(scope.error for scope in scopes)
    if options.json:
        print(json.dumps(_as_values(daemon_runs, healthy, scopes, failures, counters), indent=1), file=context.stdout)
    else:
        print(_as_text(daemon_runs, healthy, scopes, failures, counters, _now()), file=context.stdout)
    return EXIT_OK if healthy else EXIT_PROBLEMS


def _as_values(
    daemon_runs: bool,
    healthy: bool,
    scopes: list[ScopeStatus],
    failures: list[ObjectFailed],
    counters: dict[str, int],
) -> dict[str, object]:
    return {
        "daemon_runs": daemon_runs,
        "healthy": healthy,
        "counters": counters,
        "scopes": [{name: getattr(scope, name) for name in ScopeStatus.__slots__} for scope in scopes],
        "failed": [{name: getattr(failed, name) for name in ObjectFailed.__slots__} for failed in failures],
    }


def _as_text(
    daemon_runs: bool,
    healthy: bool,
    scopes: list[ScopeStatus],
    failures: list[ObjectFailed],
    counters: dict[str, int],
    now: float,
) -> str:
    lines = ["A daemon works in this home." if daemon_runs else "No daemon runs; this is what the last one left."]
    lines.append(
        f"{counters.get('received', 0)} records, {counters.get('alerts', 0)} alerts, "
        f"{counters.get('objects', 0)} objects read, {counters.get('rejected', 0)} records rejected"
        + (" (kept in logs/rejected/)" if counters.get("rejected") else "")
    )
    for scope in scopes:
        if scope.name.endswith(_WHOLE_DEFINITION) and not scope.error:
            continue
        lines.append(scope.name)
        lines.append(f"  done {scope.objects} objects, {scope.records} records; newest day {scope.newest_day or '-'}")
        if scope.report_time is not None:
            lines.append(
                f"  last looked at {_moment(scope.report_time)} ({_span(now - scope.report_time)} ago): "
                f"{scope.listed} listed, {scope.waiting} waiting, {scope.failed} failed, {scope.dead} given up"
            )
        if scope.error:
            lines.append(f"  ERROR: {scope.error}")
    for name, count in counters.items():
        if name.startswith(OVERRUNS):
            lines.append(f"{name.removeprefix(OVERRUNS)}: took too much work for {count} texts, which did not match")
    for failed in failures[:_SHOWN_FAILURES]:
        again = "given up" if failed.dead else f"tried again after {_moment(failed.retry_at)}"
        lines.append(f"failed {failed.attempts} times, {again}: {failed.key}: {failed.reason}")
    if len(failures) > _SHOWN_FAILURES:
        lines.append(f"... and {len(failures) - _SHOWN_FAILURES} more failed objects; --json shows all of them")
    lines.append("healthy" if healthy else "NOT healthy: see the errors and failures above")
    return "\n".join(lines)


def _now() -> float:
    """The time that what the daemon stored is compared with: its own clock, which tests may have frozen."""
    try:
        return arrival_clock()()
    except ClockError:
        return time.time()


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _span(seconds: float) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"
