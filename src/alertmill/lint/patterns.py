"""Patterns of rules that mean something else than they seem to, and texts that are joined where nobody expects it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from alertmill.errors import Problem
from alertmill.lint import catalogue as kinds
from alertmill.lint.kinds import quoted
from alertmill.lint.scene import Scene
from alertmill.lint.traps import TRAPS, bare_address, is_bare_number
from alertmill.ruleset.spec import RuleSpec, TextCriterion
from alertmill.ruleset.tree import LinkedNode
from alertmill.xmltext import Element

#: Criteria whose values are numbers, or words of which none is part of another.
_NUMBERS = ("dstport", "field", "id", "srcport", "status")
#: Criteria that look at much more than one value: an address in them stands amid other text, and OSMATCH has no anchor
#: for that.
_WHOLE_LOG = ("match", "regex", "program_name")
#: By event format, a member of a JSON object as no event has it. In texts inside of the JSON the quotes are escaped.
_NOT_IN = {
    "improved": re.compile(r'"\w+": (?![?*+{])'),
    "compatible": re.compile(r'"\w+":["\w-](?![?*{])'),
}
#: Pieces of PCRE2 that need not be there, or let blanks mean nothing.
_OPTIONAL = re.compile(r"\)[?*{]|\(\?[a-z]*x")

_IDS = ("if_group", "if_level", "if_matched_group", "if_sid")


def check_traps(scene: Scene) -> Iterator[Problem]:
    """Each trap in each pattern of a rule."""
    for rule in scene.rules():
        for criterion in _criteria(rule.spec):
            text = criterion.source.text
            for find in TRAPS:
                for trap in find(text, criterion.dialect):
                    if trap.kind is kinds.NEVER_MATCHES:
                        continue  # the rule is dead, and `reach` tells so
                    place = criterion.source.origin(trap.position)
                    yield trap.kind.at(place, f"rule {rule.spec.id}: {trap.message}")


def check_numbers(scene: Scene) -> Iterator[Problem]:
    """Short numbers without anchors."""
    for rule in scene.rules():
        for criterion in _criteria(rule.spec):
            kind = "field" if criterion in rule.spec.fields else criterion.name
            if kind in _NUMBERS and is_bare_number(criterion.source.text, criterion.dialect, criterion.name):
                text = criterion.source.text
                message = f"rule {rule.spec.id}: {quoted(text)} also matches every longer number that has it inside"
                yield kinds.NO_ANCHORS.at(criterion.source.origin(), message)


def check_addresses(scene: Scene) -> Iterator[Problem]:
    """Full IPv4 addresses without anchors."""
    for rule in scene.rules():
        for criterion in _criteria(rule.spec):
            in_log = criterion.name in _WHOLE_LOG and criterion not in rule.spec.fields
            address, others = bare_address(criterion.source.text, criterion.dialect)
            if not address or (in_log and criterion.name != "regex"):
                continue
            bare = address.strip("^$")
            message = f"rule {rule.spec.id}: {quoted(address)} also matches {' and '.join(others)}"
            plain = bare.replace("\\", "").replace(".", "\\.")
            hint = f'write type="pcre2" and \\b{plain}\\b' if in_log else f"Anchor it: ^{bare}$."
            yield kinds.NO_ANCHORS.at(criterion.source.origin(), message, hint)


def _criteria(spec: RuleSpec) -> list[TextCriterion]:
    more = [spec.if_matched_regex] if spec.if_matched_regex is not None else []
    return [*spec.texts.values(), *spec.fields, *more]


def check_blanks(scene: Scene) -> Iterator[Problem]:
    """JSON in patterns on the log of AWS events with a blank that these do not have, or without one that they have."""
    pattern = _NOT_IN.get(scene.event_format)
    for rule in scene.rules() if pattern is not None else ():
        if not all(map(_is_of_aws, rule.nodes)):
            continue
        for criterion in (one for name, one in rule.spec.texts.items() if name in ("match", "regex")):
            text = criterion.source.text
            found = None if pattern is None or _OPTIONAL.search(text) else pattern.search(text)
            if found is not None:
                blank = "a blank" if scene.event_format == "improved" else "no blank"
                message = (
                    f"rule {rule.spec.id}: {quoted(found[0])} has {blank} behind the colon, which no event of AWS has "
                    f"in the format {scene.event_format}"
                )
                yield kinds.JSON_BLANK.at(criterion.source.origin(found.start()), message)


def _is_of_aws(node: LinkedNode) -> bool:
    """Whether only events that the AWS sources made get here."""
    step: LinkedNode | None = node
    while step is not None:
        if any(field.name.lower() == "integration" for field in step.rule.spec.fields):
            return True
        step = step.parent
    return False


def check_joined_patterns(scene: Scene) -> Iterator[Problem]:
    """Several elements of one name that are one pattern without a | between them."""
    for rule in scene.rules():
        for criterion in rule.spec.texts.values():
            pieces = criterion.source.pieces
            for (_, before), (start, after) in pairwise(pieces):
                if _is_glued(before, after):
                    whole = criterion.source.text
                    message = f"rule {rule.spec.id}: two <{criterion.name}> elements are one pattern, {quoted(whole)}"
                    yield kinds.GLUED_PATTERNS.at(criterion.source.origin(start), message)
                    break


def _is_glued(before: Element, after: Element) -> bool:
    return bool(before.text and after.text) and before.text[-1] != "|" and after.text[0] != "|"


def check_joined_references(scene: Scene) -> Iterator[Problem]:
    """Several elements that name rules or groups and grow together; also of rules that were not loaded for it."""
    for group in scene.groups():
        for rule in group.children:
            for name in _IDS:
                elements = [child for child in rule.children if child.name.lower() == name]
                for before, after in pairwise(elements):
                    if _grow_together(name, before.text, after.text):
                        whole = "".join(element.text for element in elements)
                        message = f"{_label(rule)}: {len(elements)} <{name}> elements are read as one, {quoted(whole)}"
                        yield kinds.GLUED_IDS.at(after.text_origin(), message)
                        break


def _grow_together(name: str, before: str, after: str) -> bool:
    separators = ", " if name == "if_sid" else "|"
    return bool(before and after) and before[-1] not in separators and after[0] not in separators


def _label(rule: Element) -> str:
    return next((f"rule {value}" for name, value in rule.attributes.items() if name.lower() == "id"), "a rule")
