"""What every bucket type of the catalogue keeps to. A type is tested here from the day it is registered."""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
from pathlib import Path
from typing import Any, get_args

import pytest

from alertmill.config.models import Bucket, BucketTypeName
from alertmill.sources.aws import buckets
from alertmill.sources.aws.buckets import BUCKET_TYPES
from alertmill.sources.aws.buckets.base import BadLine, BucketType
from alertmill.sources.aws.envelope import Envelope
from alertmill.sources.aws.faults import ObjectError

ACCOUNT, REGION = "123456789012", "us-east-1"
DOCS = Path(__file__).resolve().parents[2] / "docs" / "adding-a-bucket-type.md"

#: A small object of each type, decompressed, with two records.
SAMPLES = {
    "cloudtrail": json.dumps(
        {
            "Records": [
                {"eventName": "RunInstances", "sourceIPAddress": "198.51.100.7", "requestParameters": None},
                {"eventName": "PutObject", "responseElements": "-", "tags": ["a", "b"]},
            ]
        }
    ).encode(),
    "vpcflow": b"version srcaddr start end\n2 10.0.0.1 1768471200 1768471260\n2 10.0.0.2 - - more\n",
}

every_type = pytest.mark.parametrize("kind", list(BUCKET_TYPES.values()), ids=lambda kind: kind.type)


def bucket(kind: BucketType, **options: Any) -> Bucket:
    return Bucket(type=kind.type, name="my-logs", **options)  # type: ignore[arg-type]


def records(kind: BucketType, data: bytes, step: int = 1 << 20) -> list[dict[str, Any] | BadLine]:
    return list(kind.records(data[at : at + step] for at in range(0, len(data), step)))


def test_the_catalogue_is_alphabetical_and_keyed_by_the_word_of_ossec_conf() -> None:
    assert list(BUCKET_TYPES) == sorted(BUCKET_TYPES)
    assert all(word == kind.type for word, kind in BUCKET_TYPES.items())
    assert set(BUCKET_TYPES) <= set(get_args(BucketTypeName))


def test_every_module_of_the_folder_is_in_the_catalogue() -> None:
    modules = {module.name for module in pkgutil.iter_modules(buckets.__path__)} - {"base"}
    registered = {type(kind).__module__.rpartition(".")[2] for kind in BUCKET_TYPES.values()}
    assert modules == registered


def test_the_documentation_names_every_type() -> None:
    text = DOCS.read_text(encoding="utf-8")
    assert [word for word in BUCKET_TYPES if f"`{word}`" not in text] == []


@every_type
def test_there_is_a_sample(kind: BucketType) -> None:
    assert len([row for row in records(kind, SAMPLES[kind.type]) if isinstance(row, dict)]) == 2


@every_type
def test_the_file_is_pure(kind: BucketType) -> None:
    """Importing it anew brings in nothing that touches the outside."""
    module = importlib.import_module(type(kind).__module__)
    outside = {"asyncio", "boto3", "botocore", "logging", "os", "pathlib", "random", "socket", "sqlite3", "subprocess"}
    names = {value.__name__ for value in vars(module).values() if type(value) is type(sys)}
    assert not names & (outside | {"threading", "time"})


@every_type
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"path": "p/"},
        {"path": "p/", "path_suffix": "s/", "aws_organization_id": "o-1"},
    ],
)
def test_prefixes_lie_below_each_other(kind: BucketType, options: dict[str, str]) -> None:
    definition = bucket(kind, **options)
    base = kind.base(definition)
    prefixes = kind.prefixes(definition, ACCOUNT, REGION) if base is not None else kind.prefixes(definition, "", "")
    assert prefixes
    assert all(prefix.startswith(definition.path) for prefix in prefixes)
    assert all(prefix == "" or prefix.endswith("/") for prefix in prefixes)
    if base is not None:
        folders = kind.region_folders(definition, ACCOUNT)
        assert all(folder.startswith(base) and ACCOUNT in folder for folder in folders)
        assert all(p.startswith(f) and REGION in p for p, f in zip(prefixes, folders, strict=True))


@every_type
@pytest.mark.parametrize("step", [1, 3, 17])
def test_records_do_not_depend_on_how_the_bytes_arrive(kind: BucketType, step: int) -> None:
    data = SAMPLES[kind.type]
    assert records(kind, data, step) == records(kind, data)


@every_type
def test_an_empty_object_has_no_records(kind: BucketType) -> None:
    assert records(kind, b"") == []


@every_type
def test_records_are_fresh_and_carry_their_source(kind: BucketType) -> None:
    first, second = records(kind, SAMPLES[kind.type]), records(kind, SAMPLES[kind.type])
    for one, other in zip(first, second, strict=True):
        assert isinstance(one, dict)
        assert isinstance(one["source"], str)
        assert one["source"]
        assert one == other
        assert one is not other


@every_type
def test_reshaping_gives_json_and_keeps_the_envelope(kind: BucketType) -> None:
    for row in records(kind, SAMPLES[kind.type]):
        assert isinstance(row, dict)
        envelope = Envelope("my-logs", "key", "alias", ACCOUNT if kind.names_account else None)
        document = envelope.wrap_columns(row) if kind.columns else envelope.wrap(row)
        kind.reshape(document["aws"])
        assert json.loads(json.dumps(document)) == document
        assert document["aws"]["log_info"] == {"aws_account_alias": "alias", "log_file": "key", "s3bucket": "my-logs"}
        assert ("aws_account_id" in document["aws"]) is kind.names_account


@every_type
def test_columns_means_flat_text(kind: BucketType) -> None:
    if kind.columns:
        for row in records(kind, SAMPLES[kind.type]):
            assert isinstance(row, dict)
            assert all(isinstance(value, str) or name == "extra_columns" for name, value in row.items())


NASTY = {
    "not UTF-8": b"\xff\xfe",
    "half an object": b"{",
    "half a list": b'{"Records":[{"a":1},',
    "a number": b"5",
    "deep": b"[" * 5000,
    "quotes": b'"' * 3000 + b"\n",
    "blanks": b" \n" * 100,
    "other line ends": "\u2028".encode() * 10,
    "one long word": b"x" * 300_000,
    "zeros": bytes(1000),
    "all bytes": bytes(range(256)) * 20,
}


@every_type
@pytest.mark.parametrize("name", NASTY)
def test_hostile_content_gives_records_or_our_error(kind: BucketType, name: str) -> None:
    try:
        found = records(kind, NASTY[name], 4096)
    except ObjectError as error:
        assert str(error)
        assert error.exit_code in (1, 8, 9)
        return
    for row in found:
        assert isinstance(row, (dict, BadLine))
        if isinstance(row, dict):
            kind.event_time(row)
            kind.reshape({**row})


@every_type
def test_a_type_says_what_it_is(kind: BucketType) -> None:
    assert sys.modules[type(kind).__module__].__doc__
    assert not (kind.document and kind.columns)
