"""The workloads, by name, in the order of the table. Each runs in a process of its own and returns its figures.

Workloads with the stock ruleset read it from the folder of reference data (`ALERTMILL_SHARED`, or `../shared`), those
with real logs read these from there; without the folder they are left out, and it is said.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from benchmarks import checkpoint
from benchmarks.families import correlation, growth, lines, loading, memory, objects, stages, wire
from benchmarks.families.lines import Mix
from benchmarks.families.objects import Bucket
from benchmarks.harness import TINY, Figure
from benchmarks.homes import STOCK
from benchmarks.inputs import real
from benchmarks.messages import queue_messages


@dataclass(frozen=True, slots=True)
class Workload:
    """One entry of the catalogue.

    `needs` must exist, or the workload is left out. `runs` says how often it is run of the repetitions that are asked
    for: what has a budget always, the rest half as often, the longest once. `messages` gives what it feeds, as messages
    of the queue, where it feeds any.
    """

    run: Callable[[], list[Figure]]
    needs: Path | None = None
    runs: Literal["all", "half", "once"] = "half"
    messages: Callable[[], Iterator[str]] | None = None

    def repetitions(self, asked: int) -> int:
        """How often it is run when so many repetitions are asked for."""
        return {"all": asked, "half": -(-asked // 2), "once": 1}[self.runs]


#: What workloads with the stock ruleset need; in the tiny form the shipped one stands in for it.
_RULESET = None if TINY else STOCK


def _bucket(
    run: Callable[[], list[Figure]],
    bucket: Bucket,
    needs: Path | None = _RULESET,
    runs: Literal["all", "half", "once"] = "half",
) -> Workload:
    return Workload(run, needs, runs, partial(_messages_of, bucket))


def _messages_of(bucket: Bucket) -> Iterator[str]:
    return queue_messages(bucket.objects(), bucket.type, "compatible")


def _mix(run: Callable[[], list[Figure]], mix: Mix) -> Workload:
    return Workload(run, _RULESET, "all", lambda: iter(mix.messages()))


#: All workloads, in the order of the table.
CATALOGUE = {
    "load_stock": Workload(loading.load_stock, _RULESET, "all"),
    "load_shipped": Workload(loading.load_shipped),
    "cloudtrail_quarter": _bucket(objects.cloudtrail_quarter, objects.QUARTER, runs="all"),
    "cloudtrail_every": _bucket(objects.cloudtrail_every, objects.EVERY, runs="all"),
    "cloudtrail_workers": _bucket(objects.cloudtrail_workers, objects.BACK_FILL, runs="once"),
    "cloudtrail_shipped": _bucket(objects.cloudtrail_shipped, objects.QUARTER, None),
    "flow_every": _bucket(objects.flow_every, objects.FLOWS, runs="all"),
    "flow_calm": _bucket(objects.flow_calm, objects.CALM_FLOWS, None, "all"),
    "flow_shipped": _bucket(objects.flow_shipped, objects.FLOWS, None),
    "per_object": Workload(objects.per_object, _RULESET, "all"),
    "real_cloudtrail": _bucket(objects.real_cloudtrail, objects.REAL_TRAIL, real.DATA),
    "real_labelled": _bucket(objects.real_labelled, objects.REAL_LABELLED, real.DATA),
    "real_flow": _bucket(objects.real_flow, objects.REAL_FLOWS, real.DATA),
    "syslog": _mix(lines.syslog, lines.SYSLOG),
    "web": _mix(lines.web, lines.WEB),
    "windows": _mix(lines.windows_json, lines.WINDOWS),
    "stages_cloudtrail": Workload(stages.cloudtrail, _RULESET),
    "stages_cloudtrail_text": Workload(stages.cloudtrail_text, _RULESET),
    "stages_flow": Workload(stages.flow, _RULESET),
    "stages_syslog": Workload(stages.syslog, _RULESET),
    "stages_web": Workload(stages.web, _RULESET),
    "stages_windows": Workload(stages.windows_json, _RULESET),
    "correlation": Workload(correlation.many_rules),
    "hostile_values": _bucket(objects.hostile_values, objects.HOSTILE["fresh"], runs="all"),
    "hostile_names": _bucket(objects.hostile_names, objects.HOSTILE["names"]),
    "hostile_long": _bucket(objects.hostile_long, objects.HOSTILE["long"]),
    "hostile_deep": _bucket(objects.hostile_deep, objects.HOSTILE["deep"]),
    "memory_stream": Workload(memory.stream, _RULESET, runs="once"),
    "growth_values": Workload(growth.whole_values),
    "growth_expressions": Workload(growth.expressions),
    "growth_window_small": Workload(correlation.window_small),
    "growth_window_medium": Workload(correlation.window_medium),
    "growth_window_large": Workload(correlation.window_large, runs="once"),
    "small_objects": Workload(wire.small_objects),
    "s3_requests": Workload(wire.s3_requests),
    "checkpoint_objects": Workload(checkpoint.done_objects, runs="once"),
    "checkpoint_ids": Workload(checkpoint.event_ids, runs="once"),
}


def _present() -> dict[str, Workload]:
    found = {name: work for name, work in CATALOGUE.items() if work.needs is None or work.needs.exists()}
    missing = sorted(CATALOGUE.keys() - found)
    if missing:
        print(f"left out, for there is no {STOCK.parent}: {', '.join(missing)}", file=sys.stderr)
    return found


#: Workloads that can be run here.
WORKLOADS = _present()
