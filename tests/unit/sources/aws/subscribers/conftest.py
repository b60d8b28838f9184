from __future__ import annotations

from collections.abc import Iterator

import pytest

from unit.sources.aws.subscribers.fakes import OPEN


@pytest.fixture(autouse=True)
def closed_sources() -> Iterator[None]:
    """Ends the threads of whatever a test has made."""
    yield
    while OPEN:
        OPEN.pop().close()
