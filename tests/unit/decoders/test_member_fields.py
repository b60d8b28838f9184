"""Fields of records that were not read: what is looked at for each, and what it comes to."""

from __future__ import annotations

from typing import Any

import pytest

from alertmill.decoders import MemberReader
from alertmill.decoders.decode import DecoderTree
from alertmill.event import Event
from alertmill.sheet import SheetRecord
from alertmill.sources.aws.buckets import BUCKET_TYPES
from alertmill.sources.aws.envelope import Envelope
from alertmill.sources.aws.sheets import JsonSheet
from property import test_sheets as sheets

RULES = '<group name="g,"><rule id="1" level="0"><category>syslog</category><description>t</description></rule></group>'
TREE: DecoderTree = sheets.engine(RULES, "fast", sheets.STATIC).decoders
KIND = BUCKET_TYPES["cloudtrail"]


class Reader:
    """A reader of members that counts how often a record is read whole."""

    def __init__(self) -> None:
        assert TREE.route is not None
        self.reads = 0
        self.reader = MemberReader(TREE.route, "mill", self._read)

    def _read(self, record: SheetRecord) -> Event:
        self.reads += 1
        event = Event(record, location="", hostname="mill")
        assert TREE.route is not None
        assert TREE.route.decode(event, record)
        return event

    def event(self, text: bytes) -> Event | None:
        assert KIND.memberwise is not None
        envelope = Envelope("my-logs", "a.gz", "main", "1")
        sheet = JsonSheet(KIND.memberwise, text, envelope, KIND.reshape, "s3://x#", improved=True)
        record = SheetRecord(sheet, text, 7, 5.0)
        look = sheet.look(text)
        return None if look is None else self.reader.event(record, *look)


TEXT = (
    b'{"eventName":"red","userIdentity":{"type":"IAMUser","name":"bob"},"sourceIPAddress":"10.1.2.3",'
    b'"n":5,"e":"a\\"b","tags":["x"],"requestParameters":"text","nothing":null}'
)


@pytest.mark.parametrize(
    ("name", "value", "reads"),
    [
        ("aws.eventname", "red", 0),
        ("aws.useridentity.name", "bob", 0),
        ("aws.useridentity.absent", None, 0),
        ("aws.source_ip_address", "10.1.2.3", 0),
        ("aws.n", "5", 0),
        ("aws.e", 'a"b', 0),
        ("aws.tags.value", "x", 0),
        ("aws.requestparameters.string", "text", 0),
        ("aws.requestparameters", None, 0),
        ("aws.nothing", None, 0),
        ("aws.absent", None, 0),
        ("aws.source", "cloudtrail", 0),
        ("aws.aws_account_id", "1", 0),
        ("integration", "aws", 0),
        ("aws.log_info.record", "7", 1),
        ("aws.log_info.log_file", "a.gz", 1),
    ],
)
def test_a_field_is_found_where_it_is_decided(name: str, value: str | None, reads: int) -> None:
    reader = Reader()
    for _ in range(2):
        event = reader.event(TEXT)
        assert event is not None
        assert event.static == {"action": "red", "srcip": "10.1.2.3", "dstuser": "bob"}
        assert event.fields.get(name) == value
    assert reader.reads == 2 * reads


def test_all_fields_are_those_of_the_record_read_whole() -> None:
    reader = Reader()
    event = reader.event(TEXT)
    assert event is not None
    expected: list[Any] = list(reader._read(event.record).fields.items())  # type: ignore[arg-type]
    assert list(event.fields.items()) == expected
    assert len(event.fields) == len(expected)
    event.fields.add("more", "x")
    assert event.fields.get("more") == "x"


@pytest.mark.parametrize(
    "text", [b'{"a":"\xc3\xa9"}', b'{"a":"\\u0041"}', b'{"a":"\x7f"}', b'{"a":%b}' % (b"[" * 101 + b"]" * 101)]
)
def test_records_that_have_to_be_read(text: bytes) -> None:
    assert Reader().event(text) is None
