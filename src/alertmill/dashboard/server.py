"""The dashboard as a process: the cache, the thread that folds, the web server; started, and ended in that order."""

from __future__ import annotations

import signal
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from alertmill.dashboard.app import Dashboard
from alertmill.dashboard.assets import Assets
from alertmill.dashboard.cache import open_cache
from alertmill.dashboard.fold import Folder
from alertmill.dashboard.guard import Access
from alertmill.installation import Installation

#: Seconds between two looks at the alert files.
FOLD_EVERY = 1.0
#: Connections that are served at the same time.
_MOST_CONNECTIONS = 200


@dataclass(frozen=True, slots=True)
class Binding:
    """Where to listen. `certificate` and `key` (None: plain HTTP) are paths of PEM files."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None

    @property
    def scheme(self) -> str:
        return "https" if self.certificate else "http"


def listen(binding: Binding) -> socket.socket:
    """The listening socket. Raises OSError."""
    family = socket.AF_INET6 if ":" in binding.host else socket.AF_INET
    return socket.create_server((binding.host, binding.port), family=family)


def serve(
    home: Path, listening: socket.socket, binding: Binding, access: Access, *, workers: int, say: Callable[[str], None]
) -> None:
    """Serve until a signal says to stop. Raises CacheError, or OSError for a certificate that cannot be read."""
    installation = Installation(home)
    cache = open_cache(installation.var)
    if cache.temporary:
        say(f"{installation.var}/dashboard cannot be used: the cache is in {cache.folder} and goes with this process")
    ended = threading.Event()
    folder = Folder(home, cache, ended.is_set, workers)
    assets = Assets(cache.folder)
    dashboard = Dashboard(home, cache, folder, assets, access)
    threads = [
        threading.Thread(target=_keep_folding, args=(folder, ended, say), name="fold"),
        threading.Thread(target=assets.prepare, name="charts", daemon=True),
    ]
    for thread in threads:
        thread.start()
    # uvicorn ends by raising the signal again that it ended by: SIGTERM's own way would leave nothing tidied up.
    signal.signal(signal.SIGTERM, _end)
    try:
        uvicorn.Server(_configuration(dashboard, binding)).run([listening])
    finally:
        ended.set()
        threads[0].join()
        cache.close()


def _end(*_: object) -> None:
    sys.exit(0)


def _configuration(dashboard: Dashboard, binding: Binding) -> uvicorn.Config:
    return uvicorn.Config(
        dashboard.application(),
        log_level="warning",
        access_log=False,
        server_header=False,
        # A client's address is the one it connects from: a header that says otherwise is anybody's.
        proxy_headers=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=2,
        ssl_certfile=binding.certificate,
        ssl_keyfile=binding.key,
        ws="none",
    )


def _keep_folding(folder: Folder, ended: threading.Event, say: Callable[[str], None]) -> None:
    told = ""
    while not ended.is_set():
        try:
            folder.turn()
            trouble = "; ".join(folder.standing().trouble)
        except Exception as error:  # the page goes on with what is there, and the next turn may do better
            reason = str(error).splitlines() or [type(error).__name__]
            trouble = f"the cache cannot be brought up to date: {reason[0]}"
        if trouble and trouble != told:
            say(trouble)
        told = trouble
        ended.wait(FOLD_EVERY)
