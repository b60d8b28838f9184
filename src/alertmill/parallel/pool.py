"""The daemon's side of the worker processes: started when a back-log shows, replaced when they end, never waited for.

Nothing depends on a worker. One that is not there yet, has ended, or does not answer costs time: its object is read by
the daemon as if there were none. A worker counts only if it says that its engine was made from exactly what the
daemon's was made from, so what is edited but not yet loaded never shows in a verdict.
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import msgspec

from alertmill.parallel import wire
from alertmill.parallel.process import IDLE
from alertmill.parallel.wire import Setup, Silence
from alertmill.sources.aws.examined import ExaminedObject, ObjectTask

#: Bytes of objects that were fetched while others waited for their turn, after which workers are worth their start.
START_AFTER = 4 * 1024 * 1024
#: Largest object, in bytes as stored, that is given to a worker.
MOST_BODY = 2 * 1024 * 1024
#: Seconds that a worker may take to load, and for one object.
_LOADING, _PATIENCE = 180.0, 120.0
#: Seconds between a worker's end and the start of others: at first, and at most.
_PAUSE, _LONGEST_PAUSE = 1.0, 300.0
#: Seconds between two looks whether there are workers left to wait for.
_LOOK = 0.2

#: How the names of the environment begin that workers inherit. Credentials, proxies, sockets: none of their business.
_INHERITED = ("ALERTMILL_", "HOME", "LANG", "LC_", "LD_", "PATH", "PYTHON", "TZ", "VIRTUAL_ENV")

Log = Callable[[str, str], None]


def worker_count(configured: int | None) -> int:
    """Worker processes for `<workers>`: 0 asks for one per core, None for one less; 1 means the daemon alone."""
    cores = len(os.sched_getaffinity(0))
    wanted = max(cores - 1, 1) if configured is None else configured or cores
    return wanted if wanted > 1 else 0


class _Worker:
    """One process. It has one task at a time."""

    def __init__(self, setup: Setup) -> None:
        """Start it. Raises OSError."""
        self.ready = False
        #: Held while somebody uses the pipes: the numbers of closed ones are soon those of other files.
        self._talking = threading.Lock()
        self._is_over = False
        environment = {name: value for name, value in os.environ.items() if name.startswith(_INHERITED)}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "alertmill.parallel.process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._questions, self._answers = self._process.stdin.fileno(), self._process.stdout.fileno()
        wire.widen(self._questions)
        wire.widen(self._answers)
        self._setup = setup

    def load(self) -> bytes:
        """Let it load; returns the name of its engine. Raises Silence, OSError or msgspec.MsgspecError."""
        wire.send(self._questions, wire.encode(self._setup))
        return wire.read_ready(wire.receive(self._answers, _LOADING)).made_of

    def ask(self, task: ObjectTask) -> ExaminedObject | None:
        """Its answer. Raises Silence, OSError or msgspec.MsgspecError."""
        with self._talking:
            if self._is_over:
                raise Silence
            wire.send(self._questions, wire.encode(task))
            return wire.read_answer(wire.receive(self._answers, _PATIENCE))

    def wait(self) -> int:
        """Wait for its end, and give back what it held here; returns its exit code."""
        code = self._process.wait()
        with self._talking:
            self._is_over = True
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
        return code

    def kill(self) -> None:
        self._process.kill()


class Pool:
    """At most `count` worker processes for an engine of the name `made_of`. Safe to call from any thread.

    `start_after` is START_AFTER, or 0 for a start with the first object.
    """

    def __init__(self, count: int, setup: Setup, made_of: bytes, log: Log, *, start_after: int = START_AFTER) -> None:
        self._count = count
        self._setup = setup
        self._made_of = made_of
        self._log = log
        self._start_after = start_after
        self._lock = threading.Lock()
        self._workers: set[_Worker] = set()
        self._free: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        self._backlog = 0
        self._closed = False
        #: When others may be started, and the pause behind the next early end, in seconds.
        self._not_before = 0.0
        self._pause = _PAUSE
        self._mismatch_told = False

    def is_wanted(self, behind: int, size: int) -> bool:
        if size > MOST_BODY:
            return False
        with self._lock:
            self._backlog = self._backlog + size if behind > 0 or not self._start_after else 0
            if self._backlog >= self._start_after:
                self._fill_up()
            return any(worker.ready for worker in self._workers)

    def examine(self, task: ObjectTask) -> ExaminedObject | None:
        worker = self._take()
        if worker is None:
            return None
        try:
            found = worker.ask(task)
        except (Silence, OSError, msgspec.MsgspecError):
            worker.kill()
            return None
        self._free.put(worker)
        return found

    def renew(self, made_of: bytes) -> None:
        """The daemon has another engine: end the workers; the next object that wants one starts others."""
        with self._lock:
            self._made_of = made_of
            self._mismatch_told = False
            self._not_before = 0.0
            self._pause = _PAUSE
            self._end_all()

    def close(self) -> None:
        """End all workers, now: they have nothing to lose."""
        with self._lock:
            self._closed = True
            ended = set(self._workers)
            self._end_all()
        for worker in ended:
            worker.wait()

    def _end_all(self) -> None:
        for worker in self._workers:
            worker.kill()
        self._workers.clear()

    def _take(self) -> _Worker | None:
        """A worker without a task, as soon as there is one; None when there are none left."""
        while True:
            try:
                worker = self._free.get(timeout=_LOOK)
            except queue.Empty:
                with self._lock:
                    if not any(worker.ready for worker in self._workers):
                        return None
                continue
            with self._lock:
                if worker in self._workers:
                    return worker

    def _fill_up(self) -> None:
        """Start the workers that are missing, each with a thread that looks after it."""
        missing = self._count - len(self._workers)
        if self._closed or missing <= 0 or time.monotonic() < self._not_before:
            return
        self._log("INFO", f"Objects wait to be read: starting {missing} worker processes")
        for number in range(missing):
            try:
                worker = _Worker(self._setup)
            except OSError as error:
                self._log("WARNING", f"a worker process cannot be started: {error.strerror or error}")
                self._hold_back()
                return
            self._workers.add(worker)
            threading.Thread(target=self._look_after, args=(worker,), name=f"worker-{number}", daemon=True).start()

    def _look_after(self, worker: _Worker) -> None:
        """From a worker's start to its end."""
        began = time.monotonic()
        try:
            self._welcome(worker, worker.load())
        except (Silence, OSError, msgspec.MsgspecError):
            worker.kill()
        code = worker.wait()
        with self._lock:
            if worker not in self._workers:  # ended on purpose
                return
            self._workers.discard(worker)
            if code == 0 and time.monotonic() - began >= IDLE:
                self._backlog = 0
                return
            self._hold_back()
        self._log("WARNING", f"a worker process ended early ({_ending(code)}); the daemon reads its objects itself")

    def _welcome(self, worker: _Worker, made_of: bytes) -> None:
        with self._lock:
            if worker not in self._workers:
                return
            if made_of == self._made_of:
                worker.ready = True
                self._free.put(worker)
                return
            self._workers.discard(worker)
            self._not_before = time.monotonic() + _LONGEST_PAUSE
            told, self._mismatch_told = self._mismatch_told, True
        worker.kill()
        if not told:
            text = "the rules on disk are not those in service: no worker processes until the ruleset is reloaded"
            self._log("WARNING", text)

    def _hold_back(self) -> None:
        self._not_before = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
