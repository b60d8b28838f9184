"""An object of a subscriber, read to its messages."""

from __future__ import annotations

import json
import threading
from typing import Any

from alertmill.config.models import DiscardRegex
from alertmill.event import Record
from alertmill.sources.aws.objects import ObjectReader, Target, discards
from alertmill.sources.aws.store import Body
from alertmill.sources.aws.subscribers import SUBSCRIBER_TYPES
from unit.sources.aws.doubles import NOON


def records_of(
    kind: str, data: bytes, key: str = "a", discard: DiscardRegex | None = None, **options: Any
) -> list[Record]:
    """The records of an object with this content."""
    drops = discards(discard, "the test", "full_log" if kind == "buckets" else "")
    reader = ObjectReader(
        SUBSCRIBER_TYPES[kind], options.get("event_format", "compatible"), lambda: NOON, alias=None, drops=drops
    )
    target = Target("scope", "", "my-files", key, "tag", "2026-01-15")
    batches = reader.batches(target, Body(data), 0, threading.Event())
    return [record for batch in batches for record in batch.records]


def messages_of(kind: str, data: bytes, key: str = "a", **options: Any) -> list[dict[str, Any]]:
    """What is in `aws` of each message, without `log_info`; error events as their text."""
    found = []
    for record in records_of(kind, data, key, **options):
        document = json.loads(record.message)
        info = document["aws"].pop("log_info")
        assert (info["log_file"], info["s3bucket"]) == (key, "my-files")
        assert "aws_account_alias" not in info
        found.append({"error": document["error_msg"]} if "error_msg" in document else document["aws"])
    return found
