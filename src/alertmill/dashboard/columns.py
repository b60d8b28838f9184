"""One alert as a row of the cache: what the dashboard filters by, counts and draws.

Pure: a parsed line of alerts.json in, values out. Both event formats and any decoder are taken; alerts are hostile, so
every member may be missing or of another type. The whole alert is not kept here: it is read from its file again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

#: The columns, in the order of `row`, with their DuckDB types. Lists of words are `,a,b,`: see `listed`. A member that
#: an alert lacks is '' or, of a number, NULL.
COLUMNS: Final[dict[str, str]] = {
    "time": "BIGINT",  # milliseconds since the epoch: when the event happened
    "rule": "INTEGER",
    "level": "INTEGER",
    "description": "VARCHAR",
    "groups": "VARCHAR",
    "mitre": "VARCHAR",
    "source": "VARCHAR",
    "account": "VARCHAR",
    "region": "VARCHAR",
    "bucket": "VARCHAR",
    "username": "VARCHAR",
    "src": "VARCHAR",
    "dst": "VARCHAR",
    "port": "VARCHAR",
    "protocol": "VARCHAR",
    "action": "VARCHAR",
    "service": "VARCHAR",
    "error": "VARCHAR",
    "agent": "VARCHAR",
    "ec2": "VARCHAR",
    "bytes": "BIGINT",
    "packets": "BIGINT",
    "addresses": "VARCHAR",
    "text": "VARCHAR",
}

#: Characters of an alert's text that are kept for searching, and of any other column.
TEXT_LIMIT = 8192
VALUE_LIMIT = 256
#: Values of an alert that are looked at: a hostile one ends somewhere.
_LEAF_LIMIT = 4096
#: Addresses of one alert that are kept.
_ADDRESS_LIMIT = 64

#: Events before this are a broken clock, as are those a day behind their alert: the alert's own time holds then.
_FIRST = datetime(2000, 1, 1, tzinfo=UTC).timestamp()
_DAY = 86400.0

_EVENT_TIMES = ("eventTime", "start", "time", "updatedAt", "createdAt")
_USER_PATHS = (
    ("userIdentity", "userName"),
    ("userIdentity", "sessionContext", "sessionIssuer", "userName"),
    ("userIdentity", "arn"),
    ("userIdentity", "type"),
)
_ACCOUNTS = ("aws_account_id", "recipientAccountId", "account_id", "accountId")
_SOURCE_ADDRESSES = ("source_ip_address", "sourceIPAddress", "srcaddr", "client_ip", "remote_ip")
#: Where AWS lays a region's objects: AWSLogs/[organisation/]account/service/region/
_KEY = re.compile(r"AWSLogs/(?:o-[a-z0-9]+/)?([0-9]{12})/[^/]+/([a-z]{2}(?:-[a-z]+)+-[0-9])/")
_IPV4 = re.compile(r"(?<![0-9.])[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}(?![0-9]|\.[0-9])")
_HEX = "[0-9a-f]{1,4}"
_IPV6 = re.compile(
    rf"(?<![\w:.])(?:(?:{_HEX}:){{7}}{_HEX}|(?:{_HEX}(?::{_HEX}){{0,5}})?::(?:{_HEX}(?::{_HEX}){{0,5}})?)(?![\w:])"
)
#: Characters of one value that are searched for IPv6 addresses.
_IPV6_LIMIT = 1024

#: What the EC2 view tells apart, by the call's name.
EC2_CALLS: Final[dict[str, str]] = {
    "RunInstances": "run",
    "StartInstances": "start",
    "StopInstances": "stop",
    "TerminateInstances": "terminate",
    "AllocateAddress": "address",
    "AssociateAddress": "address",
    "DisassociateAddress": "address",
    "ReleaseAddress": "address",
}
_REFUSED = ("UnauthorizedOperation", "AccessDenied", "Unauthorized")


def row(alert: dict[str, Any]) -> tuple[object, ...]:
    """The values of COLUMNS for an alert. Raises ValueError when it is no alert: no object, no time or no rule."""
    rule, data = _part(alert, "rule"), _part(alert, "data")
    aws = _part(data, "aws")
    if "id" not in rule:
        raise ValueError("it has no rule")
    leaves = list(dict.fromkeys(_leaves(alert)))
    text = "\n".join(leaves)[:TEXT_LIMIT].lower()
    log_info = _part(aws, "log_info")
    by_key = _KEY.match(word(log_info, "log_file"))
    action = word(data, "action") or word(aws, "eventName") or word(aws, "action")
    service, error = word(aws, "eventSource"), word(aws, "errorCode") or word(aws, "error_code")
    return (
        max(round(_when(alert, aws) * 1000), 0),
        _number(rule.get("id"), limit=2**31 - 1) or 0,
        _number(rule.get("level"), limit=99) or 0,
        word(rule, "description"),
        listed(rule.get("groups")),
        listed(_part(rule, "mitre").get("id")),
        word(aws, "source") or word(data, "integration") or word(_part(alert, "decoder"), "name"),
        _first(aws, _ACCOUNTS) or (by_key[1] if by_key else ""),
        _first(aws, ("awsRegion", "region")) or (by_key[2] if by_key else ""),
        word(log_info, "s3bucket"),
        _user(data, aws),
        word(data, "srcip") or _first(aws, _SOURCE_ADDRESSES),
        word(data, "dstip") or word(aws, "dstaddr"),
        word(data, "dstport") or word(aws, "dstport"),
        word(data, "protocol") or word(aws, "protocol"),
        action,
        service,
        error,
        word(_part(alert, "agent"), "name"),
        _ec2(service, word(aws, "eventName") or action, error),
        _number(aws.get("bytes")),
        _number(aws.get("packets")),
        listed(addresses(leaves)),
        text,
    )


def listed(values: object) -> str:
    """Words as `,a,b,`, so that `contains(column, ',a,')` finds one; '' when there are none."""
    if isinstance(values, str):
        values = [values]
    if not isinstance(values, list):
        return ""
    words = [str(value).replace(",", " ")[:VALUE_LIMIT] for value in values if value not in ("", None)]
    return f",{','.join(words)}," if words else ""


def addresses(leaves: Iterable[str]) -> list[str]:
    """The IP addresses that an alert mentions anywhere in its values."""
    found: list[str] = []
    for leaf in leaves:
        if leaf.count(".") >= 3:
            found += [address for address in _IPV4.findall(leaf[:TEXT_LIMIT]) if _is_ipv4(address)]
        if ("::" in leaf and not leaf.startswith("arn:")) or leaf.count(":") >= 7:
            found += [address for address in _IPV6.findall(leaf[:_IPV6_LIMIT].lower()) if len(address) > 2]
    return list(dict.fromkeys(found))[:_ADDRESS_LIMIT]


def _is_ipv4(text: str) -> bool:
    return all(int(part) < 256 for part in text.split("."))


def word(part: dict[str, Any], name: str) -> str:
    """A member as text, '' when it is missing or not a plain value."""
    value = part.get(name)
    if isinstance(value, str):
        return value[:VALUE_LIMIT]
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _part(of: dict[str, Any], name: str) -> dict[str, Any]:
    found = of.get(name)
    return found if isinstance(found, dict) else {}


def _first(part: dict[str, Any], names: tuple[str, ...]) -> str:
    return next((found for name in names if (found := word(part, name))), "")


def _number(value: object, *, limit: int = 2**62) -> int | None:
    """A whole number, however it is spelled, None for anything else or beyond the limit."""
    try:
        number = int(value)  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):
        return None
    return number if 0 <= number <= limit else None


def _user(data: dict[str, Any], aws: dict[str, Any]) -> str:
    """Who did it: the decoder's word, else what AWS says of the caller."""
    named = word(data, "dstuser") or word(data, "srcuser") or word(data, "user")
    if named:
        return named
    for *parents, last in _USER_PATHS:
        part = aws
        for parent in parents:
            part = _part(part, parent)
        if found := word(part, last):
            return found
    return ""


