"""Who may ask, from where, and what every answer carries: the gate in front of the whole dashboard.

Nothing but GET and HEAD is served (and the POST of the login form). The name in `Host` must be one that is meant, so
that a foreign page cannot reach a dashboard on loopback through a name of its own (DNS rebinding); requests that a
browser says are another site's are refused. Where a token or a proxy's header is asked for, nothing else gets in.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: The session cookie, and the seconds that a session lasts.
COOKIE: Final = "alertmill_session"
SESSION = 12 * 3600
_MOST_SESSIONS = 1000
#: Bytes of the longest address that is looked at.
LONGEST_QUERY = 8192
#: Paths that need no session: the login page and what it is made of.
OPEN_PATHS: Final = ("/login", "/favicon.ico", "/static/icon.svg", "/static/style.css", "/static/login.js")

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS: Final[Mapping[str, str]] = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "x-robots-tag": "noindex",
}


@dataclass(frozen=True, slots=True)
class Access:
    """What is asked of a request.

    `names` are host names that are served besides addresses and localhost; `loopback` says that only those of this
    machine are. `token` ('': none) must be given; or `proxy_header` ('': none) must be there, set by a proxy at one of
    the addresses `proxies`.
    """

    loopback: bool = True
    names: frozenset[str] = frozenset()
    token: str = field(default="", repr=False)
    proxy_header: str = ""
    proxies: frozenset[str] = frozenset()

    @property
    def is_open(self) -> bool:
        """Whether whoever reaches the port may look."""
        return not self.token and not self.proxy_header

    def serves(self, host: str) -> bool:
        """Whether a `Host` header names this dashboard."""
        name = _host_name(host)
        if name in self.names or name == "localhost":
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or not self.loopback


class Sessions:
    """Browsers that gave the token. In memory: a restart asks again."""

    def __init__(self) -> None:
        self._ends: dict[str, float] = {}

    def begin(self) -> str:
        now = time.monotonic()
        self._ends = {key: end for key, end in self._ends.items() if end > now}
        while len(self._ends) >= _MOST_SESSIONS:
            self._ends.pop(next(iter(self._ends)))
        key = secrets.token_urlsafe(32)
        self._ends[key] = now + SESSION
        return key

    def holds(self, key: str) -> bool:
        return self._ends.get(key, 0.0) > time.monotonic()


class Guard:
    """The ASGI application in front of the others."""

    def __init__(self, inner: ASGIApp, access: Access, sessions: Sessions) -> None:
        self._inner = inner
        self._access = access
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._inner(scope, receive, send)
            return
        if scope["type"] != "http":
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-store")
            await send(message)

        refusal = self._refusal(scope)
        await (refusal or self._inner)(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        path: str = scope["path"]
        if not self._access.serves(headers.get("host", "")):
            return refused(421, "this name is not served here; --allow-host NAME allows it")
        if scope["method"] not in ("GET", "HEAD") and not (scope["method"] == "POST" and path == "/login"):
            return refused(405, "the dashboard can only be read")
        if headers.get("sec-fetch-site") == "cross-site" and headers.get("sec-fetch-mode") != "navigate":
            return refused(403, "this is for the dashboard's own pages")
        if len(scope["query_string"]) > LONGEST_QUERY:
            return refused(414, f"an address has at most {LONGEST_QUERY} bytes of filters")
        if self._access.is_open or path in OPEN_PATHS or self._is_known(scope, headers):
            return None
        if self._access.token and "text/html" in headers.get("accept", ""):
            return RedirectResponse("/login", 303)
        return refused(401, "this needs the token of the dashboard", {"www-authenticate": "Bearer"})

    def _is_known(self, scope: Scope, headers: Headers) -> bool:
        access = self._access
        if access.proxy_header:
            peer = (scope.get("client") or ("",))[0]
            return peer in access.proxies and bool(headers.get(access.proxy_header))
        kind, _, given = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and is_same(given.strip(), access.token):
            return True
        return self._sessions.holds(_cookie(headers.get("cookie", "")))


def is_same(given: str, token: str) -> bool:
    """Whether a token is the right one, in a time that tells nothing."""
    return hmac.compare_digest(given.encode(), token.encode())


def refused(status: int, reason: str, headers: Mapping[str, str] | None = None) -> Response:
    """An answer that says why there is none."""
    return JSONResponse({"error": reason}, status, headers)


def _host_name(host: str) -> str:
    """The name in a `Host` header, in lower case, without port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.rpartition(":")[0].lower() if host.count(":") == 1 else host.lower()


def _cookie(header: str) -> str:
    try:
        found = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""
