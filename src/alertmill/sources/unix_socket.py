"""Unix sockets of a home: with the rights of Wazuh's, never taken from a program that listens, at any path length."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from alertmill.errors import SourceError

#: Owner and group of the daemon may connect.
_SOCKET_MODE = 0o660
#: The kernel's limit for the path of a socket is 107 bytes.
_LONGEST_PATH = 100


def bind_socket(path: Path, kind: socket.SocketKind) -> socket.socket:
    """A socket of `kind` (SOCK_STREAM or SOCK_DGRAM) bound to `path`. What a daemon that died left there is removed.

    Raises SourceError when it cannot be made, or when another program listens there: a Wazuh manager, for instance,
    whose home this is.
    """
    bound = socket.socket(socket.AF_UNIX, kind | socket.SOCK_CLOEXEC)
    try:
        path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        with _reachable(path) as address:
            _remove_left_behind(path, address, kind)
            bound.bind(address)
        path.chmod(_SOCKET_MODE)
    except (OSError, SourceError) as error:
        bound.close()
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise SourceError(f"(1210): Queue '{path}' not accessible: {reason}") from error
    return bound


def unbind_socket(bound: socket.socket, path: Path) -> None:
    """Close a bound socket and remove its path."""
    bound.close()
    with suppress(OSError):
        path.unlink()


def _remove_left_behind(path: Path, address: str, kind: socket.SocketKind) -> None:
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise SourceError("something that is no socket lies there; remove it")
        with socket.socket(socket.AF_UNIX, kind) as probe:
            probe.settimeout(1)
            try:
                probe.connect(address)
            except OSError:
                path.unlink()
                return
        raise SourceError("another program listens on it; it is left alone")


@contextmanager
def _reachable(path: Path) -> Iterator[str]:
    """The path in a form that the kernel takes, however long it is."""
    if len(os.fsencode(path)) <= _LONGEST_PATH:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
