"""docs/reference/: no word that the program reads is without a line, and no line without a word."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from alertmill.config import aws_definitions
from alertmill.config.ossec_conf import SECTIONS
from alertmill.config.other_sections import OTHER_SECTIONS
from alertmill.decoders import reading
from alertmill.ruleset import attributes
from alertmill.ruleset import vocabulary as words
from alertmill.ruleset.clock import parse_time_range, parse_weekdays
from alertmill.sources.aws.buckets import BUCKET_TYPES
from alertmill.sources.aws.subscribers import SUBSCRIBER_TYPES
from scripts import reference

REPOSITORY = Path(__file__).resolve().parents[2]
text = reference.text


def test_every_attribute_of_rules() -> None:
    assert set(text.RULE_ATTRIBUTES) == {"id", "level", *attributes._READERS}


def test_every_element_of_rules_once() -> None:
    own = [name for _, members in text.RULE_ELEMENTS.values() for name in members]
    families = [*words.SAME, *words.DIFFERENT]
    assert sorted([*own, *families]) == sorted(reference.rule_elements())


def test_every_option_of_rules() -> None:
    assert list(text.RULE_OPTIONS) == list(words.OPTIONS)


def test_every_element_of_decoders() -> None:
    assert sorted(text.DECODER_ELEMENTS) == sorted(reading.OPTIONS)


def test_every_section_of_ossec_conf() -> None:
    shown = {name.partition(" ")[0] for name in text.CONF_SECTIONS}
    assert {*SECTIONS} - {*OTHER_SECTIONS} <= shown
    assert shown - {*SECTIONS} == {"bucket", "service", "subscriber", "limits"}


@pytest.mark.parametrize("section", text.CONF_OPTIONS)
def test_every_option_of_ossec_conf(section: str) -> None:
    """Without a line are only options that change nothing."""
    known = reference.conf_options()[section]
    assert set(text.CONF_OPTIONS[section]) <= set(known)
    if section not in ("global", "alerts"):
        assert reference.idle_options(section) == []


@pytest.mark.parametrize("section", ["global", "alerts"])
def test_options_that_are_said_to_change_nothing_change_nothing(section: str) -> None:
    """Nothing outside of the readers of ossec.conf asks for their values."""
    readers = {path for path in (REPOSITORY / "src").rglob("*.py") if path.parent.name != "config"}
    # The control socket only shows them.
    source = "\n".join(path.read_text(encoding="utf-8") for path in readers if path.name != "control.py")
    for name in reference.idle_options(section):
        asked = rf"\b(?:alerts|chosen|global_)\.{name.replace('-', '_')}\b"
        assert re.search(asked, source) is None, name


def test_every_source() -> None:
    assert sorted(text.BUCKET_TYPES) == sorted(BUCKET_TYPES)
    assert sorted(text.SERVICE_TYPES) == sorted(get_args(aws_definitions.ServiceTypeName))
    assert sorted(text.SUBSCRIBER_TYPES) == sorted(SUBSCRIBER_TYPES)


@pytest.mark.parametrize("make", reference.PAGES.values(), ids=reference.PAGES)
def test_pages_are_whole(make) -> None:
    page = make()
    assert "{" not in page.replace("$(name)", "")
    for line in page.splitlines():
        if line.startswith("| `"):
            assert line.count("|") - line.count("\\|") in (3, 4, 5), line


@pytest.mark.parametrize(("name", "parse"), [("time", parse_time_range), ("weekday", parse_weekdays)])
def test_examples_of_times_are_understood(name: str, parse: Callable[[str], object]) -> None:
    _, members = text.RULE_ELEMENTS["What the event must have"]
    examples = re.findall(r"`([^`]+)`", members[name])
    assert len(examples) >= 2
    for example in examples:
        parse(example)
