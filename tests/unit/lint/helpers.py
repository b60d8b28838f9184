"""Judging a text amid the context files: what the tests of lint share."""

from __future__ import annotations

import re
from pathlib import Path

from alertmill.decoders import load_decoders
from alertmill.errors import Problem, Problems
from alertmill.lint import Judged, Scene, lint
from alertmill.ruleset import RuleOptions, load_lists, load_rules

HERE = Path(__file__).parent

LISTS = {
    "etc/lists/cidr": "10.0.0.0/8:inside\n2001:db8::1:gate\n",
    "etc/lists/empty": "",
    "etc/lists/nets": "10.1.:office\n192.168.:home\n",
    "etc/lists/words": "192.0.2.7:1\n",
}

_DECODER = re.compile(r"<decoder\b.*?</decoder>", re.DOTALL)
_GROUP = re.compile(r"<group\s.*</group>", re.DOTALL)


def scene_of(text: str, path: str = "local.xml", event_format: str = "improved") -> tuple[Scene, Problems]:
    """The scene of a file that may hold decoders and rules (byte text), and what loading it says."""
    rules, decoders = _blank(_DECODER, text), _blank(_GROUP, text)
    problems = Problems()
    decoder_texts = [("context", (HERE / "context_decoders.xml").read_text())]
    decoder_texts += [(path, decoders)] if _DECODER.search(text) else []
    rule_texts = [("context", (HERE / "context_rules.xml").read_text())]
    rule_texts += [(path, rules)] if _GROUP.search(text) else []
    tree = load_decoders(decoder_texts, problems)
    tables = load_lists(LISTS, problems)
    ruleset = load_rules(rule_texts, tables, tree.identities, RuleOptions(), problems)
    judged = Judged(frozenset((path, *LISTS)), frozenset((path,)))
    return Scene(
        ruleset, rule_texts, decoder_texts, LISTS, tree.identities, judged, event_format=event_format
    ), problems


def found(text: str, path: str = "local.xml") -> list[Problem]:
    """What lint finds in a file, which may have warnings but no errors when it is loaded."""
    scene, problems = scene_of(text, path)
    assert not problems.errors, problems.draw()
    return lint(scene)


def _blank(pattern: re.Pattern[str], text: str) -> str:
    """The text with what matches made blank, lines kept."""
    return pattern.sub(lambda part: re.sub(r"[^\n]", " ", part.group()), text)
