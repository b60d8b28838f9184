"""One kept-alive HTTP/1.1 connection for GETs: a blocking socket, and httptools (llhttp) to read the answers.

`http.client` does the same for a hundred microseconds more per answer. No redirects, no cookies, no decoding of bodies.
"""

from __future__ import annotations

import socket
import ssl
from collections import deque
from collections.abc import Mapping
from contextlib import suppress

from httptools import HttpParserError, HttpResponseParser

#: Bytes that are asked of the socket at once.
_PIECE = 256 * 1024
#: Most bytes of an answer's head.
_MAX_HEAD = 64 * 1024


class ConnectionFailedError(Exception):
    """The connection could not be made or broke, or what came over it is no HTTP.

    `unused`: not a byte of the answer had come, so the server may have closed the connection while it was idle.
    """

    def __init__(self, reason: str, *, unused: bool = False) -> None:
        super().__init__(reason)
        self.unused = unused


class Response:
    """An answer whose head has come. `size` is the length of the body, None when the server does not say."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._parser = HttpResponseParser(self)
        self._pieces: deque[bytes] = deque()
        self._head_size = 0
        self._has_head = False
        self.headers: dict[str, str] = {}
        self.size: int | None = None
        self._left: int | None = None
        #: The body has been read to its end.
        self.finished = False
        #: The connection can be used for another request once this answer is finished.
        self.keeps = False

    @property
    def status(self) -> int:
        return int(self._parser.get_status_code())

    def read(self) -> bytes:
        """The next piece of the body, empty at its end. Raises ConnectionFailedError when it is cut short."""
        while not self._pieces and not self.finished:
            self._feed()
        piece = self._pieces.popleft() if self._pieces else b""
        if self._left is not None:
            self._left -= len(piece)
        return piece

    def wait_for_head(self) -> None:
        while not self._has_head:
            self._feed()

    def _feed(self) -> None:
        try:
            data = self._connection.receive()
        except OSError as error:
            unused = not self._head_size and not isinstance(error, TimeoutError)
            raise ConnectionFailedError(str(error) or type(error).__name__, unused=unused) from None
        if not data:
            self._at_end_of_stream()
            return
        self._head_size += 0 if self._has_head else len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserError as error:
            raise ConnectionFailedError(f"what came is no HTTP answer: {error}") from None
        if not self._has_head and self._head_size > _MAX_HEAD:
            raise ConnectionFailedError("the head of the answer is too long")

    def _at_end_of_stream(self) -> None:
        if not self._head_size:
            raise ConnectionFailedError("the server closed the connection", unused=True)
        if not self._has_head or self.size is not None or "chunked" in self.headers.get("transfer-encoding", ""):
            left = "" if self._left is None else f" {self._left} bytes early"
            raise ConnectionFailedError(f"the body ended{left or ' early'}")
        self.finished, self.keeps = True, False

    # --- called by the parser ----------------------------------------------------------------------------------------

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        if self.status < 200:  # 100 Continue and its like: the answer is still to come
            self.headers.clear()
            return
        self._has_head = True
        length = self.headers.get("content-length", "")
        if length.isdigit() and "transfer-encoding" not in self.headers:
            self.size = self._left = int(length)

    def on_body(self, piece: bytes) -> None:
        self._pieces.append(piece)

    def on_message_complete(self) -> None:
        if self._has_head:
            self.finished = True
            self.keeps = bool(self._parser.should_keep_alive())


class Connection:
    """A connection to one server, over TLS with `context`. `timeout` is for connecting and for each read, seconds.

    Raises ConnectionFailedError when it cannot be made.
    """

    def __init__(self, host: str, port: int, context: ssl.SSLContext | None, timeout: float) -> None:
        try:
            plain = socket.create_connection((host, port), timeout)
        except OSError as error:
            raise ConnectionFailedError(str(error)) from None
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._socket = context.wrap_socket(plain, server_hostname=host) if context else plain
        except OSError as error:
            plain.close()
            raise ConnectionFailedError(str(error)) from None

    def get(self, target: str, headers: Mapping[str, str]) -> Response:
        """Send a GET and wait for the head of its answer. Raises ConnectionFailedError."""
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        if head.count("\r") != len(headers) or head.count("\n") != len(headers):
            raise ConnectionFailedError("a header of the request would hold a line end")
        response = Response(self)
        try:
            self._socket.sendall(f"GET {target} HTTP/1.1\r\n{head}\r\n".encode("latin-1"))
        except OSError as error:
            raise ConnectionFailedError(str(error), unused=not isinstance(error, TimeoutError)) from None
        response.wait_for_head()
        return response

    def receive(self) -> bytes:
        return self._socket.recv(_PIECE)

    def cut(self) -> None:
        """End it while another thread may be reading; that one gets a ConnectionFailedError."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._socket.close()
