"""A rule's way through the tree: which rules an event passes before it, as the home's ruleset says.

The ruleset is loaded when it is first asked for, and again when its files changed. A home without one, or whose rules
do not load, has no paths: alerts then show what they say themselves.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alertmill.errors import Problems
from alertmill.installation import Installation
from alertmill.ruleset import Ruleset

#: Ways to a rule that are shown, and rules on one of them.
MOST_PATHS = 4
_LONGEST = 32
#: Seconds between two looks at the files.
_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class _Loaded:
    rules: Ruleset | None
    trouble: str


class RulePaths:
    """Answers for one home. Any thread may ask."""

    def __init__(self, home: Path) -> None:
        self._installation = Installation(home)
        self._lock = threading.Lock()
        self._loaded: _Loaded | None = None
        self._seen: tuple[tuple[str, int, int], ...] = ()
        self._looked_at = 0.0

    def paths(self, rule_id: int) -> dict[str, object]:
        """The ways from the top to a rule, each a list of rules; `trouble` says why there are none."""
        loaded = self._current()
        if loaded.rules is None:
            return {"paths": [], "trouble": loaded.trouble}
        if rule_id not in loaded.rules.rules_by_id:
            return {"paths": [], "trouble": f"rule {rule_id} is not in this home's ruleset"}
        ways = _ways(loaded.rules, rule_id)
        described = [[_described(loaded.rules, rule) for rule in way] for way in ways[:MOST_PATHS]]
        return {"paths": described, "trouble": "", "more": max(len(ways) - MOST_PATHS, 0)}

    def _current(self) -> _Loaded:
        with self._lock:
            now = time.monotonic()
            if self._loaded is None or now - self._looked_at > _PATIENCE:
                self._looked_at = now
                seen = self._files()
                if self._loaded is None or seen != self._seen:
                    self._seen, self._loaded = seen, self._load()
            return self._loaded

    def _files(self) -> tuple[tuple[str, int, int], ...]:
        home = self._installation.home
        found = []
        for folder in ("etc", "etc/rules", "etc/decoders", "ruleset/rules", "ruleset/decoders"):
            try:
                for entry in (home / folder).iterdir():
                    status = entry.stat()
                    found.append((str(entry), status.st_size, status.st_mtime_ns))
            except OSError:
                continue
        return tuple(sorted(found))

    def _load(self) -> _Loaded:
        problems = Problems()
        config = self._installation.load_config(problems)
        loaded = self._installation.load_ruleset(config, problems)
        if problems.errors:
            return _Loaded(None, "the home's ruleset does not load: `alertmill check` says why")
        return _Loaded(loaded.rules, "")


def _ways(rules: Ruleset, rule_id: int) -> list[list[int]]:
    """Every way from a rule at the top down to `rule_id`, one more than is shown at most."""
    ways: list[list[int]] = []
    waiting = [[rule_id]]
    while waiting and len(ways) <= MOST_PATHS * 4:
        way = waiting.pop(0)
        parents = [parent for parent in rules.describe(way[0]).parents if parent not in way]
        if not parents or len(way) >= _LONGEST:
            ways.append(way)
        waiting += [[parent, *way] for parent in parents]
    return ways


def _described(rules: Ruleset, rule_id: int) -> dict[str, Any]:
    said = rules.describe(rule_id)
    spec = said.rule.spec
    return {
        "id": rule_id,
        "level": spec.level,
        "description": _text(spec.description),
        "place": _text(str(spec.origin)),
        "conditions": [_text(condition) for condition in said.conditions],
        "children": len(said.children),
    }


def _text(byte_text: str) -> str:
    return byte_text.encode("latin-1", "replace").decode("utf-8", "replace")
