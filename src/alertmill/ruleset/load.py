"""From the texts of rule files to a `Ruleset`, with every problem of every file (spec/rules.md 1 to 7).

Which files there are, and in which order, is somebody else's business; so is reading them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from alertmill import codes
from alertmill.errors import Origin, Problem, Problems, did_you_mean
from alertmill.ruleset.attributes import MOST_ID_DIGITS, NO_ID, is_number
from alertmill.ruleset.elements import Verdict, read_rule
from alertmill.ruleset.lists import CdbList
from alertmill.ruleset.options import RuleOptions
from alertmill.ruleset.reading import Surroundings
from alertmill.ruleset.ruleset import Ruleset
from alertmill.ruleset.tree import LinkedRules, Linker
from alertmill.xmltext import Element, XmlError, load_xml


def load_rules(
    files: Iterable[tuple[str, str]],
    lists: Mapping[str, CdbList],
    decoder_identities: Mapping[str, int],
    options: RuleOptions,
    problems: Problems,
) -> Ruleset:
    """The ruleset of these (path, byte text) pairs, in this order.

    Errors make a ruleset that must not be used (`problems.raise_if_fatal`); warnings name what was left out of it.
    """
    return Ruleset(link_rules(files, lists, decoder_identities, options, problems), options)


def link_rules(
    files: Iterable[tuple[str, str]],
    lists: Mapping[str, CdbList],
    decoder_identities: Mapping[str, int],
    options: RuleOptions,
    problems: Problems,
) -> LinkedRules:
    """`load_rules` up to the finished tree, from which a `Ruleset` can be made at any time."""
    parsed = [(path, _parse(path, text)) for path, text in files]
    loader = _Loader(Surroundings(lists, decoder_identities, options, problems), _defined(parsed))
    for path, elements in parsed:
        loader.load(path, elements)
    return loader.linker.linked()


def _parse(path: str, text: str) -> list[Element] | Problem | None:
    """The elements of a file, what is wrong with its XML, or None for an empty file."""
    if not text:
        return None
    try:
        return load_xml(text, path)
    except XmlError as error:
        return error.problem


def _defined(parsed: Iterable[tuple[str, list[Element] | Problem | None]]) -> dict[int, Origin]:
    """Where each rule id is first given."""
    found: dict[int, Origin] = {}
    for _, elements in parsed:
        for group in elements if isinstance(elements, list) else ():
            for rule in group.children:
                for name, id in rule.attributes.items():
                    if name.lower() == "id" and is_number(id) and len(id) <= MOST_ID_DIGITS:
                        found.setdefault(int(id), rule.origin())
    return found


class _Loader:
    def __init__(self, around: Surroundings, defined: Mapping[int, Origin]) -> None:
        self.around = around
        self.problems = around.problems
        self.linker = Linker(around.problems, defined)

    def load(self, path: str, elements: list[Element] | Problem | None) -> None:
        if isinstance(elements, Problem):
            self.problems.extend([elements])
            return
        if elements == []:
            self._error("the file holds no element", Origin(path), "write a <group> of rules, or remove the file")
        for element in elements or ():
            self._group(element)

    def _error(self, what: str, origin: Origin, hint: str = "") -> None:
        self.problems.error(codes.R_FILE, what, origin, hint=hint)

    def _group(self, group: Element) -> None:
        if group.name.lower() != "group":
            hint = did_you_mean(group.name.lower(), ["group", "var"]) or 'put rules into a <group name="...">'
            self._error(f"<{group.name}> cannot stand at the top of a rules file", group.origin(), hint)
            return
        name = self._group_name(group)
        if not group.children:
            self._error("this group has no rules", group.origin(), "remove it, or write a <rule> into it")
        for child in group.children:
            if child.name.lower() == "rule":
                self._rule(child, name)
            else:
                hint = "only <rule> can stand there"
                self._error(f"<{child.name}> cannot stand in a group", child.origin(), hint)

    def _group_name(self, group: Element) -> str:
        names = {name.lower(): value for name, value in group.attributes.items()}
        for name in group.attributes:
            if name.lower() != "name":
                hint = "a group has one attribute, name"
                self._error(f"a group has no attribute '{name}'", group.attribute_origin(name), hint)
        if "name" not in names:
            self._error("this group has no name", group.origin(), 'write <group name="...">')
        return names.get("name", "")

    def _rule(self, element: Element, group_name: str) -> None:
        spec, verdict = read_rule(element, group_name, self.around)
        if verdict is Verdict.SOUND and self.linker.add(spec):
            self.around.places.setdefault(spec.id, spec.origin)
        elif spec.id != NO_ID and spec.id not in self.around.places:
            (self.linker.broken if verdict is Verdict.BROKEN else self.linker.skipped).add(spec.id)
