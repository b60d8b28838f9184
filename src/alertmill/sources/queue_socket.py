"""The datagram socket `queue/sockets/queue`: what Wazuh's own collectors and agents' forwarders write to.

One datagram is one message, `1:location:message` (spec/predecoding.md 1). A datagram cannot be asked for again, so this
source is at-most-once: what the kernel holds when the daemon dies is gone. Nothing is decoded here.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

from alertmill.decoders import Rejected, split_queue_message
from alertmill.errors import SourceError
from alertmill.event import Record
from alertmill.sources.base import Batch, Progress, Stop
from alertmill.sources.unix_socket import bind_socket, unbind_socket

#: Bytes of a datagram that are read; the rest of a longer one is cut by the kernel, as in Wazuh.
MAX_DATAGRAM = 65535
#: Messages of one batch at most.
MAX_BATCH = 1000
#: Seconds that a message may wait for others to share its batch.
GATHER_FOR = 0.05
#: Seconds between two looks at the stop flag.
_PATIENCE = 0.5


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
        try:
            bound = bind_socket(self._path, socket.SOCK_DGRAM)
        except SourceError as error:
            # The other sources do not need it.
            self._log("ERROR", str(error))
            return
        while not stop.is_set():
            records = self._gather(bound)
            if records:
                yield Batch(records)
        unbind_socket(bound, self._path)

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
