"""Subscriber `security_lake`: Parquet files of OCSF records, each row a bare message (aws-wodle.md 12.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from alertmill.sources.aws.envelope import Envelope
from alertmill.sources.aws.faults import UnpackError
from alertmill.sources.aws.formats import BadLine, Format


class SecurityLake(Format):
    type = "security_lake"

    def records(self, pieces: Iterable[bytes], key: str) -> Iterator[dict[str, Any] | BadLine]:
        for piece in pieces:
            if piece:
                raise UnpackError("it is not a Parquet file, which all objects of Security Lake are")
        return iter(())

    def rows(self, rows: Iterable[dict[str, Any]], key: str) -> Iterator[dict[str, Any]]:
        yield from rows

    def wrap(self, envelope: Envelope, record: dict[str, Any]) -> dict[str, Any]:
        return record

    def event_time(self, record: dict[str, Any]) -> float | None:
        """OCSF's `time`, which counts milliseconds."""
        time = record.get("time")
        return time / 1000 if type(time) is int else None
