"""From a queue message or a record to an `Event` with location, agent, header and log: before any decoder is asked.

Source: spec/predecoding.md. Nothing is interpreted here beyond the header's shape; times stay text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NamedTuple

from alertmill.decoders.header import read_header
from alertmill.event import Event, Record

#: Bytes of a datagram that are used; the rest of a longer one is cut off.
MAX_DATAGRAM = 65535
#: Shortest datagram that can be a message, in bytes.
MIN_DATAGRAM = 4
#: Bytes of an unescaped location that are used.
MAX_LOCATION = 8450

_LOCATION = re.compile(r"(?:[^|:]|\|.)*+:", re.DOTALL)
_ESCAPED = re.compile(r"\|(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Rejected:
    """Something that never becomes an event. `reason` is a sentence for the operator."""

    reason: str


class QueueMessage(NamedTuple):
    """A datagram of the queue socket, taken apart. All parts are byte text; `location` is unescaped."""

    queue: str
    location: str
    message: str


def split_queue_message(datagram: bytes) -> QueueMessage | Rejected:
    """`<id>:<location>:<message>` in its three parts (predecoding.md 1 and 1.1)."""
    text = datagram[:MAX_DATAGRAM].partition(b"\0")[0].decode("latin-1")
    if len(text) < MIN_DATAGRAM:
        return Rejected(
            f"(1222): Invalid msg: a queue message has at least {MIN_DATAGRAM} bytes, this one {len(text)}."
        )
    found = _LOCATION.match(text, 2)
    if found is None:
        return Rejected("(1106): the queue message has no ':' behind its location.")
    location = text[2 : found.end() - 1]
    if "|" in location:
        location = _ESCAPED.sub(r"\1", location)
    return QueueMessage(text[0], location[:MAX_LOCATION], text[found.end() :])


def predecode(record: Record, hostname: str) -> Event | Rejected:
    """The event of a record, before decoding.

    Args:
        record: what a source delivered; its location is unescaped.
        hostname: the server's short host name (byte text), for local events whose header names no host.
    """
    event = Event(record, location=record.location, hostname=hostname)
    local = not record.location.startswith("[")
    if not local:
        reason = _take_agent(event, record.location)
        if reason:
            return Rejected(reason)
    if record.document is not None and _begins_plainly(record.document):
        return event
    message = record.message
    if "\0" in message:
        message = event.full_log = message.partition("\0")[0]
    header = read_header(message)
    if header is not None:
        event.timestamp, header_hostname, event.program_name, event.log = header
        if local and header_hostname is not None:
            event.hostname = header_hostname
    return event


def _take_agent(event: Event, location: str) -> str:
    """Agent id, host name and location out of `[001] (name) ip->path`. Returns why not, or an empty string."""
    end = location.find("]")
    if end < 0:
        return "the location begins with '[' but no ']' ends the agent's id."
    event.agent_id = location[1:end]
    event.location = place = location[end + 2 :]
    close = place.find(")") if place.startswith("(") else -1
    event.hostname = place[1:close] if close > 0 else ""
    return ""


def _begins_plainly(document: dict[str, Any]) -> bool:
    """True when the document's text, `{"` and the first key, cannot look like any header.

    The text itself is not needed for that: every known header has a blank, a dash, a slash or a digit where such a
    text has something else.
    """
    key = next(iter(document), "")
    return len(key) > 2 and key.isascii() and key[:3].isalnum()
