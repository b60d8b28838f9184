"""CloudWatch Logs and Inspector in memory, answering like AWS, and a bench that runs services over them.

Tokens stand for a place in the time order of a stream, as AWS's do: what comes in behind one is not found with it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from alertmill.config.models import AwsS3, Service
from alertmill.event import Record, from_byte_text
from alertmill.sources.aws.services.service_source import ServiceSource
from alertmill.sources.aws.workers import Workers
from alertmill.sources.base import Batch
from unit.sources.aws.doubles import ACCOUNT, NOON, MemoryProgress

NOON_MS = int(NOON * 1000)

#: Threads of a pool never end, so all benches share two.
_LISTERS, _READERS = Workers(2, "bench-list"), Workers(8, "bench-read")


def client_error(code: str, operation: str = "GetLogEvents", message: str = "told you so") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}, "ResponseMetadata": {}}, operation)  # type: ignore[typeddict-item]


@dataclass
class Stream:
    """Events are (time, number, ingested, message), in order."""

    created: int
    events: list[tuple[int, int, int, str]] = field(default_factory=list)


class FakeLogs:
    """The client of one region. `faults` maps an operation to errors that its next calls raise, in order."""

    def __init__(self, page: int = 10_000, streams_of_a_page: int = 50) -> None:
        self.groups: dict[str, dict[str, Stream]] = {}
        self.faults: dict[str, list[Exception]] = {}
        self.faults_of_stream: dict[str, list[Exception]] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.now = NOON_MS
        self.page = page
        self.streams_of_a_page = streams_of_a_page
        self.generation = 0
        self.closed = False
        self.tells_ingestion = True
        self.tells_clock = False
        self.on_read: Callable[[str], None] | None = None
        self._number = 0
        self._lock = threading.Lock()

    # --- what tests do -----------------------------------------------------------------------------------------------

    def put(self, group: str, stream: str, *events: str | tuple[int, str]) -> None:
        """Messages at the current time, or (time, message)."""
        streams = self.groups.setdefault(group, {})
        if stream not in streams:
            streams[stream] = Stream(self.now)
        for event in events:
            time, message = (self.now, event) if isinstance(event, str) else event
            self._number += 1
            streams[stream].events.append((time, self._number, self.now, message))
        streams[stream].events.sort()

    def expire_tokens(self) -> None:
        self.generation += 1

    def asked(self, operation: str) -> list[dict[str, Any]]:
        return [arguments for name, arguments in self.calls if name == operation]

    # --- what boto3 does ---------------------------------------------------------------------------------------------

    def describe_log_streams(self, **arguments: Any) -> dict[str, Any]:
        with self._lock:
            self._called("DescribeLogStreams", arguments)
            streams = self._group(arguments["logGroupName"], "DescribeLogStreams")
            names = sorted(streams)
            first = int(arguments.get("nextToken", 0))
            page = names[first : first + self.streams_of_a_page]
            answer: dict[str, Any] = {"logStreams": [self._listed(name, streams[name]) for name in page]}
            if first + len(page) < len(names):
                answer["nextToken"] = str(first + len(page))
            return answer

    def _listed(self, name: str, stream: Stream) -> dict[str, Any]:
        told: dict[str, Any] = {"logStreamName": name, "creationTime": stream.created}
        if stream.events and self.tells_ingestion:
            told["lastIngestionTime"] = max(event[2] for event in stream.events)
        return told

    def get_log_events(self, **arguments: Any) -> dict[str, Any]:
        assert arguments["startFromHead"] is True
        if self.on_read is not None:
            self.on_read(arguments["logStreamName"])
        with self._lock:
            self._called("GetLogEvents", arguments)
            group = self._group(arguments["logGroupName"], "GetLogEvents")
            name = arguments["logStreamName"]
            if faults := self.faults_of_stream.get(name):
                raise faults.pop(0)
            if name not in group:
                raise client_error("ResourceNotFoundException", message="The specified log stream does not exist.")
            behind = self._place(arguments.get("nextToken"))
            found = [
                event
                for event in group[name].events
                if arguments["startTime"] <= event[0] < arguments.get("endTime", 1 << 62) and event[:2] > behind
            ][: min(arguments["limit"], self.page)]
            behind = found[-1][:2] if found else behind
            answer: dict[str, Any] = {
                "events": [
                    {"timestamp": time, "message": message, "ingestionTime": ingested}
                    for time, _, ingested, message in found
                ],
                "nextForwardToken": f"f/{self.generation}/{behind[0]}/{behind[1]}",
                "nextBackwardToken": "b/0",
            }
            if self.tells_clock:
                date = datetime.fromtimestamp(self.now / 1000, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
                answer["ResponseMetadata"] = {"HTTPHeaders": {"date": date}}
            return answer

    def _place(self, token: str | None) -> tuple[int, int]:
        if token is None:
            return (-1, 0)
        _, generation, time, number = token.split("/")
        if int(generation) != self.generation:
            raise client_error("InvalidParameterException", message="The specified nextToken is invalid.")
        return (int(time), int(number))

    def delete_log_stream(self, **arguments: Any) -> None:
        with self._lock:
            self._called("DeleteLogStream", arguments)
            del self._group(arguments["logGroupName"], "DeleteLogStream")[arguments["logStreamName"]]

    def close(self) -> None:
        self.closed = True

    def _called(self, operation: str, arguments: dict[str, Any]) -> None:
        self.calls.append((operation, dict(arguments)))
        if faults := self.faults.get(operation):
            raise faults.pop(0)

    def _group(self, name: str, operation: str) -> dict[str, Stream]:
        if name not in self.groups:
            message = "The specified log group does not exist."
            raise client_error("ResourceNotFoundException", operation, message)
        return self.groups[name]


class FakeInspector:
    """The client of one region: findings by ARN, `page` at a time."""

    def __init__(self, page: int = 100) -> None:
        self.findings: dict[str, dict[str, Any]] = {}
        self.page = page
        self.asked: list[dict[str, Any]] = []
        self.faults: list[Exception | None] = []
        self.closed = False

    def put(self, arn: str, updated: int, **more: Any) -> None:
        self.findings[arn] = {"findingArn": arn, **more, "updatedAt": datetime.fromtimestamp(updated / 1000, UTC)}

    def list_findings(self, **arguments: Any) -> dict[str, Any]:
        self.asked.append(arguments)
        if self.faults and (fault := self.faults.pop(0)) is not None:
            raise fault
        (window,) = arguments["filterCriteria"]["updatedAt"]
        found = [
            finding
            for finding in self.findings.values()
            if window["startInclusive"] <= finding["updatedAt"] <= window["endInclusive"]
        ]
        first = int(arguments.get("nextToken", 0))
        answer: dict[str, Any] = {"findings": [dict(one) for one in found[first : first + self.page]]}
        if first + self.page < len(found):
            answer["nextToken"] = str(first + self.page)
        return answer

    def close(self) -> None:
        self.closed = True


@dataclass
class FakeSession:
    """What `AwsSession` gives to services."""

    clients: dict[str, Any]
    arn: str = f"arn:aws:iam::{ACCOUNT}:user/reader"
    partition: str = "aws"
    own_region: str | None = None
    known: tuple[str, ...] = ("eu-west-1", "us-east-1")

    def logs(self, region: str) -> Any:
        return self.clients[region]

    inspector = logs

    def identity(self) -> str:
        return self.arn

    def who(self) -> str:
        return "profile reader"

    def region(self) -> str | None:
        return self.own_region

    def regions_of(self, service: str, partition: str = "aws") -> list[str]:
        return list(self.known) if partition == "aws" else []


@dataclass
class Bench:
    """Services on the bench, run as often as a test likes. `restart` is what a new daemon finds."""

    session: FakeSession
    config: AwsS3
    event_format: Any = "compatible"
    now: float = NOON
    progress: MemoryProgress = field(default_factory=MemoryProgress)
    stop: threading.Event = field(default_factory=threading.Event)
    lines: list[tuple[str, str]] = field(default_factory=list)
    source: ServiceSource | None = None

    def run(self, *, once: bool = True) -> list[str]:
        """One run, every batch committed; its messages."""
        return [message for batch in self.committed(once=once) for message in messages(batch.records)]

    def committed(self, *, once: bool = True) -> Iterable[Batch]:
        for batch in self.batches(once=once):
            self.progress.commit(batch)
            yield batch

    def batches(self, *, once: bool = True) -> Iterable[Batch]:
        self.lines.clear()
        if self.source is None:
            self.source = ServiceSource(
                self.config,
                self.event_format,
                lambda: self.now,
                lambda level, text: self.lines.append((level, text)),
                zone=UTC,
                sessions=lambda _: self.session,  # type: ignore[arg-type,return-value]
            )
            self.source._listers, self.source._readers = _LISTERS, _READERS
        return self.source.batches(self.progress, self.stop, once=once)

    def restart(self) -> None:
        """Forget all that a new daemon does not know."""
        if self.source is not None:
            self.source._served.clear()

    def said(self, *levels: str) -> list[str]:
        return [text for level, text in self.lines if level in (levels or ("WARNING", "ERROR"))]

    def report(self, suffix: str) -> Any:
        """The latest report of the only scope that ends so."""
        (found,) = (report for scope, report in self.progress.reports.items() if scope.endswith(suffix))
        return found

    def places(self) -> list[Any]:
        """The latest reports but for that of the definition as a whole."""
        return [report for scope, report in self.progress.reports.items() if not scope.endswith("|*|*")]


def messages(records: Iterable[Record]) -> list[str]:
    return [from_byte_text(record.message) for record in records]


def bench(clients: Any, *, kind: Any = "cloudwatchlogs", **options: Any) -> Bench:
    """A bench with one definition; `clients` is that of us-east-1, or a client for each region."""
    of_module = {name: options.pop(name) for name in ("interval", "run_on_start") if name in options}
    of_session = {name: options.pop(name) for name in ("arn", "own_region", "known") if name in options}
    event_format = options.pop("event_format", "compatible")
    by_region = clients if isinstance(clients, dict) else {"us-east-1": clients}
    options.setdefault("regions", tuple(by_region))
    if kind == "cloudwatchlogs":
        options.setdefault("aws_log_groups", ("/app/g",))
    config = AwsS3(services=(Service(type=kind, **options),), **of_module)
    return Bench(FakeSession(by_region, **of_session), config, event_format)
