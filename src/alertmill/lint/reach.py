"""Rules that no event gets to: taken by an earlier rule, or asking for what cannot be (spec/rules.md 6 and 8).

A rule may stand in several places of the tree. It is dead when it is dead in all of them; when it is dead in some only,
the parents concerned are told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations

from alertmill.errors import Problem
from alertmill.lint import catalogue as kinds
from alertmill.lint.demands import Demand, Key, all_implied, has_memory
from alertmill.lint.kinds import Kind, listed, quoted
from alertmill.lint.scene import Scene
from alertmill.ruleset.tree import FIRST_LINKED_ID, LinkedNode, LinkedRule, Siblings

#: Why a rule is dead at a place: makes the finding, given what else is to be said.
Reason = Callable[[str], Problem]

_GEOIP = ("srcgeoip", "dstgeoip")


def check_reach(scene: Scene) -> Iterator[Problem]:
    """Rules that are dead in all their places, and parents that never lead to a rule."""
    walls = _Walls(scene)
    dead: set[int] = set()
    told: set[int] = set()
    muted: dict[int, list[LinkedRule]] = {}
    for rule in scene.linked.values():
        if rule.spec.id < FIRST_LINKED_ID:
            continue
        reasons = [(node, _why_dead(scene, walls, node)) for node in rule.nodes]
        found = [(node, reason) for node, reason in reasons if reason is not None]
        parents = {node.parent.rule.spec.id for node, _ in found if node.parent is not None}
        if found and len(found) == len(reasons):
            dead.add(rule.spec.id)
        if parents & told:
            told |= {rule.spec.id} & dead
            continue  # what hangs below a dead rule is part of that finding
        if not scene.is_judged(rule.spec.origin):
            if rule.spec.id in dead and (wall := walls.judged_taker(rule)) is not None:
                muted.setdefault(wall, []).append(rule)
        elif rule.spec.id in dead:
            told.add(rule.spec.id)
            yield found[0][1](_below(rule))
        elif found and rule.spec.if_sid is not None:
            yield from _dead_parents(rule, found)
    for wall, rules in muted.items():
        yield from _mutes(scene.linked[wall], rules)


def _mutes(wall: LinkedRule, muted: list[LinkedRule]) -> Iterator[Problem]:
    """A judged rule that takes every event from rules which are not judged, so that nothing is told of these."""
    ids = [str(rule.spec.id) for rule in muted if rule.spec.level and rule.spec.id != wall.spec.id]
    parents = dict.fromkeys(str(node.parent.rule.spec.id) for node in wall.nodes if node.parent is not None)
    if ids and parents:
        spec = wall.spec
        message = (
            f"rule {spec.id} (level {spec.level}, no condition) takes every event of rule {listed(list(parents))} "
            f"before {listed(ids)} below it, which can never fire"
        )
        yield kinds.MUTES.at(spec.origin, message)


def _why_dead(scene: Scene, walls: _Walls, node: LinkedNode) -> Reason | None:
    given = scene.path_demands(node)
    return _contradiction(node, given) or _foreign(scene, node) or walls.before(node, given)


def _below(rule: LinkedRule) -> str:
    """What else is dead with a rule."""
    ids = {below.rule.spec.id for node in rule.nodes for below in _descendants(node)}
    return f", nor any of the {len(ids)} rules below it" if len(ids) > 1 else ", nor the rule below it" if ids else ""


def _descendants(node: LinkedNode) -> Iterator[LinkedNode]:
    """Every place below one."""
    waiting = list(node.children.nodes)
    while waiting:
        below = waiting.pop()
        yield below
        waiting += below.children.nodes


def _dead_parents(rule: LinkedRule, found: list[tuple[LinkedNode, Reason]]) -> Iterator[Problem]:
    """Parents below which the rule is dead, each told once; not those that it is alive below elsewhere."""
    if_sid = rule.if_sid
    assert if_sid is not None
    alive = {node.parent.rule.spec.id for node in rule.nodes if node.parent is not None}
    alive -= {node.parent.rule.spec.id for node, _ in found if node.parent is not None}
    told: set[int] = set()
    for node, reason in found:
        parent = node.parent.rule.spec.id if node.parent is not None else 0
        if parent in told or all(other.parent and other.parent.rule.spec.id != parent for other, _ in found):
            continue
        same = [other for other in rule.nodes if other.parent is not None and other.parent.rule.spec.id == parent]
        if parent in rule.spec.parent_ids and len(same) == sum(1 for other, _ in found if other in same):
            told.add(parent)
            why = reason("").message.partition(": ")[2]
            message = f"rule {rule.spec.id} never fires below its parent {parent}: {why}"
            yield kinds.DEAD_PARENT.at(if_sid.origin(), message)


# --- conditions that exclude each other -------------------------------------------------------------------------------


def _contradiction(node: LinkedNode, given: dict[Key, list[Demand]]) -> Reason | None:
    """Two demands on one value that no value fulfils; at least one of them is the rule's own."""
    for demands in given.values():
        for demand in demands:
            if demand.test.is_impossible():
                return _impossible(node, demand, None)
        for own, other in combinations(demands, 2):
            if own.test.excludes(other.test):
                return _impossible(node, own, other)
    return None


