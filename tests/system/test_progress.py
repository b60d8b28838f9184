"""The moving line of `run --once` on a terminal, and that there is none anywhere else."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from s3server import S3Server, running_s3_server
from support import PATIENCE
from system.daemon import alertmill, environment, new_home, sample_objects

#: The moving line, as often as it was drawn.
DRAWN = re.compile(r"[^\r\n]*objects, [^\r\n]*…[^\r\n]*")


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with running_s3_server() as running:
        running.reset()
        running.make_bucket("logs", sample_objects(objects=2, events=40))
        yield running


def on_terminal(*arguments: str, env: Mapping[str, str]) -> tuple[int, str]:
    """Run the program with a terminal, 60 columns wide, as its standard error; its exit code and what was shown."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "alertmill", *arguments]
    with subprocess.Popen(
        command,
        env={**env, "TERM": "xterm", "COLUMNS": "60"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # the other end of a terminal that is closed
            while piece := os.read(ours, 4096):
                shown += piece
        os.close(ours)
        code = process.wait(PATIENCE)
        assert process.stdout is not None
        assert process.stdout.read() == b""
    return code, shown.decode()


@pytest.mark.parametrize("more", [{}, {"NO_COLOR": "1"}])
def test_a_terminal_shows_how_far_the_run_is(tmp_path: Path, server: S3Server, more: dict[str, str]) -> None:
    home = new_home(tmp_path / "home", "logs")
    code, shown = on_terminal("--home", str(home), "run", "--once", env=environment(server.env, **more))
    assert code == 0
    assert "4 of 4 objects, 160 events, " in shown  # drawn at least once, at the end
    assert "\x1b[2K" in shown  # and wiped out
    assert max(len(re.sub(r"\x1b[^A-Za-z]*[A-Za-z]", "", drawn)) for drawn in DRAWN.findall(shown)) <= 60
    last = shown.rstrip("\r\n").rpartition("\n")[2]
    assert "4 objects, 160 events, " in last
    log = (home / "logs/ossec.log").read_text().splitlines()
    assert len(log) > 10
    assert max(map(len, log)) > 60
    for line in log:
        assert f"{line}\r\n" in shown, line
    assert bool(re.search(r"\x1b\[[0-9;]*3[0-9]", shown)) is (not more)


def test_a_pipe_gets_the_log_alone(tmp_path: Path, server: S3Server) -> None:
    home = new_home(tmp_path / "home", "logs")
    run = alertmill("--home", str(home), "run", "--once", env=environment(server.env, FORCE_COLOR="1"))
    assert run.returncode == 0
    assert sorted(run.stderr.decode().splitlines()) == sorted((home / "logs/ossec.log").read_text().splitlines())


def test_systemd_gets_nothing_but_its_notifications(tmp_path: Path, server: S3Server) -> None:
    home = new_home(tmp_path / "home", "logs")
    env = environment(server.env, NOTIFY_SOCKET=str(tmp_path / "nobody"))
    assert on_terminal("--home", str(home), "run", "--once", env=env) == (0, "")
