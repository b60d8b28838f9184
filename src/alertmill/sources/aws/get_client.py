"""GetObject and ListObjectsV2 without the SDK's weight: signed by `sigv4`, sent over kept-alive connections (`http1`).

A GET costs about a tenth of the CPU of boto3's (docs/decisions/0004-s3-get-client.md), which counts where objects hold
few events. The first request goes through boto3 and teaches where the bucket lies and for which region to sign;
whatever does not fit the simple picture (a proxy, another signature version, a redirect) goes through boto3 for good.
"""

from __future__ import annotations

import re
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, urlsplit
from urllib.request import getproxies, proxy_bypass

from botocore import exceptions as sdk
from botocore.httpsession import get_cert_path

from alertmill import __version__
from alertmill.sources.aws.http1 import Connection, ConnectionFailedError, Response
from alertmill.sources.aws.sigv4 import signed_headers

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: Seconds a connection attempt, and a read, may take.
TIMEOUT = 30.0

_SIGNED = re.compile(r"AWS4-HMAC-SHA256 Credential=[^/]+/\d{8}/([a-z0-9-]+)/s3/aws4_request")
_XML_MEMBER = re.compile(r"<(Code|Message)>([^<]*)</")
#: Error codes that boto3 handles by sending the request elsewhere or signing it otherwise.
_FOR_SDK = frozenset(
    {"AuthorizationHeaderMalformed", "PermanentRedirect", "SignatureDoesNotMatch", "TemporaryRedirect"}
)
_AGENT = f"alertmill/{__version__}"
#: Longest error answer that is looked at, and longest page of a listing, in bytes.
_MAX_ERROR = 64 * 1024
_MAX_PAGE = 16 * 1024 * 1024


class AnswerError(Exception):
    """The service said no. `code` is S3's word (`AccessDenied`), or the status where the answer has none.

    `final` here and below: boto3 has tried again already.
    """

    def __init__(self, status: int, code: str, message: str, *, final: bool = False) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.status = status
        self.code = code
        self.message = message
        self.final = final


class UnreachableError(Exception):
    """The connection could not be made, or broke."""

    def __init__(self, message: str, *, final: bool = False) -> None:
        super().__init__(message)
        self.final = final


class _UnexpectedAnswerError(Exception):
    """An answer that says that the simple picture does not hold."""


class Answer(Protocol):
    """An open answer: `size` is the number of bytes to come, None when the server does not say."""

    size: int | None

    def read(self) -> bytes:
        """The next bytes, empty at the end. Raises UnreachableError when the body is cut short."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where a bucket lies, as boto3 addresses it: scheme, host (with its port), path before the key, signing region."""

    secure: bool
    host: str
    path: str
    region: str


