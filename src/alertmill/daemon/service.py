"""The daemon from start to stop, readable top to bottom: start, turn the loop, stop.

The main thread is the engine's thread. Sources feed it through the inbox; signals only set flags that the loop looks at
between two batches. What to build is decided by `bootstrap`, what a signal means is decided here.
"""

from __future__ import annotations

import gc
import os
import queue
import secrets
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from types import FrameType

from alertmill import logtest
from alertmill.bootstrap import Program
from alertmill.config.models import Global
from alertmill.daemon.control import MAX_REQUEST, Control
from alertmill.daemon.eps import EpsLimit
from alertmill.daemon.frames import FrameServer
from alertmill.daemon.housekeeper import Housekeeper
from alertmill.daemon.inbox import INBOX_SIZE, Ended, Inbox
from alertmill.daemon.reload import Built, Reloader, decide
from alertmill.daemon.sd_notify import Notifier
from alertmill.daemon.state_file import RunFiles, render_state
from alertmill.daemon.stats import EpsFigures, QueueUse, Statistics
from alertmill.errors import CheckpointError, OutputError, SourceError
from alertmill.log import ENGINE_TAG, TaggedLog
from alertmill.sources.base import Batch

#: Exit code: stopped as asked, or everything read with --once.
EXIT_OK = 0
#: Exit code: the disk, the checkpoint or a source failed while running.
EXIT_FAILED = 1
#: Exit code: killed by a second signal while stopping (128 + SIGINT, as shells count).
EXIT_NOW = 130

#: Seconds that the sources get to end after a stop was asked for.
STOP_PATIENCE = 10.0
#: Seconds that a reload asked for over the control socket may take.
RELOAD_PATIENCE = 120.0
#: New container objects (some 1,000 events' worth) after which the cycle collector looks at the young ones.
_OBJECTS_BETWEEN_COLLECTIONS = 50_000
#: Seconds between two turns of the loop when nothing happens.
_IDLE_TURN = 0.5


