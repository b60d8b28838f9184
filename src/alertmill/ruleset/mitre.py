"""Technique ids -> what alerts show of them (spec/alerts.md 2.4). The names are in `mitre_table`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from alertmill.ruleset.mitre_table import TACTICS, TECHNIQUES

#: Ids, tactic names and technique names of an alert's `rule.mitre`.
MitreMember = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]

#: What a look-up gives: the member (None leaves it out) and Wazuh's warnings about unknown ids.
LookUp = tuple[MitreMember | None, tuple[str, ...]]

#: Techniques that ATT&CK has merged into others since, and that rules still name: as they were called.
_FORMER: dict[str, tuple[str, tuple[str, ...]]] = {"T1574.002": ("DLL Side-Loading", ("TA0003", "TA0004", "TA0005"))}
_KNOWN = TECHNIQUES | _FORMER


def mitre_of_techniques(ids: Sequence[str]) -> LookUp:
    """The member for a list of technique ids: all ids as written, the names of those that are known."""
    return _of_techniques(tuple(ids))


@lru_cache(maxsize=1024)  # many rules of a ruleset name the same
def _of_techniques(ids: tuple[str, ...]) -> LookUp:
    found = [(id, _KNOWN.get(id)) for id in ids]
    known = [technique for _, technique in found if technique is not None]
    tactics = _once(TACTICS[tactic] for _, listed in known for tactic in listed)
    warnings = tuple(_not_found(id) for id, technique in found if technique is None)
    return _member(ids, tactics, tuple(name for name, _ in known)), warnings


def mitre_of_pairs(pairs: Sequence[tuple[str, str]]) -> LookUp:
    """The member for (tactic id, technique id) pairs: only pairs that belong together count."""
    tactics: list[str] = []
    techniques: dict[str, str] = {}
    warnings: list[str] = []
    for tactic, id in pairs:
        name, listed = _KNOWN.get(id) or ("", ())
        if not name:
            warnings.append(_not_found(id))
        elif tactic not in listed:
            warnings.append(f"Mitre Tactic ID '{tactic}' is not a tactic of '{id}'.")
        else:
            tactics.append(TACTICS[tactic])
            techniques.setdefault(name, id)
    return _member(tuple(techniques.values()), _once(tactics), tuple(techniques)), tuple(warnings)


def _member(ids: tuple[str, ...], tactics: tuple[str, ...], techniques: tuple[str, ...]) -> MitreMember | None:
    return (ids, tactics, techniques) if tactics else None


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _not_found(id: str) -> str:
    return f"Mitre Technique ID '{id}' not found in database."
