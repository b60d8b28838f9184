"""Subscriber `security_lake`: rows of Parquet files as bare messages."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from alertmill.sources.aws.faults import UnpackError
from unit.sources.aws.subscribers.formats import records_of

pyarrow = pytest.importorskip("pyarrow")
writer = pytest.importorskip("pyarrow.parquet")


def parquet(*rows: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    writer.write_table(pyarrow.Table.from_pylist(list(rows)), file)
    return file.getvalue()


ROW = {"metadata": {"product": {"name": "CloudTrail"}}, "time": 1768471200123, "error": None, "list": [None, "a"]}


def test_a_row_is_the_message() -> None:
    (record,) = records_of("security_lake", parquet(ROW), "a.gz.parquet")
    assert json.loads(record.message) == ROW
    assert record.location == "Wazuh-AWS"


def test_the_order_of_members_stays() -> None:
    (record,) = records_of("security_lake", parquet({"b": 1, "a": 2}))
    assert record.message == '{"b": 1, "a": 2}'


def test_the_time_of_an_event() -> None:
    (record,) = records_of("security_lake", parquet(ROW), event_format="improved")
    assert record.event_time == 1768471200.123
    (record,) = records_of("security_lake", parquet({"time": "soon"}), event_format="improved")
    assert record.event_time is None


@pytest.mark.parametrize("data", [b'{"time": 1}', b"text\n"])
def test_anything_else_fails(data: bytes) -> None:
    with pytest.raises(UnpackError, match="not a Parquet file"):
        records_of("security_lake", data)


def test_an_empty_object_holds_nothing() -> None:
    assert records_of("security_lake", b"") == []


def test_a_parquet_file_among_the_objects_of_buckets() -> None:
    (record,) = records_of("buckets", parquet({"a": 1, "no": None}))
    assert json.loads(record.message)["aws"] == {
        "log_info": {"log_file": "a", "s3bucket": "my-files"},
        "a": 1,
        "source": "custom",
    }


def test_a_parquet_file_among_the_objects_of_security_hub() -> None:
    with pytest.raises(UnpackError, match="never are"):
        records_of("security_hub", parquet({"a": 1}))
