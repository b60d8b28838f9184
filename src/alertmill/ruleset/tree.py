"""Linking: which rule hangs below which, in what order, and whose events are counted by whom (spec/rules.md 6, 7, 8.5).

Rules are linked one by one in load order, and only to rules that are there already: the order of files is part of the
rule language. One rule may own several nodes, one per parent. Nothing is compiled here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from alertmill import codes
from alertmill.codes import Code
from alertmill.errors import Origin, Problems, did_you_mean
from alertmill.patterns import word_list_matches
from alertmill.ruleset.spec import JoinedText, RuleSpec

#: Rules below this id stand at the top of the tree.
FIRST_LINKED_ID = 10

#: What `if_level` takes a level-0 rule for.
_LEVEL_OF_ZERO = 99


class SearchKind(Enum):
    """What a composite searches: one rule's events, those of a group's rules, or all."""

    SID = "if_matched_sid"
    GROUP = "if_matched_group"
    REGEX = "if_matched_regex"


class Siblings:
    """The children of one node, or the top level, in the order in which they are tried."""

    def __init__(self) -> None:
        self.nodes: list[LinkedNode] = []
        #: Negated keys, so that descending levels are ascending numbers.
        self._keys: list[int] = []
        self._sorted = True

    def insert(self, node: LinkedNode) -> None:
        """Put a node before the first sibling with a strictly smaller key."""
        key = -node.rule.spec.sibling_key
        if self._sorted:
            at = bisect_right(self._keys, key)
        else:  # an overwrite changed a level in place
            at = next((i for i, other in enumerate(self._keys) if other > key), len(self._keys))
        self.nodes.insert(at, node)
        self._keys.insert(at, key)

    def keys_changed(self) -> None:
        """Read the keys again without moving anyone."""
        self._keys = [-node.rule.spec.sibling_key for node in self.nodes]
        self._sorted = self._keys == sorted(self._keys)


class LinkedNode:
    """A place of a rule in the tree. `parent` is None at the top level."""

    __slots__ = ("children", "parent", "rule", "siblings")

    def __init__(self, rule: LinkedRule, parent: LinkedNode | None, siblings: Siblings) -> None:
        self.rule = rule
        self.parent = parent
        self.siblings = siblings
        self.children = Siblings()


@dataclass(slots=True, eq=False)
class LinkedRule:
    """A rule with its places. `spec` is what the last overwrite says; everything else keeps its first value.

    `overwritten` are the specs that came before it, the oldest first. `own_list` is the number of the history list that
    holds this rule's events; `group_lists` those that its events go to once per node; `searched_list` the one that this
    composite walks.
    """

    spec: RuleSpec
    nodes: list[LinkedNode] = field(default_factory=list)
    overwritten: list[RuleSpec] = field(default_factory=list)
    search: SearchKind | None = None
    searched_list: int | None = None
    own_list: int | None = None
    group_lists: list[int] = field(default_factory=list)
    if_sid: JoinedText | None = None
    if_level: JoinedText | None = None
    if_matched_sid: JoinedText | None = None
    if_matched_group: JoinedText | None = None

    def __post_init__(self) -> None:
        spec = self.spec
        self.if_sid, self.if_level = spec.if_sid, spec.if_level
        self.if_matched_sid, self.if_matched_group = spec.if_matched_sid, spec.if_matched_group


@dataclass(frozen=True, slots=True)
class LinkedRules:
    """The finished tree: all rules by id, the top level, how many nodes and history lists there are.

    `defined` says where the first definition of an id stands that is not the one in `rules`, or is not loaded at all.
    """

    rules: dict[int, LinkedRule]
    top: Siblings
    node_count: int
    list_count: int
    defined: dict[int, Origin]


class Linker:
    """The growing tree.

    Args:
        defined: where the files define which id, loaded or not, for hints.

    `broken` are ids of rules with errors, whose absence is not told again; `skipped` those of rules left out so far.
    """

    def __init__(self, problems: Problems, defined: Mapping[int, Origin]) -> None:
        self.problems = problems
        self.defined = defined
        self.top = Siblings()
        self.rules: dict[int, LinkedRule] = {}
        self.broken: set[int] = set()
        self.skipped: set[int] = set()
        self.node_count = 0
        self.list_count = 0
        #: Verdicts on group texts by the list of words that looks for groups: both come again and again.
        self._in_groups: dict[str, dict[str, bool]] = {}

    def linked(self) -> LinkedRules:
        """What came of all rules added so far."""
        elsewhere = {id: origin for id, origin in self.defined.items() if not self._is_from(id, origin)}
        return LinkedRules(self.rules, self.top, self.node_count, self.list_count, elsewhere)

    def _is_from(self, id: int, origin: Origin) -> bool:
        """Whether a rule is loaded, and was defined there."""
        rule = self.rules.get(id)
        return rule is not None and (rule.spec.origin.path, rule.spec.origin.line) == (origin.path, origin.line)

    def add(self, spec: RuleSpec) -> bool:
        """Link a rule, or apply it to the rule it overwrites. False when it is skipped; problems tell why."""
        if spec.id < FIRST_LINKED_ID:
            return self._add_to_top(spec)
        known = self.rules.get(spec.id)
        if known is not None:
            self._overwrite(known, spec)
            return True
        if spec.overwrite:
            self._warn(
                codes.R_OVERWRITE,
                f"rule {spec.id} overwrites a rule that does not exist, so it is loaded as a new one",
                spec.origin,
                hint="is the rule that it should replace in a file that is loaded later?",
                wazuh=f"(7613): Rule ID '{spec.id}' does not exist but 'overwrite' is set to 'yes'. "
                "Still, the rule will be loaded.",
            )
        return self._link(LinkedRule(spec))

    # --- places --------------------------------------------------------------------------------------------------

    def _add_to_top(self, spec: RuleSpec) -> bool:
        if spec.id in self.rules:
            what = f"rule {spec.id} stands at the top of the tree, where rules cannot be overwritten"
            hint = "it is left as it was; give the new rule an id of 100000 or above"
            self._warn(codes.R_OVERWRITE, what, spec.origin, hint=hint)
            return False
        rule = self.rules[spec.id] = LinkedRule(spec)
        self._place(rule, None)
        return True

    def _place(self, rule: LinkedRule, parent: LinkedNode | None) -> None:
        siblings = parent.children if parent is not None else self.top
        node = LinkedNode(rule, parent, siblings)
        siblings.insert(node)
        rule.nodes.append(node)
        self.node_count += 1

    def _link(self, rule: LinkedRule) -> bool:
        spec = rule.spec
        if spec.group_matcher is not None and not self._group_is_known(rule):
            return self._no_group(spec, spec.if_matched_group)
        ids = _parent_ids(spec)
        parents = self._below_other(spec) if ids is None else []
        known = self._known_ids(spec, ids) if ids is not None else []
        if not parents and not known:
            return False
        self.rules[spec.id] = rule
        for parent in parents:
            self._place(rule, parent)
        for id in known:  # one after another: a rule that names itself hangs below the nodes it has by then
            for parent in _visible(self.rules[id].nodes):
                self._place(rule, parent)
        self._link_history(rule)
        return True

    def _below_other(self, spec: RuleSpec) -> list[LinkedNode]:
        """The nodes that a rule without parent ids hangs below; none when it is skipped."""
        group = spec.if_group if spec.if_group is not None or spec.if_sid is not None else spec.if_matched_group
        if spec.if_sid is not None:  # separators alone
            return self._below_category(spec)
        if spec.if_level is not None:
            return self._below_level(spec, spec.if_level)
        if group is not None:
            return self._below_group(spec, group)
        return self._below_category(spec)

    def _known_ids(self, spec: RuleSpec, text: JoinedText) -> list[int]:
        """The loaded ones among the ids that the rule hangs on; none when it is skipped."""
        known: list[int] = []
        for position, id in _numbers(text.text):
            if id in self.rules or (id == spec.id and known):
                known.append(id)
            elif spec.if_matched_sid is not None:
                self._unknown_id(spec, text, position, id, code="7620")
                return []
            else:
                self._unknown_id(spec, text, position, id, code="7617")
        if not known and not any(id in self.broken for _, id in _numbers(text.text)):
            what = f"rule {spec.id} is skipped: none of the rules that it hangs on is loaded"
            wazuh = f"(7619): Empty 'if_sid' value. Rule '{spec.id}' will be ignored."
            self._warn(codes.R_PARENT, what, text.origin(), wazuh=wazuh)
        return known

    def _unknown_id(self, spec: RuleSpec, text: JoinedText, position: int, id: int, *, code: str) -> None:
        if id in self.broken:
            return
        origin = _span(text, position, len(str(id)))
        if id in self.skipped:
            hint = f"it was skipped itself, see {self.defined[id]}"
        elif id in self.defined:
            hint = f"it is defined only later, in {self.defined[id]}: files are loaded in the order of their names"
        else:
            hint = did_you_mean(str(id), map(str, self.rules))
        if code == "7617":
            what = f"rule {spec.id} hangs on rule {id}, which is not loaded"
            wazuh = (
                f"(7617): Signature ID '{id}' was not found and will be ignored in the 'if_sid' option of rule "
                f"'{spec.id}'."
            )
        else:
            what = f"rule {spec.id} is skipped: it counts events below rule {id}, which is not loaded"
            wazuh = "(7620)"
        self._warn(codes.R_PARENT, what, origin, hint=hint, wazuh=wazuh)

    def _below_level(self, spec: RuleSpec, text: JoinedText) -> list[LinkedNode]:
        level = int(text.text)
        parents = [node for rule in self.rules.values() if _level_for_linking(rule) >= level for node in rule.nodes]
        if not parents:
            what = f"rule {spec.id} is skipped: no loaded rule has level {level} or above"
            self._warn(codes.R_NO_CANDIDATE, what, text.origin(), wazuh="(7608)")
        return parents

    def _below_group(self, spec: RuleSpec, text: JoinedText) -> list[LinkedNode]:
        verdicts = self._in_groups.setdefault(text.text, {})
        parents: list[LinkedNode] = []
        for rule in self.rules.values():
            groups = rule.spec.group_text
            if groups not in verdicts:
                verdicts[groups] = word_list_matches(text.text, groups)
            if verdicts[groups]:
                parents += rule.nodes
        if not parents:
            self._no_group(spec, text)
        return parents

    def _no_group(self, spec: RuleSpec, text: JoinedText | None) -> bool:
        assert text is not None
        known = {word for rule in self.rules.values() for word in rule.spec.group_text.split(",") if word}
        self._warn(
            codes.R_NO_CANDIDATE,
            f"rule {spec.id} is skipped: no loaded rule has the group '{text.text}'",
            text.origin(),
            hint=did_you_mean(text.text, known),
            wazuh=f"(7610): Group '{text.text}' was not found. Invalid '{text.name}'. "
            f"Rule '{spec.id}' will be ignored.",
        )
        return False

    def _below_category(self, spec: RuleSpec) -> list[LinkedNode]:
        for node in self.top.nodes:
            if node.rule.spec.category == spec.category:
                return [node]
        what = f"rule {spec.id} is skipped: no rule below id {FIRST_LINKED_ID} has the category '{spec.category}'"
        hint = "load the file that holds the top rule of the category first"
        self._warn(codes.R_NO_CANDIDATE, what, spec.origin, hint=hint, wazuh="(7611)")
        return []

    # --- history -------------------------------------------------------------------------------------------------

    def _link_history(self, rule: LinkedRule) -> None:
        spec = rule.spec
        if spec.if_matched_sid is not None:
            rule.search = SearchKind.SID
            counted = self.rules.get(int(spec.if_matched_sid.text))
            if counted is not None and counted is not rule:
                if counted.own_list is None:
                    counted.own_list = self._new_list()
                rule.searched_list = counted.own_list
        elif spec.group_matcher is not None:
            rule.search = SearchKind.GROUP
            rule.searched_list = self._new_list()
            for member in self.rules.values():
                if spec.group_matcher.matches(member.spec.group_text):
                    member.group_lists += [rule.searched_list] * len(member.nodes)
        elif spec.if_matched_regex is not None:
            rule.search = SearchKind.REGEX

    def _new_list(self) -> int:
        self.list_count += 1
        return self.list_count - 1

    def _group_is_known(self, rule: LinkedRule) -> bool:
        matcher = rule.spec.group_matcher
        assert matcher is not None
        groups = {other.spec.group_text for other in self.rules.values()} | {rule.spec.group_text}
        return any(map(matcher.matches, groups))

    # --- overwrite -----------------------------------------------------------------------------------------------

    def _overwrite(self, rule: LinkedRule, spec: RuleSpec) -> None:
        """Replace what the rule says; it keeps its places, its lists and what it searches (spec/rules.md 7)."""
        for old, new in (
            (rule.if_sid, spec.if_sid if spec.if_matched_sid is None else None),
            (rule.if_level, spec.if_level),
            (rule.if_matched_sid, spec.if_matched_sid),
            (rule.if_matched_group, spec.if_matched_group),
            (None, spec.if_group),
        ):
            if new is not None and (old is None or _meaning(old) != _meaning(new)):
                self._cannot_move(spec, new)
        rule.overwritten.append(rule.spec)
        rule.spec = spec
        for siblings in {id(node.siblings): node.siblings for node in rule.nodes}.values():
            siblings.keys_changed()

    def _cannot_move(self, spec: RuleSpec, text: JoinedText) -> None:
        self._warn(
            codes.R_OVERWRITE,
            f"rule {spec.id} cannot get another {text.name} by overwriting it; the original one is kept",
            text.origin(),
            hint="write the rule under a new id",
            wazuh=f"(7605): It is not possible to overwrite '{text.name}' value in rule '{spec.id}'. "
            "The original value is retained.",
        )

    def _warn(self, code: Code, what: str, origin: Origin, *, hint: str = "", wazuh: str = "") -> None:
        self.problems.warn(code, what, origin, hint=hint, wazuh=wazuh)


def _parent_ids(spec: RuleSpec) -> JoinedText | None:
    """The text that names the parents: `if_sid`, or `if_matched_sid` where nothing else says where a rule hangs."""
    if spec.if_sid is not None:
        return spec.if_sid if spec.parent_ids else None
    if spec.if_group is None and spec.if_matched_group is None:
        return spec.if_matched_sid
    return None


def _numbers(text: str) -> Iterator[tuple[int, int]]:
    """Position and value of each id in a list of ids."""
    position = 0
    for word in text.replace(",", " ").split(" "):
        if word:
            yield position, int(word)
        position += len(word) + 1


def _span(text: JoinedText, position: int, length: int) -> Origin:
    """The place of some characters of a text."""
    origin = text.origin(position)
    return Origin(origin.path, origin.line, origin.text, origin.start, min(origin.start + length, len(origin.text)))


def _meaning(text: JoinedText) -> object:
    return list(_numbers(text.text)) if text.name == "if_sid" else text.text


def _level_for_linking(rule: LinkedRule) -> int:
    """A rule's level as `if_level` sees it: 99 for level 0, and below 1 with accuracy 0 (spec/rules.md 6.1)."""
    return (rule.spec.level or _LEVEL_OF_ZERO) if rule.spec.accuracy else 0


def _visible(nodes: list[LinkedNode]) -> list[LinkedNode]:
    """The nodes of a rule that a walk by id reaches.

    The walk leaves a list of siblings at its first hit, so a node behind an earlier hit in a list that leads to it is
    never seen (spec/rules.md 6.1).
    """
    if len(nodes) == 1:
        return list(nodes)
    in_list: dict[Siblings, list[LinkedNode]] = {}
    for node in nodes:
        in_list.setdefault(node.siblings, []).append(node)
    return [node for node in nodes if not _is_hidden(node, in_list)]


def _is_hidden(node: LinkedNode, in_list: dict[Siblings, list[LinkedNode]]) -> bool:
    step: LinkedNode | None = node
    while step is not None:
        order = step.siblings.nodes
        for hit in in_list.get(step.siblings, ()):
            if hit is not step and order.index(hit) < order.index(step):
                return True
        step = step.parent
        if step is not None and step.rule is node.rule:
            return True
    return False
