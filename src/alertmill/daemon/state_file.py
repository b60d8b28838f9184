"""The files below `var/run` by which Wazuh's tools see a running daemon: the pid file and the state file
(spec/control.md 1.1 and 5).

Both live as long as the daemon. What the state file says is decided in `stats`; only its form is decided here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from alertmill.daemon.stats import DAEMON, QueueUse
from alertmill.errors import OutputError

_FILE_MODE = 0o640
_FOLDER_MODE = 0o750

_HEADER = f"# State file for {DAEMON}\n# THIS FILE WILL BE DEPRECATED IN FUTURE VERSIONS\n\n"

#: Counters in their order, with the comment of each.
COUNTERS = {
    "total_events_decoded": "Total events decoded",
    "syscheck_events_decoded": "Syscheck events decoded",
    "syscollector_events_decoded": "Syscollector events decoded",
    "rootcheck_events_decoded": "Rootcheck events decoded",
    "sca_events_decoded": "Security configuration assessment events decoded",
    "winevt_events_decoded": "Winevt events decoded",
    "dbsync_messages_dispatched": "Database synchronization messages dispatched",
    "other_events_decoded": "Other events decoded",
    "events_processed": "Events processed (Rule matching)",
    "events_received": "Events received",
    "events_dropped": "Events dropped",
    "alerts_written": "Alerts written to disk",
    "firewall_written": "Firewall alerts written to disk",
    "fts_written": "FTS alerts written to disk",
}

#: Queues in their order, with the words of their comments.
QUEUES = {
    "syscheck": "Syscheck",
    "syscollector": "Syscollector",
    "rootcheck": "Rootcheck",
    "sca": "Security configuration assessment",
    "hostinfo": "Hostinfo",
    "winevt": "Winevt",
    "dbsync": "Database synchronization message",
    "upgrade": "Upgrade module message",
    "event": "Event",
    "rule_matching": "Rule matching",
    "alerts": "Alerts log",
    "firewall": "Firewall log",
    "statistical": "Statistical log",
    "archives": "Archives log",
}


def render_state(counters: Mapping[str, int], queues: Mapping[str, QueueUse]) -> str:
    """The text of the state file. Counters and queues that are not given stand at zero."""
    parts = [_HEADER]
    for key, comment in COUNTERS.items():
        parts.append(_entry(comment, key, str(counters.get(key, 0))))
    for name, words in QUEUES.items():
        use = queues.get(name, QueueUse())
        parts.append(_entry(f"{words} queue", f"{name}_queue_usage", f"{use.usage:.2f}"))
        parts.append(_entry(f"{words} queue size", f"{name}_queue_size", str(use.size)))
    return "".join(parts)


def _entry(comment: str, key: str, value: str) -> str:
    return f"# {comment}\n{key}='{value}'\n\n"


class RunFiles:
    """The pid file and the state file of one daemon in the folder `home`.

    `open` makes the pid file; `tick` writes the state file when `interval` seconds have gone by (0: there is none);
    `close` removes both. `render` gives the state file's text, `log` hears (level, text).
    """

    def __init__(
        self, home: Path, pid: int, interval: int, render: Callable[[], str], log: Callable[[str, str], None]
    ) -> None:
        self._folder = home / "var" / "run"
        self._pid = pid
        self._interval = interval
        self._render = render
        self._log = log
        self._due_at: float | None = None
        self._failing = False

    @property
    def pid_file(self) -> Path:
        return self._folder / f"{DAEMON}-{self._pid}.pid"

    @property
    def state_file(self) -> Path:
        return self._folder / f"{DAEMON}.state"

    def open(self) -> None:
        """Make the pid file; files of daemons that were killed are removed. Raises OutputError (1212)."""
        try:
            self._folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
            self._remove_left_behind()
            _replace(self.pid_file, f"{self._pid}\n")
        except OSError as error:
            raise OutputError(f"(1212): Unable to create PID file. {self.pid_file}: {error.strerror}") from error
        if not self._interval:
            self._log("INFO", "State file is disabled.")

    def tick(self, now: float) -> None:
        """Write the state file if it is due at `now`, seconds of any steady clock. A failure is logged once."""
        if not self._interval or (self._due_at is not None and now < self._due_at):
            return
        self._due_at = now + self._interval
        try:
            _replace(self.state_file, self._render())
            self._failing = False
        except OSError as error:
            if not self._failing:
                self._log("WARNING", f"{self.state_file}: {error.strerror}; analysis goes on without it")
            self._failing = True

    def close(self) -> None:
        """Remove both files."""
        for path in (self.pid_file, self.state_file):
            with suppress(OSError):
                path.unlink()

    def _remove_left_behind(self) -> None:
        self.state_file.unlink(missing_ok=True)
        for path in self._folder.glob(f"{DAEMON}-*.pid"):
            pid = path.stem.rpartition("-")[2]
            if pid.isascii() and pid.isdigit() and not _runs(int(pid)):
                path.unlink(missing_ok=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass  # it is another user's
    return True


def _replace(path: Path, text: str) -> None:
    """Put `text` at `path` so that a reader sees the old or the new file whole. Raises OSError."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _FILE_MODE)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        os.fchmod(handle, _FILE_MODE)
        file.write(text)
    new.replace(path)
