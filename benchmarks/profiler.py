"""Where the CPU goes, by sampling: every thread is looked at a few hundred times a second, weighted by the CPU it used.

`python -m benchmarks --profile WORKLOAD` prints it. A sample of a thread counts the CPU time of that thread since the
sample before, so that threads which wait weigh nothing and work inside C libraries is seen, at the function that asked
for it. Worker processes of the daemon are not looked into.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

#: Names the file that profiles are appended to, one JSON object per measured region; unset: nothing is watched.
VARIABLE = "ALERTMILL_BENCH_PROFILE"

_EVERY = 0.002
#: Seconds after which a running thread must let the sampler in.
_SWITCH = 0.0005
_PACKAGE = f"{os.sep}alertmill{os.sep}"


class _Sampler(threading.Thread):
    """Collects CPU seconds by function, with and without what the function calls."""

    def __init__(self) -> None:
        super().__init__(name="profiler", daemon=True)
        self.own: defaultdict[str, float] = defaultdict(float)
        self.whole: defaultdict[str, float] = defaultdict(float)
        self._functions: dict[CodeType, str] = {}
        self._used: dict[int, float] = {}
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(_EVERY):
            for ident, frame in sys._current_frames().items():
                if ident != self.ident:
                    self._count(frame, self._spent(ident))

    def end(self) -> None:
        self._over.set()
        self.join()

    def _spent(self, ident: int) -> float:
        """CPU seconds of a thread since it was last asked for."""
        try:
            now = time.clock_gettime(time.pthread_getcpuclockid(ident))
        except OSError:  # it has just ended
            return 0.0
        before = self._used.get(ident, now)
        self._used[ident] = now
        return now - before

    def _count(self, frame: FrameType | None, seconds: float) -> None:
        if not seconds or frame is None:
            return
        self.own[self._function(frame.f_code)] += seconds
        seen: set[str] = set()
        while frame is not None:
            seen.add(self._function(frame.f_code))
            frame = frame.f_back
        for name in seen:
            self.whole[name] += seconds

    def _function(self, code: CodeType) -> str:
        name = self._functions.get(code)
        if name is None:
            name = self._functions[code] = f"{_place(code.co_filename)}:{code.co_qualname}"
        return name


def _place(path: str) -> str:
    """A module by a short name: of ours below the package, of others by file."""
    if _PACKAGE in path:
        return path.rpartition(_PACKAGE)[2].removesuffix(".py").replace(os.sep, ".")
    return Path(path).stem if not path.startswith("<") else path


@contextmanager
def watching(title: str) -> Iterator[None]:
    """Samples a block that has a title when `ALERTMILL_BENCH_PROFILE` names a file, and appends what was seen to it."""
    target = os.environ.get(VARIABLE)
    if not target or not title:
        yield
        return
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH)
    sampler = _Sampler()
    sampler.start()
    try:
        yield
    finally:
        sampler.end()
        sys.setswitchinterval(before)
        with Path(target).open("a") as file:
            file.write(json.dumps({"title": title, "own": sampler.own, "whole": sampler.whole}) + "\n")


def room(name: str) -> str:
    """The part of the program that a function `module:name` belongs to: the first two words of its module."""
    module = name.partition(":")[0]
    words = module.split(".")
    return ".".join(words[:2]) if words[0] == "sources" else words[0]


def report(profile: Mapping[str, Any], functions: int = 30) -> str:
    """What `watching` wrote, as tables: by part of the program, by function, by function with what it calls."""
    own, whole = Counter(profile["own"]), Counter(profile["whole"])
    total = sum(own.values())
    if not total:
        return f"{profile['title']}: nothing was seen, it is too short"
    rooms: Counter[str] = Counter()
    for name, seconds in own.items():
        rooms[room(name)] += seconds
    lines = [f"{profile['title']}: {total:.2f} s of CPU"]
    tables = (("part of the program", rooms), ("function, alone", own), ("function, with what it calls", whole))
    for title, counts in tables:
        lines += ["", f"{'share':>7}  {'s':>7}  {title}"]
        lines += [f"{s / total:>7.1%}  {s:>7.3f}  {name}" for name, s in counts.most_common(functions) if s > 0]
    return "\n".join(lines)
