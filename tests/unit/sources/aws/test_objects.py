from __future__ import annotations

import gzip
import io
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from alertmill.config.models import Bucket, DiscardRegex
from alertmill.errors import SourceError
from alertmill.sources.aws import documents, objects
from alertmill.sources.aws.buckets import BUCKET_TYPES
from alertmill.sources.aws.faults import ObjectError, ParseError, UnpackError
from alertmill.sources.aws.objects import ObjectReader, Target, discards
from alertmill.sources.aws.store import Body
from alertmill.sources.base import Batch, ObjectDone, ObjectPartial
from unit.sources.aws.doubles import ACCOUNT, NOON

TRAIL = Target("scope", ACCOUNT, "my-logs", "a/b.json.gz", "tag", "2026-01-15")
FLOW = Target("scope", ACCOUNT, "my-logs", "a/b.log", "tag", "2026-01-15")
ROW = "2 123456789012 eni-%d 10.0.1.34 198.51.100.9 22 47916 6 10 840 1768471200 1768471260 ACCEPT OK\n"


def trail(records: list[dict[str, Any]]) -> bytes:
    return gzip.compress(json.dumps({"Records": records}).encode())


def flow(count: int, start: int = 0) -> bytes:
    return "".join(ROW % number for number in range(start, count)).encode()


class Reading:
    """One object being read."""

    def __init__(self, kind: str = "cloudtrail", event_format: Any = "compatible", **options: Any) -> None:
        self.removed: list[tuple[str, str, str]] = []
        self.now = NOON
        self.stop = threading.Event()
        self.target = TRAIL if kind == "cloudtrail" else FLOW
        bucket = Bucket(type=kind, name="my-logs", **options)  # type: ignore[arg-type]
        self.reader = ObjectReader(
            BUCKET_TYPES[kind],
            event_format,
            self.clock,
            alias=bucket.aws_account_alias,
            drops=discards(bucket.discard_regex, "bucket my-logs"),
            remove=self.remove if bucket.remove_from_bucket else None,
        )

    def clock(self) -> float:
        self.now += 1
        return self.now

    def remove(self, *of_object: str) -> None:
        self.removed.append(of_object)  # type: ignore[arg-type]

    def batches(self, data: bytes | Body, skip: int = 0) -> Iterator[Batch]:
        body = Body(data) if isinstance(data, bytes) else data
        return self.reader.batches(self.target, body, skip, self.stop)

    def documents(self, data: bytes, skip: int = 0) -> list[dict[str, Any]]:
        return [json.loads(record.message) for batch in self.batches(data, skip) for record in batch.records]


def test_one_batch_with_everything_around_it() -> None:
    reading = Reading(aws_account_alias="prod")
    (batch,) = reading.batches(trail([{"a": 1}, {"a": 2}]))
    assert batch.marks == (ObjectDone("scope", "a/b.json.gz", "tag", "2026-01-15", 2, read_at=reading.now),)
    first, second = batch.records
    assert first.message == (
        '{"integration": "aws", "aws": {"log_info": {"aws_account_alias": "prod", "log_file": "a/b.json.gz", '
        '"s3bucket": "my-logs"}, "a": 1, "source": "cloudtrail", "aws_account_id": "123456789012"}}'
    )
    assert (first.location, first.queue, first.event_time) == ("Wazuh-AWS", "1", None)
    assert first.time == second.time == NOON + 1
    assert (first.place, second.place) == ("s3://my-logs/a/b.json.gz#1", "s3://my-logs/a/b.json.gz#2")


def test_no_text_is_made_before_it_is_asked_for() -> None:
    (batch,) = Reading().batches(trail([{"a": 1}]))
    assert batch.records[0]._message is None
    assert batch.records[0].document == json.loads(batch.records[0].message)


