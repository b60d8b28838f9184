"""The web application: which address gives what. Queries run in threads, a few at a time, each with an end."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import anyio
import duckdb
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from alertmill import __version__
from alertmill.dashboard import live
from alertmill.dashboard.alert_view import alert_view
from alertmill.dashboard.assets import Assets
from alertmill.dashboard.cache import Cache
from alertmill.dashboard.ec2 import ec2
from alertmill.dashboard.filters import FilterError, Filters, read_filters, read_span
from alertmill.dashboard.fold import Folder
from alertmill.dashboard.guard import COOKIE, SESSION, Access, Guard, Sessions, is_same, refused
from alertmill.dashboard.listing import MOST_ROWS, came_since, newest
from alertmill.dashboard.overview import overview
from alertmill.dashboard.rule_paths import RulePaths
from alertmill.dashboard.vpc import vpc

#: Seconds that a query may take, and queries that run at the same time.
QUERY_TIME = 20.0
QUERIES = 4
#: Answers that are kept until the cache changes.
_KEPT = 64
#: Bytes of a login form, and seconds that a wrong token costs.
_FORM_LIMIT = 4096
_WRONG = 1.0

T = TypeVar("T")
#: What a view does with a cursor, the filters, and the request's other parameters.
_View = Callable[[duckdb.DuckDBPyConnection, Filters, Request], dict[str, object]]
_Endpoint = Callable[[Request], Awaitable[Response]]


class Dashboard:
    """The application's parts and endpoints."""

    def __init__(self, home: Path, cache: Cache, folder: Folder, assets: Assets, access: Access) -> None:
        self.home = home
        self.cache = cache
        self.folder = folder
        self.assets = assets
        self.access = access
        self.rules = RulePaths(home)
        self._sessions = Sessions()
        self._limiter: anyio.CapacityLimiter | None = None
        self._streams = 0
        self._answers: dict[tuple[object, ...], bytes] = {}

    def application(self) -> ASGIApp:
        """The ASGI application, behind its guard."""
        pages = [Route(path, self._page) for path in ("/", "/ec2", "/vpc", "/alerts", "/alert/{id}", "/live")]
        routes = [
            *pages,
            Route("/login", self._login_page),
            Route("/login", self._login, methods=["POST"]),
            Route("/static/{name}", self._static),
            Route("/favicon.ico", self._icon),
            Route("/api/status", self._status),
            Route("/api/overview", self._view(_overview)),
            Route("/api/ec2", self._view(_ec2)),
            Route("/api/vpc", self._view(_vpc)),
            Route("/api/alerts", self._view(self._newest)),
            Route("/api/alert/{id}", self._alert),
            Route("/api/live", self._live),
        ]
        handlers: dict[Any, Any] = {Exception: _broken, 404: _nothing}
        inner = Starlette(routes=routes, exception_handlers=handlers, lifespan=self._lifespan)
        return Guard(inner, self.access, self._sessions)

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        self._limiter = anyio.CapacityLimiter(QUERIES)
        yield

    # --- pages --------------------------------------------------------------------------------------------------------

    async def _page(self, request: Request) -> Response:
        return self.assets.answer("index.html", request)

    async def _static(self, request: Request) -> Response:
        name: str = request.path_params["name"]
        return await anyio.to_thread.run_sync(self.assets.answer, name, request)

    async def _icon(self, request: Request) -> Response:
        return self.assets.answer("icon.svg", request)

    async def _login_page(self, request: Request) -> Response:
        return self.assets.answer("login.html", request) if self.access.token else RedirectResponse("/", 303)

    async def _login(self, request: Request) -> Response:
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > _FORM_LIMIT:
                return refused(413, "a token is shorter than this")
        given = _form_value(body, "token")
        if not self.access.token or not is_same(given, self.access.token):
            await asyncio.sleep(_WRONG)
            return RedirectResponse("/login?wrong=1", 303)
        answer = RedirectResponse("/", 303)
        secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, self._sessions.begin(), SESSION, httponly=True, samesite="strict", secure=secure)
        return answer

    # --- answers ------------------------------------------------------------------------------------------------------

    async def _status(self, _request: Request) -> Response:
        standing = self.folder.standing()
        return _json(
            {
                "version": __version__,
                "home": str(self.home),
                "files": standing.files,
                "rows": standing.rows,
                "corrupt": standing.corrupt,
                "waiting": standing.waiting,
                "ready": standing.turns > 0,
                "trouble": standing.trouble,
                "number": self.cache.last,
            }
        )

    def _view(self, view: _View) -> _Endpoint:
        """The endpoint of a view: its answer, kept for as long as the cache is the same."""

        async def endpoint(request: Request) -> Response:
            now = int(time.time() * 1000)
            try:
                filters = read_filters(request.query_params.multi_items(), now)
                key = (view, self.folder.version, filters, *sorted(request.query_params.multi_items()))
                body = self._answers.get(key)
                if body is None:
                    value = await self._asked(lambda cursor: view(cursor, filters, request))
                    body = orjson.dumps(value)
                    self._keep(key, body)
            except FilterError as error:
                return refused(400, str(error))
            except _TooLongError:
                return refused(503, f"this took longer than {QUERY_TIME:.0f} seconds: choose a shorter range of time")
            return Response(body, media_type="application/json")

        return endpoint

    def _keep(self, key: tuple[object, ...], body: bytes) -> None:
        while len(self._answers) >= _KEPT:
            self._answers.pop(next(iter(self._answers)))
        self._answers[key] = body

    async def _asked(self, question: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """The answer of a question, asked in a thread. Raises _TooLongError when time is up."""

        def ask() -> T:
            with self.cache.reading() as cursor:
                alarm = threading.Timer(QUERY_TIME, cursor.interrupt)
                alarm.daemon = True
                alarm.start()
                try:
                    return question(cursor)
                except (duckdb.InterruptException, duckdb.OutOfMemoryException) as error:
                    raise _TooLongError from error
                finally:
                    alarm.cancel()

        return await anyio.to_thread.run_sync(ask, limiter=self._limiter)

    def _newest(self, cursor: duckdb.DuckDBPyConnection, filters: Filters, request: Request) -> dict[str, object]:
        asked = request.query_params.get("limit", "50")
        limit = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else MOST_ROWS
        return newest(cursor, filters, limit, request.query_params.get("before", ""), self.folder.key)

    async def _alert(self, request: Request) -> Response:
        id: str = request.path_params["id"]
        try:
            value = await self._asked(lambda cursor: alert_view(cursor, self.home, self.folder, self.rules, id))
        except _TooLongError:
            return refused(503, "this took too long")
        return _json(value) if value is not None else refused(404, "there is no such alert (any more)")

    async def _live(self, request: Request) -> Response:
        try:
            filters = read_filters(request.query_params.multi_items(), int(time.time() * 1000))
        except FilterError as error:
            return refused(400, str(error))
        if self._streams >= live.MOST_STREAMS:
            return refused(503, "too many live tails are open")
        given = request.headers.get("last-event-id", "")
        begin = int(given) if given.isascii() and given.isdigit() and len(given) < 16 else None

        async def since(number: int) -> tuple[list[dict[str, object]], int]:
            return await self._asked(lambda cursor: came_since(cursor, filters, number, self.folder.key))

        async def stream() -> AsyncIterator[bytes]:
            self._streams += 1
            try:
                async for piece in live.events(lambda: self.cache.last, since, begin):
                    yield piece
            finally:
                self._streams -= 1

        headers = {"x-accel-buffering": "no"}  # nginx would hold events back
        return StreamingResponse(stream(), media_type="text/event-stream", headers=headers)


class _TooLongError(Exception):
    """A query was stopped because its time, or its memory, was up."""


def _overview(cursor: duckdb.DuckDBPyConnection, filters: Filters, request: Request) -> dict[str, object]:
    return overview(cursor, filters, request.query_params.get("stack", "group"))


def _ec2(cursor: duckdb.DuckDBPyConnection, filters: Filters, _request: Request) -> dict[str, object]:
    return ec2(cursor, filters)


def _vpc(cursor: duckdb.DuckDBPyConnection, filters: Filters, request: Request) -> dict[str, object]:
    asked = request.query_params.get("peak", "")
    by = "flows" if request.query_params.get("by") == "flows" else "bytes"
    return vpc(cursor, filters, read_span(asked) if asked else None, by)


def _json(value: object) -> Response:
    return Response(orjson.dumps(value), media_type="application/json")


def _form_value(body: bytes, name: str) -> str:
    from urllib.parse import parse_qs

    return parse_qs(body.decode("latin-1"), max_num_fields=8).get(name, [""])[0]


async def _broken(_request: Request, _error: Exception) -> Response:
    return JSONResponse({"error": "the dashboard failed at this; its terminal says more"}, 500)


async def _nothing(_request: Request, _error: Exception) -> Response:
    return JSONResponse({"error": "there is nothing here"}, 404)
