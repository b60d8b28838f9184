"""Runs the real program, and kills it (SIGKILL) at a chosen step of its n-th commit.

    python kill_at.py STEP N ARGUMENT...        STEP is one of the keys of STEPS

The steps are the points between which a crash leaves different things on disk: around and in the middle of the writing
of the output journal, the transaction, and the appending to the alert files.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from alertmill.checkpoints import Checkpoints
from alertmill.cli import main
from alertmill.sinks.dated_file import DatedFile
from alertmill.sinks.journal import Journal
from alertmill.sinks.outputs import Outputs


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def around(owner: type, name: str, count: int, *, before: bool) -> None:
    """Die before or after the `count`-th call of a method."""
    original: Callable[..., Any] = getattr(owner, name)
    calls = 0

    def counted(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if before and calls == count:
            die()
        result = original(*arguments, **named)
        if calls == count:
            die()
        return result

    setattr(owner, name, counted)


def half_append(count: int) -> None:
    """Die when half of the bytes of the `count`-th append have reached the file."""
    original = DatedFile.append
    calls = 0

    def append(self: DatedFile, data: bytes) -> None:
        nonlocal calls
        calls += 1
        if calls == count:
            original(self, data[: len(data) // 2])
            die()
        original(self, data)

    DatedFile.append = append  # type: ignore[method-assign]


STEPS: dict[str, Callable[[int], None]] = {
    "before the journal": lambda n: around(Journal, "write", n, before=True),
    "after the journal": lambda n: around(Journal, "write", n, before=False),
    "before the transaction": lambda n: around(Checkpoints, "commit", n, before=True),
    "after the transaction": lambda n: around(Checkpoints, "commit", n, before=False),
    "in the middle of an append": half_append,
    "after the first file's append": lambda n: around(DatedFile, "append", n, before=False),
    "after all appends": lambda n: around(Outputs, "append", n, before=False),
}

if __name__ == "__main__":
    STEPS[sys.argv[1]](int(sys.argv[2]))
    sys.exit(main(sys.argv[3:]))
