"""`alertmill scan`: log objects at rest -> alerts on standard output. Keeps no state and needs no home."""

from __future__ import annotations

import argparse
import socket
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from threading import Event

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from alertmill.alerts import AlertFacts, AlertWriter, alert_id
from alertmill.cli import EXIT_OK, EXIT_PROBLEMS, EXIT_USAGE, Context
from alertmill.config.models import Bucket, Config, EventFormat, Global, Ruleset, RulesetPath
from alertmill.engine import Engine
from alertmill.errors import LoadError, Problems, SourceError
from alertmill.event import Record
from alertmill.installation import Installation, shipped
from alertmill.sources.aws.at_rest import ObjectAtRest, find_objects, guess_type, opened
from alertmill.sources.aws.buckets import BUCKET_TYPES
from alertmill.sources.aws.buckets.base import BucketType
from alertmill.sources.aws.faults import ObjectError, ObjectGoneError
from alertmill.sources.aws.objects import ObjectReader, Target
from alertmill.sources.aws.store import Body

EXAMPLES = (
    "alertmill scan ./AWSLogs > alerts.json                       everything below a folder",
    "alertmill scan --type cloudtrail s3://bucket/AWSLogs/123456789012/CloudTrail/us-east-1/2026/01/15/",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SOURCE", nargs="+", help="a file, a folder, or s3://bucket/prefix")
    parser.add_argument(
        "--type", choices=sorted(BUCKET_TYPES), help="type of all objects (default: seen from key and content)"
    )
    parser.add_argument("--rules", metavar="DIR", help="*.xml of this folder in place of the shipped (or home's) rules")
    parser.add_argument(
        "--decoders", metavar="DIR", help="*.xml of this folder in place of the shipped (or home's) decoders"
    )


def run(options: argparse.Namespace, context: Context) -> int:
    for folder in (options.rules, options.decoders):
        if folder and not Path(folder).is_dir():
            print(f"alertmill scan: {folder} is no folder; name one that holds *.xml files", file=context.stderr)
            return EXIT_USAGE
    try:
        engine, event_format = _load(options, context)
    except LoadError as error:
        print(error, file=context.stderr)
        return EXIT_PROBLEMS
    scan = _Scan(engine, event_format, options.type, context)
    with _progress(context) as progress:
        task = progress.add_task(scan.tally(), total=None)
        for found, body in opened(scan.find(options.source)):
            scan.read(found, body)
            progress.update(task, description=scan.tally())
    print(scan.tally(), file=context.stderr)
    return EXIT_PROBLEMS if scan.failed else EXIT_OK


def _load(options: argparse.Namespace, context: Context) -> tuple[Engine, EventFormat]:
    """The engine of the home that was named, else of the shipped ruleset. Raises LoadError."""
    problems = Problems()
    if context.home_given:
        installation = Installation(context.home)
        config = installation.load_config(problems)
    else:
        installation = Installation(Path.cwd())
        config = Config(
            global_=Global(event_format="improved"),
            ruleset=Ruleset(
                decoder_dir=(RulesetPath(path=str(shipped("decoders"))),),
                rule_dir=(RulesetPath(path=str(shipped("rules"))),),
                lists=tuple(RulesetPath(path=str(path)) for path in sorted((shipped("etc") / "lists").iterdir())),
            ),
        )
    replaced: dict[str, tuple[RulesetPath, ...]] = {}
    if options.rules:
        replaced["rule_dir"] = (RulesetPath(path=str(Path(options.rules).resolve())),)
    if options.decoders:
        replaced["decoder_dir"] = (RulesetPath(path=str(Path(options.decoders).resolve())),)
    ruleset = config.ruleset.model_copy(update=replaced)
    return installation.load_engine(
        config.model_copy(update={"ruleset": ruleset}), problems
    ), config.global_.event_format


def _progress(context: Context) -> Progress:
    """A line that moves on a terminal, and is silent elsewhere."""
    console = Console(file=context.stderr)
    columns = (TextColumn("{task.description}"), BarColumn(20), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


class _Scan:
    """One scan: an engine with an empty memory, and what it has seen so far."""

    def __init__(self, engine: Engine, event_format: EventFormat, type_name: str | None, context: Context) -> None:
        self._engine = engine
        self._state = engine.new_state()
        self._event_format: EventFormat = event_format
        self._kind = BUCKET_TYPES[type_name] if type_name else None
        self._writer = AlertWriter(AlertFacts(socket.gethostname(), improved=event_format == "improved"))
        self._context = context
        self._never = Event()
        self._offset = 0
        self._began = time.monotonic()
        self.objects = self.events = self.alerts = self.size = self.failed = self.passed_over = 0

    def tally(self) -> str:
        """What was done so far, in one line."""
        seconds = max(time.monotonic() - self._began, 0.001)
        parts = [
            f"{self.objects} objects",
            f"{self.events} events",
            f"{self.alerts} alerts",
            f"{self.size / 1e6:.1f} MB in {seconds:.1f} s ({self.events / seconds:.0f} events/s)",
        ]
        if self.passed_over:
            parts.append(f"{self.passed_over} of no known type passed over")
        if self.failed:
            parts.append(f"{self.failed} could not be read")
        return ", ".join(parts)

    def find(self, sources: Sequence[str]) -> Iterator[ObjectAtRest]:
        """The objects of all sources in order; a source that is not there is told, counted, and stops no other."""
        for source in sources:
            try:
                yield from find_objects(source)
            except SourceError as error:
                self.failed += 1
                self._say(str(error))

    def read(self, found: ObjectAtRest, fetched: Future[Body]) -> None:
        """Analyse one object; what cannot be read is told on standard error and counted."""
        try:
            body = fetched.result()
        except ObjectGoneError:
            return
        except (ObjectError, OSError) as error:
            self._complain(found, str(error))
            return
        try:
            kind = self._kind or guess_type(found.key, body)
            if kind is None:
                self.passed_over += 1
                self._say(f"{found.name}: of no known type, passed over; --type names it ({', '.join(BUCKET_TYPES)})")
                return
            for record in self._records(found, kind, body):
                self._analyse(record)
            self.objects += 1
            self.size += found.size
        except (ObjectError, OSError) as error:
            self._complain(found, str(error))
        finally:
            body.close()

    def _records(self, found: ObjectAtRest, kind: BucketType, body: Body) -> Iterator[Record]:
        bucket = Bucket.model_validate({"type": kind.type, "name": found.bucket or "local"})
        reader = ObjectReader(bucket, kind, self._event_format, time.time, lambda *_: None)
        target = Target("", found.account, found.key, "", "")
        for batch in reader.batches(target, body, 0, self._never):
            yield from batch.records

    def _analyse(self, record: Record) -> None:
        self.events += 1
        outcome = self._engine.process(record, self._state)
        if outcome.rejected:
            self.failed += 1
            self._say(f"{record.place}: {outcome.rejected}")
        elif outcome.alert and outcome.event is not None:
            line = self._writer.json_line(outcome.event, outcome.match, alert_id(record.time, self._offset))
            self._context.stdout.buffer.write(line)
            self._offset += len(line)
            self.alerts += 1

    def _complain(self, found: ObjectAtRest, reason: str) -> None:
        self.failed += 1
        self._say(f"{found.name}: {reason}")

    def _say(self, text: str) -> None:
        print(f"alertmill scan: {text}", file=self._context.stderr)
