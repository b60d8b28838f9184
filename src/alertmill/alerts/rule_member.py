"""The `rule` member of an alert; what is the same in all alerts of a rule is spelled once (spec/alerts.md 2.3, 2.4)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from alertmill.alerts.description import compile_description
from alertmill.alerts.json_text import quote
from alertmill.event import Event, Match, RuleInfo

#: Bytes of a rule's group string that alerts show.
_GROUP_LIMIT = 1023

#: Tokens that begin so go, without it, to the array of that name; all others are groups.
_COMPLIANCE = ("pci_dss", "cis", "gdpr", "gpg13", "hipaa", "nist_800_53", "tsc")

_ROOTCHECK_PIECE = re.compile(r"\{([A-Za-z0-9_]*): ([A-Za-z0-9_., ]*)\}")
_ROOTCHECK_LIMIT = 1023

#: Names of compliance arrays and comma lists of their items.
Compliance = Sequence[tuple[str, str]]


def split_groups(group_text: str) -> dict[str, list[str]]:
    """The arrays a rule shows: `groups`, then compliance arrays in order of first occurrence. Nothing is trimmed."""
    arrays: dict[str, list[str]] = {"groups": []}
    for token in group_text[:_GROUP_LIMIT].split(","):
        if not token:
            continue
        for name in _COMPLIANCE:
            if token.startswith(name + "_"):
                arrays.setdefault(name, []).append(token[len(name) + 1 :])
                break
        else:
            arrays["groups"].append(token)
    return arrays


def array_text(items: Iterable[str]) -> str:
    """A JSON array of strings."""
    return "[" + ",".join(map(quote, items)) + "]"


class RuleMember:
    """Prints `,"rule":{...}` for the alerts of one rule."""

    __slots__ = ("_arrays", "_before", "_between", "_mail", "_rule", "_tail", "describe", "reads_log")

    def __init__(self, rule: RuleInfo) -> None:
        self._rule = rule
        #: The description itself, or the function that makes it for an event.
        self.describe = compile_description(rule.description)
        self._before = f',"rule":{{"level":{rule.level},"description":' if rule.level else ',"rule":{"description":'
        self._between = _constant_members(rule)
        if isinstance(self.describe, str):
            self._before += quote(self.describe)
        self._arrays = split_groups(rule.group_text)
        #: Whether the member depends on the message.
        self.reads_log = "rootcheck" in self._arrays["groups"]
        self._mail = f',"mail":{"true" if rule.mail else "false"}'
        self._tail = self._mail + _array_members(self._arrays) + "}"
        if not rule.no_counter:
            self._between += ',"firedtimes":'

    def text(
        self, event: Event, match: Match, description: str, compliance: Compliance = (), *, session: bool = False
    ) -> str:
        """`,"rule":` and the object; `compliance` are members of the event's own `sca.check.compliance`.

        A session shows the level of a level-0 rule too, as the last member (logtest.md 5.2).
        """
        text = self._before
        if not isinstance(self.describe, str):
            text += quote(description)
        text += self._between
        if not self._rule.no_counter:
            text += str(match.firedtimes)
        if compliance or self.reads_log:
            text += self._mail + _array_members(self._own_arrays(event, compliance)) + "}"
        else:
            text += self._tail
        return text[:-1] + ',"level":0}' if session and not self._rule.level else text

    def _own_arrays(self, event: Event, compliance: Compliance) -> dict[str, list[str]]:
        """The arrays of the rule together with those that the event adds (alerts.md 2.3)."""
        arrays = {name: list(items) for name, items in self._arrays.items()}
        pieces = _ROOTCHECK_PIECE.findall(event.full_log[:_ROOTCHECK_LIMIT]) if self.reads_log else []
        for name, values in [*((name.lower(), values) for name, values in pieces), *compliance]:
            arrays.setdefault(name, []).extend(value.strip(" ") for value in values.split(","))
        return arrays


def _constant_members(rule: RuleInfo) -> str:
    """What stands between the description and `firedtimes`."""
    members = f',"id":"{rule.id}"' if rule.id else ""
    if rule.mitre is not None:
        ids, tactics, techniques = map(array_text, rule.mitre)
        members += f',"mitre":{{"id":{ids},"tactic":{tactics},"technique":{techniques}}}'
    if rule.cve is not None:
        members += f',"cve":{quote(rule.cve)}'
    if rule.info is not None:
        members += f',"info":{quote(rule.info)}'
    if rule.frequency is not None:
        members += f',"frequency":{rule.frequency}'
    return members


def _array_members(arrays: Mapping[str, list[str]]) -> str:
    return "".join(f",{quote(name)}:{array_text(items)}" for name, items in arrays.items())


class RuleMembers:
    """The `rule` members of all rules met so far; a rule that was loaded anew replaces its former self."""

    def __init__(self) -> None:
        self._members: dict[int, tuple[RuleInfo, RuleMember]] = {}
        #: What was described last, and its description: several outputs ask for it in turn.
        self._described: tuple[Event, RuleInfo] | None = None
        self._description = ""

    def of(self, rule: RuleInfo) -> RuleMember:
        known = self._members.get(rule.id)
        if known is not None and known[0] is rule:
            return known[1]
        member = RuleMember(rule)
        self._members[rule.id] = (rule, member)
        return member

    def description(self, event: Event, rule: RuleInfo) -> str:
        """The rule's description with the event's fields filled in."""
        described = self._described
        if described is None or described[0] is not event or described[1] is not rule:
            describe = self.of(rule).describe
            self._description = describe if isinstance(describe, str) else describe(event)
            self._described = event, rule
        return self._description
