"""Subscriber `buckets`: what is in an object decides how it is read."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from typing import Any

import pytest

from alertmill.config.models import DiscardRegex
from alertmill.sources.aws import documents
from alertmill.sources.aws.faults import ParseError, UnpackError
from unit.sources.aws.subscribers.formats import messages_of, records_of

CUSTOM = {"source": "custom"}


def logs(*lines: str) -> list[dict[str, Any]]:
    return [{"full_log": line, **CUSTOM} for line in lines]


def zipped(data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside.txt", data)
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        # JSON objects behind one another
        (b'{"k":1,"n":null}\n{"detail":{"x":[1]}}', [{"k": 1, **CUSTOM}, {"x": [1], **CUSTOM}]),
        (b'{"a":1}{"a":2} \n\t{"a":3}', [{"a": 1, **CUSTOM}, {"a": 2, **CUSTOM}, {"a": 3, **CUSTOM}]),
        (b'{\n  "a": {\n    "b": null, "c": [null]\n  }\n}\n', [{"a": {"c": [None]}, **CUSTOM}]),
        (b'{"source":"mine","z":1}', [{"source": "custom", "z": 1}]),
        (b'{"detail":"text","x":1}', [{"detail": "text", "x": 1, **CUSTOM}]),
        (b'{"detail":null,"x":1}', [{"x": 1, **CUSTOM}]),
        (b'{"sourceIPAddress":"1.2.3.4","tags":["a"]}', [{"sourceIPAddress": "1.2.3.4", "tags": ["a"], **CUSTOM}]),
        (b"{}", [CUSTOM]),
        (b"", []),
        (b" \n\n", logs(" ")),
        # text, also where it begins like JSON
        (b'[{"a":1}]', logs('[{"a":1}]')),
        (b'{"a":1}\nno json 1', logs('{"a":1}', "no json 1")),
        (b'{"a":1} 5', logs('{"a":1} 5')),
        (b'{"a":', logs('{"a":')),
        (b"Jan 15 10:00:00 host sshd[1]: x\nNone of this\n\nlast", None),
        (b"line 1\r\nline 2\rline 3\n", logs("line 1", "line 2", "line 3")),
        ("gr\u00fc\u00dfe 1\u2028same line".encode(), logs("gr\u00fc\u00dfe 1\u2028same line")),
        # tables
        (
            b"name,value\nfoo,1\nbar,2\n",
            [{"name": "foo", "value": "1", **CUSTOM}, {"name": "bar", "value": "2", **CUSTOM}],
        ),
        (b"name;value\n\nfoo;1\n", [{"name": "foo", "value": "1", **CUSTOM}]),
        (b"name|value\nfoo|1\n", [{"name": "foo", "value": "1", **CUSTOM}]),
        (b"name\tvalue\nfoo\t\n", [{"name": "foo", "value": "", **CUSTOM}]),
        (b"a;b,c;d\n1;2,3;4\n", [{"a": "1", "b,c": "2,3", "d": "4", **CUSTOM}]),
        (b"version vpc-id srcaddr dstaddr action\nx y z v w\n", None),
        (b'name,text\nx,"one\ntwo, ""three"""\n', [{"name": "x", "text": 'one\ntwo, "three"', **CUSTOM}]),
        (b'"first name","b"\nx,"y"z\n', [{"first name": "x", "b": "yz", **CUSTOM}]),
        (b"name,source\nx,mine\n", [{"name": "x", "source": "custom"}]),
        # no tables
        (b"this is a line\nthis is another one\n", logs("this is a line", "this is another one")),
        (b"Hello, world\n", logs("Hello, world")),
        (b"Hello, world\nand no comma\n", logs("Hello, world", "and no comma")),
        (b"name,value1\nfoo,1\n", logs("name,value1", "foo,1")),
        (b"name,name\nfoo,1\n", logs("name,name", "foo,1")),
        (b"name,\nfoo,1\n", logs("name,", "foo,1")),
        (b"\nname,value\nfoo,1\n", logs("name,value", "foo,1")),
        (b"a b c d\ne f g h\n", logs("a b c d", "e f g h")),
        (b"A b c d e\nf g h i j\n", logs("A b c d e", "f g h i j")),
    ],
)
def test_records(data: bytes, expected: list[dict[str, Any]] | None) -> None:
    if data.startswith(b"Jan"):
        expected = logs("Jan 15 10:00:00 host sshd[1]: x", "None of this", "last")
    elif data.startswith(b"version"):
        names = ("version", "vpc-id", "srcaddr", "dstaddr", "action")
        expected = [dict(zip((*names, "source"), (*"xyzvw", "custom"), strict=True))]
    assert messages_of("buckets", data) == expected