def _impossible(node: LinkedNode, own: Demand, other: Demand | None) -> Reason:
    def reason(more: str) -> Problem:
        if other is None:
            message = f"rule {node.rule.spec.id} can never fire{more}: nothing fulfils {quoted(own.words)}"
            return (kinds.IMPOSSIBLE if own.words.isascii() else kinds.NEVER_MATCHES).at(own.origin(), message)
        above = _holder(node, other)
        where = f"{quoted(other.words)} of rule {above} above it" if above else quoted(other.words)
        message = f"rule {node.rule.spec.id} can never fire{more}: {quoted(own.words)} excludes {where}"
        return kinds.IMPOSSIBLE.at(own.origin(), message)

    return reason


def _holder(node: LinkedNode, demand: Demand) -> int:
    """The rule above `node` that a demand is of; 0 when it is the rule's own."""
    origin = demand.origin()
    step = node.parent
    while step is not None:
        spec = step.rule.spec
        origins = [spec.origin, *(one.source.origin() for one in (*spec.texts.values(), *spec.fields))]
        if origin in origins:
            return spec.id
        step = step.parent
    return 0


# --- events that are somewhere else -----------------------------------------------------------------------------------


def _foreign(scene: Scene, node: LinkedNode) -> Reason | None:
    """Events of the decoder that the rule or one above asks for are never here."""
    spec = node.rule.spec
    geoip = next((name for name in _GEOIP if name in spec.texts), None)
    if geoip is not None:
        place = spec.texts[geoip].source.origin()
        return lambda more: kinds.GEOIP.at(place, f"rule {spec.id} can never fire{more}: no event has a {geoip}")
    producers = scene.producers_at(node)
    if producers is None:
        return None
    name = _decoded_as(node)
    if name and producers.is_empty:
        what = f": no event is decoded as {quoted(name)}, a child decoder that takes its parent's name"
        return lambda more: kinds.NEVER_DECODED.at(
            scene.place(spec, "decoded_as"), f"rule {spec.id} can never fire{more}{what}"
        )
    category = scene.category(node)
    if name and producers.types and category not in producers.types:
        types = ", ".join(sorted(producers.types))
        what = f": events of the decoder {quoted(name)} are of the category {types}, the rule is below {category}"
        return lambda more: kinds.WRONG_CATEGORY.at(
            scene.place(spec, "decoded_as"), f"rule {spec.id} can never fire{more}{what}"
        )
    if name and producers.has_program is False and "program_name" in spec.texts:
        what = f": the decoder {quoted(name)} only sees logs without a program name"
        place = spec.texts["program_name"].source.origin()
        return lambda more: kinds.NO_PROGRAM.at(place, f"rule {spec.id} can never fire{more}{what}")
    return None


def _decoded_as(node: LinkedNode) -> str:
    """The decoder that the rule, or the nearest one above it that says so, asks for."""
    step: LinkedNode | None = node
    while step is not None:
        if step.rule.spec.decoded_as is not None:
            return step.rule.spec.decoded_as
        step = step.parent
    return ""


