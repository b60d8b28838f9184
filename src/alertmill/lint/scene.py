"""What the linter looks at: a ruleset that was loaded, the texts it was loaded from, and what many checks ask.

Nothing is read here: whoever has the files loads them, and says which of them are to be judged. Rules and decoders of
the other files are the surroundings in which the judged ones have to work.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from alertmill.decoders.checks import check_decoder
from alertmill.decoders.reading import read_decoder
from alertmill.decoders.spec import ORDER_SIZE, DecoderSpec
from alertmill.errors import Origin, Problems
from alertmill.lint.demands import Demand, Key, demands_of
from alertmill.lint.producers import Producers
from alertmill.ruleset import Ruleset
from alertmill.ruleset.spec import RuleSpec
from alertmill.ruleset.tree import FIRST_LINKED_ID, LinkedNode, LinkedRule
from alertmill.xmltext import Element, XmlError, load_xml

Texts = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Judged:
    """The paths of the files whose findings are wanted; `own` those of them that are a user's, not a publisher's."""

    paths: frozenset[str]
    own: frozenset[str] = frozenset()


@dataclass(eq=False)
class Scene:
    """A loaded ruleset and its texts.

    Args:
        ruleset: what `load_rules` made of `rule_texts`.
        rule_texts, decoder_texts: (path, byte text) in load order.
        list_texts: the lists by name; None for one that could not be read.
        identities: the numbers of decoder names (`DecoderTree.identities`).
        judged: which files are judged.
        drops_firewall: whether events of type firewall that lack a field are dropped (`analysisd.log_fw`).
        event_format: how events of AWS are spelled (`compatible`, `improved`); empty where that is not known.
    """

    ruleset: Ruleset
    rule_texts: Texts
    decoder_texts: Texts
    list_texts: Mapping[str, str | None]
    identities: Mapping[str, int]
    judged: Judged
    drops_firewall: bool = True
    event_format: str = ""
    _demands: dict[int, tuple[Demand, ...]] = field(default_factory=dict)

    # --- rules --------------------------------------------------------------------------------------------------------

    @property
    def linked(self) -> Mapping[int, LinkedRule]:
        """All rules by id, in load order."""
        return self.ruleset.linked

    def rules(self) -> Iterator[LinkedRule]:
        """The rules that are judged, but for the tops of the tree."""
        for rule in self.linked.values():
            if rule.spec.id >= FIRST_LINKED_ID and self.is_judged(rule.spec.origin):
                yield rule

    def is_judged(self, origin: Origin) -> bool:
        return origin.path in self.judged.paths

    def element(self, spec: RuleSpec) -> Element | None:
        """The `<rule>` that a spec was read from."""
        return self._rule_elements.get(spec.origin)

    def child(self, spec: RuleSpec, name: str) -> Element | None:
        """The last child element of a rule with this name."""
        element = self.element(spec)
        found = [child for child in element.children if child.name.lower() == name] if element is not None else []
        return found[-1] if found else None

    def place(self, spec: RuleSpec, name: str) -> Origin:
        """The place of a rule's child element, or attribute, of this name; else of the rule."""
        child = self.child(spec, name)
        if child is not None:
            return child.text_origin()
        element = self.element(spec)
        for attribute in element.attributes if element is not None else ():
            if element is not None and attribute.lower() == name:
                return element.attribute_origin(attribute)
        return spec.origin

    def groups(self) -> Iterator[Element]:
        """The judged `<group>` elements."""
        for path, elements in self._rule_roots:
            if path in self.judged.paths:
                yield from (element for element in elements if element.name.lower() == "group")

    def demands(self, rule: LinkedRule) -> tuple[Demand, ...]:
        """What a rule itself demands."""
        known = self._demands.get(rule.spec.id)
        if known is None:
            known = self._demands[rule.spec.id] = demands_of(rule.spec)
        return known

    def path_demands(self, node: LinkedNode) -> dict[Key, list[Demand]]:
        """What an event fulfils that reaches a place in the tree and the rule there: its demands and those above."""
        found: dict[Key, list[Demand]] = {}
        step: LinkedNode | None = node
        while step is not None:
            for demand in self.demands(step.rule):
                found.setdefault(demand.key, []).append(demand)
            step = step.parent
        return found

    def category(self, node: LinkedNode) -> str:
        """The category of the top of the tree above a place."""
        while node.parent is not None:
            node = node.parent
        return node.rule.spec.category

    def producers_at(self, node: LinkedNode) -> Producers | None:
        """The decoders whose events can reach a place; None where nobody can tell."""
        step: LinkedNode | None = node
        while step is not None:
            if step.rule.spec.decoded_as is not None:
                return self.decoders_named(step.rule.spec.decoded_as)
            step = step.parent
        return self.decoders_of_type(self.category(node))

    # --- decoders -----------------------------------------------------------------------------------------------------

    @cached_property
    def decoders(self) -> tuple[DecoderSpec, ...]:
        """All decoders in load order."""
        found = []
        for path, text in self.decoder_texts:
            for element in _elements(path, text):
                spec = read_decoder(element, ORDER_SIZE, Problems())
                if spec is not None and element.children:
                    check_decoder(spec, Problems())
                    found.append(spec)
                    self._decoder_elements[spec.origin] = element
        return tuple(found)

    @cached_property
    def families(self) -> tuple[tuple[DecoderSpec, tuple[DecoderSpec, ...]], ...]:
        """The decoders without parent in load order, each with the children that were loaded behind it."""
        roots: list[tuple[DecoderSpec, list[DecoderSpec]]] = []
        for spec in self.decoders:
            if spec.parent is None:
                roots.append((spec, []))
            else:
                for root, children in roots:
                    if root.name == spec.parent:
                        children.append(spec)
        return tuple((root, tuple(children)) for root, children in roots)

    def judged_decoders(self) -> Iterator[DecoderSpec]:
        return (spec for spec in self.decoders if self.is_judged(spec.origin))

    def decoder_element(self, spec: DecoderSpec) -> Element:
        """The `<decoder>` that a spec was read from."""
        assert self.decoders
        return self._decoder_elements[spec.origin]

    def decoders_named(self, name: str) -> Producers | None:
        """The decoders that `decoded_as` of this name means; None for one that exists without any file."""
        known = self._by_name.get(name)
        if known is None:
            known = self._by_name[name] = Producers.named(name, self.families)
        return known if name in self._decoder_names else None

    def decoders_of_type(self, category: str) -> Producers | None:
        """The decoders whose events are of a category; None for categories that have events of other origin."""
        if category in ("syslog", "ossec"):
            return None
        known = self._by_type.get(category)
        if known is None:
            known = self._by_type[category] = Producers.of_type(category, self.families)
        return known

    # --- texts --------------------------------------------------------------------------------------------------------

    @cached_property
    def _by_name(self) -> dict[str, Producers]:
        return {}

    @cached_property
    def _by_type(self) -> dict[str, Producers]:
        return {}

    @cached_property
    def _decoder_names(self) -> frozenset[str]:
        return frozenset(spec.name for spec in self.decoders)

    @cached_property
    def _decoder_elements(self) -> dict[Origin, Element]:
        return {}

    @cached_property
    def _rule_roots(self) -> tuple[tuple[str, list[Element]], ...]:
        return tuple((path, _elements(path, text)) for path, text in self.rule_texts)

    @cached_property
    def _rule_elements(self) -> dict[Origin, Element]:
        return {
            rule.origin(): rule for _, elements in self._rule_roots for group in elements for rule in group.children
        }


def _elements(path: str, text: str) -> list[Element]:
    """The elements of a file, none of one that cannot be read: loading has told why."""
    try:
        return load_xml(text, path) if text else []
    except XmlError:
        return []
