"""A mutant is exactly what loading its changed XML gives: the same conditions, and the same verdicts on any events."""

from __future__ import annotations

from datetime import UTC
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alertmill.cases import Mutant, RuleSource, mutants_of, rule_sources
from alertmill.cases.observer import condition_texts
from alertmill.decoders import load_decoders
from alertmill.engine import Engine, EngineOptions
from alertmill.errors import Problems
from alertmill.event import Record
from alertmill.ruleset import RuleOptions, Ruleset, load_lists, load_rules
from alertmill.xmltext import Element
from support import LONG
from unit.cases.helpers import ROOT, TOP

RULES = """<group name="first,">
  <var name="COLOURS">red|blue</var>
  <rule id="100" level="0"><decoded_as>json</decoded_as><description>branch</description></rule>
  <rule id="101" level="5" ignore="5">
    <if_sid>100</if_sid>
    <field name="color">^red</field>
    <field name="size" negate="yes">^1$</field>
    <user>an</user><user>na|^bob</user>
    <description>one</description><group>paint,</group>
  </rule>
  <rule id="102" level="7">
    <if_sid>100, 101</if_sid>
    <srcip>10.0.0.0/8</srcip><srcip negate="yes">192.0.2.1</srcip>
    <match>$COLOURS</match>
    <description>two</description><group>paint,</group>
  </rule>
  <rule id="103" level="9" maxsize="40">
    <if_group>paint</if_group>
    <list field="color" lookup="not_match_key">colors</list>
    <description>three</description>
  </rule>
  <rule id="104" level="10" frequency="3" timeframe="8">
    <if_matched_group>paint</if_matched_group>
    <same_srcip /><different_field>size</different_field>
    <description>four</description>
  </rule>
  <rule id="105" level="11" frequency="2" timeframe="20">
    <if_matched_sid>101</if_matched_sid>
    <same_user /><same_field>color</same_field><global_frequency />
    <field name="color" type="pcre2">(?i)RED</field>
    <description>five</description>
  </rule>
  <rule id="106" level="6"><if_sid>100</if_sid><if_fts /><description>six</description></rule>
  <rule id="107" level="4" frequency="2" timeframe="9">
    <if_matched_regex>blue</if_matched_regex><time>10:00 - 10:30</time><weekday>thursday</weekday>
    <description>seven</description>
  </rule>
  <rule id="101" level="5" overwrite="yes">
    <field name="color">^red|^green</field><description>one again</description><group>paint,</group>
  </rule>
</group>
"""
TABLES = load_lists({"colors": "red:\nblue:\n"}, Problems())
DECODERS = load_decoders(
    [(path.name, path.read_text("latin-1")) for path in sorted((ROOT / "decoders").glob("*.xml"))], Problems()
)


def load(rules: str, engine: str = "fast") -> Ruleset:
    problems = Problems()
    options = RuleOptions(zone=UTC, engine="plain" if engine == "plain" else "fast")
    found = load_rules([("top.xml", TOP), ("rules.xml", rules)], TABLES, DECODERS.identities, options, problems)
    assert not problems.errors, problems.draw()
    return found


def sources_of(ruleset: Ruleset) -> list[RuleSource]:
    return rule_sources([("rules.xml", RULES)], ruleset)["rules.xml"]


def written(element: Element) -> str:
    """An element as the text of a file."""
    attributes = "".join(f' {name}="{value}"' for name, value in element.attributes.items())
    inner = "".join(map(written, element.children)) + element.text
    return f"<{element.name}{attributes}>{inner}</{element.name}>"


def changed_text(source: RuleSource, mutant: Mutant) -> str:
    start = source.element.start
    end = RULES.index("</rule>", start) + len("</rule>")
    return RULES[:start] + written(mutant.edit.element) + RULES[end:]


LOADED = load(RULES)
ENGINE = Engine(DECODERS, LOADED, EngineOptions("test"))
MUTANTS = [(source, mutant) for source in sources_of(LOADED) for mutant in mutants_of(source, ENGINE, TABLES)]


def shape(ruleset: Ruleset) -> Any:
    """Everything about a ruleset that two of them can be compared by."""
    rules = [
        (rule.info, rule.level, rule.ignore, condition_texts(rule), rule.search and _plain(rule.search),
         rule.own_list, rule.group_lists, rule.has_memory, rule.identity)
        for rule in ruleset.rules_by_id.values()
    ]  # fmt: skip
    return rules, _tree(ruleset.roots), ruleset.longest_count, ruleset.list_count, ruleset.node_count


def _plain(search: Any) -> Any:
    names = [name for name in type(search).__slots__ if name != "pattern"]
    return [getattr(search, name) for name in names], search.pattern and search.pattern.pattern


def _tree(nodes: Any) -> Any:
    return [(node.rule.id, _tree(node.children)) for node in nodes]


@pytest.mark.parametrize(
    ("source", "mutant"), MUTANTS, ids=lambda value: getattr(value, "edit", value.__class__) and ""
)
def test_a_mutant_is_the_ruleset_of_the_changed_file(source: RuleSource, mutant: Mutant) -> None:
    assert shape(mutant.ruleset(LOADED)) == shape(load(changed_text(source, mutant)))


def test_there_are_mutants_of_every_kind() -> None:
    assert {source.id for source, _ in MUTANTS} == {100, 101, 102, 103, 104, 105, 106, 107}
    assert len(MUTANTS) >= 35
    line = RULES[: RULES.index('<rule id="101" level="5" overwrite')].count("\n") + 1
    assert [source.origin.line for source in sources_of(LOADED) if source.id == 101] == [line]


def message(color: str, size: int, user: str, address: str) -> str:
    return f'{{"color":"{color}","size":"{size}","dstuser":"{user}","srcip":"{address}"}}'


events = st.lists(
    st.tuples(
        st.builds(
            message,
            st.sampled_from(["red", "green", "blue", "dark red", ""]),
            st.integers(1, 2),
            st.sampled_from(["ana", "anna", "bob"]),
            st.sampled_from(["10.0.0.1", "192.0.2.1"]),
        ),
        st.integers(0, 10),
    ),
    min_size=1,
    max_size=6,
)


def verdicts(ruleset: Ruleset, script: list[tuple[str, int]]) -> list[Any]:
    engine = Engine(DECODERS, ruleset, EngineOptions("test"))
    state, now, found = engine.new_state(), 1768471200.0, []
    for text, wait in script:
        now += wait
        outcome = engine.process(Record(text, "x", now), state)
        assert not outcome.rejected
        found.append((outcome.match and (outcome.match.rule.id, outcome.match.previous_output), outcome.alert))
    return found


@settings(max_examples=400 if LONG else 60, deadline=None)
@given(st.sampled_from(MUTANTS), events)
def test_a_mutant_decides_as_the_changed_file_does(
    pair: tuple[RuleSource, Mutant], script: list[tuple[str, int]]
) -> None:
    source, mutant = pair
    expected = verdicts(load(changed_text(source, mutant), "plain"), script)
    verdicts(LOADED, script)  # what the loaded ruleset has found out about these events is not the mutant's
    assert verdicts(mutant.ruleset(LOADED), script) == expected


def test_the_events_of_the_property_meet_the_rules() -> None:
    """It would hold of events that no rule decides about, too: these rules are all reached."""
    values = product(("red", "green", "blue"), ("ana", "bob"), ("10.0.0.1", "192.0.2.1"))
    script = [(message(c, n % 2 + 1, u, a), 1) for n, (c, u, a) in enumerate(values)]
    ids = {found[0][0] for found in verdicts(LOADED, script) if found[0]}
    assert len(ids) >= 4, ids
