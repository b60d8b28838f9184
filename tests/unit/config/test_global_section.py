"""`<global>` and `<alerts>`: option by option."""

from __future__ import annotations

import pytest

from alertmill.config.models import Alerts, Global, InternalOptions
from alertmill.config.ossec_conf import read_config
from alertmill.errors import Problems


@pytest.mark.parametrize(
    ("option", "text", "value"),
    [
        ("jsonout_output", "no", False),
        ("alerts_log", "no", False),
        ("logall", "yes", True),
        ("logall_json", "yes", True),
        ("memory_size", "2048", 2048),
        ("memory_size", "100000", 100000),
        ("rotate_interval", "0", 0),
        ("rotate_interval", "600", 600),
        ("rotate_interval", "10m", 600),
        ("rotate_interval", "1d", 86400),
        ("max_output_size", "0", 0),
        ("max_output_size", "1000000", 1_000_000),
        ("max_output_size", "1M", 1024**2),
        ("max_output_size", "1024G", 1024**4),
        ("custom_alert_output", "$RULEID é", "$RULEID é"),
        ("event_format", "improved", "improved"),
        ("keep_day_files", "0", 0),
        ("keep_day_files", "0d", 0),
        ("keep_day_files", "1d", 86400),
        ("keep_day_files", "90d", 90 * 86400),
        ("keep_day_files", "52w", 52 * 7 * 86400),
        ("keep_day_files", "36500d", 36500 * 86400),
        ("event_format", "compatible", "compatible"),
        ("workers", "0", 0),
        ("workers", "4", 4),
        ("white_list", "10.0.0.0/8", ("10.0.0.0/8",)),
    ],
)
def test_option(load, option, text, value):
    config, problems = load(f"<global><{option}>{text}</{option}></global>")
    assert not problems
    assert getattr(config.global_, option) == value
    assert str(config.global_.at(option)) == "etc/ossec.conf:2"


@pytest.mark.parametrize(
    ("option", "text", "wazuh"),
    [
        ("jsonout_output", "Yes", "(1235): Invalid value for element 'jsonout_output': Yes."),
        ("alerts_log", "true", "(1235): Invalid value for element 'alerts_log': true."),
        ("logall", "", "(1234): Invalid NULL content for element: logall."),
        ("memory_size", "many", "(1235): Invalid value for element 'memory_size': many."),
        ("stats", "17", "(1235): Invalid value for element 'stats': 17."),
        ("rotate_interval", "599", "Rotate interval setting must be between 600 seconds and one day."),
        ("rotate_interval", "2d", "Rotate interval setting must be between 600 seconds and one day."),
        ("rotate_interval", "1w", "(1235): Invalid value for element 'rotate_interval': 1w."),
        ("max_output_size", "999999", "Maximum output size must be between 1 MiB and 1 TiB."),
        ("max_output_size", "1025G", "Maximum output size must be between 1 MiB and 1 TiB."),
        ("email_maxperhour", "0", "(1235): Invalid value for element 'email_maxperhour': 0."),
        ("email_log_source", "alerts.xml", "(1235): Invalid value for element 'email_log_source': alerts.xml."),
        ("event_format", "better", "(1235): Invalid value for element 'event_format': better."),
        ("keep_day_files", "90", "(1235): Invalid value for element 'keep_day_files': 90."),
        ("keep_day_files", "23h", "(1235): Invalid value for element 'keep_day_files': 23h."),
        ("keep_day_files", "36501d", "(1235): Invalid value for element 'keep_day_files': 36501d."),
        ("keep_day_files", "-1d", "(1235): Invalid value for element 'keep_day_files': -1d."),
        ("keep_day_files", "9y", "(1235): Invalid value for element 'keep_day_files': 9y."),
        ("workers", "300", "(1235): Invalid value for element 'workers': 300."),
        ("jsonout", "yes", "(1230): Invalid element in the configuration: 'jsonout'."),
    ],
)
def test_bad_option(load, option, text, wazuh):
    _, problems = load(f"<global><{option}>{text}</{option}></global>")
    assert [p.wazuh for p in problems.errors] == [wazuh]
    assert str(problems.errors[0].origin) == "etc/ossec.conf:2"


def test_days_without_their_unit_are_explained(load):
    _, problems = load("<global><keep_day_files>90</keep_day_files></global>")
    assert problems.errors[0].hint == "90 counts seconds; write 90d"


