"""The page of the shipped rules, their ATT&CK layer and the page of what they find say what the rules do today."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from alertmill.ruleset.mitre_table import TECHNIQUES
from support import need_shared

REPOSITORY = Path(__file__).resolve().parents[2]


def test_the_page_and_the_layer_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, REPOSITORY / "scripts" / "make_rules_page.py", "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_the_layer_names_techniques_of_its_version() -> None:
    layer = json.loads((REPOSITORY / "docs" / "attack-layer.json").read_text("utf-8"))
    named = {technique["techniqueID"]: technique["score"] for technique in layer["techniques"]}
    assert set(named) <= set(TECHNIQUES)
    assert all(score > 0 for score in named.values())
    assert layer["domain"] == "enterprise-attack"


@pytest.mark.parametrize(
    "tactic",
    [
        "TA0001",
        "TA0002",
        "TA0003",
        "TA0004",
        "TA0005",
        "TA0006",
        "TA0007",
        "TA0008",
        "TA0009",
        "TA0010",
        "TA0040",
    ],
)
def test_every_tactic_that_a_trail_shows_has_rules(tactic: str) -> None:
    layer = json.loads((REPOSITORY / "docs" / "attack-layer.json").read_text("utf-8"))
    named = [technique["techniqueID"] for technique in layer["techniques"]]
    assert len([id for id in named if tactic in TECHNIQUES[id][1]]) >= 2


def test_every_list_that_rules_look_into_is_explained() -> None:
    page = (REPOSITORY / "docs" / "rules.md").read_text("utf-8")
    asked = set()
    for path in (REPOSITORY / "rules").glob("*.xml"):
        asked |= set(re.findall(r">etc/lists/([\w-]+)</list>", path.read_text("utf-8")))
    assert asked
    assert {name for name in asked if f"| `{name}` |" not in page} == set()
    assert {name for name in asked if not (REPOSITORY / "etc" / "lists" / name).exists()} == set()


def test_the_page_of_what_they_find_is_up_to_date() -> None:
    need_shared("data", "aws")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.detections", "--check"], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert done.returncode == 0, "docs/detections.md is not up to date; run: make detections"
