"""Everything that goes wrong between a bucket and a daemon, over HTTP, against the real program.

A proxy in front of an S3 server makes the faults. Whatever happens: each event is in alerts.json exactly once, and each
fault is visible in `status` and as an alert of its own.
"""

from __future__ import annotations

import gzip
import http.client
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from alertmill.cli.init import make_home
from alertmill.requests import DayRange, FailedObject, Request, write_request
from s3server import S3Server, running_s3_server
from support import LONG, PATIENCE
from system.daemon import environment
from unit.sources.aws.doubles import ACCOUNT, trail_key
from unit.sources.aws.wire import Asked, Reply, Wire, error, running_wire

T0 = datetime(2026, 1, 15, 12, tzinfo=UTC).timestamp()
HOUR = 3600.0
BUCKET = "trail"
EAST = f"s3://{BUCKET}/AWSLogs/|cloudtrail|{ACCOUNT}|us-east-1"

RULES = """
<group name="local,">
  <rule id="100301" level="5">
    <if_sid>80200</if_sid>
    <field name="aws.source">^cloudtrail$</field>
    <description>a call</description>
  </rule>
</group>
"""
_CONF = """
<ossec_config>
  <wodle name="aws-s3">
    <disabled>no</disabled>
    <interval>10m</interval>
    <run_on_start>yes</run_on_start>
    <bucket type="cloudtrail"><name>trail</name><only_logs_after>2026-JAN-01</only_logs_after></bucket>
  </wodle>
</ossec_config>
"""


def trail(*names: str) -> bytes:
    """An object with an event of each name, whose id is the name."""
    events = [
        {"eventVersion": "1.08", "eventID": name, "eventName": "Probe", "eventTime": "2026-01-15T11:00:00Z"}
        for name in names
    ]
    return gzip.compress(json.dumps({"Records": events}).encode())


def key(name: str, region: str = "us-east-1", day: str = "2026/01/15") -> str:
    return trail_key(day, name, region=region)


def make_plain_home(home: Path, conf: str) -> None:
    """A home in which every call of CloudTrail raises the one alert 100301, whatever else is shipped."""
    make_home(home)
    for path in (home / "ruleset/rules").glob("*.xml"):
        if not path.name.startswith(("0005-", "0200-")):
            path.unlink()
    (home / "etc/rules/local_rules.xml").write_text(RULES)
    (home / "etc/ossec.conf").write_text((home / "etc/ossec.conf").read_text() + conf)


class Proxy:
    """Passes requests on to the server; a fault answers instead, chosen by a part of the path.

    A fault is given the true answer, and returns what is sent, or None for the true answer after all.
    """

    def __init__(self, server: S3Server) -> None:
        self._host = urlsplit(server.url).netloc
        self.faults: dict[str, Callable[[Callable[[], Reply]], Reply | None]] = {}

    def __call__(self, asked: Asked) -> Reply:
        path = unquote(asked.path)
        for part, fault in list(self.faults.items()):
            if part in path and (reply := fault(lambda: self._true(asked))) is not None:
                return reply
        return self._true(asked)

    def _true(self, asked: Asked) -> Reply:
        headers = {name: text for name, text in asked.headers.items() if name not in ("host", "connection")}
        with closing(http.client.HTTPConnection(self._host, timeout=PATIENCE)) as connection:
            connection.request(asked.method, asked.path, asked.body, {**headers, "Connection": "close"})
            with connection.getresponse() as answer:
                kept = ("ETag", "Last-Modified", "Content-Type", "Content-Range")
                found = {name: text for name in kept if (text := answer.getheader(name))}
                return Reply(answer.status, answer.read(), found)


def first(count: int, fault: Reply) -> Callable[[Callable[[], Reply]], Reply | None]:
    """The fault for so many requests, then the truth."""
    left = [fault] * count
    return lambda _: left.pop() if left else None


def always(fault: Reply) -> Callable[[Callable[[], Reply]], Reply | None]:
    return lambda _: fault


def cut_once() -> Callable[[Callable[[], Reply]], Reply | None]:
    """The connection is reset in the middle of the body, once."""
    cuts = [1]

    def fault(true: Callable[[], Reply]) -> Reply | None:
        reply = true()
        if cuts and len(reply.body) > 20:
            reply.cut = cuts.pop() * 20
        return reply

    return fault