@pytest.mark.parametrize(
    "options",
    [
        "<email_notification>no</email_notification><email_to>a@b</email_to><smtp_server>x</smtp_server>",
        "<email_from>a@b</email_from><email_maxperhour>12</email_maxperhour><email_log_source>alerts.log</email_log_source>",
        "<queue_size>131072</queue_size><stats>4</stats><integrity_checking>8</integrity_checking>",
        "<agents_disconnection_time>15m</agents_disconnection_time><update_check>yes</update_check>",
        "<agents_disconnection_alert_time>0</agents_disconnection_alert_time>",
        "<prelude_output>no</prelude_output><prelude_profile>x</prelude_profile><zeromq_uri>y</zeromq_uri>",
        "<limits><eps><maximum>0</maximum><timeframe>10</timeframe></eps></limits>",
        "<compress_alerts>yes</compress_alerts><cti-url></cti-url><email_idsname>x</email_idsname>",
    ],
)
def test_nothing_is_said_of_options_that_change_nothing(load, options):
    _, problems = load(f"<global>{options}</global>")
    assert not problems


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("<email_notification>yes</email_notification>", "Alertmill sends no mail"),
        ("<zeromq_output>yes</zeromq_output>", "other programs' queues"),
        ("<queue_size>5</queue_size>", "serves no agents"),
        ("<forward_to>siem</forward_to>", "other programs' queues"),
        ("<geoipdb>/x</geoipdb>", "looks up no places"),
        ("<integrity_checking>7</integrity_checking>", "checks that Alertmill does not make"),
        ("<stats>9</stats>", "no hourly statistics"),
        ("<limits><eps><timeframe>5</timeframe></eps></limits>", "nothing is limited"),
        ("<memory_size>7</memory_size>", "2048 is used"),
        ("<jsonout_output>no</jsonout_output><alerts_log>no</alerts_log>", "written nowhere"),
    ],
)
def test_what_has_no_effect_is_named(load, options, message):
    _, problems = load(f"<global>{options}</global>")
    assert not problems.errors
    assert [message in p.message for p in problems] == [True]
    assert problems.items[0].origin.line == 2


def test_eps_limit(load):
    config, _ = load("<global><limits><eps><maximum>500</maximum><timeframe>5</timeframe></eps></limits></global>")
    assert (config.global_.eps_maximum, config.global_.eps_timeframe) == (500, 5)


@pytest.mark.parametrize(
    "limits", ["<maximum>100001</maximum>", "<timeframe>0</timeframe>", "<timeframe>x</timeframe>", "<other>1</other>"]
)
def test_bad_eps_limit(load, limits):
    _, problems = load(f"<global><limits><eps>{limits}</eps></limits></global>")
    assert len(problems.errors) == 1


def test_too_small_a_memory_is_raised(load):
    config, _ = load("<global><memory_size>10</memory_size></global>")
    assert config.global_.memory_size == 2048


def test_the_least_rotate_interval_is_an_internal_option():
    internal = InternalOptions.model_validate({"analysisd": {"min_rotate_interval": 60}})
    text = "<ossec_config><global><rotate_interval>60</rotate_interval></global></ossec_config>"
    problems = Problems()
    assert read_config(text, "f", problems, internal).global_.rotate_interval == 60
    assert not problems


def test_the_last_of_a_scalar_wins_and_lists_grow_over_sections_and_roots(load):
    config, problems = load(
        "<global><logall>yes</logall><white_list>a</white_list></global>"
        "<global><logall>no</logall><white_list>b</white_list></global></ossec_config>"
        "<ossec_config><global><logall_json>yes</logall_json><white_list>c</white_list></global>"
    )
    assert not problems
    chosen = config.global_
    assert (chosen.logall, chosen.logall_json, chosen.white_list) == (False, True, ("a", "b", "c"))


@pytest.mark.parametrize(("option", "text", "value"), [("log_alert_level", "3", 3), ("email_alert_level", "16", 16)])
def test_alerts_option(load, option, text, value):
    config, problems = load(f"<alerts><{option}>{text}</{option}></alerts>")
    assert not problems
    assert getattr(config.alerts, option) == value


@pytest.mark.parametrize(
    ("option", "text"), [("log_alert_level", "17"), ("email_alert_level", "x"), ("use_geoip", "1")]
)
def test_bad_alerts_option(load, option, text):
    _, problems = load(f"<alerts><{option}>{text}</{option}></alerts>")
    assert [p.wazuh for p in problems.errors] == [f"(1235): Invalid value for element '{option}': {text}."]


def test_defaults_are_wazuhs(load):
    config, problems = load("<global></global><alerts></alerts>")
    assert not problems
    assert config.global_ == Global()
    assert config.alerts == Alerts()
    assert (config.global_.jsonout_output, config.global_.alerts_log, config.global_.event_format) == (
        True,
        True,
        "compatible",
    )
    assert (config.alerts.log_alert_level, config.alerts.email_alert_level) == (1, 7)
