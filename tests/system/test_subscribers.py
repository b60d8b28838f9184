"""Subscribers against real queues and buckets over HTTP (moto), read by the real program.

Every way that a notification takes, each object once whatever brings it, crashes, two daemons on one queue, and the
golden scenarios from their objects to their alerts.
"""

from __future__ import annotations

import gzip
import itertools
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from alertmill import samples
from alertmill.cli.init import make_home
from benchmarks.homes import stock_home
from compliance.golden_support import HOSTNAME, normal
from s3server import S3Server, running_s3_server
from support import PATIENCE, SHARED
from system.daemon import ACCOUNT, REGION, START, alertmill, environment, start

GOLDEN = SHARED / "golden" / "aws"
needs_golden = pytest.mark.skipif(not GOLDEN.exists(), reason=f"reference data is not here: {GOLDEN}")

#: Every line of a text object raises one alert, and every call of CloudTrail.
RULES = """
<group name="local,">
  <rule id="100300" level="5">
    <decoded_as>json</decoded_as>
    <field name="aws.source">^custom$</field>
    <description>a line</description>
  </rule>
  <rule id="100301" level="5">
    <decoded_as>json</decoded_as>
    <field name="aws.source">^cloudtrail$</field>
    <description>a call</description>
  </rule>
</group>
"""
_CONF = """
<ossec_config>
  <wodle name="aws-s3">
    <disabled>no</disabled>
    <interval>1h</interval>
    <run_on_start>yes</run_on_start>
    {}
  </wodle>
</ossec_config>
"""
FILES = '<subscriber type="buckets"><sqs_name>{}</sqs_name></subscriber>'
TRAIL = '<bucket type="cloudtrail"><name>trail</name><only_logs_after>2026-JAN-01</only_logs_after></bucket>'


_NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def running() -> Iterator[S3Server]:
    with running_s3_server() as server:
        yield server


class Queue:
    """A queue of the server.

    Each has a name of its own: the server goes on with the long poll of a daemon that is gone, and gives it messages.
    """

    def __init__(self, server: S3Server, name: str = "") -> None:
        self.server = server
        self.name = name or f"queue-{next(_NUMBERS)}"
        self.sqs: Any = server.client("sqs")
        self.url: str = self.sqs.create_queue(QueueName=self.name)["QueueUrl"]
        self.arn: str = self._attribute("QueueArn")

    def send(self, *bodies: str) -> None:
        for body in bodies:
            self.sqs.send_message(QueueUrl=self.url, MessageBody=body)

    @property
    def size(self) -> int:
        """Messages in the queue, visible or not."""
        return int(self._attribute("ApproximateNumberOfMessages")) + int(
            self._attribute("ApproximateNumberOfMessagesNotVisible")
        )

    @property
    def visible(self) -> int:
        return int(self._attribute("ApproximateNumberOfMessages"))

    def _attribute(self, name: str) -> str:
        answer = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=[name])
        return str(answer["Attributes"][name])


@pytest.fixture
def queue(running: S3Server) -> Queue:
    """The queue of FILES, which S3 tells of everything in the bucket `files`, and of nothing in `quiet`."""
    running.reset()
    made = Queue(running)
    running.make_bucket("files")
    running.make_bucket("quiet")
    configuration = {"QueueConfigurations": [{"QueueArn": made.arn, "Events": ["s3:ObjectCreated:*"]}]}
    running.client().put_bucket_notification_configuration(Bucket="files", NotificationConfiguration=configuration)
    made.sqs.purge_queue(QueueUrl=made.url)  # the test event
    return made


@pytest.fixture
def home(tmp_path: Path, queue: Queue) -> Path:
    return new_home(tmp_path / "home", queue.name)


def new_home(folder: Path, queue: str, more: str = "") -> Path:
    """A home with the two rules of this test, which reads a queue, and what more its wodle says."""
    make_home(folder)
    for shipped in (folder / "ruleset" / "rules").glob("*-a[mw]*"):
        shipped.unlink()  # they would be the first to match
    (folder / "etc" / "rules" / "local_rules.xml").write_text(RULES)
    conf = folder / "etc" / "ossec.conf"
    conf.write_text(conf.read_text().replace("improved", "compatible") + _CONF.format(more + FILES.format(queue)))
    return folder


def put(server: S3Server, bucket: str, **objects: bytes) -> None:
    for key, body in objects.items():
        server.client().put_object(Bucket=bucket, Key=key, Body=body)


def notice(bucket: str, key: str) -> str:
    return json.dumps({"Records": [{"s3": {"bucket": {"name": bucket}, "object": {"key": key}}}]})


def once(home: Path, server: S3Server) -> None:
    """Read until the queue is empty."""
    done = alertmill("--home", str(home), "run", "--once", env=environment(server.env))
    assert done.returncode == 0, done.stderr.decode() + log_of(home)


