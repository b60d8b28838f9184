"""Every `sh` block of the README runs as it stands; what needs root, systemd or AWS is in `text` blocks."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from system.daemon import sample_objects

REPOSITORY = Path(__file__).resolve().parents[2]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)

#: Blocks with a test of their own, or that are what runs this test.
ELSEWHERE = {"make demo\n": "tests/system/test_demo.py", "make test\n": "the whole suite"}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder in which the commands of the README find what they name."""
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "alertmill").symlink_to(Path(sys.executable).parent / "alertmill")
    for key, body in sample_objects().items():
        path = tmp_path / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return tmp_path


def test_commands_run_in_their_order(checkout: Path) -> None:
    commands = [text for language, text in BLOCKS if language == "sh" and text not in ELSEWHERE]
    assert len(commands) >= 3
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ALERTMILL_"))}
    for command in commands:
        done = subprocess.run(
            ["bash", "-euc", command], cwd=checkout, env=env, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    alerts = [json.loads(line) for line in (checkout / "alerts.json").read_text().splitlines()]
    assert alerts
    answer = json.loads(done.stdout)
    assert answer["rule"]["id"] == "80301"


def test_json_and_xml_blocks_are_well_formed(tmp_path: Path) -> None:
    from alertmill.xmltext import read_xml

    for language, text in BLOCKS:
        if language == "json":
            assert json.loads(text)["Statement"]
        elif language == "xml":
            assert [element.name for element in read_xml(text, "README.md")] == ["wodle"]


def test_links_lead_somewhere() -> None:
    for page in [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *(REPOSITORY / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
