"""The output journal: the bytes of the commit under way, on disk before the transaction that promises them.

One file beside the checkpoint database, overwritten by every commit. It is read only after a crash between a
transaction and the appending of its bytes; the transaction holds each part's length and checksum, so a journal that was
being rewritten when the power went is never taken for another (the commit before had been appended by then).
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Sequence
from pathlib import Path

from alertmill.errors import OutputError
from alertmill.sinks.base import Appended

#: Parts that are handed to the system at once.
_MOST_PARTS = 16


class Journal:
    """The file at `path`; made with mode 0600 when absent."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)

    def write(self, parts: Sequence[bytes]) -> None:
        """Replace the content by `parts`, in their order, and sync it. Raises OutputError when the disk is full."""
        try:
            written = os.pwritev(self._fd, parts[:_MOST_PARTS], 0)
            rest = memoryview(b"" if written == sum(map(len, parts)) else b"".join(parts))
            while written < len(rest):
                written += os.pwrite(self._fd, rest[written:], written)
            os.fdatasync(self._fd)
        except OSError as error:
            raise OutputError(f"{self.path}: {error.strerror}; nothing was committed, nothing is lost") from error

    def read(self, promises: Sequence[Appended], wanted: Appended) -> bytes:
        """The bytes of `wanted`, one of the `promises` of the last transaction in their order.

        Raises OutputError when the journal does not hold them.
        """
        data = b""
        if wanted in promises:
            before = promises[: promises.index(wanted)]
            data = os.pread(self._fd, wanted.length, sum(p.length for p in before))
        if len(data) != wanted.length or zlib.crc32(data) != wanted.checksum:
            raise OutputError(
                f"{self.path} does not hold the {wanted.length} bytes that {wanted.path} still lacks; "
                "it was removed or damaged while the daemon was down"
            )
        return data

    def close(self) -> None:
        os.close(self._fd)
