"""Words that commands share: numbers, times, names, and nothing that a stream or a terminal cannot take."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TextIO

from alertmill.monitoring import Scope
from alertmill.sources.base import ObjectFailed

#: Entries of a list that a person is shown; --json has all of them.
SHOWN = 20


def many(count: int, word: str) -> str:
    """`1 rule`, `2 rules`."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def more(count: int) -> list[str]:
    """The line behind the first SHOWN of `count` entries, none when these are all."""
    return [f"  ... and {count - SHOWN} more; --json shows all of them"] if count > SHOWN else []


def moment(at: float) -> str:
    """A time in epoch seconds, in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def printable(line: str) -> str:
    """A line as a terminal may see it: keys and messages hold what others chose."""
    return line if line.isprintable() else "".join(c if c.isprintable() else "?" for c in line)


def os_error(error: OSError) -> str:
    """What the system refused, in one line: the file, if one is known, and the reason."""
    file, reason = error.filename2 or error.filename, error.strerror or str(error)
    return printable(f"{file}: {reason}" if file else reason)


def encodable(text: str, stream: TextIO) -> str:
    """The text with escapes for what the stream's encoding lacks."""
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def object_name(failed: ObjectFailed) -> str:
    """How a person calls a failed object: its S3 URI; of a queue's message, what is known of it."""
    bucket = Scope.parse(failed.scope).bucket
    if bucket:
        return f"s3://{bucket}/{failed.key}"
    is_message = " " in failed.key.partition("/")[0]  # no bucket's name has a blank
    return failed.key if is_message else f"s3://{failed.key}"
