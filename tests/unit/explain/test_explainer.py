"""What an explanation says of one event: the verdict, the rules that were visited, and what was never tried."""

from __future__ import annotations

import pytest

from alertmill.explain import Explainer
from unit.explain.helpers import NOON, explainer, mill, record, rule, text_of

RULES = (
    rule(100, "<decoded_as>mill</decoded_as>", level=3)
    + rule(101, "<if_sid>100</if_sid><match>grinding</match>", level=2)
    + rule(102, "<if_sid>100</if_sid><match>silent</match>", level=0)
    + rule(103, "<if_sid>100</if_sid><match>private</match><options>no_log</options>", level=8)
    + rule(104, "<if_sid>100</if_sid><match>once</match>", level=8, ignore=60)
    + rule(105, "<if_matched_sid>101</if_matched_sid><same_user/>", level=9, frequency=3, timeframe=60)
    + rule(106, '<if_sid>101</if_sid><field name="grain">rye</field><field name="speed">9</field>', level=4)
)


def answers(session: Explainer, *texts: str) -> list[str]:
    return [session.explain(mill(text, NOON + number)).answer for number, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("hello", "rule 100 (level 3) 'rule 100': an alert is written"),
        (
            "grinding",
            "rule 101 (level 2) 'rule 101': no alert: level 2 is below <log_alert_level>3</log_alert_level>",
        ),
        ("silent", "rule 102 (level 0) 'rule 102': no alert: level 0 silences the event"),
        ("private", "rule 103 (level 8) 'rule 103': no alert: the rule has <options>no_log</options>"),
    ],
)
def test_the_answer_is_the_verdict(text: str, answer: str) -> None:
    assert answers(explainer(RULES, log_alert_level=3), text) == [answer]


def test_an_event_that_no_rule_takes() -> None:
    told = explainer(RULES).explain(record("nobody's"))
    assert (told.answer, told.path, told.rule) == ("no rule holds, so there is no alert", (), None)


def test_an_event_of_a_category_without_rules() -> None:
    told = explainer(rule(100)).explain(record("ossec: Alert of no shape"))
    assert told.answer.startswith("the event ends before the rules")
    assert "Rules: none was tried" in text_of(told)


def test_an_ignored_rule_hands_its_alert_to_its_parent_or_to_nobody() -> None:
    assert answers(explainer(RULES), "once", "once")[1] == (
        "rule 100 (level 3) 'rule 100': an alert is written, in place of rule 104, which held while its ignore time of "
        "60 s ran"
    )
    silent = rule(100, "<decoded_as>mill</decoded_as>", level=0) + rule(101, "<if_sid>100</if_sid>", level=5, ignore=60)
    assert answers(explainer(silent), "x", "x")[1] == (
        "rule 100 (level 0) 'rule 100': no alert: level 0 silences the event, in place of rule 101, which held while "
        "its ignore time of 60 s ran"
    )
    assert answers(explainer(silent, session=True), "x", "x")[1].endswith(
        "no alert: its ignore time of 60 s runs since an earlier alert of the rule"
    )


def test_a_session_looks_at_the_level_alone() -> None:
    assert answers(explainer(RULES, session=True), "private")[0].endswith("an alert is written")


def test_ignored_values_are_told() -> None:
    rules = rule(101, "<match>x</match><ignore>user</ignore><check_if_ignored>user</check_if_ignored>")
    assert answers(explainer(rules, suppress_ignored=True), "x", "x")[1].endswith(
        "no alert: its values are among those that an <ignore> rule put aside"
    )


def test_counting_goes_on_until_it_is_forgotten() -> None:
    session = explainer(RULES)
    wheat = ["grinding wheat for ann"] * 3
    assert [told[:8] for told in answers(session, *wheat)] == ["rule 101", "rule 101", "rule 105"]
    session.forget()
    assert [told[:8] for told in answers(session, *wheat)] == ["rule 101", "rule 101", "rule 105"]


def test_what_counts_and_what_does_not_is_told() -> None:
    session = explainer(RULES)
    answers(session, "grinding wheat for ann", "grinding rye for bob", "grinding for")
    (finding,) = session.explain(mill("grinding oats for ann", NOON + 30), why_not=105).why_not.way[-1].findings
    assert finding.text == "<if_matched_sid> 101: 2 earlier events within 60 s with the same dstuser"
    assert finding.note == "1 of 2 found, it takes 1 more before this event"
    counted = finding.counted
    assert counted is not None
    assert [past.full_log[-23:] for past in counted.events] == [" grinding wheat for ann"]
    assert counted.passed_over == (("it has another dstuser", 2),)
    late = session.explain(mill("grinding oats for ann", NOON + 85), why_not=105).why_not.way[-1].findings[0]
    assert late.counted is not None
    assert (len(late.counted.events), late.counted.outside) == (1, 3)


