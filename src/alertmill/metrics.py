"""Counters of the running program as plain numbers.

The pipeline counts; the checkpoint keeps the totals across restarts; `status` shows them. `EventCounts` tells events by
what sent them, since the start only, for the control socket. No I/O, no names of files.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields

#: Begins the names of stored counters that say how often one pattern gave up.
OVERRUNS = "overruns of "


@dataclass(slots=True)
class Counters:
    """Totals. Each field is a number of events unless its comment says otherwise."""

    #: Records taken from sources.
    received: int = 0
    #: Records that no decoder matched.
    undecoded: int = 0
    #: Alerts written.
    alerts: int = 0
    #: Records that the engine could not digest; kept in `logs/rejected/rejected.json`.
    rejected: int = 0
    #: Firewall events without their full set of fields, which end before the rules by design (spec/rules.md 8.1).
    dropped: int = 0
    #: Records of events that were analysed before, by the ids that AWS gave them; they are not analysed again.
    duplicates: int = 0
    #: Objects read completely.
    objects: int = 0
    #: Bytes of the objects read completely, as they lie at the source.
    bytes: int = 0
    #: Attempts to read an object that failed.
    failures: int = 0
    #: Times that a pattern gave up on a text, which then counted as not matching; `OVERRUNS` names the patterns.
    overruns: int = 0
    #: Transactions of the checkpoint.
    commits: int = 0
    #: Not a number of events: where the last alert began in the file that alert ids count (spec/alerts.md 2.2).
    last_alert_position: int = 0

    def as_dict(self) -> dict[str, int]:
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def add(self, others: dict[str, int]) -> None:
        """Add stored totals; names that this version does not know are ignored."""
        for f in fields(self):
            setattr(self, f.name, getattr(self, f.name) + others.get(f.name, 0))


# --- events by what sent them and by agent ----------------------------------------------------------------------------

#: Agents that are counted one by one; what others send is in the totals alone.
MOST_AGENTS = 10_000

#: Pairs of queue and location that are told apart before they are summed up.
_MOST_PLACES = 16_384
#: Longest location that is remembered as it is, and what is kept of the text behind the agent otherwise.
_LONGEST_LOCATION = 256
_LONGEST_SENDER = 64
#: Longest agent id, in digits.
_LONGEST_AGENT = 9

#: The kind of an event that no counter of Wazuh's is for.
NO_KIND = ""

#: Kinds of events by their queue (spec/control.md 2); queue `1` is told apart by location.
_KIND_OF_QUEUE = {
    "2": "syslog",
    "5": "dbsync",
    "8": "syscheck",
    "9": "rootcheck",
    "d": "syscollector",
    "e": "ciscat",
    "f": "eventchannel",
    "p": "sca",
    "u": "upgrade",
}
_LOCAL_QUEUE = "1"

#: Kinds of events of queue `1` by their location, as alerts show it.
_KIND_OF_SENDER = {
    "Azure": "azure",
    "EventChannel": "eventchannel",
    "Wazuh-AWS": "aws",
    "Wazuh-Docker": "docker",
    "Wazuh-GCloud": "gcp",
    "WinEvtLog": "eventlog",
    "agentless": "agentless",
    "github": "github",
    "macos": "macos",
    "ms-graph": "ms-graph",
    "office365": "office365",
    "osquery": "osquery",
    "virustotal": "virustotal",
    "vulnerability-detector": "vulnerability",
    "wazuh-agent": "agent",
    "wazuh-monitord": "monitor",
    "wazuh-remoted": "remote",
    "wodle_cis-cat": "ciscat",
    "wodle_open-scap": "oscap",
}
_COMMAND = "command_"


def kind_of(queue: str, location: str) -> str:
    """The word under which `getstats` counts an event (spec/control.md 6.1), NO_KIND for none."""
    if queue != _LOCAL_QUEUE:
        return _KIND_OF_QUEUE.get(queue, NO_KIND)
    sender = _sender(location)
    if sender.startswith(_COMMAND):
        return "command"
    return _KIND_OF_SENDER.get(sender, "others")


def agent_of(location: str) -> int | None:
    """The agent that a location `[001] (name) ip->path` names, 0 for the server itself, None for no number."""
    if not location.startswith("["):
        return 0
    text = _agent_part(location)[1:-1]
    return int(text) if text.isascii() and text.isdigit() else None


def _agent_part(location: str) -> str:
    """`[001]`, or an empty text when no id of a sensible length stands there."""
    return location[: location.find("]", 1, _LONGEST_AGENT + 2) + 1]


def _sender(location: str) -> str:
    before, arrow, behind = location.partition("->")
    return behind if arrow else before


def _shortened(location: str) -> str:
    """A long location with the same kind and agent."""
    agent = (_agent_part(location) or "[?]") if location.startswith("[") else ""
    return f"{agent}->{_sender(location)[:_LONGEST_SENDER]}"


@dataclass(slots=True)
class Tally:
    """Events by kind: those decoded, those that could not be digested; and how many of them were alerts."""

    decoded: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    alerts: int = 0

    def add(self, number: int, kind: str, count: int) -> None:
        """Add to the counter with the `number` that it has among `EventCounts`' tables."""
        if number == _ALERTS:
            self.alerts += count
        else:
            kinds = self.dropped if number == _DROPPED else self.decoded
            kinds[kind] = kinds.get(kind, 0) + count

    def copy(self) -> Tally:
        return Tally(self.decoded.copy(), self.dropped.copy(), self.alerts)


