"""What a rule prints, and its flags."""

from __future__ import annotations

import pytest

from unit.ruleset.helpers import grouped, load, rule, ruleset


def info(body: str = "", level: int = 5, **attributes: object):
    return ruleset(rule(100100, body, level, **attributes)).rules_by_id[100100].info


def test_groups_are_glued_and_lose_newlines_only():
    assert info("<group>a, b ,</group><group>c\n,</group>").group_text == "test,a, b ,c,"
    loaded, _ = load(grouped(rule(100100, "<group>x,</group>"), "glued"))
    assert loaded.rules_by_id[100100].info.group_text == "gluedx,"


def test_the_first_newline_of_each_description_becomes_a_blank():
    text = "<description>a\nb\nc</description><description>\nd</description>"
    loaded, _ = load(grouped(f'<rule id="100100" level="3">{text}</rule>'))
    assert loaded.rules_by_id[100100].info.description == "a b\nc d"


def test_info_and_cve_are_joined():
    found = info('<info type="link">a</info><info>b</info><cve>CVE-1</cve><cve>CVE-2</cve>')
    assert (found.info, found.cve) == ("ab", "CVE-1CVE-2")
    assert (info().info, info().cve) == (None, None)


@pytest.mark.parametrize(
    ("body", "attributes", "frequency"),
    [
        ("", {}, None),
        ("", {"frequency": 2}, None),
        ("<if_matched_sid>1</if_matched_sid>", {}, 2),
        ("<if_matched_sid>1</if_matched_sid>", {"frequency": 8}, 8),
        ("<if_matched_group>top</if_matched_group>", {"frequency": 3}, 3),
        ("<if_matched_regex>x</if_matched_regex>", {"frequency": 3}, 3),
        ("<check_diff/>", {"frequency": 8}, None),
    ],
)
def test_frequency(body, attributes, frequency):
    assert info(body, **attributes).frequency == frequency


@pytest.mark.parametrize(
    ("options", "level", "flags"),
    [
        ((), 5, "log"),
        ((), 2, ""),
        ((), 12, "mail log"),
        (("alert_by_email",), 2, "mail"),
        (("log_alert",), 2, "log"),
        (("no_email_alert",), 12, "log"),
        (("no_log",), 12, "mail"),
        (("no_log", "log_alert"), 12, "mail log"),
        (("log_alert", "no_log"), 2, ""),
        (("no_counter",), 5, "log no_counter"),
        (("no_full_log",), 5, "log no_full_log"),
        (("no_ar",), 5, "log"),
        # Clearing a flag that is set clears an earlier no_counter as well.
        (("no_counter", "no_log"), 5, ""),
        (("no_counter", "no_log"), 2, "no_counter"),
        (("no_counter", "no_email_alert"), 12, "log"),
        (("no_email_alert", "no_counter"), 12, "log no_counter"),
    ],
)
def test_flags(options, level, flags):
    body = "".join(f"<options>{option}</options>" for option in options)
    rules = ruleset(rule(100100, body, level), log_alert_level=3, email_alert_level=12)
    found = rules.rules_by_id[100100].info
    names = {"mail": found.mail, "log": found.log_alert}
    names |= {"no_counter": found.no_counter, "no_full_log": found.no_full_log}
    assert " ".join(name for name, is_set in names.items() if is_set) == flags


def test_numbers_are_read_up_to_their_digits():
    spec = ruleset(rule(100100, timeframe=1234567, ignore=12345678, maxsize=123456)).rules_by_id[100100].spec
    assert (spec.timeframe, spec.ignore, spec.maxsize) == (12345, 123456, 1234)


def test_defaults():
    spec = ruleset(rule(100100), default_timeframe=99).rules_by_id[100100].spec
    assert (spec.timeframe, spec.ignore, spec.frequency, spec.noalert, spec.category) == (99, 0, None, False, "syslog")


def test_attribute_names_may_have_capitals():
    loaded, problems = load(grouped('<rule ID="100100" Level="3" NoAlert="1"><description>x</description></rule>'))
    assert not problems
    assert loaded.rules_by_id[100100].noalert


def test_element_names_may_have_capitals():
    loaded, problems = load(grouped('<rule id="100100" level="3"><Match>x</Match><DESCRIPTION>y</DESCRIPTION></rule>'))
    assert not problems
    assert loaded.rules_by_id[100100].info.description == "y"
    assert loaded.rules_by_id[100100].conditions
