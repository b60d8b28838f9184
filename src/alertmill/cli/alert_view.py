"""What a person is shown of an alert: who, from where, what, which account and region; and which alerts are wanted.

Alerts are read as they come from a file: any member may be missing or of another type than expected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from alertmill.cli.text import printable

#: Characters of a value, and of a description, that are shown; what events contain may be of any length.
_MOST_VALUE = 80
_MOST_DESCRIPTION = 300

_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class AlertView:
    """One alert. Every text is free of characters that a terminal would obey; what is unknown is empty."""

    #: When it happened, as in the alert (`2026-01-15T10:00:00.123+0000`): the event's time, else that of its arrival.
    happened: str
    #: When it arrived and when it happened, in epoch seconds; None for what is no time.
    arrival: float | None
    time: float | None
    level: int
    rule: str
    description: str
    groups: tuple[str, ...]
    #: The AWS source (`cloudtrail`, `vpc`, ...), else the decoder, else the location.
    source: str
    account: str
    region: str
    user: str
    address: str
    #: What was done: the call, the verdict on a flow, the URL.
    action: str


def read_alert(line: bytes) -> AlertView | None:
    """The alert that a line of alerts.json holds; None when it holds none."""
    alert = _parsed(line)
    rule = alert.get("rule") if isinstance(alert, dict) else None
    if not isinstance(alert, dict) or not isinstance(rule, dict):
        return None
    data = _object(alert, "data")
    aws = _object(data, "aws")
    timestamp = _first(alert.get("timestamp"))
    happened = _first(alert.get("event_time"), timestamp)
    arrival = alert_time(timestamp)
    level = rule.get("level")
    groups = rule.get("groups")
    return AlertView(
        happened=happened,
        arrival=arrival,
        time=arrival if happened == timestamp else alert_time(happened),
        level=level if isinstance(level, int) else 0,
        rule=_first(rule.get("id")),
        description=_first(rule.get("description"), most=_MOST_DESCRIPTION),
        groups=tuple(_first(group) for group in groups) if isinstance(groups, list) else (),
        source=_first(aws.get("source"), _object(alert, "decoder").get("name"), alert.get("location")),
        account=_first(aws.get("aws_account_id"), aws.get("account_id"), aws.get("recipientAccountId")),
        region=_first(aws.get("awsRegion"), aws.get("region")),
        user=_user(data, aws),
        address=_address(data, aws),
        action=_action(data, aws),
    )


def _parsed(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        pass
    try:
        # Wazuh passes bytes on that are no UTF-8.
        return orjson.loads(line.decode("utf-8", "replace"))
    except orjson.JSONDecodeError:
        return None


def _object(parent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = parent.get(name)
    return value if isinstance(value, dict) else _NOTHING


def _first(*values: object, most: int = _MOST_VALUE) -> str:
    """The first value that says something, as text for a terminal."""
    for value in values:
        if isinstance(value, str | int | float) and value != "":
            text = str(value)
            return printable(text if len(text) <= most else f"{text[: most - 3]}...")
    return ""


def alert_time(timestamp: str) -> float | None:
    """A time as alerts show it, in epoch seconds; local time when it names no zone, None for what is no time."""
    try:
        return datetime.fromisoformat(timestamp).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _user(data: Mapping[str, Any], aws: Mapping[str, Any]) -> str:
    identity = _object(aws, "userIdentity")
    arn = identity.get("arn")
    # The end of an ARN, with the session for an assumed role: `role/session`.
    end = arn.rpartition(":")[2].partition("/")[2] if isinstance(arn, str) else ""
    return _first(
        identity.get("userName"), end, data.get("dstuser"), data.get("srcuser"), identity.get("invokedBy"), arn
    )


def _address(data: Mapping[str, Any], aws: Mapping[str, Any]) -> str:
    source = _first(aws.get("source_ip_address"), aws.get("sourceIPAddress"), data.get("srcip"), aws.get("srcaddr"))
    target = _first(data.get("dstip"), aws.get("dstaddr"))
    port = _first(data.get("dstport"), aws.get("dstport"))
    if not target:
        return source
    return f"{source}->{target}:{port}" if port else f"{source}->{target}"


def _action(data: Mapping[str, Any], aws: Mapping[str, Any]) -> str:
    return _first(aws.get("eventName"), aws.get("action"), aws.get("type"), data.get("action"), data.get("url"))


@dataclass(slots=True)
class Wanted:
    """Which alerts are wanted: those of which all that was named holds; of rules, groups and accounts, any."""

    level: int = 0
    rules: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    #: Text that stands somewhere in the line, in upper or lower case.
    match: str = ""
    #: Lines that were looked at and hold no alert.
    strange: int = 0

    def view(self, line: bytes) -> AlertView | None:
        """The alert of a line if it is wanted; None also for a line that holds none."""
        if self.match and not self._matches(line):
            return None
        view = read_alert(line)
        self.strange += view is None
        return view if view is not None and self._wants(view) else None

    def _matches(self, line: bytes) -> bool:
        return self.match.casefold() in line.decode("utf-8", "replace").casefold()

    def _wants(self, view: AlertView) -> bool:
        return (
            view.level >= self.level
            and (not self.rules or view.rule in self.rules)
            and (not self.groups or not self.groups.isdisjoint(view.groups))
            and (not self.accounts or view.account in self.accounts)
        )
