"""Decoders that are never chosen, and options of theirs that do not do what they seem to (spec/decoders.md 1 to 5)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from alertmill.decoders.fields import STATIC_NAMES
from alertmill.decoders.spec import DecoderSpec, PatternSpec
from alertmill.errors import Origin, PatternError, Problem
from alertmill.lint import catalogue as kinds
from alertmill.lint import shapes
from alertmill.lint.kinds import listed, quoted
from alertmill.lint.scene import Scene
from alertmill.lint.traps import TRAPS
from alertmill.patterns.osregex import MARK, parse

#: What an event of type firewall must have.
_FIREWALL = ("action", "dstip", "dstport", "protocol", "srcip", "srcport")

_PCRE2_ITEM = re.compile(
    r"\\Q.*?(?:\\E|\Z)|\\.|\[\^?\]?(?:[^\]\\]|\\.)*\]|(?P<group>\((?!\?|\*)|\(\?P?<(?![=!])|\(\?')|.", re.DOTALL
)


def _shape(pattern: PatternSpec) -> shapes.Shape | None:
    """The shape of a pattern, None when it does not compile."""
    try:
        return shapes.shape_of(pattern.text, pattern.dialect)
    except PatternError:
        return None


def _implies(one: PatternSpec | None, other: PatternSpec | None) -> bool:
    """Whether a log that `one` matches is matched by `other`; no pattern matches all logs."""
    if other is None:
        return True
    wanted = _shape(other)
    if one is None or wanted is None:
        return wanted is not None and wanted.is_universal
    given = _shape(one)
    return given is not None and shapes.implies(given, wanted)


# --- who is chosen ----------------------------------------------------------------------------------------------------


def check_roots(scene: Scene) -> Iterator[Problem]:
    """Decoders without parent that an earlier one hides."""
    earlier: dict[bool, list[DecoderSpec]] = {True: [], False: []}
    for root, _ in scene.families:
        before = earlier[root.program_name is not None]
        if scene.is_judged(root.origin):
            wall = next((one for one in before if _hides(one, root)), None)
            if wall is not None:
                message = f"decoder '{root.name}' is never chosen: '{wall.name}' takes all its logs, see {wall.origin}"
                yield kinds.DECODER_SHADOWED.at(root.origin, message)
        before.append(root)


def _hides(wall: DecoderSpec, root: DecoderSpec) -> bool:
    if wall.program_name is not None and not _implies(root.program_name, wall.program_name):
        return False
    return _implies(root.prematch, wall.prematch)


def check_children(scene: Scene) -> Iterator[Problem]:
    """Children that are never chosen below any of their parents, and chains that break below all of them."""
    places: Counter[Origin] = Counter(child.origin for _, children in scene.families for child in children)
    found = [problem for _, children in scene.families for problem in _children(children)]
    told: dict[tuple[str, Origin | None], list[Problem]] = {}
    for problem in found:
        told.setdefault((problem.code.id, problem.origin), []).append(problem)
    for (_, origin), problems in told.items():
        if origin is not None and scene.is_judged(origin) and len(problems) == places[origin]:
            yield problems[0]


def _children(children: Sequence[DecoderSpec]) -> Iterator[Problem]:
    """What is wrong with the children of one decoder, each told at the child's own place."""
    chosen: list[DecoderSpec] = []
    place, all_taken = 0, None
    while place < len(children):
        head = children[place]
        end = _chain_end(children, place)
        wall = all_taken or next((one for one in chosen if _takes_all(one, head)), None)
        if wall is not None:
            what = "has no <prematch>" if wall.prematch is None else "matches whatever it matches"
            message = f"decoder '{head.name}' is never chosen: its sibling '{wall.name}' {what}, see {wall.origin}"
            yield kinds.CHILD_SHADOWED.at(head.origin, message)
        stranger = next((one for one in children[place : end + 1] if one.name != head.name), None)
        if stranger is not None and wall is None:
            message = f"decoder '{stranger.name}' stands in the middle of the decoders named '{head.name}'"
            yield kinds.BROKEN_CHAIN.at(stranger.origin, message)
        chosen.append(head)
        all_taken = all_taken or (head if head.prematch is None else None)
        place = end + 1


