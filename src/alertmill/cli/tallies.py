"""How often alerts came: by source, rule, account, level, group and user, within a window that moves or from a time on.

Pure: alerts and times in, numbers out. Memory is bounded whatever events contain: a name beyond the first
`MOST_NAMES` of its kind is counted under OTHERS.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from alertmill.cli.alert_view import AlertView

#: What is counted, in the order in which it is shown.
KINDS = ("rule", "source", "account", "level", "group", "user")
#: How rows are sorted.
ORDERS = ("count", "newest", "name")

#: Names of one kind that are told apart.
MOST_NAMES = 5000
OTHERS = "(others)"

#: Steps in which a window moves.
_STEPS = 60


@dataclass(slots=True)
class Row:
    """One name, how many alerts it had, and when the newest came (epoch seconds)."""

    name: str
    count: int = 0
    newest: float = 0.0


@dataclass(slots=True)
class _Step:
    """The alerts of one step of the window."""

    number: int
    alerts: int = 0
    kinds: dict[str, dict[str, int]] = field(default_factory=lambda: {kind: {} for kind in KINDS})


class Tallies:
    """Counts alerts by the time of their arrival, or with `happened` by the time of their events.

    `window` is in seconds; None counts all, from the oldest on.
    """

    def __init__(self, window: float | None, *, happened: bool = False) -> None:
        self.window = window
        self._happened = happened
        self._width = (window or 0.0) / _STEPS
        self._steps: deque[_Step] = deque()
        self._rows: dict[str, dict[str, Row]] = {kind: {} for kind in KINDS}
        self.alerts = 0
        self.oldest = self.newest = 0.0
        #: Level and newest description of the rules that are counted.
        self._rules: dict[str, tuple[int, str]] = {}

    def add(self, view: AlertView, now: float) -> None:
        """Count an alert; one without a time is taken to be of `now`."""
        time = view.time if self._happened else view.arrival
        at = min(time if time is not None else now, now)
        if self.window is not None and at <= now - self.window:
            return
        self.alerts += 1
        self.oldest = min(self.oldest or at, at)
        self.newest = max(self.newest, at)
        step = self._step(at)
        if step is not None:
            step.alerts += 1
        for kind, name in _names(view):
            rows = self._rows[kind]
            name = name if name in rows or len(rows) < MOST_NAMES else OTHERS
            row = rows.setdefault(name, Row(name))
            row.count += 1
            row.newest = max(row.newest, at)
            if kind == "rule" and row.newest == at:
                self._rules[name] = (view.level, view.description)
            if step is not None:
                step.kinds[kind][name] = step.kinds[kind].get(name, 0) + 1

    def _step(self, at: float) -> _Step | None:
        """The step that `at` belongs to; an alert that comes late may belong to one before the last."""
        if self.window is None:
            return None
        number = int(at // self._width)
        place = len(self._steps)
        while place and self._steps[place - 1].number > number:
            place -= 1
        if not place or self._steps[place - 1].number != number:
            self._steps.insert(place, _Step(number))
            return self._steps[place]
        return self._steps[place - 1]

    def forget(self, now: float) -> None:
        """Leave what is older than the window at `now`."""
        while (
            self._steps and self.window is not None and (self._steps[0].number + 1) * self._width <= now - self.window
        ):
            step = self._steps.popleft()
            self.alerts -= step.alerts
            for kind, names in step.kinds.items():
                self._take(kind, names)

    def _take(self, kind: str, names: dict[str, int]) -> None:
        rows = self._rows[kind]
        for name, count in names.items():
            rows[name].count -= count
            if not rows[name].count:
                del rows[name]
                if kind == "rule":
                    self._rules.pop(name, None)

    def rows(self, kind: str, order: str = "count", *, reverse: bool = False) -> list[Row]:
        """What was counted of a kind: the most frequent, the newest or the first name at the top."""
        rows = sorted(self._rows[kind].values(), key=_by_name)
        if order == "count":
            rows.sort(key=lambda row: -row.count)
        elif order == "newest":
            rows.sort(key=lambda row: -row.newest)
        return rows[::-1] if reverse else rows

    def rule(self, id: str) -> tuple[int, str]:
        """Level and newest description of a rule."""
        return self._rules.get(id, (0, ""))

    def span(self, now: float) -> float:
        """Seconds that the alerts are spread over, for rates: the window, or from the oldest to the newest."""
        return self.window if self.window is not None else max(self.newest - self.oldest, 1.0)


def _by_name(row: Row) -> tuple[bool, str]:
    """Words first, then numbers by their size."""
    return row.name.isdecimal(), row.name.zfill(20) if row.name.isdecimal() else row.name.casefold()


def _names(view: AlertView) -> Iterator[tuple[str, str]]:
    yield "rule", view.rule or "-"
    yield "source", view.source or "-"
    yield "account", view.account or "-"
    yield "level", str(view.level)
    for group in view.groups:
        yield "group", group
    yield "user", view.user or "-"
