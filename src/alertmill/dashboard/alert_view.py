"""One alert: all that it says, the way of its rule through the tree, the object it came from, and its relatives.

The alert is read from its file again, so that what is shown is what is there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from alertmill.dashboard.alert_files import line_at
from alertmill.dashboard.columns import word
from alertmill.dashboard.fold import Folder
from alertmill.dashboard.listing import as_value, read_id, related, row_of
from alertmill.dashboard.rows import parsed
from alertmill.dashboard.rule_paths import RulePaths

#: Characters of an alert's line that are sent as it stands; the rest of a longer one is cut off.
RAW_LIMIT = 200_000


def alert_view(
    cursor: duckdb.DuckDBPyConnection, home: Path, folder: Folder, rules: RulePaths, id: str
) -> dict[str, Any] | None:
    """What the alert view shows, None when there is no such alert (any more)."""
    named = read_id(id)
    number = folder.number(named[0]) if named else None
    file = folder.file(named[0]) if named else None
    if named is None or number is None or file is None:
        return None
    row = row_of(cursor, number, named[1])
    if row is None:
        return None
    try:
        line = line_at(home, file, named[1], row[3])
        alert = parsed(line)
    except (OSError, EOFError, ValueError, RecursionError):
        return None  # the file changed a moment ago; the next turn of folding knows
    summary = as_value(row, folder.key)
    return {
        **summary,
        "alert": alert,
        "raw": line[:RAW_LIMIT].decode("utf-8", "replace"),
        "file": str(file.path.relative_to(home)),
        "place": named[1],
        "object": _object(alert),
        "explain": _event_text(alert),
        "path": rules.paths(summary["rule"]),
        "related": related(cursor, summary, summary["number"], folder.key),
    }


def _object(alert: dict[str, Any]) -> dict[str, str] | None:
    """The S3 object that the event came from, and the number of its record, as far as the alert says."""
    part: Any = alert
    for name in ("data", "aws", "log_info"):
        part = part.get(name) if isinstance(part, dict) else None
    if not isinstance(part, dict):
        return None
    return {"bucket": word(part, "s3bucket"), "key": _whole(part, "log_file"), "record": word(part, "record")}


def _whole(part: dict[str, Any], name: str) -> str:
    value = part.get(name)
    return value if isinstance(value, str) else ""


def _event_text(alert: dict[str, Any]) -> str:
    """The log line itself, for `alertmill explain`; '' when the alert does not hold it."""
    return _whole(alert, "full_log")
