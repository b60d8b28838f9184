"""What all tests share: where the reference data lies, if it is there at all, and how long campaigns run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

#: The folder with specification, stock ruleset, real logs and golden data; tests that need it are skipped without it.
SHARED = Path(os.environ.get("ALERTMILL_SHARED", Path(__file__).resolve().parents[2] / "shared"))

#: True when the long form of fault and fuzz campaigns is asked for.
LONG = os.environ.get("ALERTMILL_LONG") == "1"

#: Seconds that a test waits for what takes a moment on an idle machine. Only a test that fails waits as long.
PATIENCE = 120.0


def need_shared(*parts: str) -> Path:
    """The path below the reference data, or skip the test (or module), saying why."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"reference data is not here: {path} (set ALERTMILL_SHARED)", allow_module_level=True)
    return path