_DECODED, _DROPPED, _ALERTS = 0, 1, 2

#: Number of events by queue and location.
_Places = dict[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Tallies:
    """What was counted until a moment: all events, and those of each agent by its number."""

    total: Tally
    agents: dict[int, Tally]

    def with_places(self, tables: tuple[_Places, _Places, _Places]) -> Tallies:
        """A copy with more events; tallies that they do not change are shared with this one."""
        total, agents = self.total.copy(), self.agents.copy()
        changed: set[int] = set()
        for number, places in enumerate(tables):
            # The counting thread may add to a table while it is read.
            for (queue, location), count in places.copy().items():
                kind, agent = kind_of(queue, location), agent_of(location)
                total.add(number, kind, count)
                if agent is None or (agent not in agents and len(agents) >= MOST_AGENTS):
                    continue
                if agent not in changed:
                    changed.add(agent)
                    agents[agent] = agents[agent].copy() if agent in agents else Tally()
                agents[agent].add(number, kind, count)
        return Tallies(total, agents)


class EventCounts:
    """Counts events by kind and by agent since the start; one thread counts, any thread reads.

    Counting is one step in a table of queues and locations; what kind and whose events these are is worked out when
    somebody asks. Locations come from outside: a full table is summed up and emptied, long ones are cut, and nothing is
    lost by either.

    Attributes, for the counting thread to add to: `bytes` of the messages that came as text, lines of firewall.log
    (`firewall`), things seen for the first time (`fts`).
    """

    __slots__ = ("_alerts", "_decoded", "_dropped", "_so_far", "bytes", "firewall", "fts")

    def __init__(self) -> None:
        self.bytes = 0
        self.firewall = 0
        self.fts = 0
        self._begin(Tallies(Tally(), {}))

    def count(self, queue: str, location: str, dropped: bool, events: int = 1) -> None:
        """Count events; `dropped`: they could not be digested."""
        try:
            (self._dropped if dropped else self._decoded)[queue, location] += events
        except KeyError:
            self._count_new(_DROPPED if dropped else _DECODED, queue, location, events)

    def count_alert(self, queue: str, location: str, alerts: int = 1) -> None:
        """Count alerts, beside the events that they came from."""
        try:
            self._alerts[queue, location] += alerts
        except KeyError:
            self._count_new(_ALERTS, queue, location, alerts)

    def tallies(self) -> Tallies:
        """Everything counted so far."""
        summed, tables = self._so_far
        return summed.with_places(tables)

    def _count_new(self, number: int, queue: str, location: str, count: int) -> None:
        place = queue, location if len(location) <= _LONGEST_LOCATION else _shortened(location)
        if len(self._so_far[1][number]) >= _MOST_PLACES:
            self._begin(self.tallies())
        table = self._so_far[1][number]
        table[place] = table.get(place, 0) + count

    def _begin(self, summed: Tallies) -> None:
        """Go on with empty tables. Readers see either the old sums with the old tables, or the new with the new."""
        tables: tuple[_Places, _Places, _Places] = ({}, {}, {})
        self._so_far = (summed, tables)
        self._decoded, self._dropped, self._alerts = tables


class RunCounts:
    """Counts the events of one thread, neighbours from the same place together, and hands them to `EventCounts`.

    Nearly all records of a batch come from one place: so a batch costs a step or two in the tables instead of
    thousands. `close` hands over what is left.
    """

    __slots__ = ("_alerts", "_counts", "_dropped", "_events", "_location", "_queue")

    def __init__(self, counts: EventCounts) -> None:
        self._counts = counts
        self._queue = self._location = ""
        self._events = self._dropped = self._alerts = 0

    def count(self, queue: str, location: str, dropped: bool = False, alert: bool = False) -> None:
        """Count an event; `dropped`: it could not be digested; `alert`: it was one."""
        if location != self._location or queue != self._queue:
            self.close()
            self._queue, self._location = queue, location
        self._events += 1
        if alert:
            self._alerts += 1
        elif dropped:
            self._dropped += 1

    def close(self) -> None:
        """Hand over what was counted."""
        decoded = self._events - self._dropped
        if decoded:
            self._counts.count(self._queue, self._location, False, decoded)
        if self._dropped:
            self._counts.count(self._queue, self._location, True, self._dropped)
        if self._alerts:
            self._counts.count_alert(self._queue, self._location, self._alerts)
        self._events = self._dropped = self._alerts = 0
