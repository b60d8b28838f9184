"""A loaded ruleset: the tree as it runs, and what can be asked about it."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from alertmill.errors import Origin
from alertmill.ruleset.compile import CompiledRule, compile_rule
from alertmill.ruleset.correlation import State
from alertmill.ruleset.options import RuleOptions
from alertmill.ruleset.shortlist import Shortlists
from alertmill.ruleset.siblings import Node, SiblingTable
from alertmill.ruleset.spec import RuleSpec
from alertmill.ruleset.tree import LinkedNode, LinkedRule, LinkedRules

_NOTHING = SiblingTable(())


@dataclass(frozen=True, slots=True)
class Description:
    """A rule in words, for explanations: its place, its conditions, and who counts its events."""

    rule: CompiledRule
    parents: tuple[int, ...]
    children: tuple[int, ...]
    nodes: int
    conditions: tuple[str, ...]
    counted_by: tuple[int, ...]


class Ruleset:
    """Rules that are ready to match. Never changes: a reload makes another one.

    Attributes:
        options: what it was loaded with.
        roots: the top level, in order.
        rules_by_id: every rule.
        node_count: places in the tree, the number of Wazuh's "Total rules enabled".
        list_count: history lists that its composites search.
        searches: what its composites search for.
        feeding: ids of the rules whose events go to history lists, each with the numbers of these.
        shortlists: what `shortlist_of` found so far.
        longest_count: the largest frequency less two, which is also an age in seconds (spec/rules.md 8.5).
        defined: where the files first give an id, if that is not where its rule comes from: overwritten, or left out.
    """

    def __init__(self, linked: LinkedRules, options: RuleOptions) -> None:
        self.options = options
        self.node_count = linked.node_count
        self.list_count = linked.list_count
        self._linked = linked.rules
        self.defined = linked.defined
        self.rules_by_id: Mapping[int, CompiledRule] = {
            id: compile_rule(rule, options) for id, rule in linked.rules.items()
        }
        self._arrange(self._build(linked))

    def _arrange(self, roots: tuple[Node, ...]) -> None:
        """Take these nodes for the top level, and note what depends on all rules."""
        self.roots = roots
        self.shortlists = Shortlists(self.rules_by_id)
        self._by_category: dict[str, tuple[Node, ...]] = {}
        for root in roots:
            category = root.rule.category
            self._by_category[category] = (*self._by_category.get(category, ()), root)
        self._tables = {category: SiblingTable(roots) for category, roots in self._by_category.items()}
        rules = self.rules_by_id.values()
        self.searches = tuple(rule.search for rule in rules if rule.search is not None)
        self.feeding = tuple((rule.id, rule.fed_lists) for rule in rules if rule.fed_lists)
        frequencies = (rule.spec.frequency or 2 for rule in rules)
        self.longest_count = max(frequencies, default=2) - 2

    @property
    def linked(self) -> Mapping[int, LinkedRule]:
        """Every rule in load order as it was linked: its places, and what it said before it was overwritten."""
        return self._linked

    def with_spec(self, spec: RuleSpec) -> Ruleset:
        """This ruleset with one rule changed: what loading its changed XML would give, at the price of that rule.

        The rule keeps its places and what it counts, so `spec` must not differ in what links rules: level, accuracy,
        category, groups, and the rules that it names. Raises KeyError for a rule that is not loaded.
        """
        linked = copy.copy(self._linked[spec.id])
        linked.spec = spec
        compiled = compile_rule(linked, self.options)
        other = copy.copy(self)
        other._linked = {**self._linked, spec.id: linked}
        other.rules_by_id = {**self.rules_by_id, spec.id: compiled}
        other._arrange(_with_rule(self.roots, compiled, _lineage(linked)))
        return other

    def roots_of(self, category: str) -> tuple[Node, ...]:
        """The top-level rules that events of a category are tried against."""
        return self._by_category.get(category, ())

    def top(self, category: str) -> SiblingTable:
        """The tables of `roots_of`."""
        return self._tables.get(category, _NOTHING)

    def new_state(self, *, session: bool = False) -> State:
        """An empty memory for this ruleset."""
        return State(self, session=session)

    def overrun_patterns(self) -> Iterator[tuple[str, int]]:
        """The patterns that ever gave up on a text: words that name them, and how often."""
        for id, linked in self._linked.items():
            spec = linked.spec
            criteria = [*spec.texts.values(), *spec.fields]
            if spec.if_matched_regex is not None:
                criteria.append(spec.if_matched_regex)
            for criterion in criteria:
                if criterion.matcher.overruns:
                    yield f"rule {id} <{criterion.name}> {criterion.matcher.pattern}", criterion.matcher.overruns

    def places(self, rule_id: int) -> list[tuple[int, ...]]:
        """The places of a rule in the tree, each as the ids from the top to the rule. Empty for an unknown id."""
        linked = self._linked.get(rule_id)
        return [_path(node) for node in linked.nodes] if linked is not None else []

    def overwritten(self, rule_id: int) -> Origin | None:
        """Where the first definition of a rule stands that another one overwrites; None for any other rule."""
        rule, first = self.rules_by_id.get(rule_id), self.defined.get(rule_id)
        return first if rule is not None and rule.spec.overwrite else None

    def children_at(self, category: str, path: Sequence[int]) -> tuple[Node, ...]:
        """The children of a place, in the order in which they are tried; the top of a category for an empty path."""
        nodes = self.roots_of(category)
        for id in path:
            nodes = next((node.children for node in nodes if node.rule.id == id), ())
        return nodes

    def describe(self, rule_id: int) -> Description:
        """A rule's place and conditions. Raises KeyError for an id that is not loaded."""
        rule, linked = self.rules_by_id[rule_id], self._linked[rule_id]
        conditions = [condition.text for condition in (*rule.conditions, *rule.lists)]
        parents = {node.parent.rule.spec.id: None for node in linked.nodes if node.parent is not None}
        children = {child.rule.spec.id: None for node in linked.nodes for child in node.children.nodes}
        fed = set(rule.fed_lists)
        counted_by = [r.id for r in self.rules_by_id.values() if r.search is not None and r.search.list_number in fed]
        return Description(
            rule, tuple(parents), tuple(children), len(linked.nodes), tuple(conditions), tuple(counted_by)
        )

    def _build(self, linked: LinkedRules) -> tuple[Node, ...]:
        """The tree as it runs, bottom up and without recursion; equal subtrees become one node."""
        built: dict[tuple[int, ...], Node] = {}
        made: dict[LinkedNode, Node] = {}
        waiting = list(linked.top.nodes)
        while waiting:
            node = waiting[-1]
            missing = [child for child in node.children.nodes if child not in made]
            if missing:
                waiting += missing
                continue
            waiting.pop()
            children = tuple(made[child] for child in node.children.nodes)
            key = (node.rule.spec.id, *map(id, children))
            if key not in built:
                built[key] = Node(self._compiled(node.rule), children)
            made[node] = built[key]
        return tuple(made[node] for node in linked.top.nodes)

    def _compiled(self, rule: LinkedRule) -> CompiledRule:
        return self.rules_by_id[rule.spec.id]


def _path(node: LinkedNode) -> tuple[int, ...]:
    path: list[int] = []
    step: LinkedNode | None = node
    while step is not None:
        path.append(step.rule.spec.id)
        step = step.parent
    return tuple(reversed(path))


def _lineage(rule: LinkedRule) -> set[int]:
    """The ids of a rule and of all rules above its places."""
    found = {rule.spec.id}
    for place in rule.nodes:
        node = place.parent
        while node is not None:
            found.add(node.rule.spec.id)
            node = node.parent
    return found


def _with_rule(roots: tuple[Node, ...], rule: CompiledRule, lineage: set[int]) -> tuple[Node, ...]:
    """The tree with `rule` in the places of its id. Nodes beside and below its lineage are the same objects."""
    made: dict[Node, Node] = {}
    waiting = [root for root in roots if root.rule.id in lineage]
    while waiting:
        node = waiting[-1]
        missing = [child for child in node.children if child.rule.id in lineage and child not in made]
        if missing:
            waiting += missing
            continue
        waiting.pop()
        if node not in made:
            children = tuple(made.get(child, child) for child in node.children)
            made[node] = Node(rule if node.rule.id == rule.id else node.rule, children)
    return tuple(made.get(root, root) for root in roots)
