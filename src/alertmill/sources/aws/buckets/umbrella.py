"""Cisco Umbrella: CSV whose columns depend on the folder that an object lies in (aws-wodle.md 10.11).

Newer versions of a log have further columns; they are kept as `extra_columns`. The header line that Cisco writes on
demand is no event.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from alertmill.sources.aws.buckets.base import PathLayout
from alertmill.sources.aws.csvtext import csv_rows
from alertmill.sources.aws.envelope import Envelope
from alertmill.sources.aws.faults import ShapeError
from alertmill.sources.aws.formats import BadLine, epoch, named

#: The names of the columns by a word of the key. The first word that a key contains counts.
_COLUMNS = {
    "dnslogs": (
        "timestamp",
        "most_granular_identity",
        "identities",
        "internal_ip",
        "external_ip",
        "action",
        "query_type",
        "response_code",
        "domain",
        "categories",
        "most_granular_identity_type",
        "identity_types",
        "blocked_categories",
    ),
    "proxylogs": (
        "timestamp",
        "identities",
        "internal_ip",
        "external_ip",
        "destination_ip",
        "content_type",
        "verdict",
        "url",
        "referer",
        "user_agent",
        "status_code",
        "requested_size",
        "response_size",
        "response_body_size",
        "sha",
        "categories",
        "av_detections",
        "puas",
        "amp_disposition",
        "amp_malware_name",
        "amp_score",
        "identity_type",
        "blocked_categories",
    ),
    "iplogs": (
        "timestamp",
        "identity",
        "source_ip",
        "source_port",
        "destination_ip",
        "destination_port",
        "categories",
    ),
}
_FOLDER = re.compile(rf"(?:^|/)(?:{'|'.join(_COLUMNS)})/\d{{4}}-\d\d-\d\d/", re.ASCII)


class Umbrella(PathLayout):
    type = "cisco_umbrella"

    def records(self, pieces: Iterable[bytes], key: str) -> Iterator[dict[str, Any] | BadLine]:
        names = _names(key)
        for row in csv_rows(pieces):
            if isinstance(row, BadLine):
                yield row
            elif row[0].lower() != "timestamp":  # else a header
                yield {**named(names, row), "source": "cisco_umbrella"}

    def wrap(self, envelope: Envelope, record: dict[str, Any]) -> dict[str, Any]:
        return envelope.wrap_columns(record)

    def event_time(self, record: dict[str, Any]) -> float | None:
        return epoch(f"{record['timestamp']}Z")  # UTC, and does not say so

    def lies_at(self, key: str) -> bool:
        return _FOLDER.search(key) is not None

    def begins_like(self, head: str) -> bool:
        return False  # without the folder's name nobody knows what the columns are


def _names(key: str) -> tuple[str, ...]:
    for word, names in _COLUMNS.items():
        if word in key:
            return names
    raise ShapeError("only 'dnslogs', 'proxylogs' or 'iplogs' are allowed for Cisco Umbrella; its key has none of them")