def test_the_improved_format() -> None:
    (batch,) = Reading(event_format="improved").batches(trail([{"eventTime": "2026-01-15T10:00:00Z", "x": "é"}]))
    (record,) = batch.records
    assert record.event_time == 1768471200.0
    assert '"x":"\xc3\xa9"' in record.message
    (batch,) = Reading("vpcflow", "improved").batches(flow(1))
    assert batch.records[0].event_time == 1768471200.0


@pytest.mark.parametrize("event_format", ["compatible", "improved"])
@pytest.mark.parametrize("text", ['{"n":NaN}', '{"n":123456789012345678901}', '{"n":"\\ud800"}', '{"n":1e999}'])
def test_odd_records_travel_as_text(event_format: str, text: str) -> None:
    (batch,) = Reading(event_format=event_format).batches(gzip.compress(f'{{"Records":[{text}]}}'.encode()))
    (record,) = batch.records
    assert record.document is None
    assert repr(json.loads(record.message)["aws"]["n"]) == repr(json.loads(text)["n"])


@pytest.mark.parametrize(
    "data",
    [b"", gzip.compress(b""), trail([]), b"[]", b"{}", b" \n"],
    ids=["empty", "gzip of nothing", "no Records", "list", "object", "blank"],
)
def test_an_object_without_records_is_done(data: bytes) -> None:
    reading = Reading()
    reading.target = Target("scope", ACCOUNT, "my-logs", "a/b.json", "tag", "2026-01-15")
    (batch,) = reading.batches(data)
    assert not batch.records
    assert [type(mark) for mark in batch.marks] == [ObjectDone]


@pytest.mark.parametrize("kind", ["cloudtrail", "vpcflow"])
def test_many_records_come_in_several_batches(kind: str) -> None:
    data = trail([{"n": n} for n in range(2500)]) if kind == "cloudtrail" else flow(2500)
    batches = list(Reading(kind).batches(data))
    assert [len(batch.records) for batch in batches] == [1000, 1000, 500]
    assert [mark.records for batch in batches for mark in batch.marks] == [1000, 2000, 2500]  # type: ignore[union-attr]
    assert [type(batch.marks[0]) for batch in batches] == [ObjectPartial, ObjectPartial, ObjectDone]


@pytest.mark.parametrize("skip", [0, 1, 999, 1000, 1001, 2499, 2500])
def test_what_is_committed_is_not_read_again(skip: int) -> None:
    places = [record.place for batch in Reading("vpcflow").batches(flow(2500), skip) for record in batch.records]
    assert places == [f"s3://my-logs/a/b.log#{n}" for n in range(skip + 1, 2501)]


def test_discarded_records_count_when_going_on() -> None:
    discard = DiscardRegex(field="interface_id", pattern="eni-.*[13579]$")
    reading = Reading("vpcflow", discard_regex=discard)
    whole = reading.documents(flow(2100))
    assert len(whole) == 1050
    first = next(iter(reading.batches(flow(2100))))
    assert isinstance(first.marks[0], ObjectPartial)
    assert len(first.records) + len(reading.documents(flow(2100), first.marks[0].records)) == 1050


def test_a_discard_regex_that_does_not_compile_is_named() -> None:
    with pytest.raises(SourceError, match=r"my-logs does not compile.*A013"):
        Reading(discard_regex=DiscardRegex(field="a", pattern="("))


DAMAGED_TEXT = [gzip.compress(flow(2500))[:-9], flow(6000) + b"\xff\n"]


@pytest.mark.parametrize("data", DAMAGED_TEXT)
def test_a_damaged_text_means_no_record(data: bytes) -> None:
    with pytest.raises(ObjectError):
        next(Reading("vpcflow").batches(data))


