"""The daemon's side of the worker processes: started when a back-log shows, replaced when they end, never waited for.

Nothing depends on a worker. One that is not there yet, has ended, or does not answer costs time: its object is read by
the daemon as if there were none. A worker counts only if it says that its engine was made from exactly what the
daemon's was made from, so what is edited but not yet loaded never shows in a verdict.
"""

from __future__ import annotations

import os
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import msgspec

from alertmill.parallel import wire
from alertmill.parallel.process import END, IDLE, SIGNALLED
from alertmill.parallel.wire import Setup, Silence
from alertmill.sources.aws.examined import ExaminedObject, ObjectTask

#: Bytes of objects that were fetched while others waited for their turn, after which workers are worth their start.
START_AFTER = 4 * 1024 * 1024
#: Largest object, in bytes as stored, that is given to a worker.
MOST_BODY = 2 * 1024 * 1024
#: Tasks that a worker may have at once.
_TASKS = 2
#: Seconds that a worker may take to load, and for one object.
_LOADING, _PATIENCE = 180.0, 120.0
#: Seconds that workers may take to end when they are told to.
_LAST_PATIENCE = 5.0
#: Seconds between a worker's end and the start of others: at first, and at most.
_PAUSE, _LONGEST_PAUSE = 1.0, 300.0

#: How the names of the environment begin that workers inherit. Credentials, proxies, sockets: none of their business.
_INHERITED = ("ALERTMILL_", "HOME", "LANG", "LC_", "LD_", "PATH", "PYTHON", "TZ", "VIRTUAL_ENV")

Log = Callable[[str, str], None]


def worker_count(configured: int | None) -> int:
    """Worker processes for `<workers>`: 0 asks for one per core, None for one less; 1 means the daemon alone."""
    cores = len(os.sched_getaffinity(0))
    wanted = max(cores - 1, 1) if configured is None else configured or cores
    return wanted if wanted > 1 else 0


class _Worker:
    """The line to one process. It may have two tasks: the one it is at, and the next, so that it never waits."""

    def __init__(self, family: _Family, line: socket.socket) -> None:
        self.family = family
        self._line = line
        self._asking = threading.Lock()
        #: Whether the answer to the last question has been read: answers come in the order of questions.
        self._answered = threading.Event()
        self._answered.set()

    def load(self, setup: Setup) -> bytes:
        """Let its family load; returns the name of the engine. Raises Silence, OSError or msgspec.MsgspecError."""
        wire.send(self._line, wire.encode(setup))
        return wire.read_ready(wire.receive(self._line, _LOADING)).made_of

    def ask(self, task: ObjectTask) -> ExaminedObject | None:
        """Its answer. Raises Silence, OSError or msgspec.MsgspecError."""
        answered = threading.Event()
        try:
            with self._asking:
                before, self._answered = self._answered, answered
                wire.send(self._line, wire.encode(task))
            before.wait()
            frame = wire.receive(self._line, _PATIENCE)
        finally:
            answered.set()
        return wire.read_answer(frame)

    def hang_up(self) -> None:
        """Wake whoever waits for an answer: there will be none."""
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)


