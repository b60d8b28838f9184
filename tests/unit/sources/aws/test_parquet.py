"""Parquet files -> rows: the values, what is refused, and that memory stays bounded."""

from __future__ import annotations

import builtins
import io
import json
import math
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from alertmill.sources.aws import parquet, parquet_layout
from alertmill.sources.aws.arrow_values import values, weight
from alertmill.sources.aws.buckets import BUCKET_TYPES
from alertmill.sources.aws.faults import UnpackError
from alertmill.sources.aws.formats import SpecialRecord
from alertmill.sources.aws.objects import BATCH_BYTES, ObjectReader, Target
from alertmill.sources.aws.parquet import MAX_ROW, is_parquet, rows
from alertmill.sources.aws.store import Body
from alertmill.sources.base import Batch
from support import need_shared
from unit.sources.aws.parquet_files import parquet_file, repeated

MOMENT = datetime(2026, 1, 15, 10, 0, 0)


def read(data: bytes) -> list[dict[str, Any]]:
    return list(rows(Body(data)))


def column(found: list[Any], kind: Any) -> list[Any]:
    """The values of a column of a type that went through a file."""
    return [row["x"] for row in read(parquet_file({"x": pa.array(found, kind)}))]


def test_only_the_first_bytes_tell_what_is_a_parquet_file() -> None:
    assert is_parquet(Body(b"PAR1 and more"))
    assert not is_parquet(Body(b"PAR"))


def test_nested_text_over_row_groups() -> None:
    values = [{"name": f"n{n % 7}", "tags": ["a", str(n)]} for n in range(2500)]
    data = parquet_file({"actor": values}, row_group_size=900)
    assert [row["actor"] for row in read(data)] == values


def test_rows_in_order_over_row_groups_and_batches() -> None:
    data = parquet_file({"n": list(range(5000)), "s": [str(n) for n in range(5000)]}, row_group_size=1700)
    assert read(data) == [{"n": n, "s": str(n)} for n in range(5000)]


@pytest.mark.parametrize("rows_of_it", [[], [None]])
def test_small_files(rows_of_it: list[None]) -> None:
    assert read(parquet_file({"x": pa.array(rows_of_it, pa.string())})) == [{"x": None} for _ in rows_of_it]


STRUCT = pa.struct([("a", pa.int64()), ("b", pa.string())])
MAP = pa.map_(pa.string(), pa.int64())


