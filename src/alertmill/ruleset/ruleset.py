"""A loaded ruleset: the tree as it runs, and what can be asked about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from alertmill.ruleset.compile import CompiledRule, compile_rule
from alertmill.ruleset.correlation import State
from alertmill.ruleset.options import RuleOptions
from alertmill.ruleset.shortlist import Shortlists
from alertmill.ruleset.siblings import Node, SiblingTable
from alertmill.ruleset.tree import LinkedNode, LinkedRule, Linker

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
        shortlists: what `shortlist_of` found so far.
        longest_count: the largest frequency less two, which is also an age in seconds (spec/rules.md 8.5).
    """

    def __init__(self, linker: Linker, options: RuleOptions) -> None:
        self.options = options
        self.node_count = linker.node_count
        self.list_count = linker.list_count
        self._linked = linker.rules
        self.rules_by_id: Mapping[int, CompiledRule] = {
            id: compile_rule(rule, options) for id, rule in linker.rules.items()
        }
        self.shortlists = Shortlists(self.rules_by_id)
        self.roots = self._build(linker)
        self._by_category: dict[str, tuple[Node, ...]] = {}
        for root in self.roots:
            category = root.rule.category
            self._by_category[category] = (*self._by_category.get(category, ()), root)
        self._tables = {category: SiblingTable(roots) for category, roots in self._by_category.items()}
        frequencies = (rule.spec.frequency or 2 for rule in self.rules_by_id.values())
        self.longest_count = max(frequencies, default=2) - 2

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

    def _build(self, linker: Linker) -> tuple[Node, ...]:
        """The tree as it runs, bottom up and without recursion; equal subtrees become one node."""
        built: dict[tuple[int, ...], Node] = {}
        made: dict[LinkedNode, Node] = {}
        waiting = list(linker.top.nodes)
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
        return tuple(made[node] for node in linker.top.nodes)

    def _compiled(self, rule: LinkedRule) -> CompiledRule:
        return self.rules_by_id[rule.spec.id]
