"""The rule language: loading, linking, matching, correlation.

    lists = load_lists(texts, problems)
    ruleset = load_rules(files, lists, decoders.identities, options, problems)
    problems.raise_if_fatal("the ruleset was not loaded")
    state = ruleset.new_state()                     # or State.restore(...)
    state.accumulate(event)
    result = match(ruleset, event, state)

Texts go in and values come out: no file is read, and the only time is that of the events.
"""

from alertmill.ruleset.compile import CompiledRule
from alertmill.ruleset.correlation import State, StateChanges
from alertmill.ruleset.lists import CdbList, load_lists
from alertmill.ruleset.load import link_rules, load_rules
from alertmill.ruleset.match import MatchResult, count_silent, match
from alertmill.ruleset.memo import WALKED, Group, Memo, Next
from alertmill.ruleset.options import RuleOptions
from alertmill.ruleset.ruleset import Description, Ruleset
from alertmill.ruleset.shortlist import Shortlist, shortlist_of
from alertmill.ruleset.trace import Step, Trace
from alertmill.ruleset.tree import LinkedRules

__all__ = [
    "WALKED",
    "CdbList",
    "CompiledRule",
    "Description",
    "Group",
    "LinkedRules",
    "MatchResult",
    "Memo",
    "Next",
    "RuleOptions",
    "Ruleset",
    "Shortlist",
    "State",
    "StateChanges",
    "Step",
    "Trace",
    "count_silent",
    "link_rules",
    "load_lists",
    "load_rules",
    "match",
    "shortlist_of",
]
