"""The figures of the running daemon in Wazuh's arrangement: `getstats`, `getagentsstats` and those of the state file
(spec/control.md 5 and 6.1).

Only arranges: counting is done in `metrics`. Parts that Alertmill does not have stand at zero. Nothing is dropped for
want of room, because a full inbox makes the sources wait; what counts as dropped is what could not be digested.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from alertmill.config.models import Config
from alertmill.metrics import Counters, EventCounts, Tally

Json = dict[str, Any]

#: What Wazuh's tools know the daemon by.
DAEMON = "wazuh-analysisd"

_INTEGRATIONS = ("virustotal",)
_LOG_COLLECTOR = ("eventchannel", "eventlog", "macos", "others")
_MODULES_BEFORE = ("aws", "azure", "ciscat", "command", "docker", "gcp", "github")
_MODULES_BEHIND = (
    "office365",
    "ms-graph",
    "oscap",
    "osquery",
    "rootcheck",
    "sca",
    "syscheck",
    "syscollector",
    "upgrade",
    "vulnerability",
)
_QUEUES = (
    "alerts",
    "archives",
    "dbsync",
    "eventchannel",
    "firewall",
    "fts",
    "hostinfo",
    "others",
    "processed",
    "rootcheck",
    "sca",
    "stats",
    "syscheck",
    "syscollector",
    "upgrade",
)
#: The queue that Alertmill's inbox stands for.
_INBOX = "others"

#: Key of the state file -> kind of event.
_STATE_KINDS = {
    "syscheck_events_decoded": "syscheck",
    "syscollector_events_decoded": "syscollector",
    "rootcheck_events_decoded": "rootcheck",
    "sca_events_decoded": "sca",
    "winevt_events_decoded": "eventchannel",
    "dbsync_messages_dispatched": "dbsync",
}
#: Kinds that the state file counts as other events; those of further modules are in none of its counters.
_STATE_OTHERS = ("syslog", "eventlog", "macos", "others", "ciscat", "upgrade")


@dataclass(frozen=True, slots=True)
class EpsFigures:
    """The EPS limit at a moment: credits left now and a second ago, seconds in which none were left."""

    available: int
    before: int = 0
    seconds_over: int = 0


@dataclass(frozen=True, slots=True)
class QueueUse:
    """How many batches wait for the engine, and for how many there is room."""

    waiting: int = 0
    size: int = 0

    @property
    def usage(self) -> float:
        """0 to 1, two decimals."""
        return round(self.waiting / self.size, 2) if self.size else 0.0


class Statistics:
    """Arranges figures; safe to call from any thread.

    `clock` gives epoch seconds. `eps` tells of the limit, None without one; `inbox` of the queue before the engine.
    Counters count from here on, whatever they held before.
    """

    def __init__(
        self,
        config: Config,
        counters: Counters,
        clock: Callable[[], float],
        *,
        events: EventCounts | None = None,
        eps: Callable[[], EpsFigures] | None = None,
        inbox: Callable[[], QueueUse] = QueueUse,
    ) -> None:
        self._archives = config.global_.logall or config.global_.logall_json
        self._counters = counters
        self._events = events or EventCounts()
        self._eps = eps
        self._inbox = inbox
        self._clock = clock
        self._started = int(clock())
        self._before = counters.as_dict()

    def totals(self) -> Json:
        """The data of `getstats`. `uptime` is the time of the start, as in Wazuh; our own totals come last."""
        now = self._since_start()
        metrics: Json = {"bytes": {"received": self._events.bytes}}
        if self._eps is not None:
            metrics["eps"] = _eps(self._eps())
        metrics["events"] = self._event_totals(now)
        metrics["queues"] = self._queues()
        metrics["alertmill"] = now
        return {
            "uptime": self._started,
            "timestamp": int(self._clock()),
            "name": DAEMON,
            "metrics": metrics,
        }

    def seen(self) -> dict[int, Tally]:
        """The agents seen so far by number."""
        return self._events.tallies().agents

    def heading(self) -> Json:
        """What stands before the entries of `getagentsstats`."""
        return {"timestamp": int(self._clock()), "name": DAEMON}

    def agent(self, agent: int, tally: Tally) -> Json:
        """The entry of an agent. Firewall events that end before the rules are among its processed ones."""
        processed = sum(tally.decoded.values())
        events = {
            "processed": processed,
            "received_breakdown": {"decoded_breakdown": breakdown(tally.decoded)},
            "written_breakdown": {
                "alerts": tally.alerts,
                "archives": processed if self._archives else 0,
                "firewall": 0,
            },
        }
        return {"uptime": self._started, "id": agent, "metrics": {"events": events}}

    def state(self) -> dict[str, int]:
        """The counters of the state file by key."""
        now, decoded = self._since_start(), self._events.tallies().total.decoded
        counters = {key: decoded.get(kind, 0) for key, kind in _STATE_KINDS.items()}
        counters["other_events_decoded"] = sum(decoded.get(kind, 0) for kind in _STATE_OTHERS)
        return {
            "total_events_decoded": sum(counters.values()),
            **counters,
            "events_processed": _processed(now),
            "events_received": now["received"],
            "events_dropped": now["rejected"],
            "alerts_written": now["alerts"],
            "firewall_written": self._events.firewall,
            "fts_written": self._events.fts,
        }

    def inbox(self) -> QueueUse:
        """The queue before the engine."""
        return self._inbox()

    def _since_start(self) -> dict[str, int]:
        return {name: value - self._before[name] for name, value in self._counters.as_dict().items()}

    def _event_totals(self, now: dict[str, int]) -> Json:
        total = self._events.tallies().total
        return {
            "processed": _processed(now),
            "received": now["received"],
            "received_breakdown": {
                "decoded_breakdown": breakdown(total.decoded),
                "dropped_breakdown": breakdown(total.dropped),
            },
            "written_breakdown": {
                "alerts": now["alerts"],
                "archives": _processed(now) if self._archives else 0,
                "firewall": self._events.firewall,
                "fts": self._events.fts,
                "stats": 0,
            },
        }

    def _queues(self) -> Json:
        use, nothing = self._inbox(), QueueUse()
        return {name: _queue(use if name == _INBOX else nothing) for name in _QUEUES}


def breakdown(kinds: Mapping[str, int]) -> Json:
    """Numbers by kind of event (`metrics.kind_of`) in the arrangement of `decoded_breakdown`."""

    def some(names: tuple[str, ...]) -> Json:
        return {name: kinds.get(name, 0) for name in names}

    return {
        **some(("agent", "agentless", "dbsync")),
        "integrations_breakdown": some(_INTEGRATIONS),
        "modules_breakdown": {
            **some(_MODULES_BEFORE),
            "logcollector_breakdown": some(_LOG_COLLECTOR),
            **some(_MODULES_BEHIND),
        },
        **some(("monitor", "remote", "syslog")),
    }


def _processed(now: dict[str, int]) -> int:
    """Events that came to the rules."""
    return now["received"] - now["rejected"] - now["dropped"] - now["duplicates"]


def _eps(figures: EpsFigures) -> Json:
    return {
        "available_credits": figures.available,
        "available_credits_prev": figures.before,
        "events_dropped": 0,
        "events_dropped_not_eps": 0,
        "seconds_over_limit": figures.seconds_over,
    }


def _queue(use: QueueUse) -> Json:
    return {"size": use.size, "usage": use.usage or 0}
