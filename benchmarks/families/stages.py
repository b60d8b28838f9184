"""One stage alone, on one thread, with everything before it done: reading objects, decoding, matching, rendering.

Events go through in portions of a thousand, so that each stage finds its input as warm as it does in the daemon, and no
stage sees an event twice. The stages of one kind of event add up to the end-to-end figure but for fetching, the
checkpoint and the alert files.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from alertmill.alerts import AlertWriter
from alertmill.decoders import Rejected, decode_eventchannel, predecode, split_queue_message
from alertmill.errors import Problems
from alertmill.event import Event, Record
from alertmill.installation import Installation
from alertmill.ruleset import MatchResult, match
from benchmarks import profiler
from benchmarks.families import lines, objects
from benchmarks.families.objects import Bucket, event_texts
from benchmarks.families.rulesets import stock
from benchmarks.harness import Cost, Figure, Yardstick, figure, forget_peak, peak_mib, scratch, settle
from benchmarks.messages import batches, queue_messages

_TIME = datetime(2026, 1, 15, tzinfo=UTC).timestamp()
_PORTION = 1000
#: Objects that are taken of those which the end-to-end run reads.
_OBJECTS = 10
_ALERT_ID = "1768435200.1234"

T = TypeVar("T")


class Stages:
    """An engine and its memory, and the seconds of CPU that each stage has used."""

    def __init__(self, home: Path) -> None:
        installation, problems = Installation(home), Problems()
        config = installation.load_config(problems)
        self._engine = installation.load_engine(config, problems)
        self._state = self._engine.new_state()
        self._writer = AlertWriter(installation.alert_facts(config))
        self.spent = dict.fromkeys(("read", "decode", "match", "render"), 0.0)
        self.events = self.alerts = 0
        settle()

    def run(self, portions: Iterator[Sequence[Record]]) -> None:
        """Take everything through all stages."""
        while records := self._timed("read", next, portions, ()):
            events = self._timed("decode", self._decode, records)
            results = self._timed("match", self._match, events)
            self._timed("render", self._render, events, results)
            self.events += len(records)

    def _timed(self, stage: str, work: Callable[..., T], *arguments: object) -> T:
        began = time.process_time()
        done = work(*arguments)
        self.spent[stage] += time.process_time() - began
        return done

    def _decode(self, records: Sequence[Record]) -> list[Event]:
        events, decode = [], self._engine.decoders.decode
        for record in records:
            event = predecode(record, "bench")
            if isinstance(event, Rejected):
                raise ValueError(f"an event was refused: {event.reason}")
            if record.queue == "f":
                decode_eventchannel(event)
            else:
                decode(event)
            events.append(event)
        return events

    def _match(self, events: Sequence[Event]) -> list[MatchResult]:
        rules, state, results = self._engine.rules, self._state, []
        for event in events:
            state.accumulate(event)
            results.append(match(rules, event, state))
        return results

    def _render(self, events: Sequence[Event], results: Sequence[MatchResult]) -> None:
        for event, result in zip(events, results, strict=True):
            if result.alert and result.match is not None:
                self.alerts += 1
                self._writer.json_line(event, result.match, _ALERT_ID)
                self._writer.text_block(event, result.match, _ALERT_ID)


def cloudtrail() -> list[Figure]:
    return _of_objects("CloudTrail", objects.QUARTER)


def flow() -> list[Figure]:
    return _of_objects("VPC flow", objects.FLOWS)


def cloudtrail_text() -> list[Figure]:
    """The same events as messages of the queue: nobody has parsed them before."""
    samples = objects.QUARTER.objects()[:_OBJECTS]
    texts = event_texts(samples, objects.QUARTER.type)
    return _of_messages("CloudTrail text", list(queue_messages(samples, objects.QUARTER.type, "compatible")), texts)


def syslog() -> list[Figure]:
    return _of_messages("syslog", lines.SYSLOG.messages(), [])


def web() -> list[Figure]:
    return _of_messages("web", lines.WEB.messages(), [])


def windows_json() -> list[Figure]:
    return _of_messages("Windows JSON", lines.WINDOWS.messages(), lines.WINDOWS.texts())


def _of_objects(title: str, bucket: Bucket) -> list[Figure]:
    samples = bucket.objects()[:_OBJECTS]
    portions = (batch.records for batch in batches(samples, bucket.type, "compatible") if batch.records)
    return _figures(title, portions, event_texts(samples, bucket.type))


def _of_messages(title: str, messages: Sequence[str], texts: Sequence[bytes]) -> list[Figure]:
    datagrams = [message.encode("utf-8", "surrogateescape") for message in messages]
    portions = (
        [_record(datagram) for datagram in datagrams[start : start + _PORTION]]
        for start in range(0, len(datagrams), _PORTION)
    )
    return _figures(title, portions, texts)


def _record(datagram: bytes) -> Record:
    message = split_queue_message(datagram)
    if isinstance(message, Rejected):
        raise ValueError(f"not a message of the queue: {message.reason}")
    queue, location, text = message
    return Record(text, location, _TIME, queue=queue)


def _figures(title: str, portions: Iterator[Sequence[Record]], texts: Sequence[bytes]) -> list[Figure]:
    with scratch() as folder:
        stages = Stages(stock(folder))
    yardstick = Yardstick(texts)
    forget_peak()
    with profiler.watching(f"all stages, {title}"):
        stages.run(portions)
    peak = peak_mib()
    note = f"{stages.alerts / stages.events:.0%} alerting"
    return [
        figure(f"{stage}: {title}", stages.events, Cost(seconds, seconds, peak), yardstick, note)
        for stage, seconds in stages.spent.items()
    ]
