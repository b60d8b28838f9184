"""A place is read by one run at a time, and by the next when all of it is committed."""

from __future__ import annotations

import threading

from alertmill.sources.aws.turns import Turns
from support import PATIENCE


def test_the_next_run_waits_for_the_end_of_the_one_before() -> None:
    turns, stop = Turns(), threading.Event()
    end = turns.take("s3://b/", stop)
    assert end is not None
    assert turns.take("s3://other/", stop) is not None
    taken = threading.Event()
    waiting = threading.Thread(target=lambda: (turns.take("s3://b/", stop), taken.set()))
    waiting.start()
    assert not taken.wait(0.3)
    end()
    assert taken.wait(PATIENCE)
    waiting.join()


def test_whoever_waits_hears_of_a_stop() -> None:
    turns, stop = Turns(), threading.Event()
    assert turns.take("s3://b/", stop) is not None
    stop.set()
    assert turns.take("s3://b/", stop) is None


def test_when_a_turn_is_over() -> None:
    turns, stop = Turns(), threading.Event()
    assert turns.is_over("s3://b/", stop)
    end = turns.take("s3://b/", stop)
    assert end is not None
    end()
    assert turns.is_over("s3://b/", stop)
