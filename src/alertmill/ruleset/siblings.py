"""Which children of a node an event may match, without trying them one after another.

Theory. The children of a node are numbered in the order in which they are tried. For every value that some of them look
at (the decoder, the program name, a field...) there is a table from values to a mask: a bit is set for each child that
this value does not rule out, which includes all that do not look at it. The masks of an event's values are ANDed, and
what is left are the candidates, in order. A mask is made when a value is first seen, by asking the conditions
themselves, so a pattern is tried once per distinct value and not once per event.

Only conditions whose verdict depends on a single value are decided so. All others (text of the log, time, lists,
predicates, everything with a memory) are asked of the candidates alone, in the order that the rule language gives them:
what is decided here has no side effect, so deciding it early is not seen. Of those that want something of the log, a
literal that it lacks tells without asking them (`Node.needed`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from alertmill.event import Event
from alertmill.patterns import ANY_TEXT
from alertmill.ruleset.columns import TABLE_SIZE, Column, Question
from alertmill.ruleset.compile import CompiledRule
from alertmill.ruleset.conditions import LOG_START, READERS, Key

#: Names that a document may have at its top for their set to be remembered.
MOST_ROOTS = 64

#: Stands for the decoder of an event that none matched.
_NO_DECODER = -1

#: What is needed where no text will do: no byte text has it.
_NO_TEXT = ("\u0100",)


class Node:
    """A place in the tree as it runs: a rule and its children. Equal subtrees share one node.

    `asked` are the stateless conditions that the tables of siblings do not decide; `on_log` are these where the text of
    the log alone decides them, None otherwise; `below` are the children's tables. `needed` are literals of which the
    log must contain one, in lower case, for all of them to hold: that is known without asking any. None until it is
    needed, ANY_TEXT where nothing is known, never empty.
    """

    __slots__ = ("asked", "below", "children", "needed", "on_log", "rule")

    def __init__(self, rule: CompiledRule, children: tuple[Node, ...]) -> None:
        self.rule = rule
        self.children = children
        asked = [condition for condition in rule.conditions if condition.key is None]
        self.asked = tuple(condition.holds for condition in asked)
        self.on_log = tuple(asked) if all(condition.test is not None for condition in asked) else None
        self.below = SiblingTable(children)
        self.needed: tuple[str, ...] | None = None

    def find_needed(self) -> tuple[str, ...]:
        """Find out about `needed`: the pattern that asks for the fewest literals, if there are several."""
        matchers = [condition.matcher for condition in self.rule.conditions if condition.matcher is not None]
        asked = [needed for matcher in matchers if "" not in (needed := matcher.needed)]
        needed = self.needed = min(asked, key=len, default=ANY_TEXT) or _NO_TEXT
        return needed


class SiblingTable:
    """The tables of one list of siblings, kept apart by decoder: the others of its children never come into play."""

    __slots__ = ("_nodes", "by_decoder")

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._nodes = nodes
        self.by_decoder: dict[int, Masks] = {}

    def masks(self, identity: int) -> Masks:
        """The tables for events of a decoder, by its identity; made when the first such event comes."""
        known = self.by_decoder.get(identity)
        if known is None:
            nodes = [node for node in self._nodes if node.rule.identity in (None, identity)]
            known = self.by_decoder[identity] = Masks(nodes)
        return known


def identity_of(event: Event) -> int:
    """What tells the decoders of events apart; the same for all events that no decoder matched."""
    decoder = event.decoder
    return _NO_DECODER if decoder is None else decoder.identity


def _value_of(event: Event, key: Key) -> str | None:
    kind, name = key
    if kind == "field":
        return event.fields.get(name)
    return event.static.get(name) if kind == "static" else READERS[kind](event)


class Note(NamedTuple):
    """A question that was asked: of which value, of which column, for which siblings, and which ones it left."""

    key: Key
    column: Column
    alive: int
    mask: int


class Verdict(NamedTuple):
    """Another question: whether the conditions of a node hold that do not depend on a single value."""

    node: Node
    holds: bool


Notes = list[Note | Verdict]

#: Columns of dynamic fields by name.
_Fields = tuple[tuple[str, Column], ...]


class Masks:
    """Columns of siblings that share a decoder."""

    __slots__ = (
        "_by_roots",
        "_chosen",
        "_columns",
        "_everyone",
        "_fields",
        "_nodes",
        "_others",
        "_static",
        "_without_static",
    )

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._nodes = tuple(nodes)
        self._everyone = (1 << len(nodes)) - 1
        self._chosen: dict[int, tuple[Node, ...]] = {}
        self._columns = columns = self._all_columns()
        self._fields = tuple((key[1], column) for key, column in columns if key[0] == "field")
        self._static = tuple((key[1], column) for key, column in columns if key[0] == "static")
        self._without_static = self._everyone
        for _, column in self._static:
            self._without_static &= column.others
        self._others = tuple((READERS[key[0]], column) for key, column in columns if key[0] in READERS)
        self._by_roots: dict[int, tuple[Collection[str], int, _Fields]] = {}

    def _all_columns(self) -> list[tuple[Key, Column]]:
        """All columns, those first that can rule out most."""
        questions: dict[Key, list[Question]] = {}
        for number, node in enumerate(self._nodes):
            for condition in node.rule.conditions:
                key, test, starts = condition.key, condition.test, condition.starts
                if key is not None and test is not None:
                    questions.setdefault(key, []).append(Question(number, test, condition.clue))
                elif starts is not None:
                    questions.setdefault((LOG_START, ""), []).append(Question(number, starts.__contains__, None))
        found = [(key, Column(asked, self._everyone)) for key, asked in questions.items()]
        return sorted(found, key=lambda item: -item[1].count)

    def candidates(self, event: Event) -> Sequence[Node]:
        """The nodes that the event's values do not rule out, in the order in which they are tried."""
        # Three loops of one shape, one per way to get at a value: a function for it would cost as much as the rest.
        mask = self._everyone
        for read, column in self._others:
            if mask & column.testers:
                value = read(event)
                if value is None:
                    mask &= column.others
                else:
                    known = column.table.get(value)
                    mask &= column.decide(value, mask) if known is None else known
        static = event.static
        if not static:
            mask &= self._without_static
        elif self._static:
            for name, column in self._static:
                if mask & column.testers:
                    value = static.get(name)
                    if value is None:
                        mask &= column.others
                    else:
                        known = column.table.get(value)
                        mask &= column.decide(value, mask) if known is None else known
        fields = self._fields
        if fields:
            roots = event.fields.roots()
            if roots is not None:
                possible, fields = self._among(roots)
                mask &= possible
            get = event.fields.get
            for name, column in fields:
                if mask & column.testers:
                    value = get(name)
                    if value is None:
                        mask &= column.others
                    else:
                        known = column.table.get(value)
                        mask &= column.decide(value, mask) if known is None else known
        chosen = self._chosen.get(mask)
        return self._choose(mask) if chosen is None else chosen

    def noted(self, event: Event, notes: Notes) -> Sequence[Node]:
        """`candidates`, noting what is asked. Columns are asked in an order that depends on the answers alone."""
        mask = self._everyone
        for key, column in self._columns:
            if mask & column.testers:
                left = column.mask(_value_of(event, key), mask)
                notes.append(Note(key, column, mask, left))
                mask &= left
        return self._choose(mask)

    def _among(self, roots: Collection[str]) -> tuple[int, _Fields]:
        """What is left when only fields below these roots can be there: the mask, and the columns still to be asked."""
        known = self._by_roots.get(id(roots))
        if known is not None and known[0] is roots:
            return known[1], known[2]
        mask, fields = self._everyone, []
        for name, column in self._fields:
            if name.partition(".")[0] in roots:
                fields.append((name, column))
            else:
                mask &= column.others
        if len(roots) <= MOST_ROOTS:
            if len(self._by_roots) >= TABLE_SIZE:
                self._by_roots.clear()
            self._by_roots[id(roots)] = (roots, mask, tuple(fields))
        return mask, tuple(fields)

    def _choose(self, mask: int) -> tuple[Node, ...]:
        if len(self._chosen) >= TABLE_SIZE:
            self._chosen.clear()
        chosen = self._chosen[mask] = tuple(self._nodes[number] for number in _bits_of(mask))
        return chosen


def _bits_of(mask: int) -> Iterator[int]:
    """The numbers of the bits that are set, ascending. Shifting a long number bit by bit would take its square."""
    digits = f"{mask:b}"[::-1]
    number = digits.find("1")
    while number >= 0:
        yield number
        number = digits.find("1", number + 1)
