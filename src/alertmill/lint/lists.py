"""Look-ups in lists that cannot work, and list entries that no look-up finds (spec/lists.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alertmill.errors import Origin, Problem
from alertmill.lint import catalogue as kinds
from alertmill.lint.scene import Scene
from alertmill.ruleset.lists import read_line

_COMPARES_VALUE = ("address_match_key_value", "match_key_value")
_BY_ADDRESS = ("address_match_key", "address_match_key_value", "not_address_match_key")
_CIDR = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}/\d{1,2}")
_NETWORK = re.compile(rf"(?:\d{{1,3}}\.){{1,3}}|{_CIDR.pattern}")
_BARE_IPV6 = re.compile(r"[0-9a-fA-F]{1,4}:[0-9a-fA-F:]*:[^:]*:?.*")


def check_lookups(scene: Scene) -> Iterator[Problem]:
    """Look-ups that do not fit their list."""
    for rule in scene.rules():
        for one in rule.spec.lists:
            label, name = f"rule {rule.spec.id}", one.list.name
            if not one.list.entries:
                yield kinds.EMPTY_LIST.at(one.origin, f"{label} looks up '{one.field}' in {name}, which is empty")
            if one.lookup in _COMPARES_VALUE and one.values is None:
                message = f"{label} has a {one.lookup} without check_value, which never holds"
                yield kinds.NO_CHECK_VALUE.at(one.origin, message)
            if one.lookup not in _COMPARES_VALUE and one.values is not None:
                message = f"{label} has a check_value beside {one.lookup}, which does not look at it"
                yield kinds.IDLE_CHECK_VALUE.at(one.origin, message)
            if one.lookup not in _BY_ADDRESS and any(_NETWORK.fullmatch(key) for key in one.list.entries):
                message = f"{label} looks up '{one.field}' with {one.lookup} in {name}, which holds networks"
                yield kinds.WRONG_LOOKUP.at(one.origin, message)


def check_entries(scene: Scene) -> Iterator[Problem]:
    """Entries that no address look-up finds, in the lists that are used for addresses."""
    used = {one.list.name: one for rule in scene.rules() for one in rule.spec.lists if one.lookup in _BY_ADDRESS}
    for name in used:
        for number, line in enumerate((scene.list_texts.get(name) or "").split("\n"), 1):
            entry = read_line(line.rstrip("\r"))
            if entry is None:
                continue
            key, rest = entry
            place = Origin(name, number, line.rstrip("\r"), 0, len(key))
            if _CIDR.fullmatch(key):
                yield kinds.CIDR_KEY.at(place, f"'{key}' is looked up as a text: no address is found in it")
            elif _BARE_IPV6.fullmatch(line.rstrip("\r")) and '"' not in line and ":" in rest:
                yield kinds.CIDR_KEY.at(place, f"this entry is for the key '{key}': an IPv6 address needs quotes")
