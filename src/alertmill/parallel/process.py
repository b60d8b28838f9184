"""What runs in worker processes: the first one loads the home's rules, and splits into those that look at objects.

So the rules are read once, and lie in memory once. The first one does nothing more then; it ends all when one of them
ends. They write no file and no log, have no connection and no credentials but a socket to the daemon each, and end when
that does: when the daemon says so, or is no more. What an object makes of one is the daemon's business only as an
answer that does not come.

    python -m alertmill.parallel.process SOCKET...      numbers of open sockets, one for each process to be
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from threading import Event as Flag
from typing import NoReturn

from alertmill.alerts import AlertWriter
from alertmill.alerts.drafts import MARK_TIME
from alertmill.checkpoints import numbered_ids
from alertmill.engine import Engine
from alertmill.errors import AlertmillError, Problems
from alertmill.event import Draft
from alertmill.installation import Installation
from alertmill.parallel import wire
from alertmill.ruleset import Shortlist
from alertmill.sheet import SheetRecord
from alertmill.sources.aws.buckets import BUCKET_TYPES
from alertmill.sources.aws.examined import EXAMINE, MOST_SHORTLISTS, ExaminedObject, ObjectTask
from alertmill.sources.aws.faults import ObjectError
from alertmill.sources.aws.objects import ObjectReader, Target
from alertmill.sources.aws.store import Body

#: Seconds without a task after which a worker ends, and the others with it, to give their memory back; the daemon
#: starts others when it has to.
IDLE = 300.0
#: The signal by which the daemon ends them all, and what is added to the number of a signal in an exit code.
END, SIGNALLED = signal.SIGUSR1, 128
#: What the first process waits for: these stay blocked, so that none can be missed.
_AWAITED = (END, signal.SIGCHLD)
#: New container objects between two collections, as in the daemon.
_OBJECTS_BETWEEN_COLLECTIONS = 50_000


class ObjectExaminer:
    """Looks at objects with an engine. `writer` writes the alerts that can be written ahead."""

    def __init__(self, engine: Engine, writer: AlertWriter) -> None:
        self._engine = engine
        self._writer = writer
        self._never = Flag()

    def examine(self, task: ObjectTask) -> ExaminedObject | None:
        """What there is to say about an object; None where the daemon has to read it itself."""
        kind = BUCKET_TYPES.get(task.type)
        if kind is None:
            return None
        reader = ObjectReader(kind, task.event_format, lambda: MARK_TIME, alias=task.alias)
        target = Target("", task.account, task.bucket, task.key, "", "", again=task.again)
        try:
            batches = list(reader.batches(target, Body(task.body), 0, self._never))
        except ObjectError:
            return None
        records = [record for batch in batches for record in batch.records]
        of_sheets = [record for record in records if isinstance(record, SheetRecord)]
        return self._examined(of_sheets) if len(of_sheets) == len(records) else None

    def _examined(self, records: list[SheetRecord]) -> ExaminedObject:
        places: dict[Shortlist, int] = {}
        answers = bytearray()
        drafts: dict[int, Draft] = {}
        for record in records:
            shortlist = self._engine.remembered(record)
            place = EXAMINE if shortlist is None else places.setdefault(shortlist, len(places))
            answers.append(min(place, EXAMINE))
            if shortlist is not None and not shortlist.silent and (draft := self._draft(record, shortlist)) is not None:
                drafts[record.number] = draft
        table = [shortlist.ids() for shortlist in places][:MOST_SHORTLISTS]
        times = [record.event_time for record in records]
        ids = [(record.event_time, record.event_id) for record in records]
        return ExaminedObject.of(
            self._engine.options.made_of,
            table,
            bytes(answers),
            drafts,
            times if any(time is not None for time in times) else (),
            numbered_ids(ids) if any(id is not None for _, id in ids) else None,
        )

    def _draft(self, record: SheetRecord, shortlist: Shortlist) -> Draft | None:
        """The alert that the record ends in, unless that depends on more than the record."""
        if shortlist.found is None or not shortlist.found[0].info.log_alert:
            return None
        event = self._engine.ordinary_event(record)
        try:
            return None if event is None else self._writer.draft(event, shortlist.found[0].info)
        except Exception:  # the daemon finds the same, and keeps the record aside
            return None


def main(handles: Sequence[str]) -> int:
    """The life of worker processes, each with one of the sockets. Returns an exit code."""
    # A terminal sends its interrupt to all of them: it is the daemon that decides.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    lines = [socket.socket(fileno=int(handle)) for handle in handles]
    try:
        setup = wire.read_setup(wire.receive(lines[0], IDLE))
        engine = _load(setup.home)
        if engine is None:
            wire.send(lines[0], wire.encode(wire.Ready(b"")))
            return 0
        return _wait_for(_split(engine, setup, lines))
    except (wire.Silence, OSError):
        return 0


def _split(engine: Engine, setup: wire.Setup, lines: Sequence[socket.socket]) -> list[int]:
    """Become one process more for each line; their ids."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _AWAITED)
    children: list[int] = []
    for line in lines:
        child = os.fork()
        if not child:
            _serve(engine, setup, line, lines)
        children.append(child)
    with suppress(OSError):
        wire.send(lines[0], wire.encode(wire.Ready(engine.options.made_of)))
    for line in lines:
        line.close()
    return children


def _wait_for(children: Sequence[int]) -> int:
    """Wait until one has ended, or the daemon wants it, and end the others; the exit code of the first."""
    ended = None
    while ended is None and signal.sigwait(_AWAITED) != END:
        ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT | os.WNOHANG)
    for child in children:
        os.kill(child, signal.SIGKILL)
    for child in children:
        os.waitpid(child, 0)
    return 0 if ended is None else ended.si_status + SIGNALLED * (ended.si_code != os.CLD_EXITED)


def _serve(engine: Engine, setup: wire.Setup, line: socket.socket, lines: Sequence[socket.socket]) -> NoReturn:
    """The life of a process that looks at objects."""
    code = 1
    try:
        for other in lines:
            if other is not line:
                other.close()
        examiner = ObjectExaminer(engine, AlertWriter(setup.facts()))
        while True:
            task = wire.read_task(wire.receive(line, IDLE))
            wire.send(line, wire.encode(examiner.examine(task)))
    except (wire.Silence, OSError):
        code = 0
    finally:
        os._exit(code)


def _load(home: str) -> Engine | None:
    try:
        engine = Installation(home).load(Problems())
    except AlertmillError:
        return None
    gc.freeze()  # without a collection before: it takes half as long as the load, and finds next to nothing
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 20, 50)
    return engine


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
