"""The alerts that a view is about, ready to be asked several questions, and the questions that views share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import duckdb

from alertmill.dashboard.filters import FIELDS, FilterError, Filters
from alertmill.dashboard.timeline import bar_width

#: Values of a pie or table of the most frequent.
TOP = 10
#: Colours of a stacked chart; what is beyond them is put together.
STACKED = 9
#: What the rest of a stacked chart is called; no value of an alert is, for it has a blank in front.
REST = " other"
#: Lists of groups that a chart over time is made of; there are some hundred in the largest rulesets.
_MOST_COMBINATIONS = 20_000

#: The column behind a filter that can be counted by value.
COLUMN: Final[dict[str, str]] = {
    name: test.partition(" ")[0] for name, (test, _) in FIELDS.items() if test.endswith(" = ?")
}
#: What a chart over time can be stacked by.
STACKS: Final = ("group", "level", "rule", "source", "account", "region", "user", "agent", "action", "ec2")


@dataclass(frozen=True, slots=True)
class Selection:
    """Alerts that fit: an SQL source for FROM, its condition, and the condition's parameters."""

    cursor: duckdb.DuckDBPyConnection
    source: str
    condition: str
    values: Sequence[object]

    def rows(self, columns: str, rest: str = "", more: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """`SELECT columns FROM the alerts rest`; `more` are the parameters of `rest`, which may begin with AND."""
        statement = f"SELECT {columns} FROM {self.source} WHERE {self.condition} {rest}"
        return self.cursor.execute(statement, [*self.values, *more]).fetchall()

    def top(self, name: str, limit: int = TOP) -> list[list[object]]:
        """The most frequent values of a filter's column, with their numbers; alerts without one are left out."""
        column = COLUMN[name]
        blank = "0" if name == "rule" else "''"
        rest = f"AND {column} <> {blank} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {limit}"
        return [list(row) for row in self.rows(f"{column}, count(*)", rest)]

    def top_rules(self, limit: int = TOP) -> list[dict[str, object]]:
        """The rules that alerted most, with level and one of their descriptions."""
        columns = "rule, count(*), max(level), arg_max(description, time)"
        found = self.rows(columns, f"GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {limit}")
        return [{"rule": rule, "count": n, "level": level, "description": text} for rule, n, level, text in found]

    def span(self) -> tuple[int, int | None, int | None]:
        """The number of alerts, the first and the last time, in milliseconds."""
        count, first, last = self.rows("count(*), min(time), max(time)")[0]
        return count, first, last


@contextmanager
def selected(cursor: duckdb.DuckDBPyConnection, filters: Filters, columns: str) -> Iterator[Selection]:
    """The alerts of `filters`; `columns` are all that will be asked for.

    Where finding them means reading all texts, that is done once and the result kept for as long as it is asked.
    """
    condition, values = filters.condition()
    if not filters.is_costly:
        yield Selection(cursor, "alerts", condition, values)
        return
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE picked AS SELECT {columns} FROM alerts WHERE {condition}", values)
    try:
        yield Selection(cursor, "picked", "true", [])
    finally:
        cursor.execute("DROP TABLE IF EXISTS picked")


@dataclass(frozen=True, slots=True)
class Timeline:
    """Alerts over time, stacked. `series` has per name the numbers of the bars; `everywhere` are groups of nearly all
    alerts, which would say nothing in a chart."""

    width: int
    times: list[int]
    series: dict[str, list[int]]
    everywhere: list[str]

    def as_value(self) -> dict[str, object]:
        series = [{"name": name, "counts": counts} for name, counts in self.series.items()]
        return {"width": self.width, "times": self.times, "series": series, "everywhere": self.everywhere}


def timeline(picked: Selection, first: int, last: int, stack: str) -> Timeline:
    """How many alerts there were when, `first` to `last` inclusive, stacked by one of STACKS. Raises FilterError."""
    if stack not in STACKS:
        raise FilterError(f"a chart is stacked by one of {', '.join(STACKS)}")
    width = bar_width(first, last)
    times = list(range(first // width * width, last + 1, width))
    column = "groups" if stack == "group" else "level" if stack == "level" else COLUMN[stack]
    rest = f"AND time BETWEEN ? AND ? GROUP BY 1, 2 LIMIT {len(times) * _MOST_COMBINATIONS}"
    found = picked.rows(f"time // {width} * {width}, {column}, count(*)", rest, [first, last])
    counts: dict[str, dict[int, int]] = {}
    for moment, value, count in found:
        for name in value.strip(",").split(",") if stack == "group" else [str(value)]:
            bars = counts.setdefault(name, {})
            bars[moment] = bars.get(moment, 0) + count
    everywhere = _everywhere(counts, sum(count for _, _, count in found)) if stack == "group" else []
    return Timeline(width, times, _series(counts, times, everywhere), everywhere)


def _everywhere(counts: dict[str, dict[int, int]], total: int) -> list[str]:
    """The groups that at least nine of ten alerts are in, unless there are no others."""
    names = [name for name, bars in counts.items() if sum(bars.values()) * 10 >= total * 9]
    return sorted(names) if len(names) < len(counts) else []


def _series(counts: dict[str, dict[int, int]], times: list[int], hidden: list[str]) -> dict[str, list[int]]:
    sizes = {name: sum(bars.values()) for name, bars in counts.items() if name not in hidden}
    ranked = sorted(sizes, key=lambda name: (-sizes[name], name))
    series = {name: [counts[name].get(moment, 0) for moment in times] for name in ranked[:STACKED]}
    if others := ranked[STACKED:]:
        series[REST] = [sum(counts[name].get(moment, 0) for name in others) for moment in times]
    return series
