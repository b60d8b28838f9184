"""docs/explain.md: every command is run as it stands there, and prints what is shown below it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from alertmill.explain import as_values
from support import PATIENCE
from unit.explain.helpers import explainer, mill, rule

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "explain.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```sh\n(.*?)^```\n\n```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_each_command_prints_what_is_shown(tmp_path: Path) -> None:
    assert len(EXAMPLES) == PAGE.count("```sh\n") >= 5
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ALERTMILL_"))}
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
    for command, shown in EXAMPLES:
        done = subprocess.run(
            ["bash", "-euc", command], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=PATIENCE
        )
        assert done.stdout == shown, command


def test_every_member_of_the_json_form_is_explained() -> None:
    rules = rule(100, "<match>x</match>") + rule(101, "<if_matched_sid>100</if_matched_sid>", frequency=2, ignore=9)
    session = explainer(rules)
    names: set[str] = set()
    for _ in range(3):
        collect(json.loads(json.dumps(as_values(session.explain(mill("x"), why_not=101)))), names)
    reference = PAGE.partition("\n## JSON\n")[2]
    assert {name for name in names if not re.search(rf"`{name}`", reference)} == set()


def collect(value: object, names: set[str]) -> None:
    """The names of all members at every depth."""
    if isinstance(value, dict):
        names |= value.keys()
        for member in value.values():
            collect(member, names)
    elif isinstance(value, list):
        for member in value:
            collect(member, names)
