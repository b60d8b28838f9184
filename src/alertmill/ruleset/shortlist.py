"""What the stateless conditions leave of the rules for one event: the pure half of matching.

`shortlist_of` asks everything that the event alone can answer; `find` goes on with what the memory has to answer. Both
together give what `match.match_plain` gives. A `Shortlist` is a value: it says nothing of the event that it was made
for, so that equal ones are one object, and its `key` may travel between processes that loaded the same ruleset.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from alertmill.event import Event
from alertmill.patterns import ANY_TEXT, lowered
from alertmill.ruleset.compile import CompiledRule
from alertmill.ruleset.correlation import State, Walk
from alertmill.ruleset.siblings import Node, Notes, SiblingTable, Verdict, identity_of

if TYPE_CHECKING:
    from alertmill.ruleset.ruleset import Ruleset

#: A rule that holds and the rule above it in the tree, if there is one.
Found = tuple[CompiledRule, CompiledRule | None]
#: Rules, each with what is left below it.
Entries = tuple[tuple[CompiledRule, "Shortlist"], ...]
#: A shortlist in numbers: depth and id of each rule, a rule before those below it.
Ids = tuple[tuple[int, int], ...]

#: Shortlists that are remembered.
MOST_SHORTLISTS = 4096


class Shortlist:
    """Rules that hold as far as the event can tell, in the order in which they are tried, with what is left below each.

    The last one is certain to give a result, if any is: the rules behind it are out of reach and left out.

    Attributes:
        entries: the rules, each with the shortlist below it.
        settled: nothing in it has a memory: `found` is the verdict, None when no rule holds.
        silent: settled, and the rule, if there is one, has level 0: it is counted, and nothing else follows.
        certain: a rule is found whatever the memory says.
    """

    __slots__ = ("certain", "entries", "found", "settled", "silent")

    def __init__(self, entries: Entries) -> None:
        self.entries = entries
        self.settled: bool = not any(rule.has_memory or not below.settled for rule, below in entries)
        self.certain: bool = bool(entries) and is_certain(*entries[-1])
        self.found = _verdict(entries) if self.settled else None
        self.silent: bool = self.settled and (self.found is None or not self.found[0].level)

    def ids(self) -> Ids:
        """The list in numbers, from which `Shortlists.of_ids` makes it again where the same rules are loaded."""
        found: list[tuple[int, int]] = []
        waiting = [(0, rule, below) for rule, below in reversed(self.entries)]
        while waiting:
            depth, rule, below = waiting.pop()
            found.append((depth, rule.id))
            waiting += [(depth + 1, *entry) for entry in reversed(below.entries)]
        return tuple(found)


def is_certain(rule: CompiledRule, below: Shortlist) -> bool:
    """Whether a rule that an event leaves gives a result, itself or with what is below it, whatever the memory says."""
    return not rule.has_memory and (not rule.noalert or below.certain)


def _verdict(entries: Entries) -> Found | None:
    for rule, below in entries:
        if below.found is not None:
            deepest, parent = below.found
            return deepest, parent or rule
        if not rule.noalert:
            return rule, None
    return None


class Shortlists:
    """The shortlists of one ruleset: equal ones are one object, as far as they are remembered."""

    def __init__(self, rules: Mapping[int, CompiledRule]) -> None:
        self._rules = rules
        self._known: dict[Entries, Shortlist] = {}
        self.nothing = Shortlist(())

    def of(self, entries: Entries) -> Shortlist:
        """The shortlist with these entries."""
        if not entries:
            return self.nothing
        known = self._known.get(entries)
        if known is None:
            if len(self._known) >= MOST_SHORTLISTS:
                self._known.clear()
            known = self._known[entries] = Shortlist(entries)
        return known

    def of_ids(self, ids: Ids) -> Shortlist:
        """The shortlist that gave these numbers. Raises KeyError for a rule that is not loaded."""
        levels: list[list[tuple[CompiledRule, Shortlist]]] = [[]]
        for depth, id in reversed(ids):
            while len(levels) < depth + 2:
                levels.append([])
            below = self.of(tuple(reversed(levels[depth + 1])))
            del levels[depth + 1 :]
            levels[depth].append((self._rules[id], below))
        return self.of(tuple(reversed(levels[0])))


#: What is known of one list of siblings: the node above them (None: the top), those still to be asked, those that hold.
_Level = tuple[Node | None, Iterator[Node], list[tuple[CompiledRule, Shortlist]]]


def shortlist_of(ruleset: Ruleset, event: Event, notes: Notes | None = None) -> Shortlist:
    """Ask all that the event alone can answer; `notes` collects the questions.

    Nothing is changed, and nothing remembered but the answers.
    """
    identity, lists = identity_of(event), ruleset.shortlists
    above: list[_Level] = []
    parent: Node | None = None
    tried = _candidates(ruleset.top(event.category), identity, event, notes)
    entries: list[tuple[CompiledRule, Shortlist]] = []
    low: str | None = None
    while True:
        child = None
        for node in tried:
            if node.asked and notes is not None:
                holds = _holds(node, event)
                notes.append(Verdict(node, holds))
                if not holds:
                    continue
            elif node.asked:
                needed = node.needed or node.find_needed()
                if needed is not ANY_TEXT:
                    if low is None:
                        low = lowered(event.log)
                    for literal in needed:
                        if literal in low:
                            break
                    else:
                        continue
                if not _holds(node, event):
                    continue
            if node.children:
                child = node
                break
            if _take(entries, node.rule, lists.nothing):
                break
        if child is not None:
            above.append((parent, tried, entries))
            parent, tried, entries = child, _candidates(child.below, identity, event, notes), []
            continue
        found = lists.of(tuple(entries)) if entries else lists.nothing
        if parent is None:
            return found
        rule = parent.rule
        parent, tried, entries = above.pop()
        if _take(entries, rule, found):
            tried = _NOBODY


#: Behind a rule that is certain to give a result.
_NOBODY: Iterator[Node] = iter(())


def _candidates(table: SiblingTable, identity: int, event: Event, notes: Notes | None) -> Iterator[Node]:
    """The siblings that the values of the event leave."""
    masks = table.by_decoder.get(identity) or table.masks(identity)
    return iter(masks.candidates(event) if notes is None else masks.noted(event, notes))


def _take(entries: list[tuple[CompiledRule, Shortlist]], rule: CompiledRule, below: Shortlist) -> bool:
    """Add a sibling that holds. True if it is certain to give a result: then the others are out of reach."""
    if rule.noalert and not rule.has_memory and not below.entries:
        return False
    entries.append((rule, below))
    return is_certain(rule, below)


def _holds(node: Node, event: Event) -> bool:
    """Ask what the tables do not decide."""
    for holds in node.asked:  # noqa: SIM110 (a generator would cost more than most questions)
        if not holds(event):
            return False
    return True


def find(shortlist: Shortlist, event: Event, state: State, walk: Walk) -> Found | None:
    """The deepest rule of the list that holds, and its parent: what has a memory is asked, in order."""
    if shortlist.settled:
        return shortlist.found
    path: list[CompiledRule] = []
    above: list[Iterator[tuple[CompiledRule, Shortlist]]] = []
    tried = iter(shortlist.entries)
    while True:
        for rule, below in tried:
            if not rule.has_memory or state.remembers(rule, event, walk):
                path.append(rule)
                above.append(tried)
                tried = iter(below.entries)
                break
        else:
            if not path:
                return None
            rule = path.pop()
            if not rule.noalert:
                return rule, path[-1] if path else None
            tried = above.pop()
