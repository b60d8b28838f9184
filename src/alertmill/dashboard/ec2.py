"""The EC2 view: instances run, started, stopped, what was refused, security groups and elastic addresses."""

from __future__ import annotations

from dataclasses import replace

import duckdb

from alertmill.dashboard.filters import Filters
from alertmill.dashboard.selection import TOP, Selection, selected
from alertmill.dashboard.timeline import bar_width

#: What the view tells apart, as `columns.EC2_CALLS` says; `other` are all other calls to EC2.
KINDS = ("run", "start", "stop", "terminate", "unauthorized", "security group", "address", "other")

_COLUMNS = "time, rule, level, description, username, src, action, error, ec2, region, account"
_DAY = 86_400_000
_MOST_DAYS = 400


def ec2(cursor: duckdb.DuckDBPyConnection, filters: Filters) -> dict[str, object]:
    """Everything that the EC2 view shows of the alerts that fit."""
    with selected(cursor, filters, _COLUMNS) as all_alerts:
        picked = replace(all_alerts, condition=f"({all_alerts.condition}) AND ec2 <> ''")
        count, first, last = picked.span()
        kinds = dict(picked.rows("ec2, count(*)", "GROUP BY 1"))
        answer: dict[str, object] = {
            "count": count,
            "first": first,
            "last": last,
            "kinds": [[kind, kinds.get(kind, 0)] for kind in KINDS],
        }
        if first is None or last is None:
            return answer
        answer["timeline"] = _per_day(picked, first, last)
        answer["users"] = _per_user(picked)
        answer["calls"] = picked.top("action", TOP)
        answer["regions"] = picked.top("region", TOP)
        answer["errors"] = picked.top("error", TOP)
        return answer


def _per_day(picked: Selection, first: int, last: int) -> dict[str, object]:
    """Days (UTC) as far as there are enough of them to see anything, else shorter or longer bars."""
    days = last // _DAY - first // _DAY + 1
    width = _DAY if 3 <= days <= _MOST_DAYS else bar_width(first, last)
    times = list(range(first // width * width, last + 1, width))
    place = {moment: number for number, moment in enumerate(times)}
    series = {kind: [0] * len(times) for kind in KINDS}
    for moment, kind, count in picked.rows(f"time // {width} * {width}, ec2, count(*)", "GROUP BY 1, 2"):
        series[kind][place[moment]] = count
    shown = [{"name": kind, "counts": counts} for kind, counts in series.items() if any(counts)]
    return {"width": width, "times": times, "series": shown, "everywhere": []}


def _per_user(picked: Selection) -> list[dict[str, object]]:
    """The busiest users, each with the numbers of KINDS."""
    kinds = ", ".join(f"count(*) FILTER (ec2 = '{kind}')" for kind in KINDS)
    found = picked.rows(f"username, count(*), {kinds}", f"GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {2 * TOP}")
    return [{"user": user, "count": count, "kinds": list(numbers)} for user, count, *numbers in found]
