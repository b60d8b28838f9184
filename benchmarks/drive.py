"""The program that is measured, in a process of its own that holds nothing but the daemon.

`python -m benchmarks.drive MODE HOME...` prints one JSON object: what was spent, and what the daemon counted. Modes:

    once HOME EMPTY   reads the home's buckets to their end. What a run over an empty bucket costs (`EMPTY`, a home as
                      well) is taken off: making clients and asking for the listing are the price of a run, not of its
                      events.
    feed HOME FILE    hands the messages of a file to the pipeline, a thousand at a time
    serve HOME COUNT  the daemon on its queue socket; says `ready`, and stops after COUNT messages
    load HOME         loads the ruleset and does nothing
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from alertmill.bootstrap import Program, build
from alertmill.daemon.service import EXIT_OK, Service
from alertmill.decoders import Rejected, split_queue_message
from alertmill.event import Record
from alertmill.installation import Installation
from alertmill.log import close_log, set_up_log
from alertmill.parallel import worker_count
from alertmill.sources.base import Batch
from benchmarks.harness import TINY, Cost, peak_mib, region, settle

#: Messages of a batch.
BATCH = 1000
#: Seconds between two looks whether all messages have come, and until the wait for the next one is given up.
_LOOK, _PATIENCE = 0.02, 120.0
#: Lines of the daemon's log that are shown when it fails.
_LOG_LINES = 10


@dataclass(frozen=True, slots=True)
class Report:
    """What a run cost and what the daemon counted; `start` is the price of the run itself, seconds of CPU."""

    cost: Cost
    received: int = 0
    alerts: int = 0
    objects: int = 0
    rejected: int = 0
    undecoded: int = 0
    failures: int = 0
    start: float = 0.0

    @classmethod
    def from_json(cls, text: bytes) -> Report:
        values = json.loads(text)
        return cls(**{**values, "cost": Cost(**values["cost"])})


def once(home: str, empty: str) -> Report:
    """Read the buckets of `home` to their end."""
    start = Cost()
    if not TINY:
        _run_once(empty)  # what is imported on first use is imported now
        _, start = _run_once(empty)
    program, cost = _run_once(home, "a run over the bucket")
    return _report(program, cost - start, start.cpu)


def feed(home: str, messages: str) -> Report:
    """Hand messages to the pipeline. Reading them from their file is not counted."""
    set_up_log(Path(home) / "logs")
    program = build(Installation(home))
    settle()
    with region() as reading, open(messages, "rb") as file:
        for line in file:
            _datagram(line)
    with region("messages through the pipeline") as cost, open(messages, "rb") as file:
        for batch in _batches(file, program.clock):
            program.pipeline.process(batch)
        program.pipeline.finish()
    program.close()
    close_log()
    return _report(program, cost - reading)


def serve(home: str, count: str) -> Report:
    """The daemon on its socket until it has had `count` messages; wall time counts from the first of them."""
    set_up_log(Path(home) / "logs")
    program = build(Installation(home))
    service = Service(program, once=False)
    watch = _Watch(program, int(count))
    watch.start()
    with region("messages over the socket") as cost:
        _expect(service.run(), home)
    close_log()
    cost.wall = watch.last - watch.first
    return _report(program, cost)


def load(home: str) -> Report:
    """Configuration, decoders and rules of a home, as at the start of a daemon."""
    with region("a load") as cost:
        program = build(Installation(home))
    settle()
    # What a loaded daemon holds, not what loading needed for a moment, is asked for.
    held = _resident_mib()
    program.close()
    return Report(Cost(cost.cpu, cost.wall, held), received=1)


def _run_once(home: str, title: str = "") -> tuple[Program, Cost]:
    set_up_log(Path(home) / "logs")
    program = build(Installation(home))
    service = Service(program, once=True)
    with region(title) as cost:
        _expect(service.run(), home)
    cost.peak_mib += _workers_mib(program)
    close_log()
    return program, cost


def _expect(code: int, home: str) -> None:
    if code != EXIT_OK:
        log = Path(home, "logs", "ossec.log").read_text(errors="replace").splitlines()
        raise RuntimeError("\n".join([f"the daemon ended with {code}; the end of its log:", *log[-_LOG_LINES:]]))


def _workers_mib(program: Program) -> float:
    """What the worker processes held at most, if each was as large as the largest."""
    workers = worker_count(program.config.global_.workers)
    return workers * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def _resident_mib() -> float:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return peak_mib()
    return pages * resource.getpagesize() / 1024 / 1024


def _report(program: Program, cost: Cost, start: float = 0.0) -> Report:
    seen = program.pipeline.counters
    return Report(cost, seen.received, seen.alerts, seen.objects, seen.rejected, seen.undecoded, seen.failures, start)


def _batches(lines: Iterator[bytes], clock: Callable[[], float]) -> Iterator[Batch]:
    """Batches of the messages in a file (`messages.write_messages`)."""
    records: list[Record] = []
    now = clock()
    for line in lines:
        message = split_queue_message(_datagram(line))
        if isinstance(message, Rejected):
            raise ValueError(f"not a message of the queue: {message.reason}")
        queue, location, text = message
        records.append(Record(text, location, now, queue=queue))
        if len(records) == BATCH:
            yield Batch(records)
            records, now = [], clock()
    if records:
        yield Batch(records)


def _datagram(line: bytes) -> bytes:
    text: str = json.loads(line)
    return text.encode("utf-8", "surrogateescape")


class _Watch(threading.Thread):
    """Stops the daemon as soon as it has had all messages, or none for long."""

    def __init__(self, program: Program, count: int) -> None:
        super().__init__(daemon=True)
        self._program, self._count = program, count
        #: When the first and the last messages had been seen, seconds of some clock.
        self.first = self.last = 0.0

    def run(self) -> None:
        while not self._program.home.joinpath("queue", "sockets", "queue").exists():
            time.sleep(_LOOK)
        print("ready", flush=True)
        self.first = self.last = time.monotonic()
        seen = 0
        while seen < self._count and time.monotonic() - self.last < _PATIENCE:
            time.sleep(_LOOK)
            now = self._program.pipeline.counters.received
            if now != seen:
                self.first = self.first if seen else time.monotonic()
                seen, self.last = now, time.monotonic()
        os.kill(os.getpid(), signal.SIGTERM)


MODES: dict[str, Callable[..., Report]] = {"once": once, "feed": feed, "serve": serve, "load": load}


if __name__ == "__main__":
    print(json.dumps(asdict(MODES[sys.argv[1]](*sys.argv[2:]))))
