"""What the browser is given besides answers: the page's own files, and the chart library out of its Python package.

`vl-convert-python` carries Vega, Vega-Lite and Vega-Embed and bundles them into one script. Bundling takes seconds, so
the result is kept in the cache's folder, with its checksum in front; a damaged one is made again.
"""

from __future__ import annotations

import gzip
import hashlib
import threading
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from alertmill.dashboard.guard import refused

STATIC: Final = Path(__file__).with_name("static")
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_CHARTS: Final = "charts.js"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent, plain and packed."""

    body: bytes
    packed: bytes
    type: str
    tag: str


class Assets:
    """All files, by the name behind /static/. They are read once: nothing of a request becomes a path."""

    def __init__(self, cache_folder: Path) -> None:
        self._cache_folder = cache_folder
        self._files = {
            path.name: _asset(path.read_bytes(), _TYPES[path.suffix])
            for path in sorted(STATIC.iterdir())
            if path.suffix in _TYPES
        }
        self._charts = threading.Lock()

    def prepare(self) -> None:
        """Make the chart library ready, which the first page otherwise waits for."""
        with self._charts:
            if _CHARTS not in self._files:
                self._files[_CHARTS] = _asset(_chart_library(self._cache_folder), _TYPES[".js"])

    def answer(self, name: str, request: Request) -> Response:
        """The file, or that the browser's copy is still good, or 404. May take seconds for the chart library."""
        if name == _CHARTS:
            self.prepare()
        asset = self._files.get(name)
        if asset is None:
            return refused(404, "there is no such file")
        headers = {"etag": asset.tag, "cache-control": "no-cache", "vary": "accept-encoding"}
        if request.headers.get("if-none-match") == asset.tag:
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(asset.packed, media_type=asset.type, headers=headers | {"content-encoding": "gzip"})
        return Response(asset.body, media_type=asset.type, headers=headers)


def _asset(body: bytes, type_: str) -> Asset:
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    return Asset(body, gzip.compress(body, 6, mtime=0), type_, tag)


def _chart_library(folder: Path) -> bytes:
    """The script that defines `vegaEmbed`."""
    kept = folder / f"charts-{version('vl-convert-python')}.js"
    with suppress(OSError):
        total, _, body = kept.read_bytes().partition(b"\n")
        if total == _sum(body):
            return body
    import vl_convert  # 60 MB of memory that only the bundling needs

    made: bytes = vl_convert.javascript_bundle(None).encode()  # type: ignore[arg-type]  # its stub forgot
    with suppress(OSError):
        kept.write_bytes(_sum(made) + b"\n" + made)
    return made


def _sum(body: bytes) -> bytes:
    return b"// " + hashlib.sha256(body).hexdigest().encode()
