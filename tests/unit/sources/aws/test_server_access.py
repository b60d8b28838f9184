from __future__ import annotations

from typing import Any

import pytest

from alertmill.config.models import Bucket
from alertmill.sources.aws.buckets.server_access import ServerAccess
from alertmill.sources.aws.envelope import Envelope
from alertmill.sources.aws.formats import BadLine

TYPE = ServerAccess()
KEY = "logs/2026-01-15-10-05-00-0123456789ABCDEF"
LINE = (
    "7f3a logs-of-shop [15/Jan/2026:10:00:38 +0000] 198.51.100.7 arn:aws:iam::123456789012:user/lea 9C1 "
    'REST.GET.OBJECT a%2520b.txt "GET /logs-of-shop/a%20b.txt HTTP/1.1" 403 AccessDenied 243 - 9 - '
    '"https://shop.test/" "curl/8 (a [b] c)" - aGk= SigV4 AES128 AuthHeader logs-of-shop.s3.amazonaws.com TLSv1.3'
)
RECORD = {
    "bucket_owner": "7f3a",
    "bucket": "logs-of-shop",
    "time": "15/Jan/2026:10:00:38 +0000",
    "remote_ip": "198.51.100.7",
    "requester": "arn:aws:iam::123456789012:user/lea",
    "request_id": "9C1",
    "operation": "REST.GET.OBJECT",
    "key": "a%2520b.txt",
    "request_uri": "GET /logs-of-shop/a%20b.txt HTTP/1.1",
    "http_status": "403",
    "error_code": "AccessDenied",
    "bytes_sent": "243",
    "object_sent": "-",
    "total_time": "9",
    "turn_around_time": "-",
    "referer": "https://shop.test/",
    "user_agent": "curl/8 (a [b] c)",
    "version_id": "-",
    "host_id": "aGk=",
    "signature_version": "SigV4",
    "cipher_suite": "AES128",
    "authentication_type": "AuthHeader",
    "host_header": "logs-of-shop.s3.amazonaws.com",
    "tls_version": "TLSv1.3",
}
SOURCE = {"source": "s3_server_access"}


def read(*lines: str, key: str = KEY) -> list[dict[str, Any] | BadLine]:
    return list(TYPE.records(["\n".join(lines).encode()], key))


def values(line: str) -> list[Any]:
    """The values of a line's record without its source."""
    (record,) = read(line)
    assert isinstance(record, dict)
    return list(record.values())[:-1]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", {}),
        (" arn:ap Yes", {"access_point_arn": "arn:ap", "acl_required": "Yes"}),
        (" - -", {"access_point_arn": "-", "acl_required": "-"}),
        (
            ' - - eu-west-1 "x y"',
            {"access_point_arn": "-", "acl_required": "-", "extra_columns": ["eu-west-1", "x y"]},
        ),
    ],
)
def test_a_line(more: str, expected: dict[str, Any]) -> None:
    (record,) = read(LINE + more)
    assert isinstance(record, dict)
    assert list(record.items()) == list({**RECORD, **expected, **SOURCE}.items())


def test_short_lines_give_the_columns_they_have() -> None:
    assert read("7f3a logs [15/Jan/2026:10:00:38 +0000]") == [
        {"bucket_owner": "7f3a", "bucket": "logs", "time": "15/Jan/2026:10:00:38 +0000", **SOURCE}
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('"-" b', ["-", "b"]),
        ('"" b', ["", "b"]),
        ('"a b" c', ["a b", "c"]),
        ('"say "hi" now" c', ['say "hi', 'now"', "c"]),
        ('"say "hi"" c', ['say "hi"', "c"]),
        ('"a"b c" d', ['a"b c', "d"]),
        ('"ends here"', ["ends here"]),
        ('"open to the end', ["open to the end"]),
        ('a "', ["a", ""]),
        ('a " b', ["a", " b"]),
        ("[a b] c", ["a b", "c"]),
        ("[a b]", ["a b"]),
        ("[a ]b] c", ["a ]b", "c"]),
        ("[k] c", ["[k]", "c"]),
        ("[open to the end", ["open to the end"]),
        ("[", [""]),
        ("'it is' fine", ["'it", "is'", "fine"]),
        ('"it\'s" b', ["it's", "b"]),
        ("a  b   c", ["a", "b", "c"]),
        ('"two  blanks" b', ["two  blanks", "b"]),
        (" a b ", ["a", "b"]),
        ('a"b c', ['a"b', "c"]),
        ("a\tb c", ["a\tb", "c"]),
    ],
)
def test_columns(line: str, expected: list[str]) -> None:
    assert values(line) == expected


