"""Unix stream sockets that take one framed request per connection and give one framed reply.

A frame is a 4-byte little-endian length and that many bytes (spec/control.md 6, spec/logtest.md 5). What a request
means is the business of the handler. Peers are not trusted: a frame has a largest size, a connection a time limit, and
there are only so many connections at once.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from alertmill.sources.unix_socket import bind_socket, unbind_socket

_LENGTH = struct.Struct("<I")
#: Seconds that a peer gets for its request, and for taking the reply.
PEER_PATIENCE = 10.0
#: Connections that are served at once; more wait in the kernel's queue.
MAX_CONNECTIONS = 16
_PATIENCE = 0.5


class FrameServer:
    """Serves the socket at `path` from threads of its own.

    `handle` gets the request's bytes and returns the reply's. Of a request of more than `max_request` bytes it gets one
    byte more than that, and says what is to be said of it. Both `handle` and the peer may fail without harm to the
    server. Raises SourceError when the socket cannot be made, or another program answers on it.
    """

    def __init__(self, path: Path, handle: Callable[[bytes], bytes], *, max_request: int, name: str) -> None:
        self._path = path
        self._handle = handle
        self._max_request = max_request
        self._stop = threading.Event()
        self._places = threading.BoundedSemaphore(MAX_CONNECTIONS)
        self._listener = bind_socket(path, socket.SOCK_STREAM)
        self._listener.listen(64)
        self._listener.settimeout(_PATIENCE)
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the server; requests under way are left to finish or to die with the process."""
        self._stop.set()
        self._thread.join(2 * _PATIENCE)
        unbind_socket(self._listener, self._path)

    def _serve(self) -> None:
        while not self._stop.is_set():
            if not self._places.acquire(timeout=_PATIENCE):
                continue
            try:
                peer, _ = self._listener.accept()
            except OSError:
                self._places.release()
                continue
            threading.Thread(target=self._answer, args=(peer,), name=self._thread.name, daemon=True).start()

    def _answer(self, peer: socket.socket) -> None:
        try:
            with peer, suppress(OSError):
                peer.settimeout(PEER_PATIENCE)
                size = _LENGTH.unpack(_receive(peer, _LENGTH.size))[0]
                if size == 0:
                    return
                reply = self._handle(_receive(peer, min(size, self._max_request + 1)))
                peer.sendall(_LENGTH.pack(len(reply)) + reply)
        finally:
            self._places.release()


def _receive(peer: socket.socket, size: int) -> bytes:
    """Exactly `size` bytes. Raises ConnectionError when the peer ends before."""
    data = bytearray()
    while len(data) < size:
        part = peer.recv(min(size - len(data), 65536))
        if not part:
            raise ConnectionError("the peer closed in the middle of a frame")
        data += part
    return bytes(data)
