"""`alertmill retry`: what failed, and having it tried again; days that are to be read again although they were read.

The command only leaves a request in `var/requests/`. The daemon carries it out, or the next `run --once`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path

from alertmill.checkpoints import Checkpoints
from alertmill.cli import EXIT_OK, EXIT_PROBLEMS, EXIT_USAGE, Context
from alertmill.cli.home import home_of
from alertmill.cli.progress import Patience
from alertmill.cli.text import SHOWN, encodable, many, moment, more, object_name, os_error, printable
from alertmill.cli.waiting import Waiter
from alertmill.clock import arrival_clock
from alertmill.config.models import AwsS3, Bucket
from alertmill.errors import AlertmillError, Problems
from alertmill.requests import MOST_ENTRIES, DayRange, FailedObject, Request, write_request
from alertmill.sources.aws.buckets import BUCKET_TYPES
from alertmill.sources.aws.choice import Choice, ChoiceError, chosen
from alertmill.sources.aws.definitions import scope_prefixes
from alertmill.sources.aws.subscribers.routes import scope_of
from alertmill.sources.base import ObjectFailed
from alertmill.sources.rejected_records import SCOPE, RejectedRecords, Waiting

EXAMPLES = (
    "alertmill --home ./home retry --all --rejected      everything that failed, now",
    "alertmill --home ./home retry --from 2026-01-12 --to 2026-01-14 --bucket my-trail      read three days again",
)


_READING = "reading what failed"


class _UsageError(AlertmillError):
    """The command was called with something that it cannot work with."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    key = "a failed object: its key, or s3://bucket/key; * and ? stand for anything (default: list what failed)"
    add("key", metavar="KEY", nargs="*", help=key)
    add("--all", action="store_true", help="try every failed object again, given up or not")
    add("--rejected", action="store_true", help="analyse again what the engine refused (logs/rejected/)")
    add("--from", dest="first", metavar="YYYY-MM-DD", type=_day, help="read the days from this one on again")
    add("--to", dest="last", metavar="YYYY-MM-DD", type=_day, help="the last of these days (default: today, UTC)")
    add("--bucket", metavar="NAME", help="read days again of this bucket alone")
    add("--type", metavar="TYPE", help="read days again of this bucket type alone")
    add("--account", metavar="ID", help="read days again of this account alone")
    add("--region", metavar="REGION", help="read days again of this region alone")
    add("--wait", action="store_true", help="wait until it is done, and tell what failed again")
    add("--timeout", metavar="SECONDS", type=float, help="wait no longer than this")
    add("--json", action="store_true", help="one JSON object instead of text")


def run(options: argparse.Namespace, context: Context) -> int:
    try:
        _check_usage(options)
        desk = _Desk(context)
        try:
            return _list(desk, context, as_json=options.json) if _only_lists(options) else _ask(options, desk, context)
        finally:
            desk.close()
    except (AlertmillError, OSError) as error:
        text = os_error(error) if isinstance(error, OSError) else printable(str(error))
        print(f"alertmill retry: {text}", file=context.stderr)
        return EXIT_USAGE if isinstance(error, _UsageError | ChoiceError) else EXIT_PROBLEMS


def _check_usage(options: argparse.Namespace) -> None:
    """Raises _UsageError for words that contradict each other."""
    narrowed = [name for name in ("bucket", "type", "account", "region", "last") if getattr(options, name) is not None]
    if options.key and options.all:
        raise _UsageError("--all means every failed object; leave out the keys, or --all")
    if narrowed and options.first is None:
        name = "to" if narrowed == ["last"] else narrowed[0]
        raise _UsageError(f"--{name} is about reading days again; --from says from which day on")
    if options.timeout is not None and not options.wait:
        raise _UsageError("--timeout is how long --wait waits; add --wait")
    if options.wait and _only_lists(options):
        raise _UsageError("there is nothing to wait for; name what is to be tried again")


def _only_lists(options: argparse.Namespace) -> bool:
    return not (options.key or options.all or options.rejected or options.first)


