"""Where a definition looks: `guardduty`, whose objects lie below AWSLogs/ or anywhere. The rest is test_poller.py's."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from alertmill import codes
from alertmill.event import Record
from unit.sources.aws.doubles import ACCOUNT, NOON, Bench, MemoryStore, bench, store_error

DEPRECATED = "The functionality to process GuardDuty logs stored in S3 via Kinesis was deprecated in 4.5."


def finding(name: str) -> bytes:
    return json.dumps({"id": name, "service": {"serviceName": "guardduty"}}).encode() + b"\n"


def event(name: str) -> bytes:
    return json.dumps({"source": "aws.guardduty", "detail": {"id": name}}).encode()


def native_key(day: str, name: str, region: str = "us-east-1", path: str = "") -> str:
    return f"{path}AWSLogs/{ACCOUNT}/GuardDuty/{region}/{day}/{name}.jsonl"


def stream_key(day: str, name: str, path: str = "") -> str:
    return f"{path}{day}/10/stream-1-{day.replace('/', '-')}-10-00-00-{name}"


def ids(records: list[Record]) -> list[str]:
    return [json.loads(record.message)["aws"]["id"] for record in records]


def said(of: Bench) -> list[str]:
    return [text for _, text in of.lines if text.startswith(DEPRECATED)]


def test_native() -> None:
    objects = {
        native_key("2026/01/15", "a"): finding("a"),
        native_key("2026/01/15", "b", "eu-west-1"): finding("b"),
        stream_key("2026/01/15", "c"): event("c"),
        "elsewhere/" + stream_key("2026/01/15", "d"): event("d"),
    }
    of = bench(objects, kind="guardduty")
    assert ids(of.run()) == ["b", "a"]
    assert said(of) == []
    scopes = {f"s3://my-logs/AWSLogs/|guardduty|{ACCOUNT}|{region}" for region in ("eu-west-1", "us-east-1")}
    assert {done.scope for done in of.progress.done.values()} == scopes
    assert ids(of.run()) == []


@pytest.mark.parametrize("path", ["", "firehose/"])
def test_stream(path: str) -> None:
    objects = {
        stream_key("2026/01/15", "b", path): event("b1") + event("b2"),
        stream_key("2026/01/14", "a", path): event("a"),
        path + "odd/" + stream_key("2026/01/15", "c"): event("c"),
        path + "no-date": event("d"),
    }
    of = bench(objects, kind="guardduty", path=path)
    assert sorted(ids(of.run())) == ["a", "b1", "b2", "c", "d"]
    assert len(said(of)) == 1
    assert {done.scope for done in of.progress.done.values()} == {f"s3://my-logs/{path}|guardduty||"}
    of.store.objects[stream_key("2026/01/15", "e", path)] = event("e")
    assert ids(of.run()) == ["e"]
    assert len(said(of)) == 1


def test_each_run_asks_anew() -> None:
    of = bench({stream_key("2026/01/15", "a"): event("a")}, kind="guardduty")
    assert ids(of.run()) == ["a"]
    of.store.objects[native_key("2026/01/15", "b")] = finding("b")
    assert ids(of.run()) == ["b"]
    assert said(of) == []


@pytest.mark.parametrize("key", ["AWSLogs-old/x/1", "AWSLogsX", "other/AWSLogs/x/1"])
def test_only_the_folder_itself_counts(key: str) -> None:
    of = bench({key: event("a"), stream_key("2026/01/15", "b"): event("b")}, kind="guardduty")
    assert sorted(ids(of.run())) == ["a", "b"]
    assert len(said(of)) == 1


def test_the_path_comes_first() -> None:
    objects = {native_key("2026/01/15", "a", path="p/"): finding("a"), native_key("2026/01/15", "b"): finding("b")}
    assert ids(bench(objects, kind="guardduty", path="p/").run()) == ["a"]


def test_one_small_question_tells() -> None:
    of = bench({stream_key("2026/01/15", "a"): event("a")}, kind="guardduty")
    of.run()
    assert [request.limit for request in of.store.requests if request.prefix == "AWSLogs/"] == [1]


def test_days_are_left_out_in_a_stream_too() -> None:
    objects = {stream_key(f"2026/01/{day}", "x"): event(day) for day in ("10", "13", "15")}
    of = bench(objects, kind="guardduty", only_logs_after=date(2026, 1, 12))
    assert ids(of.run()) == ["13", "15"]


def test_a_question_that_is_refused_ends_the_run() -> None:
    store = MemoryStore({stream_key("2026/01/15", "a"): event("a")})
    store.refuse["AWSLogs/"] = store_error(codes.A_REFUSED)
    of = bench(store, kind="guardduty")
    assert of.run() == []
    (line,) = of.said("ERROR")
    assert "my-logs" in line


@pytest.mark.parametrize(
    ("kind", "objects", "words"),
    [
        ("guardduty", {}, "No files were found in 'my-logs/'."),
        ("guardduty", {"AWSLogs/notes.txt": b"x"}, "No logs found in 'AWSLogs/'."),
        ("waf", {}, "No files were found in 'my-logs/'."),
        ("custom", {}, "No files were found in 'my-logs/'."),
        ("config", {"AWSLogs/o-1/x": b"x"}, "There is a folder o-1: set <aws_organization_id> to it"),
    ],
)
def test_nothing_to_read(kind: str, objects: dict[str, bytes], words: str) -> None:
    of = bench(objects, kind=kind)
    of.run()
    (line,) = of.said("WARNING")
    assert words in line


WAF = json.dumps({"timestamp": NOON * 1000, "httpRequest": {"headers": []}}).encode()


@pytest.mark.parametrize(
    "path", ["", f"AWSLogs/{ACCOUNT}/WAFLogs/us-east-1/shop/", f"AWSLogs/{ACCOUNT}/WAFLogs/", "AWSLogs/"]
)
def test_waf_where_it_writes_itself(path: str) -> None:
    below = f"AWSLogs/{ACCOUNT}/WAFLogs/us-east-1/shop"
    days = ("2025/12/31", "2026/01/10", "2026/01/15")
    objects = {f"{below}/{day}/10/00/{ACCOUNT}_waflogs_us-east-1_shop_{n}.log": WAF for n, day in enumerate(days)}
    of = bench(objects, kind="waf", path=path, only_logs_after=date(2026, 1, 9))
    assert len(of.run()) == 2
    assert of.run() == []


def test_config_days_have_no_zeros() -> None:
    def key(day: str) -> str:
        return f"AWSLogs/{ACCOUNT}/Config/us-east-1/{day}/ConfigHistory/{ACCOUNT}_Config_us-east-1_ConfigHistory_1.json"

    def item(name: str) -> bytes:
        return json.dumps({"configurationItems": [{"id": name}]}).encode()

    days: dict[str, Any] = {
        "2025/12/31": "old",
        "2026/1/9": "early",
        "2026/1/10": "a",
        "2026/2/3": "c",
        "2026/1/15": "b",
    }
    of = bench({key(day): item(name) for day, name in days.items()}, kind="config", only_logs_after=date(2026, 1, 10))
    assert sorted(ids(of.run())) == ["a", "b", "c"]
    of.store.objects[key("2026/2/14")] = item("d")
    of.store.objects[key("2026/12/1")] = item("e")
    assert sorted(ids(of.run())) == ["d", "e"]
    of.store.objects[key("2026/11/30")] = item("late")
    assert ids(of.run()) == ["late"]
