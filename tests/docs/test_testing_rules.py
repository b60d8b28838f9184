"""docs/testing-rules.md: its files are written, its commands run in their order, and they print what it shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from alertmill.cases.yaml_cases import CASE_KEYS, EVENT_KEYS, EXPECT_KEYS
from support import PATIENCE

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "testing-rules.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

#: The name of a file in the first line of its text.
_NAMED = re.compile(r"(?:<!--|#|;) (\S+)(?: -->)?\n")


def test_the_page_does_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "alertmill"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m alertmill "$@"\n')
    program.chmod(0o755)
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ALERTMILL_"))}
    env["PATH"] = f"{program.parent}:{env['PATH']}"
    printed, ran = "", 0
    for language, text in BLOCKS:
        if language == "text":
            for line in text.splitlines():
                assert line in printed.splitlines(), f"{line}\nis not in\n{printed}"
        elif language == "sh":
            for command in text.splitlines():
                done = subprocess.run(
                    ["sh", "-c", command], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=PATIENCE
                )
                assert done.returncode == int(command.rpartition("# exit ")[2] if "# exit" in command else 0), done
                printed, ran = done.stdout, ran + 1
        else:
            named = _NAMED.match(text)
            assert named is not None, text
            (tmp_path / named.group(1)).write_text(text, encoding="utf-8")
    assert ran == 7
    assert (tmp_path / "results.xml").exists()
    assert (tmp_path / "coverage.html").exists()


def test_every_key_is_documented() -> None:
    for key in (*CASE_KEYS, *EVENT_KEYS, *EXPECT_KEYS):
        assert re.search(rf"^\|[^|]*`{key}`[^|]*\|", PAGE, re.MULTILINE), key
