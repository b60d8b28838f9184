"""`<cluster>`, `<labels>`, `<logging>` and `<rule_test>`."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ("<node_name>n1</node_name>", True),
        ("<node_name>n1</node_name><disabled>no</disabled><hidden>no</hidden>", True),
        ("<node_name>n1</node_name><disabled>yes</disabled>", False),
        ("<node_name>n1</node_name><hidden>yes</hidden>", False),
    ],
)
def test_cluster_is_shown_unless_disabled_or_hidden(load, options, shown):
    config, problems = load(f"<cluster>{options}</cluster>")
    assert not problems.errors
    assert config.cluster.shown is shown
    assert (config.cluster.name, config.cluster.node_name) == ("wazuh", "n1")


def test_no_cluster(load):
    config, problems = load("<cluster></cluster>")
    assert config.cluster is None
    assert not problems


def test_what_a_cluster_does_not_do_is_said_once(load):
    _, problems = load("<cluster><name>c</name><key>0123456789abcdef</key></cluster><cluster><name>d</name></cluster>")
    assert ["talks to no other node" in p.message for p in problems] == [True]


@pytest.mark.parametrize("option", ["<node_type>chief</node_type>", "<hidden>Yes</hidden>", "<nodename>x</nodename>"])
def test_bad_cluster(load, option):
    _, problems = load(f"<cluster>{option}<disabled>yes</disabled></cluster>")
    assert len(problems.errors) == 1


def test_labels_accumulate_in_order(load):
    config, problems = load(
        '<labels><label key="env">prod</label><label key="a.b" hidden="yes">é</label></labels>'
        '<labels><label key="env" hidden="no">test</label></labels>'
    )
    assert not problems
    assert [(label.key, label.value, label.hidden) for label in config.labels] == [
        ("env", "prod", False),
        ("a.b", "é", True),
        ("env", "test", False),
    ]


@pytest.mark.parametrize(
    ("label", "severity", "wazuh"),
    [
        ("<label>x</label>", "error", "Expected 'key' attribute for label."),
        ('<label key="">x</label>', "error", "Label with empty key."),
        (
            '<label key="k" hidden="1">x</label>',
            "error",
            "(1233): Invalid attribute 'hidden' in the configuration: '1'.",
        ),
        ('<label key="_k">x</label>', "warning", ""),
        ('<label key="k"></label>', "warning", ""),
        ('<lable key="k">x</lable>', "error", "(1230): Invalid element in the configuration: 'lable'."),
    ],
)
def test_bad_label(load, label, severity, wazuh):
    _, problems = load(f"<labels>{label}</labels>")
    assert [(p.severity.value, p.wazuh) for p in problems] == [(severity, wazuh)]


@pytest.mark.parametrize(
    ("text", "plain", "json"),
    [("plain", True, False), ("json", False, True), ("plain,json", True, True), ("json,plain", True, True)],
)
def test_log_format(load, text, plain, json):
    config, problems = load(f"<logging><log_format>{text}</log_format></logging>")
    assert not problems
    assert (config.logging.plain, config.logging.json_) == (plain, json)


def test_log_format_is_plain_unless_said(load):
    config, _ = load("")
    assert (config.logging.plain, config.logging.json_) == (True, False)


def test_bad_log_format(load):
    _, problems = load("<logging><log_format>xml</log_format></logging>")
    assert [p.wazuh for p in problems.errors] == ["(1235): Invalid value for element 'log_format': xml."]


@pytest.mark.parametrize(
    ("option", "text", "value"),
    [
        ("enabled", "no", False),
        ("threads", "auto", 0),
        ("threads", "8", 8),
        ("max_sessions", "500", 500),
        ("session_timeout", "15m", 900),
        ("session_timeout", "31536000", 31536000),
    ],
)
def test_rule_test(load, option, text, value):
    config, problems = load(f"<rule_test><{option}>{text}</{option}></rule_test>")
    assert not problems
    assert getattr(config.rule_test, option) == value


@pytest.mark.parametrize(
    ("option", "text", "value", "wazuh"),
    [
        ("threads", "129", 128, "(7000): Number of logtest threads too high. Only creates 128 threads"),
        (
            "max_sessions",
            "501",
            500,
            "(7001): Number of maximum users connected in logtest too high. Only allows 500 users",
        ),
        ("session_timeout", "2000w", 31536000, ""),
        ("threads", "none", 1, "(1235): Invalid value for element 'threads': none."),
        ("max_sessions", "0", 64, "(1235): Invalid value for element 'max_sessions': 0."),
        ("enabled", "1", True, "(1235): Invalid value for element 'enabled': 1."),
    ],
)
def test_a_fault_of_rule_test_stops_nothing(load, option, text, value, wazuh):
    config, problems = load(f"<rule_test><{option}>{text}</{option}></rule_test>")
    assert [(p.severity.value, p.wazuh) for p in problems] == [("warning", wazuh)]
    assert getattr(config.rule_test, option) == value
