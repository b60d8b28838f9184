"""Services over HTTP, read by the real program: CloudWatch Logs from moto, findings from a small server."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from alertmill.cli.init import make_home
from benchmarks.homes import stock_home
from compliance.golden_support import HOSTNAME, needs_golden, normal
from s3server import S3Server, running_s3_server
from support import LONG, PATIENCE, SHARED
from system.daemon import alertmill, environment, start
from system.kill_at import STEPS
from unit.sources.aws.wire import Asked, Reply, running_wire

GOLDEN = SHARED / "golden" / "aws"
GROUP = "/app/g"
#: The arrival clock of these tests, and a moment a little before it.
CLOCK = 1768471200
NOON = CLOCK * 1000 - 60_000

#: Every message raises one alert.
RULES = """
<group name="local,">
  <rule id="100400" level="5">
    <match>event </match>
    <description>an event</description>
  </rule>
  <rule id="100401" level="5">
    <decoded_as>json</decoded_as>
    <field name="aws.source">^inspector2$</field>
    <description>a finding</description>
  </rule>
</group>
"""
_CONF = """
<ossec_config>
  <wodle name="aws-s3">
    <disabled>no</disabled>
    <interval>{interval}</interval>
    <run_on_start>yes</run_on_start>
    {services}
  </wodle>
</ossec_config>
"""
LOGS = """
<service type="cloudwatchlogs">
  <aws_log_groups>{groups}</aws_log_groups>
  <regions>us-east-1</regions>
  <only_logs_after>2026-JAN-01</only_logs_after>
  {more}
</service>
"""


@pytest.fixture(scope="module")
def running() -> Iterator[S3Server]:
    with running_s3_server() as server:
        yield server


@pytest.fixture
def server(running: S3Server) -> S3Server:
    running.reset()
    return running


def new_home(folder: Path, *services: str, interval: str = "1h", event_format: str = "compatible") -> Path:
    """A home with the rules of this test and these services."""
    make_home(folder)
    for shipped in (folder / "ruleset" / "rules").glob("*-a[mw]*"):
        shipped.unlink()  # they would be the first to match
    (folder / "etc" / "rules" / "local_rules.xml").write_text(RULES)
    conf = folder / "etc" / "ossec.conf"
    module = _CONF.format(interval=interval, services="".join(services))
    conf.write_text(conf.read_text().replace("improved", event_format) + module)
    return folder


def logs(groups: str = GROUP, more: str = "") -> str:
    return LOGS.format(groups=groups, more=more)


def put(server: S3Server, stream: str, *events: tuple[int, str], group: str = GROUP) -> None:
    """Events, each (milliseconds after noon, message)."""
    client = server.client("logs")
    for create in (
        lambda: client.create_log_group(logGroupName=group),
        lambda: client.create_log_stream(logGroupName=group, logStreamName=stream),
    ):
        with suppress(client.exceptions.ResourceAlreadyExistsException):
            create()
    entries = [{"timestamp": NOON + after, "message": message} for after, message in events]
    client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=entries)


@pytest.fixture(autouse=True)
def events_of_any_age(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server refuses events that are older than two weeks by the machine's clock, as AWS does."""
    from moto.logs import models

    monkeypatch.setattr(models.LogsBackend, "put_log_events", _put_log_events)


def _put_log_events(backend: Any, group: str, stream: str, events: list[Any]) -> tuple[str, dict[str, Any]]:
    return backend.groups[group].put_log_events(stream, events), {}


def once(home: Path, server: S3Server, **more: str) -> None:
    done = alertmill(
        "--home", str(home), "run", "--once", env=environment(server.env, ALERTMILL_CLOCK=str(CLOCK), **more)
    )
    assert done.returncode == 0, done.stderr.decode() + log_of(home)


