"""SARIF: the members that code review tools rely on."""

from __future__ import annotations

import json
from typing import Any

from alertmill import codes
from alertmill.errors import Origin, Problem, Severity
from alertmill.lint import all_kinds
from alertmill.lint import catalogue as kinds
from alertmill.lint.sarif import sarif

FINDINGS = [
    kinds.SHADOWED.at(Origin("my rules/local.xml", 7, '  <rule id="1">', 3, 7), "rule 1 can never fire", "move it"),
    Problem(codes.R_PARENT, Severity.WARNING, "rule 2 is skipped", Origin("/etc/x.xml")),
    Problem(codes.D_ONE_LIST, Severity.ERROR, "no place"),
]


def run() -> dict[str, Any]:
    text = json.dumps(sarif(FINDINGS, all_kinds().values(), "1.2"))
    log = json.loads(text)
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-2.1.0.json")
    (only,) = log["runs"]
    return dict(only)


def test_the_table_of_rules_explains_every_result() -> None:
    one = run()
    rules = one["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules) == len(all_kinds()) + 2
    for result in one["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    shown = next(rule for rule in rules if rule["id"] == "L010")
    assert shown["shortDescription"]["text"] and shown["fullDescription"]["text"] and shown["help"]["text"]
    assert shown["defaultConfiguration"] == {"level": "warning"}


def test_results_have_places_levels_and_texts() -> None:
    first, second, third = run()["results"]
    assert first["level"] == "warning"
    assert first["message"]["text"] == "rule 1 can never fire. move it"
    assert first["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "my%20rules/local.xml"},
                "region": {"startLine": 7, "startColumn": 4, "endColumn": 8},
            }
        }
    ]
    assert second["locations"] == [{"physicalLocation": {"artifactLocation": {"uri": "file:///etc/x.xml"}}}]
    assert third["level"] == "error"
    assert "locations" not in third
