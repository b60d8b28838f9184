"""The file as a whole: roots, sections, all problems in one report."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alertmill.config.models import Config
from alertmill.config.ossec_conf import SECTIONS, read_config
from alertmill.errors import Problems
from support import LONG


def read(text: str) -> tuple[Config, Problems]:
    problems = Problems()
    return read_config(text, "etc/ossec.conf", problems), problems


def test_several_roots_are_one_configuration():
    config, problems = read(
        "<ossec_config><alerts><log_alert_level>3</log_alert_level></alerts></ossec_config> text between\n"
        "<ossec_config><alerts><email_alert_level>9</email_alert_level></alerts></ossec_config>"
    )
    assert not problems
    assert (config.alerts.log_alert_level, config.alerts.email_alert_level) == (3, 9)


@pytest.mark.parametrize("text", ["", "only text", "<!-- only a comment -->"])
def test_a_file_without_a_root(text):
    config, problems = read(text)
    assert config == Config()
    assert [(p.severity.value, p.code.id) for p in problems] == [("warning", "C013")]


def test_a_section_outside_of_the_root():
    _, problems = read("<ossec_config></ossec_config><global><logall>yes</logall></global>")
    assert [p.wazuh for p in problems.errors] == ["(1230): Invalid element in the configuration: 'global'."]


def test_a_misspelt_root():
    _, problems = read("<osec_config></osec_config>")
    assert [p.hint for p in problems.errors] == ["did you mean ossec_config?"]


def test_an_unknown_section():
    _, problems = read("<ossec_config><rulset><list>x</list></rulset></ossec_config>")
    assert [(p.wazuh, p.hint) for p in problems.errors] == [
        ("(1230): Invalid element in the configuration: 'rulset'.", "did you mean ruleset?")
    ]


def test_an_empty_section_is_skipped():
    empty = "".join(f"<{name}></{name}><{name}/>" for name in SECTIONS if name != "wodle")
    config, problems = read(f"<ossec_config>{empty}</ossec_config>")
    assert not problems
    assert config == Config()


def test_text_in_place_of_options():
    _, problems = read("<ossec_config><global>yes</global></ossec_config>")
    assert [(p.severity.value, p.code.id) for p in problems] == [("warning", "C013")]


def test_variables_are_applied():
    config, problems = read(
        '<ossec_config><var name="LEVEL">7</var>'
        "<alerts><log_alert_level>$LEVEL</log_alert_level></alerts></ossec_config>"
    )
    assert not problems
    assert config.alerts.log_alert_level == 7


@pytest.mark.parametrize(
    ("text", "code", "wazuh"),
    [
        ("<ossec_config><global></ossec_config>", "X001", "(1226): Error reading XML file 'etc/ossec.conf'"),
        (
            '<var name="A">1</var><ossec_config><a>$BB</a></ossec_config>',
            "X002",
            "(1227): Error applying XML var",
        ),
    ],
)
def test_a_file_that_cannot_be_read(text, code, wazuh):
    config, problems = read(text)
    assert config == Config()
    assert [(p.severity.value, p.code.id) for p in problems] == [("error", code)]
    assert problems.items[0].wazuh.startswith(wazuh)


def test_all_problems_in_the_order_of_their_lines():
    _, problems = read(
        "<ossec_config>\n<localfile><location>/a</location></localfile>\n<global>\n<memory_size>5</memory_size>\n"
        '<logall>1</logall>\n</global>\n<wodle name="aws-s3">\n<interval>x</interval>\n'
        '<bucket type="custom"><name>A</name></bucket></wodle>\n<nothing/>\n</ossec_config>'
    )
    assert [p.origin.line for p in problems] == [2, 4, 5, 8, 9, 10]


#: The sections of a manager as it is installed, in their usual order, told in our own words.
MANAGER = """
<ossec_config>
  <global>
    <jsonout_output>yes</jsonout_output><alerts_log>yes</alerts_log><logall>no</logall><logall_json>no</logall_json>
    <email_notification>no</email_notification><smtp_server>mail.example.com</smtp_server>
    <email_from>siem@example.com</email_from><email_to>ops@example.com</email_to>
    <email_maxperhour>12</email_maxperhour><email_log_source>alerts.log</email_log_source>
    <agents_disconnection_time>15m</agents_disconnection_time>
    <agents_disconnection_alert_time>0</agents_disconnection_alert_time><update_check>yes</update_check>
  </global>
  <alerts><log_alert_level>3</log_alert_level><email_alert_level>12</email_alert_level></alerts>
  <logging><log_format>plain</log_format></logging>
  <remote><connection>secure</connection><port>1514</port><protocol>tcp</protocol></remote>
  <rootcheck><disabled>no</disabled><frequency>43200</frequency></rootcheck>
  <wodle name="cis-cat"><disabled>yes</disabled><timeout>1800</timeout></wodle>
  <wodle name="osquery"><disabled>yes</disabled><run_daemon>yes</run_daemon></wodle>
  <wodle name="syscollector"><disabled>no</disabled><interval>1h</interval></wodle>
  <sca><enabled>yes</enabled></sca>
  <vulnerability-detection><enabled>yes</enabled></vulnerability-detection>
  <indexer><enabled>yes</enabled><hosts><host>https://0.0.0.0:9200</host></hosts></indexer>
  <syscheck><disabled>no</disabled><directories>/etc</directories></syscheck>
  <global><white_list>127.0.0.1</white_list><white_list>^localhost$</white_list></global>
  <command><name>disable-account</name><executable>disable-account</executable></command>
  <command><name>route-null</name><executable>route-null</executable></command>
  <localfile><log_format>command</log_format><command>df -P</command><frequency>360</frequency></localfile>
  <ruleset>
    <decoder_dir>ruleset/decoders</decoder_dir><rule_dir>ruleset/rules</rule_dir>
    <rule_exclude>0215-policy_rules.xml</rule_exclude><list>etc/lists/audit-keys</list>
    <decoder_dir>etc/decoders</decoder_dir><rule_dir>etc/rules</rule_dir>
  </ruleset>
  <rule_test><enabled>yes</enabled><threads>1</threads><max_sessions>64</max_sessions></rule_test>
  <auth><disabled>no</disabled><port>1515</port></auth>
  <cluster><name>wazuh</name><node_name>node01</node_name><key></key><disabled>yes</disabled></cluster>
