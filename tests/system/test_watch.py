"""`alertmill test --watch` as a process: it runs again when a case changes, and Ctrl-C ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from support import PATIENCE

GOOD = "- {name: x, events: [{message: hello}], expect: {rule: null}}\n"


def test_a_change_runs_the_cases_again_until_ctrl_c(tmp_path: Path) -> None:
    file = tmp_path / "case.yaml"
    file.write_text(GOOD)
    env = {name: value for name, value in os.environ.items() if name != "ALERTMILL_HOME"}
    process = subprocess.Popen(
        [sys.executable, "-m", "alertmill", "test", "--watch", str(file)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env, cwd=tmp_path,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        first = [process.stdout.readline() for _ in range(3)]
        assert "1 passed" in first[-1]
        assert process.stderr.readline() == "waiting for a change; Ctrl-C ends\n"
        file.write_text(GOOD.replace("null", "80922"))
        again = []
        while not again or "1 file" not in again[-1]:
            again.append(process.stdout.readline())
            assert again[-1], "it ended"
        assert "0 passed, 1 failed" in again[-1]
        process.stderr.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, out, err) == (130, "", "")
    finally:
        process.kill()
        process.communicate()
