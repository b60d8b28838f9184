"""The bounded queue between sources and the engine: a full queue makes a source wait, and that is the back-pressure.

Each source runs in a thread of its own. With `once`, one thread runs the sources one after the other, in the order of
the configuration, so that two runs over the same inputs see the same order.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from alertmill.log import ENGINE_TAG, TaggedLog
from alertmill.sources.base import Batch, Progress, Source

#: Batches that may wait for the engine, over all sources; a batch is at most some 4 MiB.
INBOX_SIZE = 8

#: Seconds between two looks at the stop flag while waiting for a place in the queue.
_PATIENCE = 0.2


@dataclass(frozen=True, slots=True)
class Ended:
    """A source thread has come to its end; `error` is a sentence when it did not mean to."""

    name: str
    error: str = ""


class Inbox:
    """Runs the sources and hands over their batches in the order in which they arrive."""

    def __init__(self, sources: Sequence[Source], progress: Progress, *, once: bool) -> None:
        self._sources = sources
        self._progress = progress
        self._once = once
        self._queue: queue.Queue[Batch | Ended] = queue.Queue(INBOX_SIZE)
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._log = TaggedLog(ENGINE_TAG)

    def start(self) -> None:
        groups: list[Sequence[Source]] = [self._sources] if self._once else [[source] for source in self._sources]
        for group in groups:
            name = ", ".join(source.name for source in group)
            self._threads.append(threading.Thread(target=self._run, args=(group,), name=name, daemon=True))
        for thread in self._threads:
            thread.start()

    def _run(self, sources: Sequence[Source]) -> None:
        error = ""
        try:
            for source in sources:
                for batch in source.batches(self._progress, self._stop, once=self._once):
                    if not self._put(batch):
                        return
        except Exception as problem:  # a thread must not die without the operator hearing of it
            error = f"source {threading.current_thread().name} ended: {type(problem).__name__}: {problem}"
            self._log("CRITICAL", error)
        finally:
            self._put(Ended(threading.current_thread().name, error))

    def _put(self, item: Batch | Ended) -> bool:
        while not self._stop.is_set():
            try:
                self._queue.put(item, timeout=_PATIENCE)
            except queue.Full:
                continue
            return True
        return False

    def get(self, timeout: float) -> Batch | Ended | None:
        """The next batch, the end of a thread, or None when nothing came within `timeout` seconds."""
        try:
            return self._queue.get(timeout=max(timeout, 0.001))
        except queue.Empty:
            return None

    @property
    def waiting(self) -> int:
        """Batches that wait for the engine."""
        return self._queue.qsize()

    @property
    def alive(self) -> int:
        """Source threads that still run."""
        return sum(thread.is_alive() for thread in self._threads)

    def stop(self, patience: float) -> bool:
        """Ask the sources to end and wait for them, `patience` seconds at most; False when one still runs."""
        self._stop.set()
        for thread in self._threads:
            thread.join(patience / max(len(self._threads), 1))
        return self.alive == 0