class World:
    """A bucket behind the proxy, a home, and the clock of the daemon."""

    def __init__(self, server: S3Server, wire: Wire, proxy: Proxy, home: Path) -> None:
        self.client = server.client()
        self.client.create_bucket(Bucket=BUCKET)
        self.proxy = proxy
        self.home = home
        self._env = {**server.env, "AWS_ENDPOINT_URL": wire.url, "AWS_MAX_ATTEMPTS": "2"}
        make_plain_home(home, _CONF)

    def put(self, **objects: bytes) -> None:
        for name, body in objects.items():
            self.write(key(name), body)

    def write(self, name: str, body: bytes) -> None:
        self.client.put_object(Bucket=BUCKET, Key=name, Body=body)

    def run(self, hours: float = 0.0) -> list[tuple[int, str]]:
        """One run; the new alerts of Alertmill about itself: rule and place."""
        before = {one["id"] for one in self.alerts()}
        done = self._program("run", "--once", hours=hours)
        assert done.returncode == 0, done.stdout.decode()
        about = [one for one in self.alerts() if one["location"] == "alertmill" and one["id"] not in before]
        for alert in about:
            assert "$(" not in alert["rule"]["description"]
        return [(int(one["rule"]["id"]), one["data"]["alertmill"].get("region", "")) for one in about]

    def _program(self, *words: str, hours: float) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-m", "system.quick", "--home", str(self.home), *words],
            env=environment(self._env, ALERTMILL_CLOCK=str(T0 + hours * HOUR)),
            cwd=Path(__file__).parents[1],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
        )

    def alerts(self) -> list[dict[str, Any]]:
        """All that were ever written; days that are over may be compressed."""
        folder = self.home / "logs/alerts"
        texts = [path.read_bytes() for path in folder.glob("*/*/ossec-alerts-*.json")]
        texts += [gzip.decompress(path.read_bytes()) for path in folder.glob("*/*/ossec-alerts-*.json.gz")]
        return [json.loads(line) for text in texts for line in text.splitlines()]

    def events(self) -> Counter[str]:
        """How often each event was alerted."""
        return Counter(one["data"]["aws"]["eventID"] for one in self.alerts() if one["rule"]["id"] == "100301")

    def status(self, hours: float = 0.0) -> dict[str, Any]:
        done = self._program("status", "--json", hours=hours)
        values: dict[str, Any] = json.loads(done.stdout)
        assert (done.returncode == 0) is values["healthy"]
        return values

    def scope(self, name: str = EAST) -> dict[str, Any]:
        (found,) = [scope for scope in self.status()["scopes"] if scope["name"] == name]
        return dict(found)


@pytest.fixture(scope="module")
def running() -> Iterator[S3Server]:
    with running_s3_server() as server:
        yield server


@pytest.fixture
def world(running: S3Server, tmp_path: Path) -> Iterator[World]:
    running.reset()
    proxy = Proxy(running)
    with running_wire(route=proxy) as wire:
        made = World(running, wire, proxy, tmp_path / "home")
        yield made
        made.client.close()


def once(*names: str) -> Counter[str]:
    return Counter(dict.fromkeys(names, 1))


# --- objects ----------------------------------------------------------------------------------------------------------


def test_faulty_objects_among_good_ones(world: World) -> None:
    world.put(
        a_good=trail("a1", "a2"),
        b_truncated=trail("b")[:-9],
        c_corrupt=b"\x1f\x8b no gzip at all",
        d_refused=trail("d"),
        e_slow=trail("e"),
        f_reset=trail("f" * 300),
        g_twice=trail("a2", "g"),
    )
    world.proxy.faults = {
        "d_refused": always(error(403, "AccessDenied")),
        "e_slow": first(3, error(503, "SlowDown")),
        "f_reset": cut_once(),
    }
    assert world.run() == [(80959, "us-east-1")] * 3
    assert world.events() == once("a1", "a2", "e", "f" * 300, "g")
    status = world.status()
    assert {failed["key"] for failed in status["failed"]} == {key(n) for n in ("b_truncated", "c_corrupt", "d_refused")}
    assert world.scope()["waiting"] == 3
    assert status["counters"]["duplicates"] == 1

    world.proxy.faults = {}
    world.put(b_truncated=trail("b"))
    assert world.run(0.2) == []
    assert world.events() == once("a1", "a2", "b", "d", "e", "f" * 300, "g")
    (left,) = world.status()["failed"]
    assert left["key"] == key("c_corrupt")

    for attempt in range(1, 9 if LONG else 1):  # up to the tenth attempt
        told = world.run(1 + attempt * 30)
        assert ((80960, "us-east-1") in told) is (attempt == 8)
    assert world.events() == once("a1", "a2", "b", "d", "e", "f" * 300, "g")
    write_request(world.home / "var/requests", Request(retry=(FailedObject(EAST, left["key"], left["etag"]),)))
    world.put(c_corrupt=trail("c"))
    assert (80960, "us-east-1") not in world.run(400)
    assert world.events()["c"] == 1
    assert world.status()["failed"] == []


