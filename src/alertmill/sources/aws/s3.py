"""The real store: one bucket behind boto3, GETs by the lighter client.

Listing, deleting and EC2 go through boto3 with its own retries; the retries of GETs are here, because they are told to
stop when the daemon is.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any

from botocore import exceptions as sdk

from alertmill import codes
from alertmill.config.models import AwsAccess
from alertmill.sources.aws.explain import SDK_ERRORS, Call, explain, explain_answer, is_about_the_caller, is_refusal
from alertmill.sources.aws.faults import FetchError, ObjectGoneError, StoreError
from alertmill.sources.aws.get_client import Answer, AnswerError, GetClient, UnreachableError
from alertmill.sources.aws.list_answer import read_page
from alertmill.sources.aws.listing import Listed, ListPage, ListRequest
from alertmill.sources.aws.session import AwsSession
from alertmill.sources.aws.store import HELD_BODY, Body, spool_file

if TYPE_CHECKING:
    from pathlib import Path

#: How often a GET is tried in all, and the longest pause between two tries in seconds.
ATTEMPTS = 10
LONGEST_PAUSE = 20.0

_TRY_AGAIN = frozenset({429, 500, 502, 503, 504})
_TRY_AGAIN_CODES = frozenset({"InternalError", "RequestTimeout", "ServiceUnavailable", "SlowDown"})
_TOO_MUCH = frozenset({429, 503})


class S3Store:
    """The bucket `name`, reached as `access` says.

    `regions` are those of the definition, `spool` is the folder for large bodies.

    `pause` waits between two attempts (seconds); `session` is one that is there already. Raises StoreError when there
    are no credentials.
    """

    def __init__(
        self,
        name: str,
        access: AwsAccess,
        regions: tuple[str, ...] = (),
        spool: Path | None = None,
        pause: Callable[[float], object] = time.sleep,
        session: AwsSession | None = None,
    ) -> None:
        self._name = name
        self._spool = spool
        self._pause = pause
        self.throttled: Callable[[], None] = _nobody_listens
        self._session = session or AwsSession(access, regions)
        self._arn = f"arn:{self._session.partition}:s3:::{name}"
        self._client = self._session.s3()
        self._get = GetClient(self._client, name, self._session.credentials(), self._session.ca_file())

    def list_page(self, request: ListRequest) -> ListPage:
        failures = 0
        while True:
            try:
                found = self._get.list(_parameters(request))
                return read_page(found) if found is not None else self._list_by_sdk(request)
            except SDK_ERRORS as error:
                raise self._explained(error, "s3:ListBucket", request.prefix, self._arn) from None
            except ValueError as error:
                failures = ATTEMPTS
                fault: Exception = error
            except (AnswerError, UnreachableError) as error:
                failures = failures + 1 if _may_pass(error) and not error.final else ATTEMPTS
                fault = error
            if failures >= ATTEMPTS:
                raise self._list_error(fault, request.prefix) from None
            self._wait(failures)

    def _list_by_sdk(self, request: ListRequest) -> ListPage:
        arguments: dict[str, Any] = {"Bucket": self._name, "Prefix": request.prefix, "MaxKeys": request.limit}
        if request.delimiter:
            arguments["Delimiter"] = "/"
        if request.token:
            arguments["ContinuationToken"] = request.token
        elif request.start_after:
            arguments["StartAfter"] = request.start_after
        answer = self._get.learn_from_list(arguments)
        objects = tuple(
            Listed(entry["Key"], entry["ETag"].strip('"'), entry["Size"], entry["LastModified"].timestamp())
            for entry in answer.get("Contents", ())
        )
        folders = tuple(entry["Prefix"] for entry in answer.get("CommonPrefixes", ()))
        return ListPage(objects, folders, answer.get("NextContinuationToken", ""))

    def fetch(self, key: str, etag: str, stopped: Callable[[], bool]) -> Body:
        download = _Download(self._spool)
        failures = 0
        while True:
            before = download.size
            try:
                return self._attempt(download, key, etag, stopped)
            except (AnswerError, UnreachableError) as error:
                failures = 1 if download.size > before else failures + 1
                if _is_too_much(error):
                    self.throttled()
                if error.final or failures >= ATTEMPTS or stopped() or not _may_pass(error):
                    download.give_up()
                    raise self._fetch_error(error, key) from None
            except SDK_ERRORS as error:
                download.give_up()
                raise self._explained(error, "s3:GetObject", key, self._objects()) from None
            except OSError as error:
                download.give_up()
                raise FetchError(f"the body could not be kept: {error.strerror or error}") from None
            except BaseException:
                download.give_up()
                raise
            self._wait(failures)

    def peek(self, key: str, etag: str) -> bytes:
        """The first bytes of an object, in one attempt. Raises as `fetch`."""
        try:
            answer = self._get.open(key, etag)
            try:
                return answer.read()
            finally:
                answer.close()
        except (AnswerError, UnreachableError) as error:
            raise self._fetch_error(error, key) from None
        except SDK_ERRORS as error:
            raise self._explained(error, "s3:GetObject", key, self._objects()) from None

    def delete(self, key: str, etag: str) -> None:
        try:
            self._client.delete_object(Bucket=self._name, Key=key, IfMatch=f'"{etag}"')
        except sdk.ClientError as error:
            if _status(error) in (404, 412):
                return  # gone already, or another object by now, which has not been read
            raise FetchError(str(self._explained(error, "s3:DeleteObject", key, self._objects()))) from None
        except SDK_ERRORS as error:
            raise FetchError(str(self._explained(error, "s3:DeleteObject", key, self._objects()))) from None

    def flow_logs(self, region: str) -> list[str] | None:
        try:
            client = self._session.ec2(region)
            if client is None:
                return None
            pages = client.get_paginator("describe_flow_logs").paginate()
            return [log["FlowLogId"] for page in pages for log in page.get("FlowLogs", ())]
        except SDK_ERRORS as error:
            call = Call("ec2:DescribeFlowLogs", f"region {region}", "*", self._session.who())
            raise self._named(explain(error, call), error, call) from None

    def close(self) -> None:
        self._get.close()
        self._client.close()

    # --- one object --------------------------------------------------------------------------------------------------

    def _attempt(self, download: _Download, key: str, etag: str, stopped: Callable[[], bool]) -> Body:
        answer = self._get.open(key, etag, download.size)
        try:
            download.read(answer, stopped)
        finally:
            answer.close()
        return download.body()

    def _fetch_error(self, error: AnswerError | UnreachableError, key: str) -> Exception:
        if isinstance(error, UnreachableError):
            return FetchError(f"s3:GetObject on s3://{self._name}/{key}: {error}", unreachable=True)
        call = self._call("s3:GetObject", key, self._objects())
        if is_about_the_caller(error.code):
            return explain_answer(error.code, error.message, call)
        if error.status in (404, 412):
            return ObjectGoneError(f"{key} was removed or replaced since it was listed")
        if is_refusal(error.code):
            call = self._call("s3:GetObject", key, self._objects(), self._session.identity())
            return FetchError(str(explain_answer(error.code, error.message, call)))
        told = explain_answer(error.code, error.message, call)
        return FetchError(str(told), unreachable=_may_pass(error), throttled=_is_too_much(error))

    def _wait(self, failures: int) -> None:
        self._pause(random.random() * min(LONGEST_PAUSE, 2**failures))  # noqa: S311  # spreads load, keeps no secret

    # --- words -------------------------------------------------------------------------------------------------------

    def _list_error(self, error: Exception, prefix: str) -> StoreError:
        call = self._call("s3:ListBucket", prefix, self._arn)
        if isinstance(error, AnswerError):
            if is_refusal(error.code):
                call = self._call(call.action, prefix, call.grant, self._session.identity())
            return explain_answer(error.code, error.message, call)
        code, exit_code = (codes.A_UNREACHABLE, 15) if isinstance(error, UnreachableError) else (codes.A_FAILED_CALL, 1)
        return StoreError(code, exit_code, f"{call.action} on {call.resource}: {error}")

    def _explained(self, error: Exception, action: str, key: str, grant: str) -> StoreError:
        call = self._call(action, key, grant)
        return self._named(explain(error, call), error, call)

    def _named(self, fault: StoreError, error: Exception, call: Call) -> StoreError:
        """A refusal names the identity, which is worth a call to STS."""
        if not isinstance(error, sdk.ClientError) or not is_refusal(error.response.get("Error", {}).get("Code", "")):
            return fault
        return explain(error, Call(call.action, call.resource, call.grant, self._session.identity()))

    def _call(self, action: str, key: str, grant: str, who: str | None = None) -> Call:
        return Call(action, f"s3://{self._name}/{key}", grant, self._session.who() if who is None else who)

    def _objects(self) -> str:
        return f"{self._arn}/*"


class _Download:
    """The bytes of an object as far as they have come, over several attempts."""

    def __init__(self, spool: Path | None) -> None:
        self._spool = spool
        self._held: list[bytes] = []
        self._file: IO[bytes] | None = None
        self.size = 0

    def read(self, answer: Answer, stopped: Callable[[], bool]) -> None:
        """Take in what the answer brings."""
        if answer.size is None or self.size + answer.size > HELD_BODY:
            self._to_file()
        while data := answer.read():
            self.size += len(data)
            if self._file is not None:
                self._file.write(data)
            else:
                self._held.append(data)
            if stopped():
                raise UnreachableError("stopped", final=True)

    def body(self) -> Body:
        if self._file is not None:
            return Body(file=self._file)
        return Body(b"".join(self._held))

    def give_up(self) -> None:
        if self._file is not None:
            self._file.close()

    def _to_file(self) -> None:
        if self._file is None:
            self._file = spool_file(self._spool)
            self._file.writelines(self._held)
            self._held.clear()


def _parameters(request: ListRequest) -> dict[str, str]:
    """The query of ListObjectsV2."""
    found = {"list-type": "2", "prefix": request.prefix, "max-keys": str(request.limit), "encoding-type": "url"}
    if request.delimiter:
        found["delimiter"] = "/"
    if request.token:
        found["continuation-token"] = request.token
    elif request.start_after:
        found["start-after"] = request.start_after
    return found


def _nobody_listens() -> None:
    """What is done about throttling where nothing else is."""


def _is_too_much(error: AnswerError | UnreachableError) -> bool:
    """Whether the service says that it is asked too often."""
    return isinstance(error, AnswerError) and (error.status in _TOO_MUCH or error.code == "SlowDown")


def _may_pass(error: AnswerError | UnreachableError) -> bool:
    """Whether trying again may help."""
    return isinstance(error, UnreachableError) or error.status in _TRY_AGAIN or error.code in _TRY_AGAIN_CODES


def _status(error: sdk.ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
