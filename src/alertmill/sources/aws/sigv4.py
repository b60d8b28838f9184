"""AWS Signature Version 4 for a GET without a body, in a tenth of the time that botocore takes.

Pure: credentials, address and time in, headers out. Everything else (other methods, bodies, other signature versions)
is botocore's business; a property holds both equal. Source: "Signature Version 4 signing process" in AWS's general
reference, and for S3 "Authenticating Requests: Using the Authorization Header".
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256

#: SHA-256 of nothing: the body of a GET.
EMPTY_BODY = sha256(b"").hexdigest()


def signed_headers(
    host: str, path: str, query: str, *, access_key: str, secret_key: str, token: str | None, region: str, now: float
) -> dict[str, str]:
    """The headers that sign `GET path?query` for S3, `Host` among them.

    `path` is quoted as it is sent, `query` is in canonical form (names sorted, quoted, each with `=`), `now` epoch
    seconds.
    """
    moment = _moment(int(now))
    scope = f"{moment[:8]}/{region}/s3/aws4_request"
    headers = {"host": host, "x-amz-content-sha256": EMPTY_BODY, "x-amz-date": moment}
    if token:
        headers["x-amz-security-token"] = token
    names = ";".join(headers)
    request = f"GET\n{path}\n{query}\n{_lines(headers)}\n{names}\n{EMPTY_BODY}"
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{sha256(request.encode()).hexdigest()}"
    signature = _hmac(_key(secret_key, moment[:8], region), text).hex()
    headers["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return headers


def _lines(headers: Mapping[str, str]) -> str:
    return "".join(f"{name}:{value}\n" for name, value in headers.items())


@lru_cache(maxsize=4)
def _moment(now: int) -> str:
    return datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")


@lru_cache(maxsize=64)
def _key(secret: str, day: str, region: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, "s3", "aws4_request"):
        key = _hmac(key, part)
    return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
