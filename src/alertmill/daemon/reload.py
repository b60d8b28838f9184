"""Reload without a gap: a ruleset is built beside the running one, and swapped in between two batches or not at all.

Building runs in a thread of its own, because it takes a second during which events go on being analysed. What to do
with the result is decided by `decide`, a function from what was built to what shall happen.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from alertmill.engine import Engine
from alertmill.errors import LoadError, Problems, Severity


@dataclass(frozen=True, slots=True)
class Built:
    """A load that came to its end: the new engine (None when it cannot be used) and everything found on the way."""

    engine: Engine | None
    problems: Problems


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reload comes to: the engine to go on with (None: keep the old one) and the lines for the log."""

    engine: Engine | None
    lines: tuple[tuple[str, str], ...]


def decide(built: Built) -> Verdict:
    """Keep or swap. A ruleset with errors never replaces one that works; all its problems are told at once."""
    lines = [("ERROR" if p.severity is Severity.ERROR else "WARNING", p.one_line()) for p in built.problems]
    if built.engine is None or built.problems.errors:
        count = len(built.problems.errors)
        lines.append(("ERROR", f"Ruleset not reloaded: {count} errors; the rules loaded before stay in service"))
        return Verdict(None, tuple(lines))
    lines.append(("INFO", "Ruleset reloaded successfully"))
    return Verdict(built.engine, tuple(lines))


class Reloader:
    """Builds a new engine on request. `load` reads everything afresh; it adds problems, and raises LoadError."""

    def __init__(self, load: Callable[[Problems], Engine]) -> None:
        self._load = load
        self._thread: threading.Thread | None = None
        self._built: Built | None = None
        self._again = False

    def request(self) -> bool:
        """Begin to build; a request during a build asks for one more afterwards. True when a build began now."""
        if self._thread is not None:
            self._again = True
            return False
        self._thread = threading.Thread(target=self._build, name="reload", daemon=True)
        self._thread.start()
        return True

    def _build(self) -> None:
        problems = Problems()
        engine: Engine | None = None
        try:
            engine = self._load(problems)
        except LoadError as error:
            problems = error.problems
        self._built = Built(engine, problems)

    def take(self) -> Built | None:
        """What was built since the last call, once it is whole."""
        if self._thread is None or self._thread.is_alive():
            return None
        self._thread.join()
        self._thread, built, self._built = None, self._built, None
        if self._again:
            self._again = False
            self.request()
        return built
