"""How wide the bars of a chart over time are. Pure."""

from __future__ import annotations

from typing import Final

_SECOND = 1000
_MINUTE = 60 * _SECOND
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR

#: Widths that people think in, in milliseconds.
WIDTHS: Final = (
    *(step * _SECOND for step in (1, 5, 10, 30)),
    *(step * _MINUTE for step in (1, 5, 10, 30)),
    *(step * _HOUR for step in (1, 3, 6, 12)),
    *(step * _DAY for step in (1, 7, 28, 91, 364)),
)
#: Bars that a chart has at most.
MOST_BARS = 90


def bar_width(first: int, last: int) -> int:
    """The narrowest width, in milliseconds, that covers `first` to `last` with at most MOST_BARS bars."""
    for width in WIDTHS:
        if last // width - first // width < MOST_BARS:
            return width
    return -(-(last - first + 1) // (MOST_BARS - 1))
