"""CloudTrail: one JSON document per object, `{"Records": [...]}` (aws-wodle.md 10.1).

Digest and Insight files lie in folders of their own and are not read. An event's time is its `eventTime`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from alertmill.sources.aws.buckets.base import AccountLayout
from alertmill.sources.aws.documents import records_of
from alertmill.sources.aws.formats import BadLine, SpecialRecord, epoch
from alertmill.sources.aws.sheets import Memberwise

_RECORDS = re.compile(r'\s*\{\s*"Records"\s*:\s*\[\s*\{[^{]{0,4096}"(?:eventVersion|userIdentity|eventTime)"')
_FREE_FORM = ("additionalEventData", "responseElements", "requestParameters")
_RESHAPED = frozenset(("tags", *(name.lower() for name in _FREE_FORM)))
_REMADE = frozenset(("requestparameters.disableapitermination",))


class CloudTrail(AccountLayout):
    type = "cloudtrail"
    service = "CloudTrail"
    document = True
    memberwise: Memberwise | None = Memberwise("Records", "cloudtrail", _RESHAPED, ("eventTime", "eventID"), _REMADE)
    names_account = True

    def records(self, pieces: Iterable[bytes], key: str) -> Iterator[dict[str, Any] | BadLine]:
        for record, odd in records_of(pieces, "Records"):
            record["source"] = "cloudtrail"
            yield SpecialRecord(record, odd=True) if odd else record

    def reshape(self, aws: dict[str, Any]) -> None:
        """Members that are an object in one event and text in the next become objects always."""
        for key in _FREE_FORM:
            if key in aws and type(aws[key]) is not dict:
                with suppress(RecursionError):  # nested too deeply to print: left as it is
                    aws[key] = {"string": str(aws[key])}  # Python's text, which rules were written against
        parameters = aws.get("requestParameters")
        if type(parameters) is dict and type(parameters.get("disableApiTermination")) is bool:
            parameters["disableApiTermination"] = {"value": parameters["disableApiTermination"]}

    def event_time(self, record: dict[str, Any]) -> float | None:
        text = record.get("eventTime")
        return epoch(text) if type(text) is str else None

    def event_id(self, record: dict[str, Any]) -> str | None:
        found = record.get("eventID")
        return found if type(found) is str and found else None

    def begins_like(self, head: str) -> bool:
        return _RECORDS.match(head) is not None
