"""Object bytes -> text lines: gzip, zip and plain, told apart by content, in bounded pieces.

Nothing here knows what the text means or where the bytes come from; `chunks` is any iterable of bytes, cut anywhere.
The memory needed does not grow with the object. Rules: aws-wodle.md 8.
"""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Callable, Iterable, Iterator

from isal import igzip_lib

from alertmill.sources.aws.faults import ParseError, UnpackError

#: Largest piece of decompressed data that is handed on at once, in bytes.
PIECE = 256 * 1024

#: Longest line that is read, in characters; a longer one is skipped and counted as bad.
MAX_LINE = 1024 * 1024

#: Longest column of separated text, in characters (aws-wodle.md 8).
MAX_COLUMN = 131_072

_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
#: Formats that are recognised so that the message can name them.
_REFUSED = {b"PAR1": "Parquet", b"\xff\x06\x00\x00sNaPpY": "snappy", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2"}
_PEEK = 10
#: Bytes given to the decompressor at once. Small, because what follows the end of a member is copied, and a hostile
#: file may consist of a hundred thousand members.
_INPUT = 32 * 1024


def unpack(chunks: Iterable[bytes], key: str) -> Iterator[bytes]:
    """The decompressed content of an object, in pieces of at most PIECE bytes.

    The content decides; the end of `key` matters only for what it promises: a `.gz` or `.zip` that is neither is an
    error, so that a damaged object is never taken for text. Raises UnpackError, possibly after the first pieces.
    """
    if key.endswith(".snappy"):
        raise UnpackError(f"Couldn't decompress the {key} file, snappy compression is not supported.")
    head, whole = _peek(iter(chunks))
    for magic, name in _REFUSED.items():
        if head.startswith(magic):
            raise UnpackError(f"{name} files are not read; gzip, zip and plain text are")
    if head.startswith(_GZIP):
        return _gunzip(whole)
    if head.startswith(_ZIP):
        return _unzip(whole)
    for ending, name in ((".gz", "gzip"), (".zip", "zip")):
        if key.endswith(ending) and head:
            raise UnpackError(f"Invalid {name} file received.")
    return _cut(whole)


def lines(pieces: Iterable[bytes]) -> Iterator[str | None]:
    """The lines of UTF-8 text without their ends (LF, CR LF or CR, nothing else), None for one longer than MAX_LINE.

    Raises ParseError where the text is not UTF-8.
    """
    decode = codecs.getincrementaldecoder("utf-8")().decode
    carry = ""
    skipping = False
    for final, piece in _with_end(pieces):
        text = carry + _decoded(decode, piece, final)
        held = "\r" if text.endswith("\r") and not final else ""  # its LF may open the next piece
        if "\r" in text:
            text = text[: len(text) - len(held)].replace("\r\n", "\n").replace("\r", "\n")
        *whole, carry = text.split("\n")
        if skipping and whole:
            del whole[0]  # the rest of a line that was already reported
            skipping = False
        for line in whole:
            yield line if len(line) <= MAX_LINE else None
        if skipping or len(carry) > MAX_LINE:
            if not skipping:
                yield None
            carry, skipping = "", True
        carry += held
    if carry and not skipping:
        yield carry


def columns(line: str, separator: str = " ") -> list[str]:
    """The columns of one line; a column that begins with `"` may hold separators (aws-wodle.md 8 and D31).

    Raises ValueError for a column that is too long.
    """
    if '"' not in line:
        found = line.split(separator)
    else:
        found = _wholly_quoted_columns(line, separator) or _quoted_columns(line, separator)
    if len(line) > MAX_COLUMN and max(map(len, found)) > MAX_COLUMN:
        raise ValueError(f"a column is longer than {MAX_COLUMN} characters")
    return found


def check_text(pieces: Iterable[bytes]) -> None:
    """Read everything. Raises ParseError if it is not UTF-8."""
    for _ in checked(pieces):
        pass


def checked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces as they are. Raises ParseError when one of them is not UTF-8."""
    decode = codecs.getincrementaldecoder("utf-8")().decode
    for final, piece in _with_end(pieces):
        _decoded(decode, piece, final)
        yield piece


def _decoded(decode: Callable[[bytes, bool], str], piece: bytes, final: bool) -> str:
    try:
        return decode(piece, final)
    except UnicodeDecodeError as error:
        raise ParseError(f"not UTF-8: {error.reason} (byte 0x{error.object[error.start]:02x})") from None


def _wholly_quoted_columns(line: str, separator: str) -> list[str]:
    """The columns of the usual line with quotes, which stand around whole columns; none for any other such line."""
    parts = line.split('"')
    if len(parts) % 2 == 0:
        return []
    first, last = parts[0], parts.pop()
    if (first and first[-1] != separator) or (last and last[0] != separator):
        return []
    found = first[:-1].split(separator) if first else []
    quoted = False
    for part in parts[1:]:
        if quoted := not quoted:
            found.append(part)
        elif part != separator:
            if len(part) < 2 or part[0] != separator or part[-1] != separator:
                return []
            found += part[1:-1].split(separator)
    if last:
        found += last[1:].split(separator)
    return found


def _quoted_columns(line: str, separator: str) -> list[str]:
    found = []
    at = 0
    while True:
        text = ""
        if line.startswith('"', at):
            text, at = _quoted(line, at + 1)
        end = line.find(separator, at)
        if end < 0:
            found.append(text + line[at:])
            return found
        found.append(text + line[at:end])
        at = end + len(separator)


def _quoted(line: str, at: int) -> tuple[str, int]:
    """The text of a quoted column and the place behind its closing quote; an unclosed one ends with the line."""
    parts = []
    while True:
        end = line.find('"', at)
        if end < 0:
            parts.append(line[at:])
            return "".join(parts), len(line)
        parts.append(line[at:end])
        if not line.startswith('"', end + 1):
            return "".join(parts), end + 1
        parts.append('"')
        at = end + 2


def _with_end(pieces: Iterable[bytes]) -> Iterator[tuple[bool, bytes]]:
    for piece in pieces:
        yield False, piece
    yield True, b""


def _peek(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes of the content, and the content as a whole."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= _PEEK:
            break
    return head[:_PEEK], _chain(head, chunks)


def _chain(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if head:
        yield head
    yield from rest


def _cut(chunks: Iterator[bytes], size: int = PIECE) -> Iterator[bytes]:
    for chunk in chunks:
        if len(chunk) <= size:
            yield chunk
        else:
            for at in range(0, len(chunk), size):
                yield chunk[at : at + size]


def _gunzip(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """All members of a gzip file, one after the other; zero bytes behind a member are padding."""
    member = None
    padding = b""
    for data in _cut(chunks, _INPUT):
        while True:
            if member is None:
                data = data.lstrip(padding) if padding else data
                if not data:
                    break
                member = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
            if piece := _inflate(member, data, "gzip"):
                yield piece
            if member.eof:
                data, member, padding = member.unused_data, None, b"\0"
            elif member.needs_input:
                break
            else:
                data = b""
    if member is not None:
        raise UnpackError("Invalid gzip file received: it ends before its time")


def _inflate(member: igzip_lib.IgzipDecompressor, data: bytes, name: str) -> bytes:
    try:
        piece: bytes = member.decompress(data, PIECE)
    except igzip_lib.error as error:  # type: ignore[misc]  # its stub says that it is an instance
        raise UnpackError(f"Invalid {name} file received: {error}") from None
    return piece


# A zip archive is read front to back: the first member's own header is enough, so the object need not be seekable.
_LOCAL = b"PK\x03\x04"
_LOCAL_SIZE = 30
_END_OF_ARCHIVE = b"PK\x05\x06"
_END_SIZE = 22 + 65_535  # with the longest comment
_ENCRYPTED, _SIZES_BEHIND = 0x01, 0x08
_STORED, _DEFLATED = 0, 8


class _Window:
    """A byte stream from which a given number of bytes can be taken."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._held = b""

    def take(self, count: int) -> bytes:
        while len(self._held) < count:
            chunk = next(self._chunks, None)
            if chunk is None:
                raise UnpackError("Invalid zip file received: it ends before its time")
            self._held += chunk
        taken, self._held = self._held[:count], self._held[count:]
        return taken

    def some(self, limit: int = PIECE) -> bytes:
        """The next bytes, at most `limit`; empty at the end."""
        chunk = self._held or next(self._chunks, b"")
        self._held = chunk[limit:]
        return chunk[:limit]

    def put_back(self, data: bytes) -> None:
        self._held = data + self._held


def _unzip(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The first member of a zip archive that is not a folder."""
    window = _Window(chunks)
    while True:
        header = window.take(_LOCAL_SIZE)
        if not header.startswith(_LOCAL):
            raise UnpackError("Invalid zip file received: it holds no file")
        name, extra = int.from_bytes(header[26:28], "little"), int.from_bytes(header[28:30], "little")
        is_folder = window.take(name + extra)[:name].endswith(b"/")
        if not is_folder:
            yield from _zip_member(window, header)
            break
        for _ in _zip_member(window, header):
            pass
    tail = b""
    while data := window.some():
        tail = (tail + data)[-_END_SIZE:]
    if _END_OF_ARCHIVE not in tail:
        raise UnpackError("Invalid zip file received: it ends before its time")


def _zip_member(window: _Window, header: bytes) -> Iterator[bytes]:
    flags, method = int.from_bytes(header[6:8], "little"), int.from_bytes(header[8:10], "little")
    if flags & _ENCRYPTED:
        raise UnpackError("Invalid zip file received: it is encrypted")
    size = int.from_bytes(header[18:22], "little")
    if method == _DEFLATED:
        pieces = _deflated(window)
    elif method == _STORED and not flags & _SIZES_BEHIND and size < 0xFFFFFFFF:
        pieces = _stored(window, size)
    else:
        raise UnpackError(f"Invalid zip file received: compression method {method} is not read")
    check = 0
    for piece in pieces:
        check = zlib.crc32(piece, check)
        yield piece
    expected = header[14:18]
    if flags & _SIZES_BEHIND:
        expected = window.take(4)
        expected = window.take(4) if expected == b"PK\x07\x08" else expected
    if check != int.from_bytes(expected, "little"):
        raise UnpackError("Invalid zip file received: wrong check sum")


def _deflated(window: _Window) -> Iterator[bytes]:
    member = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_DEFLATE)
    while not member.eof:
        data = window.some() if member.needs_input else b""
        if member.needs_input and not data:
            raise UnpackError("Invalid zip file received: it ends before its time")
        if piece := _inflate(member, data, "zip"):
            yield piece
    window.put_back(member.unused_data)


def _stored(window: _Window, size: int) -> Iterator[bytes]:
    while size:
        data = window.some(min(size, PIECE))
        if not data:
            raise UnpackError("Invalid zip file received: it ends before its time")
        size -= len(data)
        yield data
