"""AWS Config: histories and snapshots, one document per object, `{"configurationItems": [...]}` (aws-wodle.md 10.4).

Members of `configuration` whose shape depends on the resource become objects always. An event's time is the item's
`configurationItemCaptureTime`. What stands in front of the items, such as the snapshot's id, is kept beside each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from alertmill.sources.aws import jsontext
from alertmill.sources.aws.buckets.base import AccountLayout
from alertmill.sources.aws.documents import begun, records_of
from alertmill.sources.aws.faults import ParseError
from alertmill.sources.aws.formats import BadLine, SpecialRecord, epoch

_KEY = re.compile(r"(?:^|/)\d{12}/Config/[a-z0-9-]+/", re.ASCII)
_DOCUMENT = re.compile(r'\s*\{(?P<outer>[^{}\[\]]{0,1000})"configurationItems"\s*:\s*\[')
#: Bytes of a document in which the items begin, unless more stands in front of them than AWS writes.
_HEAD = 2048
#: What each list of a configuration is sorted into; texts in it belong to the member behind the arrow.
_GROUPS = ("groupId", "groupName"), "groupId"
_ZONES = ("subnetId", "zoneName"), "zoneName"


class Config(AccountLayout):
    type = "config"
    service = "Config"
    document = True
    names_account = True

    def records(self, pieces: Iterable[bytes], key: str) -> Iterator[dict[str, Any] | BadLine]:
        held, rest = begun(pieces, _HEAD)
        outer = _outer(b"".join(held)[:_HEAD])
        for record, odd in records_of(chain(held, rest or ()), "configurationItems"):
            record["source"] = "config"
            yield SpecialRecord(record, odd=odd, outer=outer)

    def reshape(self, aws: dict[str, Any]) -> None:
        configuration = aws.get("configuration")
        if type(configuration) is dict:
            _reshape(configuration)
        elif configuration not in (None, "", []):
            aws["configuration"] = {"value": configuration}

    def event_time(self, record: dict[str, Any]) -> float | None:
        text = record.get("configurationItemCaptureTime")
        return epoch(text) if type(text) is str else None

    def lies_at(self, key: str) -> bool:
        return _KEY.search(key) is not None

    def begins_like(self, head: str) -> bool:
        return _DOCUMENT.match(head) is not None


def _outer(head: bytes) -> dict[str, Any] | None:
    """The members in front of the items."""
    found = _DOCUMENT.match(head.decode("utf-8", "replace"))
    if found is None:
        return None
    with suppress(ParseError):
        members, _ = jsontext.parse(("{" + found["outer"].rstrip().removesuffix(",") + "}").encode())
        return members or None
    return None


def _reshape(configuration: dict[str, Any]) -> None:
    """What is of another type than expected stays as it is (D22a)."""
    for value in configuration.values():
        if type(value) is dict and type(value.get("Content")) is dict:
            value["Content"] = list(value["Content"])
    for name, (members, of_text) in (("securityGroups", _GROUPS), ("availabilityZones", _ZONES)):
        if name in configuration:
            configuration[name] = _sorted_out(configuration[name], members, of_text)
    for name in ("state", "iamInstanceProfile"):
        if type(configuration.get(name)) is str:
            configuration[name] = {"name": configuration[name]}
    if "createdTime" in configuration:
        configuration["createdTime"] = _seconds(configuration["createdTime"])


def _sorted_out(value: Any, members: tuple[str, ...], of_text: str) -> Any:
    """An object with a list for each member that has values in `value`."""
    if type(value) is dict:
        return {name: [member] for name, member in value.items()}
    if type(value) is str:
        return {of_text: [value]}
    if type(value) is not list or (value and not any(type(element) in (dict, str) for element in value)):
        return value
    found: dict[str, list[Any]] = {name: [] for name in members}
    for element in value:
        if type(element) is str:
            found[of_text].append(element)
        elif type(element) is dict:
            for name in members:
                if element.get(name) is not None:
                    found[name].append(element[name])
    return {name: values for name, values in found.items() if values}


def _seconds(value: Any) -> Any:
    """Epoch seconds of a time as numbers or text, without its fraction; anything else as it is."""
    try:
        if type(value) is str:
            moment = datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%fZ")
            return moment.replace(microsecond=0, tzinfo=UTC).timestamp()
        return float(value) if type(value) in (int, float) else value
    except (ValueError, OverflowError):
        return value
