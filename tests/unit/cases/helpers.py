"""An engine of a few rules, and cases in a few words, for the tests of cases."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from pathlib import Path

from alertmill.cases import Case, RuleSource, read_cases, rule_sources
from alertmill.decoders import load_decoders
from alertmill.engine import Engine, EngineOptions
from alertmill.errors import Problems
from alertmill.ruleset import CdbList, RuleOptions, load_lists, load_rules

ROOT = Path(__file__).resolve().parents[3]
TOP = """<group name="top,">
  <rule id="1" level="0" noalert="1"><category>syslog</category><description>top</description></rule>
</group>
"""

#: A branch, a leaf of it, what counts the leaf, and what silences it.
RULES = """<group name="shop,">
  <rule id="100" level="0">
    <program_name>^shop$</program_name>
    <description>shop</description>
  </rule>
  <rule id="101" level="5" ignore="0">
    <if_sid>100</if_sid>
    <match>login failed</match>
    <description>a login failed</description>
    <group>auth,</group>
  </rule>
  <rule id="102" level="10" frequency="3" timeframe="60">
    <if_matched_sid>101</if_matched_sid>
    <same_location />
    <description>three failed logins</description>
  </rule>
  <rule id="103" level="3">
    <if_sid>100</if_sid>
    <match>bought</match>
    <weekday>weekdays</weekday>
    <description>bought on a weekday</description>
  </rule>
</group>
"""


def files(rules: str) -> list[tuple[str, str]]:
    return [("top.xml", TOP), ("rules.xml", rules)]


def lists(texts: Mapping[str, str] | None = None) -> dict[str, CdbList]:
    return load_lists(dict(texts or {}), Problems())


def engine(rules: str = RULES, tables: Mapping[str, CdbList] | None = None, plain: bool = False) -> Engine:
    problems = Problems()
    decoders = [(path.name, path.read_text("latin-1")) for path in sorted((ROOT / "decoders").glob("*.xml"))]
    tree = load_decoders(decoders, problems)
    options = RuleOptions(zone=UTC, engine="plain" if plain else "fast")
    ruleset = load_rules(files(rules), tables or {}, tree.identities, options, problems)
    assert problems.draw() == ""
    return Engine(tree, ruleset, EngineOptions("alertmill-test"))


def sources(loaded: Engine, rules: str = RULES) -> dict[int, RuleSource]:
    return {source.id: source for found in rule_sources(files(rules), loaded.rules).values() for source in found}


def yaml_cases(text: str, *, improved: bool = True) -> list[Case]:
    problems = Problems()
    found = read_cases("cases.yaml", text, problems, improved=improved)
    assert problems.draw() == ""
    return found


#: A syslog line of the program `shop`.
LINE = "Jan 15 10:00:00 web shop[7]: "
