"""Stand-ins for the outside of a subscriber: a queue in memory, buckets in memory, and a bench for both."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from alertmill.config.models import AwsAccess, Bucket, EventFormat, Subscriber
from alertmill.event import Record
from alertmill.sources.aws.buckets import BUCKET_TYPES
from alertmill.sources.aws.faults import ObjectGoneError
from alertmill.sources.aws.in_flight import InFlight
from alertmill.sources.aws.store import Body
from alertmill.sources.aws.subscribers.claims import Claims
from alertmill.sources.aws.subscribers.sqs import Message, QueueFacts
from alertmill.sources.aws.subscribers.subscriber import QueueSubscriber
from alertmill.sources.base import Batch
from support import PATIENCE
from unit.sources.aws.doubles import NOON, MemoryProgress, MemoryStore

#: Every source that was made, to be closed when its test is over.
OPEN: list[QueueSubscriber] = []

QUEUE = "my-queue"
FILES = "my-files"


def notice(*keys: str, bucket: str = FILES, **more: Any) -> str:
    """S3's own notification of these keys."""
    return json.dumps(
        {"Records": [{"s3": {"bucket": {"name": bucket}, "object": {"key": key, **more}}} for key in keys]}
    )


@dataclass
class Sent:
    """A message in the queue."""

    id: str
    body: str
    visible_at: float = 0.0
    received: int = 0

    @property
    def receipt(self) -> str:
        return f"{self.id}#{self.received}"


class MemoryQueue:
    """A queue in memory. `now` is its clock; a receipt is good until the message is received again."""

    def __init__(self, now: Callable[[], float], *bodies: str) -> None:
        self.now = now
        self.sent: list[Sent] = []
        self.visibility = 30
        #: Raised by the method of this name.
        self.faults: dict[str, Exception] = {}
        #: Reasons that the batch calls give, by the method's name.
        self.refusals: dict[str, list[str]] = {}
        self.waits: list[int] = []
        self.extended: list[tuple[str, int]] = []
        self.deleted: list[str] = []
        self.closed = False
        #: When set, `receive` waits for it as a long poll does.
        self.held: threading.Event | None = None
        self.polling = threading.Event()
        self._lock = threading.Lock()
        self.send(*bodies)

    def send(self, *bodies: str) -> None:
        with self._lock:
            self.sent += [Sent(f"m{len(self.sent) + number}", body) for number, body in enumerate(bodies)]

    @property
    def left(self) -> list[str]:
        """Ids of what is in the queue."""
        return [sent.id for sent in self.sent if sent.id not in self.deleted]

    def receive(self, wait: int) -> list[Message]:
        self._fault("receive")
        self.waits.append(wait)
        self.polling.set()
        if self.held is not None:
            self.held.wait(PATIENCE)
        with self._lock:
            found = [sent for sent in self.sent if sent.id not in self.deleted and sent.visible_at <= self.now()][:10]
            for sent in found:
                sent.visible_at = self.now() + self.visibility
                sent.received += 1
            return [Message(sent.id, sent.receipt, sent.body, sent.received) for sent in found]

    def delete(self, messages: Sequence[Message]) -> list[str]:
        self._fault("delete")
        with self._lock:
            good = {sent.receipt for sent in self.sent}
            self.deleted += [message.id for message in messages if message.receipt in good]
        return self.refusals.get("delete", [])

    def extend(self, messages: Sequence[Message], seconds: int) -> list[str]:
        self._fault("extend")
        with self._lock:
            for message in messages:
                self.extended.append((message.id, seconds))
                for sent in self.sent:
                    if sent.receipt == message.receipt:
                        sent.visible_at = self.now() + seconds
        return self.refusals.get("extend", [])

    def facts(self) -> QueueFacts:
        self._fault("facts")
        with self._lock:
            waiting = [sent for sent in self.sent if sent.id not in self.deleted and sent.visible_at <= self.now()]
            return QueueFacts(len(waiting), self.visibility)

    def close(self) -> None:
        self.closed = True

    def _fault(self, name: str) -> None:
        if name in self.faults:
            raise self.faults[name]


class AnyTagStore(MemoryStore):
    """A bucket in memory that also gives an object without knowing its ETag."""

    def fetch(self, key: str, etag: str, stopped: Callable[[], bool]) -> Body:
        if not etag and key not in self.objects:
            raise ObjectGoneError(key)
        return super().fetch(key, etag or self.etag(key), stopped)


@dataclass
class QueueBench:
    """A subscriber on the bench, run as often as a test likes. Its clocks stand still unless a test moves them."""

    subscriber: Subscriber
    stores: dict[str, AnyTagStore]
    buckets: Sequence[Bucket] = ()
    event_format: EventFormat = "compatible"
    time: float = NOON
    moment: float = 0.0
    progress: MemoryProgress = field(default_factory=MemoryProgress)
    in_flight: InFlight = field(default_factory=InFlight)
    stop: threading.Event = field(default_factory=threading.Event)
    lines: list[tuple[str, str]] = field(default_factory=list)
    opened: list[tuple[str, AwsAccess]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.queue = MemoryQueue(lambda: self.moment)
        self.source = self.another()

    def another(self) -> QueueSubscriber:
        """A subscriber of the same queue, as after a restart, or of another daemon."""
        source = QueueSubscriber(
            self.subscriber,
            Claims(self.buckets, BUCKET_TYPES),
            self.in_flight,
            self.event_format,
            lambda: self.time,
            lambda *line: self.lines.append(line),
            queues=lambda _: self.queue,
            stores=self._open,
            now=lambda: self.moment,
        )
        OPEN.append(source)
        return source

    def crash(self) -> None:
        """The process is killed, and another one started; what its threads still do reaches nobody."""
        before, self.queue = self.queue, MemoryQueue(lambda: self.moment)
        self.queue.sent = [replace(sent) for sent in before.sent]
        self.queue.deleted = list(before.deleted)
        self.in_flight = InFlight()
        self.source = self.another()

    def _open(self, name: str, access: AwsAccess, regions: tuple[str, ...]) -> AnyTagStore:
        self.opened.append((name, access))
        return self.stores[name]

    def batches(self, *, once: bool = True) -> Iterator[Batch]:
        return self.source.batches(self.progress, self.stop, once=once)

    def run(self) -> list[Record]:
        """One run until the queue is empty, every batch committed; the records of it."""
        records: list[Record] = []
        for batch in self.batches():
            self.progress.commit(batch)
            records += batch.records
        return records

    def messages(self) -> list[dict[str, Any]]:
        """What the records of a run say."""
        return [json.loads(record.message) for record in self.run()]

    def texts(self) -> list[str]:
        """The lines of text objects, or the beginnings of error events, of a run."""
        return [message["aws"].get("full_log") or message["error_msg"][:22] for message in self.messages()]

    def later(self, seconds: float) -> None:
        self.moment += seconds
        self.time += seconds

    def said(self, *levels: str) -> list[str]:
        return [text for level, text in self.lines if level in (levels or ("WARNING", "ERROR"))]


def bench(objects: Mapping[str, bytes], *bodies: str, kind: Any = "buckets", **options: Any) -> QueueBench:
    """A bench whose bucket holds these objects, and whose queue these messages."""
    of_bench = {name: options.pop(name) for name in ("buckets", "event_format") if name in options}
    subscriber = Subscriber(type=kind, sqs_name=QUEUE, **options)
    made = QueueBench(subscriber, {FILES: AnyTagStore(objects)}, **of_bench)
    made.queue.send(*bodies)
    return made


def scope(kind: str = "buckets") -> str:
    return f"sqs://{QUEUE}|{kind}||"