@pytest.mark.parametrize(
    ("kind", "found", "expected"),
    [
        (pa.int64(), [2**63 - 1, None], [2**63 - 1, None]),
        (pa.uint64(), [2**64 - 1], [2**64 - 1]),
        (pa.int8(), [-128], [-128]),
        (pa.bool_(), [True, False, None], [True, False, None]),
        (pa.float64(), [0.1, -0.0, None], [0.1, -0.0, None]),
        (pa.float32(), [0.5], [0.5]),
        (pa.float16(), [1.5, None], [1.5, None]),
        (pa.null(), [None], [None]),
        (pa.string(), ["é\U0001f600", "", None], ["é\U0001f600", "", None]),
        (pa.large_string(), ["a"], ["a"]),
        (pa.dictionary(pa.int8(), pa.string()), ["a", "b", "a", None], ["a", "b", "a", None]),
        (pa.binary(), [b"text", "é".encode(), b"\xff\x00", None], ["text", "é", "ff00", None]),
        (pa.binary(4), [b"text", b"\xff\xfe\x00\x01"], ["text", "fffe0001"]),
        (pa.uuid(), [uuid.UUID(int=255).bytes], ["0" * 30 + "ff"]),
        (pa.json_(), ['{"a":1}'], ['{"a":1}']),
        (pa.decimal128(10, 2), [Decimal("1.50"), Decimal("-0.01"), None], ["1.50", "-0.01", None]),
        (pa.decimal256(60, 1), [Decimal(10**50)], [f"{10**50}.0"]),
        (pa.date32(), [date(2026, 1, 15), None], ["2026-01-15", None]),
        (pa.date64(), [date(1969, 12, 31)], ["1969-12-31"]),
        (pa.time32("s"), [time(10, 0, 1)], ["10:00:01"]),
        (pa.time32("ms"), [time(23, 59, 59, 5000)], ["23:59:59.005000"]),
        (pa.time64("us"), [time(0, 0, 0, 1)], ["00:00:00.000001"]),
        (pa.time64("ns"), [1, 1000], ["00:00:00.000000001", "00:00:00.000001"]),
        (pa.timestamp("s"), [MOMENT], ["2026-01-15 10:00:00"]),
        (
            pa.timestamp("ms"),
            [MOMENT, MOMENT.replace(microsecond=123000)],
            ["2026-01-15 10:00:00", "2026-01-15 10:00:00.123000"],
        ),
        (pa.timestamp("us"), [MOMENT.replace(microsecond=1), None], ["2026-01-15 10:00:00.000001", None]),
        (pa.timestamp("ns"), [1], ["1970-01-01 00:00:00.000000001"]),
        (pa.timestamp("ms"), [-1], ["1969-12-31 23:59:59.999000"]),
        (pa.timestamp("ms", "UTC"), [MOMENT.replace(tzinfo=UTC)], ["2026-01-15 10:00:00+00:00"]),
        (
            pa.timestamp("us", "Europe/Berlin"),
            [MOMENT.replace(microsecond=5, tzinfo=UTC)],
            ["2026-01-15 10:00:00.000005+00:00"],
        ),
        (pa.timestamp("us"), [2**62], [2**62]),
        (pa.date32(), [2**31 - 1], [2**31 - 1]),
        (pa.duration("s"), [90], [90]),
        (pa.list_(pa.int64()), [[1, None], [], None, [2]], [[1, None], [], None, [2]]),
        (pa.large_list(pa.string()), [["a", "b"], None], [["a", "b"], None]),
        (pa.list_(pa.int64(), 2), [[1, 2], None, [3, 4]], [[1, 2], None, [3, 4]]),
        (pa.list_(pa.list_(pa.date32())), [[[date(2026, 1, 15)], None, []]], [[["2026-01-15"], None, []]]),
        (
            STRUCT,
            [{"a": 1, "b": "x"}, None, {"a": None, "b": None}],
            [{"a": 1, "b": "x"}, None, {"a": None, "b": None}],
        ),
        (pa.list_(STRUCT), [[{"a": 1, "b": "x"}, None]], [[{"a": 1, "b": "x"}, None]]),
        (MAP, [[("k", 1), ("l", None)], [], None], [[["k", 1], ["l", None]], [], None]),
        (pa.list_(MAP), [[[("k", 1)], None, []]], [[[["k", 1]], None, []]]),
        (
            pa.struct([("m", MAP), ("t", pa.timestamp("s"))]),
            [{"m": [("k", 1)], "t": MOMENT}],
            [{"m": [["k", 1]], "t": "2026-01-15 10:00:00"}],
        ),
    ],
    ids=str,
)
def test_values(kind: Any, found: list[Any], expected: list[Any]) -> None:
    result = column(found, kind)
    assert result == expected
    assert json.loads(json.dumps(result)) == expected


NESTED = [
    pa.array([[1, None], None, [], [2]], pa.list_(pa.int64())),
    pa.array([[1, 2], None, [3, 4], [5, 6]], pa.list_(pa.int64(), 2)),
    pa.array([[("k", 1)], None, [], [("l", 2), ("m", None)]], MAP),
    pa.array([{"a": 1, "b": "x"}, None, {"a": None, "b": None}, {"a": 2, "b": "y"}], STRUCT),
    pa.array(["a", None, "a", "b"]).dictionary_encode(),
    pa.array([[("k", 1)], None, [], [("l", 2)]], MAP).cast(pa.map_(pa.dictionary(pa.int32(), pa.string()), pa.int64())),
]


@pytest.mark.parametrize("array", NESTED, ids=lambda array: str(array.type))
def test_parts_of_arrays(array: Any) -> None:
    whole = values(array)
    for begin in range(5):
        for end in range(begin, 5):
            assert values(array.slice(begin, end - begin)) == whole[begin:end]


