"""What `alertmill top` shows: the counts as a plain table, or as a picture of the size of a terminal.

Pure: counts and times in, lines out.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import zip_longest

from alertmill.cli.tallies import KINDS, ORDERS, Row, Tallies

#: Rows of each kind in a plain table.
_PLAIN_ROWS = 15
#: Columns of a small table on the screen, with the space behind it.
_SMALL = 30
_GAP = 2

_KEYS = "q quit   s sort by count, newest, name   r reverse"

#: A line and its style.
Line = tuple[str, str]


class Page:
    """The page over `tallies`. `since` is the time that counting began at, if it was named."""

    def __init__(self, tallies: Tallies, since: float | None, order: str) -> None:
        self._tallies = tallies
        self._since = since
        self._order = order
        self._reverse = False

    def press(self, key: str) -> None:
        """What a key changes."""
        if key == "s":
            self._order = ORDERS[(ORDERS.index(self._order) + 1) % len(ORDERS)]
        elif key == "r":
            self._reverse = not self._reverse

    # -- plain ---------------------------------------------------------------------------------------------------------

    def plain(self, now: float) -> Iterator[str]:
        """All tables, one below the other."""
        yield self._summary(now)
        for kind in KINDS:
            rows = self._rows(kind)
            if not rows:
                continue
            yield ""
            yield from self._table(kind, rows[:_PLAIN_ROWS], now)
            if len(rows) > _PLAIN_ROWS:
                yield f"... and {len(rows) - _PLAIN_ROWS} more"

    def _table(self, kind: str, rows: Sequence[Row], now: float) -> Iterator[str]:
        width = _name_width(rows, kind)
        yield self._heading(kind, width)
        yield from (self._row(kind, row, width, now) for row in rows)

    def _heading(self, kind: str, width: int) -> str:
        more = "  level  description" if kind == "rule" else ""
        return f"{kind:<{width}}  alerts    /min{more}"

    def _row(self, kind: str, row: Row, width: int, now: float) -> str:
        text = f"{_cut(row.name, width)}  {row.count:>6}  {self._rate(row.count, now):>6}"
        if kind != "rule":
            return text
        level, description = self._tallies.rule(row.name)
        return f"{text}  {level:>5}  {description}"

    def _summary(self, now: float) -> str:
        tallies = self._tallies
        total = f"{tallies.alerts:,} {'alert' if tallies.alerts == 1 else 'alerts'}"
        if tallies.window is not None:
            span = f"in {_span(tallies.window)}"
        elif self._since is not None:
            span = f"since {clock_time(self._since)}"
        elif tallies.alerts:
            span = f"from {clock_time(tallies.oldest)} to {clock_time(tallies.newest)}"
        else:
            return total
        return f"{total} {span}, {self._rate(tallies.alerts, now)}/min"

    def _rate(self, count: int, now: float) -> str:
        seconds = self._tallies.span(now) if self._since is None else max(now - self._since, 1.0)
        rate = count * 60 / seconds
        return f"{rate:.0f}" if rate >= 100 else f"{rate:.1f}" if rate >= 1 else f"{rate:.2f}"

    def _rows(self, kind: str) -> list[Row]:
        return self._tallies.rows(kind, self._order, reverse=self._reverse)

    # -- screen --------------------------------------------------------------------------------------------------------

    def screen(self, now: float, width: int, height: int, event_rate: float | None) -> list[Line]:
        """The picture, `height` lines of at most `width` columns. `event_rate`: events a second, if known."""
        events = "" if event_rate is None else f"   {event_rate:,.0f} events/s"
        order = f"{self._order}, reversed" if self._reverse else self._order
        head = f" {self._summary(now)}{events}   by {order}   {clock_time(now)}"
        per_row = max(min((width + _GAP) // (_SMALL + _GAP), len(KINDS) - 1), 1)
        small = [KINDS[1:][at : at + per_row] for at in range(0, len(KINDS) - 1, per_row)]
        # Two lines around everything; each block has a heading and an empty line.
        free = max(height - 2 - 2 * (1 + len(small)), 1 + len(small))
        rules = max(free // 2, 1)
        each = max((free - rules) // len(small), 1)
        lines: list[Line] = [(_cut(head, width), "reverse"), *self._block("rule", rules, width, now)]
        for kinds in small:
            lines += self._side_by_side(kinds, each, now)
        lines = lines[: height - 1]
        lines += [("", "")] * (height - 1 - len(lines))
        return [
            *((_cut(line, width).rstrip() if style != "reverse" else line, style) for line, style in lines),
            (_cut(_KEYS, width), "dim"),
        ]

    def _block(self, kind: str, count: int, width: int, now: float) -> Iterator[Line]:
        heading, *rows = self._table(kind, self._rows(kind)[:count], now)
        yield heading, "bold"
        for at in range(count):
            yield rows[at] if at < len(rows) else "", ""
        yield "", ""

    def _side_by_side(self, kinds: Sequence[str], count: int, now: float) -> Iterator[Line]:
        width = _SMALL - 16  # two spaces, six digits of a count; two spaces, six digits of a rate
        columns = [
            [self._heading(kind, width), *(self._row(kind, row, width, now) for row in self._rows(kind)[:count])]
            for kind in kinds
        ]
        for number, cells in enumerate(zip_longest(*columns, fillvalue="")):
            yield (" " * _GAP).join(_cut(cell, _SMALL) for cell in cells), "" if number else "bold"
        yield "", ""


def clock_time(at: float) -> str:
    """A time as the clock on the wall shows it."""
    return datetime.fromtimestamp(at).strftime("%Y-%m-%d %H:%M:%S")


def _name_width(rows: Sequence[Row], kind: str) -> int:
    return max(len(kind), *(_width(row.name) for row in rows)) if rows else len(kind)


def _span(seconds: float) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size and not seconds % size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _width(text: str) -> int:
    """Columns on a terminal: East Asian wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _cut(text: str, width: int) -> str:
    """The text in exactly `width` columns."""
    if _width(text) > width:
        kept = ""
        for character in text:
            if _width(kept + character) > width - 1:
                break
            kept += character
        text = f"{kept}~"
    return text + " " * (width - _width(text))
