"""Runs the real program with worker processes that are there before the first object, and lets things happen to them.

python -m system.with_workers FATE PIDS ARGUMENT...     FATE is one of the keys of FATES; PIDS gets process ids, and
                                                        PIDS.killed is there if one of them was killed
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from alertmill.cli import main
from alertmill.parallel import pool
from alertmill.parallel.pool import Pool
from alertmill.sources.aws.examined import ExaminedObject, ObjectTask
from support import PATIENCE

is_wanted, ask = Pool.is_wanted, pool._Worker.ask
_asked: list[ObjectTask] = []


def processes(family: Any) -> list[int]:
    """The process that loaded the rules, and the workers, which it split into."""
    first = family._process.pid
    return [first, *map(int, Path(f"/proc/{first}/task/{first}/children").read_text().split())]


def wanted_and_ready(self: Pool, behind: int, size: int) -> bool:
    """Start at once, and wait for it."""
    self._start_after = 0
    deadline = time.monotonic() + PATIENCE
    while not is_wanted(self, behind, size):
        assert time.monotonic() < deadline, "no worker came"
        time.sleep(0.01)
    with Path(sys.argv[2]).open("a") as file:
        file.write(" ".join(["", *map(str, processes(self._family)), ""]))
    return True


def killing(who: Callable[[Any], int], every: int) -> Callable[[Any, ObjectTask], ExaminedObject | None]:
    def ask_and_kill(worker: Any, task: ObjectTask) -> ExaminedObject | None:
        _asked.append(task)
        if len(_asked) % every == 0:
            Path(f"{sys.argv[2]}.killed").touch()
            os.kill(who(worker), signal.SIGKILL)
        return ask(worker, task)

    return ask_and_kill


FATES: dict[str, Callable[[Any, ObjectTask], ExaminedObject | None]] = {
    "live": ask,
    "lose workers": killing(lambda worker: processes(worker.family)[-1], 3),
    "die": killing(lambda _: os.getpid(), 4),
}

if __name__ == "__main__":
    Pool.is_wanted = wanted_and_ready  # type: ignore[method-assign]
    pool._Worker.ask = FATES[sys.argv[1]]  # type: ignore[method-assign]
    pool._PAUSE = 0.0
    sys.exit(main(sys.argv[3:]))
