"""From linked rules to what runs.

What has a memory (`check_diff`, `if_fts`, the history search) is a plain member of `CompiledRule`, not a condition:
`match` asks it last, and only when everything before it holds, because asking is seen by later events.
"""

from __future__ import annotations

from dataclasses import dataclass

from alertmill.event import RuleInfo
from alertmill.patterns import Matcher
from alertmill.ruleset.conditions import Condition, conditions_of, list_condition
from alertmill.ruleset.mitre import MitreMember, mitre_of_pairs, mitre_of_techniques
from alertmill.ruleset.options import RuleOptions
from alertmill.ruleset.spec import DEFAULT_FREQUENCY, IgnoreNames, RuleSpec
from alertmill.ruleset.tree import LinkedRule, SearchKind


@dataclass(frozen=True, slots=True)
class Search:
    """A composite's search through earlier events (spec/rules.md 8.6).

    `needed` is F, the frequency less two; `list_number` None with a kind other than REGEX never finds anything.
    """

    rule_id: int
    kind: SearchKind
    list_number: int | None
    needed: int
    level: int
    timeframe: int
    everywhere: bool
    same: tuple[str, ...]
    different: tuple[str, ...]
    same_fields: tuple[str, ...]
    different_fields: tuple[str, ...]
    pattern: Matcher | None

    @property
    def compares_more(self) -> bool:
        """Whether events may differ in more than what has to be the same."""
        return bool(self.different or self.different_fields) or self.kind is SearchKind.REGEX


@dataclass(frozen=True, slots=True, eq=False)
class CompiledRule:
    """A rule as it runs.

    Attributes:
        info: what alerts print.
        conditions: stateless conditions in order, up to `check_diff`; without that and `if_fts`, whose memory takes
            note of being asked, also the look-ups in lists that come behind them.
        identity: decoder that `decoded_as` asks for, None for any.
        check_diff, if_fts, lists, search: the conditions behind them, in this order; `has_memory` if there is any.
        own_list: number of the history list of this rule's events, None without.
        group_lists: numbers of the history lists that its events go to, one entry per time.
        mitre_warnings: what Wazuh would log with each alert of the rule.
    """

    info: RuleInfo
    id: int
    level: int
    noalert: bool
    ignore: int
    category: str
    conditions: tuple[Condition, ...]
    identity: int | None
    check_diff: bool
    if_fts: bool
    lists: tuple[Condition, ...]
    search: Search | None
    own_list: int | None
    group_lists: tuple[int, ...]
    ignored: IgnoreNames | None
    check_if_ignored: IgnoreNames | None
    mitre_warnings: tuple[str, ...]
    spec: RuleSpec
    has_memory: bool

    @property
    def fed_lists(self) -> tuple[int, ...]:
        """Numbers of the history lists that take this rule's events. A rule with its own feeds no group list."""
        return self.group_lists if self.own_list is None else (self.own_list,)


def compile_rule(rule: LinkedRule, options: RuleOptions) -> CompiledRule:
    """The runnable form of a linked rule."""
    spec = rule.spec
    level = _final_level(spec)
    conditions = conditions_of(spec, options)
    lists = tuple(list_condition(criterion, options) for criterion in spec.lists)
    if not spec.check_diff and not spec.if_fts:
        conditions, lists = conditions + lists, ()
    mitre, warnings = mitre_of_pairs(spec.mitre_pairs) if spec.mitre_pairs else mitre_of_techniques(spec.mitre_ids)
    return CompiledRule(
        info=_info(rule, level, mitre, options),
        id=spec.id,
        level=level,
        noalert=spec.noalert,
        ignore=spec.ignore,
        category=spec.category,
        conditions=conditions,
        identity=spec.decoder_identity if spec.decoded_as is not None else None,
        check_diff=spec.check_diff,
        if_fts=spec.if_fts,
        lists=lists,
        # With check_diff the history is not searched (spec/rules.md 8.6).
        search=_search(rule, level) if spec.composite and not spec.check_diff else None,
        own_list=rule.own_list,
        group_lists=tuple(rule.group_lists),
        ignored=spec.ignored,
        check_if_ignored=spec.check_if_ignored,
        mitre_warnings=warnings,
        spec=spec,
        has_memory=bool(spec.check_diff or spec.if_fts or spec.composite),
    )


def _final_level(spec: RuleSpec) -> int:
    """Sort keys become levels again once all is loaded; a level 0 with accuracy 0 ends as 99 (spec/rules.md 6.2)."""
    return 99 if spec.level == 0 and not spec.accuracy else spec.level


def _info(rule: LinkedRule, level: int, mitre: MitreMember | None, options: RuleOptions) -> RuleInfo:
    spec = rule.spec
    mail, log, no_counter, no_full_log = _flags(spec, level, options)
    return RuleInfo(
        id=spec.id,
        level=level,
        description=spec.description,
        group_text=spec.group_text,
        frequency=None if rule.search is None else spec.frequency or DEFAULT_FREQUENCY,
        mitre=mitre,
        cve=spec.cve,
        info=spec.info,
        mail=mail,
        log_alert=log,
        no_counter=no_counter,
        no_full_log=no_full_log,
    )


def _flags(spec: RuleSpec, level: int, options: RuleOptions) -> tuple[bool, bool, bool, bool]:
    """The flags mail, log, no_counter and no_full_log, from the levels and the options in document order.

    Clearing the mail or the log flag clears an earlier no_counter as well: Wazuh does so (spec/rules.md 4.8).
    """
    mail, log = level >= options.email_alert_level, level >= options.log_alert_level
    no_counter = no_full_log = False
    for option in spec.options:
        if option == "alert_by_email":
            mail = True
        elif option == "log_alert":
            log = True
        elif option == "no_counter":
            no_counter = True
        elif option == "no_full_log":
            no_full_log = True
        elif option == "no_email_alert" and mail:
            mail = no_counter = False
        elif option == "no_log" and log:
            log = no_counter = False
    return mail, log, no_counter, no_full_log


def _search(rule: LinkedRule, level: int) -> Search:
    spec = rule.spec
    # A rule that became a composite by an overwrite has nothing to search, and never finds enough.
    kind = rule.search or SearchKind.SID
    return Search(
        rule_id=spec.id,
        kind=kind,
        list_number=rule.searched_list,
        needed=(spec.frequency or DEFAULT_FREQUENCY) - 2,
        level=level,
        timeframe=spec.timeframe,
        everywhere=spec.global_frequency,
        same=_unique(spec.same),
        different=_unique(spec.different),
        same_fields=_unique(spec.same_fields),
        different_fields=_unique(spec.different_fields),
        pattern=spec.if_matched_regex.matcher if kind is SearchKind.REGEX and spec.if_matched_regex else None,
    )


def _unique(names: list[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))