def alerts(home: Path, *, about_itself: bool = False) -> list[dict[str, Any]]:
    """The alerts of a home: those about AWS, or those about Alertmill itself."""
    path = home / "logs" / "alerts" / "alerts.json"
    found = [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []
    return [alert for alert in found if (alert["location"] == "alertmill") == about_itself]


def lines(home: Path) -> list[str]:
    """The texts of the alerts for lines of text objects."""
    return [found["data"]["aws"]["full_log"] for found in alerts(home) if "full_log" in found["data"]["aws"]]


def log_of(home: Path) -> str:
    path = home / "logs" / "ossec.log"
    return path.read_text() if path.exists() else ""


def status(home: Path) -> dict[str, Any]:
    done = alertmill("--home", str(home), "status", "--json", env=environment({}))
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


# --- the ways of a notification ---------------------------------------------------------------------------------------


def test_s3_tells_the_queue(queue: Queue, home: Path) -> None:
    put(queue.server, "files", **{"a b+c.log": b"first\nsecond\n", "logs/x.log.gz": gzip.compress(b"third\n")})
    assert queue.size == 2
    once(home, queue.server)
    assert lines(home) == ["first", "second", "third"]
    assert queue.size == 0
    once(home, queue.server)
    assert len(alerts(home)) == 3
    (found,) = [scope for scope in status(home)["scopes"] if scope["name"].startswith("sqs://")]
    assert (found["name"], found["objects"], found["records"]) == (f"sqs://{queue.name}|buckets||", 2, 3)


@pytest.mark.parametrize("raw", ["false", "true"])
def test_s3_tells_sns_and_sns_the_queue(queue: Queue, home: Path, raw: str) -> None:
    sns = queue.server.client("sns")
    topic = sns.create_topic(Name="uploads")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn, Attributes={"RawMessageDelivery": raw})
    put(queue.server, "quiet", **{"a.log": b"told by a topic\n"})
    sns.publish(TopicArn=topic, Message=notice("quiet", "a.log"))
    once(home, queue.server)
    assert lines(home) == ["told by a topic"]
    assert queue.size == 0


def test_eventbridge_tells_the_queue(queue: Queue, home: Path) -> None:
    put(queue.server, "quiet", **{"a%2Bb.log": b"told by a rule\n"})
    detail = {"bucket": {"name": "quiet"}, "object": {"key": "a%2Bb.log", "size": 15}}
    queue.send(json.dumps({"source": "aws.s3", "detail-type": "Object Created", "detail": detail}))
    once(home, queue.server)
    assert lines(home) == ["told by a rule"]
    assert queue.size == 0


# --- once -------------------------------------------------------------------------------------------------------------


def test_the_same_object_twice(queue: Queue, home: Path) -> None:
    put(queue.server, "files", **{"a.log": b"once\n"})
    queue.send(notice("files", "a.log"))
    etag = queue.server.client().head_object(Bucket="files", Key="a.log")["ETag"]
    same = {"s3": {"bucket": {"name": "files"}, "object": {"key": "a.log", "eTag": etag.strip('"')}}}
    queue.send(json.dumps({"Records": [same, same]}))
    once(home, queue.server)
    assert sorted(set(lines(home))) == ["once"]
    assert queue.size == 0


def test_an_object_that_listing_and_a_queue_bring_is_read_once(queue: Queue, tmp_path: Path) -> None:
    home = new_home(tmp_path / "home", queue.name, TRAIL)
    found = samples.cloudtrail_objects(
        seed=3, account=ACCOUNT, region=REGION, start=START, objects=6, events_per_object=20
    )
    objects = {sample.key: sample.body for sample in found}
    queue.server.make_bucket("trail", objects)
    queue.send(*(notice("trail", key) for key in objects))
    put(queue.server, "files", **{"a.log": b"a file\n"})
    daemon = start("--home", str(home), "run", env=environment(queue.server.env))
    wait_for(lambda: queue.size == 0 and len(alerts(home)) > 120)
    daemon.terminate()
    daemon.communicate(timeout=PATIENCE)
    once(home, queue.server)
    calls = [found["data"]["aws"]["eventID"] for found in alerts(home) if found["rule"]["id"] == "100301"]
    assert len(calls) == len(set(calls)) == 120
    assert lines(home) == ["a file"]
    (place,) = [one for one in status(home)["scopes"] if one["name"].endswith(f"|cloudtrail|{ACCOUNT}|{REGION}")]
    assert (place["objects"], place["records"], place["failed"]) == (6, 120, 0)


@pytest.mark.parametrize("step", ["after the transaction", "after all appends"])
def test_killed_between_the_alert_and_the_deletion(queue: Queue, home: Path, step: str) -> None:
    queue.sqs.set_queue_attributes(QueueUrl=queue.url, Attributes={"VisibilityTimeout": "1"})
    put(queue.server, "files", **{"a.log": b"once\n"})
    killed = subprocess.run(
        [sys.executable, "-m", "system.kill_at", step, "1", "--home", str(home), "run", "--once"],
        env=environment(queue.server.env),
        cwd=Path(__file__).parents[1],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
    )
    assert killed.returncode == -9, killed.stderr.decode()
    assert queue.size == 1
    wait_for(lambda: queue.visible == 1)
    once(home, queue.server)
    assert lines(home) == ["once"]
    assert queue.size == 0