def test_late_reordered_and_doubled_objects(world: World) -> None:
    world.put(n=trail("n"), p=trail("p"))
    assert world.run() == []
    world.put(m=trail("m"), o=trail("o"), p=trail("p"))  # p is delivered again under the same key
    world.write(key("late", day="2026/01/13"), trail("late"))
    world.write(key("copy"), trail("n", "new"))
    assert world.run(1) == []
    assert world.events() == once("late", "m", "n", "new", "o", "p")
    assert world.status()["healthy"]
    world.write(key("too-late", day="2026/01/10"), trail("too late"))
    assert world.run(2) == []
    assert "too late" not in world.events()
    write_request(
        world.home / "var/requests", Request(again=(DayRange(f"s3://{BUCKET}/", "2026-01-09", "2026-01-10"),))
    )
    assert world.run(3) == []
    assert world.events() == once("late", "m", "n", "new", "o", "p", "too late")
    assert world.status()["read_again"] == []
    assert list((world.home / "var/requests").iterdir()) == []


def test_a_service_that_asks_for_patience_without_end(world: World) -> None:
    world.put(**{f"o{n}": trail(f"e{n}") for n in range(9)})
    world.proxy.faults = {f"/{BUCKET}/AWSLogs": always(error(503, "SlowDown"))}
    assert world.run() == [*[(80959, "us-east-1")] * 5, (80957, "us-east-1")]
    scope = world.scope()
    assert (scope["error_code"], scope["state"]) == ("A006", "ERROR")
    world.proxy.faults = {}
    assert world.run(1) == [(80964, "us-east-1")]
    assert world.events() == once(*(f"e{n}" for n in range(9)))
    assert world.status()["healthy"]


# --- places -----------------------------------------------------------------------------------------------------------


def test_a_region_that_is_refused_does_not_hide_behind_the_others(world: World) -> None:
    world.put(a=trail("a"))
    world.write(key("b", "eu-west-1"), trail("b"))
    world.proxy.faults = {f"prefix=AWSLogs/{ACCOUNT}/CloudTrail/eu-west-1/": always(error(403, "AccessDenied"))}
    assert world.run() == [(80952, "eu-west-1")]
    assert world.run(1) == []
    assert world.events() == once("a")
    status = world.status()
    assert not status["healthy"]
    assert {scope["region"] for scope in status["scopes"] if scope["error"]} == {"eu-west-1"}
    world.proxy.faults = {}
    assert world.run(2) == [(80964, "eu-west-1")]
    assert world.events() == once("a", "b")
    assert world.status()["healthy"]


_NOTHING = b"<ListBucketResult><IsTruncated>false</IsTruncated><KeyCount>0</KeyCount></ListBucketResult>"
FAULTS = [
    (error(403, "RequestTimeTooSkewed"), "A004", 80955),
    (error(503, "SlowDown"), "A006", 80957),
    (Reply(body=_NOTHING), "A008", 80958),
    (error(403, "AccessDenied"), "A001", 80952),
    (error(400, "ExpiredToken"), "A002", 80953),
    (error(404, "NoSuchBucket"), "A003", 80954),
    (Reply(drop=True), "A005", 80956),
    (error(409, "OperationAborted"), "A007", 80951),
]


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "code", "rule"), FAULTS if LONG else FAULTS[:3], ids=lambda part: str(part)[:4])
def test_a_listing_that_fails_is_told_once_and_so_is_its_end(world: World, fault: Reply, code: str, rule: int) -> None:
    world.put(a=trail("a"))
    world.proxy.faults = {"list-type": always(fault)}
    assert world.run() == [(rule, "")]
    status = world.status()
    assert [scope["error_code"] for scope in status["scopes"] if scope["error"]] == [code]
    assert not status["healthy"]
    assert world.run(1) == []
    world.proxy.faults = {}
    assert world.run(2) == [(80964, "")]
    assert world.events() == once("a")
    assert world.status()["healthy"]


def test_silence(world: World) -> None:
    world.put(a=trail("a"))
    assert world.run() == []
    assert world.run(30) == [(80962, "us-east-1")]
    status = world.status(30)
    assert not status["healthy"]
    assert world.scope()["state"] == "SILENT"
    assert world.run(31) == []
    world.write(key("b", day="2026/01/16"), trail("b"))
    told = world.run(32)
    assert told in ([(80963, "us-east-1")], [])  # the server's clock has whole seconds: b may be as old as a
    assert world.run(33) in ([], [(80963, "us-east-1")])
    assert world.status(33)["healthy"]
    assert world.events() == once("a", "b")