def _ec2(service: str, call: str, error: str) -> str:
    """What the EC2 view calls it, '' when it is nothing of EC2's."""
    if not service.startswith("ec2."):
        return ""
    if any(refused in error for refused in _REFUSED):
        return "unauthorized"
    if "SecurityGroup" in call:
        return "security group"
    return EC2_CALLS.get(call, "other")


def _when(alert: dict[str, Any], aws: dict[str, Any]) -> float:
    """When the event happened, epoch seconds: as the alert says, as AWS says, else when the alert was raised."""
    raised = _moment(alert.get("timestamp"))
    for said in (alert.get("event_time"), *(aws.get(name) for name in _EVENT_TIMES)):
        happened = _moment(said)
        if happened is not None and happened >= _FIRST and (raised is None or happened <= raised + _DAY):
            return happened
    if raised is None:
        raise ValueError("it has no time")
    return raised


def _moment(text: object) -> float | None:
    if not isinstance(text, str) or len(text) < 19 or len(text) > 40:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (OverflowError, ValueError):
        return None


def _leaves(alert: dict[str, Any]) -> list[str]:
    """The plain values of an alert. The log itself is left out when its values are there anyway, as decoded JSON."""
    skipped = "full_log" if word(_part(alert, "decoder"), "name") == "json" else ""
    found: list[str] = []
    waiting: list[Iterable[object]] = [[value for name, value in alert.items() if name != skipped]]
    while waiting and len(found) < _LEAF_LIMIT:
        for value in waiting.pop():
            kind = type(value)
            if kind is str:
                found.append(value)  # type: ignore[arg-type]
            elif kind is dict:
                waiting.append(value.values())  # type: ignore[attr-defined]
            elif kind is list:
                waiting.append(value)  # type: ignore[arg-type]
            elif kind is int or kind is float:
                found.append(str(value))
    return found