</ossec_config>
<ossec_config>
  <localfile><log_format>journald</log_format><location>journald</location></localfile>
</ossec_config>
"""


def test_the_file_of_a_manager_gives_a_short_report():
    config, problems = read(MANAGER)
    assert not problems.errors
    assert [p.message.partition(";")[0] for p in problems] == [
        "not acted on: <remote>: secure",
        "not acted on: <rootcheck>",
        'not acted on: <wodle name="syscollector">',
        "not acted on: <sca>",
        "not acted on: <vulnerability-detection>",
        "not acted on: <indexer>",
        "not acted on: <syscheck>",
        "not acted on: <command>: disable-account, route-null (also in line 24)",
        "not acted on: <localfile>: journald (also in line 36)",
        "not acted on: <auth>",
    ]
    assert config.alerts.log_alert_level == 3
    assert config.cluster.shown is False
    assert config.sections_not_acted_on[0].name == "remote"


def test_the_catalogue_is_alphabetical():
    names = list(SECTIONS)
    own = names[: names.index("wodle") + 1]
    assert own == sorted(own)


_WORDS = st.sampled_from(
    [
        " ",
        "\n",
        *re.findall(
            r"\S+",
            """ossec_config global alerts ruleset wodle labels label cluster rule_test logging localfile bucket service
            subscriber name="aws-s3" type="custom" key="k" field="f" pattern="x" interval day wday time 10m 1M yes no
            path disabled name regions discard_regex access_key limits eps maximum rule_dir list logall ( \\ é < > </ />
            <!-- --> $V var " ' &""",
        ),
    ]
)
_TEXTS = st.text(st.characters(max_codepoint=255), max_size=12)
_NAMES = [
    *SECTIONS,
    *re.findall(
        r"\S+",
        """label bucket service subscriber name path regions discard_regex interval day wday time limits eps maximum
        rule_dir decoder_include rule_exclude list logall memory_size rotate_interval threads key hidden var""",
    ),
]
_ATTRIBUTES = ["", ' name="aws-s3"', ' type="custom"', ' key="k"', ' field="f"', ' pattern="("']
_VALUES = st.one_of(st.sampled_from(["yes", "no", "3", "10m", "a/b", "us-east-1"]), _TEXTS)


@st.composite
def _trees(draw, depth=3):
    """Well-formed elements with names of options and any text."""
    name, attribute = draw(st.sampled_from(_NAMES)), draw(st.sampled_from(_ATTRIBUTES))
    inner = draw(_VALUES).replace("<", "\\<")
    if depth:
        inner = "".join(draw(st.lists(_trees(depth=depth - 1), max_size=4))) + inner
    return f"<{name}{attribute}>{inner}</{name}>"


@pytest.mark.parametrize(
    "strategy",
    [_TEXTS, st.lists(_WORDS, max_size=60).map("".join), _trees().map(lambda t: f"<ossec_config>{t}</ossec_config>")],
    ids=["text", "nearly XML", "XML"],
)
def test_any_text_loads_or_gives_located_problems(strategy):
    @settings(max_examples=2000 if LONG else 150, deadline=None)
    @given(strategy)
    def check(text):
        config, problems = read(text)
        assert isinstance(config, Config)
        lines = text.count("\n") + 1
        for problem in problems:
            assert problem.origin is not None
            assert problem.origin.path == "etc/ossec.conf"
            assert 0 <= problem.origin.line <= lines
            problem.draw().encode()  # nothing that a terminal cannot take
            problem.one_line().encode()

    check()
