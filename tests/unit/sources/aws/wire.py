"""A small HTTP server on this machine that answers as a test says, faults included."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from support import PATIENCE

#: An answer: status line and headers are made from these.
REASONS = {200: "OK", 206: "Partial Content", 301: "Moved", 403: "Forbidden", 404: "Not Found", 412: "Failed"}


@dataclass
class Reply:
    """One answer. `cut` ends the connection after so many bytes of the body; `hang` leaves it open without a byte."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    hang: bool = False
    close: bool = False
    drop: bool = False


def error(status: int, code: str, message: str = "told you so") -> Reply:
    return Reply(status, f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode())


@dataclass
class Asked:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes = b""
    method: str = "GET"


class Wire:
    """The server. `replies` are given in order, the last one for ever; with `route`, it chooses instead."""

    def __init__(
        self, route: Callable[[Asked], Reply] | None = None, certificate: tuple[Path, Path] | None = None
    ) -> None:
        self.route = route
        self._context: ssl.SSLContext | None = None
        if certificate is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(*certificate)
        self.replies: list[Reply] = []
        self.asked: list[Asked] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._closed = threading.Event()
        self._open: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        scheme = "https" if self._context else "http"
        return f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        self._closed.set()
        for connection in [self._listener, *self._open]:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._open.append(connection)
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, plain: socket.socket) -> None:
        with suppress(OSError), self._secured(plain) as connection, connection.makefile("rb") as stream:
            while request := stream.readline():
                headers = {}
                while (line := stream.readline().strip()) != b"":
                    name, _, value = line.decode("latin-1").partition(":")
                    headers[name.lower()] = value.strip()
                body = stream.read(int(headers.get("content-length", 0)))
                method, path, _ = request.decode("latin-1").split()
                asked = Asked(path, headers, body, method)
                self.asked.append(asked)
                if not self._answer(connection, asked):
                    return

    def _secured(self, plain: socket.socket) -> socket.socket:
        if self._context is None:
            return plain
        try:
            return self._context.wrap_socket(plain, server_side=True)
        except OSError:
            plain.close()
            raise

    def _answer(self, connection: socket.socket, asked: Asked) -> bool:
        if self.route is not None:
            reply = self.route(asked)
        else:
            reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if reply.drop:
            return False
        if reply.hang:
            self._closed.wait(PATIENCE)
            return False
        headers = {"Content-Length": str(len(reply.body)), "ETag": '"tag"', **reply.headers}
        if reply.close:
            headers["Connection"] = "close"
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        connection.sendall(f"HTTP/1.1 {reply.status} {REASONS.get(reply.status, 'X')}\r\n{head}\r\n".encode())
        connection.sendall(reply.body if reply.cut is None else reply.body[: reply.cut])
        return reply.cut is None and not reply.close


@contextmanager
def running_wire(
    *replies: Reply,
    route: Callable[[Asked], Reply] | None = None,
    certificate: tuple[Path, Path] | None = None,
) -> Iterator[Wire]:
    """The server for the length of the block; over TLS with a certificate (its file, and that of its key)."""
    wire = Wire(route, certificate)
    wire.replies = list(replies) or [Reply()]
    try:
        yield wire
    finally:
        wire.close()
