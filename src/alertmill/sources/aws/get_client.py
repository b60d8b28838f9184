"""GetObject without the SDK's weight: signed by botocore, sent over kept-alive connections of `http.client`.

A GET costs about a sixth of the CPU of boto3's (docs/decisions/0004-s3-get-client.md), which counts where objects hold
few events. The first GET goes through boto3 and teaches where objects lie and for which region to sign; whatever does
not fit the simple picture (a proxy, another signature version, a redirect) goes through boto3 for good.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, urlsplit
from urllib.request import getproxies, proxy_bypass

from botocore import exceptions as sdk
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.httpsession import get_cert_path

from alertmill import __version__

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
#: Longest error answer that is looked at, in bytes.
_MAX_ERROR = 64 * 1024


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

    def read(self, amount: int) -> bytes:
        """Up to `amount` bytes, empty at the end. Raises UnreachableError when the body is cut short."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where the objects of a bucket lie, as boto3 addresses them: the URL before the key, and the signing region."""

    url: str
    region: str


class GetClient:
    """Opens objects of one bucket. Safe to use from several threads; each keeps one connection alive.

    `credentials` is botocore's object, None when there are none; `ca_file` the certificates to trust, None for those
    that come with botocore.
    """

    def __init__(self, client: S3Client, bucket: str, credentials: Any, ca_file: str | None = None) -> None:
        self._client = client
        self._bucket = bucket
        self._credentials = credentials
        self._ca_file = ca_file
        self._place: Place | None = None
        self._simple = credentials is not None
        self._local = threading.local()
        self._lock = threading.Lock()
        self._context: ssl.SSLContext | None = None
        #: Open connections, and whether an answer is being read from them.
        self._connections: dict[http.client.HTTPConnection, bool] = {}
        self._closed = False
        client.meta.events.register_last("before-send.s3.GetObject", self._learn)

    def open(self, key: str, etag: str, start: int = 0) -> Answer:
        """The object's bytes from `start` on, provided that it still has this ETag.

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

    def close(self) -> None:
        """Cut all connections; reads under way end with UnreachableError."""
        with self._lock:
            self._closed = True
            for connection, busy in self._connections.items():
                if busy:
                    _cut(connection)  # its reader closes it
                else:
                    connection.close()
            self._connections.clear()

    # --- boto3 -------------------------------------------------------------------------------------------------------

    def _open_by_sdk(self, key: str, etag: str, start: int) -> Answer:
        self._local.key, self._local.place = key, None
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=key, **_conditions(etag, start))
        except sdk.ClientError as error:
            raise _sdk_answer_error(error) from None
        except (sdk.ConnectionError, sdk.HTTPClientError) as error:
            raise UnreachableError(str(error), final=True) from None
        if self._simple and self._place is None:
            self._place = self._local.place
            self._simple = self._place is not None
        return _SdkAnswer(answer["Body"], answer["ContentLength"])

    def _learn(self, request: Any, **_: Any) -> None:
        """boto3 is about to send a GET: remember its address and region; the last one before success is right."""
        signed = _SIGNED.match(_text(request.headers.get("Authorization", "")))
        path = _quoted(self._local.key)
        if signed and request.url.endswith(f"/{path}") and not _proxied(request.url):
            self._local.place = Place(request.url[: -len(path)], signed.group(1))

    # --- past boto3 --------------------------------------------------------------------------------------------------

    def _open(self, place: Place, key: str, etag: str, start: int) -> Answer:
        request = AWSRequest("GET", place.url + _quoted(key), headers={"User-Agent": _AGENT, "If-Match": f'"{etag}"'})
        if start:
            request.headers["Range"] = f"bytes={start}-"
        S3SigV4Auth(self._credentials.get_frozen_credentials(), "s3", place.region).add_auth(request)
        connection, response = self._send(request)
        if response.status in (200, 206):
            answer = _HttpAnswer(self, connection, response)
            if response.status == 200 and start:
                answer.skip(start)  # the server knows no ranges
            return answer
        error = _answer_error(response)
        self._finish(connection, response)
        if response.status < 400 or error.code in _FOR_SDK:
            raise _UnexpectedAnswerError
        raise error

    def _send(self, request: AWSRequest) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        target = urlsplit(_text(request.url or ""))
        headers = {name: _text(value) for name, value in request.headers.items()}
        kept = getattr(self._local, "connection", None)
        while True:
            connection = kept or self._connect(target.scheme, target.hostname or "", target.port)
            self._mark(connection)
            try:
                connection.request("GET", target.path, headers=headers)
                return connection, connection.getresponse()
            except (OSError, http.client.HTTPException) as error:
                self._drop(connection)
                if kept is None or isinstance(error, TimeoutError):
                    raise UnreachableError(f"{target.hostname}: {str(error) or type(error).__name__}") from None
                kept = None  # it was closed while it was idle

    def _connect(self, scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection
        if scheme == "https":
            connection = http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=self._trust())
        else:
            connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
        self._local.connection = connection
        return connection

    def _trust(self) -> ssl.SSLContext:
        with self._lock:
            if self._context is None:
                self._context = ssl.create_default_context(cafile=self._ca_file or get_cert_path(True))
            return self._context

    def _mark(self, connection: http.client.HTTPConnection) -> None:
        """The connection is in use."""
        with self._lock:
            if self._closed:
                raise UnreachableError("closed", final=True)
            self._connections[connection] = True

    def _finish(self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> None:
        """Keep the connection for the next request if the answer was read to its end."""
        whole = response.isclosed()
        response.close()
        with self._lock:
            if whole and not self._closed:
                self._connections[connection] = False
                return
        self._drop(connection)

    def _drop(self, connection: http.client.HTTPConnection) -> None:
        """Do not use this connection again."""
        connection.close()
        self._local.connection = None
        with self._lock:
            self._connections.pop(connection, None)


class _HttpAnswer:
    def __init__(
        self, client: GetClient, connection: http.client.HTTPConnection, response: http.client.HTTPResponse
    ) -> None:
        self._client = client
        self._connection = connection
        self._response = response
        self.size = response.length
        self._left = response.length

    def read(self, amount: int) -> bytes:
        try:
            data = self._response.read(amount)
        except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: cut from another thread
            raise UnreachableError(str(error) or type(error).__name__) from None
        if self._left is not None:
            self._left -= len(data)
            if not data and self._left:
                raise UnreachableError(f"the body ended {self._left} bytes early")
        return data

    def skip(self, count: int) -> None:
        while count:
            count -= len(self.read(min(count, _MAX_ERROR)) or b"x" * count)
        self.size = self._left

    def close(self) -> None:
        self._client._finish(self._connection, self._response)


class _SdkAnswer:
    def __init__(self, body: Any, size: int) -> None:
        self._body = body
        self.size: int | None = size

    def read(self, amount: int) -> bytes:
        try:
            data: bytes = self._body.read(amount)
        except (sdk.BotoCoreError, OSError) as error:
            raise UnreachableError(str(error) or type(error).__name__) from None
        return data

    def close(self) -> None:
        self._body.close()


def _conditions(etag: str, start: int) -> dict[str, Any]:
    return {"IfMatch": f'"{etag}"', **({"Range": f"bytes={start}-"} if start else {})}


def _quoted(key: str) -> str:
    """The key as botocore writes it into a URL."""
    return quote(key, safe="/~")


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _proxied(url: str) -> bool:
    host = urlsplit(url)
    return host.scheme in getproxies() and not proxy_bypass(host.hostname or "")


def _answer_error(response: http.client.HTTPResponse) -> AnswerError:
    try:
        text = response.read(_MAX_ERROR).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException):
        text = ""
    said = {name: unescape(value) for name, value in _XML_MEMBER.findall(text)}
    return AnswerError(response.status, said.get("Code") or str(response.status), said.get("Message", ""))


def _sdk_answer_error(error: sdk.ClientError) -> AnswerError:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    answer = error.response.get("Error", {})
    return AnswerError(status, str(answer.get("Code", "")), str(answer.get("Message", "")), final=True)


def _cut(connection: http.client.HTTPConnection) -> None:
    """End a connection that another thread may be reading from."""
    if connection.sock is not None:
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)
