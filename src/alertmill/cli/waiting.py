"""Waiting until what `alertmill retry` asked for is done: requests, failed objects and days in the checkpoint."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from alertmill.checkpoints import Checkpoints
from alertmill.cli.text import SHOWN, more, object_name
from alertmill.sources.base import ObjectFailed

#: Seconds between two looks.
_LOOK = 0.2


@dataclass(frozen=True, slots=True)
class End:
    """How the waiting ended. `refused` are requests that the daemon could not read, `errors` what holds up days."""

    done: bool
    failed_again: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        lines = [f"failed again: {one}" for one in self.failed_again[:SHOWN]]
        lines += more(len(self.failed_again))
        lines += [f"not carried out: {path}; logs/ossec.log says why" for path in self.refused]
        lines += [f"held up: {error}" for error in self.errors]
        if not self.refused:
            lines.append("done" if self.done else "not done yet; it goes on without this command")
        return lines


class Waiter:
    """Looks at the requests (`paths`) and at the checkpoint until everything is done.

    `checkpoints` opens the checkpoint, or returns None while there is none; `timeout` is in seconds.
    """

    def __init__(
        self,
        checkpoints: Callable[[], Checkpoints | None],
        objects: Sequence[ObjectFailed],
        paths: Sequence[Path],
        timeout: float | None,
    ) -> None:
        self._checkpoints = checkpoints
        self._objects = {(one.scope, one.key, one.etag) for one in objects}
        self._paths = paths
        self._numbers = tuple(path.stem for path in paths)
        self._deadline = None if timeout is None else time.monotonic() + timeout

    def wait(self) -> End:
        """Come back when it is done, when it cannot be done, or when the time is over."""
        while True:
            refused = tuple(str(path) for path in self._paths if path.with_suffix(".bad").exists())
            taken = not any(path.exists() for path in self._paths)
            again, untried = self._objects_now() if taken else ((), True)
            done = taken and not refused and not untried and not self._has_wishes()
            if done or refused or (self._deadline is not None and time.monotonic() >= self._deadline):
                return End(done, again, refused, () if done else tuple(self._errors()))
            time.sleep(_LOOK)

    def _objects_now(self) -> tuple[tuple[str, ...], bool]:
        """The objects that failed again, with the reason, and whether some are still to be tried."""
        if not self._objects:
            return (), False
        checkpoints = self._checkpoints()
        failures = checkpoints.failures() if checkpoints is not None else []
        failures = [one for one in failures if (one.scope, one.key, one.etag) in self._objects]
        again = tuple(f"{object_name(one)}: {one.reason}" for one in failures if one.attempts)
        return again, any(not one.attempts for one in failures)

    def _has_wishes(self) -> bool:
        """Whether days are still to be read again."""
        checkpoints = self._checkpoints()
        return checkpoints is not None and any(one.number.startswith(self._numbers) for one in checkpoints.read_again())

    def _errors(self) -> Iterator[str]:
        """Why days could not be read again so far."""
        checkpoints = self._checkpoints()
        for scope in checkpoints.scopes() if checkpoints is not None else ():
            if scope.error and any(number in scope.name for number in self._numbers):
                yield f"{scope.name}: {scope.error}"
