"""The port between the poller and a bucket: what a store can do, and what an object's body is.

The real store is `s3.S3Store`; tests use one in memory. Nothing here touches the network.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Protocol

from alertmill.sources.aws.listing import ListPage, ListRequest

#: Compressed bodies up to this size, in bytes, are held in memory; larger ones lie in a file without a name.
HELD_BODY = 8 * 1024 * 1024

#: Bytes handed on at once from a body.
_CHUNK = 1024 * 1024


class Body:
    """The bytes of one object, readable several times. `close` gives them up."""

    #: Bytes that are kept beside the content: what has been found out about it.
    beside: int = 0

    def __init__(self, data: bytes = b"", file: IO[bytes] | None = None) -> None:
        self._data = data
        self._file = file

    def open(self) -> IO[bytes]:
        """The content as a file to seek in. It is closed with the body, or by whoever opened it."""
        return io.BytesIO(self._data) if self._file is None else self._file

    @property
    def held(self) -> bytes | None:
        """The whole content, None if it lies in a file."""
        return self._data if self._file is None else None

    @property
    def size(self) -> int:
        """Bytes of the content, as stored."""
        return len(self._data) if self._file is None else self._file.seek(0, io.SEEK_END)

    def head(self, count: int) -> bytes:
        """The first bytes of the content."""
        if self._file is None:
            return self._data[:count]
        self._file.seek(0)
        return self._file.read(count)

    def chunks(self) -> Iterator[bytes]:
        """The whole content from its beginning. Raises OSError when the disk fails."""
        if self._file is None:
            if self._data:
                yield self._data
            return
        self._file.seek(0)
        while chunk := self._file.read(_CHUNK):
            yield chunk

    def close(self) -> None:
        self._data = b""
        if self._file is not None:
            self._file.close()
            self._file = None


def spool_file(folder: Path | None) -> IO[bytes]:
    """A file in `folder` (None: the system's temporary folder) that nobody else can open and no crash leaves behind."""
    return tempfile.TemporaryFile(dir=folder)


class Store(Protocol):
    """One bucket. All methods raise StoreError for what is not an object's fault, and may be called from any thread."""

    #: Called for every answer to a GET that says that it is too much, from the thread that fetches.
    throttled: Callable[[], None]

    def list_page(self, request: ListRequest) -> ListPage:
        """One page of a listing."""

    def fetch(self, key: str, etag: str, stopped: Callable[[], bool]) -> Body:
        """The object with this ETag. Gives up soon after `stopped()` becomes true.

        Raises FetchError, or ObjectGoneError when there is no such object any more.
        """

    def delete(self, key: str, etag: str) -> None:
        """Delete the object unless it was replaced; an object that is gone already is no error. Raises FetchError."""

    def flow_logs(self, region: str) -> list[str] | None:
        """The ids of the flow logs that EC2 knows in a region, None when there is no EC2 to ask."""

    def close(self) -> None:
        """End the connections; calls under way end soon."""
