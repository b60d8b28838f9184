"""Rules that replace others, and the ids of one's own rules (spec/rules.md 7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from itertools import pairwise

from alertmill.errors import Problem
from alertmill.lint import catalogue as kinds
from alertmill.lint.demands import demands_of
from alertmill.lint.kinds import listed, quoted
from alertmill.lint.scene import Scene
from alertmill.ruleset.spec import RuleSpec
from alertmill.ruleset.tree import FIRST_LINKED_ID, LinkedRule

#: Ids that are meant for a user's own rules.
OWN_IDS = range(100_000, 120_001)

#: What an overwrite says about places in the tree is not taken over, and need not be repeated.
_PLACES = ("if_group", "if_level", "if_sid", "if_matched_group", "if_matched_sid", "origin", "overwrite")


def check_overwrites(scene: Scene) -> Iterator[Problem]:
    """Overwrites that change nothing, drop conditions, or stop counting."""
    for rule in scene.rules():
        specs = [*rule.overwritten, rule.spec]
        for before, after in pairwise(specs):
            if scene.is_judged(after.origin):
                yield from _compare(before, after)


def _compare(before: RuleSpec, after: RuleSpec) -> Iterator[Problem]:
    label = f"rule {after.id}"
    if before.composite and not after.composite:
        message = f"{label} does not count any more once it is overwritten: {before.origin} has an if_matched_ element"
        yield kinds.OVERWRITE_STOPS_COUNTING.at(after.origin, message)
        return
    dropped = _dropped(before, after)
    if dropped:
        message = f"{label} loses conditions of {before.origin}: {listed(dropped)}"
        yield kinds.OVERWRITE_DROPS.at(after.origin, message)
    elif _meaning(before) == _meaning(after):
        yield kinds.OVERWRITE_IDLE.at(
            after.origin, f"{label} is overwritten by what it says in {before.origin} already"
        )


def _dropped(before: RuleSpec, after: RuleSpec) -> list[str]:
    """The conditions whose value the new rule does not look at any more."""
    kept = {demand.key for demand in demands_of(after)}
    lost = [quoted(demand.words) for demand in demands_of(before) if demand.key not in kept]
    for name in ("if_fts", "check_diff"):
        if getattr(before, name) and not getattr(after, name):
            lost.append(f"<{name} />")
    return lost


def _meaning(spec: RuleSpec) -> list[object]:
    """What an overwrite takes over, in a form that can be compared."""
    found: list[object] = [(demand.key, demand.words) for demand in demands_of(spec)]
    for field in fields(spec):
        if field.name not in (*_PLACES, "addresses", "fields", "group_matcher", "if_matched_regex", "lists", "texts"):
            found.append(getattr(spec, field.name))
    regex = spec.if_matched_regex
    return [*found, regex.source.text if regex is not None else None]


def check_order(scene: Scene) -> Iterator[Problem]:
    """Overwrites with a new level that leave a rule where its old level put it."""
    for rule in scene.rules():
        if rule.overwritten and rule.spec.sibling_key != rule.overwritten[0].sibling_key:
            other = _misplaced(rule)
            if other is not None:
                old, new = rule.overwritten[0].level, rule.spec.level
                message = (
                    f"rule {rule.spec.id} has level {new} now, but is still tried where level {old} put it: rule "
                    f"{other.spec.id} (level {other.spec.level}) is on the wrong side of it"
                )
                yield kinds.OVERWRITE_KEEPS_ORDER.at(scene.place(rule.spec, "level"), message)


def _misplaced(rule: LinkedRule) -> LinkedRule | None:
    """A sibling that would stand on the other side if the rule were sorted in anew."""
    key = rule.spec.sibling_key
    for node in rule.nodes:
        siblings = node.siblings.nodes
        place = siblings.index(node)
        for position, other in enumerate(siblings):
            theirs = other.rule.spec.sibling_key
            if (position < place and theirs < key) or (position > place and theirs > key):
                return other.rule
    return None


def check_ids(scene: Scene) -> Iterator[Problem]:
    """Ids that are not for one's own rules."""
    for rule in scene.linked.values():
        spec = rule.overwritten[0] if rule.overwritten else rule.spec
        if spec.origin.path in scene.judged.own and spec.id not in OWN_IDS and spec.id >= FIRST_LINKED_ID:
            message = f"rule {spec.id} has an id that a shipped ruleset may use"
            yield kinds.FOREIGN_ID.at(scene.place(spec, "id"), message)
