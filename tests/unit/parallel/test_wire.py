"""Frames over a pipe."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest

from alertmill.alerts import AlertFacts
from alertmill.parallel import wire


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError:
            continue


@pytest.mark.parametrize("size", [0, 1, 70_000, 3_000_000])
def test_a_frame_comes_as_it_went(pipe: tuple[int, int], size: int) -> None:
    payload = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    sender = threading.Thread(target=wire.send, args=(pipe[1], payload))
    sender.start()
    assert wire.receive(pipe[0], 10) == payload
    sender.join()


@pytest.mark.parametrize("sent", [b"", b"\0\0", b"\0\0\0\5abc", b"\xff\xff\xff\xff"])
def test_what_is_no_whole_frame_is_silence(pipe: tuple[int, int], sent: bytes) -> None:
    os.write(pipe[1], sent)
    os.close(pipe[1])
    with pytest.raises(wire.Silence):
        wire.receive(pipe[0], 10)


def test_patience_ends(pipe: tuple[int, int]) -> None:
    with pytest.raises(wire.Silence):
        wire.receive(pipe[0], 0.01)


def test_facts_travel() -> None:
    facts = AlertFacts("mill", cluster=("c", "n"), labels=(("a", "b", True),), show_hidden_labels=True, improved=True)
    setup = wire.read_setup(wire.encode(wire.Setup.of("/home", facts)))
    assert (setup.home, setup.facts()) == ("/home", facts)