class _Desk:
    """What the command looks into: the home's configuration, its checkpoint, its rejected records.

    Raises AlertmillError for what is no home.
    """

    def __init__(self, context: Context) -> None:
        self._installation = home_of(context)
        self._rejected = RejectedRecords(self._installation.logs / "rejected", lambda _level, _text: None)
        self._checkpoints: Checkpoints | None = None

    @property
    def folder(self) -> Path:
        """Where requests are left."""
        return self._installation.var / "requests"

    def checkpoints(self) -> Checkpoints | None:
        """The checkpoint, None as long as the daemon has never run. Raises CheckpointError, OSError."""
        var = self._installation.var
        if self._checkpoints is None and (var / "checkpoints.db").exists():
            self._checkpoints = Checkpoints(var, read_only=True)
        return self._checkpoints

    def close(self) -> None:
        if self._checkpoints is not None:
            self._checkpoints.close()

    def buckets(self) -> list[Bucket]:
        """The definitions that the daemon reads. Raises AlertmillError for an ossec.conf with errors."""
        return [bucket for module in self._modules() for bucket in module.buckets if bucket.type in BUCKET_TYPES]

    def abandoned(self, failures: Iterable[ObjectFailed]) -> list[ObjectFailed]:
        """Those that nothing in ossec.conf reads any more. Raises AlertmillError for an ossec.conf with errors."""
        served = [one for bucket in self.buckets() for one in scope_prefixes(bucket, BUCKET_TYPES[bucket.type])]
        served += [scope_of(subscriber) for module in self._modules() for subscriber in module.subscribers]
        return [one for one in failures if not one.scope.startswith(tuple(served))]

    def failures(self) -> list[ObjectFailed]:
        checkpoints = self.checkpoints()
        return checkpoints.failures() if checkpoints is not None else []

    def rejected(self) -> Iterator[Waiting]:
        checkpoints = self.checkpoints()
        return self._rejected.waiting(checkpoints.positions(SCOPE) if checkpoints is not None else {})

    def daemon_runs(self) -> bool:
        checkpoints = self.checkpoints()
        return checkpoints is not None and checkpoints.daemon_runs()

    def _modules(self) -> list[AwsS3]:
        problems = Problems()
        config = self._installation.load_config(problems)
        if problems.errors:
            raise AlertmillError(f"{problems.errors[0].one_line()}; see alertmill check")
        return [module for module in config.aws_s3 if not module.disabled]


# --- what failed ------------------------------------------------------------------------------------------------------


def _list(desk: _Desk, context: Context, *, as_json: bool) -> int:
    return (_list_as_values if as_json else _list_as_text)(desk, context)


def _list_as_values(desk: _Desk, context: Context) -> int:
    with Patience(context.stderr, lambda: _READING):
        failed = [{"name": object_name(one), **asdict(one)} for one in desk.failures()]
        rejected = [asdict(record) for record in desk.rejected()]
    print(json.dumps({"failed": failed, "rejected": rejected}, indent=1), file=context.stdout)
    return EXIT_PROBLEMS if failed or rejected else EXIT_OK


def _list_as_text(desk: _Desk, context: Context) -> int:
    with Patience(context.stderr, lambda: _READING):
        failures = desk.failures()
        first, count = _counted(desk.rejected())
    _say(context, [*_told_failures(failures), *_told_records(first, count)] or ["nothing failed"])
    return EXIT_PROBLEMS if failures or count else EXIT_OK


def _counted(waiting: Iterator[Waiting]) -> tuple[list[Waiting], int]:
    """The first records, which are shown, and how many there are."""
    first = list(islice(waiting, SHOWN))
    return first, len(first) + sum(1 for _ in waiting)


def _told_failures(failures: Sequence[ObjectFailed]) -> list[str]:
    if not failures:
        return []
    lines = [f"{many(len(failures), 'failed object')}; `alertmill retry --all` tries again:"]
    for failed in failures[:SHOWN]:
        if failed.dead:
            state = f"GIVEN UP after {many(failed.attempts, 'attempt')}, the last one {moment(failed.last_failed)}"
        elif not failed.attempts:
            state = "is tried as soon as possible"
        else:
            state = f"failed {many(failed.attempts, 'time')}, is tried again after {moment(failed.retry_at)}"
        lines += [f"  {object_name(failed)}", f"    {state}: {failed.reason}"]
    return [*lines, *more(len(failures))]


def _told_records(first: Sequence[Waiting], count: int) -> list[str]:
    if not first:
        return []
    lines = [f"{many(count, 'rejected record')}; `alertmill retry --rejected` analyses again:"]
    lines += [f"  {moment(one.time)} {one.place or one.location}: {one.reason}" for one in first]
    return [*lines, *more(count)]


# --- having it tried again --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is to be asked for: objects (with `all`, every one), records (how many wait), days."""

    objects: tuple[ObjectFailed, ...] = ()
    records: int = 0
    days: tuple[DayRange, ...] = ()
    all: bool = False

    def requests(self) -> Iterator[Request]:
        """The requests for it, each of a size that is allowed."""
        failed = () if self.all else tuple(FailedObject(one.scope, one.key, one.etag) for one in self.objects)
        for start in range(0, max(len(failed), len(self.days), 1), MOST_ENTRIES):
            part = slice(start, start + MOST_ENTRIES)
            first = start == 0
            yield Request((), failed[part], self.all and first, self.days[part], bool(self.records) and first)

    def in_words(self) -> str:
        said = [many(len(self.objects), "failed object")] if self.objects else []
        said += [many(self.records, "rejected record")] if self.records else []
        said += [f"{days.definition}... from {days.first} to {days.last}" for days in self.days[:SHOWN]]
        said += [many(len(self.days) - SHOWN, "more range")] if len(self.days) > SHOWN else []
        return ", ".join(said)


