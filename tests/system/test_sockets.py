"""The sockets of a running daemon, spoken to as Wazuh's own tools do: queue, control and test sessions."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from alertmill.cli.init import make_home
from support import PATIENCE
from system.daemon import environment, start
from system.test_daemon import log_of, stop, wait_for

EVENT = (
    '{"integration":"aws","aws":{"source":"cloudtrail","eventSource":"ec2.amazonaws.com","eventName":"RunInstances"}}'
)


class Running:
    """A daemon without inputs of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        make_home(home)
        self.daemon = start("--home", str(home), "run", env=environment({"AWS_EC2_METADATA_DISABLED": "true"}))
        self.sockets = home / "queue" / "sockets"
        wait_for(lambda: f"Started (pid: {self.daemon.pid})" in log_of(home), self.daemon)
        wait_for(lambda: (self.sockets / "queue").exists(), self.daemon)

    def ask(self, name: str, request: bytes) -> bytes:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(PATIENCE)
            client.connect(str(self.sockets / name))
            client.sendall(struct.pack("<I", len(request)) + request)
            answer = client.makefile("rb")
            size = struct.unpack("<I", answer.read(4))[0]
            return answer.read(size)

    def ask_json(self, name: str, request: Any) -> Any:
        return json.loads(self.ask(name, json.dumps(request).encode()))

    def test_line(self, event: str, token: str | None = None) -> Any:
        parameters = {"location": "stdin", "log_format": "syslog", "event": event}
        if token:
            parameters["token"] = token
        return self.ask_json("logtest", {"version": 1, "command": "log_processing", "parameters": parameters})["data"]

    def send(self, *messages: str) -> None:
        """Messages on the queue socket."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
            client.connect(str(self.sockets / "queue"))
            for message in messages:
                client.send(message.encode())

    def wait_for_alerts(self, count: int) -> None:
        wait_for(lambda: len(self.alerts()) >= count, self.daemon)

    def alerts(self) -> list[Any]:
        lines = (self.home / "logs/alerts/alerts.json").read_bytes().splitlines()
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(tmp_path_factory.mktemp("sockets") / "home")
    yield running
    stop(running.daemon)
    assert list(running.sockets.iterdir()) == []


def test_a_message_on_the_queue_socket_becomes_an_alert(running: Running) -> None:
    before = len(running.alerts())
    running.send(f"1:Wazuh-AWS:{EVENT}", "x", f"1:[007] (web-7) 10.0.0.7->Wazuh-AWS:{EVENT}")
    running.wait_for_alerts(before + 2)
    own, agents = running.alerts()[before:]
    assert own["rule"]["id"] == "80301"
    assert own["location"] == "Wazuh-AWS"
    assert agents["agent"] == {"id": "007", "name": "web-7", "ip": "10.0.0.7"}
    assert "(1222): Invalid msg" in log_of(running.home)


def test_only_owner_and_group_may_use_the_sockets(running: Running) -> None:
    for name in ("queue", "analysis", "logtest"):
        assert (running.sockets / name).stat().st_mode & 0o777 == 0o660


def test_sessions_have_a_memory_of_their_own(running: Running) -> None:
    first = running.test_line(EVENT)
    again = running.test_line(EVENT, first["token"])
    other = running.test_line(EVENT)
    counts = [reply["output"]["rule"]["firedtimes"] for reply in (first, again, other)]
    assert counts == [1, 2, 1]
    assert first["token"] != other["token"]
    removed = running.ask_json("logtest", {"command": "remove_session", "parameters": {"token": first["token"]}})
    assert removed["data"]["codemsg"] == 0
    assert "(7003)" in running.test_line(EVENT, first["token"])["messages"][0]


def test_many_sessions_at_once(running: Running) -> None:
    replies: list[Any] = []
    threads = [threading.Thread(target=lambda: replies.append(running.test_line(EVENT))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len({reply["token"] for reply in replies}) == 12


@pytest.mark.parametrize(
    ("request_", "error"),
    [(b"{nonsense", 1), (b"{}", 2), (b'{"command":"x","parameters":{}}', 3), (b" " * 70_000, 5)],
)
def test_requests_that_are_not_understood(running: Running, request_: bytes, error: int) -> None:
    assert json.loads(running.ask("logtest", request_))["error"] == error


def test_a_peer_that_says_nothing_holds_up_nobody(running: Running) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as silent:
        silent.connect(str(running.sockets / "logtest"))
        silent.sendall(b"\x10\x00")
        assert running.test_line(EVENT)["codemsg"] in (0, 1)


def test_the_control_socket_tells_settings_and_counts(running: Running) -> None:
    levels = running.ask_json("analysis", {"command": "getconfig", "parameters": {"section": "alerts"}})
    assert levels == {
        "error": 0,
        "message": "ok",
        "data": {"alerts": {"email_alert_level": 12, "log_alert_level": 2}},
    }
    running.send(f"1:Wazuh-AWS:{EVENT}")
    running.wait_for_alerts(1)
    stats = running.ask_json("analysis", {"command": "getstats"})
    assert stats["data"]["name"] == "wazuh-analysisd"
    events = stats["data"]["metrics"]["events"]
    assert events["received_breakdown"]["decoded_breakdown"]["modules_breakdown"]["aws"] >= 1
    assert events["written_breakdown"]["alerts"] >= 1
    rules = running.ask_json("analysis", {"command": "getconfig", "parameters": {"section": "rules"}})
    assert rules["data"]["rules"][0]["sigid"] == 1


def test_a_running_daemon_has_a_pid_file_and_a_state_file(running: Running) -> None:
    folder = running.home / "var" / "run"
    pid = running.daemon.pid
    assert (folder / f"wazuh-analysisd-{pid}.pid").read_text() == f"{pid}\n"
    wait_for((folder / "wazuh-analysisd.state").exists, running.daemon)
    assert "events_received='" in (folder / "wazuh-analysisd.state").read_text()


def test_reload_over_the_control_socket_answers_when_it_is_done(running: Running) -> None:
    rules = running.home / "etc/rules/zz_more_rules.xml"
    rules.write_text('<group name="t,"><rule id="100900" level="9"><if_sid>80301</if_sid><nonsense/></rule></group>')
    refused = running.ask_json("analysis", {"command": "reload-ruleset"})
    assert (refused["error"], refused["message"]) == (1, "due")
    assert any("nonsense" in message for message in refused["data"])
    rules.write_text(
        '<group name="t,"><rule id="100900" level="9"><if_sid>80301</if_sid><description>d</description></rule></group>'
    )
    assert running.ask_json("analysis", {"command": "reload-ruleset"}) == {"error": 0, "message": "ok", "data": []}
    before = len(running.alerts())
    running.send(f"1:Wazuh-AWS:{EVENT}")
    running.wait_for_alerts(before + 1)
    assert running.alerts()[-1]["rule"]["id"] == "100900"


def test_counters_and_half_filled_series_survive_a_reload_and_a_restart(tmp_path: Path) -> None:
    """Five of six before a reload, and of the next six before a kill: the counting goes on where it was."""
    running = Running(tmp_path / "home")
    (running.home / "etc/rules/zz_series_rules.xml").write_text(
        '<group name="t,"><rule id="100910" level="10" frequency="6" timeframe="300">'
        "<if_matched_sid>80301</if_matched_sid><description>six of them</description></rule></group>"
    )
    reload = {"command": "reload-ruleset"}
    assert running.ask_json("analysis", reload)["error"] == 0
    running.send(*[f"1:Wazuh-AWS:{EVENT}"] * 5)
    running.wait_for_alerts(5)
    assert running.ask_json("analysis", reload)["error"] == 0
    running.send(*[f"1:Wazuh-AWS:{EVENT}"] * 3)
    running.wait_for_alerts(8)
    running.daemon.kill()
    running.daemon.communicate()
    running = Running(tmp_path / "home")
    running.send(*[f"1:Wazuh-AWS:{EVENT}"] * 4)
    running.wait_for_alerts(12)
    stop(running.daemon)
    fired = [(alert["rule"]["id"], alert["rule"]["firedtimes"]) for alert in running.alerts()]
    one, six = "80301", "100910"
    assert fired == [
        *[(one, n) for n in range(1, 6)],
        (six, 1),
        *[(one, n) for n in range(6, 11)],
        (six, 2),
    ]


def test_the_eps_limit_lets_a_burst_through_and_then_the_rate(tmp_path: Path) -> None:
    home = tmp_path / "home"
    make_home(home)
    conf = home / "etc" / "ossec.conf"
    limit = "<limits><eps><maximum>2</maximum><timeframe>2</timeframe></eps></limits>"
    conf.write_text(f"{conf.read_text()}<ossec_config><global>{limit}</global></ossec_config>")
    running = Running(home)
    wait_for(lambda: "EPS limit enabled, EPS: '2', timeframe: '2'" in log_of(home), running.daemon)
    began = time.monotonic()
    for count in (4, 4, 1):
        before = len(running.alerts())
        running.send(*[f"1:Wazuh-AWS:{EVENT}"] * count)
        running.wait_for_alerts(before + count)
    assert time.monotonic() - began > 1.5
    stop(running.daemon)


def test_a_socket_that_somebody_listens_on_is_left_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    make_home(home)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wazuh:
        wazuh.bind(str(home / "queue/sockets/queue"))
        daemon = start("--home", str(home), "run", env=environment({"AWS_EC2_METADATA_DISABLED": "true"}))
        wait_for(lambda: "another program listens on it" in log_of(home), daemon)
        stop(daemon)
        wazuh.settimeout(PATIENCE)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
            client.sendto(b"still here", str(home / "queue/sockets/queue"))
        assert wazuh.recv(100) == b"still here"
