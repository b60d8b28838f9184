from __future__ import annotations

import pytest

from alertmill.sources.aws.failures import MAX_ATTEMPTS, failed
from alertmill.sources.aws.faults import FetchError, ParseError, ShapeError, UnpackError
from alertmill.sources.aws.objects import Target
from alertmill.sources.base import ObjectFailed

TARGET = Target("s", "1", "my-logs", "k.gz", "e", "2026-01-15")


def test_pauses_double_up_to_a_day_and_ten_attempts_are_all() -> None:
    mark: ObjectFailed | None = None
    pauses = []
    for attempt in range(MAX_ATTEMPTS):
        now = 1000.0 + attempt
        mark = failed(TARGET, ParseError("no"), mark, now, 600)
        pauses.append(mark.retry_at - now)
        assert (mark.attempts, mark.first_failed, mark.last_failed) == (attempt + 1, 1000.0, now)
        assert mark.dead is (attempt == MAX_ATTEMPTS - 1)
    assert pauses == [600, 1200, 2400, 4800, 9600, 19200, 38400, 76800, 86400, 86400]


@pytest.mark.parametrize(
    ("fault", "text", "code"),
    [
        (UnpackError("x"), "Failed to decompress file k.gz: x", 8),
        (ShapeError("x"), "Failed to decompress file k.gz: x", 8),
        (ParseError("x"), "Failed to parse file k.gz: x", 9),
        (FetchError("x"), "Unknown error reading/parsing file k.gz: x", 1),
    ],
)
def test_reasons_are_those_of_the_error_event(fault: FetchError | ParseError, text: str, code: int) -> None:
    assert failed(TARGET, fault, None, 0.0, 600).reason == text
    assert fault.exit_code == code