def test_the_rules_are_a_tree_and_what_an_earlier_sibling_left_out_is_named() -> None:
    told = explainer(RULES).explain(mill("silent running"))
    assert [(step.path, step.matched) for step in told.trace.steps] == [
        ((1,), True),
        ((1, 100), True),
        ((1, 100, 102), True),
    ]
    assert told.left_out() == [((1, 100, 102), (103, 104, 101))]


def test_the_text_begins_with_the_answer_and_shows_each_condition() -> None:
    told = explainer(RULES, log_alert_level=3).explain(mill("grinding rye for ann"))
    assert text_of(told) == TEXT


# ruff: noqa: E501
TEXT = """\
rule 101 (level 2) 'rule 101': no alert: level 2 is below <log_alert_level>3</log_alert_level>

Event 1
  message       Mar  4 12:00:00 web1 mill[7]: grinding rye for ann
  location      /var/log/x

Pre-decoding
  header        syslog, as in `Jan 15 10:00:00 host program[pid]: `
  timestamp     Mar  4 12:00:00
  hostname      web1
  program_name  mill
  log           grinding rye for ann

Decoders, in the order in which they are tried
  + mill: it asks for nothing more, osmatch '^mill$'  [decoders.xml:2]
    + mill-grind: <prematch> was found behind what its parent matched, osregex '^grinding '  [decoders.xml:3]
    + <regex offset="after_prematch"> osregex '^(\\S+) for (\\S+)'
        grain "rye"
        dstuser "ann"
    - <regex> osregex 'speed=(\\d+)': extracted nothing
  not asked: 3 more, because the log has a program name
  decoder       mill, category syslog, 2 fields

Rules, in the order in which they are tried (8 visited)
  + 1 level 0, noalert: only its children count  All of syslog  [0-top.xml:2]
    + 100 level 3  rule 100  [rules.xml:2]
        + <decoded_as> is mill: found "mill"
      - 102 level 0: <match> matches osmatch 'silent': the log does not match  [rules.xml:4]
      - 103 level 8: <match> matches osmatch 'private': the log does not match  [rules.xml:5]
      - 104 level 8: <match> matches osmatch 'once': the log does not match  [rules.xml:6]
      + 101 level 2  rule 101  [rules.xml:3]
          + <match> matches osmatch 'grinding': the log matches: grinding rye for ann
        - 105 level 9: <if_matched_sid> 101: 2 earlier events within 60 s with the same dstuser: 0 of 2 found, it takes 2 \
more before this event  [rules.xml:7]
        - 106 level 4  rule 106  [rules.xml:8]
            + <field name="grain"> matches osregex 'rye': found "rye"
            - <field name="speed"> matches osregex '9': the event has no field speed  [rules.xml:8]

Result
  rule          101, level 2, fired for the 1st time this hour
  alert         no alert: level 2 is below <log_alert_level>3</log_alert_level>"""


def test_fields_of_earlier_events_are_told_apart() -> None:
    from alertmill.decoders import load_decoders
    from alertmill.engine import Engine, EngineOptions
    from alertmill.errors import Problems
    from alertmill.ruleset import RuleOptions, load_rules
    from unit.explain.helpers import TOP

    decoders = r"""
    <decoder name="conn"><prematch>^conn </prematch></decoder>
    <decoder name="conn-from"><parent>conn</parent><accumulate/><prematch offset="after_parent">^from</prematch>
      <regex>^conn from=(\S+) id=(\d+)</regex><order>srcip, id</order></decoder>
    <decoder name="conn-by"><parent>conn</parent><accumulate/><prematch offset="after_parent">^by</prematch>
      <regex>^conn by=(\S+) id=(\d+)</regex><order>dstuser, id</order></decoder>
    """
    tree = load_decoders([("d.xml", decoders)], Problems())
    rules = load_rules([("top.xml", TOP)], {}, tree.identities, RuleOptions(), Problems())
    session = Explainer(Engine(tree, rules, EngineOptions("host")))
    assert session.explain(record("conn from=192.0.2.1 id=7")).added == ()
    told = session.explain(record("conn by=ann id=7"))
    assert told.added == (("srcip", "192.0.2.1"),)
    assert 'from earlier events (<accumulate/>)\n        srcip "192.0.2.1"' in text_of(told)


def test_hostile_text_is_harmless_and_short() -> None:
    told = explainer(RULES).explain(mill("grinding \x1b]0;owned\x07\xe9\xff\r\n " + "x" * 5000), why_not=106)
    text = text_of(told)
    assert "\\x1b]0;owned\\x07" in text
    assert all(line.isprintable() for line in text.split("\n"))
    assert max(map(len, text.split("\n"))) < 1000


def test_an_event_channel_has_no_decoder_files() -> None:
    told = explainer(RULES).explain(record("{}", queue="f"))
    assert told.decoding is None
    assert text_of(told).startswith(told.answer)
