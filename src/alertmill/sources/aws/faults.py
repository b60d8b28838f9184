"""What can go wrong between a bucket and a record, in the words of the field.

Two families: an `ObjectError` spoils one object and nothing else, a `StoreError` spoils the walk (no permission to
list, expired credentials, no such bucket). Both carry the exit code that Wazuh's module would have ended with
(aws-wodle.md 13.2), because operators know these numbers. Nothing here logs or retries.
"""

from __future__ import annotations

from typing import ClassVar

from alertmill.codes import Code
from alertmill.errors import AlertmillError


class ObjectError(AlertmillError):
    """An object that cannot be read now. `str()` is the reason alone; `text(key)` is what the error event says."""

    exit_code: ClassVar[int] = 1
    what: ClassVar[str] = "Unknown error reading/parsing file"

    def text(self, key: str) -> str:
        """The sentence of aws-wodle.md 8: `Failed to parse file <key>: <reason>`."""
        return f"{self.what} {key}: {self}"


class FetchError(ObjectError):
    """GetObject failed. `unreachable` tells a broken connection from an answer of the service, `throttled` one answer
    from the others."""

    def __init__(self, reason: str, *, unreachable: bool = False, throttled: bool = False) -> None:
        super().__init__(reason)
        self.unreachable = unreachable
        self.throttled = throttled


class UnpackError(ObjectError):
    """Compressed data that is truncated, damaged, of an unknown kind, or not what the key promises."""

    exit_code = 8
    what = "Failed to decompress file"


class ShapeError(ObjectError):
    """JSON that parses but is not of the shape its type has, for instance a bare number.

    The wording is that of a decompression error, as in the reference (aws-wodle.md 8, first row of the table).
    """

    exit_code = 8
    what = "Failed to decompress file"


class ParseError(ObjectError):
    """Text that is not UTF-8, or not the format of its type."""

    exit_code = 9
    what = "Failed to parse file"


class ObjectGoneError(AlertmillError):
    """The object was removed or replaced since it was listed. Not a failure: what is there now is listed again."""


class StoreError(AlertmillError):
    """A call that failed for a reason that no single object is to blame for.

    `code` is the entry of the catalogue, `exit_code` that of aws-wodle.md 13.2. `ends_run` is false when other accounts
    and regions of the same definition may still be readable (a refusal for one prefix, throttling).
    """

    def __init__(self, code: Code, exit_code: int, message: str, *, ends_run: bool = True) -> None:
        super().__init__(f"{message}  [{code.id}]")
        self.code = code
        self.exit_code = exit_code
        self.ends_run = ends_run
