"""Hand-made events and a slow, obvious JSON builder that the fast one must equal."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import orjson

from alertmill.alerts import AlertFacts
from alertmill.event import STATIC_FIELDS, DecoderInfo, Event, Match, Record, RuleInfo

#: 2026-11-21 17:20:47.092 UTC.
TIME = 1795281647.092
FACTS = AlertFacts("mill", zone=UTC)
ID = "1795281647.0"


def make_event(
    message: str = "hello",
    location: str = "/var/log/app",
    *,
    agent_id: str = "000",
    hostname: str = "host",
    static: dict[str, str] | None = None,
    fields: list[tuple[str, str]] | None = None,
    decoder: DecoderInfo | None = None,
    timestamp: str | None = None,
    program_name: str | None = None,
    event_time: float | None = None,
) -> Event:
    record = Record(message, location, TIME, event_time=event_time)
    event = Event(record, location=location, hostname=hostname, agent_id=agent_id)
    event.static.update(static or {})
    for name, value in fields or []:
        event.fields.add(name, value)
    event.decoder = decoder
    event.timestamp = timestamp
    event.program_name = program_name
    return event


def make_match(**changes: Any) -> Match:
    """A match of a rule; keyword arguments go to the rule, `firedtimes` and `previous_*` to the match."""
    of_match = {name: changes.pop(name) for name in list(changes) if name in ("firedtimes", "previous_output")}
    of_match |= {"previous_log": changes.pop("previous_log", None)}
    rule = RuleInfo(**{"id": 100100, "level": 5, "description": "something", "group_text": "local,"} | changes)
    return Match(rule, **{"firedtimes": 1} | of_match)


def obvious_data(event: Event) -> dict[str, Any]:
    """The `data` member, built as the specification tells it."""
    data: dict[str, Any] = {name: event.static[name] for name in STATIC_FIELDS if name in event.static}
    for name, value in event.fields.items():
        if value:
            _insert(data, name.split("."), value)
    return data


def _insert(target: dict[str, Any], parts: list[str], value: str) -> None:
    taken = {known.lower(): known for known in target}
    first = taken.get(parts[0].lower())
    if len(parts) == 1:
        if first is None:
            target[parts[0]] = _parsed(value)
        return
    if first is None:
        target[parts[0]] = {}
        first = parts[0]
    if isinstance(target[first], dict):
        _insert(target[first], parts[1:], value)


def _parsed(value: str) -> Any:
    if value.startswith("["):
        try:
            return json.loads(value, strict=False)
        except ValueError:
            pass
    return value


def obvious_line(event: Event, match: Match | None, *, improved: bool = False) -> bytes:
    """A line of alerts.json for FACTS, for rules without references and compliance groups."""
    alert: dict[str, Any] = {"timestamp": _stamp(event.record.time)}
    if improved and event.record.event_time is not None:
        alert["event_time"] = _stamp(event.record.event_time)
    if match is not None:
        rule = match.rule
        alert["rule"] = {"level": rule.level, "description": rule.description, "id": str(rule.id)}
        alert["rule"] |= {"firedtimes": match.firedtimes, "mail": rule.mail}
        alert["rule"]["groups"] = [group for group in rule.group_text.split(",") if group]
    alert |= {"agent": {"id": "000", "name": "mill"}, "manager": {"name": "mill"}, "id": ID}
    if match is not None and len(match.previous_output) > 1 and match.previous_output[1]:
        alert["previous_output"] = "\n".join(match.previous_output)
    alert["full_log"] = event.full_log
    predecoder = {"program_name": event.program_name, "timestamp": event.timestamp}
    if any(value is not None for value in predecoder.values()):
        alert["predecoder"] = {name: value for name, value in predecoder.items() if value is not None}
    alert["decoder"] = {} if event.decoder is None else {"name": event.decoder.name}
    data = obvious_data(event)
    if data:
        alert["data"] = data
    alert["location"] = event.location
    return orjson.dumps(alert).decode().encode("latin-1") + b"\n"


def _stamp(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{round(time % 1 * 1000):03d}+0000"
