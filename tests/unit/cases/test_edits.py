"""The changes that a rule gets, and what becomes of them: which conditions, where, and which case notices."""

from __future__ import annotations

from alertmill.cases import MutantRun, Visits, mutants_of, run_case
from unit.cases.helpers import LINE, engine, lists, sources, yaml_cases

EVERYTHING = """<group name="shop,">
  <rule id="200" level="5" frequency="4" timeframe="60" ignore="30" maxsize="10">
    <if_matched_sid>1</if_matched_sid>
    <decoded_as>json</decoded_as>
    <match>a</match>
    <match>b</match>
    <user negate="yes">root</user>
    <field name="x">1</field>
    <field name="y" negate="yes">2</field>
    <srcip>10.0.0.0/8</srcip>
    <list field="user" lookup="match_key">known</list>
    <time>8:00 - 9:00</time>
    <same_user />
    <same_field>z</same_field>
    <description>everything</description>
  </rule>
</group>
"""


def edits(rules: str, rule_id: int) -> list[tuple[int, str]]:
    tables = lists({"known": "a:\n"})
    loaded = engine(rules, tables)
    found = mutants_of(sources(loaded, rules)[rule_id], loaded, tables)
    return [(mutant.edit.origin.line, mutant.edit.what) for mutant in found]


def test_each_condition_is_changed_in_its_place() -> None:
    assert edits(EVERYTHING, 200) == [
        (2, "the rule never holds"),
        (2, "frequency 3: one event fewer"),
        (2, "frequency 5: one event more"),
        (2, "timeframe 30: half as long"),
        (2, "timeframe 120: twice as long"),
        (2, "ignore dropped"),
        (2, "maxsize dropped"),
        (4, "<decoded_as> dropped"),
        (6, "<match> dropped"),
        (6, "<match> negated"),
        (7, "<user> dropped"),
        (7, "<user> negated"),
        (7, "<user> holds for any value"),
        (8, '<field name="x"> dropped'),
        (8, '<field name="x"> negated'),
        (8, '<field name="x"> holds for any value'),
        (9, '<field name="y"> dropped'),
        (9, '<field name="y"> negated'),
        (9, '<field name="y"> holds for any value'),
        (10, "<srcip> dropped"),
        (10, "<srcip> negated"),
        (11, '<list field="user"> dropped'),
        (11, '<list field="user"> looked up as not_match_key'),
        (12, "<time> dropped"),
        (13, "<same_user> dropped"),
        (14, "<same_field> dropped"),
    ]


def test_a_rule_without_conditions_has_no_mutants() -> None:
    rules = '<group name="x,"><rule id="300" level="3"><if_sid>1</if_sid><description>all</description></rule></group>'
    assert edits(rules, 300) == []


def test_the_smallest_frequency_is_not_lowered() -> None:
    rules = EVERYTHING.replace('frequency="4"', 'frequency="2"').replace('timeframe="60"', 'timeframe="1"')
    assert [what for _, what in edits(rules, 200) if "freq" in what or "time" in what] == [
        "frequency 3: one event more",
        "timeframe 2: twice as long",
        "<time> dropped",
    ]


CASES = f"""
- {{name: three, events: [{{message: '{LINE}login failed', repeat: 3, every: 30}}], expect: {{rule: 102}}}}
- {{name: two, events: [{{message: '{LINE}login failed', repeat: 2}}], expect: {{rule: 101}}}}
- {{name: slow, events: [{{message: '{LINE}login failed', repeat: 3, every: 31}}], expect: {{rule: 101}}}}
"""


def test_cases_notice_what_they_are_about_and_nothing_else() -> None:
    loaded, visits, cases = engine(), Visits(), yaml_cases(CASES)
    for number, case in enumerate(cases):
        visits.begin(number)
        assert run_case(loaded, case, visits.see).passed
    run = MutantRun(loaded, lists(), sources(loaded), cases)
    found = {verdict.what: verdict.killed_by for verdict in run.rule(102, visits.cases_of(102))}
    assert found == {
        "frequency 2: one event fewer": "two",
        "frequency 4: one event more": "three",
        "timeframe 30: half as long": "three",
        "timeframe 120: twice as long": "slow",
        "<same_location> dropped": "",
    }
    assert visits.cases_of(103) == []
    assert {verdict.killed_by for verdict in run.rule(103, [])} == {""}
    assert loaded.rules.rules_by_id[102].search == engine().rules.rules_by_id[102].search


def test_a_mutant_leaves_the_loaded_ruleset_alone() -> None:
    loaded = engine()
    before = [node.rule for node in loaded.rules.roots[0].children]
    (mutant, *_) = mutants_of(sources(loaded)[101], loaded, lists())
    changed = mutant.ruleset(loaded.rules)
    assert [node.rule for node in loaded.rules.roots[0].children] == before
    assert changed.rules_by_id[101] is not loaded.rules.rules_by_id[101]
    assert changed.rules_by_id[103] is loaded.rules.rules_by_id[103]
