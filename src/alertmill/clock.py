"""The clock that stamps records with their arrival. $ALERTMILL_CLOCK freezes it, for tests (contract: Switches)."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import datetime

from alertmill.errors import AlertmillError

#: Environment variable that freezes the arrival clock, in epoch seconds.
CLOCK_VARIABLE = "ALERTMILL_CLOCK"


class ClockError(AlertmillError):
    """$ALERTMILL_CLOCK is set to something that is no time."""


def arrival_clock() -> Callable[[], float]:
    """A function that returns the time of arrival, epoch seconds. Raises ClockError."""
    frozen = os.environ.get(CLOCK_VARIABLE)
    if not frozen:
        return time.time
    try:
        at = float(frozen)
        if datetime.fromtimestamp(at).timestamp() < 0:
            raise ValueError("before 1970")
    except (ValueError, OverflowError, OSError) as error:
        raise ClockError(f"${CLOCK_VARIABLE} is {frozen!r}; give epoch seconds, for instance 1768471200") from error
    return lambda: at
