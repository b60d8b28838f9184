"""Sections that are read past: accepted whatever they hold, and named."""

from __future__ import annotations

import pytest

from alertmill.config.other_sections import OTHER_SECTIONS, OTHER_WODLES


@pytest.mark.parametrize("name", OTHER_SECTIONS)
def test_each_section_is_named_with_the_reason(load, name):
    config, problems = load(f"<{name}><anything>goes</anything></{name}>")
    assert [(p.severity.value, p.origin.line) for p in problems] == [("warning", 2)]
    assert problems.items[0].message == f"not acted on: <{name}>; {OTHER_SECTIONS[name]}"
    (section,) = config.sections_not_acted_on
    assert (section.name, section.reason, section.about) == (name, OTHER_SECTIONS[name], "")


@pytest.mark.parametrize("name", OTHER_WODLES)
def test_each_module_is_named_with_the_reason(load, name):
    config, problems = load(f'<wodle name="{name}"><anything>goes</anything></wodle>')
    assert [p.message for p in problems] == [f'not acted on: <wodle name="{name}">; {OTHER_WODLES[name]}']
    assert len(config.sections_not_acted_on) == 1


@pytest.mark.parametrize("switch", ["<disabled>yes</disabled>", "<enabled>no</enabled>", "<disabled> yes </disabled>"])
def test_what_is_switched_off_is_not_named(load, switch):
    config, problems = load(f"<syscheck>{switch}</syscheck><wodle name='cis-cat'>{switch}</wodle>")
    assert not problems
    assert config.sections_not_acted_on == ()


def test_many_sections_of_a_kind_are_one_warning(load):
    blocks = "".join(f"<localfile>\n<location>/var/log/{n}</location></localfile>" for n in range(8))
    config, problems = load(blocks)
    assert len(config.sections_not_acted_on) == 8
    (problem,) = problems
    assert problem.origin.line == 2
    assert problem.message.startswith(
        "not acted on: <localfile>: /var/log/0, /var/log/1, /var/log/2, /var/log/3, /var/log/4 and 3 more "
        "(also in lines 3, 4, 5, 6, 7 and 2 more); log files are read by Wazuh's logcollector"
    )


@pytest.mark.parametrize(
    ("section", "about"),
    [
        ("<remote><connection>secure</connection><port>1514</port></remote>", "secure"),
        ("<integration><name>slack</name><hook_url>https://x/T0/B0/s3cr3tt0ken</hook_url></integration>", "slack"),
        ("<syslog_output><server>10.0.0.1</server></syslog_output>", "10.0.0.1"),
        ("<localfile><log_format>command</log_format><command>df -P</command></localfile>", ""),
        ("<command><name>drop</name><executable>drop.sh</executable></command>", "drop"),
    ],
)
def test_what_a_section_is_about(load, section, about):
    config, problems = load(section)
    assert config.sections_not_acted_on[0].about == about
    assert len(problems) == 1
    assert "s3cr3tt0ken" not in problems.draw()


def test_an_unknown_module(load):
    _, problems = load('<wodle name="aws-s4"><bucket/></wodle>')
    assert [(p.severity.value, p.hint) for p in problems] == [("warning", "did you mean aws-s3?")]


def test_a_module_without_a_name(load):
    _, problems = load("<wodle><bucket/></wodle>")
    assert [p.severity.value for p in problems] == ["error"]


def test_catalogues_are_alphabetical():
    assert list(OTHER_SECTIONS) == sorted(OTHER_SECTIONS)
    assert list(OTHER_WODLES) == sorted(OTHER_WODLES)
