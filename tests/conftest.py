"""Fixtures that all tests share."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from support import need_shared

# A shell that runs the tests in the background has Ctrl-C ignored, and what they start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The reference data folder; skips the test when it is absent."""
    return need_shared()
