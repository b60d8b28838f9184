"""Why a rule did not hold for an event, in one line. `alertmill explain` tells the whole story."""

from __future__ import annotations

from collections.abc import Sequence

from alertmill.cases.observer import Visit
from alertmill.event import from_byte_text
from alertmill.ruleset import Ruleset

#: Ancestors that are looked at; no real tree is as deep.
_DEEPEST = 64


def why_not(rule_id: int, visits: Sequence[Visit], ruleset: Ruleset) -> str:
    """Why `rule_id` is not the rule of an event with these visits."""
    if rule_id not in ruleset.rules_by_id:
        return f"rule {rule_id} is not loaded"
    by_rule: dict[int, list[Visit]] = {}
    for visit in visits:
        by_rule.setdefault(visit.rule.id, []).append(visit)
    if rule_id in by_rule:
        return _of_tried(by_rule[rule_id], visits)
    return _of_untried(rule_id, by_rule, visits, ruleset)


def _of_tried(tried: Sequence[Visit], visits: Sequence[Visit]) -> str:
    last = tried[-1]
    if not last.matched:
        return f"rule {last.rule.id} was tried: it failed at {from_byte_text(last.failed)}"
    deeper = [visit.rule.id for visit in visits if visit.matched and visit.depth > last.depth]
    if deeper:
        return f"rule {last.rule.id} held, but so did {deeper[-1]} below it"
    return f"rule {last.rule.id} held, but it is not the one that decides (noalert, or silenced by its ignore time)"


def _of_untried(rule_id: int, by_rule: dict[int, list[Visit]], visits: Sequence[Visit], ruleset: Ruleset) -> str:
    """The nearest ancestor that was tried tells it: it failed, or a sibling of what leads on held earlier."""
    waiting, seen = [rule_id], {rule_id}
    for _ in range(_DEEPEST):
        parents = {parent for id in waiting for parent in ruleset.describe(id).parents} - seen
        tried = sorted(parents & by_rule.keys())
        for parent in tried:
            last = by_rule[parent][-1]
            if not last.matched:
                return f"rule {rule_id} was not tried: {parent} above it failed at {from_byte_text(last.failed)}"
            won = [visit.rule.id for visit in visits if visit.matched and visit.depth == last.depth + 1]
            if won:
                return f"rule {rule_id} was not tried: {won[-1]}, which is tried before it below {parent}, held"
        if not parents:
            break
        seen |= parents
        waiting = sorted(parents)
    return f"rule {rule_id} was not tried: no rule that it hangs below was reached, see how the event was decoded"