def _chain_end(children: Sequence[DecoderSpec], start: int) -> int:
    """The last decoder that runs when the one at `start` is chosen."""
    end = start
    while any(later.name == children[end].name for later in children[end + 1 :]):
        end += 1
    return end


def _takes_all(wall: DecoderSpec, head: DecoderSpec) -> bool:
    if wall.prematch is None or head.prematch is None:
        return False
    return wall.prematch.offset == head.prematch.offset and _implies(head.prematch, wall.prematch)


def check_impossible(scene: Scene) -> Iterator[Problem]:
    """Patterns that are tried on one text and exclude each other."""
    parents = {root.name: [one for one, _ in scene.families if one.name == root.name] for root, _ in scene.families}
    for spec in scene.judged_decoders():
        above = [one.prematch for one in parents.get(spec.parent or "", ())]
        for name, pattern, others in (
            ("prematch", spec.prematch, above),
            ("regex", spec.regex, [spec.prematch] if spec.prematch is not None else above),
        ):
            if pattern is None or pattern.offset:
                continue
            if others and all(other is not None and not other.offset and _exclude(pattern, other) for other in others):
                other = others[0]
                assert other is not None
                message = f"<{name}> of decoder '{spec.name}' never matches: {quoted(pattern.text)} excludes "
                message += f"{quoted(other.text)}, which has matched before"
                yield kinds.DECODER_IMPOSSIBLE.at(pattern.origin(), message)


def _exclude(one: PatternSpec, other: PatternSpec) -> bool:
    first, second = _shape(one), _shape(other)
    return first is not None and second is not None and shapes.excludes(first, second)


# --- what is never looked at ------------------------------------------------------------------------------------------


def check_idle(scene: Scene) -> Iterator[Problem]:
    """Elements that are read and never used."""
    for root, children in scene.families:
        if children and scene.is_judged(root.origin) and (root.regex is not None or root.plugin):
            what = "regex" if root.regex is not None else "plugin_decoder"
            place = root.regex.origin() if root.regex is not None else root.plugin_origin
            message = f"<{what}> of decoder '{root.name}' is never run: the decoder has children"
            yield kinds.ROOT_REGEX.at(place, message)
    for spec in scene.judged_decoders():
        if spec.parent is not None:
            yield from _idle_in_child(scene, spec)


def _idle_in_child(scene: Scene, spec: DecoderSpec) -> Iterator[Problem]:
    if spec.program_name is not None:
        message = f"<program_name> of decoder '{spec.name}' is never looked at: the decoder has a parent"
        yield kinds.CHILD_PROGRAM.at(spec.program_name.origin(), message)
    names = ("accumulate", "fts", "ftscomment", "json_array_structure", "json_null_field", "type", "use_own_name")
    for child in scene.decoder_element(spec).children:
        name = child.name.lower()
        if spec.prematch is None and name in names and not _is_like_the_parent(scene, spec, name):
            message = (
                f"<{name}> of decoder '{spec.name}' has no effect: it has no <prematch>, so '{spec.parent}' counts"
            )
            yield kinds.CHILD_OPTIONS.at(child.origin(), message)


def _is_like_the_parent(scene: Scene, spec: DecoderSpec, name: str) -> bool:
    """Whether every parent has the type that the child repeats."""
    return name == "type" and all(root.type == spec.type for root, _ in scene.families if root.name == spec.parent)


