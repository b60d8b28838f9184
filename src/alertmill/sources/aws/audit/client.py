"""What the audit asks AWS for beside listing and reading logs: digest files with their metadata, and public keys."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING

from botocore import exceptions as sdk
from botocore.exceptions import ClientError

from alertmill import codes
from alertmill.config.models import AwsAccess
from alertmill.sources.aws.explain import SDK_ERRORS, Call, explain, is_about_the_caller, is_refusal
from alertmill.sources.aws.faults import FetchError, ObjectGoneError, StoreError
from alertmill.sources.aws.public_keys import PublicKeyError, PublicKeys, from_answer
from alertmill.sources.aws.session import AwsSession

if TYPE_CHECKING:
    from botocore.response import StreamingBody

#: How often the body of a digest file is asked for when the connection breaks in the middle of it.
_ATTEMPTS = 3
_PIECE = 1024 * 1024
_BROKEN = (sdk.IncompleteReadError, sdk.HTTPClientError, sdk.ResponseStreamingError)


class AuditClient:
    """The bucket `name`, reached as `access` says; `regions` are those of the definition. Safe to call from any thread.

    Raises StoreError when there are no credentials.
    """

    def __init__(self, name: str, access: AwsAccess, regions: tuple[str, ...] = ()) -> None:
        self._name = name
        self._session = AwsSession(access, regions)
        self._client = self._session.s3()
        self._tells_versions = True

    def read(self, key: str, limit: int) -> tuple[bytes, Mapping[str, str]]:
        """The object as it lies there, and its metadata.

        Raises FetchError (also for more than `limit` bytes), ObjectGoneError, or StoreError.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                answer = self._client.get_object(Bucket=self._name, Key=key)
                with closing(answer["Body"]) as body:
                    return _content(body, limit), answer["Metadata"]
            except SDK_ERRORS as error:
                if attempt == _ATTEMPTS or not isinstance(error, _BROKEN):
                    raise self._explained(error, key) from None
        raise AssertionError("the last attempt returns or raises")

    def public_keys(self, region: str, since: datetime, until: datetime) -> PublicKeys:
        """The keys that CloudTrail signed with in a region at some time between these two. Raises StoreError."""
        call = Call("cloudtrail:ListPublicKeys", f"region {region}", "*", self._session.who())
        try:
            client = self._session.cloudtrail(region)
            if client is None:
                text = "an S3 of one's own has no CloudTrail beside it that could be asked for public keys"
                raise StoreError(codes.A_DEFINITION, 1, text)
            pages = client.get_paginator("list_public_keys").paginate(StartTime=since, EndTime=until)
            return from_answer(entry for page in pages for entry in page.get("PublicKeyList", ()))
        except SDK_ERRORS as error:
            raise explain(error, self._named(error, call)) from None
        except PublicKeyError as error:
            raise StoreError(codes.A_FAILED_CALL, 1, f"{call.action} for {call.resource}: {error}") from None

    def versions(self, key: str) -> list[str]:
        """The ETags of all versions of an object, deleted ones included.

        None where the bucket keeps no versions of it or may not be asked for them: it is a question out of curiosity.
        """
        if not self._tells_versions:
            return []
        try:
            answer = self._client.list_object_versions(Bucket=self._name, Prefix=key)
        except SDK_ERRORS:
            self._tells_versions = False
            return []
        return [version["ETag"].strip('"') for version in answer.get("Versions", ()) if version["Key"] == key]

    def close(self) -> None:
        self._client.close()

    def _explained(self, error: Exception, key: str) -> Exception:
        grant = f"arn:{self._session.partition}:s3:::{self._name}/*"
        call = Call("s3:GetObject", f"s3://{self._name}/{key}", grant, self._session.who())
        if not isinstance(error, ClientError):
            return explain(error, call)
        code = error.response.get("Error", {}).get("Code", "")
        if code in ("404", "NoSuchKey"):
            return ObjectGoneError(f"{key} was removed since it was listed")
        fault = explain(error, self._named(error, call))
        return fault if is_about_the_caller(code) else FetchError(str(fault))

    def _named(self, error: Exception, call: Call) -> Call:
        """A refusal names the identity, which is worth a call to STS."""
        refused = isinstance(error, ClientError) and is_refusal(error.response.get("Error", {}).get("Code", ""))
        return Call(call.action, call.resource, call.grant, self._session.identity()) if refused else call


def _content(body: StreamingBody, limit: int) -> bytes:
    """All of a body; only reading to its end tells one that was cut off. Raises FetchError for more than `limit`."""
    held = bytearray()
    while piece := body.read(_PIECE):
        held += piece
        if len(held) > limit:
            raise FetchError(f"it is larger than {limit} bytes")
    return bytes(held)
