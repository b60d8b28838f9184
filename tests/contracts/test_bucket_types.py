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
from alertmill.sources.aws.buckets.base import BucketType
from alertmill.sources.aws.envelope import Envelope
from alertmill.sources.aws.faults import ObjectError
from alertmill.sources.aws.formats import BadLine

ACCOUNT, REGION = "123456789012", "us-east-1"
DOCS = Path(__file__).resolve().parents[2] / "docs" / "adding-a-bucket-type.md"

#: A small object of each type, decompressed, with two records.
SAMPLES = {
    "alb": (
        b"http 2026-01-15T10:00:00.1Z app/web/0a 198.51.100.7:40000 10.0.0.1:80 0.1 0.2 0.3 200 200 34 366"
        b' "GET http://shop.test:80/ HTTP/1.1" "curl/8" - - arn:tg "Root=1" "-" "-" 0 2026-01-15T10:00:00Z "forward"'
        b' "-" "-" "10.0.0.1:80" "200" "-" "-" TID_1\n'
        b"h2 2026-01-15T10:00:01.1Z app/web/0a [2001:db8::5]:40001 - -1 -1 -1 503\n"
    ),
    "cisco_umbrella": (
        b'"2026-01-15 10:00:00","lea","lea,Site","10.0.0.9","203.0.113.9","Allowed","1 (A)","NOERROR","shop.test."\n'
        b'"2026-01-15 10:00:01","lea","two\r\nlines, and a ""quote""","10.0.0.9"\n'
    ),
    "clb": (
        b'2026-01-15T10:00:00.1Z web 198.51.100.7:40000 10.0.0.1:80 0.1 0.2 0.3 200 200 0 57 "GET / HTTP/1.1" "c" - -\n'
        b'2026-01-15T10:00:01.1Z web 198.51.100.7:40001 - -1 -1 -1 503 0 0 0 "- - - " "-" - - more\n'
    ),
    "cloudtrail": json.dumps(
        {
            "Records": [
                {"eventName": "RunInstances", "sourceIPAddress": "198.51.100.7", "requestParameters": None},
                {"eventName": "PutObject", "responseElements": "-", "tags": ["a", "b"]},
            ]
        }
    ).encode(),
    "config": json.dumps(
        {
            "fileVersion": "1.0",
            "configSnapshotId": "5f3a",
            "configurationItems": [
                {"resourceId": "i-0b", "configuration": {"state": "active", "securityGroups": ["sg-1", "sg-2"]}},
                {"resourceId": "t-1", "configuration": "text", "tags": [], "relationships": [{"name": None}]},
            ],
        }
    ).encode(),
    "custom": (
        b'{"version":"0","id":"6a","detail-type":"Finding","source":"aws.macie","time":"2026-01-15T10:00:00Z","detail":'
        b'{"summary":{"IP":{"192.0.2.4":1},"Events":{"e":{"count":2}}},"tags":["a"]}}\n'
        b'{"source":"aws.kms","detail":{"eventName":"Decrypt","sourceIPAddress":"192.0.2.1","none":null}}'
    ),
    "guardduty": (
        b'{"schemaVersion":"2.0","id":"f1","service":{"serviceName":"guardduty","count":1},"resource":{"tags":null}}\n'
        b'{"schemaVersion":"2.0","id":"f2","service":{"serviceName":"guardduty","evidence":["one"]}}\n'
    ),
    "nlb": (
        b"tls 2.0 2026-01-15T10:00:00 net/front/0c 9f 198.51.100.7:40000 10.0.0.1:443 5 2 98 246 - arn:cert - AES"
        b' tlsv12 - shop.test h2 h2 "h2","http/1.1" 2026-01-15T09:59:58\n'
        b"tls 2.0 2026-01-15T10:00:01 net/front/0c 9f - 10.0.0.1:443\n"
    ),
    "server_access": (
        b'7f3a logs-of-shop [15/Jan/2026:10:00:38 +0000] 198.51.100.7 - 9C1 REST.GET.OBJECT a.txt "GET /a.txt HTTP/1.1"'
        b' 403 AccessDenied 243 - 9 - "-" "curl "x" y" -\n'
        b"7f3a logs-of-shop [15/Jan/2026:10:00:39 +0000] 198.51.100.7\n"
    ),
    "vpcflow": b"version srcaddr start end\n2 10.0.0.1 1768471200 1768471260\n2 10.0.0.2 - - more\n",
    "waf": (
        b'{"timestamp":1768471200000,"formatVersion":1,"webaclId":"arn:aws:wafv2:us-east-1:1:regional/webacl/w/1",'
        b'"action":"BLOCK","httpRequest":{"clientIp":"198.51.100.7","headers":[{"name":"Host","value":"x.test"}]}}\n'
        b'{"timestamp":1768471201000,"webaclId":"arn","httpRequest":{"headers":"none"},"labels":[{"name":"l"}]}\n'
    ),
}

#: Keys that matter to their types.
KEYS: dict[str, str] = {
    "cisco_umbrella": "dnslogs/2026-01-15/2026-01-15-10-00-e4e1.csv.gz",
    "server_access": "logs/2026-01-15-10-05-00-0123456789ABCDEF",
}

every_type = pytest.mark.parametrize("kind", list(BUCKET_TYPES.values()), ids=lambda kind: kind.type)


def bucket(kind: BucketType, **options: Any) -> Bucket:
    return Bucket(type=kind.type, name="my-logs", **options)  # type: ignore[arg-type]


def records(kind: BucketType, data: bytes, step: int = 1 << 20) -> list[dict[str, Any] | BadLine]:
    key = KEYS.get(kind.type, "2026/01/15/key")
    return list(kind.records((data[at : at + step] for at in range(0, len(data), step)), key))


def test_the_catalogue_is_alphabetical_and_keyed_by_the_word_of_ossec_conf() -> None:
    assert list(BUCKET_TYPES) == sorted(BUCKET_TYPES)
    assert all(word == kind.type for word, kind in BUCKET_TYPES.items())
    assert set(BUCKET_TYPES) <= set(get_args(BucketTypeName))


def test_every_module_of_the_folder_is_in_the_catalogue() -> None:
    modules = {module.name for module in pkgutil.iter_modules(buckets.__path__)} - {"base", "load_balancers"}
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
        document = kind.wrap(envelope, row)
        assert json.loads(json.dumps(document)) == document
        assert document["aws"]["log_info"] == {"aws_account_alias": "alias", "log_file": "key", "s3bucket": "my-logs"}
        assert ("aws_account_id" in document["aws"]) is kind.names_account


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
            kind.event_id(row)
            kind.wrap(Envelope("my-logs", "key", "", None), row)


@every_type
def test_a_type_says_what_it_is(kind: BucketType) -> None:
    assert sys.modules[type(kind).__module__].__doc__
