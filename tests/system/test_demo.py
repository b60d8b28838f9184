"""`alertmill demo`, which is all that `make demo` does behind the installation: the whole job, ended by itself."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from support import PATIENCE
from system.daemon import alertmill, environment


def test_the_demonstration_does_the_whole_job(tmp_path: Path) -> None:
    """Whatever the AWS settings of the user are: it does not touch them."""
    env = environment({"AWS_PROFILE": "does-not-exist", "AWS_ENDPOINT_URL": "http://192.0.2.1:1"})
    del env["ALERTMILL_CLOCK"]
    done = alertmill("demo", "--keep", str(tmp_path / "demo"), env=env, timeout=180)
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    text = done.stdout.decode()
    alerts = tmp_path / "demo/logs/alerts/alerts.json"
    lines = [json.loads(line) for line in alerts.read_bytes().splitlines()]
    assert f"{len(lines)} alerts" in text
    assert str(alerts) in text
    rules = {alert["rule"]["id"] for alert in lines}
    table = {"80301", "80303", "80305", "80306", "80308", "80309", "80404", "80411", "80446", "81000", "81001"}
    assert table <= rules
    assert {"80921", "80922"} <= rules
    assert re.search(r"level +2 .* Amazon-ec2: Run instance", text)
    assert re.search(rf"http://127\.0\.0\.1:\d+/ showed {len(lines)} alerts", text)


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("demo/etc/ossec.conf", "demo is a home already; name a new folder with --keep"),
        ("demo/notes.txt", "demo is not empty; name a new folder with --keep"),
        ("demo", "demo: Not a directory"),
    ],
)
def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path, file: str, told: str) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine")
    done = alertmill("demo", "--keep", str(tmp_path / "demo"), env=environment({}), timeout=PATIENCE)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"alertmill demo: ")
    assert told in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1
    assert path.read_text() == "mine"
    assert [found for found in tmp_path.rglob("*") if found.is_file()] == [path]


def test_the_dashboard_stays_until_ctrl_c(tmp_path: Path) -> None:
    command = [sys.executable, "-u", "-m", "alertmill", "demo", "--serve", "--keep", str(tmp_path / "demo")]
    process = subprocess.Popen(command, env=environment({}), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    url = None
    for line in process.stdout:
        if found := re.search(rb"Open (http://\S+) in a browser", line):
            url = found[1].decode()
            break
    assert url, process.communicate()[1].decode()
    with urlopen(url, timeout=PATIENCE) as page:
        assert b"<title>Alertmill</title>" in page.read()
    process.send_signal(signal.SIGINT)
    rest, trouble = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, trouble.decode()
    assert b"Try next:" in rest
    with pytest.raises(OSError, match="refused"):
        urlopen(url, timeout=PATIENCE)
