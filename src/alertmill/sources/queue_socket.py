"""The datagram socket `queue/sockets/queue`: what Wazuh's own collectors and agents' forwarders write to.

One datagram is one message, `1:location:message` (spec/predecoding.md 1). A datagram cannot be asked for again, so this
source is at-most-once: what the kernel holds when the daemon dies is gone. Nothing is decoded here.
"""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from alertmill.decoders import Rejected, split_queue_message
from alertmill.errors import SourceError
from alertmill.event import Record
from alertmill.sources.base import Batch, Progress, Stop

#: Bytes of a datagram that are read; the rest of a longer one is cut by the kernel, as in Wazuh.
MAX_DATAGRAM = 65535
#: Messages of one batch at most.
MAX_BATCH = 1000
#: Seconds that a message may wait for others to share its batch.
GATHER_FOR = 0.05
#: Seconds between two looks at the stop flag.
_PATIENCE = 0.5
#: Writers belong to the daemon's group, as under Wazuh.
_SOCKET_MODE = 0o660


class QueueSocket:
    """Reads the socket at `path`, which it makes. `clock` stamps arrivals, `log` hears of malformed messages."""

    name = "queue"

    def __init__(self, path: Path, clock: Callable[[], float], log: Callable[[str, str], None]) -> None:
        self._path = path
        self._clock = clock
        self._log = log

    def batches(self, progress: Progress, stop: Stop, *, once: bool) -> Iterator[Batch]:
        """Yield batches until `stop`. A socket holds nothing at rest: with `once` there is nothing to read."""
        if once:
            return
        with self._bind() as bound:
            while not stop.is_set():
                records = self._gather(bound)
                if records:
                    yield Batch(records)
        with suppress(FileNotFoundError):
            self._path.unlink()

    def _bind(self) -> socket.socket:
        bound = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        try:
            if self._path.exists() and stat.S_ISSOCK(self._path.lstat().st_mode):
                # The lock of the checkpoint keeps a second daemon out, so this one was left behind.
                self._path.unlink()
            self._path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            bound.bind(str(self._path))
            os.chmod(self._path, _SOCKET_MODE)  # noqa: PTH101  # Path.chmod would follow a planted link
        except OSError as error:
            bound.close()
            raise SourceError(f"(1210): Queue '{self._path}' not accessible: {error.strerror}") from error
        return bound

    def _gather(self, bound: socket.socket) -> list[Record]:
        """The messages of a moment: wait for the first, then take what comes within GATHER_FOR."""
        bound.settimeout(_PATIENCE)
        records: list[Record] = []
        now = 0.0
        while len(records) < MAX_BATCH:
            try:
                datagram = bound.recv(MAX_DATAGRAM)
            except TimeoutError:
                break
            if not records:
                now = self._clock()
                bound.settimeout(GATHER_FOR)
            message = split_queue_message(datagram)
            if isinstance(message, Rejected):
                self._log("ERROR", f"(1222): Invalid msg: {message.reason}")
                continue
            queue, location, text = message
            records.append(Record(text, location, now, queue=queue))
        return records
