"""Technique ids and what alerts show of them."""

from __future__ import annotations

from alertmill.ruleset.mitre import mitre_of_pairs, mitre_of_techniques
from alertmill.ruleset.mitre_table import TACTICS, TECHNIQUES
from unit.ruleset.helpers import rule, ruleset


def test_names_and_tactics_of_techniques_each_once():
    member, warnings = mitre_of_techniques(["T1078", "T1110.001", "T1110"])
    assert member == (
        ("T1078", "T1110.001", "T1110"),
        ("Defense Evasion", "Persistence", "Privilege Escalation", "Initial Access", "Credential Access"),
        ("Valid Accounts", "Password Guessing", "Brute Force"),
    )
    assert warnings == ()


def test_an_unknown_technique_stays_as_an_id_among_known_ones():
    member, warnings = mitre_of_techniques(["T0000", "T1110"])
    assert member == (("T0000", "T1110"), ("Credential Access",), ("Brute Force",))
    assert warnings == ("Mitre Technique ID 'T0000' not found in database.",)


def test_without_any_tactic_there_is_no_member():
    assert mitre_of_techniques(["T0000"])[0] is None
    assert mitre_of_techniques([]) == (None, ())


def test_pairs_count_only_where_they_belong_together():
    pairs = [("TA0005", "T1078"), ("TA0001", "T1078"), ("TA0001", "T1110"), ("TA0001", "T0000")]
    member, warnings = mitre_of_pairs(pairs)
    assert member == (("T1078",), ("Defense Evasion", "Initial Access"), ("Valid Accounts",))
    assert warnings == (
        "Mitre Tactic ID 'TA0001' is not a tactic of 'T1110'.",
        "Mitre Technique ID 'T0000' not found in database.",
    )


def test_pairs_of_a_rule_displace_its_ids_whatever_the_order():
    body = "<mitre><id>T1110</id></mitre><mitre><tacticID>TA0001</tacticID><techniqueID>T1078</techniqueID></mitre>"
    rules = ruleset(rule(100100, body + "<mitre><id>T1059</id></mitre>"))
    assert rules.rules_by_id[100100].info.mitre == (("T1078",), ("Initial Access",), ("Valid Accounts",))


def test_an_unknown_id_of_a_rule_is_no_load_problem_but_is_remembered():
    rules = ruleset(rule(100100, "<mitre><id>T0000</id></mitre>"))
    assert rules.rules_by_id[100100].mitre_warnings == ("Mitre Technique ID 'T0000' not found in database.",)


def test_the_table_is_whole():
    assert len(TACTICS) == 14
    assert len(TECHNIQUES) > 600
    for name, tactics in TECHNIQUES.values():
        assert name
        assert tactics
        assert set(tactics) <= set(TACTICS)
