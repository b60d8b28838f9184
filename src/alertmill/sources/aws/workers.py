"""Threads that work ahead: a pool whose threads never keep the process alive, and an iterator run on one of them.

`concurrent.futures` has a pool, but the interpreter waits for its threads at exit; a daemon told to stop must not.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")

#: Seconds between two looks at the stop flag.
_PATIENCE = 0.2
#: Seconds without a job after which a thread ends.
_IDLE = 60.0


class Workers:
    """At most `count` daemon threads, doing jobs in the order of their arrival; started as they are needed, and gone
    after a while without a job."""

    def __init__(self, count: int, name: str) -> None:
        self._count = count
        self._name = name
        self._jobs: queue.SimpleQueue[tuple[Future[object], Callable[[], object]]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._started = 0
        self._waiting = 0

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Do `job` on some thread; its result, or what it raised, comes with the future."""
        future: Future[T] = Future()
        with self._lock:
            self._waiting += 1
            if self._started < min(self._waiting, self._count):
                self._started += 1
                threading.Thread(target=self._work, name=f"{self._name}-{self._started}", daemon=True).start()
            self._jobs.put((future, job))  # type: ignore[arg-type]  # the queue does not mind what a job returns
        return future

    def _work(self) -> None:
        while True:
            try:
                future, job = self._jobs.get(timeout=_IDLE)
            except queue.Empty:
                if self._is_needless():
                    return
                continue
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(job())
                except BaseException as error:  # the future carries it to whoever asks
                    future.set_exception(error)
            del future, job  # a result must not live on in an idle thread
            with self._lock:
                self._waiting -= 1

    def _is_needless(self) -> bool:
        """Whether an idle thread may end; it is no longer counted then."""
        with self._lock:
            if not self._jobs.empty():
                return False
            self._started -= 1
            return True


class Ahead(Generic[T]):
    """An iterator that runs on a worker, at most `depth` items ahead of whoever reads it here.

    What it raises is raised here, behind its last item. Reading ends early once `stopped()` is true; `cancel` ends the
    iterator between two items.
    """

    def __init__(
        self, workers: Workers, items: Callable[[], Iterator[T]], depth: int, stopped: Callable[[], bool]
    ) -> None:
        self._items = items
        self._stopped = stopped
        self._queue: queue.Queue[tuple[bool, T | None]] = queue.Queue(depth)
        self._cancelled = threading.Event()
        self._future = workers.submit(self._run)

    def __iter__(self) -> Iterator[T]:
        while not self._stopped():
            try:
                more, item = self._queue.get(timeout=_PATIENCE)
            except queue.Empty:
                continue
            if not more:
                self._future.result()
                return
            yield item  # type: ignore[misc]  # None stands only beside False

    def cancel(self) -> None:
        self._cancelled.set()
        self._future.cancel()

    def _run(self) -> None:
        try:
            for item in self._items():
                self._put((True, item))
                if self._cancelled.is_set():
                    return
        finally:
            self._put((False, None))

    def _put(self, entry: tuple[bool, T | None]) -> None:
        while not self._cancelled.is_set():
            try:
                self._queue.put(entry, timeout=_PATIENCE)
            except queue.Full:
                continue
            return


def result_of(future: Future[T], stopped: Callable[[], bool]) -> T | None:
    """What the job returned or raised; None as soon as `stopped()` is true."""
    while not stopped():
        try:
            return future.result(_PATIENCE)
        except TimeoutError:
            if future.done():
                raise  # the job's own
    return None