def test_two_daemons_on_one_queue(queue: Queue, tmp_path: Path) -> None:
    homes = [new_home(tmp_path / name, queue.name) for name in ("one", "two")]
    daemons = [start("--home", str(home), "run", env=environment(queue.server.env)) for home in homes]
    for home in homes:
        wait_for(lambda home=home: "Executing Subscriber fetch" in log_of(home))  # type: ignore[misc]
    keys = [f"{number:03}.log" for number in range(60)]
    put(queue.server, "files", **{key: f"{key}\n".encode() for key in keys})
    wait_for(lambda: queue.size == 0)
    for daemon in daemons:
        daemon.terminate()
        daemon.communicate(timeout=PATIENCE)
        assert daemon.returncode == 0
    assert sorted(line for home in homes for line in lines(home)) == keys


# --- what goes wrong --------------------------------------------------------------------------------------------------


def test_a_poison_message_goes_where_the_redrive_policy_says(queue: Queue, home: Path) -> None:
    dead = Queue(queue.server)
    policy = json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": "2"})
    attributes = {"VisibilityTimeout": "1", "RedrivePolicy": policy}
    queue.sqs.set_queue_attributes(QueueUrl=queue.url, Attributes=attributes)
    put(queue.server, "files", **{"bad.gz": b"no gzip", "good.log": b"good\n"})
    daemon = start("--home", str(home), "run", env=environment(queue.server.env))
    wait_for(lambda: dead.size == 1)
    daemon.terminate()
    daemon.communicate(timeout=PATIENCE)
    assert lines(home) == ["good"]
    (told_of,) = alerts(home, about_itself=True)
    assert told_of["data"]["alertmill"]["key"] == "files/bad.gz"
    assert queue.size == 0
    told = status(home)
    assert told["healthy"] is False
    (failed,) = told["failed"]
    assert (failed["scope"], failed["key"], failed["attempts"]) == (
        f"sqs://{queue.name}|buckets||",
        "files/bad.gz",
        2,
    )
    # Mended, it is read, and nothing is wrong any more. (The server may give the message to the daemon that is gone.)
    put(queue.server, "files", **{"bad.gz": gzip.compress(b"mended\n")})
    wait_for(lambda: once(home, queue.server) or lines(home) == ["good", "mended"])
    assert status(home)["healthy"] is True


def test_messages_of_unexpected_format_stay_and_are_shown(queue: Queue, home: Path) -> None:
    put(queue.server, "files", **{"good.log": b"good\n"})
    queue.send("not json", '{"Event": "s3:TestEvent"}')
    once(home, queue.server)
    assert lines(home) == ["good"]
    assert queue.size == 2
    assert log_of(home).count("[A021]") == 1
    assert len(status(home)["failed"]) == 2


def test_a_queue_that_does_not_exist(running: S3Server, tmp_path: Path) -> None:
    home = new_home(tmp_path / "home", "nowhere")
    once(home, running)
    assert "Subscriber: nowhere - Queue does not exist, verify the given name" in log_of(home)
    (scope,) = status(home)["scopes"]
    assert scope["error"].endswith("[A020] (exit code 20)")


def test_a_stop_ends_a_long_poll(queue: Queue, home: Path) -> None:
    daemon = start("--home", str(home), "run", env=environment(queue.server.env))
    put(queue.server, "files", **{"a.log": b"text\n"})
    wait_for(lambda: queue.size == 0)
    daemon.terminate()
    daemon.communicate(timeout=PATIENCE)
    assert daemon.returncode == 0
    assert "left behind" not in log_of(home), "it waited for the poll, which takes 20 s"


# --- a golden scenario ------------------------------------------------------------------------------------------------


@needs_golden
def test_alerts_are_the_references(running: S3Server, tmp_path: Path) -> None:
    """One scenario over the wire; all of them within one process in the unit tests."""
    pytest.importorskip("pyarrow")
    running.reset()
    folder = GOLDEN / "security-lake"
    source = json.loads((folder / "source.json").read_text())
    queue = Queue(running, "lake-queue")
    running.make_bucket(source["bucket"], {o["key"]: (folder / o["path"]).read_bytes() for o in source["objects"]})
    queue.send(*source["sqs_messages"])
    home = stock_home(tmp_path / "home")
    conf = home / "etc" / "ossec.conf"
    conf.write_text(f"{conf.read_text()}<ossec_config>{(folder / 'ossec.conf').read_text()}</ossec_config>")

    once(home, running)

    expected = [json.loads(line)["alert"] for line in (folder / "alerts.jsonl").read_text().splitlines()]
    own = json.dumps(alerts(home)).replace(json.dumps(socket.gethostname()), f'"{HOSTNAME}"')
    assert [normal(alert) for alert in json.loads(own)] == [normal(alert) for alert in expected]
    assert queue.size == 1  # the message that is none
