"""Rules that count earlier events, and those that seem to (spec/rules.md 8.5 to 8.7)."""

from __future__ import annotations

from collections.abc import Iterator

from alertmill.errors import Origin, Problem
from alertmill.event import STATIC_FIELDS
from alertmill.lint import catalogue as kinds
from alertmill.lint.kinds import listed
from alertmill.lint.scene import Scene
from alertmill.ruleset.spec import DEFAULT_FREQUENCY, RuleSpec
from alertmill.ruleset.tree import LinkedRule, SearchKind

#: Fields that neither an <order> nor the JSON decoder makes a dynamic field of.
_ALWAYS_STATIC = frozenset(STATIC_FIELDS) - {"system_name"}


def check_counted_rule(scene: Scene) -> Iterator[Problem]:
    """if_matched_sid of a rule whose events cannot be found."""
    for rule in scene.rules():
        if rule.search is not SearchKind.SID or rule.if_matched_sid is None or rule.spec.check_diff:
            continue
        id = int(rule.if_matched_sid.text)
        place, label = rule.if_matched_sid.origin(), f"rule {rule.spec.id}"
        counted = scene.linked.get(id)
        if counted is None or rule.searched_list is None:
            where = f" before it, but in {counted.spec.origin}" if counted is not None else ""
            yield kinds.COUNTS_LATER.at(place, f"{label} never fires: it counts rule {id}, which is not loaded{where}")
        elif reason := _never_kept(counted):
            message = f"{label} never fires: it counts rule {id}, which {reason}, so that its events are not kept"
            yield kinds.COUNTS_SILENT.at(place, message)
        elif _searches(counted) and counted is not rule and 0 < rule.spec.level <= counted.spec.level:
            message = (
                f"{label} (level {rule.spec.level}) never fires: it counts rule {id} (level {counted.spec.level}), "
                "which counts itself and has no lower level"
            )
            yield kinds.COUNTS_EQUAL.at(place, message)


def _never_kept(rule: LinkedRule) -> str:
    """Why no event is ever kept under a rule; empty when some are."""
    if not rule.spec.level and rule.spec.accuracy:
        return "has level 0"
    if not rule.spec.noalert:
        return ""
    # While the ignore time of a child runs, its events go to the parent, noalert or not.
    children = (child.rule.spec for node in rule.nodes for child in node.children.nodes)
    return "" if any(child.ignore and child.level for child in children) else "has noalert"


def _searches(rule: LinkedRule) -> bool:
    return rule.spec.composite and not rule.spec.check_diff


def check_level_zero(scene: Scene) -> Iterator[Problem]:
    """Counting rules of level 0."""
    for rule in scene.rules():
        if _searches(rule) and not rule.spec.level and rule.spec.accuracy:
            message = f"rule {rule.spec.id} counts events and has level 0, so it never fires"
            yield kinds.LEVEL_ZERO_COUNTS.at(scene.place(rule.spec, "level"), message)


def check_counted_group(scene: Scene) -> Iterator[Problem]:
    """Rules of a group that if_matched_group counts, and whose events it does not see."""
    for rule in scene.rules():
        matcher = rule.spec.group_matcher
        if rule.search is not SearchKind.GROUP or matcher is None or rule.if_matched_group is None:
            continue
        members = [one for one in scene.linked.values() if one is not rule and matcher.matches(one.spec.group_text)]
        deaf = [one for one in members if not _never_kept(one) and not _feeds(one, rule)]
        heard = [one for one in members if not _never_kept(one) and _feeds(one, rule)]
        if deaf or not heard:
            yield _not_fed(rule, rule.if_matched_group.origin(), deaf, heard)


def _feeds(member: LinkedRule, rule: LinkedRule) -> bool:
    return member.own_list is None and rule.searched_list in member.group_lists


