"""The worked example of docs/adding-a-bucket-type.md, run as it stands there."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path
from typing import Any

from alertmill.config.models import AwsS3, Bucket
from alertmill.sources.aws.buckets import BUCKET_TYPES
from alertmill.sources.aws.poller import BucketPoller
from unit.sources.aws.doubles import NOON, MemoryProgress, MemoryStore

PAGE = (Path(__file__).resolve().parents[4] / "docs" / "adding-a-bucket-type.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    """The first block of the page in a language."""
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found.group(1)


def test_the_example_runs_and_gives_the_message_it_shows() -> None:
    module: dict[str, Any] = {"__name__": "example"}
    exec(block("python"), module)
    kind = module["FileGateway"]()
    assert kind.type not in BUCKET_TYPES, "the page's example became a type: it must show one that is to be added"
    expected = json.loads(block("json"))
    store = MemoryStore({expected["aws"]["log_info"]["log_file"]: block("text").encode()})
    config = AwsS3.model_construct(buckets=(Bucket.model_construct(type=kind.type, name="my-logs"),))
    poller = BucketPoller(
        config, "improved", lambda: NOON, lambda *_: None, stores=lambda _: store, bucket_types={kind.type: kind}
    )
    records = [
        record for batch in poller.batches(MemoryProgress(), threading.Event(), once=True) for record in batch.records
    ]
    assert [json.loads(record.message) for record in records] == [expected]
    assert [list(record.document["aws"]) for record in records if record.document] == [list(expected["aws"])]
    assert records[0].event_time == 1768471200.945958
