"""Where the XML of loaded rules is: the element of each rule, and the lines of each of its conditions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from alertmill.cases.observer import condition_texts
from alertmill.errors import Origin
from alertmill.ruleset import CompiledRule, Ruleset
from alertmill.xmltext import Element, XmlError, load_xml

_TAG = re.compile(r"<(\w+)")
_SIZE = "maxsize"


@dataclass(frozen=True, slots=True, eq=False)
class RuleSource:
    """A loaded rule and the `<rule>` element that says it; of a rule that was overwritten, the last one."""

    rule: CompiledRule
    element: Element
    group: str

    @property
    def id(self) -> int:
        return self.rule.id

    @property
    def origin(self) -> Origin:
        return self.rule.spec.origin

    def conditions(self) -> list[ConditionPlace]:
        """The rule's conditions in the order in which they are asked, with their lines."""
        fields = [child for child in self.element.children if child.name.lower() == "field"]
        lists = [child for child in self.element.children if child.name.lower() == "list"]
        found = []
        for text in condition_texts(self.rule):
            tag = _TAG.match(text)
            name = tag.group(1) if tag is not None else _SIZE
            if name == "field":
                children = [fields.pop(0)]
            elif name == "list":
                children = [lists.pop(0)]
            else:
                children = [child for child in self.element.children if child.name.lower() == name]
            found.append(ConditionPlace(text, tuple(child.line for child in children) or (self.element.line,)))
        return found


@dataclass(frozen=True, slots=True)
class ConditionPlace:
    """A condition in words (byte text), and the numbers of the lines that say it."""

    text: str
    lines: tuple[int, ...]


def rule_sources(files: Iterable[tuple[str, str]], ruleset: Ruleset) -> dict[str, list[RuleSource]]:
    """The loaded rules of these (path, byte text) files, by path, in the order in which they stand there."""
    found: dict[str, list[RuleSource]] = {}
    by_place = {
        (rule.spec.origin.path, rule.spec.origin.line, rule.spec.origin.start): rule
        for rule in ruleset.rules_by_id.values()
    }
    for path, text in files:
        sources = found.setdefault(path, [])
        for group in _elements(path, text):
            name = next((value for key, value in group.attributes.items() if key.lower() == "name"), "")
            for element in group.children:
                origin = element.origin()
                rule = by_place.get((origin.path, origin.line, origin.start))
                if rule is not None:
                    sources.append(RuleSource(rule, element, name))
    return found


def _elements(path: str, text: str) -> list[Element]:
    try:
        return load_xml(text, path)
    except XmlError:  # loading has told it
        return []
