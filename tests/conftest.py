"""Fixtures that all tests share."""

from __future__ import annotations

import gc
import os
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from support import LONG, need_shared

# The tests start some four hundred programs; where the machine's settings forbid compiled code to be kept, each of them
# would compile Alertmill anew, which is half of its time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Fourteen thousand tests are objects that stay: looking through them again and again costs a sixth of the time.
gc.set_threshold(50_000, 20, 50)

# The short form looks at the same examples every time, so that it fails for a change and not by luck; the long one
# looks for new ones.
# How long an example takes says more of the machine than of the example: that is what pytest's own timeout is for.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("short", patient, derandomize=True)
settings.register_profile("long", patient)
settings.load_profile("long" if LONG else "short")

# A shell that runs the tests in the background has Ctrl-C ignored, and what they start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The reference data folder; skips the test when it is absent."""
    return need_shared()
