"""What runs in a worker process: it loads the home's rules, then looks at one object after the other.

It writes no file and no log, has no connection and no credentials, and ends when its standard input does: when the
daemon says so, or is no more. What an object makes of it is the daemon's business only as an answer that does not come.
"""

from __future__ import annotations

import gc
import signal
import sys
from threading import Event as Flag

from alertmill.alerts import AlertWriter
from alertmill.alerts.drafts import MARK_TIME
from alertmill.engine import Engine
from alertmill.errors import AlertmillError, Problems
from alertmill.event import Draft
from alertmill.installation import Installation
from alertmill.parallel import wire
from alertmill.ruleset import Shortlist
from alertmill.sheet import SheetRecord
from alertmill.sources.aws.buckets import BUCKET_TYPES
from alertmill.sources.aws.examined import ExaminedObject, ObjectTask
from alertmill.sources.aws.faults import ObjectError
from alertmill.sources.aws.objects import ObjectReader, Target
from alertmill.sources.aws.store import Body

#: Seconds without a task after which a worker ends, to give its memory back; the daemon starts another when it has to.
IDLE = 300.0
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
        answers: list[int | None] = []
        drafts: list[Draft | None] = []
        for record in records:
            shortlist = self._engine.remembered(record)
            answers.append(None if shortlist is None else places.setdefault(shortlist, len(places)))
            drafts.append(None if shortlist is None or shortlist.silent else self._draft(record, shortlist))
        return ExaminedObject(
            self._engine.options.made_of,
            [shortlist.ids() for shortlist in places],
            answers,
            drafts,
            [record.event_time for record in records],
            [record.event_id for record in records],
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


def main() -> None:
    """The life of a worker, on its standard input and output."""
    # A terminal sends its interrupt to all of them: it is the daemon that decides.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    questions, answers = sys.stdin.fileno(), sys.stdout.fileno()
    try:
        setup = wire.read_setup(wire.receive(questions, IDLE))
        engine = _load(setup.home)
        wire.send(answers, wire.encode(wire.Ready(b"" if engine is None else engine.options.made_of)))
        if engine is None:
            return
        examiner = ObjectExaminer(engine, AlertWriter(setup.facts()))
        while True:
            task = wire.read_task(wire.receive(questions, IDLE))
            wire.send(answers, wire.encode(examiner.examine(task)))
    except (wire.Silence, OSError):
        return


def _load(home: str) -> Engine | None:
    try:
        engine = Installation(home).load(Problems())
    except AlertmillError:
        return None
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 20, 50)
    return engine


if __name__ == "__main__":
    main()