# --- events that are taken --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Walls:
    """The rules that take all events of their conditions from what stands behind them among siblings."""

    scene: Scene
    #: By siblings: of each that can be a wall its position, the values it looks at, and itself.
    _known: dict[Siblings, list[tuple[int, int, LinkedNode]]] = field(default_factory=dict)
    _bits: dict[Key, int] = field(default_factory=dict)
    _places: dict[LinkedNode, int] = field(default_factory=dict)
    #: By rule that is taken: the rules that take its events, one for each of its places.
    _takers: dict[int, set[int]] = field(default_factory=dict)

    def judged_taker(self, rule: LinkedRule) -> int | None:
        """The judged rule without conditions, no overwrite, that takes all events from a rule."""
        for taker in sorted(self._takers.get(rule.spec.id, ())):
            wall = self.scene.linked[taker]
            is_new = self.scene.is_judged(wall.spec.origin) and not wall.spec.overwrite
            if is_new and not self.scene.demands(wall):
                return taker
        return None

    def before(self, node: LinkedNode, given: dict[Key, list[Demand]]) -> Reason | None:
        """The wall that an event meets on its way to `node`, if every event that `given` describes meets one."""
        looked_at = self._mask(given)
        step: LinkedNode | None = node
        while step is not None:
            place = self._place(step)
            for position, mask, wall in self._walls(step.siblings):
                if position >= place:
                    break
                if mask & ~looked_at or wall.rule is step.rule or not _shares_events(wall, step):
                    continue
                if self._takes(wall, given):
                    self._takers.setdefault(node.rule.spec.id, set()).add(wall.rule.spec.id)
                    return self._reason(node, wall, step)
            step = step.parent
        return None

    def _takes(self, wall: LinkedNode, given: dict[Key, list[Demand]]) -> bool:
        """Whether the rule, or one below it, is the result for every such event."""
        if not all_implied(self.scene.demands(wall.rule), given) or has_memory(wall.rule.spec):
            return False
        return not wall.rule.spec.noalert or any(self._takes(child, given) for child in wall.children.nodes)

    def _walls(self, siblings: Siblings) -> list[tuple[int, int, LinkedNode]]:
        known = self._known.get(siblings)
        if known is None:
            known = self._known[siblings] = [
                (position, self._mask(demand.key for demand in self.scene.demands(node.rule)), node)
                for position, node in enumerate(siblings.nodes)
                if not has_memory(node.rule.spec)
            ]
            self._places.update((node, position) for position, node in enumerate(siblings.nodes))
        return known

    def _place(self, node: LinkedNode) -> int:
        self._walls(node.siblings)
        return self._places[node]

    def _mask(self, keys: Iterable[Key]) -> int:
        mask = 0
        for key in keys:
            mask |= self._bits.setdefault(key, 1 << len(self._bits))
        return mask

    def _reason(self, node: LinkedNode, wall: LinkedNode, step: LinkedNode) -> Reason:
        spec, taker = node.rule.spec, wall.rule.spec
        kind = _kind_of(node, taker.level)
        words = " and ".join(demand.words for demand in self.scene.demands(wall.rule))
        asks = f"which asks for {quoted(words)} only" if words else "which asks for nothing of its own"
        beside = "" if step is node else f" beside rule {step.rule.spec.id} above it"
        message = (
            f"rule {taker.id} (level {taker.level}){beside}, {asks}, is tried first and takes every event, "
            f"see {taker.origin}"
        )
        return lambda more: kind.at(spec.origin, f"rule {spec.id} (level {spec.level}) can never fire{more}: {message}")


def _shares_events(wall: LinkedNode, other: LinkedNode) -> bool:
    """Whether events are shown to both: at the top of the tree each category is by itself."""
    return wall.parent is not None or wall.rule.spec.category == other.rule.spec.category


def _kind_of(node: LinkedNode, level: int) -> Kind:
    """What it is called when a rule of this level takes the events of `node`."""
    highest = max(one.rule.spec.level for one in (node, *_descendants(node)))
    if level:
        return kinds.CUT_OFF if highest > level else kinds.SHADOWED
    return kinds.SILENCED if highest else kinds.SILENT_TWICE


# --- smaller matters of the tree --------------------------------------------------------------------------------------


def check_empty_noalert(scene: Scene) -> Iterator[Problem]:
    """noalert on a rule that leads nowhere."""
    for rule in scene.rules():
        if rule.spec.noalert and not any(node.children.nodes for node in rule.nodes):
            message = f"rule {rule.spec.id} has noalert and nothing below it, so it never does anything"
            yield kinds.EMPTY_NOALERT.at(scene.place(rule.spec, "noalert"), message)


def check_below_everything(scene: Scene) -> Iterator[Problem]:
    """if_level that hangs a rule below much of the tree."""
    for rule in scene.rules():
        if rule.if_level is not None and rule.if_sid is None:
            count = len(rule.nodes)
            zero = sum(1 for node in rule.nodes if node.parent is not None and not node.parent.rule.spec.level)
            message = f"rule {rule.spec.id} hangs at {count} places of the tree, {zero} of them below rules of level 0"
            yield kinds.BELOW_EVERYTHING.at(rule.if_level.origin(), message)
