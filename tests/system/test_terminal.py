"""`tail` and `top` as processes on a terminal: they follow, obey keys, and leave the terminal as it was."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import PATIENCE
from unit.cli.alerts import alert, home_with

#: What a test run may have set and a terminal has not.
_OURS = {"NO_COLOR", "COLUMNS", "LINES"}


class Terminal:
    """A command on a terminal of 120 columns."""

    def __init__(self, *words: str, term: str = "xterm") -> None:
        self._ours, self.theirs = pty.openpty()
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.before = termios.tcgetattr(self.theirs)
        environment = {
            name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "LINES")
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "alertmill", *words],
            stdin=self.theirs,
            stdout=self.theirs,
            stderr=self.theirs,
            env={**environment, "TERM": term},
            start_new_session=True,
        )
        self.shown = ""

    def until(self, pattern: str) -> str:
        """Everything shown up to the first match; what was shown before is forgotten."""
        deadline = time.monotonic() + PATIENCE
        while not (found := re.search(pattern, self.shown)):
            assert time.monotonic() < deadline, self.shown
            self._read()
        text, self.shown = self.shown[: found.end()], self.shown[found.end() :]
        return text

    def _read(self) -> None:
        if select.select([self._ours], [], [], 0.2)[0]:
            self.shown += os.read(self._ours, 65536).decode("utf-8", "replace")

    def press(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def end(self) -> int:
        """Wait for the end; returns the exit code."""
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < deadline, self.shown
            self._read()
        while select.select([self._ours], [], [], 0)[0]:
            self._read()
        return self.process.returncode

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.theirs)
        os.close(self._ours)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return home_with(tmp_path, alert("100001", 12, at=time.time(), description="\x1b[2Jone"))


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    opened: list[Terminal] = []
    yield opened
    for terminal in opened:
        terminal.close()


def test_tail_follows_through_midnight(home: Path, terminals: list[Terminal]) -> None:
    terminal = Terminal("--home", str(home), "tail")
    terminals.append(terminal)
    shown = terminal.until("one")
    assert "\x1b[1;37;41m12\x1b[0m" in shown
    assert "\x1b[2J" not in shown
    link = home / "logs" / "alerts" / "alerts.json"
    with link.open("ab") as file:
        file.write(alert("100002", description="two"))
    terminal.until("two")
    link.unlink()
    (link.parent / "day").write_bytes(alert("100003", description="three"))
    link.hardlink_to(link.parent / "day")
    terminal.until("three")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.end() == 0


@pytest.mark.parametrize("way", ["q", "SIGTERM", "SIGINT"])
def test_top_lives_and_leaves_the_terminal_as_it_was(home: Path, terminals: list[Terminal], way: str) -> None:
    terminal = Terminal("--home", str(home), "top", "--window", "1h")
    terminals.append(terminal)
    terminal.until("1 alert in 1 h.*by count")
    with (home / "logs" / "alerts" / "alerts.json").open("ab") as file:
        file.write(alert("100002", at=time.time(), description="two"))
    shown = terminal.until("2 alerts in 1 h.*by count")
    assert "\x1b[2J" not in shown
    terminal.press("s")
    terminal.until("by newest")
    if way == "q":
        terminal.press("q")
    else:
        terminal.process.send_signal(getattr(signal, way))
    assert terminal.end() == 0
    assert terminal.shown.endswith("\x1b[?25h\x1b[?1049l")
    assert termios.tcgetattr(terminal.theirs) == terminal.before


def test_tail_ends_when_nobody_reads_it(home: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "alertmill", "--home", str(home), "tail"], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert b"100001" in process.stdout.readline()
        process.stdout.close()
        assert process.wait(timeout=PATIENCE) == 0


def test_top_is_plain_on_a_plain_terminal(home: Path, terminals: list[Terminal]) -> None:
    terminal = Terminal("--home", str(home), "top", term="dumb")
    terminals.append(terminal)
    assert terminal.end() == 0
    assert terminal.shown.startswith("1 alert in 10 min")
    assert "\x1b" not in terminal.shown