@pytest.fixture
def _tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything counts as large."""
    monkeypatch.setattr(documents, "HELD_DOCUMENT", 1000)
    monkeypatch.setattr(objects, "HELD_DOCUMENT", 1000)
    monkeypatch.setattr(objects, "_HELD_TEXT", 1000)
    monkeypatch.setattr(objects, "BATCH_BYTES", 50_000)


@pytest.mark.usefixtures("_tiny")
class TestLargeObjects:
    def test_the_same_records(self) -> None:
        data = trail([{"n": n, "text": "x" * 20} for n in range(300)])
        assert [d["aws"]["n"] for d in Reading().documents(data)] == list(range(300))
        assert len(Reading("vpcflow").documents(flow(300))) == 300

    def test_batches_are_bounded_by_bytes_too(self) -> None:
        sizes = [len(batch.records) for batch in Reading("vpcflow").batches(flow(700) * 20)]
        assert sum(sizes) == 14_000
        assert max(sizes) <= 1000
        assert max(sizes[1:-1]) <= 2 * 50_000 / len(ROW)

    @pytest.mark.parametrize(
        ("data", "error"),
        [
            (trail([{"n": n} for n in range(2500)])[:-9], UnpackError),
            (gzip.compress(json.dumps({"Records": [{"n": n} for n in range(2500)]}).encode()[:-1]), ParseError),
            (gzip.compress(json.dumps({"Records": [*({"n": n} for n in range(2500)), 5]}).encode()), ObjectError),
        ],
    )
    def test_a_malformed_end_means_no_record(self, data: bytes, error: type[ObjectError]) -> None:
        with pytest.raises(error):
            next(Reading().batches(data))

    @pytest.mark.parametrize("data", DAMAGED_TEXT)
    def test_a_damaged_text_means_no_record(self, data: bytes) -> None:
        with pytest.raises(ObjectError):
            next(Reading("vpcflow").batches(data))

    def test_stopping_between_batches(self) -> None:
        reading = Reading("vpcflow")
        batches = reading.batches(flow(5000))
        first = next(batches)
        reading.stop.set()
        assert isinstance(first.marks[0], ObjectPartial)
        assert list(batches) == []

    def test_stopping_while_checking(self) -> None:
        reading = Reading()
        reading.stop.set()
        assert list(reading.batches(trail([{"n": n} for n in range(500)]))) == []

    def test_a_body_on_disk(self) -> None:
        batches = list(Reading("vpcflow").batches(Body(file=io.BytesIO(flow(2500)))))
        assert sum(len(batch.records) for batch in batches) == 2500


def test_a_disk_that_fails_is_an_object_error() -> None:
    class Broken(io.BytesIO):
        def read(self, *_: Any) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(ObjectError, match="Input/output error"):
        list(Reading().batches(Body(file=Broken())))


def test_bad_lines_cost_themselves_and_one_event() -> None:
    long = b"2 " + b"x" * 200_000 + b"\n"
    reading = Reading("vpcflow")
    (batch,) = reading.batches(flow(2) + long + flow(3, 2) + long)
    *good, last = [json.loads(record.message) for record in batch.records]
    assert [d["aws"]["interface_id"] for d in good] == ["eni-0", "eni-1", "eni-2"]
    assert last == {
        "integration": "aws",
        "aws": {
            "log_info": {"aws_account_alias": "", "log_file": "a/b.log", "s3bucket": "my-logs"},
            "aws_account_id": ACCOUNT,
        },
        "error_msg": "Failed to parse file a/b.log: 2 bad lines, first: line 3",
    }
    assert batch.marks == (ObjectDone("scope", "a/b.log", "tag", "2026-01-15", 3, read_at=reading.now),)


def test_only_the_last_batch_removes() -> None:
    reading = Reading("vpcflow", remove_from_bucket=True)
    first, last = reading.batches(flow(1500))
    first.ack()
    assert reading.removed == []
    last.ack()
    assert reading.removed == [("scope", "a/b.log", "tag")]
    assert isinstance(last.marks[0], ObjectDone)
    assert last.marks[0].remove


def test_nothing_is_removed_unless_asked() -> None:
    reading = Reading("vpcflow")
    (batch,) = reading.batches(flow(1))
    batch.ack()
    assert reading.removed == []
