"""Every criterion: what it looks at, that a missing value never fulfils it, negation, and joining."""

from __future__ import annotations

from typing import Any

import pytest

from alertmill.event import Record
from alertmill.ruleset import RuleOptions
from alertmill.ruleset.conditions import conditions_of
from unit.ruleset.helpers import event, first_id, rule, ruleset


def holds(body: str, **made: Any) -> bool:
    """Whether a rule with this body is the rule of an event."""
    return first_id(ruleset(rule(100100, body)), event(**made)) == 100100


#: Element, a pattern, events that fulfil it, events that do not, among them the one that lacks the value.
CASES: list[tuple[str, str, list[dict[str, Any]], list[dict[str, Any]]]] = [
    ("match", "^err|fail", [{"log": "Error"}, {"log": "a failure"}], [{"log": "no error"}, {"log": ""}]),
    ("regex", r"^e\w+ \d", [{"log": "error 5"}], [{"log": "an error 5"}, {"log": ""}]),
    ("hostname", "^web", [{"hostname": "WEB1"}], [{"hostname": "db1"}]),
    ("location", "/var/", [{"location": "/var/log"}, {"location": "(a) b->/var/x"}], [{"location": "/tmp"}]),
    ("program_name", "^sshd$", [{"program": "sshd"}], [{"program": "sshd2"}, {"program": ""}, {}]),
    ("action", "drop", [{"static": {"action": "drop"}}], [{"static": {"action": "DROP"}}, {}]),
    ("user", "^eve", [{"static": {"dstuser": "eve"}}, {"static": {"srcuser": "eve"}}], [{}]),
    (
        "user",
        "^eve",
        [{"static": {"dstuser": "eve", "srcuser": "x"}}],
        [{"static": {"dstuser": "x", "srcuser": "eve"}}],
    ),
    ("user", "^eve", [], [{"static": {"dstuser": "", "srcuser": "eve"}}]),
    ("srcip", "10.0.0.0/8", [{"static": {"srcip": "10.1.2.3"}}], [{"static": {"srcip": "11.0.0.1"}}, {}]),
    ("dstip", "2001:db8::/32", [{"static": {"dstip": "2001:db8::7"}}], [{"static": {"dstip": "no address"}}, {}]),
    *(
        (name, "^7$", [{"static": {name: "7"}}], [{"static": {name: "77"}}, {"static": {name: ""}}, {}])
        for name in (
            "id",
            "url",
            "data",
            "extra_data",
            "status",
            "protocol",
            "system_name",
            "srcport",
            "dstport",
        )
    ),
]


@pytest.mark.parametrize(("name", "pattern", "yes", "no"), CASES)
def test_criterion(name, pattern, yes, no):
    body = f"<{name}>{pattern}</{name}>"
    assert [made for made in yes if not holds(body, **made)] == []
    assert [made for made in no if holds(body, **made)] == []


@pytest.mark.parametrize(("name", "pattern", "yes", "no"), CASES)
def test_negated_criterion(name, pattern, yes, no):
    body = f'<{name} negate="yes">{pattern}</{name}>'
    assert [made for made in yes if holds(body, **made)] == []
    # Without the value a criterion fails, negated or not.
    assert [made for made in no if made and not holds(body, **made)] == []
    assert [made for made in no if not made and holds(body, **made)] == []


@pytest.mark.parametrize("name", ["srcgeoip", "dstgeoip"])
def test_places_of_addresses_are_not_known(name):
    assert not holds(f"<{name}>DE</{name}>", static={"srcip": "10.0.0.1"})
    assert not holds(f'<{name} negate="yes">DE</{name}>', static={"srcip": "10.0.0.1"})


@pytest.mark.parametrize(
    ("body", "fields", "result"),
    [
        ('<field name="app">^web</field>', {"app": "webshop"}, True),
        ('<field name="APP">^web</field>', {"app": "webshop"}, True),
        ('<field name="app">^web</field>', {"App": "a web"}, False),
        ('<field name="app">^web</field>', {}, False),
        ('<field name="app" negate="yes">^web</field>', {"app": "mail"}, True),
        ('<field name="app" negate="yes">^web</field>', {}, False),
        ('<field name="app">^null$</field>', {"app": "null"}, True),
        ('<field name="app" type="osmatch">^$</field>', {"app": ""}, True),
        ('<field name="app" type="PCRE2">^w.b$</field>', {"app": "web"}, True),
        ('<field name="app">web</field><field name="app">shop</field>', {"app": "webshop"}, True),
        ('<field name="app">web</field><field name="app">mail</field>', {"app": "webshop"}, False),
        # These names are those of dynamic fields here.
        ('<field name="hostname">x</field>', {"hostname": "x"}, True),
        ('<field name="location">x</field>', {"location": "x"}, True),
    ],
)
def test_fields(body, fields, result):
    assert holds(body, fields=fields) is result


