"""The dashboard as a process: served, followed, guarded, ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from support import PATIENCE
from system.daemon import is_running
from system.dashboards import dashboard
from unit.dashboard.homes import alert, text_of, write_day

TOKEN = "0123456789abcdef0123456789abcdef"


def test_it_serves_follows_and_ends(tmp_path: Path) -> None:
    path = write_day(tmp_path, [alert(n) for n in range(20)])
    (tmp_path / "var").mkdir()
    before = path.read_bytes()
    with dashboard(tmp_path) as running:
        assert running.url.startswith("http://127.0.0.1:")
        assert b"<title>Alertmill</title>" in running.get("/")
        running.wait_for_rows(20)
        assert json.loads(running.get("/api/overview?user=ana"))["count"] == 20
        assert path.read_bytes() == before
        with path.open("ab") as file:
            file.write(text_of([alert(30, data__dstuser="bo")]))
        running.wait_for_rows(21)
        assert json.loads(running.get("/api/overview?user=bo"))["count"] == 1
    assert running.process.returncode == 0
    assert (tmp_path / "var/dashboard/alerts.duckdb").exists()


def test_the_live_tail_tells_what_comes(tmp_path: Path) -> None:
    path = write_day(tmp_path, [alert(0)])
    (tmp_path / "var").mkdir()
    with dashboard(tmp_path) as running:
        running.wait_for_rows(1)
        with urlopen(f"{running.url}/api/live?user=bo", timeout=PATIENCE) as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            assert stream.readline() == b"event: hello\n"
            with path.open("ab") as file:
                file.write(text_of([alert(1), alert(2, data__dstuser="bo")]))
            line = b""
            while not line.startswith(b'data: {"alerts"'):
                line = stream.readline()
            found = json.loads(line[6:])["alerts"]
            assert [one["username"] for one in found] == ["bo"]


def test_without_a_var_that_can_be_written_nothing_is_left_behind(tmp_path: Path) -> None:
    write_day(tmp_path, [alert(0)])
    (tmp_path / "var").write_text("no folder")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with dashboard(tmp_path, TMPDIR=str(scratch)) as running:
        running.wait_for_rows(1)
        assert list(scratch.glob("alertmill-dashboard-*"))
    assert not list(scratch.glob("alertmill-dashboard-*"))


def test_kill_9_leaves_no_process_behind(tmp_path: Path) -> None:
    lines = text_of([alert(n) for n in range(60)]) * 500
    path = write_day(tmp_path, [alert(0)])
    path.write_bytes(lines)
    (tmp_path / "var").mkdir()
    with dashboard(tmp_path) as running:
        workers: list[int] = []
        deadline = time.monotonic() + PATIENCE
        while len(workers) < 2 and time.monotonic() < deadline:
            workers = _children(running.process.pid)
        running.process.kill()
        while any(is_running(worker) for worker in workers):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert workers


def _children(parent: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{parent}/task").iterdir():
        with suppress(FileNotFoundError):  # a thread that ended meanwhile
            found += [int(child) for child in (task / "children").read_text().split()]
    return found


def test_two_dashboards_of_one_home_do_not_disturb_each_other(tmp_path: Path) -> None:
    write_day(tmp_path, [alert(n) for n in range(3)])
    (tmp_path / "var").mkdir()
    with dashboard(tmp_path) as one, dashboard(tmp_path) as other:
        one.wait_for_rows(3)
        other.wait_for_rows(3)


def test_elsewhere_than_on_loopback_a_token_is_asked_for(tmp_path: Path) -> None:
    write_day(tmp_path, [alert(0)])
    (tmp_path / "token").write_text(TOKEN + "\n")
    with dashboard(tmp_path, "--host", "0.0.0.0", "--token-file", str(tmp_path / "token")) as running:
        assert "//0.0.0.0:" not in running.url
        assert running.process.stderr is not None
        assert b"without --certificate the token and the alerts travel in clear" in running.process.stderr.readline()
        url = f"http://127.0.0.1:{running.url.rpartition(':')[2]}"
        with pytest.raises(HTTPError) as refused:
            urlopen(f"{url}/api/status", timeout=PATIENCE)
        assert refused.value.code == 401
        refused.value.close()
        asked = Request(f"{url}/api/status", headers={"authorization": f"Bearer {TOKEN}"})
        with urlopen(asked, timeout=PATIENCE) as answer:
            assert answer.status == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1"])
def test_the_address_that_is_named_can_be_opened(tmp_path: Path, host: str) -> None:
    write_day(tmp_path, [alert(0)])
    (tmp_path / "token").write_text(TOKEN)
    with dashboard(tmp_path, "--host", host, "--token-file", str(tmp_path / "token")) as running:
        asked = Request(f"{running.url}/api/status", headers={"authorization": f"Bearer {TOKEN}"})
        with urlopen(asked, timeout=PATIENCE) as answer:
            assert answer.status == 200
    with dashboard(tmp_path, "--host", host, "--token-file", f"{tmp_path}/token", "--allow-host", "siem.test") as named:
        assert named.url.startswith("http://siem.test:" if host == "0.0.0.0" else "http://127.0.0.1:")


@pytest.mark.parametrize(
    ("options", "environment", "word"),
    [
        (["--host", "0.0.0.0"], {}, "--token-file"),
        (["--host", "::"], {}, "--token-file"),
        (["--host", "siem.example"], {}, "--token-file"),
        (["--token-file", "/nonexistent/token"], {}, "cannot be read"),
        ([], {"ALERTMILL_DASHBOARD_TOKEN": "short"}, "at least 16"),
        (["--certificate", "x.pem"], {}, "go together"),
        (["--port", "x"], {}, "no port"),
        (["--port", "65536"], {}, "no port"),
        (["--export", "kibana"], {}, "opensearch"),
    ],
)
def test_bad_usage_is_one_line(tmp_path: Path, options: list[str], environment: dict[str, str], word: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "alertmill", "--home", str(tmp_path), "dashboard", *options],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert word in done.stderr


def test_a_home_or_port_that_cannot_be_had_is_said(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "alertmill", "dashboard", "--home"]
    done = subprocess.run([*command, str(tmp_path / "no")], capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    (tmp_path / "var").mkdir()
    with dashboard(tmp_path) as running:
        port = running.url.rpartition(":")[2]
        again = subprocess.run(
            [*command, str(tmp_path), "--port", port], capture_output=True, text=True, timeout=PATIENCE
        )
    assert (again.returncode, len(again.stderr.splitlines())) == (1, 1)
    assert "--port" in again.stderr


def test_the_export_needs_no_home() -> None:
    command = [sys.executable, "-m", "alertmill", "dashboard", "--export", "opensearch"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0
    assert json.loads(done.stdout.splitlines()[-1])["missingRefCount"] == 0


def test_many_ask_at_the_same_time(tmp_path: Path) -> None:
    write_day(tmp_path, [alert(n) for n in range(200)])
    (tmp_path / "var").mkdir()
    counts: list[int] = []
    with dashboard(tmp_path) as running:
        running.wait_for_rows(200)

        def ask(number: int) -> None:
            counts.append(json.loads(running.get(f"/api/overview?level=3-&q=ana&account!={number}"))["count"])

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert counts == [200] * 12
