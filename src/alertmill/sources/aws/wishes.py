"""Who reads which range again, and when a wish is fulfilled: when every definition that it is for has done its part."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

from alertmill.sources.base import ReadAgain


class Wishes:
    """The definitions of a daemon and what they have done of each wish. Safe to call from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        #: What the scopes of each definition begin with, by the definition's number.
        self._definitions: list[tuple[str, ...]] = []
        self._done: dict[str, set[int]] = {}

    def join(self, prefixes: Iterable[str]) -> int:
        """A definition whose scopes begin with one of `prefixes`; the number that it goes by here."""
        with self._lock:
            self._definitions.append(tuple(prefixes))
            return len(self._definitions) - 1

    def is_for_nobody(self, wish: ReadAgain) -> bool:
        """Whether no definition has scopes that the wish could be for."""
        return not any(_is_for(wish, prefixes) for prefixes in self._definitions)

    def to_do(self, definition: int, wishes: Sequence[ReadAgain]) -> list[ReadAgain]:
        """Those of the wishes that the definition has still to do something for."""
        with self._lock:
            prefixes = self._definitions[definition]
            return [
                wish for wish in wishes if _is_for(wish, prefixes) and definition not in self._done.get(wish.number, ())
            ]

    def done(self, definition: int, wish: ReadAgain) -> bool:
        """The definition has done its part; whether that was the last part."""
        with self._lock:
            done = self._done.setdefault(wish.number, set())
            done.add(definition)
            return all(number in done for number, prefixes in enumerate(self._definitions) if _is_for(wish, prefixes))


def _is_for(wish: ReadAgain, prefixes: tuple[str, ...]) -> bool:
    """Whether some scope that begins with one of the prefixes could begin as the wish says."""
    return any(prefix.startswith(wish.definition) or wish.definition.startswith(prefix) for prefix in prefixes)
