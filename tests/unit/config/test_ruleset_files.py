"""Which files are loaded, in which order."""

from __future__ import annotations

import pytest

from alertmill.config.models import Ruleset, RulesetPath
from alertmill.config.ruleset_files import file_matcher, ruleset_files
from alertmill.errors import PatternError


def paths(names, pattern=None):
    return tuple(RulesetPath(path=name, pattern=pattern) for name in names.split())


def select(folders, kind="rule", **options):
    found = ruleset_files(Ruleset(**options), kind, lambda folder: folders.get(folder.path))
    return [file.path for file in found]


FOLDERS = {
    "ruleset/rules": ["0020-b.xml", "0010-a.xml", "notes.txt", "0030-c.XML", "0040-d.xml.bak"],
    "etc/rules": ["local_rules.xml", "0015-own.xml", "Zeta.xml", "0020-b.xml"],
    "etc/decoders": ["own.xml"],
}


def test_files_are_sorted_by_name_over_all_folders():
    assert select(FOLDERS, rule_dir=paths("etc/rules ruleset/rules")) == [
        "ruleset/rules/0010-a.xml",
        "etc/rules/0015-own.xml",
        "etc/rules/0020-b.xml",  # equal names keep the order of their folders
        "ruleset/rules/0020-b.xml",
        "ruleset/rules/0030-c.XML",
        "etc/rules/Zeta.xml",
        "etc/rules/local_rules.xml",
    ]


def test_decoders_have_folders_of_their_own():
    assert select(FOLDERS, "decoder", decoder_dir=paths("etc/decoders")) == ["etc/decoders/own.xml"]


def test_default_folders():
    assert select({"ruleset/rules": ["a.xml"], "ruleset/decoders": ["b.xml"]}) == ["ruleset/rules/a.xml"]
    assert select({"ruleset/rules": ["a.xml"], "ruleset/decoders": ["b.xml"]}, "decoder") == ["ruleset/decoders/b.xml"]


@pytest.mark.parametrize("excluded", ["0020-b.xml", "ruleset/rules/0020-b.xml"])
def test_an_exclude_is_a_name_or_a_path(excluded):
    found = select(FOLDERS, rule_dir=paths("ruleset/rules"), rule_exclude=frozenset({excluded}))
    assert found == ["ruleset/rules/0010-a.xml", "ruleset/rules/0030-c.XML"]


def test_an_exclude_by_path_leaves_the_same_name_elsewhere():
    excluded = frozenset({"ruleset/rules/0020-b.xml"})
    found = select(FOLDERS, rule_dir=paths("ruleset/rules etc/rules"), rule_exclude=excluded)
    assert "etc/rules/0020-b.xml" in found
    assert "ruleset/rules/0020-b.xml" not in found


def test_includes_are_not_excluded_and_load_once():
    found = select(
        FOLDERS,
        rule_dir=paths("ruleset/rules"),
        rule_include=paths("etc/rules/x.xml ruleset/rules/0010-a.xml etc/rules/x.xml"),
        rule_exclude=frozenset({"x.xml", "0020-b.xml"}),
    )
    assert found == ["ruleset/rules/0010-a.xml", "ruleset/rules/0030-c.XML", "etc/rules/x.xml"]


def test_the_same_folder_twice():
    assert select(FOLDERS, rule_dir=paths("etc/decoders etc/decoders/")) == ["etc/decoders/own.xml"]


def test_a_pattern_is_tried_on_the_whole_path():
    found = select(FOLDERS, rule_dir=paths("ruleset/rules etc/rules", pattern="etc/rules/00\\d\\d-"))
    assert found == ["etc/rules/0015-own.xml", "etc/rules/0020-b.xml"]


def test_a_folder_that_cannot_be_listed():
    assert select({}, rule_dir=paths("nowhere")) == []


@pytest.mark.parametrize(
    ("pattern", "path", "belongs"),
    [
        (None, "d/x.xml", True),
        (None, "d/x.XML", True),
        (None, "d/xxml", False),
        (None, "d/x.xml.bak", False),
        (".txt$", "d/x.txt", True),
        ("local", "d/my_local_rules", True),
        (None, "é/größe.xml", True),
        (".xml$", "d/\udce9.xml", True),
    ],
)
def test_pattern(pattern, path, belongs):
    assert file_matcher(pattern)(path) is belongs


def test_a_bad_pattern():
    with pytest.raises(PatternError):
        file_matcher("(x")
