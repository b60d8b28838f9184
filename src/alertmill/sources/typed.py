"""Lines that people type or pipe into a command: a log line, or an envelope that says where it came from.

Only what the two have in common; what else people paste is the business of `pasted`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from alertmill.event import Record, to_byte_text

#: The first second that the calendar of alerts does not have.
_END_OF_TIME = 253402300800


def record_of(line: bytes, location: str, now: float, queue: str = "1") -> Record:
    """The record that a line stands for.

    A line is an envelope when it is a JSON object with the text `message` and no members but `location`, `queue` and
    `time` beside it; anything else, other JSON objects too, is a log line itself. `location` (byte text), `queue` and
    `now` serve where no envelope says anything else.
    """
    envelope = _envelope(line) if line.startswith(b"{") and b'"message"' in line else {}
    if "message" not in envelope:
        return Record(line.decode("latin-1"), location, now, queue=queue)
    return Record(
        byte_text(envelope["message"]),
        byte_text(envelope["location"]) if "location" in envelope else location,
        float(envelope.get("time", now)),
        queue=byte_text(envelope.get("queue", queue)) or "1",
    )


def _envelope(line: bytes) -> dict[str, Any]:
    """The members of an envelope, none for a line that is not one."""
    try:
        envelope = json.loads(line.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError):
        return {}
    return envelope if all(_fits(name, value) for name, value in envelope.items()) else {}


def _fits(name: str, value: Any) -> bool:
    if name == "time":
        return type(value) in (int, float) and 0 <= value < _END_OF_TIME
    return name in ("message", "location", "queue") and isinstance(value, str)


def byte_text(text: str) -> str:
    """Byte text, also of halves of surrogate pairs that JSON escapes may leave."""
    try:
        return to_byte_text(text)
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass").decode("latin-1")


def lines_of(stream: BinaryIO) -> Iterator[bytes]:
    """The lines of a stream that are not empty, without their ends."""
    for line in stream:
        line = line.removesuffix(b"\n").removesuffix(b"\r")
        if line:
            yield line
