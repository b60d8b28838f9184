"""The poller against a real S3 server over HTTP, with the real store, and once with the real checkpoints."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from alertmill.checkpoints import Checkpoints, Commit
from alertmill.config.models import AwsS3, Bucket
from alertmill.event import Record
from alertmill.sources.aws.poller import BucketPoller
from alertmill.sources.aws.s3 import S3Store
from alertmill.sources.base import Batch, Progress
from s3server import S3Server, running_s3_server
from support import SHARED
from system.daemon import alertmill, environment
from unit.sources.aws.doubles import ACCOUNT, NOON, MemoryProgress, flow_key, trail_key
from unit.sources.aws.wire import Asked, Reply, error, running_wire

GOLDEN = SHARED / "golden" / "aws"
SINCE = date(2010, 1, 1)


@pytest.fixture(scope="module")
def running() -> Iterator[S3Server]:
    with running_s3_server() as server:
        yield server


@pytest.fixture
def server(running: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    running.reset()
    for name, value in running.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    return running


class Daemon:
    """A poller and its state, run as often as a test likes."""

    def __init__(self, *buckets: Bucket, **options: Any) -> None:
        self.lines: list[tuple[str, str]] = []
        self.progress: Any = MemoryProgress()
        self.poller = BucketPoller(
            AwsS3(buckets=buckets, **options), "compatible", lambda: NOON, lambda *line: self.lines.append(line)
        )

    def run(self) -> list[dict[str, Any]]:
        self.lines.clear()
        messages = []
        try:
            for batch in self.poller.batches(self.progress, threading.Event(), once=True):
                self.progress.commit(batch)
                messages += [json.loads(record.message) for record in batch.records]
        finally:
            self.poller.close()
        return messages

    def complaints(self) -> list[str]:
        return [text for level, text in self.lines if level in ("WARNING", "ERROR")]


def trail(*names: str) -> bytes:
    return gzip.compress(json.dumps({"Records": [{"eventID": name} for name in names]}).encode())


def cloudtrail(name: str = "my-logs", **options: Any) -> Bucket:
    options.setdefault("only_logs_after", SINCE)
    return Bucket(type="cloudtrail", name=name, **options)


def ids(messages: list[dict[str, Any]]) -> list[str]:
    return [message["aws"]["eventID"] for message in messages]


@pytest.mark.skipif(not GOLDEN.exists(), reason=f"reference data is not here: {GOLDEN} (set ALERTMILL_SHARED)")
@pytest.mark.parametrize("name", ["cloudtrail-panther", "cloudtrail-otrf", "edge-record-shapes", "vpcflow-panther"])
def test_golden_messages_over_http(name: str, server: S3Server) -> None:
    folder = GOLDEN / name
    source = json.loads((folder / "source.json").read_text())
    server.make_bucket(source["bucket"], {o["key"]: (folder / o["path"]).read_bytes() for o in source["objects"]})
    alias = "cloud breach" if name == "cloudtrail-otrf" else ""
    kind: Any = name.partition("-")[0].replace("edge", "cloudtrail")
    found = Daemon(Bucket(type=kind, name=source["bucket"], only_logs_after=SINCE, aws_account_alias=alias)).run()
    lines = (folder / "messages.jsonl").read_text().splitlines()
    expected = [json.loads(json.loads(line)["datagram"].removeprefix("1:Wazuh-AWS:")) for line in lines]
    assert found == [message for message in expected if message["aws"].get("version") != "version"]


def test_accounts_and_regions(server: S3Server) -> None:
    objects, expected = {}, []
    for account in ("111111111111", "222222222222"):
        for region in ("eu-west-1", "us-east-1"):
            for number in range(40):
                key = trail_key("2026/01/15", f"{number:04}", account=account, region=region)
                objects[key] = trail(key)
                expected.append(key)
    server.make_bucket("my-logs", objects)
    daemon = Daemon(cloudtrail())
    assert ids(daemon.run()) == expected
    assert daemon.run() == []
    assert daemon.complaints() == []


def test_more_keys_than_a_page(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    list_page = S3Store.list_page
    monkeypatch.setattr(S3Store, "list_page", lambda store, request: list_page(store, replace(request, limit=7)))
    keys = [trail_key("2026/01/15", f"{number:03}") for number in range(30)]
    server.make_bucket("my-logs", {key: trail(key) for key in keys})
    daemon = Daemon(cloudtrail())
    assert ids(daemon.run()) == keys
    report = daemon.progress.reports[f"s3://my-logs/AWSLogs/|cloudtrail|{ACCOUNT}|us-east-1"]
    assert (report.listed, report.waiting) == (30, 0)


def test_odd_characters_in_keys(server: S3Server) -> None:
    keys = [
        f"pré fix/AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2026/01/15/{name}.json.gz" for name in ("a b+c=é", "x%20~'&")
    ]
    server.make_bucket("my-logs", {key: trail(key) for key in keys})
    assert sorted(ids(Daemon(cloudtrail(path="pré fix/")).run())) == sorted(keys)


def test_removal_over_http(server: S3Server) -> None:
    good, bad = trail_key("2026/01/15", "good"), trail_key("2026/01/15", "bad")
    server.make_bucket("my-logs", {good: trail("good"), bad: b"no gzip"})
    daemon = Daemon(cloudtrail(remove_from_bucket=True))
    messages = daemon.run()
    assert [message.get("error_msg", "")[:26] for message in messages] == ["Failed to decompress file ", ""]
    assert server.keys("my-logs") == [bad]


def test_a_bucket_that_does_not_exist(server: S3Server) -> None:
    daemon = Daemon(cloudtrail("no-such-bucket"))
    assert daemon.run() == []
    (line,) = daemon.complaints()
    assert line.startswith("Bucket: no-such-bucket - s3:ListBucket on s3://no-such-bucket/AWSLogs/ for ")
    assert ": NoSuchBucket: " in line
    assert line.endswith("[A003] (exit code 1)")
    assert "NoSuchBucket" in daemon.progress.reports["s3://no-such-bucket/AWSLogs/|cloudtrail|*|*"].error


def test_an_endpoint_where_nobody_is(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    server.make_bucket("other-logs", {trail_key("2026/01/15", "a"): trail("a")})
    daemon = Daemon(cloudtrail(service_endpoint="http://127.0.0.1:9"), cloudtrail("other-logs"))
    assert ids(daemon.run()) == ["a"]
    (line,) = daemon.complaints()
    assert "Could not connect" in line
    assert line.endswith("[A005] (exit code 15)")


def test_a_role_is_assumed(server: S3Server) -> None:
    server.make_bucket("my-logs", {trail_key("2026/01/15", "a"): trail("a")})
    role = "arn:aws:iam::123456789012:role/reader"
    assert ids(Daemon(cloudtrail(iam_role_arn=role, iam_role_duration=900)).run()) == ["a"]


def test_ec2_is_asked_for_flow_logs_and_all_objects_are_read(server: S3Server) -> None:
    ec2 = server.client("ec2")
    network = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    server.make_bucket("my-logs")
    (known,) = ec2.create_flow_logs(
        ResourceIds=[network],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination="arn:aws:s3:::my-logs",
    )["FlowLogIds"]
    body = b"2 123456789012 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 1 1768471200 1768471260 ACCEPT OK\n"
    server.client().put_object(Bucket="my-logs", Key=flow_key("2026/01/15", "a"), Body=body)
    daemon = Daemon(Bucket(type="vpcflow", name="my-logs", only_logs_after=SINCE))
    (message,) = daemon.run()
    assert message["aws"]["interface_id"] == "eni-1"
    assert ("DEBUG", f"s3://my-logs: flow logs in us-east-1: {known}") in daemon.lines
    assert daemon.complaints() == []


def test_a_large_object_goes_through_a_file(server: S3Server, tmp_path: Path) -> None:
    row = "2 123456789012 eni-%07d 10.0.0.1 10.0.0.2 1 2 6 1 1 1768471200 1768471260 ACCEPT OK\n"
    body = "".join(row % number for number in range(120_000)).encode()
    assert len(body) > 8 * 1024 * 1024
    key = flow_key("2026/01/15", "a")
    server.make_bucket("my-logs", {key: body})
    definition = Bucket(type="vpcflow", name="my-logs", only_logs_after=SINCE)
    poller = BucketPoller(AwsS3(buckets=(definition,)), "improved", lambda: NOON, lambda *_: None, spool=tmp_path)
    names = []
    progress = MemoryProgress()
    for batch in poller.batches(progress, threading.Event(), once=True):
        progress.commit(batch)
        names += [record.document["aws"]["interface_id"] for record in batch.records if record.document]
        assert list(tmp_path.iterdir()) == []
    poller.close()
    assert names == [f"eni-{number:07}" for number in range(120_000)]


class FaultyS3:
    """An S3 that lists objects and answers each GET as a test says: the replies of a key are given in order."""

    def __init__(self, replies: dict[str, list[Reply]]) -> None:
        self.replies = {trail_key("2026/01/15", name): list(of_key) for name, of_key in replies.items()}

    def __call__(self, asked: Asked) -> Reply:
        url = urlsplit(asked.path)
        query = parse_qs(url.query, keep_blank_values=True)
        if "list-type" in query:
            return Reply(body=self._list(query["prefix"][0], "delimiter" in query))
        of_key = self.replies[unquote(url.path).removeprefix("/my-logs/")]
        return of_key.pop(0) if len(of_key) > 1 else of_key[0]

    def _list(self, prefix: str, delimiter: bool) -> bytes:
        keys = [key for key in self.replies if key.startswith(prefix)]
        folders = sorted({prefix + key[len(prefix) :].split("/")[0] + "/" for key in keys}) if delimiter else []
        entries = "".join(f"<CommonPrefixes><Prefix>{folder}</Prefix></CommonPrefixes>" for folder in folders)
        for key in [] if delimiter else keys:
            entries += (
                f"<Contents><Key>{key}</Key><LastModified>2026-01-15T10:00:00.000Z</LastModified>"
                "<ETag>&quot;tag&quot;</ETag><Size>0</Size></Contents>"
            )
        return f"<ListBucketResult><IsTruncated>false</IsTruncated>{entries}</ListBucketResult>".encode()


def test_faults_on_the_wire(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each object has a trouble of its own; none is lost, doubled or in the way of another."""
    monkeypatch.setattr("alertmill.sources.aws.s3.LONGEST_PAUSE", 0.0)
    good = trail("x" * 500)
    faulty = FaultyS3(
        {
            "a first": [Reply(body=trail("a"))],
            "b truncated": [Reply(body=trail("b")[:-9])],
            "c refused": [error(403, "AccessDenied")],
            "d gone": [error(404, "NoSuchKey")],
            "e slow": [error(503, "SlowDown"), error(503, "SlowDown"), Reply(body=trail("e"))],
            "f reset": [Reply(body=good, cut=20), Reply(206, good[20:])],
            "g replaced": [error(412, "PreconditionFailed")],
            "h broken": [error(500, "InternalError")],
            "i last": [Reply(body=trail("i"))],
        }
    )
    with running_wire(route=faulty) as wire:
        daemon = Daemon(cloudtrail(service_endpoint=wire.url))
        messages = daemon.run()
        told = [m["aws"].get("eventID") or m["error_msg"].partition(": ")[0][:33] for m in messages]
        failed = [
            "Failed to decompress file AWSLogs",
            "Unknown error reading/parsing fil",
            "Unknown error reading/parsing fil",
        ]
        assert told == ["a", failed[0], failed[1], "e", "x" * 500, failed[2], "i"]
        done = sorted(mark.key.partition("us-east-1_")[2][0] for mark in daemon.progress.done.values())
        assert done == list("adefgi")
        reasons = [mark.reason for mark in daemon.progress.failures.values()]
        assert [reason.partition(".json.gz: ")[2][:30] for reason in reasons] == [
            "Invalid gzip file received: it",
            "s3:GetObject on s3://my-logs/A",
            "s3:GetObject on s3://my-logs/A",
        ]
        report = daemon.progress.reports[f"s3://my-logs/AWSLogs/|cloudtrail|{ACCOUNT}|us-east-1"]
        assert (report.listed, report.waiting, report.error) == (9, 3, "")
        assert daemon.run() == []


