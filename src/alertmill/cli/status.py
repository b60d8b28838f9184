"""`alertmill status`: what has been read, how far behind it is, what failed; from the checkpoint database.

ossec.conf is asked only which definitions there still are: what is remembered of others is history.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby

from alertmill.checkpoints import Checkpoints, ScopeStatus
from alertmill.cli import EXIT_OK, EXIT_PROBLEMS, Context
from alertmill.cli.home import home_of
from alertmill.cli.progress import Patience
from alertmill.cli.text import encodable, many, moment, printable
from alertmill.clock import ClockError, arrival_clock
from alertmill.config.models import Config
from alertmill.errors import CheckpointError, Problems
from alertmill.installation import Installation
from alertmill.metrics import OVERRUNS
from alertmill.monitoring import Scope
from alertmill.sources.base import ObjectFailed, ReadAgain
from alertmill.sources.rejected_records import SCOPE as REJECTED_RECORDS

EXAMPLES = (
    "alertmill --home ./home status            for a person",
    "alertmill --home ./home status --json     for a program; exit code 1 when something is wrong",
)

#: Failed objects shown to a person; --json shows all of them.
_SHOWN_FAILURES = 20

_HEADINGS = ("account", "region", "listed", "done", "waiting", "failed", "newest", "written", "delay", "state")
#: Columns that hold numbers or times, and stand at the right.
_RIGHT = frozenset(_HEADINGS[2:6])


@dataclass(frozen=True, slots=True)
class Walked:
    """A scope: what its name says, what is remembered of it, and whether ossec.conf still has its definition."""

    place: Scope
    status: ScopeStatus
    configured: bool

    @property
    def is_healthy(self) -> bool:
        return not self.configured or not (self.status.error or self.status.silent or self.status.failed)

    @property
    def state(self) -> str:
        if self.status.error:
            return "ERROR"
        if self.status.silent:
            return "SILENT"
        return "ok" if self.status.report_time is not None else "not yet"


@dataclass(frozen=True, slots=True)
class Findings:
    """All that there is to show. `now` is the time that stored times are compared with, epoch seconds."""

    now: float
    daemon_runs: bool
    scopes: Sequence[Walked]
    failures: Sequence[ObjectFailed]
    wishes: Sequence[ReadAgain]
    counters: dict[str, int]

    @property
    def is_healthy(self) -> bool:
        """Whether everything that is configured is read. Rejected records are history, kept in logs/rejected/."""
        return all(scope.is_healthy for scope in self.scopes)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")


def run(options: argparse.Namespace, context: Context) -> int:
    installation = home_of(context)
    try:
        checkpoints = Checkpoints(installation.var, read_only=True)
    except CheckpointError as error:
        print(f"alertmill status: {error}", file=context.stderr)
        return EXIT_PROBLEMS
    try:
        with Patience(context.stderr, lambda: "reading the checkpoint"):
            found = _findings(checkpoints, _configuration(installation))
    finally:
        checkpoints.close()
    text = json.dumps(_as_values(found), indent=1) if options.json else _as_text(found)
    print(encodable(text, context.stdout), file=context.stdout)
    return EXIT_OK if found.is_healthy else EXIT_PROBLEMS


def _configuration(installation: Installation) -> Config | None:
    """The configuration as far as it is good for anything, None when it cannot be read."""
    problems = Problems()
    config = installation.load_config(problems)
    return None if problems.errors else config


def _findings(checkpoints: Checkpoints, config: Config | None) -> Findings:
    scopes = [
        Walked(place, scope, config is None or _is_configured(place, config))
        for scope in checkpoints.scopes()
        if scope.name != REJECTED_RECORDS and (place := Scope.parse(scope.name))
    ]
    return Findings(
        _now(),
        checkpoints.daemon_runs(),
        scopes,
        checkpoints.failures(),
        checkpoints.read_again(),
        checkpoints.counters(),
    )


def _is_configured(place: Scope, config: Config) -> bool:
    """Whether some definition of ossec.conf reads this."""
    for module in (module for module in config.aws_s3 if not module.disabled):
        if any(bucket.name == place.bucket and bucket.type == place.type for bucket in module.buckets):
            return True
        if place.source == "aws-service" and any(service.type == place.type for service in module.services):
            return True
        if any(place.source == f"sqs://{subscriber.sqs_name}" for subscriber in module.subscribers):
            return True
    return False


# --- for a program ----------------------------------------------------------------------------------------------------


def _as_values(found: Findings) -> dict[str, object]:
    return {
        "time": found.now,
        "daemon_runs": found.daemon_runs,
        "healthy": found.is_healthy,
        "counters": found.counters,
        "scopes": [
            {
                **asdict(scope.status),
                **asdict(scope.place),
                "state": scope.state,
                "configured": scope.configured,
                "age": found.now - scope.status.last_modified if scope.status.last_modified else None,
            }
            for scope in found.scopes
        ],
        "failed": [asdict(failed) for failed in found.failures],
        "read_again": [asdict(wish) for wish in found.wishes],
    }


# --- for a person -----------------------------------------------------------------------------------------------------


def _as_text(found: Findings) -> str:
    lines = ["A daemon works in this home." if found.daemon_runs else "No daemon runs; this is what the last one left."]
    lines.append(_totals(found.counters))
    current = [scope for scope in found.scopes if scope.configured]
    for _, of_definition in groupby(current, lambda scope: (scope.place.source, scope.place.type)):
        lines += _definition(list(of_definition), found.now)
    former = {f"{scope.place.source} ({scope.place.type})" for scope in found.scopes if not scope.configured}
    if former:
        lines += ["", f"no longer in ossec.conf: {printable(', '.join(sorted(former)))}"]
    lines += _to_do(found)
    for name, count in found.counters.items():
        if name.startswith(OVERRUNS):
            text = f"{name.removeprefix(OVERRUNS)}: took too much work for {count} texts, which did not match"
            lines.append(printable(text))
    lines += ["", "healthy" if found.is_healthy else "NOT healthy: see the errors, silences and failures above"]
    return "\n".join(lines)


def _totals(counters: dict[str, int]) -> str:
    rejected = counters.get("rejected", 0)
    return (
        f"{counters.get('received', 0)} records, {counters.get('alerts', 0)} alerts, "
        f"{counters.get('objects', 0)} objects read, {counters.get('duplicates', 0)} duplicates dropped, "
        f"{rejected} records rejected" + (" (kept in logs/rejected/)" if rejected else "")
    )


def _definition(scopes: Sequence[Walked], now: float) -> list[str]:
    """A heading, a table of the places, and what is wrong with them."""
    first = scopes[0].place
    looked_at = max((scope.status.report_time or 0.0 for scope in scopes), default=0.0)
    when = f"looked at {moment(looked_at)} ({_span(now - looked_at)} ago)" if looked_at else "not looked at yet"
    rows = [_row(scope, now) for scope in scopes if _has_row(scope)]
    errors = [
        f"  ERROR {_where(scope.place)}: {scope.status.error}"
        if _where(scope.place)
        else f"  ERROR {scope.status.error}"
        for scope in scopes
        if scope.status.error
    ]
    return ["", printable(f"{first.source} ({first.type}), {when}"), *_table(rows), *map(printable, errors)]


def _has_row(scope: Walked) -> bool:
    """Whether a scope is a place with objects of its own; a back-fill that is over has nothing to show."""
    if "*" in (scope.place.account, scope.place.region, scope.place.part):
        return False
    return scope.place.part != "back-fill" or bool(scope.status.waiting or scope.status.error)


def _row(scope: Walked, now: float) -> tuple[str, ...]:
    status, place = scope.status, scope.place
    given_up = f" ({status.dead} given up)" if status.dead else ""
    return (
        place.account or "-",
        " ".join(part for part in (place.region, place.part) if part) or "-",
        str(status.listed),
        str(status.objects),
        str(status.waiting),
        f"{status.failed}{given_up}",
        status.newest_day or "-",
        f"{_span(now - status.last_modified)} ago" if status.last_modified else "-",
        _span(status.delay) if status.delay is not None else "-",
        scope.state,
    )


def _table(rows: Sequence[tuple[str, ...]]) -> Iterable[str]:
    if not rows:
        return
    rows = [_HEADINGS, *(tuple(printable(cell) for cell in row) for row in rows)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    for row in rows:
        cells = zip(_HEADINGS, row, widths, strict=True)
        yield "  " + "  ".join(c.rjust(w) if name in _RIGHT else c.ljust(w) for name, c, w in cells).rstrip()


def _where(place: Scope) -> str:
    return " ".join(part for part in (place.account, place.region, place.part) if part.strip("*"))


def _to_do(found: Findings) -> list[str]:
    """Ranges that are being read again, and failed objects."""
    lines = [
        printable(f"reading again: {wish.definition} from {wish.first} to {wish.last} (request {wish.number})")
        for wish in found.wishes
    ]
    for failed in found.failures[:_SHOWN_FAILURES]:
        again = "given up" if failed.dead else f"tried again after {moment(failed.retry_at)}"
        lines.append(printable(f"failed {many(failed.attempts, 'time')}, {again}: {failed.key}: {failed.reason}"))
    if len(found.failures) > _SHOWN_FAILURES:
        lines.append(f"... and {len(found.failures) - _SHOWN_FAILURES} more failed objects; --json shows all of them")
    return ["", *lines] if lines else []


def _now() -> float:
    """The time that what the daemon stored is compared with: its own clock, which tests may have frozen."""
    try:
        return arrival_clock()()
    except ClockError:
        return time.time()


def _span(seconds: float) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"
