"""What the SDK's own chain of credentials has found: whose they are, and how a refresh of them fails.

The chain itself (environment, shared files, SSO, web identity, container, instance) is the SDK's business.
"""

from __future__ import annotations

from typing import Any

import boto3
from botocore import exceptions as sdk

from alertmill.sources.aws.explain import SDK_ERRORS

#: What the SDK lets through of a token file that is missing, a program that prints no JSON, a clock that is wrong.
_NOT_OF_THE_SDK = (OSError, RuntimeError, ValueError)

#: Whose credentials those are that belong to no profile, by the SDK's word for where it found them.
_OWNERS = {
    "assume-role-with-web-identity": "the web identity's role",
    "container-role": "the container's role",
    "iam-role": "the instance's role",
}


def found_name(session: boto3.Session) -> str:
    """Whose credentials the session has, empty for none. Raises SDK_ERRORS."""
    try:
        credentials: Any = session.get_credentials()
    except SDK_ERRORS:
        raise
    except _NOT_OF_THE_SDK as error:
        raise _unavailable(error, "the credential chain") from None
    if credentials is None:
        return ""
    tell_as_the_sdk(credentials)
    if credentials.method == "env":
        return f"access key ...{credentials.access_key[-4:]} of the environment"
    return _OWNERS.get(credentials.method, f"profile {session.profile_name}")


def tell_as_the_sdk(credentials: Any) -> None:
    """Have whatever goes wrong in a refresh be an error of the SDK: everybody expects those."""
    refresh = getattr(credentials, "_protected_refresh", None)  # botocore has no public place for this
    if refresh is None:
        return

    def refreshed(is_mandatory: bool) -> None:
        try:
            refresh(is_mandatory)
        except SDK_ERRORS:
            raise
        except _NOT_OF_THE_SDK as error:
            raise _unavailable(error, credentials.method) from None

    credentials._protected_refresh = refreshed


def _unavailable(error: Exception, provider: str) -> Exception:
    return sdk.CredentialRetrievalError(provider=provider, error_msg=str(error))
