"""Reload without a gap: a ruleset is built beside the running one, and swapped in between two batches or not at all.

Building runs in a thread of its own, because it takes a second during which events go on being analysed. What to do
with the result is decided by `decide`, a function from what was built to what shall happen.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from alertmill import codes
from alertmill.engine import Engine
from alertmill.errors import AlertmillError, LoadError, Problems, Severity


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
    """Builds a new engine on request, one at a time.

    `load` reads everything afresh; it adds problems to its argument, and raises AlertmillError when there is nothing to
    go on with.
    """

    def __init__(self, load: Callable[[Problems], Engine]) -> None:
        self._load = load
        self._thread: threading.Thread | None = None
        self._built: Built | None = None

    @property
    def busy(self) -> bool:
        """Whether a build was begun whose result was not taken yet."""
        return self._thread is not None

    def begin(self) -> None:
        """Begin to build; nothing may be under way."""
        assert self._thread is None
        self._thread = threading.Thread(target=self._build, name="reload", daemon=True)
        self._thread.start()

    def _build(self) -> None:
        problems = Problems()
        engine: Engine | None = None
        try:
            engine = self._load(problems)
        except LoadError as error:
            problems = error.problems
        except AlertmillError as error:
            problems.error(codes.X_UNREADABLE, str(error))
        self._built = Built(engine, problems)

    def take(self) -> Built | None:
        """The result of the build, once it is whole; then another may begin."""
        if self._thread is None or self._thread.is_alive():
            return None
        self._thread, built, self._built = None, self._built, None
        return built