@pytest.mark.parametrize("pack", [gzip.compress, zipped, bytes])
@pytest.mark.parametrize("key", ["a.log", "a", "a.txt"])
def test_the_packing_is_told_by_the_content(pack: Any, key: str) -> None:
    assert messages_of("buckets", pack(b"text 1\n"), key) == logs("text 1")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"j":1}\n{"j":2}\n', [{"j": 1}, {"j": 2}]),
        (b'{"detail":{"x":1}}', [{"detail": {"x": 1}}]),
        (b'{"source":"mine","n":null}\n\n', [{"source": "mine"}]),
        (
            b'{"j":1}\noops\n[]\n{"j":2}',
            [{"j": 1}, {"j": 2}, {"error": "Failed to parse file a.jsonl.gz: 2 bad lines, first: line 2"}],
        ),
        (b'oops\n{"j":2}\n', [{"j": 2}, {"error": "Failed to parse file a.jsonl.gz: 1 bad lines, first: line 1"}]),
        (b'{\n  "j": {\n    "x": 1\n  }\n}\n', [{"j": {"x": 1}, **CUSTOM}]),
        (b"no json 1\nat all", logs("no json 1", "at all")),
        (b"name,value\nfoo,1\n", [{"name": "foo", "value": "1", **CUSTOM}]),
    ],
)
def test_json_lines_by_name(data: bytes, expected: list[dict[str, Any]]) -> None:
    assert messages_of("buckets", gzip.compress(data), "a.jsonl.gz") == expected


def test_only_jsonl_gz_is_json_lines_by_name() -> None:
    assert messages_of("buckets", b'{"j":1}\n', "a.jsonl") == [{"j": 1, **CUSTOM}]


def test_a_table_s_rows_of_another_length() -> None:
    rows = "".join(f"x{number},y\n" for number in range(20))
    found = messages_of("buckets", f"a,b\n{rows}x\nx,y,z\n".encode())
    assert found[20:] == [{"a": "x", **CUSTOM}, {"a": "x", "b": "y", "extra_columns": ["z"], **CUSTOM}]
    assert messages_of("buckets", b"a,b\nx,y\nx\n") == logs("a,b", "x,y", "x")


def test_what_is_not_utf_8_fails_before_its_first_record() -> None:
    for data in (b"text\n" * 3000 + b"\xff\n", b'{"a":1}' * 3000 + b'{"a":"\xff"}', b"a,b\nx,y\n\xff,z\n"):
        with pytest.raises(ParseError):
            records_of("buckets", data)


def test_a_gz_that_is_none_fails() -> None:
    with pytest.raises(UnpackError):
        records_of("buckets", b"text\n", "a.gz")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"a": 1}' * 400, [{"a": 1, **CUSTOM}] * 400),
        (b"line 1\n" * 400, logs(*["line 1"] * 400)),
        (b"a,b\n" + b"x,y\n" * 400, [{"a": "x", "b": "y", **CUSTOM}] * 400),
        (b"a,b\n" + "\u00e9,y\n".encode() * 400, [{"a": "\u00e9", "b": "y", **CUSTOM}] * 400),
    ],
)
def test_objects_that_are_too_large_to_be_held(
    data: bytes, expected: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "HELD_DOCUMENT", 100)
    monkeypatch.setattr("alertmill.sources.aws.objects.HELD_DOCUMENT", 100)
    monkeypatch.setattr("alertmill.sources.aws.unpack.PIECE", 33)
    assert messages_of("buckets", gzip.compress(data)) == expected


def test_a_large_object_that_begins_as_json_and_does_not_go_on_so_fails_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "HELD_DOCUMENT", 100)
    monkeypatch.setattr("alertmill.sources.aws.objects.HELD_DOCUMENT", 100)
    with pytest.raises(ParseError):
        records_of("buckets", b'{"a": 1}\n' * 3000 + b"text\n")


def test_discard_regex_without_a_field_is_about_text() -> None:
    unwanted = DiscardRegex(pattern="drop")
    assert messages_of("buckets", b"drop 1\nkeep 1\n", discard=unwanted) == logs("keep 1")
    assert messages_of("buckets", b'{"a":"drop"}', discard=unwanted) == [{"a": "drop", **CUSTOM}]


def test_discard_regex_with_a_field_is_about_that() -> None:
    unwanted = DiscardRegex(field="u.v", pattern="ba")
    data = b'{"u":{"v":["foo","bar"]}}{"u":{"v":"xba"}}'
    assert messages_of("buckets", data, discard=unwanted) == [{"u": {"v": "xba"}, **CUSTOM}]


def test_odd_values_travel_as_their_text() -> None:
    (record,) = records_of("buckets", b'{"a": NaN, "b": 123456789012345678901234567890}')
    assert '"a": NaN, "b": 123456789012345678901234567890, "source": "custom"' in record.message


def test_the_event_s_own_time() -> None:
    event = {"time": "2026-01-15T10:00:00Z", "detail": {"x": 1}}
    (record,) = records_of("buckets", json.dumps(event).encode(), event_format="improved")
    assert record.event_time == 1768471200.0
