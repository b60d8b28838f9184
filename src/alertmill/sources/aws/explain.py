"""Errors of the AWS SDK -> one sentence that names the call, the resource, who asked, and what is missing.

Whatever botocore raises goes through `explain`; no other module looks into its exceptions. No secrets: an access key id
is not one, and nothing else of the credentials is shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from botocore import exceptions as sdk
from botocore.parsers import ResponseParserError

from alertmill import codes
from alertmill.codes import Code
from alertmill.sources.aws.faults import StoreError

#: Where SDK errors are raised that are not answers of a service.
SDK_ERRORS = (sdk.BotoCoreError, sdk.ClientError, ResponseParserError)

_ACCESS = frozenset(
    {
        "403",
        "AccessDenied",
        "AccessDeniedException",
        "AllAccessDisabled",
        "AuthorizationError",
        "UnauthorizedAccess",
        "UnauthorizedException",
        "UnauthorizedOperation",
    }
)
_CREDENTIALS = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IDPCommunicationError",
        "IDPRejectedClaim",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidIdentityToken",
        "InvalidSecurity",
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
        "429",
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
    sdk.ConfigNotFound,
    sdk.ConfigParseError,
    sdk.CredentialRetrievalError,
    sdk.InvalidConfigError,
    sdk.MetadataRetrievalError,
    sdk.NoCredentialsError,
    sdk.PartialCredentialsError,
    sdk.RefreshWithMFAUnsupportedError,
    sdk.SSOError,
    sdk.TokenRetrievalError,
    sdk.UnknownCredentialError,
)
#: Calls that the SDK makes by itself to get at credentials, and what they need.
_FOR_CREDENTIALS = {
    "AssumeRole": "sts:AssumeRole",
    "AssumeRoleWithWebIdentity": "sts:AssumeRoleWithWebIdentity",
    "CreateToken": "sso-oidc:CreateToken",
    "GetRoleCredentials": "sso:GetRoleCredentials",
}
_UNREACHABLE = (sdk.ConnectionError, sdk.HTTPClientError)
#: `... is not authorized to perform: kms:Decrypt on resource: ...` says more than the call's name.
_NAMED_ACTION = re.compile(
    r"not authorized to perform: ([a-z0-9-]+:[A-Za-z*]+)(?: on (?:the )?resources?(?: with ARN|:)? (arn:\S*[^\s.,;]))?"
)
#: `... with an explicit deny in a service control policy`: no permission that is granted elsewhere helps.
_DENIED = re.compile(r"with an explicit deny( in [a-z -]+)?")


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
        code, message = str(answer.get("Code") or f"HTTP {status}"), str(answer.get("Message", ""))
        made = _FOR_CREDENTIALS.get(error.operation_name, call.action)
        return explain_answer(code, message, call) if made == call.action else _unmade(made, code, message, call)
    text = _one_line(str(error))
    if isinstance(error, sdk.ProfileNotFound):
        return StoreError(codes.A_CREDENTIALS, 12, text)
    if isinstance(error, _NO_CREDENTIALS):
        return StoreError(codes.A_CREDENTIALS, 3, f"{_no_credentials(call)}: {text}")
    if isinstance(error, sdk.NoRegionError):
        text = "set AWS_DEFAULT_REGION, or region in the profile"
        return StoreError(codes.A_DEFINITION, 22, f"{_place(call)} needs a region: {text}")
    if isinstance(error, _UNREACHABLE):
        return StoreError(codes.A_UNREACHABLE, 15, f"{_place(call)}: {text}")
    return StoreError(codes.A_FAILED_CALL, 1, f"{_place(call)}{_by(call)} failed: {text}")


def explain_answer(code: str, message: str, call: Call) -> StoreError:
    """The fault that an error answer of a service is, by its code."""
    said, place = _said(code, message), _place(call)
    if code in _ACCESS:
        return StoreError(codes.A_REFUSED, 1, _refusal(said, message, call), ends_run=False)
    if code in _CREDENTIALS:
        what = "Invalid credentials to access S3 Bucket" if call.action.startswith("s3") else "Invalid credentials"
        return _fault(codes.A_CREDENTIALS, 3, f"{what}: {place}{_by(call)}: {said}")
    if code in _CLOCK:
        text = "The server datetime and datetime of the AWS environment differ"
        return _fault(codes.A_CLOCK, 19, f"{text}: {place}{_by(call)}: {said}; set this machine's clock")
    if code in _THROTTLED:
        text = f"{place}{_by(call)} was denied due to request throttling: {said}"
        return StoreError(codes.A_THROTTLED, 16, text, ends_run=False)
    if code == "NoSuchBucket":
        return _fault(codes.A_NO_BUCKET, 1, f"{place}{_by(call)}: {said}")
    return _fault(codes.A_FAILED_CALL, 1, f"{place}{_by(call)} failed: {said}")


def is_refusal(code: str) -> bool:
    return code in _ACCESS


def is_about_the_caller(code: str) -> bool:
    """Whether an error code blames the caller's credentials, clock or bucket name, never the single object."""
    return code in _CREDENTIALS or code in _CLOCK or code == "NoSuchBucket"


def _fault(code: Code, exit_code: int, message: str) -> StoreError:
    return StoreError(code, exit_code, message)


def _unmade(made: str, code: str, message: str, call: Call) -> StoreError:
    """The fault of a call that the SDK made on the way, for credentials."""
    said = _said(code, message)
    if code in _THROTTLED:
        return StoreError(codes.A_THROTTLED, 16, f"{_no_credentials(call)}: {made} was throttled: {said}")
    hint = ""
    if code in _ACCESS:
        action, resource = _named(message)
        hint = f"; allow {action or made}{f' on {resource}' if resource else ''}, also in the role's trust policy"
    return StoreError(codes.A_CREDENTIALS, 3, f"{_no_credentials(call)}: {made} failed: {said}{hint}")


def _no_credentials(call: Call) -> str:
    return f"no usable AWS credentials{f' for {_place(call)}' if call.action else ''}{_by(call, ' from')}"


def _refusal(said: str, message: str, call: Call) -> str:
    return f"{_place(call)} was refused{_by(call)}: {said}; {_grant(message, call)}"


def _grant(message: str, call: Call) -> str:
    """What has to be granted, or taken back."""
    action, resource = _named(message)
    if denied := _DENIED.search(message):
        return f"take back the explicit deny of {action or call.action}{denied.group(1) or ''}"
    if action and action != call.action:
        return f"allow {action} on {resource}" if resource else f"allow {action} as well"
    trust = ", also in the role's trust policy" if call.action == "sts:AssumeRole" else ""
    return f"allow {call.action} on {call.grant}{trust}"


def _named(message: str) -> tuple[str, str]:
    """The action that an answer says is missing, and the resource; empty where it does not."""
    found = _NAMED_ACTION.search(message)
    return (found.group(1), found.group(2) or "") if found else ("", "")


def _place(call: Call) -> str:
    return f"{call.action} on {call.resource}"


def _by(call: Call, word: str = " for") -> str:
    return f"{word} {call.who}" if call.who else ""


def _said(code: str, message: str) -> str:
    return _one_line(f"{code}: {message}" if message else code)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:500]