class _Family:
    """Worker processes that began as one, which has loaded the rules. They end together."""

    def __init__(self, setup: Setup, count: int) -> None:
        """Start them. Raises OSError."""
        self.ready = False
        #: Whether the daemon does not want them any more.
        self.is_dismissed = False
        self._setup = setup
        lines = [socket.socketpair() for _ in range(count)]
        environment = {name: value for name, value in os.environ.items() if name.startswith(_INHERITED)}
        handles = [theirs.fileno() for _, theirs in lines]
        self._process = subprocess.Popen(  # noqa: S603 - this program itself
            [sys.executable, "-P", "-m", "alertmill.parallel.process", *map(str, handles)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=handles,
            env=environment,
        )
        for _, theirs in lines:
            theirs.close()
        self.workers = [_Worker(self, ours) for ours, _ in lines]

    def load(self) -> bytes:
        """Let them load; returns the name of their engine. Raises Silence, OSError or msgspec.MsgspecError."""
        return self.workers[0].load(self._setup)

    def wait(self) -> int:
        """Wait for the end of all; returns the exit code of the first that ended."""
        code = self._process.wait()
        for worker in self.workers:
            worker.hang_up()
        return code

    def end(self) -> None:
        """End all, now: they have nothing to lose."""
        self._process.send_signal(END)

    def bury(self) -> None:
        """Wait until they have ended, not for ever."""
        try:
            self._process.wait(_LAST_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


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
        self._family: _Family | None = None
        #: Workers, as often as they have room for a task; None to wake those who wait when there are none left.
        self._free: queue.SimpleQueue[_Worker | None] = queue.SimpleQueue()
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
                self._start()
            return self._family is not None and self._family.ready

    def examine(self, task: ObjectTask) -> ExaminedObject | None:
        worker = self._take()
        if worker is None:
            return None
        try:
            found = worker.ask(task)
        except (Silence, OSError, msgspec.MsgspecError):
            self._lost(worker.family)
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
            self._dismiss()

    def close(self) -> None:
        """End all workers."""
        with self._lock:
            self._closed = True
            ended = self._family
            self._dismiss()
        if ended is not None:
            ended.bury()

    def _dismiss(self) -> None:
        if self._family is not None:
            self._family.is_dismissed = True
            self._family.end()
            self._family = None
            self._free.put(None)

    def _take(self) -> _Worker | None:
        """A worker with room for a task, as soon as there is one; None when there are none left."""
        while True:
            worker = self._free.get()
            family = self._family
            if worker is not None and worker.family is family:
                return worker
            if worker is None and (family is None or not family.ready):
                self._free.put(None)  # whoever else waits is to know it too
                return None

    def _start(self) -> None:
        """Start the workers if there are none, and a thread that looks after them."""
        if self._closed or self._family is not None or time.monotonic() < self._not_before:
            return
        self._log("INFO", f"Objects wait to be read: starting {self._count} worker processes")
        try:
            self._family = _Family(self._setup, self._count)
        except OSError as error:
            self._log("WARNING", f"worker processes cannot be started: {error.strerror or error}")
            self._hold_back()
            return
        threading.Thread(target=self._look_after, args=(self._family,), name="workers", daemon=True).start()

    def _look_after(self, family: _Family) -> None:
        """From the start of workers to their end."""
        began = time.monotonic()
        try:
            self._welcome(family, family.load())
        except (Silence, OSError, msgspec.MsgspecError):
            family.end()
        code = family.wait()
        if code == 0 and time.monotonic() - began >= IDLE:
            with self._lock:
                family.is_dismissed, self._backlog = True, 0
        self._lost(family)
        if not family.is_dismissed:
            text = f"a worker process ended early ({_ending(code)}); the daemon reads its objects itself"
            self._log("WARNING", text)

    def _lost(self, family: _Family) -> None:
        """These workers are of no use any more: they have ended, or say nothing that makes sense."""
        with self._lock:
            if self._family is not family:
                return
            self._family = None
            self._free.put(None)
            if not family.is_dismissed:
                self._hold_back()
        family.end()

    def _welcome(self, family: _Family, made_of: bytes) -> None:
        with self._lock:
            if family is not self._family:
                return
            if made_of == self._made_of:
                family.ready = True
                for worker in family.workers * _TASKS:
                    self._free.put(worker)
                return
            self._dismiss()
            self._not_before = time.monotonic() + _LONGEST_PAUSE
            told, self._mismatch_told = self._mismatch_told, True
        if not told:
            text = "the rules on disk are not those in service: no worker processes until the ruleset is reloaded"
            self._log("WARNING", text)

    def _hold_back(self) -> None:
        self._not_before = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)


def _ending(code: int) -> str:
    number = -code if code < 0 else code - SIGNALLED
    return f"signal {number}" if number > 0 else f"exit code {code}"