@pytest.mark.parametrize("array", NESTED, ids=lambda array: str(array.type))
def test_weight_is_about_the_length_of_the_text(array: Any) -> None:
    assert 0.3 < weight(array) / len(json.dumps(values(array))) < 3


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_rows_with_numbers_that_json_has_no_word_for_are_told_apart(odd: float) -> None:
    found = read(parquet_file({"x": [1.0, odd, None], "y": [[{"z": 0.5}], [], [{"z": odd}]]}))
    assert [type(row) for row in found] == [dict, SpecialRecord, SpecialRecord]
    assert all(row.odd for row in found if isinstance(row, SpecialRecord))


def test_golden_rows_of_security_lake() -> None:
    folder = need_shared("golden", "aws", "security-lake")
    source = json.loads((folder / "source.json").read_text())
    found = [row for entry in source["objects"] for row in read((folder / entry["path"]).read_bytes())]
    lines = (folder / "messages.jsonl").read_text().splitlines()
    expected = [json.loads(json.loads(line)["datagram"].removeprefix("1:Wazuh-AWS:")) for line in lines]
    assert [json.dumps(row) for row in found] == [json.dumps(message) for message in expected]


# --- what is refused -------------------------------------------------------------------------------------------------

SMALL = {"s": ["a", "b"], "n": [1, 2]}


def refusal(data: bytes) -> str:
    """Why a file is refused, before its first row."""
    with pytest.raises(UnpackError) as refused:
        next(rows(Body(data)))
    return str(refused.value)


