"""Unix stream sockets that take one framed request per connection and give one framed reply.

A frame is a 4-byte little-endian length and that many bytes (spec/control.md 6, spec/logtest.md 5). What a request
means is the business of the handler. Peers are not trusted: a frame has a largest size, a connection a time limit, and
there are only so many connections at once.
"""

from __future__ import annotations

import os
import socket
import stat
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from alertmill.errors import SourceError

_LENGTH = struct.Struct("<I")
#: Seconds that a peer gets for its request, and for taking the reply.
PEER_PATIENCE = 10.0
#: Connections that are served at once; more wait in the kernel's queue.
MAX_CONNECTIONS = 16
#: Owner and group of the daemon may connect, as under Wazuh.
_SOCKET_MODE = 0o660
_PATIENCE = 0.5


class FrameServer:
    """Serves the socket at `path` from threads of its own.

    `handle` gets the request's bytes and returns the reply's; `too_large` is the reply to requests of more than
    `max_request` bytes. Both `handle` and the peer may fail without harm to the server.
    """

    def __init__(
        self, path: Path, handle: Callable[[bytes], bytes], *, max_request: int, too_large: bytes, name: str
    ) -> None:
        self._path = path
        self._handle = handle
        self._max_request = max_request
        self._too_large = too_large
        self._stop = threading.Event()
        self._places = threading.BoundedSemaphore(MAX_CONNECTIONS)
        self._listener = self._bind()
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)

    def _bind(self) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            with suppress(FileNotFoundError):
                if stat.S_ISSOCK(self._path.lstat().st_mode):
                    self._path.unlink()
            self._path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            listener.bind(str(self._path))
            os.chmod(self._path, _SOCKET_MODE)  # noqa: PTH101  # Path.chmod would follow a planted link
            listener.listen(64)
        except OSError as error:
            listener.close()
            raise SourceError(f"socket {self._path} cannot be made: {error.strerror}") from error
        listener.settimeout(_PATIENCE)
        return listener

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the server; requests under way are left to finish or to die with the process."""
        self._stop.set()
        self._thread.join(2 * _PATIENCE)
        self._listener.close()
        with suppress(FileNotFoundError):
            self._path.unlink()

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
                reply = self._too_large if size > self._max_request else self._handle(_receive(peer, size))
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
