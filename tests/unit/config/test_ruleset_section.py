"""`<ruleset>`: what it names, and which section counts."""

from __future__ import annotations

import pytest

from alertmill.config.models import Ruleset


def test_without_the_section_the_shipped_folders_are_used(load):
    config, problems = load("")
    assert not problems
    assert [folder.path for folder in config.ruleset.decoder_dir] == ["ruleset/decoders"]
    assert [folder.path for folder in config.ruleset.rule_dir] == ["ruleset/rules"]
    assert config.ruleset == Ruleset()


def test_everything_it_can_say(load):
    config, problems = load(
        "<ruleset>"
        "<decoder_dir>ruleset/decoders</decoder_dir><decoder_dir>etc/decoders</decoder_dir>"
        '<rule_dir pattern="_rules.xml$">/opt/rules</rule_dir>'
        "<decoder_include>mine.xml</decoder_include><rule_include>etc/rules/mine.xml</rule_include>"
        "<rule_include>mine.xml</rule_include>"
        "<decoder_exclude>0005-x.xml</decoder_exclude><rule_exclude>etc/rules/y.xml</rule_exclude>"
        "<list>etc/lists/keys</list><list>plain</list><list>etc/lists/b.cdb</list>"
        "</ruleset>"
    )
    assert not problems
    ruleset = config.ruleset
    assert [p.path for p in ruleset.decoder_dir] == ["ruleset/decoders", "etc/decoders"]
    assert [(p.path, p.pattern) for p in ruleset.rule_dir] == [("/opt/rules", "_rules.xml$")]
    assert [p.path for p in ruleset.decoder_include] == ["ruleset/decoders/mine.xml"]
    assert [p.path for p in ruleset.rule_include] == ["etc/rules/mine.xml", "ruleset/rules/mine.xml"]
    assert ruleset.decoder_exclude == {"0005-x.xml"}
    assert ruleset.rule_exclude == {"etc/rules/y.xml"}
    assert [p.path for p in ruleset.lists] == ["etc/lists/keys", "ruleset/rules/plain", "etc/lists/b"]
    assert str(ruleset.lists[0].origin) == "etc/ossec.conf:2"


@pytest.mark.parametrize(
    ("option", "wazuh"),
    [
        ("<rules_dir>x</rules_dir>", "(1230): Invalid element in the configuration: 'rules_dir'."),
        ("<list></list>", "(1234): Invalid NULL content for element: list."),
        ('<rule_dir patern="x">y</rule_dir>', "(1233): Invalid attribute 'patern' in the configuration: 'x'."),
        ('<decoder_dir pattern="(x">y</decoder_dir>', ""),
    ],
)
def test_bad_option(load, option, wazuh):
    _, problems = load(f"<ruleset>{option}</ruleset>")
    assert [(p.severity.value, p.wazuh) for p in problems] == [("error", wazuh)]


def test_the_last_section_counts_and_the_others_are_named(load):
    config, problems = load(
        "<ruleset><rule_dir>a</rule_dir><decoder_dir>b</decoder_dir><list>etc/x</list></ruleset>\n"
        "<ruleset><rule_dir>c</rule_dir><rule_exclude>d</rule_exclude></ruleset>"
    )
    assert [p.path for p in config.ruleset.rule_dir] == ["c"]
    assert [p.path for p in config.ruleset.decoder_dir] == ["ruleset/decoders"]
    assert [p.path for p in config.ruleset.lists] == ["etc/x"]
    assert [str(p.origin) for p in problems.warnings] == ["etc/ossec.conf:2"]
    assert "except for its lists" in problems.items[0].message


def test_lists_of_the_last_section_replace_those_before(load):
    config, problems = load("<ruleset><list>a/b</list></ruleset><ruleset><list>c/d</list></ruleset>")
    assert [p.path for p in config.ruleset.lists] == ["c/d"]
    assert len(problems) == 1


def test_an_empty_section_does_not_count(load):
    config, problems = load("<ruleset><rule_dir>a</rule_dir></ruleset><ruleset></ruleset>")
    assert [p.path for p in config.ruleset.rule_dir] == ["a"]
    assert not problems