class Service:
    """Runs a `Program` until it is told to stop, or with `once` until its inputs are read."""

    def __init__(self, program: Program, *, once: bool, notifier: Notifier | None = None) -> None:
        self._program = program
        self._pipeline = program.pipeline
        self._inbox = Inbox(program.sources, program.checkpoints, once=once)
        self._once = once
        self._notifier = notifier or Notifier()
        self._log = TaggedLog(ENGINE_TAG)
        self._reloader = Reloader(program.load_engine)
        self._housekeeper = Housekeeper(program.housekeeping.chores, program.housekeeping.until_turn, self._log)
        self._limit = _eps_limit(program.config.global_)
        self._statistics = Statistics(
            program.config,
            self._pipeline.counters,
            time.time,
            events=self._pipeline.events,
            eps=self._eps_figures if self._limit is not None else None,
            inbox=lambda: QueueUse(self._inbox.waiting, INBOX_SIZE),
        )
        self._run_files = RunFiles(
            program.home,
            os.getpid(),
            program.config.internal.analysisd.state_interval,
            lambda: render_state(self._statistics.state(), {"event": self._statistics.inbox()}),
            self._log,
        )
        self._stop_signal = 0
        self._reload_asked = False
        #: Those who wait for the result of a reload: of the next one, and of the one under way.
        self._askers: queue.SimpleQueue[Future[Built]] = queue.SimpleQueue()
        self._answered: list[Future[Built]] = []
        self._failed = False

    def run(self) -> int:
        """Start, loop, stop. Returns the exit code."""
        self._take_signals()
        _spare_the_collector()
        try:
            self._run_files.open()
        except OutputError as error:
            self._log("CRITICAL", str(error))
            self._program.close()
            return EXIT_FAILED
        self._inbox.start()
        servers = [] if self._once else self._open_sockets()
        self._log("INFO", f"Started (pid: {os.getpid()}).")
        self._log("INFO", _limit_in_words(self._limit))
        self._notifier.ready("analysing")
        if not self._once:
            self._housekeeper.start()
        try:
            self._loop()
            self._pipeline.finish()
            if self._once:
                self._housekeeper.once(lambda: bool(self._stop_signal))
        except (CheckpointError, OutputError) as error:
            self._log("CRITICAL", str(error))
            self._failed = True
        for server in servers:
            server.stop()
        self._shut_down()
        return EXIT_FAILED if self._failed else EXIT_OK

    # --- the loop ----------------------------------------------------------------------------------------------------

    def _loop(self) -> None:
        while not self._stop_signal and not self._failed:
            self._notifier.pulse()
            self._run_files.tick(time.monotonic())
            self._reload_if_asked()
            if not self._once:
                self._pipeline.turn_files(self._program.clock())
            waiting = self._pipeline.waiting
            if waiting is not None and waiting <= 0:
                self._pipeline.flush()
                continue
            turn = _IDLE_TURN if waiting is None else min(waiting, _IDLE_TURN)
            pause = self._limit.wait(time.monotonic()) if self._limit is not None else 0.0
            if pause > 0:
                time.sleep(min(pause, turn))
                continue
            item = self._inbox.get(turn)
            if isinstance(item, Batch):
                self._pipeline.process(item)
                if self._limit is not None:
                    self._limit.spend(len(item.records), time.monotonic())
            elif isinstance(item, Ended):
                self._failed = bool(item.error)
                if self._once or self._failed:
                    return

    # --- reload ------------------------------------------------------------------------------------------------------

    def reload_ruleset(self) -> Built:
        """Ask for a reload and wait for it; for other threads. Raises TimeoutError when the loop does not answer."""
        asker: Future[Built] = Future()
        self._askers.put(asker)
        self._reload_asked = True
        return asker.result(RELOAD_PATIENCE)

    def _reload_if_asked(self) -> None:
        if self._reload_asked and not self._reloader.busy:
            self._reload_asked = False
            while not self._askers.empty():
                self._answered.append(self._askers.get())
            self._log("INFO", "Reloading ruleset")
            self._notifier.reloading()
            self._reloader.begin()
        built = self._reloader.take()
        if built is not None:
            self._swap(built)

    def _swap(self, built: Built) -> None:
        """Go on with the new engine, or say why not; then tell those who asked."""
        verdict = decide(built)
        if verdict.engine is not None:
            self._pipeline.replace_engine(verdict.engine)
            if self._program.workers is not None:
                self._program.workers.renew(verdict.engine.options.made_of)
        for level, line in verdict.lines:
            self._log(level, line)
        self._notifier.ready("analysing" if verdict.engine is not None else "analysing (the last reload was refused)")
        while self._answered:
            self._answered.pop().set_result(built)

    # --- sockets -----------------------------------------------------------------------------------------------------

    def _open_sockets(self) -> list[FrameServer]:
        """The control socket and, unless switched off, the one of test sessions."""
        program = self._program
        control = Control(program.config, self._statistics, lambda: self._pipeline.engine, self.reload_ruleset)
        servers = self._serve(program.analysis_socket, control.reply, MAX_REQUEST, "control")
        if not program.config.rule_test.enabled:
            self._log("INFO", "(7201): Logtest disabled")
            return servers
        sessions = self._serve(program.logtest_socket, self._logtest(), logtest.MAX_REQUEST, "logtest")
        if sessions:
            self._log("INFO", "(7200): Logtest started")
        return servers + sessions

    def _serve(self, path: Path, handle: Callable[[bytes], bytes], max_request: int, name: str) -> list[FrameServer]:
        """A server that runs, or none where the socket cannot be had: analysis does not need it."""
        try:
            server = FrameServer(path, handle, max_request=max_request, name=name)
        except SourceError as error:
            self._log("ERROR", str(error))
            return []
        server.start()
        return [server]

    def _logtest(self) -> Callable[[bytes], bytes]:
        """Test sessions load their rules afresh and share nothing with the daemon; one request at a time."""
        program, one_at_a_time = self._program, threading.Lock()
        settings = program.config.rule_test
        sessions = logtest.Sessions(
            program.load_engine,
            program.alert_facts,
            lambda: secrets.token_hex(4),
            max_sessions=settings.max_sessions,
            timeout=settings.session_timeout,
        )

        def reply(payload: bytes) -> bytes:
            with one_at_a_time:
                return sessions.reply(payload, time.time())

        return reply

    # --- signals -----------------------------------------------------------------------------------------------------

    def _take_signals(self) -> None:
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGINT, self._on_stop)
        signal.signal(signal.SIGHUP, self._on_reload)

    def _on_stop(self, number: int, _frame: FrameType | None) -> None:
        if self._stop_signal:
            # Twice means now. Nothing is lost: the next start goes on from the last commit.
            os._exit(EXIT_NOW)
        self._stop_signal = number

    def _on_reload(self, _number: int, _frame: FrameType | None) -> None:
        self._reload_asked = True

    # --- the end -----------------------------------------------------------------------------------------------------

    def _shut_down(self) -> None:
        """Sources first, so that nothing new comes in; then the files and the database."""
        if self._stop_signal:
            name = signal.strsignal(self._stop_signal) or "?"
            self._log("INFO", f"(1225): SIGNAL [({self._stop_signal})-({name})] Received. Exit Cleaning...")
        self._notifier.stopping()
        began = time.monotonic()
        if not self._inbox.stop(STOP_PATIENCE):
            waited = time.monotonic() - began
            self._log("WARNING", f"{self._inbox.alive} sources did not end within {waited:.0f} s; left behind")
        if not self._housekeeper.stop(STOP_PATIENCE):
            self._log("WARNING", "the compression of a day file did not end in time; the next start begins it again")
        self._run_files.close()
        self._program.close()

    def _eps_figures(self) -> EpsFigures:
        return EpsFigures(max(self._limit.credits, 0) if self._limit is not None else 0)


def _eps_limit(settings: Global) -> EpsLimit | None:
    return EpsLimit(settings.eps_maximum, settings.eps_timeframe) if settings.eps_maximum else None


def _limit_in_words(limit: EpsLimit | None) -> str:
    if limit is None:
        return "EPS limit disabled"
    return f"EPS limit enabled, EPS: '{limit.maximum}', timeframe: '{limit.timeframe}'"


def _spare_the_collector() -> None:
    """Keep the cycle collector from walking the ruleset again and again.

    Rules and decoders live as long as the daemon, and what an event leaves behind is freed by its reference count; the
    collector finds nothing in either, but would look at all of it every few hundred events.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 20, 50)
