"""What the daemon and a worker process say to each other: frames over the worker's standard input and output.

A frame is four bytes of length and a MessagePack value. The daemon begins with `Setup`, the worker answers `Ready` once
it has loaded; then each task gets one answer, None for an object that the daemon has to read itself. The bytes come
from a process that reads hostile objects, so they can be nothing but values of these types.
"""

from __future__ import annotations

import fcntl
import os
import select
from collections.abc import Callable
from contextlib import suppress

import msgspec

from alertmill.alerts import AlertFacts
from alertmill.sources.aws.examined import ExaminedObject, ObjectTask

#: Bytes of a frame's length, and of the largest frame: what is said of an object is of its own order of size.
_HEAD = 4
LARGEST = 256 * 1024 * 1024
#: Bytes that a pipe should hold: the fewer turns an answer takes, the less it costs.
_PIPE = 1024 * 1024


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


def widen(handle: int) -> None:
    """Let a pipe hold more, where the system can and allows it."""
    with suppress(OSError, AttributeError):
        fcntl.fcntl(handle, fcntl.F_SETPIPE_SZ, _PIPE)


def send(handle: int, payload: bytes) -> None:
    """Write a frame. Raises OSError."""
    if len(payload) > LARGEST:
        raise OSError(f"a frame of {len(payload)} bytes")
    head, rest = len(payload).to_bytes(_HEAD, "big"), memoryview(payload)
    rest = rest[os.writev(handle, (head, rest)) - _HEAD :]
    while rest:
        rest = rest[os.write(handle, rest) :]


def receive(handle: int, patience: float) -> bytearray:
    """Read a frame. Raises Silence when nothing more comes for `patience` seconds, or OSError."""
    size = int.from_bytes(_exactly(handle, _HEAD, patience), "big")
    if size > LARGEST:
        raise Silence
    return _exactly(handle, size, patience)


def _exactly(handle: int, size: int, patience: float) -> bytearray:
    watch = select.poll()
    watch.register(handle, select.POLLIN)
    content = bytearray(size)
    rest = memoryview(content)
    while rest:
        if not watch.poll(patience * 1000):
            raise Silence
        count = os.readv(handle, [rest])
        if not count:
            raise Silence
        rest = rest[count:]
    return content
