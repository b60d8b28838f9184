"""WAF: web access control logs, one JSON object per line (aws-wodle.md 10.9).

Request headers become an object; those that are not headers of common use are left out, as they may carry secrets. A
record whose headers have another shape stays as it is. An event's time is its `timestamp`, in milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from alertmill.sources.aws.buckets.base import PathLayout
from alertmill.sources.aws.formats import BadLine, SpecialRecord, epoch
from alertmill.sources.aws.jsonlines import values_of_lines

#: The headers that messages have, in small letters.
_IN_MESSAGES = """
    a-im accept accept-charset accept-encoding accept-language access-control-request-headers
    access-control-request-method authorization cache-control connection content-encoding content-length content-type
    cookie date expect forwarded from host http2-settings if-match if-modified-since if-none-match if-range
    if-unmodified-since max-forwards origin pragma prefer proxy-authorization range referer te trailer
    transfer-encoding upgrade user-agent via warning x-forwarded-for x-forwarded-host x-forwarded-proto x-requested-with
"""
_HEADERS = frozenset(_IN_MESSAGES.split())
_KEY = re.compile(r"(?:^|/)(?:\d{12}/WAFLogs/|aws-waf-logs-[^/]+$)", re.ASCII)
_RECORD = re.compile(r'\s*\{\s*"timestamp"\s*:[^{}]{1,200}"webaclId"\s*:')
#: The first second that no calendar has.
_END_OF_TIME = 253_402_300_800


class Waf(PathLayout):
    type = "waf"

    def records(self, pieces: Iterable[bytes], key: str) -> Iterator[dict[str, Any] | BadLine]:
        for row in values_of_lines(pieces):
            if isinstance(row, BadLine):
                yield row
            elif type(row.value) is dict:
                record = row.value
                _name_headers(record)
                record["source"] = "waf"
                yield SpecialRecord(record, odd=True) if row.odd else record
            else:
                yield BadLine(row.line, "it is not a JSON object")

    def event_time(self, record: dict[str, Any]) -> float | None:
        moment = record.get("timestamp")
        if isinstance(moment, str):
            return epoch(moment)
        if isinstance(moment, int | float) and moment is not True and 0 <= moment < _END_OF_TIME * 1000:
            return moment / 1000
        return None

    def lies_at(self, key: str) -> bool:
        return _KEY.search(key) is not None

    def begins_like(self, head: str) -> bool:
        return _RECORD.match(head) is not None


def _name_headers(record: dict[str, Any]) -> None:
    """Make the list of headers an object, if it is one."""
    request = record.get("httpRequest")
    if type(request) is not dict or type(headers := request.get("headers")) is not list:
        return
    named = {}
    for header in headers:
        name = header.get("name") if type(header) is dict else None
        if type(name) is not str:
            return
        if name.lower() in _HEADERS:
            if "value" not in header:
                return
            named[name] = header["value"]
    request["headers"] = named
