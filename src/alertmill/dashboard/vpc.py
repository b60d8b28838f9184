"""The VPC view: bytes and flows over time, their peaks, and who talked to whom in the peak that is selected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import median
from typing import Any

import duckdb

from alertmill.dashboard.filters import Filters
from alertmill.dashboard.selection import TOP, Selection, selected
from alertmill.dashboard.timeline import bar_width

#: Rows of the talkers table, and addresses on each side of the matrix.
TALKERS = 50
MATRIX = 12
#: Peaks that are named, and how many times the median a bar must be to be one.
PEAKS = 5
PEAK_FACTOR = 2.0

_COLUMNS = "time, src, dst, port, protocol, action, bytes, packets"
#: A flow is an alert with two addresses and a number of bytes.
_IS_FLOW = "bytes IS NOT NULL AND src <> '' AND dst <> ''"
_SUMS = (
    "CAST(sum(bytes) AS BIGINT), CAST(sum(packets) AS BIGINT), count(*), "
    "count(*) FILTER (action = 'ACCEPT'), count(*) FILTER (action = 'REJECT')"
)
_SUM_NAMES = ("bytes", "packets", "flows", "accepted", "rejected")


def vpc(
    cursor: duckdb.DuckDBPyConnection, filters: Filters, peak: tuple[int, int] | None, by: str
) -> dict[str, object]:
    """Everything that the VPC view shows of the flows that fit.

    `peak` (milliseconds, the end exclusive) is the part of time that tables and matrix are about, all of it for None;
    they count `by` bytes or flows.
    """
    with selected(cursor, filters, _COLUMNS) as all_alerts:
        flows = replace(all_alerts, condition=f"({all_alerts.condition}) AND {_IS_FLOW}")
        count, first, last = flows.span()
        answer: dict[str, object] = {"count": count, "first": first, "last": last}
        if first is None or last is None:
            return answer
        answer["timeline"] = _timeline(flows, first, last)
        part = flows
        if peak is not None:
            part = replace(
                flows, condition=f"{flows.condition} AND time >= ? AND time < ?", values=[*flows.values, *peak]
            )
        order = "sum(bytes)" if by == "bytes" else "count(*)"
        answer["total"] = _sums(part.rows(_SUMS)[0])
        answer["talkers"] = _talkers(part, order)
        answer["matrix"] = _matrix(part, order)
        answer["sources"] = _ends(part, "src", order)
        answer["destinations"] = _ends(part, "dst", order)
        answer["ports"] = _ports(part, order)
        return answer


def _sums(values: Sequence[Any]) -> dict[str, int]:
    return {name: value or 0 for name, value in zip(_SUM_NAMES, values, strict=True)}


def _timeline(flows: Selection, first: int, last: int) -> dict[str, object]:
    width = bar_width(first, last)
    times = list(range(first // width * width, last + 1, width))
    found = {row[0]: _sums(row[1:]) for row in flows.rows(f"time // {width} * {width}, {_SUMS}", "GROUP BY 1")}
    nothing = dict.fromkeys(_SUM_NAMES, 0)
    bars = [found.get(moment, nothing) for moment in times]
    return {
        "width": width,
        "times": times,
        **{name: [bar[name] for bar in bars] for name in _SUM_NAMES},
        "peaks": {name: peaks([bar[name] for bar in bars]) for name in ("bytes", "flows")},
    }


def peaks(bars: Sequence[int]) -> list[int]:
    """The places of the bars that stand out, the highest first: local maxima above the median of those not empty."""
    usual = median([bar for bar in bars if bar] or [0])
    high = []
    for place, bar in enumerate(bars):
        before = bars[place - 1] if place else 0
        after = bars[place + 1] if place + 1 < len(bars) else 0
        if bar > PEAK_FACTOR * usual and before <= bar > after:
            high.append(place)
    if not high and any(bars):
        high = [max(range(len(bars)), key=bars.__getitem__)]
    return sorted(high, key=lambda place: -bars[place])[:PEAKS]


def _talkers(flows: Selection, order: str) -> list[dict[str, object]]:
    keys = ("src", "dst", "port", "protocol")
    columns = f"{', '.join(keys)}, {_SUMS}, min(time), max(time)"
    found = flows.rows(columns, f"GROUP BY ALL ORDER BY {order} DESC, 1, 2, 3, 4 LIMIT {TALKERS}")
    names = (*keys, *_SUM_NAMES, "first", "last")
    return [dict(zip(names, row, strict=True)) for row in found]


def _ends(flows: Selection, column: str, order: str) -> list[list[object]]:
    found = flows.rows(f"{column}, {order}", f"GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {MATRIX}")
    return [[address, int(size)] for address, size in found]


def _matrix(flows: Selection, order: str) -> list[list[object]]:
    """Sizes from each of the largest sources to each of the largest destinations, where there are any."""
    inner = f"FROM {flows.source} WHERE {flows.condition}"
    most = "SELECT {0} " + inner + f" GROUP BY 1 ORDER BY {order} DESC, 1 LIMIT {MATRIX}"
    rest = f"AND src IN ({most.format('src')}) AND dst IN ({most.format('dst')}) GROUP BY 1, 2"
    found = flows.rows(f"src, dst, {order}, count(*) FILTER (action = 'REJECT')", rest, [*flows.values, *flows.values])
    return [[source, target, int(size), rejected] for source, target, size, rejected in found]


def _ports(flows: Selection, order: str) -> list[dict[str, object]]:
    columns = f"port, protocol, {_SUMS}"
    found = flows.rows(columns, f"GROUP BY 1, 2 ORDER BY {order} DESC, 1, 2 LIMIT {TOP}")
    return [dict(zip(("port", "protocol", *_SUM_NAMES), row, strict=True)) for row in found]
