"""Counters of the running program as plain numbers.

The pipeline counts; the checkpoint keeps the totals across restarts; `status` shows them. No I/O, no names of files.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

#: Begins the names of stored counters that say how often one pattern gave up.
OVERRUNS = "overruns of "


@dataclass(slots=True)
class Counters:
    """Totals. Each field is a number of events unless its comment says otherwise."""

    #: Records taken from sources.
    received: int = 0
    #: Records that no decoder matched.
    undecoded: int = 0
    #: Alerts written.
    alerts: int = 0
    #: Records that the engine could not digest; kept in `logs/rejected/rejected.json`.
    rejected: int = 0
    #: Firewall events without their full set of fields, which end before the rules by design (spec/rules.md 8.1).
    dropped: int = 0
    #: Objects read completely.
    objects: int = 0
    #: Attempts to read an object that failed.
    failures: int = 0
    #: Times that a pattern gave up on a text, which then counted as not matching; `OVERRUNS` names the patterns.
    overruns: int = 0
    #: Transactions of the checkpoint.
    commits: int = 0

    def as_dict(self) -> dict[str, int]:
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def add(self, others: dict[str, int]) -> None:
        """Add stored totals; names that this version does not know are ignored."""
        for f in fields(self):
            setattr(self, f.name, getattr(self, f.name) + others.get(f.name, 0))
