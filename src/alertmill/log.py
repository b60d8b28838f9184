"""`logs/ossec.log`: the daemon's own log, in the form that tools for Wazuh read (spec/control.md 3).

    2026/11/21 17:22:44 wazuh-analysisd: INFO: Started (pid: 10177).

The tag says which part speaks, in Wazuh's words: `wazuh-analysisd` for the engine, `wazuh-modulesd:aws-s3` for the AWS
module. `<logging>` can ask for `logs/ossec.json` beside it or in its place. The standard `logging` package does the
writing; this module only shapes lines and opens the files. When they are rotated is decided in `sinks.own_logs`.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from logging.handlers import WatchedFileHandler
from pathlib import Path

#: Tags by the part that speaks.
ENGINE_TAG = "wazuh-analysisd"
AWS_TAG = "wazuh-modulesd:aws-s3"

#: Mode of a new log file: others may not read it, as Wazuh's.
_FILE_MODE = 0o640

_TIME = "%Y/%m/%d %H:%M:%S"

_root = logging.getLogger("alertmill")


class _LineFormatter(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(tag)s: %(levelname)s: %(message)s", datefmt=_TIME)

    def format(self, record: logging.LogRecord) -> str:
        # A line of hostile text must not look like two.
        return super().format(record).replace("\n", "\\n").replace("\r", "\\r")


class _JsonFormatter(logging.Formatter):
    """One object per line, with the members of Wazuh's ossec.json."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "timestamp": self.formatTime(record, _TIME),
            "tag": getattr(record, "tag", ENGINE_TAG),
            "level": record.levelname.lower(),
            "description": record.getMessage(),
        }
        return json.dumps(entry, ensure_ascii=False)


class _OwnFileHandler(WatchedFileHandler):
    """Opens anew when the file was rotated away, and never with more rights than needed."""

    def _open(self):  # type: ignore[no-untyped-def]  # the base class returns a private stream type
        fd = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _FILE_MODE)
        return os.fdopen(fd, "a", encoding="utf-8", errors="backslashreplace")

    def writes(self, path: Path) -> bool:
        """Whether `path` is the file that lines go to."""
        with suppress(FileNotFoundError):
            return path.samefile(self.baseFilename)
        return False


class _LineHandler(logging.Handler):
    """Hands each line to a function."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__()
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._say(self.format(record))
        except Exception:  # as all handlers: a log that cannot be written stops nothing
            self.handleError(record)


class TaggedLog:
    """A part's voice: `log("WARNING", "text")`, for code that knows no logging package."""

    def __init__(self, tag: str) -> None:
        self._adapter = logging.LoggerAdapter(_root, {"tag": tag})

    def __call__(self, level: str, text: str) -> None:
        self._adapter.log(_LEVELS.get(level, logging.INFO), text)


_LEVELS = {
    "DEBUG": logging.DEBUG,
    "INFO": logging.INFO,
    "WARNING": logging.WARNING,
    "ERROR": logging.ERROR,
    "CRITICAL": logging.CRITICAL,
}


def set_up_log(
    folder: Path, *, plain: bool = True, as_json: bool = False, to_terminal: Callable[[str], None] | None = None
) -> None:
    """Send the daemon's log to `ossec.log` and `ossec.json` in `folder`, whichever are asked for.

    `to_terminal` gets each line as well, for the person who is watching. Raises OSError.
    """
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    _root.setLevel(logging.INFO)
    _root.propagate = False
    close_log()
    handlers: list[tuple[logging.Handler, logging.Formatter]] = []
    if plain:
        handlers.append((_OwnFileHandler(folder / "ossec.log", encoding="utf-8"), _LineFormatter()))
    if as_json:
        handlers.append((_OwnFileHandler(folder / "ossec.json", encoding="utf-8"), _JsonFormatter()))
    if to_terminal:
        handlers.append((_LineHandler(to_terminal), _LineFormatter()))
    for handler, formatter in handlers:
        handler.setFormatter(formatter)
        _root.addHandler(handler)


@contextmanager
def held_log(path: Path) -> Iterator[None]:
    """Let nothing be written to the log file at `path` while the block runs, so that it can be moved away.

    Lines wait, and go into a new file at `path` if the block took the old one away. A file that is not written to by
    this process needs no holding.
    """
    for handler in _root.handlers:
        if isinstance(handler, _OwnFileHandler) and handler.writes(path):
            handler.acquire()
            try:
                yield
            finally:
                handler.reopenIfNeeded()
                handler.release()
            return
    yield


def close_log() -> None:
    """Detach and close the log's files."""
    for handler in list(_root.handlers):
        _root.removeHandler(handler)
        handler.close()
