"""`alertmill scan`: log objects at rest -> alerts on standard output. Keeps no state and needs no home."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from threading import Event

from alertmill.alerts import AlertWriter, alert_id
from alertmill.cli import EXIT_OK, EXIT_PROBLEMS, EXIT_USAGE, Context
from alertmill.cli.home import HomeError
from alertmill.cli.loading import Loaded, add_ruleset_arguments, load_engine
from alertmill.cli.progress import Figures, Patience, ProgressLine
from alertmill.errors import AlertmillError, LoadError, Problems, SourceError
from alertmill.event import Record
from alertmill.sources.aws.at_rest import ObjectAtRest, as_trail, find_objects, guess_type, opened
from alertmill.sources.aws.buckets import BUCKET_TYPES
from alertmill.sources.aws.buckets.base import BucketType
from alertmill.sources.aws.faults import ObjectError, ObjectGoneError
from alertmill.sources.aws.objects import ObjectReader, Target
from alertmill.sources.aws.store import Body
from alertmill.sources.aws.workers import Ahead, Workers

EXAMPLES = (
    "alertmill scan ./AWSLogs > alerts.json                       everything below a folder",
    "alertmill scan --type cloudtrail s3://bucket/AWSLogs/123456789012/CloudTrail/us-east-1/2026/01/15/",
)

#: Objects that may be known before they are read, so that a remaining time can be told.
_FOUND_AHEAD = 1_000_000
_CLOUDTRAIL = BUCKET_TYPES["cloudtrail"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SOURCE", nargs="+", help="a file, a folder, or s3://bucket/prefix")
    parser.add_argument(
        "--type", choices=sorted(BUCKET_TYPES), help="type of all objects (default: seen from key and content)"
    )
    add_ruleset_arguments(parser)


def run(options: argparse.Namespace, context: Context) -> int:
    try:
        with Patience(context.stderr, lambda: "loading decoders and rules"):
            loaded = load_engine(options, context, Problems())
    except (LoadError, HomeError):
        raise
    except AlertmillError as error:
        print(f"alertmill scan: {error}", file=context.stderr)
        return EXIT_USAGE
    scan = _Scan(loaded, options.type, context)
    with ProgressLine(context.stderr, lambda: scan.figures) as progress:
        ahead = Ahead(Workers(1, "scan-find"), lambda: scan.find(options.source), _FOUND_AHEAD, lambda: False)
        try:
            for found, body in opened(ahead):
                scan.read(found, body)
        except _OutputLostError as lost:
            raise lost.reason from None
    print(scan.tally(progress.seconds), file=context.stderr)
    return EXIT_PROBLEMS if scan.failed else EXIT_OK


class _OutputLostError(Exception):
    """Standard output takes no more: no fault of the object that is being read."""

    def __init__(self, reason: OSError) -> None:
        super().__init__(str(reason))
        self.reason = reason


class _Scan:
    """One scan: an engine with an empty memory, and what it has seen so far."""

    def __init__(self, loaded: Loaded, type_name: str | None, context: Context) -> None:
        self._engine = loaded.engine
        self._state = loaded.engine.new_state()
        self._event_format = loaded.event_format
        self._kind = BUCKET_TYPES[type_name] if type_name else None
        self._writer = AlertWriter(loaded.facts)
        self._context = context
        self._never = Event()
        self._offset = 0
        self.figures = Figures()
        self.failed = self.passed_over = 0

    def tally(self, seconds: float) -> str:
        """What was done, in one line."""
        parts = [replace(self.figures, found=0).line(seconds)]
        if self.passed_over:
            parts.append(f"{self.passed_over} of no known type passed over")
        if self.failed:
            parts.append(f"{self.failed} could not be read")
        return ", ".join(parts)

    def find(self, sources: Sequence[str]) -> Iterator[ObjectAtRest]:
        """The objects of all sources in order; a source that is not there is told, counted, and stops no other."""
        for source in sources:
            try:
                for found in find_objects(source):
                    self.figures.found += 1
                    self.figures.found_size += found.size
                    yield found
            except SourceError as error:
                self.failed += 1
                self._say(str(error))
        self.figures.complete = True

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
            if (kind is None or self._kind is _CLOUDTRAIL) and (trail := as_trail(found.key, body)):
                body.close()
                kind, body = _CLOUDTRAIL, trail
            if kind is None:
                self.passed_over += 1
                self._say(f"{found.name}: of no known type, passed over; --type names it ({', '.join(BUCKET_TYPES)})")
                return
            for record in self._records(found, kind, body):
                self._analyse(record)
            self.figures.objects += 1
            self.figures.size += found.size
        except (ObjectError, OSError) as error:
            self._complain(found, str(error))
        finally:
            body.close()

    def _records(self, found: ObjectAtRest, kind: BucketType, body: Body) -> Iterator[Record]:
        reader = ObjectReader(kind, self._event_format, time.time)
        target = Target("", found.account, found.bucket or "local", found.key, "", "")
        for batch in reader.batches(target, body, 0, self._never):
            yield from batch.records

    def _analyse(self, record: Record) -> None:
        self.figures.events += 1
        outcome = self._engine.process(record, self._state)
        if outcome.rejected:
            self.failed += 1
            self._say(f"{record.place}: {outcome.rejected}")
        elif outcome.alert and outcome.event is not None:
            line = self._writer.json_line(outcome.event, outcome.match, alert_id(record.time, self._offset))
            try:
                self._context.stdout.buffer.write(line)
            except OSError as error:
                raise _OutputLostError(error) from None
            self._offset += len(line)
            self.figures.alerts += 1

    def _complain(self, found: ObjectAtRest, reason: str) -> None:
        self.failed += 1
        self._say(f"{found.name}: {reason}")

    def _say(self, text: str) -> None:
        print(f"alertmill scan: {text}", file=self._context.stderr)
