"""Log lines and Windows events through all stock decoders and rules: handed to the pipeline, and sent to a daemon.

In process everything behind the socket is counted, to the synced alerts.json; over the socket, the daemon's side of it
as well, and the sender, another process, is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from benchmarks.drive import Report
from benchmarks.driving import driven, served
from benchmarks.families.rulesets import stock
from benchmarks.harness import TINY, Figure, Yardstick, figure, kept, scaled, scratch
from benchmarks.inputs import hosts, windows
from benchmarks.messages import write_messages


@dataclass(frozen=True, slots=True)
class Mix:
    """Messages of one kind: a name for people, whether what they tell is JSON, how many, and from where."""

    title: str
    is_json: bool
    count: int
    supply: Callable[[], Iterator[str]]

    def messages(self) -> list[str]:
        return kept(self.title, lambda: list(islice(self.supply(), scaled(self.count, 200))))

    def texts(self) -> list[bytes]:
        """The events as JSON, none for lines."""
        return [text_of(message).encode() for message in self.messages()[:2000]] if self.is_json else []


SYSLOG = Mix("syslog mix", False, 20_000, hosts.syslog)
WEB = Mix("web mix", False, 10_000, hosts.web)
WINDOWS = Mix("Windows JSON mix", True, 8_000, windows.events)


def text_of(message: str) -> str:
    """What stands behind the location of a message; none of our locations has a colon."""
    return message[2:].partition(":")[2]


def syslog() -> list[Figure]:
    return _both(SYSLOG)


def web() -> list[Figure]:
    return _both(WEB)


def windows_json() -> list[Figure]:
    return _both(WINDOWS)


def _both(mix: Mix) -> list[Figure]:
    messages, yardstick = mix.messages(), Yardstick(mix.texts())
    with scratch() as folder:
        path = folder / "messages"
        count = write_messages(messages, path)
        reports = {"in process": driven("feed", stock(folder / "feed"), path)}
        if not TINY:  # it takes a daemon, another process and their start: a test has these by themselves
            reports["over the socket"] = served(stock(folder / "serve"), path, count)
    return [_figure(f"{mix.title}, {way}", report, count, yardstick) for way, report in reports.items()]


def _figure(label: str, report: Report, count: int, yardstick: Yardstick) -> Figure:
    if report.received != count or report.rejected:
        raise RuntimeError(f"{label}: {count} messages were sent: {report}")
    note = f"{report.alerts / count:.0%} alerting, {report.undecoded / count:.0%} undecoded"
    return figure(label, count, report.cost, yardstick, note)
