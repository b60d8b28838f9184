"""How much there is to read, as far as it is known: what listings and queues have found since the start.

For whoever shows how far the work is. Sources feed it from several threads; nothing is decided by it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar


class _Sized(Protocol):
    @property
    def size(self) -> int: ...


T = TypeVar("T", bound=_Sized)


@dataclass(frozen=True, slots=True)
class Sight:
    """What is known at a moment: objects to read and their size in bytes.

    `listed` says that all listings that have begun came to their end, `complete` that no other one is to begin.
    """

    objects: int
    size: int
    listed: bool
    complete: bool


class Outlook:
    """What all sources of a daemon have found. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._objects = 0
        self._size = 0
        self._open = 0
        self._expected = 0

    def expect(self) -> None:
        """A listing will begin some time: there is more to come than is known."""
        with self._lock:
            self._expected += 1

    def begin(self, *, expected: bool) -> Listing:
        """A listing begins, one that was expected or another."""
        with self._lock:
            self._expected -= expected and self._expected > 0
        return Listing(self)

    def sight(self) -> Sight:
        with self._lock:
            listed = not self._open
            return Sight(self._objects, self._size, listed, listed and not self._expected)

    def add(self, objects: int, size: int, opened: int = 0) -> None:
        """More objects were found, or less are to be read; `opened` listings began (negative: ended)."""
        with self._lock:
            self._objects += objects
            self._size += size
            self._open += opened


class Listing:
    """What one run finds, in several parts that are listed side by side. `over` ends it, whatever became of them."""

    def __init__(self, outlook: Outlook) -> None:
        self._outlook = outlook
        self._lock = threading.Lock()
        self._open = 0
        self._change(1)

    def counted(self, pages: Callable[[], Iterator[list[T]]]) -> Callable[[], Iterator[list[T]]]:
        """A part begins: `pages` with everything in them counted."""
        self._change(1)

        def counting() -> Iterator[list[T]]:
            try:
                for page in pages():
                    self._outlook.add(len(page), sum(found.size for found in page))
                    yield page
            finally:
                self._change(-1)

        return counting

    def all_begun(self) -> None:
        """No other part will begin."""
        self._change(-1)

    def leave_out(self, found: Sequence[_Sized], read: Sequence[_Sized]) -> None:
        """Of what was found, only a part is read here."""
        self._outlook.add(len(read) - len(found), sum(one.size for one in read) - sum(one.size for one in found))

    def over(self) -> None:
        """Nothing more is found by this run."""
        with self._lock:
            opened, self._open = self._open, -1
        if opened > 0:
            self._outlook.add(0, 0, -opened)

    def _change(self, opened: int) -> None:
        with self._lock:
            if self._open < 0:  # a part that ends after the run is none of ours any more
                return
            self._open += opened
        self._outlook.add(0, 0, opened)