@pytest.mark.parametrize("codec", ["none", "gzip", "zstd"])
def test_a_damaged_file_is_refused_before_its_first_row(codec: str) -> None:
    numbers = list(range(20_000))
    data = parquet_file(
        {"n": numbers},
        compression=codec,
        use_dictionary=False,
        write_page_checksum=True,
        row_group_size=5000,
    )
    broken = bytearray(data)
    broken[len(data) * 3 // 4] ^= 0xFF  # in the last row group
    assert refusal(bytes(broken)).startswith("the Parquet file")


@pytest.mark.parametrize(
    "data",
    [
        b"PAR1",
        b"PAR1PAR1",
        b"PAR1\0\0\0\0PAR1",
        b"PAR1" + b"\x15" * 40 + (40).to_bytes(4, "little") + b"PAR1",
        parquet_file(SMALL)[:-1],
        parquet_file(SMALL)[:-8],
        parquet_file(SMALL)[:60],
        b"PAR1" + b"line\n" * 100,
    ],
)
def test_what_only_begins_like_a_parquet_file(data: bytes) -> None:
    assert "Parquet" in refusal(data)


def test_text_that_is_not_utf_8() -> None:
    texts = pa.Array.from_buffers(pa.string(), 2, pa.array([b"ok", b"\xff\xfe"]).buffers())
    assert "UTF8" in refusal(parquet_file({"s": texts}))


def test_a_row_group_that_is_too_large_without_compression(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_layout, "MAX_GROUP", 3 * 1024 * 1024)
    long = pa.array(["x" * 2_000_000])
    data = parquet_file({"a": long, "b": long}, compression="zstd", use_dictionary=False, write_statistics=False)
    assert len(data) < 10_000
    assert refusal(data) == "row group 0 of the Parquet file is larger than 3 MiB"


def test_a_row_that_is_too_large() -> None:
    assert refusal(parquet_file({"a": ["x" * (MAX_ROW + 1)]})) == "a row of the Parquet file is larger than 4 MiB"
    many = pa.ListArray.from_arrays(pa.array([0, 3_000_000], pa.int32()), pa.nulls(3_000_000, pa.int32()))
    assert "a row of the Parquet file" in refusal(parquet_file({"a": many}))


def test_a_list_that_is_too_long() -> None:
    count = 17 * 1024 * 1024
    many = pa.ListArray.from_arrays(pa.array([0, count], pa.int32()), pa.nulls(count, pa.int32()))
    data = parquet_file({"a": many})
    assert len(data) < 10_000
    assert refusal(data) == "row group 0 of the Parquet file has more than 16777216 list elements"


def test_too_many_columns() -> None:
    assert refusal(parquet_file({f"c{n}": [n] for n in range(2001)})) == "the Parquet file has more than 2000 columns"


def test_columns_of_the_same_name() -> None:
    table = pa.table([["a"], ["b"]], names=["s", "s"])
    assert refusal(parquet_file(table)) == "the Parquet file has two columns of the same name"


@pytest.mark.parametrize(
    ("kind", "found"), [(pa.binary(5000), b"x" * 5000), (pa.list_(pa.int8(), 5000), [1] * 5000)], ids=str
)
def test_values_of_a_fixed_length_that_is_too_long(kind: Any, found: Any) -> None:
    assert "5000" in refusal(parquet_file({"x": pa.array([found], kind)}))


def test_a_text_that_is_repeated_takes_its_place_once() -> None:
    """30 KB in the file, 900 MB as text; rows are handed out some at a time."""
    data = parquet_file({"s": repeated("x" * 300_000, 3000)}, store_schema=False)
    assert len(data) < 100_000
    before = pa.total_allocated_bytes()
    sizes: list[int] = []
    found = rows(Body(data), sizes.append)
    for _ in range(3000):
        assert len(next(found)["s"]) == 300_000
        assert pa.total_allocated_bytes() - before < 20_000_000
    assert sum(sizes) == pytest.approx(900_000_000, rel=0.01)


@pytest.mark.parametrize("moment", [1, 5, 8, 2000])
def test_reading_can_be_given_up_at_any_moment(moment: int) -> None:
    class GivenUpError(Exception):
        pass

    calls: list[int] = []

    def give_up(size: int) -> None:
        calls.append(size)
        if len(calls) == moment:
            raise GivenUpError

    data = parquet_file({"n": list(range(3000))}, row_group_size=1000)
    with pytest.raises(GivenUpError):
        list(rows(Body(data), give_up))


def test_a_disk_that_fails_is_not_the_file_s_fault() -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output error"):
        next(rows(Body(file=Failing(parquet_file(SMALL)))))


def test_a_body_in_a_file_is_read_and_stays_open(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    path.write_bytes(parquet_file(SMALL))
    with path.open("rb") as file:
        body = Body(file=file)
        for _ in range(2):
            assert list(rows(body)) == [{"s": "a", "n": 1}, {"s": "b", "n": 2}]
        assert not file.closed


def test_without_pyarrow_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *others: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, *others)

    monkeypatch.setattr(builtins, "__import__", without)
    assert "install alertmill[parquet]" in refusal(b"PAR1")
    assert parquet.is_parquet(Body(b"PAR1"))


# --- as objects of a bucket ------------------------------------------------------------------------------------------

FLOWS = Target("scope", "123456789012", "my-logs", "a/b.log.parquet", "tag", "2026-01-15")


def batches(data: bytes) -> Iterator[Batch]:
    reader = ObjectReader(BUCKET_TYPES["vpcflow"], "compatible", lambda: 0.0)
    return reader.batches(FLOWS, Body(data), 0, threading.Event())


def test_a_batch_ends_when_its_rows_are_many_bytes() -> None:
    found = list(batches(parquet_file({"version": [5] * 100, "srcaddr": repeated("x" * 300_000, 100)})))
    assert sum(len(batch.records) for batch in found) == 100
    assert max(len(batch.records) for batch in found) <= BATCH_BYTES // 300_000 + 1


def test_no_batch_goes_out_of_a_file_that_is_damaged_near_its_end() -> None:
    data = bytearray(parquet_file({"version": list(range(5000))}, row_group_size=1000, compression="gzip"))
    data[-len(data) // 3] ^= 0xFF
    with pytest.raises(UnpackError):
        next(batches(bytes(data)))


def test_other_types_say_that_it_is_a_parquet_file() -> None:
    reader = ObjectReader(BUCKET_TYPES["clb"], "compatible", lambda: 0.0)
    with pytest.raises(UnpackError, match="which objects of type clb never are"):
        next(reader.batches(FLOWS, Body(parquet_file(SMALL)), 0, threading.Event()))