def alerts(home: Path) -> list[dict[str, Any]]:
    """The alerts of a home but for those about Alertmill itself."""
    path = home / "logs" / "alerts" / "alerts.json"
    found = [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []
    return [alert for alert in found if alert["location"] != "alertmill"]


def texts(home: Path) -> list[str]:
    return [alert["full_log"] for alert in alerts(home)]


def log_of(home: Path) -> str:
    path = home / "logs" / "ossec.log"
    return path.read_text() if path.exists() else ""


def status(home: Path) -> dict[str, Any]:
    done = alertmill("--home", str(home), "status", "--json", env=environment({}))
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def scope_of(home: Path, end: str) -> dict[str, Any]:
    (found,) = [scope for scope in status(home)["scopes"] if scope["name"].endswith(end)]
    return dict(found)


def wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


# --- CloudWatch Logs --------------------------------------------------------------------------------------------------


def test_two_runs_and_what_came_between(server: S3Server, tmp_path: Path) -> None:
    home = new_home(tmp_path / "home", logs(f"{GROUP}, /missing"))
    put(server, "s1", *((number, f"event s1 {number}") for number in range(2500)))
    put(server, "s2", (5, "event s2"), (6, "quiet"))
    once(home, server)
    expected = [*(f"event s1 {number}" for number in range(2500)), "event s2"]
    assert texts(home) == expected
    once(home, server)
    assert texts(home) == expected
    # later, late, and in the same millisecond as what was read
    put(server, "s1", (2499, "event at the same time"), (3000, "event later"), (-60_000, "event late"))
    put(server, "s0", (-3_600_000, "event of a new stream"))
    once(home, server)
    more = texts(home)[len(expected) :]
    assert more[0] == "event of a new stream"
    assert sorted(more[1:]) == ["event at the same time", "event late", "event later"]
    once(home, server)
    assert len(texts(home)) == len(expected) + 4
    found = scope_of(home, f"us-east-1|{GROUP}")
    assert (found["listed"], found["waiting"], found["error"]) == (3, 0, "")
    assert found["newest_key"] == "2026-01-15T09:59:03.000Z"
    missing = scope_of(home, "|/missing")
    assert "The specified log group does not exist.  [A030] (exit code 16)" in missing["error"]
    assert status(home)["healthy"] is False


@pytest.mark.parametrize("count", [1, 2] if LONG else [1])
@pytest.mark.parametrize("step", STEPS if LONG else ["after the journal", "after the transaction"])
def test_killed_at_any_moment(server: S3Server, tmp_path: Path, step: str, count: int) -> None:
    home = new_home(tmp_path / "home", logs())
    expected = []
    for stream in ("s1", "s2", "s3"):
        put(server, stream, *((number // 3, f"event {stream} {number}") for number in range(1500)))
        expected += [f"event {stream} {number}" for number in range(1500)]
    killed = subprocess.run(
        [sys.executable, "-m", "system.kill_at", step, str(count), "--home", str(home), "run", "--once"],
        env=environment(server.env, ALERTMILL_CLOCK=str(CLOCK)),
        cwd=Path(__file__).parents[1],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
    )
    assert killed.returncode == -9 or count > 1, killed.stderr.decode()  # there may be no second commit
    put(server, "s1", (NOON, "event s1 new"))
    once(home, server)
    assert sorted(texts(home)) == sorted([*expected, "event s1 new"])


def test_a_daemon_reads_what_comes_and_is_killed(server: S3Server, tmp_path: Path) -> None:
    home = new_home(tmp_path / "home", logs(), interval="1s")
    env = environment(server.env)
    del env["ALERTMILL_CLOCK"]
    put(server, "s", (0, "event 0"))
    daemon = start("--home", str(home), "run", env=env)
    wait_for(lambda: texts(home) == ["event 0"])
    put(server, "s", (1, "event 1"))
    wait_for(lambda: len(texts(home)) == 2)
    daemon.kill()
    daemon.communicate(timeout=PATIENCE)
    put(server, "s", (2, "event 2"))
    put(server, "t", (2, "event 3"))
    daemon = start("--home", str(home), "run", env=env)
    wait_for(lambda: len(texts(home)) >= 4)
    daemon.terminate()
    daemon.communicate(timeout=PATIENCE)
    assert daemon.returncode == 0
    assert texts(home) == [f"event {number}" for number in range(4)]
    for line in (
        "Module AWS started",
        "Executing Service Analysis: (Service: cloudwatchlogs)",
        "Fetching logs finished.",
    ):
        assert line in log_of(home)


def test_streams_are_removed(server: S3Server, tmp_path: Path) -> None:
    home = new_home(tmp_path / "home", logs(more="<remove_log_streams>yes</remove_log_streams>"))
    put(server, "s1", (0, "event 1"))
    put(server, "s2", (0, "event 2"))
    once(home, server)
    assert server.client("logs").describe_log_streams(logGroupName=GROUP)["logStreams"] == []
    assert texts(home) == ["event 1", "event 2"]
    put(server, "s1", (0, "event 3"))
    once(home, server)
    assert texts(home) == ["event 1", "event 2", "event 3"]


def test_the_improved_format(server: S3Server, tmp_path: Path) -> None:
    home = new_home(tmp_path / "home", logs(), event_format="improved")
    put(server, "s", (0, '{"text":"event 1"}'), (1, "event 2"))
    once(home, server)
    first, second = alerts(home)
    info = {"aws_region": "us-east-1", "log_group": GROUP, "log_stream": "s"}
    assert first["data"] == {"text": "event 1", "aws": {"log_info": info, "source": "cloudwatchlogs"}}
    assert second["full_log"] == "event 2"
    assert first["event_time"].startswith("2026-01-15T09:59:00.000")


@needs_golden
@pytest.mark.parametrize("scenario", ["cloudwatchlogs", "cloudwatchlogs-two-runs"])
def test_alerts_are_the_references(server: S3Server, tmp_path: Path, scenario: str) -> None:
    folder = GOLDEN / scenario
    for group, streams in json.loads((folder / "source.json").read_text())["log_groups"].items():
        for stream, messages in streams.items():
            put(server, stream, *enumerate(messages), group=group)
    home = stock_home(tmp_path / "home")
    conf = home / "etc" / "ossec.conf"
    conf.write_text(f"{conf.read_text()}<ossec_config>{(folder / 'ossec.conf').read_text()}</ossec_config>")
    for _ in json.loads((folder / "runs.json").read_text())["runs"]:
        once(home, server)
    expected = [json.loads(line)["alert"] for line in (folder / "alerts.jsonl").read_text().splitlines()]
    named = json.dumps(alerts(home)).replace(json.dumps(socket.gethostname()), f'"{HOSTNAME}"')
    assert [normal(alert) for alert in json.loads(named)] == [normal(alert) for alert in expected]


# --- Inspector --------------------------------------------------------------------------------------------------------


class Findings:
    """What a small server tells: (ARN, seconds of its update), two on a page."""

    def __init__(self) -> None:
        self.found: dict[str, int] = {}
        self.faults: list[Reply] = []
        self.questions: list[dict[str, Any]] = []

    def answer(self, asked: Asked) -> Reply:
        if asked.path != "/findings/list":
            return Reply(404, b"{}")
        question = json.loads(asked.body)
        self.questions.append(question)
        if question.get("nextToken") and self.faults:
            return self.faults.pop(0)
        (window,) = question["filterCriteria"]["updatedAt"]
        wanted = [
            {"findingArn": arn, "severity": "HIGH", "firstObservedAt": updated - 5, "updatedAt": updated}
            for arn, updated in self.found.items()
            if window["startInclusive"] <= updated <= window["endInclusive"]
        ]
        first = int(question.get("nextToken", 0))
        answer: dict[str, Any] = {"findings": wanted[first : first + 2]}
        if first + 2 < len(wanted):
            answer["nextToken"] = str(first + 2)
        return Reply(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})


def findings(home: Path) -> list[str]:
    return [alert["data"]["aws"]["findingArn"] for alert in alerts(home)]


def test_inspector(tmp_path: Path) -> None:
    told = Findings()
    told.found = {f"arn:{number}": CLOCK - 3600 + number for number in range(5)}
    told.faults = [Reply(400, b'{"message":"no"}', {"x-amzn-ErrorType": "AccessDeniedException"})]
    credentials = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "NO_PROXY": "*"}
    with running_wire(route=told.answer) as wire:
        server = S3Server(wire.url)
        service = (
            f'<service type="inspector"><regions>us-east-1</regions><service_endpoint>{wire.url}</service_endpoint>'
            "<only_logs_after>2026-JAN-01</only_logs_after></service>"
        )
        home = new_home(tmp_path / "home", service)
        once(home, server, **credentials)
        assert findings(home) == ["arn:0", "arn:1"]
        assert "allow inspector2:ListFindings on *" in log_of(home)
        assert scope_of(home, "|inspector|default|us-east-1")["error"]
        once(home, server, **credentials)
        assert findings(home) == [f"arn:{number}" for number in range(5)]
        told.found["arn:1"] = CLOCK - 30  # updated
        told.found["arn:late"] = CLOCK - 600
        once(home, server, **credentials)
        assert findings(home)[5:] == ["arn:1", "arn:late"]
        once(home, server, **credentials)
    assert len(findings(home)) == 7
    assert told.questions[0]["filterCriteria"]["updatedAt"] == [{"startInclusive": 1767225600, "endInclusive": CLOCK}]
    assert alerts(home)[0]["data"] == {
        "integration": "aws",
        "aws": {
            "findingArn": "arn:0",
            "severity": "HIGH",
            "firstObservedAt": "2026-01-15 08:59:55",
            "updatedAt": "2026-01-15T09:00:00Z",
            "source": "inspector2",
        },
    }
    found = scope_of(home, "|inspector|default|us-east-1")
    assert (found["waiting"], found["error"], found["newest_key"]) == (0, "", "2026-01-15T09:59:30.000Z")
