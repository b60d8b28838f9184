"""The overview: how many alerts, when, of which groups; where from, by which rules and users, how grave."""

from __future__ import annotations

import duckdb

from alertmill.dashboard.filters import Filters
from alertmill.dashboard.selection import TOP, Selection, selected, timeline

_COLUMNS = "time, rule, level, description, groups, source, account, region, bucket, username, src, agent, action, ec2"
#: What the pies and tables count, besides rules.
_COUNTED = ("source", "account", "region", "bucket", "user", "src", "agent", "action")
#: From this level on an alert is grave (Wazuh's own overview counts them so).
GRAVE = 12


def overview(cursor: duckdb.DuckDBPyConnection, filters: Filters, stack: str) -> dict[str, object]:
    """Everything that the overview shows of the alerts that fit. Raises FilterError."""
    with selected(cursor, filters, _COLUMNS) as picked:
        count, first, last = picked.span()
        answer: dict[str, object] = {"count": count, "first": first, "last": last, "figures": _figures(picked)}
        if first is None or last is None:
            return answer
        # The asked range, where it is bounded, is what the chart shows: silence is to be seen.
        start = first if filters.first is None else min(filters.first, first)
        end = last if filters.to is None else max(filters.to - 1, last)
        answer["timeline"] = timeline(picked, start, end, stack).as_value()
        answer["top"] = {name: picked.top(name) for name in _COUNTED}
        answer["rules"] = picked.top_rules()
        answer["levels"] = [list(row) for row in picked.rows("level, count(*)", "GROUP BY 1 ORDER BY 1")]
        answer["groups"] = _groups(picked)
        return answer


def _figures(picked: Selection) -> dict[str, int]:
    columns = (
        f"count(*) FILTER (level >= {GRAVE}), count(DISTINCT rule), "
        "count(DISTINCT username) FILTER (username <> ''), count(DISTINCT src) FILTER (src <> ''), "
        "count(DISTINCT account) FILTER (account <> '')"
    )
    found = picked.rows(columns)[0]
    return dict(zip(("grave", "rules", "users", "addresses", "accounts"), found, strict=True))


def _groups(picked: Selection) -> list[list[object]]:
    counts: dict[str, int] = {}
    for groups, count in picked.rows("groups, count(*)", "GROUP BY 1"):
        for group in filter(None, groups.split(",")):
            counts[group] = counts.get(group, 0) + count
    return [[group, counts[group]] for group in sorted(counts, key=lambda name: (-counts[name], name))[: 2 * TOP]]