def check_firewall(scene: Scene) -> Iterator[Problem]:
    """Decoders of type firewall that cannot fill what such events need."""
    if not scene.drops_firewall:
        return
    for root, children in scene.families:
        if not scene.is_judged(root.origin) or any(one.plugin for one in (root, *children)):
            continue
        filled = {STATIC_NAMES.get(name) for one in (root, *children) for name in one.order or ()}
        missing = [name for name in _FIREWALL if name not in filled]
        winners = [root, *(child for child in children if child.prematch is not None)]
        wrong = next((one for one in winners if one.type == "firewall"), None)
        if missing and wrong is not None:
            message = f"events of decoder '{wrong.name}' are dropped before the rules: nothing fills {listed(missing)}"
            yield kinds.FIREWALL_DROPS.at(_type_place(scene, wrong), message)


def _type_place(scene: Scene, spec: DecoderSpec) -> Origin:
    found = [child for child in scene.decoder_element(spec).children if child.name == "type"]
    return found[-1].text_origin() if found else spec.origin


# --- orders -----------------------------------------------------------------------------------------------------------


def check_orders(scene: Scene) -> Iterator[Problem]:
    """Orders that do not fit their regex, or whose names are not what they seem."""
    for spec in scene.judged_decoders():
        if spec.order is None or spec.regex is None:
            continue
        yield from _count(spec, spec.order, spec.regex)
        broken = [name for name in spec.order if name != name.strip() or any(c in name for c in "\n\t\r")]
        if broken:
            message = f"decoder '{spec.name}' has a field named {quoted(broken[0])}, and a name behind it is lost"
            yield kinds.ORDER_NAME.at(spec.order_origin, message)
        twice = sorted({name for name in spec.order if [_target(one) for one in spec.order].count(_target(name)) > 1})
        if twice:
            yield kinds.ORDER_TWICE.at(spec.order_origin, f"decoder '{spec.name}' fills {listed(twice)} twice")
        for name in dict.fromkeys(spec.order):
            static = STATIC_NAMES.get(name.lower())
            if static is not None and name not in STATIC_NAMES:
                message = f"'{name}' of decoder '{spec.name}' is a dynamic field, not the static field {name.lower()}"
                yield kinds.NEARLY_STATIC.at(spec.order_origin, message)


def _target(name: str) -> str:
    """What a name in an order fills."""
    return STATIC_NAMES.get(name, name.lower())


def _count(spec: DecoderSpec, order: Sequence[str], regex: PatternSpec) -> Iterator[Problem]:
    groups = groups_of(regex.text, regex.dialect)
    if groups is None or groups == len(order):
        return
    counts = f"{groups} {'group' if groups == 1 else 'groups'}"
    if len(order) > groups:
        message = (
            f"decoder '{spec.name}' has {counts} for the {len(order)} names of its order: {order[groups]} stays empty"
        )
        yield kinds.TOO_MANY_NAMES.at(spec.order_origin, message)
    else:
        message = f"decoder '{spec.name}' has {counts}, but its order names {len(order)}: the rest is thrown away"
        yield kinds.TOO_MANY_GROUPS.at(regex.origin(), message)


def groups_of(text: str, dialect: str) -> int | None:
    """The groups of a regex, of its alternative with most of them; None when that is not plain to see."""
    if dialect == "pcre2":
        if "(?|" in text or "(?(" in text:
            return None
        return sum(found["group"] is not None for found in _PCRE2_ITEM.finditer(text))
    try:
        alternatives = parse(text)
    except PatternError:
        return None
    if any(one.has_adjacent_marks() for one in alternatives):
        return None
    return max(one.tokens.count(MARK) // 2 for one in alternatives)


# --- patterns ---------------------------------------------------------------------------------------------------------


def check_traps(scene: Scene) -> Iterator[Problem]:
    """Each trap in each pattern of a decoder."""
    for spec in scene.judged_decoders():
        for pattern in (spec.program_name, spec.prematch, spec.regex):
            if pattern is not None and _shape(pattern) is not None:
                for find in TRAPS:
                    for trap in find(pattern.text, pattern.dialect):
                        message = f"decoder '{spec.name}': {trap.message}"
                        yield trap.kind.at(pattern.origin(trap.position), message)
