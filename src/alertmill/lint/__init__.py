"""Lint: what loads but cannot work or will surprise.

    scene = Scene(ruleset, rule_texts, decoder_texts, list_texts, identities, Judged(paths, own))
    for finding in lint(scene): print(finding.draw())

A check is a function from the scene to findings, in the file of its family and in `FAMILIES` below; what it can say is
in `catalogue`. What is said for certain ("never fires") rests on `demands` and `shapes`, which prove it or are silent.
Nothing here reads a file, and what cannot be loaded at all is the business of `alertmill check`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from alertmill.errors import Problem
from alertmill.lint import counting, decoders, fields, lists, names, overwrites, patterns, reach, style
from alertmill.lint.catalogue import all_kinds
from alertmill.lint.comments import without_ignored
from alertmill.lint.kinds import Kind
from alertmill.lint.scene import Judged, Scene

__all__ = ["FAMILIES", "Judged", "Kind", "Scene", "all_kinds", "conclude", "lint"]

Check = Callable[[Scene], Iterator[Problem]]

#: All checks by family. A new check is a function in the family's file and its name here.
FAMILIES: dict[str, tuple[Check, ...]] = {
    "counting": (
        counting.check_compared,
        counting.check_counted_group,
        counting.check_counted_rule,
        counting.check_frequency,
        counting.check_level_zero,
        counting.check_searches,
    ),
    "decoders": (
        decoders.check_children,
        decoders.check_firewall,
        decoders.check_idle,
        decoders.check_impossible,
        decoders.check_orders,
        decoders.check_roots,
        decoders.check_traps,
    ),
    "fields": (
        fields.check_conditions,
        fields.check_first_seen,
        fields.check_long_descriptions,
        fields.check_references,
    ),
    "lists": (lists.check_entries, lists.check_lookups),
    "names": (names.check_names,),
    "overwrites": (overwrites.check_ids, overwrites.check_order, overwrites.check_overwrites),
    "patterns": (
        patterns.check_addresses,
        patterns.check_blanks,
        patterns.check_joined_patterns,
        patterns.check_joined_references,
        patterns.check_numbers,
        patterns.check_traps,
    ),
    "reach": (reach.check_below_everything, reach.check_empty_noalert, reach.check_reach),
    "style": (
        style.check_descriptions,
        style.check_groups,
        style.check_ignored,
        style.check_mitre,
        style.check_no_groups,
        style.check_options,
        style.check_places,
        style.check_size,
        style.check_wide_groups,
    ),
}


def lint(scene: Scene) -> list[Problem]:
    """Everything found in the judged files, by file and line."""
    return conclude(scene, (finding for checks in FAMILIES.values() for check in checks for finding in check(scene)))


def conclude(scene: Scene, findings: Iterable[Problem]) -> list[Problem]:
    """The findings of all families in readable form and order, without those that a comment asks to ignore."""
    order = {path: place for place, (path, _) in enumerate((*scene.decoder_texts, *scene.rule_texts))}

    def place(finding: Problem) -> tuple[int, str, int, int, str]:
        origin = finding.origin
        if origin is None:
            return len(order), "", 0, 0, finding.code.id
        return order.get(origin.path, len(order)), origin.path, origin.line, origin.start, finding.code.id

    return sorted(without_ignored(scene, findings), key=place)
