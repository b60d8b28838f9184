"""Alerts in rows: the newest that fit, those behind them, those that came since, and those related to one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import duckdb

from alertmill.dashboard.filters import FilterError, Filters
from alertmill.dashboard.selection import COLUMN

#: Rows of one answer.
MOST_ROWS = 200

_SHOWN: Final = (
    "time", "rule", "level", "description", "source", "account", "region", "username", "src", "dst", "action", "error"
)  # fmt: skip
_SELECT = f"number, file, place, length, {', '.join(_SHOWN)}"
#: What makes two alerts related when it is the same, and how far apart they may be, in milliseconds.
RELATED: Final = ("user", "src", "dst", "rule")
NEAR = 3_600_000

#: Gives the key of a file by its number in the cache.
KeyOf = Callable[[int], str]
_ID = re.compile(r"([0-9]{8}\.[0-9]{3,9}|alerts)-([0-9]{1,18})")


def newest(
    cursor: duckdb.DuckDBPyConnection, filters: Filters, limit: int, before: str, key_of: KeyOf
) -> dict[str, object]:
    """The newest alerts that fit, from behind the place `before` ('': from the newest one), and the place to go on."""
    condition, values = filters.condition()
    if before:
        time, number = _place(before)
        condition += " AND (time < ? OR (time = ? AND number < ?))"
        values += [time, time, number]
    limit = min(max(limit, 1), MOST_ROWS)
    statement = f"SELECT {_SELECT} FROM alerts WHERE {condition} ORDER BY time DESC, number DESC LIMIT {limit + 1}"
    found = cursor.execute(statement, values).fetchall()
    rows = [as_value(row, key_of) for row in found[:limit]]
    more = f"{rows[-1]['time']}.{rows[-1]['number']}" if len(found) > limit else ""
    return {"alerts": rows, "next": more}


def came_since(
    cursor: duckdb.DuckDBPyConnection, filters: Filters, since: int, key_of: KeyOf
) -> tuple[list[dict[str, object]], int]:
    """The alerts that fit and came into the cache behind number `since`, oldest first; how many more there were."""
    condition, values = filters.condition()
    found = cursor.execute(
        f"SELECT {_SELECT}, count(*) OVER () FROM alerts WHERE number > ? AND {condition} "
        f"ORDER BY number DESC LIMIT {MOST_ROWS}",
        [since, *values],
    ).fetchall()
    left_out = found[0][-1] - len(found) if found else 0
    return [as_value(row[:-1], key_of) for row in reversed(found)], left_out


def related(
    cursor: duckdb.DuckDBPyConnection, alert: dict[str, Any], number: int, key_of: KeyOf
) -> list[dict[str, object]]:
    """For each of RELATED: the other alerts within an hour that have the same, the nearest in time first."""
    answer: list[dict[str, object]] = []
    for name in RELATED:
        value = alert[COLUMN[name]]
        if not value:
            continue
        wanted = Filters(wanted=((name, (str(value),)),))
        near = replace(wanted, first=alert["time"] - NEAR, to=alert["time"] + NEAR)
        condition, values = near.condition()
        found = cursor.execute(
            f"SELECT {_SELECT}, count(*) OVER () FROM alerts WHERE {condition} AND number <> ? "
            "ORDER BY abs(time - ?), number LIMIT 5",
            [*values, number, alert["time"]],
        ).fetchall()
        if found:
            rows = [as_value(row[:-1], key_of) for row in found]
            answer.append({"field": name, "value": value, "count": found[0][-1], "alerts": rows})
    return answer


def row_of(cursor: duckdb.DuckDBPyConnection, file: int, place: int) -> tuple[Any, ...] | None:
    """The row of the alert at a place in a file, as `as_value` takes it."""
    return cursor.execute(f"SELECT {_SELECT} FROM alerts WHERE file = ? AND place = ?", [file, place]).fetchone()


def as_value(row: Sequence[Any], key_of: KeyOf) -> dict[str, Any]:
    """A row for the page. `id` names the alert for as long as its file is there."""
    number, file, place, _, *shown = row
    return {"id": f"{key_of(file)}-{place}", "number": number, **dict(zip(_SHOWN, shown, strict=True))}


def read_id(text: str) -> tuple[str, int] | None:
    """The file's key and the place in it that an id names."""
    found = _ID.fullmatch(text)
    return (found[1], int(found[2])) if found else None


def _place(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"([0-9]{1,15})\.([0-9]{1,15})", text)
    if not found:
        raise FilterError("`before` is what an answer before gave as `next`")
    return int(found[1]), int(found[2])