def _not_fed(rule: LinkedRule, place: Origin, deaf: list[LinkedRule], heard: list[LinkedRule]) -> Problem:
    label = f"rule {rule.spec.id}"
    if not heard:
        message = f"{label} never fires: no rule of the group has events that are kept for it"
        return kinds.COUNTS_SILENT.at(place, message)
    own = [str(one.spec.id) for one in deaf if one.own_list is not None]
    late = [str(one.spec.id) for one in deaf if one.own_list is None]
    reasons = [f"{listed(own)} (counted by if_matched_sid elsewhere)"] if own else []
    reasons += [f"{listed(late)} (loaded behind it)"] if late else []
    count = f"{len(deaf)} of the {len(deaf) + len(heard)} rules of the group"
    return kinds.GROUP_NOT_FED.at(place, f"{label} does not count the events of {count}: {' and '.join(reasons)}")


def check_frequency(scene: Scene) -> Iterator[Problem]:
    """Frequencies that never reset, and attributes that count nothing."""
    for rule in scene.rules():
        spec = rule.spec
        if spec.composite and not spec.check_diff:
            yield from _counting(scene, spec)
        else:
            yield from _not_counting(scene, spec)


def _counting(scene: Scene, spec: RuleSpec) -> Iterator[Problem]:
    if (spec.frequency or DEFAULT_FREQUENCY) <= DEFAULT_FREQUENCY and not spec.ignore:
        what = "frequency 2" if spec.frequency else "no frequency, which counts as 2"
        message = f"rule {spec.id} has {what}: it fires again with every further event within the timeframe"
        place = scene.place(spec, "frequency" if spec.frequency else "if_matched_sid")
        yield kinds.NEVER_RESETS.at(place, message)
    if spec.frequency and not _has_attribute(scene, spec, "timeframe"):
        message = f"rule {spec.id} counts to {spec.frequency} within the default of {spec.timeframe} seconds"
        yield kinds.NO_TIMEFRAME.at(scene.place(spec, "frequency"), message)


def _not_counting(scene: Scene, spec: RuleSpec) -> Iterator[Problem]:
    for name in ("frequency", "timeframe"):
        if _has_attribute(scene, spec, name):
            message = f"rule {spec.id} has a {name} but counts nothing"
            yield kinds.NOTHING_COUNTED.at(scene.place(spec, name), message)


def _has_attribute(scene: Scene, spec: RuleSpec, name: str) -> bool:
    element = scene.element(spec)
    return element is not None and name in map(str.lower, element.attributes)


def check_compared(scene: Scene) -> Iterator[Problem]:
    """same_ and different_ that contradict each other, or look for a static field among the dynamic ones."""
    for rule in scene.rules():
        spec = rule.spec
        both = sorted({*spec.same} & {*spec.different} | {*spec.same_fields} & {*spec.different_fields})
        if both:
            message = f"rule {spec.id} never fires: {listed(both)} must be equal and different at once"
            yield kinds.SAME_AND_DIFFERENT.at(spec.origin, message)
        for name, fields in (("same_field", spec.same_fields), ("different_field", spec.different_fields)):
            for field in fields:
                if field in _ALWAYS_STATIC:
                    element = f"{name.partition('_')[0]}_{'user' if field == 'dstuser' else field}"
                    message = f"rule {spec.id} compares '{field}' as a dynamic field, which it is not"
                    yield kinds.SAME_STATIC.at(scene.place(spec, name), message, f"write <{element} />")


def check_searches(scene: Scene) -> Iterator[Problem]:
    """Several ways of counting in one rule."""
    for rule in scene.rules():
        spec = rule.spec
        ways = {
            "if_matched_sid": spec.if_matched_sid is not None,
            "if_matched_group": spec.if_matched_group is not None,
            "if_matched_regex": spec.if_matched_regex is not None,
        }
        found = [name for name, is_there in ways.items() if is_there]
        idle = found if spec.check_diff else found[1:]
        for name in idle:
            first = "check_diff" if spec.check_diff else found[0]
            message = f"rule {spec.id} has {name}, which is not looked at beside {first}"
            yield kinds.SEARCH_IGNORED.at(scene.place(spec, name), message)
        if spec.check_diff and (spec.same or spec.different or spec.same_fields or spec.different_fields):
            message = f"rule {spec.id} compares events, but counts none beside check_diff"
            yield kinds.SEARCH_IGNORED.at(scene.place(spec, "check_diff"), message)