def _ask(options: argparse.Namespace, desk: _Desk, context: Context) -> int:
    wanted = _wanted(options, desk)
    if not (wanted.objects or wanted.records or wanted.days):
        values: dict[str, object] = {"queued": False, "requests": []}
        _report(options, context, values, ["nothing failed that could be tried again"])
        return EXIT_OK
    paths = [write_request(desk.folder, request, by="retry") for request in wanted.requests()]
    runs = desk.daemon_runs()
    who = "the running daemon takes it up within a second" if runs else "no daemon runs: the next run takes it up"
    values = {
        "queued": True,
        "failed_objects": len(wanted.objects),
        "rejected_records": wanted.records,
        "days": [asdict(days) for days in wanted.days],
        "requests": [str(path) for path in paths],
        "daemon_runs": runs,
    }
    lines = [f"queued: {wanted.in_words()}; {who}"]
    if not options.wait:
        _report(options, context, values, lines)
        return EXIT_OK
    if not options.json:
        _say(context, lines)
    with Patience(context.stderr, lambda: f"waiting for {wanted.in_words()}"):
        end = Waiter(desk.checkpoints, wanted.objects, paths, options.timeout).wait()
    _report(options, context, values | asdict(end), end.lines())
    return EXIT_OK if end.done and not end.failed_again else EXIT_PROBLEMS


def _wanted(options: argparse.Namespace, desk: _Desk) -> _Wanted:
    """Raises _UsageError, ChoiceError, AlertmillError, OSError."""
    objects: list[ObjectFailed] = []
    if options.all or options.key:
        failures = desk.failures()
        abandoned = desk.abandoned(failures)
        objects = _matching(options.key, failures) if options.key else [o for o in failures if o not in abandoned]
        if lost := [one for one in objects if one in abandoned]:
            raise _UsageError(f"{object_name(lost[0])} cannot be tried: nothing in ossec.conf reads it any more")
    records = sum(1 for _ in desk.rejected()) if options.rejected else 0
    days = tuple(_days(options, desk)) if options.first else ()
    return _Wanted(tuple(objects), records, days, options.all and bool(objects))


def _matching(words: Sequence[str], failures: Sequence[ObjectFailed]) -> list[ObjectFailed]:
    """The failures that any of the words names. Raises _UsageError for a word that names none."""
    found: dict[ObjectFailed, None] = {}
    for word in words:
        exact = [one for one in failures if word in (one.key, object_name(one))]
        matched = exact or [
            one for one in failures if fnmatchcase(one.key, word) or fnmatchcase(object_name(one), word)
        ]
        if not matched:
            raise _UsageError(f"no failed object is called {word}; `alertmill retry` lists those that there are")
        found.update(dict.fromkeys(matched))
    return list(found)


def _days(options: argparse.Namespace, desk: _Desk) -> list[DayRange]:
    """The ranges to read again. Raises _UsageError, ChoiceError, AlertmillError."""
    today = datetime.fromtimestamp(arrival_clock()(), UTC).date()
    first, last = options.first, options.last or today
    if first > today:
        raise _UsageError(f"--from {first} lies in the future")
    if first > last:
        raise _UsageError(f"--from {first} lies behind --to {last}")
    checkpoints = desk.checkpoints()
    known = None if checkpoints is None else checkpoints.scopes_of("s3://")
    choice = Choice(options.bucket, options.type, options.account, options.region)
    definitions = chosen(choice, desk.buckets(), BUCKET_TYPES, known)
    return [DayRange(definition, first.isoformat(), last.isoformat()) for definition in definitions]


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
        if day.isoformat() != text:
            raise ValueError(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day; write YYYY-MM-DD") from None
    return day


# --- words ------------------------------------------------------------------------------------------------------------


def _report(options: argparse.Namespace, context: Context, values: dict[str, object], lines: Iterable[str]) -> None:
    if options.json:
        print(json.dumps(values, indent=1), file=context.stdout)
    else:
        _say(context, lines)


def _say(context: Context, lines: Iterable[str]) -> None:
    text = "\n".join(map(printable, lines))
    print(encodable(text, context.stdout), file=context.stdout, flush=True)
