"""Fixtures that all tests share."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from hypothesis import settings

from support import LONG, need_shared

# The short form looks at the same examples every time, so that it fails for a change and not by luck; the long one
# looks for new ones.
settings.register_profile("short", derandomize=True)
if not LONG:
    settings.load_profile("short")

# A shell that runs the tests in the background has Ctrl-C ignored, and what they start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The reference data folder; skips the test when it is absent."""
    return need_shared()
