"""Make docs/rules.md and docs/attack-layer.json from the shipped rules and their cases.

    python scripts/make_rules_page.py            write them
    python scripts/make_rules_page.py --check    exit code 1 if one of them is not up to date

The prose of the page is scripts/rules.md.in. What to do when a rule is too much stands in the comment before the rule
("Too much? ..."), for the rules of the foundation in scripts/too_much.yaml. The layer is one of the ATT&CK Navigator: a
technique's score is the number of rules that name it.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import yaml

from alertmill.cli.init import make_home
from alertmill.engine import Engine
from alertmill.errors import Problems
from alertmill.event import RuleInfo
from alertmill.installation import Installation

ROOT = Path(__file__).resolve().parents[1]
RULES = ROOT / "rules"
SCRIPTS = ROOT / "scripts"

#: Rules with ids below are the roots of the tree, which are no rows.
_FIRST = 11
#: Version of ATT&CK that the table of techniques is of, and of the layer's form.
_ATTACK, _NAVIGATOR, _LAYER = "17", "5.1.0", "4.5"

_RULE = re.compile(r'(?:<!--(?P<comment>(?:(?!-->).)*)-->\s*)?<rule id="(?P<id>\d+)"(?P<attributes>[^>]*)>', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Row:
    """A shipped rule: what the engine knows of it, how many cases there are, and what to do when it is too much."""

    info: RuleInfo
    fires: int
    misses: int
    too_much: str

    @property
    def techniques(self) -> tuple[str, ...]:
        return self.info.mitre[0] if self.info.mitre is not None else ()


def shipped_engine() -> Engine:
    """The engine of a home as `alertmill init` makes it. Raises LoadError."""
    with tempfile.TemporaryDirectory(prefix="alertmill-rules-") as folder:
        make_home(Path(folder))
        return Installation(folder).load(Problems())


def rows() -> dict[str, list[Row]]:
    """The rows of each file of rules, in the order of the file; a rule that is overwritten stays where it was first."""
    ruleset = shipped_engine().rules
    infos = {id: rule.info for id, rule in ruleset.rules_by_id.items()}
    branches = {parent for id in infos for parent in ruleset.describe(id).parents}
    fires, misses = _cases()
    known = yaml.safe_load((SCRIPTS / "too_much.yaml").read_text("utf-8"))
    found: dict[str, list[Row]] = {}
    for path in sorted(RULES.glob("*.xml")):
        for element in _RULE.finditer(path.read_text("utf-8")):
            id = int(element["id"])
            if id >= _FIRST and 'overwrite="yes"' not in element["attributes"]:
                text = _too_much(element["comment"] or "") or known.get(id) or _silence(infos[id].level, id in branches)
                found.setdefault(path.name, []).append(Row(infos[id], fires[id], misses[id], text))
    return found


def _cases() -> tuple[Counter[int], Counter[int]]:
    """How many cases fire each rule, and how many are near misses."""
    fires, misses = Counter[int](), Counter[int]()
    for path in sorted((RULES / "tests").glob("*.yaml")):
        for case in yaml.safe_load(path.read_text("utf-8")):
            expect = case["expect"]
            if "not_rule" in expect:
                misses[expect["not_rule"]] += 1
            elif expect.get("rule") is not None:
                fires[expect["rule"]] += 1
    return fires, misses


def _too_much(comment: str) -> str:
    text = " ".join(comment.split())
    return text.partition("Too much? ")[2]


def _silence(level: int, is_branch: bool) -> str:
    if level == 0:
        return "silent: a branch of the tree" if is_branch else "silent"
    return "never written" if level == 1 else ""


def page(found: dict[str, list[Row]]) -> str:
    """docs/rules.md."""
    lines: list[str] = []
    for name, listed in found.items():
        lines += ["", f"### `{name}`", ""]
        lines += ["| id | level | description | technique | cases | if it is too much |"]
        lines += ["| --- | --- | --- | --- | --- | --- |"]
        for row in listed:
            techniques = ", ".join(row.techniques) or "-"
            cases = f"{row.fires} + {row.misses}" if row.info.level else "-"
            cells = (row.info.id, row.info.level, row.info.description, techniques, cases, row.too_much)
            lines.append(f"| {' | '.join(map(str, cells))} |")
    text = (SCRIPTS / "rules.md.in").read_text("utf-8")
    return text.replace("@RULES@", "\n".join(lines).strip())


def layer(found: dict[str, list[Row]]) -> str:
    """docs/attack-layer.json."""
    named: dict[str, list[RuleInfo]] = {}
    for listed in found.values():
        for row in listed:
            for technique in row.techniques:
                named.setdefault(technique, []).append(row.info)
    most = max(len(infos) for infos in named.values())
    document = {
        "name": "Alertmill",
        "versions": {"attack": _ATTACK, "navigator": _NAVIGATOR, "layer": _LAYER},
        "domain": "enterprise-attack",
        "description": "Techniques that the shipped rules name; the score is the number of rules.",
        "filters": {"platforms": ["IaaS", "SaaS", "Identity Provider", "Containers"]},
        "gradient": {"colors": ["#e8f0fe", "#1a56b0"], "minValue": 0, "maxValue": most},
        "techniques": [
            {"techniqueID": id, "score": len(infos), "comment": ", ".join(f"{i.id} (level {i.level})" for i in infos)}
            for id, infos in sorted(named.items())
        ],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def run(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Make the page of the shipped rules and their ATT&CK layer.")
    parser.add_argument("--check", action="store_true", help="write nothing; say what is not up to date")
    check = parser.parse_args(arguments).check
    found = rows()
    stale = []
    for name, text in (("rules.md", page(found)), ("attack-layer.json", layer(found))):
        path = ROOT / "docs" / name
        if not path.exists() or path.read_text("utf-8") != text:
            stale.append(name)
            if not check:
                path.write_text(text, "utf-8")
    if check and stale:
        print(f"not up to date: {', '.join(stale)}; run: python scripts/make_rules_page.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
