"""The HTTP connection against servers that answer oddly."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertmill.sources.aws.http1 import Connection, ConnectionFailedError
from support import PATIENCE


@contextmanager
def answered(*pieces: bytes) -> Iterator[Connection]:
    """A connection whose server sends these bytes after the first request, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.recv(65536)
                for piece in pieces:
                    peer.sendall(piece)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        connection = Connection("127.0.0.1", listener.getsockname()[1], None, 10)
        try:
            yield connection
        finally:
            connection.close()
            thread.join(PATIENCE)


def body_of(connection: Connection) -> tuple[int, bytes, bool]:
    response = connection.get("/x", {"host": "h"})
    found = b""
    while piece := response.read():
        found += piece
    return response.status, found, response.finished and response.keeps


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", (200, b"ab", True)),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", (200, b"", True)),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab", (200, b"ab", False)),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n", (200, b"ab", True)),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 1\r\n\r\nx", (404, b"x", True)),
        (b"HTTP/1.0 200 OK\r\n\r\nto the end", (200, b"to the end", False)),
    ],
)
def test_answers(answer: bytes, expected: tuple[int, bytes, bool]) -> None:
    with answered(answer) as connection:
        assert body_of(connection) == expected
    with answered(*(answer[at : at + 1] for at in range(len(answer)))) as connection:
        assert body_of(connection) == expected


@pytest.mark.parametrize(
    ("answer", "words", "unused"),
    [
        (b"", "the server closed the connection", True),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "the body ended early", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", "the body ended 3 bytes early", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "the body ended early", False),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "what came is no HTTP answer", False),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000, "the head of the answer is too long", False),
    ],
)
def test_broken_answers(answer: bytes, words: str, unused: bool) -> None:
    with answered(answer) as connection, pytest.raises(ConnectionFailedError, match=words) as caught:
        body_of(connection)
    assert caught.value.unused is unused


def test_a_header_cannot_smuggle_in_another() -> None:
    with answered(b"") as connection:
        with pytest.raises(ConnectionFailedError, match="line end"):
            connection.get("/x", {"If-Match": '"a\r\nX-Evil: 1"'})
        connection.cut()


@given(st.binary(max_size=300))
def test_any_bytes_give_an_answer_or_our_error(data: bytes) -> None:
    with answered(b"HTTP/1.1 ", data) as connection:
        try:
            body_of(connection)
        except ConnectionFailedError as error:
            assert str(error)
