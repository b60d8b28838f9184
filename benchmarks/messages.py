"""Messages of the queue in files: one JSON string per line, the text of one datagram (`1:location:message`).

Bytes that are no UTF-8 stand as lone surrogates (`surrogateescape`), so that every datagram comes back to the byte.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from alertmill.config.models import EventFormat
from alertmill.event import from_byte_text
from alertmill.samples import SampleObject
from alertmill.sources.aws.buckets import BUCKET_TYPES
from alertmill.sources.aws.objects import ObjectReader, Target
from alertmill.sources.aws.store import Body
from alertmill.sources.base import Batch
from benchmarks.inputs.trail import ACCOUNT, BUCKET

_CLOCK = 1_768_500_000.0


class _Never:
    """Nobody wants the reader to stop."""

    def is_set(self) -> bool:
        return False

    def wait(self, timeout: float | None = None) -> bool:
        return False


def batches(objects: Iterable[SampleObject], bucket_type: str, event_format: EventFormat) -> Iterator[Batch]:
    """What the S3 poller makes of these objects: batches of records."""
    reader = ObjectReader(BUCKET_TYPES[bucket_type], event_format, lambda: _CLOCK)
    for sample in objects:
        target = Target("scope", ACCOUNT, BUCKET, sample.key, "etag", "2026-01-15")
        yield from reader.batches(target, Body(sample.body), 0, _Never())


def queue_messages(objects: Sequence[SampleObject], bucket_type: str, event_format: EventFormat) -> Iterator[str]:
    """The messages that Wazuh's S3 module would send for these objects."""
    for batch in batches(objects, bucket_type, event_format):
        for record in batch.records:
            yield from_byte_text(f"1:{record.location}:{record.message}")


def write_messages(messages: Iterable[str], path: Path) -> int:
    """Write messages, one JSON string per line; returns their number."""
    number = 0
    with path.open("w") as file:
        for message in messages:
            file.write(json.dumps(message) + "\n")
            number += 1
    return number
