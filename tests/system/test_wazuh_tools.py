"""Tools written for Wazuh drive a home by its `bin/`, as the stock test runner does (spec/logtest.md 1 to 4)."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from alertmill.cli.init import make_home
from support import PATIENCE
from system.daemon import environment

EVENT = (
    '{"integration":"aws","aws":{"source":"cloudtrail","eventSource":"ec2.amazonaws.com","eventName":"RunInstances"}}'
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("tools") / "home with a blank"
    make_home(home)
    return home


def tool(home: Path, name: str, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [home / "bin" / name, *arguments],
        input=text,
        env=environment({}),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


@pytest.mark.parametrize(
    ("expected", "text", "code"),
    [
        ("80301:2:json", EVENT, 0),
        ("80301:3:json", EVENT, 1),
        ("::json", '{"a":1}', 2),
        ("::", "no such event", 3),
        ("0:0:x", "", 1),
        ("80301:2:json", f"no such event\n{EVENT}\n", 0),
        ("nonsense", EVENT, 1),
    ],
)
def test_unit_test_mode_ends_with_the_runners_exit_codes(home: Path, expected: str, text: str, code: int) -> None:
    assert tool(home, "wazuh-logtest", "-U", expected, text=text).returncode == code


def test_the_report_has_the_layout_that_the_runner_reads(home: Path) -> None:
    done = tool(home, "wazuh-logtest", text=EVENT)
    assert done.returncode == 0
    assert done.stdout == "\n\n"
    assert done.stderr.startswith("Starting wazuh-logtest v4.14.7\nType one log per line\n")
    assert re.search(r"Completed decoding\.\n\tname: 'json'\n", done.stderr)
    rule = r"\tid: '80301'\n\tlevel: '2'\n\tdescription: 'Amazon-ec2: Run instance'\n"
    assert re.search(rf"\*\*Phase 3: Completed filtering \(rules\)\.\n{rule}", done.stderr)
    assert done.stderr.rstrip().endswith("**Alert to be generated.")


def test_an_unknown_option_is_bad_usage(home: Path) -> None:
    assert tool(home, "wazuh-logtest", "--nonsense").returncode == 2


def test_the_version_is_told_as_key_and_value(home: Path) -> None:
    done = tool(home, "wazuh-control", "info")
    assert done.returncode == 0
    assert done.stdout.endswith("\n")
    pairs = dict(line.split("=") for line in done.stdout.splitlines())
    assert pairs["WAZUH_VERSION"] == '"v4.14.7"'
    assert tool(home, "wazuh-control", "start").returncode == 1