class Committing:
    """Batches into the real checkpoint database, one commit each."""

    def __init__(self, folder: Path) -> None:
        self.checkpoints = Checkpoints(folder)
        self.progress: Progress = self.checkpoints

    def run(self, poller: BucketPoller, until: int | None = None) -> list[str]:
        """Read and commit, up to a number of records as if the process then died."""
        found: list[str] = []
        for batch in poller.batches(self.progress, threading.Event(), once=True):
            if until is not None and len(found) + len(batch.records) > until:
                break
            self.checkpoints.commit(Commit(marks=list(batch.marks)))
            batch.ack()
            found += [_id(record) for record in batch.records]
        return found


def _id(record: Record) -> str:
    return str(json.loads(record.message)["aws"]["eventID"])


def test_with_the_real_checkpoints_nothing_is_lost_or_doubled(server: S3Server, tmp_path: Path) -> None:
    objects = {}
    expected = []
    for number in range(6):
        names = [f"{number}-{n:04}" for n in range(1200 if number == 3 else 30)]
        day = date(2026, 1, 8) + timedelta(days=number)
        objects[trail_key(f"{day:%Y/%m/%d}", str(number))] = trail(*names)
        expected += names
    server.make_bucket("my-logs", objects)
    state = Committing(tmp_path)
    found: list[str] = []
    for until in (40, 60, 1010, None, None):  # dies between objects, and inside the large one
        poller = BucketPoller(AwsS3(buckets=(cloudtrail(),)), "compatible", lambda: NOON, lambda *_: None)
        found += state.run(poller, until)
        poller.close()
    state.checkpoints.close()
    assert found == expected


def test_batches_are_small_enough_to_queue(server: S3Server) -> None:
    server.make_bucket("my-logs", {trail_key("2026/01/15", "a"): trail(*map(str, range(5000)))})
    poller = BucketPoller(AwsS3(buckets=(cloudtrail(),)), "compatible", lambda: NOON, lambda *_: None)
    batches: list[Batch] = list(poller.batches(MemoryProgress(), threading.Event(), once=True))
    poller.close()
    assert max(len(batch.records) for batch in batches) == 1000


def test_scanning_a_prefix(server: S3Server) -> None:
    """All objects are read, also those that are fetched when the listing has long come to its end."""
    objects = {trail_key("2026/01/15", str(number)): trail(f"e-{number}") for number in range(60)}
    server.make_bucket("scanned", objects)
    done = alertmill("scan", "s3://scanned/AWSLogs/", env=environment(server.env))
    assert done.returncode == 0, done.stderr.decode()
    assert b"60 objects, 60 events" in done.stderr
