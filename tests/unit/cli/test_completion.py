"""`alertmill completion`: what a shell is told, asked as a shell asks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from shutil import which

import pytest

from alertmill.cli import COMMANDS
from support import PATIENCE

FOLDER = Path(sys.executable).parent
ENVIRONMENT = {**os.environ, "PATH": f"{FOLDER}{os.pathsep}{os.environ['PATH']}"}


def script(shell: str) -> str:
    done = subprocess.run(
        ["alertmill", "completion", shell], env=ENVIRONMENT, capture_output=True, check=True, text=True
    )
    return done.stdout


def asked(line: str, point: int | None = None) -> list[str]:
    """What bash is told for a line, with the cursor at its end or at `point`."""
    ask = f"""{script("bash")}
COMP_LINE="$1"; COMP_POINT="$2"; COMP_TYPE=9; COMPREPLY=()
_python_argcomplete alertmill
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    point = len(line) if point is None else point
    done = subprocess.run(
        ["bash", "-c", ask, "bash", line, str(point)], env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.stderr == ""
    return [word.rstrip() for word in done.stdout.splitlines() if word]


needs_bash = pytest.mark.skipif(which("bash") is None, reason="bash is not here")


@needs_bash
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("alertmill ta", ["tail"]),
        ("alertmill tail --le", ["--level"]),
        ("alertmill --home ./x tail --no-f", ["--no-follow"]),
        ("alertmill completion ", ["bash", "fish", "zsh"]),
        ("alertmill scan --type cl", ["cloudtrail", "clb"]),
        ("alertmill nonsense --le", []),
        ("alertmill tail --nonsense --le", ["--level"]),
    ],
)
def test_what_may_come_next(line: str, expected: list[str]) -> None:
    found = [word for word in asked(line) if not word.startswith("-") or line.split()[-1].startswith("-")]
    assert sorted(found) == sorted(expected)


@needs_bash
def test_every_command_is_offered() -> None:
    assert set(COMMANDS) <= set(asked("alertmill "))


@needs_bash
def test_the_word_at_the_cursor_counts() -> None:
    assert asked("alertmill ta --level 3", len("alertmill ta")) == ["tail"]


@pytest.mark.parametrize(
    ("shell", "registers"), [("bash", "complete "), ("zsh", "compdef "), ("fish", "complete --command")]
)
def test_each_shell_has_its_code(shell: str, registers: str) -> None:
    text = script(shell)
    assert registers in text
    if which(shell):
        done = subprocess.run([shell, "-n"], input=text, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