@pytest.mark.parametrize(
    ("body", "log", "result"),
    [
        ("<match>one|</match><match>two</match>", "two", True),
        ("<match>one</match><match>two</match>", "one", False),
        ("<match>one</match><match>two</match>", "onetwo", True),
        # Type and negate are those of the last element alone.
        ('<match type="pcre2" negate="yes">o.e|</match><match>two</match>', "a o.e b", True),
        ('<match>o.e|</match><match type="pcre2">two</match>', "one", True),
        ('<match>one|</match><match negate="yes">two</match>', "three", True),
        ("<match> lead </match>", "x lead y", True),
        ("<match> lead </match>", "xlead y", False),
        ("<match>two\nlines</match>", "two\nlines", True),
    ],
)
def test_elements_of_one_name_are_joined(body, log, result):
    assert holds(body, log=log) is result


def test_several_addresses_are_alternatives_and_the_last_negate_is_for_all():
    either = "<srcip>10.0.0.1</srcip><srcip>10.0.0.2</srcip>"
    neither = '<srcip>10.0.0.1</srcip><srcip negate="yes">10.0.0.2</srcip>'
    for address, listed in (("10.0.0.1", True), ("10.0.0.2", True), ("10.0.0.3", False)):
        assert holds(either, static={"srcip": address}) is listed
        assert holds(neither, static={"srcip": address}) is not listed
    assert holds('<srcip negate="yes">any</srcip>', static={"srcip": "not an address"})


def test_decoders_are_compared_by_identity():
    assert holds("<decoded_as>sshd</decoded_as>", decoder="sshd")
    assert not holds("<decoded_as>sshd</decoded_as>", decoder="json")
    assert not holds("<decoded_as>sshd</decoded_as>")


def test_a_built_in_decoder_may_be_named_and_does_not_match_others():
    assert not holds("<decoded_as>syscheck_new_entry</decoded_as>", decoder="json")
    assert not holds("<decoded_as>syscheck_new_entry</decoded_as>")


def test_maxsize_is_the_least_size_of_the_log():
    rules = ruleset(rule(100100, maxsize=5))
    assert first_id(rules, event("12345")) == 100100
    assert first_id(rules, event("1234")) is None
    assert first_id(ruleset(rule(100100, maxsize=0)), event("")) == 100100


def test_the_order_of_conditions_is_that_of_the_rule_language():
    body = (
        "<status>a</status><hostname>b</hostname><extra_data>c</extra_data><data>d</data><weekday>mon</weekday>"
        "<time>1-2</time><user>e</user><compiled_rule>check_id_size</compiled_rule><dstport>1</dstport>"
        "<srcport>2</srcport><dstip>any</dstip><srcip>any</srcip><field name='f'>x</field><field name='e'>x</field>"
        "<location>f</location><url>g</url><action>h</action><regex>i</regex><match>j</match><protocol>k</protocol>"
        "<system_name>l</system_name><id>m</id><program_name>n</program_name><decoded_as>json</decoded_as>"
    )
    rules = ruleset(rule(100100, body, maxsize=9))
    texts = [condition.text.split(">")[0].strip("<") for condition in rules.rules_by_id[100100].conditions]
    assert texts == [
        "decoded_as",
        "program_name",
        "id",
        "system_name",
        "protocol",
        "match",
        "regex",
        "action",
        "url",
        "location",
        'field name="f"',
        'field name="e"',
        "srcip",
        "dstip",
        "srcport",
        "dstport",
        "compiled_rule",
        "user",
        "the log has 9 bytes or more",
        "time",
        "weekday",
        "data",
        "extra_data",
        "hostname",
        "status",
    ]


@pytest.mark.parametrize(
    ("element", "starts"),
    [
        ("<match>^abc</match>", {"a", "A"}),
        ("<match>^abc|^x$|^-y</match>", {"a", "A", "x", "X", "-"}),
        ("<match>^abc|def</match>", None),
        ("<match>abc</match>", None),
        ("<match>!^abc</match>", None),
        ("<match>^</match>", None),
        ("<match>^$</match>", None),
        ("<match>^a|</match>", None),
        ('<match negate="yes">^abc</match>', None),
        (r"<match>^\d</match>", {"\\"}),
        (r"<regex>^abc\d</regex>", {"a", "A"}),
        (r"<regex>^a\|^b</regex>", None),
        (r"<regex>^a\\|^b</regex>", None),
        (r"<regex>^\d</regex>", None),
        ("<regex>^(a)</regex>", None),
        ("<regex>^a|^b c|^d</regex>", {"a", "A", "b", "B", "d", "D"}),
        ("<regex>^a|b</regex>", None),
        ('<regex type="pcre2">^abc</regex>', None),
    ],
)
def test_first_characters_of_logs_that_can_match(element, starts):
    spec = ruleset(rule(100100, element)).rules_by_id[100100].spec
    found = conditions_of(spec, RuleOptions())[0].starts
    assert found == starts


def test_the_text_of_a_document_is_not_spelled_for_patterns_that_begin_otherwise():
    def spell(_: dict[str, Any]) -> str:
        raise AssertionError("nobody needs the text")

    rules = ruleset(
        rule(100100, "<match>^error</match>", level=9)
        + rule(100101, "<regex>^warning</regex>", level=8)
        + rule(100102, '<field name="app">web</field>', level=3)
    )
    one = event(fields={"app": "web"})
    one.record = Record(None, "x", one.time, document={"app": "web"}, spell=spell)
    assert first_id(rules, one) == 100102
