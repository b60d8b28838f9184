"""One CloudTrail record from its parts, with the members and their order as AWS writes them."""

from __future__ import annotations

from alertmill.samples.cast import Caller, Cast, Json
from alertmill.samples.objects import Dice

#: An error code and its message. A failed sign-in has only the message: its code is empty.
Failure = tuple[str, str]


def record(
    dice: Dice,
    cast: Cast,
    caller: Caller,
    source: str,
    name: str,
    *,
    params: Json | str | None = None,
    response: Json | str | None = None,
    failure: Failure | None = None,
    more: Json | None = None,
    resource: tuple[str, str] | None = None,
    read_only: bool = False,
    event_type: str = "AwsApiCall",
) -> Json:
    """A record without its time: `eventTime` is there, empty, for the caller to fill in.

    `source` is the service's short name (`ec2`), `resource` a type and an ARN, `more` the `additionalEventData`.
    """
    host = f"{source}.amazonaws.com"
    made: Json = {
        "eventVersion": "1.09",
        "userIdentity": caller.identity,
        "eventTime": "",
        "eventSource": host,
        "eventName": name,
        "awsRegion": cast.region,
        "sourceIPAddress": caller.address,
        "userAgent": caller.agent,
    }
    if failure is not None:
        code, message = failure
        if code:
            made["errorCode"] = code
        made["errorMessage"] = message
    made["requestParameters"] = params
    made["responseElements"] = response
    if more is not None:
        made["additionalEventData"] = more
    made["requestID"] = dice.uuid()
    made["eventID"] = dice.uuid()
    made["readOnly"] = read_only
    if resource is not None:
        made["resources"] = [{"accountId": cast.account, "type": resource[0], "ARN": resource[1]}]
    made["eventType"] = event_type
    made["managementEvent"] = True
    made["recipientAccountId"] = cast.account
    if caller.identity["type"] == "AWSService":
        made["sharedEventID"] = dice.uuid()
    made["eventCategory"] = "Management"
    if caller.tls:
        made["tlsDetails"] = {
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": f"{source}.{cast.region}.amazonaws.com",
        }
    return made