class GetClient:
    """Opens and lists the objects of one bucket. Safe to use from several threads; each keeps one connection alive.

    `credentials` is botocore's object, None when there are none; `ca_file` the certificates to trust, None for those
    that come with botocore. `clock` gives epoch seconds for signatures.
    """

    def __init__(
        self,
        client: S3Client,
        bucket: str,
        credentials: Any,
        ca_file: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._credentials = credentials
        self._ca_file = ca_file
        self._clock = clock
        self._place: Place | None = None
        self._simple = credentials is not None
        self._local = threading.local()
        self._lock = threading.Lock()
        self._context: ssl.SSLContext | None = None
        #: Open connections, and whether an answer is being read from them.
        self._connections: dict[Connection, bool] = {}
        self._closed = False
        client.meta.events.register_last("before-send.s3.GetObject", self._learn)
        client.meta.events.register_last("before-send.s3.ListObjectsV2", self._learn)

    def open(self, key: str, etag: str, start: int = 0) -> Answer:
        """The object's bytes from `start` on, provided that it still has this ETag; an empty one means any.

        Raises AnswerError, UnreachableError, and what botocore raises for lack of credentials. One attempt, apart from
        a kept connection that turns out to be closed.
        """
        place = self._place
        if self._simple and place is not None:
            try:
                return self._open(place, key, etag, start)
            except _UnexpectedAnswerError:
                self._simple = False  # boto3 knows what to make of it
        return self._open_by_sdk(key, etag, start)

    def list(self, query: Mapping[str, str]) -> bytes | None:
        """The answer to ListObjectsV2 with these parameters, as XML; None when boto3 has to be asked instead.

        Raises as `open`.
        """
        place = self._place
        if not self._simple or place is None:
            return None
        canonical = "&".join(f"{quote(name, safe='~')}={quote(query[name], safe='~')}" for name in sorted(query))
        path = place.path.removesuffix("/") or "/"
        try:
            connection, response = self._ask(place, path, canonical, {})
        except _UnexpectedAnswerError:
            self._simple = False
            return None
        answer = _HttpAnswer(self, connection, response)
        try:
            return _whole(answer, _MAX_PAGE)
        finally:
            answer.close()

    def learn_from_list(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """List through boto3, and remember where it went. Raises what boto3 raises."""
        self._local.path, self._local.place = None, None
        answer: dict[str, Any] = self._client.list_objects_v2(**parameters)  # type: ignore[assignment]
        self._remember()
        return answer

    def close(self) -> None:
        """Cut all connections; reads under way end with UnreachableError."""
        with self._lock:
            self._closed = True
            for connection, busy in self._connections.items():
                if busy:
                    connection.cut()  # its reader closes it
                else:
                    connection.close()
            self._connections.clear()

    # --- boto3 -------------------------------------------------------------------------------------------------------

    def _open_by_sdk(self, key: str, etag: str, start: int) -> Answer:
        self._local.path, self._local.place = _quoted(key), None
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=key, **_conditions(etag, start))
        except sdk.ClientError as error:
            if error.operation_name != "GetObject":  # a call for credentials, made on the way
                raise
            raise _sdk_answer_error(error) from None
        except (sdk.ConnectionError, sdk.HTTPClientError) as error:
            raise UnreachableError(str(error), final=True) from None
        self._remember()
        return _SdkAnswer(answer["Body"], answer["ContentLength"])

    def _remember(self) -> None:
        if self._simple and self._place is None:
            self._place = self._local.place
            self._simple = self._place is not None

    def _learn(self, request: Any, **_: Any) -> None:
        """boto3 is about to send a request: remember its address and region; the last one before success is right."""
        signed = _SIGNED.match(_text(request.headers.get("Authorization", "")))
        url = urlsplit(request.url)
        path = url.path
        if self._local.path is not None:
            path, key = path[: -len(self._local.path)], path[-len(self._local.path) :]
            if key != self._local.path:
                return
        if signed and not _proxied(request.url):
            path = path if path.endswith("/") else f"{path}/"
            self._local.place = Place(url.scheme == "https", url.netloc, path, signed.group(1))

    # --- past boto3 --------------------------------------------------------------------------------------------------

    def _open(self, place: Place, key: str, etag: str, start: int) -> Answer:
        conditions = {"If-Match": f'"{etag}"'} if etag else {}
        if start:
            conditions["Range"] = f"bytes={start}-"
        connection, response = self._ask(place, place.path + _quoted(key), "", conditions)
        answer = _HttpAnswer(self, connection, response)
        if response.status == 200 and start:
            answer.skip(start)  # the server knows no ranges
        return answer

    def _ask(self, place: Place, path: str, query: str, headers: dict[str, str]) -> tuple[Connection, Response]:
        """Send a signed GET; a good answer, of which the head has come. Raises AnswerError, UnreachableError."""
        found = self._credentials.get_frozen_credentials()
        headers |= signed_headers(
            place.host,
            path,
            query,
            access_key=found.access_key,
            secret_key=found.secret_key,
            token=found.token,
            region=place.region,
            now=self._clock(),
        )
        headers["User-Agent"] = _AGENT
        connection, response = self._send(place, f"{path}?{query}" if query else path, headers)
        if response.status in (200, 206):
            return connection, response
        error = _answer_error(_HttpAnswer(self, connection, response), response.status)
        self._finish(connection, response)
        if response.status < 400 or error.code in _FOR_SDK:
            raise _UnexpectedAnswerError
        raise error

    def _send(self, place: Place, target: str, headers: dict[str, str]) -> tuple[Connection, Response]:
        kept: Connection | None = getattr(self._local, "connection", None)
        while True:
            try:
                connection = kept or self._connect(place)
                self._mark(connection)
            except ConnectionFailedError as error:
                raise UnreachableError(f"{place.host}: {error}") from None
            try:
                return connection, connection.get(target, headers)
            except ConnectionFailedError as error:
                self._drop(connection)
                if kept is None or not error.unused:
                    raise UnreachableError(f"{place.host}: {error}") from None
                kept = None  # it was closed while it was idle

    def _connect(self, place: Place) -> Connection:
        address = urlsplit(f"//{place.host}")
        context = self._trust() if place.secure else None
        port = address.port or (443 if place.secure else 80)
        connection = Connection(address.hostname or "", port, context, TIMEOUT)
        self._local.connection = connection
        return connection

    def _trust(self) -> ssl.SSLContext:
        with self._lock:
            if self._context is None:
                self._context = ssl.create_default_context(cafile=self._ca_file or get_cert_path(True))
            return self._context

    def _mark(self, connection: Connection) -> None:
        """The connection is in use."""
        with self._lock:
            if self._closed:
                raise UnreachableError("closed", final=True)
            self._connections[connection] = True

    def _finish(self, connection: Connection, response: Response) -> None:
        """Keep the connection for the next request if the answer was read to its end."""
        with self._lock:
            if response.finished and response.keeps and not self._closed:
                self._connections[connection] = False
                return
        self._drop(connection)

    def _drop(self, connection: Connection) -> None:
        """Do not use this connection again."""
        connection.close()
        self._local.connection = None
        with self._lock:
            self._connections.pop(connection, None)


class _HttpAnswer:
    def __init__(self, client: GetClient, connection: Connection, response: Response) -> None:
        self._client = client
        self._connection = connection
        self._response = response
        self._rest = b""
        self.size = response.size

    def read(self) -> bytes:
        if self._rest:
            rest, self._rest = self._rest, b""
            return rest
        try:
            return self._response.read()
        except (ConnectionFailedError, ValueError) as error:  # ValueError: closed by another thread
            raise UnreachableError(str(error)) from None

    def skip(self, count: int) -> None:
        """Pass over the first `count` bytes."""
        left = count
        while left and (piece := self.read()):
            self._rest = piece[left:]
            left -= min(left, len(piece))
        if self.size is not None:
            self.size -= count - left

    def close(self) -> None:
        self._client._finish(self._connection, self._response)


class _SdkAnswer:
    def __init__(self, body: Any, size: int) -> None:
        self._body = body
        self.size: int | None = size

    def read(self) -> bytes:
        try:
            data: bytes = self._body.read(_MAX_ERROR * 4)
        except (sdk.BotoCoreError, OSError) as error:
            raise UnreachableError(str(error)) from None
        return data

    def close(self) -> None:
        self._body.close()


def _whole(answer: Answer, limit: int) -> bytes:
    """The body as a whole. Raises UnreachableError for one that is longer than any answer of this kind."""
    pieces, size = [], 0
    while piece := answer.read():
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            raise UnreachableError(f"the answer is longer than {limit} bytes")
    return b"".join(pieces)


def _conditions(etag: str, start: int) -> dict[str, Any]:
    match = {"IfMatch": f'"{etag}"'} if etag else {}
    return match | ({"Range": f"bytes={start}-"} if start else {})


def _quoted(key: str) -> str:
    """The key as botocore writes it into a URL."""
    return quote(key, safe="/~")


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _proxied(url: str) -> bool:
    host = urlsplit(url)
    return host.scheme in getproxies() and not proxy_bypass(host.hostname or "")


def _answer_error(answer: Answer, status: int) -> AnswerError:
    try:
        text = _whole(answer, _MAX_ERROR).decode("utf-8", "replace")
    except UnreachableError:
        text = ""
    said = {name: unescape(value) for name, value in _XML_MEMBER.findall(text)}
    return AnswerError(status, said.get("Code") or str(status), said.get("Message", ""))


def _sdk_answer_error(error: sdk.ClientError) -> AnswerError:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    answer = error.response.get("Error", {})
    return AnswerError(status, str(answer.get("Code", "")), str(answer.get("Message", "")), final=True)
