"""What the daemon and a worker process say to each other: frames over a pair of sockets.

A frame is four bytes of length and a MessagePack value. The daemon begins with `Setup`, the answer is `Ready` once the
rules are loaded; then each task gets one answer, in their order, None for an object that the daemon has to read itself.
The bytes come from a process that reads hostile objects, so they can be nothing but values of these types.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable

import msgspec

from alertmill.alerts import AlertFacts
from alertmill.sources.aws.examined import ExaminedObject, ObjectTask

#: Bytes of a frame's length, and of the largest frame: what is said of an object is of its own order of size.
_HEAD = 4
LARGEST = 256 * 1024 * 1024


class Setup(msgspec.Struct, frozen=True):
    """What a worker needs to know beside the home's files: the home, and what alerts say of the manager."""

    home: str
    manager_name: str
    cluster: tuple[str, str] | None
    labels: tuple[tuple[str, str, bool], ...]
    show_hidden_labels: bool
    improved: bool

    @classmethod
    def of(cls, home: str, facts: AlertFacts) -> Setup:
        """For a daemon whose alerts show these facts, at local time."""
        return cls(home, facts.manager_name, facts.cluster, facts.labels, facts.show_hidden_labels, facts.improved)

    def facts(self) -> AlertFacts:
        return AlertFacts(
            self.manager_name,
            self.cluster,
            self.labels,
            show_hidden_labels=self.show_hidden_labels,
            improved=self.improved,
        )


class Ready(msgspec.Struct, frozen=True):
    """A worker can begin: the name of its engine (`engine.EngineOptions`), empty if it could not load one."""

    made_of: bytes


encode = msgspec.msgpack.Encoder().encode
read_setup = msgspec.msgpack.Decoder(Setup).decode
read_ready = msgspec.msgpack.Decoder(Ready).decode
read_task = msgspec.msgpack.Decoder(ObjectTask).decode
read_answer: Callable[[bytes | bytearray], ExaminedObject | None] = msgspec.msgpack.Decoder(
    ExaminedObject | None
).decode


class Silence(Exception):  # noqa: N818 - it is the end of a conversation, not an error of its own
    """The other side has gone, says nothing any more, or says nonsense."""


def send(line: socket.socket, payload: bytes) -> None:
    """Write a frame. Raises OSError."""
    if len(payload) > LARGEST:
        raise OSError(f"a frame of {len(payload)} bytes")
    sent = line.sendmsg((len(payload).to_bytes(_HEAD, "big"), payload)) - _HEAD
    line.sendall(memoryview(payload)[sent:])


def receive(line: socket.socket, patience: float) -> bytearray:
    """Read a frame. Raises Silence when nothing more comes for `patience` seconds, or OSError."""
    timeval = struct.pack("@ll", int(patience), int(patience % 1 * 1e6))
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeval)
    size = int.from_bytes(_exactly(line, _HEAD), "big")
    if size > LARGEST:
        raise Silence
    return _exactly(line, size)


def _exactly(line: socket.socket, size: int) -> bytearray:
    """So many bytes, mostly by one call: each one more would have to wait for its turn among the daemon's threads."""
    content = bytearray(size)
    rest = memoryview(content)
    while rest:
        try:
            count = line.recv_into(rest, len(rest), socket.MSG_WAITALL)
        except BlockingIOError:
            raise Silence from None
        if not count:
            raise Silence
        rest = rest[count:]
    return content
