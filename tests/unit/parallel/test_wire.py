"""Frames over a pair of sockets."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from alertmill.alerts import AlertFacts
from alertmill.parallel import wire

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ends = socket.socketpair()
    yield ends
    for end in ends:
        end.close()


@pytest.mark.parametrize("size", [0, 1, 70_000, 3_000_000])
def test_a_frame_comes_as_it_went(pair: Pair, size: int) -> None:
    payload = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    sender = threading.Thread(target=wire.send, args=(pair[1], payload))
    sender.start()
    assert wire.receive(pair[0], 10) == payload
    sender.join()


@pytest.mark.parametrize("sent", [b"", b"\0\0", b"\0\0\0\5abc", b"\xff\xff\xff\xff"])
def test_what_is_no_whole_frame_is_silence(pair: Pair, sent: bytes) -> None:
    pair[1].sendall(sent)
    pair[1].close()
    with pytest.raises(wire.Silence):
        wire.receive(pair[0], 10)


@pytest.mark.parametrize("sent", [b"", b"\0\0\0\5abc"])
def test_patience_ends(pair: Pair, sent: bytes) -> None:
    pair[1].sendall(sent)
    with pytest.raises(wire.Silence):
        wire.receive(pair[0], 0.01)


def test_facts_travel() -> None:
    facts = AlertFacts("mill", cluster=("c", "n"), labels=(("a", "b", True),), show_hidden_labels=True, improved=True)
    setup = wire.read_setup(wire.encode(wire.Setup.of("/home", facts)))
    assert (setup.home, setup.facts()) == ("/home", facts)
