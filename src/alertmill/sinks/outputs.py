"""All outputs that must agree with the checkpoint, as one: outcomes in, promised bytes out, appended after the commit.

`Outputs` renders into buffers, tells what it is about to append (`take`), and appends when the checkpoint has it. Which
outputs there are is decided by the configuration; when to commit is decided by the pipeline.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from isal import isal_zlib

from alertmill.alerts import Fill, Filling, RowTemplate, alert_id
from alertmill.event import Outcome, Record
from alertmill.rows import RowRun
from alertmill.sinks.base import Appended, Pieces, RowSink, Sink
from alertmill.sinks.dated_file import DatedFile
from alertmill.sinks.rejected import Rejected
from alertmill.sinks.rotation import DatedName, WithinDay

#: Alerts of a run that are encoded together: few enough to be still in the processor's cache.
_TOGETHER = 64


class _Channel:
    """A sink, its file, and what waits to be appended to it."""

    __slots__ = ("buffer", "file", "sink", "size")

    def __init__(self, home: Path, sink: Sink) -> None:
        self.sink = sink
        self.file = DatedFile(home, sink.name)
        self.buffer: list[bytes | memoryview] = []
        #: Bytes in `buffer`.
        self.size = 0

    @property
    def position(self) -> int:
        """Offset in the file at which the next bytes will lie."""
        return self.file.size + self.size

    def add(self, data: bytes | Pieces) -> None:
        if isinstance(data, tuple):
            self.buffer += data
            self.size += sum(map(len, data))
        elif data:
            self.buffer.append(data)
            self.size += len(data)

    def take(self) -> bytes:
        data = b"".join(self.buffer)
        self.buffer.clear()
        self.size = 0
        return data


@dataclass(frozen=True, slots=True)
class Taken:
    """Bytes that leave the buffers for the files: what is promised of each file, and the bytes."""

    promises: tuple[Appended, ...]
    parts: tuple[bytes, ...]


class Outputs:
    """The outputs below the folder `home`.

    `alert_sinks` get every alert, `event_sinks` every event, `category_sinks` the events of one category. The second
    half of an alert's id is the size of the first alert sink's file (alerts.log, or alerts.json without it;
    spec/alerts.md 2.2).
    """

    def __init__(
        self,
        home: Path,
        alert_sinks: Sequence[Sink],
        event_sinks: Sequence[Sink] = (),
        category_sinks: Mapping[str, Sink] | None = None,
        within_day: WithinDay | None = None,
    ) -> None:
        self._alert_channels = [_Channel(home, sink) for sink in alert_sinks]
        self._event_channels = [_Channel(home, sink) for sink in event_sinks]
        self._category_channels = {word: _Channel(home, sink) for word, sink in (category_sinks or {}).items()}
        #: Whether there are outputs for events that are no alerts.
        self._has_others = bool(self._event_channels or self._category_channels)
        self._rejected = _Channel(home, Rejected())
        self._row_forms = _row_forms(alert_sinks)
        #: Whether alerts of rows can be added by the run.
        self.take_runs = bool(self._row_forms[1]) and not event_sinks
        #: Whether nothing is written about events without an alert, but for those of the categories.
        self.alerts_only = not event_sinks
        self._channels = [*self._alert_channels, *self._event_channels, *self._category_channels.values()]
        self._day: date | None = None
        self._within_day = within_day or WithinDay()
        self._last_rotation: float | None = None
        #: Where the last alert began in the file that alert ids count.
        self.last_alert_position = 0

    def open_day(self, day: date) -> None:
        """Switch all outputs to the files of `day`. The buffers must be empty. Raises OutputError."""
        for channel in self._channels:
            channel.file.open_day(day)
        if self._rejected.file.path:
            self._rejected.file.open_day(day)
        self._day = day

    def full_files(self, now: float) -> bool:
        """Whether a file is to be left for its next part at `now` (epoch seconds)."""
        if not self._within_day.interval and not self._within_day.size:
            return False
        if self._last_rotation is None:
            self._last_rotation = now
        return any(self._is_due(channel, now) for channel in self._channels)

    def open_next_parts(self, now: float) -> None:
        """Leave the files that are due for their next parts. The buffers must be empty. Raises OutputError."""
        for channel in self._channels:
            if self._is_due(channel, now):
                channel.file.open_next_part()
        self._last_rotation = now

    def _is_due(self, channel: _Channel, now: float) -> bool:
        return self._within_day.due(now - (self._last_rotation or now), channel.file.size)

    def wants(self, outcome: Outcome) -> bool:
        """Whether `add` has anything to do with this outcome."""
        if outcome.alert or outcome.rejected or self._event_channels:
            return True
        return self._has_others and outcome.event is not None and outcome.event.category in self._category_channels

    @property
    def names(self) -> list[DatedName]:
        """The outputs that have a file every day; rejected records have one when there are any."""
        return [channel.sink.name for channel in self._channels]

    @property
    def paths(self) -> list[str]:
        """The files that are open now, relative to the home folder."""
        return [channel.file.path for channel in [*self._channels, self._rejected] if channel.file.path]

    @property
    def day(self) -> date | None:
        return self._day

    def add(self, record: Record, outcome: Outcome) -> None:
        """Render what `outcome` adds to each output. Nothing is added anywhere when one of them cannot render it."""
        position = self.last_alert_position
        if outcome.alert:
            position = self._alert_channels[0].position if self._alert_channels else 0
        id = alert_id(record.time, position)
        # Archived events carry the position of the most recently written alert.
        channels = self._concerned(outcome)
        rendered = [channel.sink.render(record, outcome, id) for channel in channels]
        self.last_alert_position = position
        for channel, data in zip(channels, rendered, strict=True):
            channel.add(data)

    def add_run(self, run: RowRun) -> Iterator[int]:
        """Render the alerts of a run, which are no concern of other outputs than those of all alerts.

        Stops at each that has to be written by `add`, and gives its number. For outputs that `take_runs`.
        """
        channels, (fillings, forms) = self._alert_channels, self._row_forms
        waiting: list[list[str]] = [[] for _ in channels]
        first, second = waiting[0], f"{int(run.rows.time)}."
        position, last, fills = channels[0].position, None, []
        for number, filling in enumerate(fillings(run)):
            if filling is None:
                self._add_texts(waiting)
                yield number
                position = channels[0].position
                continue
            template, texts = filling
            if template is not last:
                last, fills = template, [form(template) for form in forms]
            texts.append(f"{second}{position}")
            self.last_alert_position = position
            for alerts, fill in zip(waiting, fills, strict=True):
                alerts.append(fill(texts))
            position += len(first[-1])  # of byte text: a character is a byte
            if len(first) >= _TOGETHER:
                self._add_texts(waiting)
        self._add_texts(waiting)

    def _add_texts(self, waiting: Sequence[list[str]]) -> None:
        """Move the byte texts of some alerts into the buffers."""
        for channel, alerts in zip(self._alert_channels, waiting, strict=True):
            channel.add("".join(alerts).encode("latin-1"))
            alerts.clear()

    def _concerned(self, outcome: Outcome) -> Sequence[_Channel]:
        """The channels that an outcome may add to, in the order in which they render it."""
        channels: Sequence[_Channel] = self._alert_channels if outcome.alert else ()
        if outcome.event is not None and self._has_others:
            special = self._category_channels.get(outcome.event.category)
            if self._event_channels or special is not None:
                channels = [*channels, *self._event_channels, *([special] if special is not None else ())]
        return [*channels, self._rejected] if outcome.rejected else channels

    @property
    def waiting(self) -> int:
        """Bytes rendered and not yet taken."""
        return sum(channel.size for channel in self._channels) + self._rejected.size

    def take(self) -> Taken:
        """Empty the buffers into what the next commit promises."""
        if self._rejected.buffer and not self._rejected.file.path:
            assert self._day is not None
            self._rejected.file.open_day(self._day)
        promises, parts = [], []
        for channel in [*self._channels, self._rejected]:
            if channel.buffer:
                offset = channel.file.size
                data = channel.take()
                promises.append(Appended(channel.file.path, offset, len(data), isal_zlib.crc32(data)))
                parts.append(data)
        return Taken(tuple(promises), tuple(parts))

    def append(self, taken: Taken) -> None:
        """Append the taken bytes to their files and sync them. Raises OutputError; a restart then redoes the rest."""
        files = {channel.file.path: channel.file for channel in [*self._channels, self._rejected]}
        touched = []
        for promise, data in zip(taken.promises, taken.parts, strict=True):
            file = files[promise.path]
            file.append(data)
            touched.append(file)
        for file in touched:
            file.sync()

    def close(self) -> None:
        for channel in [*self._channels, self._rejected]:
            channel.file.close()


def _row_forms(
    sinks: Sequence[Sink],
) -> tuple[Callable[[RowRun], Iterator[Filling | None]], Sequence[Callable[[RowTemplate], Fill]]]:
    """What gives the fillings of a run, and the form that each sink writes; none where they do not share templates."""
    found = [sink.for_rows() if isinstance(sink, RowSink) else None for sink in sinks]
    taken = [of_sink for of_sink in found if of_sink is not None]
    if len(taken) < len(sinks) or len({id(writer) for writer, _ in taken}) != 1:
        return lambda run: iter(()), ()
    return taken[0][0].rows.fillings, tuple(form for _, form in taken)
