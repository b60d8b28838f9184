"""A real `alertmill dashboard` process over a home, and a browser to look at it with."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from support import PATIENCE

#: Chromium by the names that distributions give it; $ALERTMILL_CHROMIUM names another.
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: As root it has no sandbox; the rest keeps it from asking the Internet.
_SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Process:
    """A dashboard that runs. `url` ends without a slash."""

    def __init__(self, process: subprocess.Popen[bytes], url: str) -> None:
        self.process = process
        self.url = url

    def get(self, path: str, **headers: str) -> bytes:
        with urlopen(Request(self.url + path, headers=headers), timeout=PATIENCE) as answer:
            return answer.read()

    def wait_for_rows(self, count: int, patience: float = PATIENCE) -> None:
        """Until so many alerts are folded."""
        import json

        deadline = time.monotonic() + patience
        while json.loads(self.get("/api/status"))["rows"] < count:
            assert time.monotonic() < deadline
            time.sleep(0.1)


@contextmanager
def dashboard(home: Path, *options: str, patience: float = 900, **environment: str) -> Iterator[Process]:
    """A dashboard over `home` on any free port, ended by SIGTERM, or after `patience` seconds."""
    process = subprocess.Popen(
        [sys.executable, "-m", "alertmill", "--home", str(home), "dashboard", "--port", "0", *options],
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    killer = threading.Timer(patience, process.kill)
    killer.start()
    try:
        assert process.stdout is not None
        found = re.search(rb"(https?://\S+)/\s", process.stdout.readline())
        assert found, process.communicate()[1].decode()
        yield Process(process, found[1].decode())
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
        killer.cancel()


@contextmanager
def chromium() -> Iterator[object]:
    """A headless browser (Playwright's). Skips the test when the machine has none."""
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="the page is tested with playwright, which is not here"
    )
    own = os.environ.get("ALERTMILL_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    with sync_api.sync_playwright() as playwright:
        path = own or playwright.chromium.executable_path
        if not Path(path).exists():
            pytest.skip("no Chromium is here: `sh scripts/install_browser.sh` gets one, $ALERTMILL_CHROMIUM names one")
        browser = playwright.chromium.launch(executable_path=path, args=_SWITCHES)
        try:
            yield browser
        finally:
            browser.close()
