"""What an event of CloudWatch Logs becomes: the message as it is, with its origin in the improved format; pure
(aws-wodle.md 11.3).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable

import orjson

from alertmill.config.models import DiscardRegex
from alertmill.event import Record
from alertmill.sources.aws.envelope import LOCATION, Discard
from alertmill.sources.aws.services.cloudwatchlogs import LogEvent

#: What the improved format says of an event's origin, in `aws.source`.
SOURCE = "cloudwatchlogs"

_BLANKS = " \t\r\n"


class TextDiscard:
    """`<discard_regex>` for messages that need not be JSON (aws-wodle.md 11.3, step 4).

    Raises re.error when the pattern does not compile.
    """

    def __init__(self, wanted: DiscardRegex) -> None:
        self._match = re.compile(wanted.pattern).match
        self._in_record = Discard(wanted.field, wanted.pattern) if wanted.field else None

    def drops(self, message: str) -> bool:
        if self._in_record is None:
            return self._match(message) is not None
        try:
            value = json.loads(message)
        except (ValueError, RecursionError):
            return self._match(message) is not None
        return isinstance(value, dict) and self._in_record.drops(value)


class Messages:
    """Makes records of the events of one group. `alias` is the definition's `aws_account_alias`."""

    def __init__(
        self,
        region: str,
        group: str,
        *,
        improved: bool,
        alias: str = "",
        drops: Callable[[str], bool] | None = None,
    ) -> None:
        self._region = region
        self._group = group
        self._improved = improved
        self._alias = alias
        self._drops = drops

    def records(self, stream: str, events: Iterable[LogEvent], now: float) -> list[Record]:
        """The records of the events that are not discarded; `now` is their time of arrival."""
        drops, origin = self._drops, self._origin(stream)
        kept = (event for event in events if drops is None or not drops(event.message))
        return [self._record(stream, event, now, origin) for event in kept]

    def _record(self, stream: str, event: LogEvent, now: float, origin: str) -> Record:
        place = f"logs://{self._region}{'' if self._group.startswith('/') else '/'}{self._group}:{stream}@{event.time}"
        if not self._improved:
            return Record(_byte_text(event.message), LOCATION, now, place=place)
        text = _byte_text(with_origin(event.message, origin))
        return Record(text, LOCATION, now, event_time=event.time / 1000, place=place)

    def _origin(self, stream: str) -> str:
        alias = {"aws_account_alias": self._alias} if self._alias else {}
        info = {**alias, "aws_region": self._region, "log_group": self._group, "log_stream": stream}
        return json.dumps({"log_info": info, "source": SOURCE}, ensure_ascii=False, separators=(",", ":"))


def with_origin(message: str, origin: str) -> str:
    """The message, if it is a JSON object without an `aws` of its own, with `origin` (JSON) as its last member `aws`.

    Whatever else is a message stays as it is, and so does every letter of the object.
    """
    body = message.rstrip(_BLANKS)
    if not (body.endswith("}") and body.lstrip(_BLANKS).startswith("{")):
        return message
    try:
        value = orjson.loads(body)
    except ValueError:
        return message
    if any(name.partition(".")[0].lower() == "aws" for name in value):
        return message
    comma = "," if value else ""
    return f'{body[:-1]}{comma}"aws":{origin}}}{message[len(body) :]}'


def _byte_text(message: str) -> str:
    return message if message.isascii() else message.encode("utf-8", "surrogatepass").decode("latin-1")