def test_empty_lines_are_skipped() -> None:
    assert len(read("", LINE, "  ", "", LINE, "")) == 2


@pytest.mark.parametrize("long", ["x" * 200_000, '"' + "x " * 100_000, "y" * 2_000_000])
def test_a_bad_line_costs_only_itself(long: str) -> None:
    first, bad, third = read(LINE, f"7f3a {long}", LINE)
    assert isinstance(bad, BadLine)
    assert bad.line == 2
    assert first == third == {**RECORD, **SOURCE}


def test_many_blanks_are_no_columns() -> None:
    assert values("a" + " " * 500_000 + "b") == ["a", "b"]


@pytest.mark.parametrize(
    ("key", "count"),
    [
        (KEY, 3),
        ("2026-01-15-10-05-00-0123456789ABCDEF", 3),
        ("shop-2026-01-15-10-05-00-0123456789ABCDEF", 3),
        ("logs/123456789012/eu-west-1/shop/2026/01/15/2026-01-15-10-05-00-0123456789ABCDEF", 3),
        ("logs/readme", 1),
        ("logs/2026/01/15/readme", 1),
    ],
)
def test_without_the_time_of_delivery_in_the_key_only_requests_are_records(key: str, count: int) -> None:
    found = read("no request at all", LINE, "7f3a shop [15/Jan/2026:10:00:38 +0000] -", key=key)
    assert len(found) == count
    assert {**RECORD, **SOURCE} in found


def test_the_walk_is_the_path() -> None:
    bucket = Bucket(type="server_access", name="b", path="logs/", aws_account_id=("123456789012",))
    assert TYPE.base(bucket) is None
    assert TYPE.prefixes(bucket, "", "") == ("logs/",)


def test_the_message() -> None:
    (record,) = read(f"{LINE} - - eu-west-1")
    assert isinstance(record, dict)
    info = {"aws_account_alias": "", "log_file": KEY, "s3bucket": "b"}
    more = {"access_point_arn": "-", "acl_required": "-", "extra_columns": ["eu-west-1"]}
    document = {"integration": "aws", "aws": {"log_info": info, **RECORD, **more, **SOURCE}}
    assert TYPE.wrap(Envelope("b", KEY, "", None), record) == document


@pytest.mark.parametrize(
    ("time", "seconds"),
    [
        ("15/Jan/2026:10:00:38 +0000", 1768471238.0),
        ("15/Jan/2026:11:00:38 +0100", 1768471238.0),
        ("29/Feb/2024:00:00:00 +0000", 1709164800.0),
        ("29/Feb/2026:00:00:00 +0000", None),
        ("15/Foo/2026:10:00:38 +0000", None),
        ("15/Jan/2026:25:00:38 +0000", None),
        ("-", None),
        ("", None),
    ],
)
def test_event_time(time: str, seconds: float | None) -> None:
    assert TYPE.event_time({"time": time}) == seconds


def test_no_event_time() -> None:
    assert TYPE.event_time({}) is None


@pytest.mark.parametrize(
    ("key", "is_one"),
    [
        (KEY, True),
        ("2026-01-15-10-05-00-0123456789ABCDEF", True),
        ("waf/2026/01/15/10/aws-waf-logs-x-1-2026-01-15-10-00-00-0123abcd", False),
        ("dnslogs/2026-01-15/2026-01-15-10-00-e4e1.csv.gz", False),
        ("logs/readme", False),
    ],
)
def test_keys(key: str, is_one: bool) -> None:
    assert TYPE.lies_at(key) is is_one


@pytest.mark.parametrize(
    ("head", "is_one"),
    [
        (LINE, True),
        ('198.51.100.7 - - [15/Jan/2026:10:00:38 +0000] "GET / HTTP/1.1" 200 5', False),
        ("", False),
    ],
)
def test_content(head: str, is_one: bool) -> None:
    assert TYPE.begins_like(head) is is_one
