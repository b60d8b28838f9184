"""Fixtures that all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from support import need_shared


@pytest.fixture(scope="session")
def shared() -> Path:
    """The reference data folder; skips the test when it is absent."""
    return need_shared()
