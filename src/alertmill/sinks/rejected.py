"""`logs/rejected/rejected.json`: records that the engine could not digest, kept so that nothing is lost silently.

One JSON object per line: when it arrived, where it came from, why it was refused, and the record itself. Ours; Wazuh
writes a line to its log and forgets the record. The files are never compressed, and go with all day files when they are
too old (`<keep_day_files>`).
"""

from __future__ import annotations

import orjson

from alertmill.event import Outcome, Record, from_byte_text
from alertmill.sinks.rotation import REJECTED_JSON


class Rejected:
    """The dead letters of the engine."""

    name = REJECTED_JSON

    def render(self, record: Record, outcome: Outcome, alert_id: str) -> bytes:
        if not outcome.rejected:
            return b""
        entry = {
            "time": record.time,
            "location": _printable(record.location),
            "place": _printable(record.place),
            "reason": outcome.rejected,
            "queue": record.queue,
            "message": _printable(record.message),
        }
        return orjson.dumps(entry) + b"\n"


def _printable(text: str) -> str:
    """Byte text as text that JSON can hold; bytes that are not UTF-8 become U+FFFD."""
    return from_byte_text(text).encode("utf-8", "replace").decode("utf-8", "replace")
