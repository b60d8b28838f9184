"""Errors of the AWS SDK -> one sentence that names the call, the resource, who asked, and what is missing.

Whatever botocore raises goes through `explain`; no other module looks into its exceptions. No secrets: an access key id
is not one, and nothing else of the credentials is shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from botocore import exceptions as sdk

from alertmill import codes
from alertmill.codes import Code
from alertmill.sources.aws.faults import StoreError

#: Where SDK errors are raised that are not answers of a service.
SDK_ERRORS = (sdk.BotoCoreError, sdk.ClientError)

_ACCESS = frozenset({"AccessDenied", "AccessDeniedException", "AllAccessDisabled", "UnauthorizedOperation", "403"})
_CREDENTIALS = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "InvalidToken",
        "MissingAuthenticationToken",
        "NotSignedUp",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
        "UnrecognizedClientException",
    }
)
_CLOCK = frozenset({"RequestTimeTooSkewed", "RequestInTheFuture"})
_THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_NO_CREDENTIALS = (
    sdk.CredentialRetrievalError,
    sdk.NoCredentialsError,
    sdk.PartialCredentialsError,
    sdk.SSOError,
    sdk.TokenRetrievalError,
    sdk.UnauthorizedSSOTokenError,
)
_UNREACHABLE = (sdk.ConnectionError, sdk.HTTPClientError)
#: `... is not authorized to perform: kms:Decrypt on resource: ...` says more than the call's name.
_NAMED_ACTION = re.compile(r"not authorized to perform: ([a-z0-9-]+:[A-Za-z*]+)")


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked: `s3:ListBucket` on `s3://my-trail/AWSLogs/`, needing the action on the resource `grant`.

    `who` is the identity as far as it is known without asking AWS.
    """

    action: str
    resource: str
    grant: str
    who: str = ""


def explain(error: Exception, call: Call) -> StoreError:
    """The fault that an SDK error is. `ends_run` is false for a refusal and for throttling of a single call."""
    if isinstance(error, sdk.ClientError):
        answer = error.response.get("Error", {})
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return explain_answer(str(answer.get("Code") or f"HTTP {status}"), str(answer.get("Message", "")), call)
    text = _one_line(str(error))
    if isinstance(error, sdk.ProfileNotFound):
        return StoreError(codes.A_CREDENTIALS, 12, text)
    if isinstance(error, _NO_CREDENTIALS):
        return StoreError(codes.A_CREDENTIALS, 3, f"no usable AWS credentials for {call.action}: {text}")
    if isinstance(error, sdk.NoRegionError):
        return StoreError(codes.A_DEFINITION, 22, f"{call.action} needs a region: set one in the profile")
    if isinstance(error, _UNREACHABLE):
        return StoreError(codes.A_UNREACHABLE, 15, f"{call.action} on {call.resource}: {text}")
    return StoreError(codes.A_FAILED_CALL, 1, f"{call.action} on {call.resource} failed: {text}")


def explain_answer(code: str, message: str, call: Call) -> StoreError:
    """The fault that an error answer of a service is, by its code."""
    said = _one_line(f"{code}: {message}" if message else code)
    place = f"{call.action} on {call.resource}"
    if code in _ACCESS:
        return StoreError(codes.A_REFUSED, 1, _refusal(said, message, call), ends_run=False)
    if code in _CREDENTIALS:
        return _fault(codes.A_CREDENTIALS, 3, f"Invalid credentials to access S3 Bucket: {place}{_by(call)}: {said}")
    if code in _CLOCK:
        text = "The server datetime and datetime of the AWS environment differ"
        return _fault(codes.A_CLOCK, 19, f"{text}: {place}: {said}; set this machine's clock")
    if code in _THROTTLED:
        return StoreError(
            codes.A_THROTTLED, 16, f"{place} was denied due to request throttling: {said}", ends_run=False
        )
    if code == "NoSuchBucket":
        return _fault(codes.A_NO_BUCKET, 1, f"{place}: {said}")
    return _fault(codes.A_FAILED_CALL, 1, f"{place} failed: {said}")


def is_refusal(code: str) -> bool:
    return code in _ACCESS


def is_about_the_caller(code: str) -> bool:
    """Whether an error code blames the caller's credentials, clock or bucket name, never the single object."""
    return code in _CREDENTIALS or code in _CLOCK or code == "NoSuchBucket"


def _fault(code: Code, exit_code: int, message: str) -> StoreError:
    return StoreError(code, exit_code, message)


def _refusal(said: str, message: str, call: Call) -> str:
    named = _NAMED_ACTION.search(message)
    action = named.group(1) if named else call.action
    grant = f"allow {action} on {call.grant}" if action == call.action else f"allow {action} as well"
    return f"{call.action} on {call.resource} was refused{_by(call)}: {said}; {grant}"


def _by(call: Call) -> str:
    return f" for {call.who}" if call.who else ""


def _one_line(text: str) -> str:
    return " ".join(text.split())[:500]
