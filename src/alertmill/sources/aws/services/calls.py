"""The calls that services need, one page at a time, and what their errors mean.

The only module of services that looks into the SDK's answers and errors. Nothing is retried here: the SDK has done so.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from botocore import exceptions as sdk

from alertmill import codes
from alertmill.errors import AlertmillError
from alertmill.sources.aws.explain import SDK_ERRORS, Call, explain, is_refusal
from alertmill.sources.aws.faults import StoreError
from alertmill.sources.aws.services.cloudwatchlogs import LogEvent, LogStream
from alertmill.sources.aws.services.inspector import Finding
from alertmill.sources.aws.session import AwsSession

if TYPE_CHECKING:
    from mypy_boto3_inspector2 import Inspector2Client
    from mypy_boto3_logs import CloudWatchLogsClient

_NOT_FOUND = "ResourceNotFoundException"
#: What reading an answer raises that is not of the form that AWS gives it.
_ODD_ANSWERS = (AttributeError, KeyError, TypeError, ValueError)
_ERRORS = (*SDK_ERRORS, *_ODD_ANSWERS)
#: Exit codes of the reference (aws-wodle.md 11 and 13.2).
_EXIT_LOGS, _EXIT_INSPECTOR = 16, 12
#: The last time that is taken for one, in milliseconds.
_LAST_TIME = 253_402_300_799_999
#: Findings of a page.
_FINDINGS = 100


class TokenRefusedError(AlertmillError):
    """A token is not valid or no longer so: reading goes on from a time."""


class StreamGoneError(AlertmillError):
    """The stream was deleted since it was listed. Not a failure."""


class LogsCalls:
    """CloudWatch Logs in one region. All methods raise StoreError, and may be called from any thread."""

    def __init__(self, client: CloudWatchLogsClient, session: AwsSession, region: str) -> None:
        self._client = client
        self._session = session
        self._region = region

    def streams(self, group: str, token: str) -> tuple[list[LogStream], str]:
        """A page of the streams of a group, by name, and the token of the next page, empty for none."""
        more: dict[str, Any] = {"nextToken": token} if token else {}
        try:
            answer = self._client.describe_log_streams(logGroupName=group, orderBy="LogStreamName", **more)
            found = [
                LogStream(entry["logStreamName"], entry.get("creationTime"), entry.get("lastIngestionTime"))
                for entry in answer["logStreams"]
            ]
        except _ERRORS as error:
            raise self._fault(error, "DescribeLogStreams", group, "get_log_streams") from None
        return found, answer.get("nextToken") or ""

    def events(
        self, group: str, stream: str, since: int, token: str, limit: int, upto: int | None = None
    ) -> tuple[list[LogEvent], str, int | None]:
        """A page of events, the token of the next one, and AWS's clock in milliseconds if the answer shows it.

        Raises TokenRefusedError, which can also mean that the stream is gone, and without a token StreamGoneError.
        """
        request: dict[str, Any] = {"logGroupName": group, "logStreamName": stream, "startTime": since, "limit": limit}
        if upto is not None:
            request["endTime"] = upto
        if token:
            request["nextToken"] = token
        try:
            answer = self._client.get_log_events(startFromHead=True, **request)
            found = _events(answer["events"])
        except _ERRORS as error:
            code = _code_of(error)
            if token and code in (_NOT_FOUND, "InvalidParameterException"):
                raise TokenRefusedError(str(error)) from None
            if code == _NOT_FOUND:
                raise StreamGoneError(str(error)) from None
            raise self._fault(error, "GetLogEvents", group, "get_log_events") from None
        return found, answer.get("nextForwardToken") or "", _clock_of(answer)

    def delete(self, group: str, stream: str) -> None:
        """Delete a stream; one that is gone already is no error."""
        try:
            self._client.delete_log_stream(logGroupName=group, logStreamName=stream)
        except _ERRORS as error:
            if _code_of(error) != _NOT_FOUND:
                raise self._fault(error, "DeleteLogStream", group, "delete_log_stream") from None

    def close(self) -> None:
        self._client.close()

    def _fault(self, error: Exception, operation: str, group: str, request: str) -> StoreError:
        """The fault, in the words of the reference."""
        place = f"log group {group} in {self._region}"
        grant = f"arn:{self._session.partition}:logs:{self._region}:*:log-group:{group}:*"
        fault = _explained(error, Call(f"logs:{operation}", place, grant, self._session.who()), self._session)
        code = codes.A_NO_LOG_GROUP if _code_of(error) == _NOT_FOUND else fault.code
        exit_code = _EXIT_LOGS if isinstance(error, sdk.ClientError) else fault.exit_code
        return StoreError(code, exit_code, f'The "{request}" request failed: {_text(fault)}', ends_run=fault.ends_run)


class InspectorCalls:
    """Amazon Inspector in one region. `known` says whether the SDK knows the service there."""

    def __init__(self, client: Inspector2Client, session: AwsSession, region: str, *, known: bool) -> None:
        self._client = client
        self._session = session
        self._region = region
        self._known = known

    def findings(self, start: int, end: int, token: str) -> tuple[list[Finding], str]:
        """A page of the findings updated between two times (milliseconds), and the token of the next one."""
        window = {"startInclusive": _moment(start), "endInclusive": _moment(end)}
        request: dict[str, Any] = {"filterCriteria": {"updatedAt": [window]}, "maxResults": _FINDINGS}
        if token:
            request["nextToken"] = token
        try:
            answer = self._client.list_findings(**request)
            found: list[Finding] = [dict(finding) for finding in answer["findings"]]
        except _ERRORS as error:
            raise self._fault(error) from None
        return found, answer.get("nextToken") or ""

    def close(self) -> None:
        self._client.close()

    def _fault(self, error: Exception) -> StoreError:
        call = Call("inspector2:ListFindings", f"region {self._region}", "*", self._session.who())
        fault = _explained(error, call, self._session)
        if fault.code is codes.A_UNREACHABLE and not self._known:
            text = f"Unsupported region '{self._region}': the SDK knows no Inspector there; {_text(fault)}"
            return StoreError(codes.A_NO_SERVICE_THERE, 22, text)
        exit_code = _EXIT_INSPECTOR if isinstance(error, sdk.ClientError) else fault.exit_code
        return StoreError(fault.code, exit_code, _text(fault), ends_run=fault.ends_run)


def _explained(error: Exception, call: Call, session: AwsSession) -> StoreError:
    """The fault; a refusal names the identity, which is worth a call to STS."""
    if not isinstance(error, SDK_ERRORS):
        text = f"{call.action} on {call.resource}: the answer is none of AWS's; is there a proxy in between?"
        return StoreError(codes.A_FAILED_CALL, 1, text)
    if is_refusal(_code_of(error)):
        call = Call(call.action, call.resource, call.grant, session.identity())
    return explain(error, call)


def _text(fault: StoreError) -> str:
    return str(fault).removesuffix(f"  [{fault.code.id}]")


def _code_of(error: Exception) -> str:
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, sdk.ClientError) else ""


def _events(entries: Any) -> list[LogEvent]:
    found = []
    for entry in entries:
        time = entry.get("timestamp") or 0
        ingested = entry.get("ingestionTime") or time
        found.append(LogEvent(_possible(time), _possible(ingested), entry.get("message", "")))
    return found


def _possible(time: int) -> int:
    return min(max(time, 0), _LAST_TIME)


def _clock_of(answer: Any) -> int | None:
    """What AWS's clock showed, to the second."""
    try:
        date = answer["ResponseMetadata"]["HTTPHeaders"]["date"]
        return int(parsedate_to_datetime(date).timestamp() * 1000)
    except (KeyError, TypeError, ValueError):
        return None


def _moment(time: int) -> datetime:
    return datetime.fromtimestamp(time / 1000, UTC)
